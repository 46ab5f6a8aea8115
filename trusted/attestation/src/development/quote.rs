//! A quote of version 3, put together byte by byte (ATTESTATION.md section 9).

use super::keys::Key;
use super::pki::Pki;
use super::{Forged, Knobs};
use sha2::{Digest, Sha256};

/// Stands for the vendor's signer of the quoting enclave.
pub(super) const QE_MR_SIGNER: [u8; 32] = [0x51; 32];
const INTEL_QE_VENDOR: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
/// Authentication data of the quoting enclave: 32 bytes that mean nothing.
const QE_AUTH_DATA: [u8; 32] = [0x0a; 32];

struct Report<'a> {
    cpu_svn: [u8; 16],
    misc_select: u32,
    flags: u64,
    xfrm: u64,
    mr_enclave: &'a [u8; 32],
    mr_signer: &'a [u8; 32],
    isv_prod_id: u16,
    isv_svn: u16,
    report_data: &'a [u8; 64],
}

impl Report<'_> {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(384);
        bytes.extend_from_slice(&self.cpu_svn);
        bytes.extend_from_slice(&self.misc_select.to_le_bytes());
        bytes.extend_from_slice(&[0; 28]);
        bytes.extend_from_slice(&self.flags.to_le_bytes());
        bytes.extend_from_slice(&self.xfrm.to_le_bytes());
        bytes.extend_from_slice(self.mr_enclave);
        bytes.extend_from_slice(&[0; 32]);
        bytes.extend_from_slice(self.mr_signer);
        bytes.extend_from_slice(&[0; 96]);
        bytes.extend_from_slice(&self.isv_prod_id.to_le_bytes());
        bytes.extend_from_slice(&self.isv_svn.to_le_bytes());
        bytes.extend_from_slice(&[0; 60]);
        bytes.extend_from_slice(self.report_data);
        bytes
    }
}

/// Header and body: 432 bytes.
pub(super) fn signed_part(mr_enclave: &[u8; 32], report_data: &[u8; 64], knobs: &Knobs) -> Vec<u8> {
    let flag = |bit: u32, on: bool| u64::from(on) << bit;
    let flags = flag(0, knobs.initialised)
        | flag(1, knobs.debug)
        | flag(2, true) // 64-bit mode
        | flag(4, knobs.provision_key)
        | flag(5, knobs.einittoken_key);
    let mut bytes = header(3, 0);
    let report = Report {
        cpu_svn: knobs.cpu_svn,
        misc_select: knobs.misc_select,
        flags,
        xfrm: knobs.xfrm,
        mr_enclave,
        mr_signer: &knobs.mr_signer,
        isv_prod_id: knobs.isv_prod_id,
        isv_svn: knobs.isv_svn,
        report_data,
    };
    bytes.extend_from_slice(&report.encode());
    bytes
}

/// Version, ECDSA P-256, TEE type, QE SVN, PCE SVN, vendor, user data.
pub(super) fn header(version: u16, tee_type: u8) -> Vec<u8> {
    let [low, high] = version.to_le_bytes();
    let mut bytes = vec![low, high, 2, 0, tee_type, 0, 0, 0, 8, 0, 13, 0];
    bytes.extend_from_slice(&INTEL_QE_VENDOR);
    bytes.extend_from_slice(&[0; 20]);
    bytes
}

/// QE report, its signature, authentication data and the certificate chain: the same in every quote.
pub(super) fn certification(pki: &Pki, attestation_key: &Key, knobs: &Knobs) -> Vec<u8> {
    let vouched = if knobs.forged == Some(Forged::AttestationKey) { &pki.stranger } else { attestation_key };
    let hash = Sha256::new().chain_update(vouched.raw_public()).chain_update(QE_AUTH_DATA).finalize();
    let mut report_data = [0; 64];
    report_data.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    let report = Report {
        cpu_svn: knobs.cpu_svn,
        misc_select: 0,
        flags: if knobs.qe_debug { 0x17 } else { 0x15 },
        xfrm: 0xe7,
        mr_enclave: &[0x0e; 32],
        mr_signer: &QE_MR_SIGNER,
        isv_prod_id: knobs.qe_isv_prod_id,
        isv_svn: knobs.qe_isv_svn,
        report_data: &report_data,
    };
    let report = report.encode();
    let key = if knobs.forged == Some(Forged::QeReport) { &pki.stranger } else { &pki.pck_key };
    let signature = key.sign_raw(&report);
    let chain = pki.pck_chain();
    let mut bytes = report;
    bytes.extend_from_slice(&signature);
    bytes.extend_from_slice(&32_u16.to_le_bytes());
    bytes.extend_from_slice(&QE_AUTH_DATA);
    bytes.extend_from_slice(&5_u16.to_le_bytes());
    bytes.extend_from_slice(&length(&chain));
    bytes.extend_from_slice(chain.as_bytes());
    bytes
}

pub(super) fn assemble(body: &[u8], signs: &Key, attestation_key: &Key, certification: &[u8]) -> Vec<u8> {
    let signature = signs.sign_raw(body);
    let tail = [&signature, attestation_key.raw_public(), certification].concat();
    [body, &length(&tail), &tail].concat()
}

pub(super) fn length(bytes: impl AsRef<[u8]>) -> [u8; 4] {
    u32::try_from(bytes.as_ref().len()).unwrap_or(u32::MAX).to_le_bytes()
}
