//! Steps 7 to 10: from the root to the platform's certificate, the quoting enclave and the quote's signature, and
//! whether the collateral is about this platform. And what a quote claims of its platform, for whoever fetches
//! collateral.

use super::certificate::Certificate;
use super::collateral::Parsed;
use super::quote::Quote;
use super::signatures::verify_raw_signature;
use crate::evidence::{DcapCollateral, Tee, limits};
use crate::failure::{Checked, Class, ensure, refuse};
use dcap_qvl::intel::{PckExtension, parse_pck_extension};
use sha2::{Digest, Sha256};

/// The platform that the root vouches for.
pub(crate) struct Platform {
    /// The PCK key, an uncompressed point.
    public_key: Vec<u8>,
    /// What Intel says of the platform in its certificate.
    pub(crate) extension: PckExtension,
}

/// Which platform a quote claims to be of: what Intel is asked for its collateral.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedPlatform {
    /// An enclave or a trust domain, by the vendor's name of it: whose root vouches for the quote is not known yet.
    pub tee: Tee,
    /// Family, model, stepping and more, as Intel names platforms of a kind.
    pub fmspc: [u8; 6],
    /// Who issued the platform's certificate.
    pub ca: PckCa,
}

/// The two CAs that issue platform certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PckCa {
    /// Of single processors, and of what is registered with no one.
    Processor,
    /// Of platforms that are registered.
    Platform,
}

impl PckCa {
    /// Its name where Intel is asked for its revocation list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processor => "processor",
            Self::Platform => "platform",
        }
    }

    fn of(ca: &Certificate) -> Option<Self> {
        let named = |words| ca.is_named(words);
        let known = [("SGX PCK Processor CA", Self::Processor), ("SGX PCK Platform CA", Self::Platform)];
        known.into_iter().find_map(|(words, kind)| named(words).then_some(kind))
    }
}

/// What the certificates of a quote say of its platform. Nothing of it is verified.
pub(crate) fn claimed(tee: Tee, chain: &[Certificate]) -> Option<ClaimedPlatform> {
    let [leaf, ca, ..] = chain else { return None };
    let fmspc = parse_pck_extension(&leaf.der).ok()?.fmspc;
    Some(ClaimedPlatform { tee, fmspc, ca: PckCa::of(ca)? })
}

/// Step 7: PCK chain exactly root -> Processor or Platform CA -> leaf; nobody revoked; a CRL from each issuer.
pub(crate) fn chain(
    chain: &[Certificate],
    collateral: &DcapCollateral,
    parsed: &Parsed,
    root: &Certificate,
) -> Checked<Platform> {
    let [leaf, ca, presented] = chain else {
        return refuse(Class::CertChain, "the platform's chain is not leaf, CA, root");
    };
    ensure(presented.is_copy_of(root), Class::CertChain, "the platform's chain ends in another root")?;
    let is_pck_ca = PckCa::of(ca).is_some() && ca.is_issued_by(root);
    ensure(is_pck_ca, Class::CertChain, "the platform's CA is not one of the root's")?;
    let is_leaf = leaf.is_named("SGX PCK Certificate") && !leaf.is_ca && leaf.is_issued_by(ca);
    ensure(is_leaf, Class::CertChain, "the platform's certificate is not one of its CA's")?;
    if let Some(pem) = &collateral.pck_certificate_chain {
        // A second copy may come with the collateral; it must not say anything else than the quote does.
        let copy = Certificate::parse_chain(pem.as_bytes(), limits::CHAIN).unwrap_or_default();
        let same = copy
            .iter()
            .map(|certificate| &certificate.der)
            .eq(chain.iter().map(|certificate| &certificate.der));
        ensure(same, Class::CertChain, "the collateral's platform chain is not the quote's")?;
    }
    let crl = &parsed.pck_crl;
    ensure(
        crl.names_issuer(ca),
        Class::CollateralMismatch,
        "the PCK CRL is not of the CA that issued the platform",
    )?;
    ensure(crl.is_signed_by(ca), Class::CollateralSignature, "the PCK CRL is not signed by its CA")?;
    // The list is checked with the key of the quote's own chain; what comes with it must lead to the same.
    let same_issuer = match &parsed.pck_crl_chain[..] {
        [issuer, presented] => {
            let same = issuer.public_key == ca.public_key && issuer.is_issued_by(root);
            (issuer.der == ca.der || same) && presented.is_copy_of(root)
        }
        _ => false,
    };
    ensure(same_issuer, Class::CertChain, "the PCK CRL's chain is not that of its CA")?;
    ensure(!crl.revokes(leaf), Class::Revoked, "the platform's certificate is revoked")?;
    let below_root = [&parsed.tcb_info_chain[..], &parsed.qe_identity_chain, &[ca.clone(), root.clone()]];
    let revoked = below_root.into_iter().flatten().any(|certificate| parsed.root_crl.revokes(certificate));
    ensure(!revoked, Class::Revoked, "a certificate issued by the root is revoked")?;
    let Ok(extension) = parse_pck_extension(&leaf.der) else {
        return refuse(Class::CertChain, "the platform's certificate lacks Intel's extension");
    };
    let fmspc = hex::encode(extension.fmspc);
    let platform = Platform { public_key: leaf.public_key.clone(), extension };
    Ok((platform, format!("platform certificate of FMSPC {fmspc}, nobody revoked")))
}

