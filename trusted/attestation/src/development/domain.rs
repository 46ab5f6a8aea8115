//! A quote of version 4 or 5 over a trust domain, put together byte by byte (ATTESTATION.md section 9).

use super::TdxKnobs;
use super::keys::Key;
use super::quote::{header, length};

/// Header and body: what the attestation key signs.
pub(super) fn signed_part(mr_td: &[u8; 48], report_data: &[u8; 64], debug: bool, tdx: &TdxKnobs) -> Vec<u8> {
    let mut report = Vec::with_capacity(885);
    report.extend_from_slice(&tdx.tee_tcb_svn);
    report.extend_from_slice(&[0x5e; 48]); // MRSEAM
    report.extend_from_slice(&tdx.mr_signer_seam);
    report.extend_from_slice(&tdx.seam_attributes.to_le_bytes());
    report.extend_from_slice(&(tdx.attributes | u64::from(debug)).to_le_bytes());
    report.extend_from_slice(&tdx.xfam.to_le_bytes());
    report.extend_from_slice(mr_td);
    report.extend_from_slice(&[0; 3 * 48]); // configuration, owner, owner's configuration
    report.extend_from_slice(tdx.rtmr.as_flattened());
    report.extend_from_slice(report_data);
    if tdx.body_type >= 3 {
        report.extend_from_slice(&tdx.tee_tcb_svn2);
        report.extend_from_slice(&tdx.mr_service_td);
    }
    if tdx.body_type >= 4 {
        report.extend_from_slice(&[0; 237]); // no service domain
    }
    let mut bytes = header(tdx.quote_version, 0x81);
    if tdx.quote_version >= 5 {
        bytes.extend_from_slice(&tdx.body_type.to_le_bytes());
        bytes.extend_from_slice(&length(&report));
    }
    bytes.extend_from_slice(&report);
    bytes
}

/// As `quote::assemble`, with everything after the key inside certification data of type 6.
pub(super) fn assemble(body: &[u8], signs: &Key, attestation_key: &Key, certification: &[u8]) -> Vec<u8> {
    let signature = signs.sign_raw(body);
    let kind = 6_u16.to_le_bytes();
    let tail =
        [&signature, attestation_key.raw_public(), &kind, &length(certification), certification].concat();
    [body, &length(&tail), &tail].concat()
}
