//! Steps 11 and 12: which TCB level the platform reaches, what the vendor says of it, and whether the policy accepts
//! that. `dcap-qvl` judges the whole evidence here once more and must come to the same end.

use super::collateral::Parsed;
use super::quote::Quote;
use crate::evidence::Collateral;
use crate::failure::{Checked, Class, Refusal, ensure, refuse};
use crate::policy::{Policy, Release};
use core::fmt;
use dcap_qvl::intel::PckExtension;
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::{
    QuoteClaims, QuoteCollateralV3, QuotePolicy, TcbLevel, TcbStatus as Vendor, TcbStatusWithAdvisory,
};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// What the vendor says of a platform's TCB. `Revoked` is not here: it is refused before a status exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[expect(missing_docs, reason = "the vendor's own words")]
pub enum TcbStatus {
    UpToDate,
    SWHardeningNeeded,
    ConfigurationNeeded,
    ConfigurationAndSWHardeningNeeded,
    OutOfDate,
    OutOfDateConfigurationNeeded,
}

impl TcbStatus {
    fn of(status: Vendor) -> Option<Self> {
        match status {
            Vendor::UpToDate => Some(Self::UpToDate),
            Vendor::SWHardeningNeeded => Some(Self::SWHardeningNeeded),
            Vendor::ConfigurationNeeded => Some(Self::ConfigurationNeeded),
            Vendor::ConfigurationAndSWHardeningNeeded => Some(Self::ConfigurationAndSWHardeningNeeded),
            Vendor::OutOfDate => Some(Self::OutOfDate),
            Vendor::OutOfDateConfigurationNeeded => Some(Self::OutOfDateConfigurationNeeded),
            Vendor::Revoked | Vendor::TDRelaunchAdvised | Vendor::TDRelaunchAdvisedConfigurationNeeded => {
                None
            }
        }
    }
}

impl fmt::Display for TcbStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// The vendor's judgement of this platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tcb {
    pub(crate) status: TcbStatus,
    pub(crate) advisories: Vec<String>,
    pub(crate) evaluation_number: u32,
    pub(crate) earliest_expiration: u64,
}

/// Step 11: TCB level matched, status converged with the quoting enclave's, Revoked always fails.
pub(crate) fn level(
    parsed: &Parsed,
    quote: &Quote,
    extension: &PckExtension,
    second: &SecondJudge<'_>,
) -> Checked<Tcb> {
    let info = &parsed.tcb_info;
    // The vendor's own library orders levels before it matches: greatest first.
    let mut levels: Vec<&TcbLevel> = info.tcb_levels.iter().collect();
    levels
        .sort_by(|a, b| (&b.tcb.sgx_components, b.tcb.pce_svn).cmp(&(&a.tcb.sgx_components, a.tcb.pce_svn)));
    let reached = levels.into_iter().find(|level| {
        level.shortfalls(&extension.cpu_svn, extension.pce_svn, None).is_ok_and(|missing| missing.is_empty())
    });
    let Some(reached) = reached else { return refuse(Class::TcbNoLevel, "no TCB level fits the platform") };
    let levels = &parsed.qe_identity.tcb_levels;
    let Some(qe_level) = levels.iter().find(|level| quote.qe_report.isv_svn >= level.tcb.isvsvn) else {
        return refuse(Class::QeIdentity, "the quoting enclave is older than every level of its identity");
    };
    // The others speak of a platform and its programs; the vendor's library does not know them here.
    let of_an_enclave = matches!(
        qe_level.tcb_status,
        Vendor::UpToDate
            | Vendor::OutOfDate
            | Vendor::ConfigurationNeeded
            | Vendor::OutOfDateConfigurationNeeded
            | Vendor::Revoked
    );
    ensure(of_an_enclave, Class::QeIdentity, "the QE identity has a status that no quoting enclave has")?;
    let converged = TcbStatusWithAdvisory::new(reached.tcb_status, reached.advisory_ids.clone())
        .merge(&TcbStatusWithAdvisory::new(qe_level.tcb_status, qe_level.advisory_ids.clone()));
    let Some(status) = TcbStatus::of(converged.status) else {
        return refuse(Class::TcbStatus, "the platform's TCB or its quoting enclave is revoked");
    };
    let claims = second.judge()?;
    let agreed = claims.tcb.status == converged.status && claims.tcb.advisory_ids == converged.advisory_ids;
    ensure(agreed, Class::TcbStatus, "two computations of the TCB status disagree")?;
    let tcb = Tcb {
        status,
        advisories: converged.advisory_ids,
        evaluation_number: info.tcb_evaluation_data_number.min(parsed.qe_identity.tcb_evaluation_data_number),
        earliest_expiration: claims.earliest_expiration_date,
    };
    let seen = format!("{status}, advisories {:?}", tcb.advisories);
    Ok((tcb, seen))
}