/// Step 8: QE report signed by the PCK key, about this attestation key, of the vendor's quoting enclave.
pub(crate) fn quoting_enclave(quote: &Quote, platform: &Platform, parsed: &Parsed) -> Checked<()> {
    let signed =
        verify_raw_signature(&platform.public_key, &quote.qe_report_bytes, &quote.qe_report_signature);
    ensure(signed, Class::QeReport, "the quoting enclave's report is not signed by the platform")?;
    let key_hash =
        Sha256::new().chain_update(quote.attestation_key).chain_update(quote.qe_auth_data).finalize();
    let report_data = quote.qe_report.report_data;
    let vouched =
        report_data.strip_prefix(&key_hash[..]).is_some_and(|rest| rest.iter().all(|&byte| byte == 0));
    ensure(vouched, Class::QeReport, "the quoting enclave vouches for another key")?;

    let (report, identity) = (&quote.qe_report, &parsed.qe_identity);
    let (id, versions): (_, &[u8]) =
        if quote.body.domain().is_some() { ("TD_QE", &[2, 3]) } else { ("QE", &[2]) };
    let fits = identity.id == id && versions.contains(&identity.version);
    ensure(fits, Class::QeIdentity, "the QE identity is of another kind of evidence or version")?;
    ensure(!report.is_debug(), Class::QeIdentity, "the quoting enclave is a debug enclave")?;
    let is_signer = report.mr_signer == identity.mrsigner && report.isv_prod_id == identity.isvprodid;
    ensure(is_signer, Class::QeIdentity, "the quoting enclave's signer or product is another")?;
    // The document writes MISCSELECT as its bytes stand in the report, little-endian.
    let (wanted, mask) =
        (u32::from_le_bytes(identity.miscselect), u32::from_le_bytes(identity.miscselect_mask));
    ensure(
        report.misc_select & mask == wanted & mask,
        Class::QeIdentity,
        "the quoting enclave's MISCSELECT differs",
    )?;
    let (wanted, mask) =
        (u128::from_le_bytes(identity.attributes), u128::from_le_bytes(identity.attributes_mask));
    let attributes = u128::from_le_bytes(report.attributes());
    ensure(attributes & mask == wanted & mask, Class::QeIdentity, "the quoting enclave's attributes differ")?;
    let isv_svn = report.isv_svn;
    Ok(((), format!("quoting enclave of the vendor, SVN {isv_svn}, vouches for the attestation key")))
}

/// Step 9: quote signature over header and body.
pub(crate) fn quote_signature(quote: &Quote) -> Checked<()> {
    let point = [&[0x04], &quote.attestation_key[..]].concat();
    let valid = verify_raw_signature(&point, &quote.signed, &quote.signature);
    ensure(valid, Class::QuoteSignature, "the quote is not signed by the attestation key")?;
    Ok(((), "quote signed by the attestation key".to_owned()))
}

/// Step 10: FMSPC and PCEID of the PCK equal those of the TCB info, which is of this kind of evidence.
pub(crate) fn fits(quote: &Quote, extension: &PckExtension, parsed: &Parsed) -> Checked<()> {
    let info = &parsed.tcb_info;
    let id = if quote.body.domain().is_some() { "TDX" } else { "SGX" };
    let fits = info.id == id && info.version == 3 && info.tcb_type == 0;
    ensure(fits, Class::CollateralMismatch, "the TCB info is of another kind of evidence or version")?;
    let same = |hex: &str, bytes: &[u8]| hex::decode(hex).is_ok_and(|decoded| decoded == bytes);
    ensure(
        same(&info.fmspc, &extension.fmspc),
        Class::CollateralMismatch,
        "the TCB info is of another FMSPC",
    )?;
    ensure(
        same(&info.pce_id, &extension.pce_id),
        Class::CollateralMismatch,
        "the TCB info is of another PCE",
    )?;
    Ok(((), "TCB info is of this platform and PCE".to_owned()))
}
