//! Steps 4 to 6: the collateral is complete and signed by whom it must be, and everything is within its dates.

use super::certificate::{Certificate, RevocationList};
use super::der::rfc3339;
use super::signatures::verify_raw_signature;
use crate::evidence::{Collateral, DcapCollateral, limits};
use crate::failure::{Checked, Class, Refusal, ensure, refuse};
use dcap_qvl::{QeIdentity, TcbInfo, TcbLevel};

/// Collateral whose parts parse; nothing of it is trusted before step 6 has passed.
pub(crate) struct Parsed {
    pub(crate) root_crl: RevocationList,
    pub(crate) pck_crl: RevocationList,
    /// Says nothing that the quote's own chain does not say; it is compared with that.
    pub(crate) pck_crl_chain: Vec<Certificate>,
    pub(crate) tcb_info_chain: Vec<Certificate>,
    pub(crate) tcb_info: TcbInfo,
    pub(crate) qe_identity_chain: Vec<Certificate>,
    pub(crate) qe_identity: QeIdentity,
}

/// Step 4: collateral complete; CRLs parse; root CRL signed by the pinned root key.
pub(crate) fn complete<'a>(
    collateral: Option<&'a Collateral>,
    root: &Certificate,
) -> Checked<(&'a DcapCollateral, Parsed)> {
    let collateral = match collateral {
        Some(Collateral::Dcap(collateral)) => collateral,
        Some(Collateral::Snp(_)) => return refuse(Class::Malformed, "the collateral is not Intel's"),
        None => return refuse(Class::Malformed, "there is no collateral"),
    };
    ensure(collateral.len() <= limits::COLLATERAL, Class::Malformed, "the collateral is too large")?;
    let parsed = Parsed {
        root_crl: list(&collateral.root_ca_crl, "the root CRL does not parse")?,
        pck_crl: list(&collateral.pck_crl, "the PCK CRL does not parse")?,
        pck_crl_chain: chain(&collateral.pck_crl_issuer_chain, "the PCK CRL's chain does not parse")?,
        tcb_info_chain: chain(&collateral.tcb_info_issuer_chain, "the TCB info's chain does not parse")?,
        tcb_info: document(&collateral.tcb_info, "the TCB info does not parse")?,
        qe_identity_chain: chain(
            &collateral.qe_identity_issuer_chain,
            "the QE identity's chain does not parse",
        )?,
        qe_identity: document(&collateral.qe_identity, "the QE identity does not parse")?,
    };
    ensure(
        levels_are_whole(&parsed.tcb_info),
        Class::Malformed,
        "a TCB level has not sixteen components and a date",
    )?;
    if !(parsed.root_crl.names_issuer(root) && parsed.root_crl.is_signed_by(root)) {
        let presented = parsed.tcb_info_chain.last();
        let same_root = presented.is_some_and(|presented| presented.public_key == root.public_key);
        ensure(
            same_root,
            Class::UntrustedRoot,
            "the collateral leads to another root than the one trusted here",
        )?;
        return refuse(Class::CollateralSignature, "the root CRL is not signed by the root");
    }
    Ok(((collateral, parsed), "collateral complete, root CRL signed by the trusted root".to_owned()))
}