/// `dcap-qvl` over the same bytes. Its errors are text, so nothing is derived from them: at this point every check
/// with a class of its own has passed, and what only the second judge sees is a matter of the chains.
pub(crate) struct SecondJudge<'a> {
    pub(crate) evidence: &'a [u8],
    pub(crate) collateral: &'a Collateral,
    pub(crate) root: &'a [u8],
    pub(crate) now: u64,
}

impl SecondJudge<'_> {
    fn judge(&self) -> Result<QuoteClaims, Refusal> {
        let collateral = self.collateral.clone();
        let collateral = QuoteCollateralV3 {
            pck_crl_issuer_chain: collateral.pck_crl_issuer_chain,
            root_ca_crl: collateral.root_ca_crl,
            pck_crl: collateral.pck_crl,
            tcb_info_issuer_chain: collateral.tcb_info_issuer_chain,
            tcb_info: collateral.tcb_info,
            tcb_info_signature: collateral.tcb_info_signature,
            qe_identity_issuer_chain: collateral.qe_identity_issuer_chain,
            qe_identity: collateral.qe_identity,
            qe_identity_signature: collateral.qe_identity_signature,
            pck_certificate_chain: None, // the quote's own chain is the one that was checked
        };
        // Debug is judged in step 13, with its class.
        QuoteVerifier::new(self.root.to_vec())
            .allow_debug(true)
            .verify_with_policy(self.evidence, collateral, self.now, &QuotePolicy::claims_only(self.now))
            .or_else(|_| refuse(Class::CertChain, "the second verifier refuses what these steps accept"))
    }
}

/// Step 12: policy on status, advisories, evaluation number, platform.
pub(crate) fn policy(
    tcb: &Tcb,
    extension: &PckExtension,
    releases: &[&Release],
    policy: &Policy,
    now: u64,
) -> Checked<()> {
    if !policy.enforced.tcb {
        return Ok(((), "unchecked".to_owned()));
    }
    let extra =
        |status| policy.extra_tcb_status.iter().any(|extra| extra.status == status && now <= extra.until);
    let status = tcb.status;
    if !(policy.tcb_status.contains(&status) || extra(status)) {
        return refuse(Class::TcbStatus, format!("the policy does not accept the TCB status {status}"));
    }
    accepts_advisories(tcb, releases)?;
    let recent = tcb.evaluation_number >= policy.min_tcb_evaluation_number;
    ensure(recent, Class::TcbEval, "the TCB evaluation is older than the policy allows")?;
    let platform = &policy.platform;
    let on = |flag: Option<bool>| flag == Some(true);
    ensure(
        platform.allow_smt || !on(extension.smt_enabled),
        Class::Platform,
        "the platform has SMT switched on",
    )?;
    let dynamic = platform.allow_dynamic_platform || !on(extension.dynamic_platform);
    ensure(dynamic, Class::Platform, "the platform may be extended after registration")?;
    let cached = platform.allow_cached_keys || !on(extension.cached_keys);
    ensure(cached, Class::Platform, "the platform's root keys are kept by the vendor")?;
    if let Some(allowed) = &platform.allowed_platform_ids {
        let ids = [Some(&extension.ppid), extension.platform_instance_id.as_ref()];
        let known = ids.into_iter().flatten().any(|id| {
            let hash = hex::encode(Sha256::digest(id));
            allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&hash))
        });
        ensure(known, Class::Platform, "the platform is not one of those allowed")?;
    }
    Ok(((), format!("status, advisories and evaluation {} accepted", tcb.evaluation_number)))
}

/// Every advisory must be mitigated by one of the releases that this evidence may be of; step 14 leaves only those
/// that it is of, and asks again.
pub(crate) fn accepts_advisories(tcb: &Tcb, releases: &[&Release]) -> Result<(), Refusal> {
    let unmitigated = tcb
        .advisories
        .iter()
        .any(|id| !releases.iter().any(|release| release.accepted_advisories.contains(id)));
    ensure(!unmitigated, Class::TcbAdvisory, "an advisory applies that the release does not mitigate")
}