/// Step 5: certificates, CRLs, TCB info and QE identity within their dates, and not older than the policy allows.
pub(crate) fn dates(
    parsed: &Parsed,
    pck_chain: &[Certificate],
    root: &Certificate,
    age_max_s: u64,
    now: u64,
) -> Checked<()> {
    let root = core::slice::from_ref(root);
    let chains = [&parsed.tcb_info_chain[..], &parsed.qe_identity_chain, pck_chain, root];
    for certificate in chains.into_iter().flatten() {
        let valid = certificate.not_before <= now && now <= certificate.not_after;
        ensure(valid, Class::Expired, "a certificate is outside its dates")?;
    }
    for (crl, text) in [
        (&parsed.root_crl, "the root CRL is outside its dates"),
        (&parsed.pck_crl, "the PCK CRL is outside its dates"),
    ] {
        // `webpki` lets a list end one second earlier than a certificate; the stricter reading decides.
        ensure(crl.this_update <= now && now < crl.next_update, Class::Expired, text)?;
    }
    let (tcb_info, qe_identity) = (&parsed.tcb_info, &parsed.qe_identity);
    let mut issued = vec![parsed.pck_crl.this_update];
    for (issue_date, next_update) in
        [(&tcb_info.issue_date, &tcb_info.next_update), (&qe_identity.issue_date, &qe_identity.next_update)]
    {
        let (Some(issue_date), Some(next_update)) = (rfc3339(issue_date), rfc3339(next_update)) else {
            return refuse(Class::Malformed, "a date of TCB info or QE identity does not parse");
        };
        let valid = issue_date <= now && now <= next_update;
        ensure(valid, Class::Expired, "TCB info or QE identity is outside its dates")?;
        issued.push(issue_date);
    }
    let young = issued.iter().all(|&issued| now.saturating_sub(issued) <= age_max_s);
    ensure(young, Class::Expired, "the collateral is older than the policy allows")?;
    Ok(((), format!("everything valid at {now}")))
}

/// Step 6: chain exactly root -> signer, signature over the received text.
pub(crate) fn signed(collateral: &DcapCollateral, parsed: &Parsed, root: &Certificate) -> Checked<()> {
    for (chain, text, signature) in [
        (&parsed.tcb_info_chain, &collateral.tcb_info, &collateral.tcb_info_signature),
        (&parsed.qe_identity_chain, &collateral.qe_identity, &collateral.qe_identity_signature),
    ] {
        let [signer, presented] = &chain[..] else {
            return refuse(
                Class::CertChain,
                "the signer of TCB info or QE identity is not directly below the root",
            );
        };
        ensure(presented.is_copy_of(root), Class::CertChain, "a signer's chain ends in another root")?;
        let issued = signer.is_issued_by(root) && !signer.is_ca && signer.is_named("TCB Signing");
        ensure(issued, Class::CertChain, "the signer of TCB info or QE identity is not one of the root's")?;
        let Ok(signature) = signature.as_slice().try_into() else {
            return refuse(Class::CollateralSignature, "a signature over collateral has a wrong length");
        };
        let valid = verify_raw_signature(&signer.public_key, text.as_bytes(), signature);
        ensure(valid, Class::CollateralSignature, "TCB info or QE identity is not signed by its signer")?;
    }
    let number = parsed.tcb_info.tcb_evaluation_data_number;
    Ok(((), format!("signed by the TCB signer below the root, evaluation {number}")))
}

/// Sixteen components each, sixteen more where there are any for trust domains, and dates that are some. What misses
/// those for trust domains is of enclaves: none of its levels fits a trust domain.
fn levels_are_whole(info: &TcbInfo) -> bool {
    let whole = |level: &TcbLevel| {
        level.tcb.sgx_components.len() == 16
            && matches!(level.tcb.tdx_components.len(), 0 | 16)
            && rfc3339(&level.tcb_date).is_some()
    };
    let mut modules = info.tdx_module_identities.iter().flat_map(|module| &module.tcb_levels);
    info.tcb_levels.iter().all(whole) && modules.all(|level| rfc3339(&level.tcb_date).is_some())
}

fn list(der: &[u8], text: &str) -> Result<RevocationList, Refusal> {
    RevocationList::parse(der).map_or_else(|| refuse(Class::Malformed, text), Ok)
}

fn chain(pem: &str, text: &str) -> Result<Vec<Certificate>, Refusal> {
    Certificate::parse_chain(pem.as_bytes(), limits::CHAIN).map_or_else(|| refuse(Class::Malformed, text), Ok)
}

fn document<'a, T: serde::Deserialize<'a>>(json: &'a str, text: &str) -> Result<T, Refusal> {
    serde_json::from_str(json).or_else(|_| refuse(Class::Malformed, text))
}
