//! Steps 11 and 12: which TCB level the platform reaches, what the vendor says of it, and whether the policy accepts
//! that. `dcap-qvl` judges the whole evidence here once more and must come to the same end.

use super::collateral::Parsed;
use super::module;
use super::quote::Quote;
use super::report::Domain;
use crate::evidence::DcapCollateral;
use crate::failure::{Checked, Class, Refusal, ensure, refuse};
use crate::policy::Policy;
use core::fmt;
use dcap_qvl::intel::PckExtension;
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::{
    QuoteClaims, QuoteCollateralV3, QuotePolicy, TcbInfo, TcbLevel, TcbStatus as Vendor,
    TcbStatusWithAdvisory,
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
    TDRelaunchAdvised,
    TDRelaunchAdvisedConfigurationNeeded,
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
            Vendor::TDRelaunchAdvised => Some(Self::TDRelaunchAdvised),
            Vendor::TDRelaunchAdvisedConfigurationNeeded => Some(Self::TDRelaunchAdvisedConfigurationNeeded),
            Vendor::Revoked => None,
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

/// Step 11: TCB level matched, TDX module the vendor's, status converged with the quoting enclave's and the module's,
/// Revoked always fails.
pub(crate) fn level(
    parsed: &Parsed,
    quote: &Quote,
    extension: &PckExtension,
    second: &SecondJudge<'_>,
) -> Checked<Tcb> {
    let info = &parsed.tcb_info;
    let domain = quote.body.domain();
    let launch = reached(info, extension, domain.map(|domain| &domain.identity.tee_tcb_svn))?;
    domain.map_or(Ok(()), |domain| module::is_the_vendors(info, domain))?;
    let qe = quoting_enclave(parsed, quote)?;
    let mut converged = launch.merge(&qe);
    let revoked = "the platform's TCB, its quoting enclave or its TDX module is revoked";
    ensure(converged.status != Vendor::Revoked, Class::TcbStatus, revoked)?;
    if let Some(svn) = domain.and_then(|domain| domain.current_svn.as_ref()) {
        let current = reached(info, extension, Some(svn))?.merge(&qe).status;
        ensure(current != Vendor::Revoked, Class::TcbStatus, revoked)?;
        converged.status = relaunch(converged.status, current);
    }
    let Some(status) = TcbStatus::of(converged.status) else {
        return refuse(Class::TcbStatus, revoked);
    };
    // The second judge refuses a domain that step 13 refuses, without a class. Then nothing is asked of it.
    let claims = match domain.and_then(Domain::flaw) {
        Some(_) => None,
        None => Some(second.judge()?),
    };
    let agreed = claims.as_ref().is_none_or(|claims| {
        claims.tcb.status == converged.status && claims.tcb.advisory_ids == converged.advisory_ids
    });
    ensure(agreed, Class::TcbStatus, "two computations of the TCB status disagree")?;
    let tcb = Tcb {
        status,
        advisories: converged.advisory_ids,
        evaluation_number: info.tcb_evaluation_data_number.min(parsed.qe_identity.tcb_evaluation_data_number),
        earliest_expiration: claims.map_or(0, |claims| claims.earliest_expiration_date),
    };
    let seen = format!("{status}, advisories {:?}", tcb.advisories);
    Ok((tcb, seen))
}

/// The level that a platform of these versions reaches, converged with that of its TDX module.
fn reached(
    info: &TcbInfo,
    extension: &PckExtension,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Result<TcbStatusWithAdvisory, Refusal> {
    // The vendor's own library orders levels before it matches: greatest first.
    let mut levels: Vec<&TcbLevel> = info.tcb_levels.iter().collect();
    levels.sort_by(|a, b| {
        let (a, b) = (&a.tcb, &b.tcb);
        (&b.sgx_components, b.pce_svn, &b.tdx_components).cmp(&(
            &a.sgx_components,
            a.pce_svn,
            &a.tdx_components,
        ))
    });
    let reached = levels.into_iter().find(|level| {
        level
            .shortfalls(&extension.cpu_svn, extension.pce_svn, tee_tcb_svn)
            .is_ok_and(|missing| missing.is_empty())
    });
    let Some(reached) = reached else { return refuse(Class::TcbNoLevel, "no TCB level fits the platform") };
    let of_a_domain = matches!(
        reached.tcb_status,
        Vendor::TDRelaunchAdvised | Vendor::TDRelaunchAdvisedConfigurationNeeded
    );
    ensure(!of_a_domain, Class::TcbStatus, "the TCB level has a status that no platform has")?;
    let platform = TcbStatusWithAdvisory::new(reached.tcb_status, reached.advisory_ids.clone());
    let Some(svn) = tee_tcb_svn else { return Ok(platform) };
    Ok(match module::level(info, svn)? {
        Some(module) => platform.merge(&module),
        None => platform,
    })
}

/// The level of the quoting enclave.
fn quoting_enclave(parsed: &Parsed, quote: &Quote) -> Result<TcbStatusWithAdvisory, Refusal> {
    let levels = &parsed.qe_identity.tcb_levels;
    let Some(reached) = levels.iter().find(|level| quote.qe_report.isv_svn >= level.tcb.isvsvn) else {
        return refuse(Class::QeIdentity, "the quoting enclave is older than every level of its identity");
    };
    // The others speak of a platform and its programs; the vendor's library does not know them here.
    let of_an_enclave = matches!(
        reached.tcb_status,
        Vendor::UpToDate
            | Vendor::OutOfDate
            | Vendor::ConfigurationNeeded
            | Vendor::OutOfDateConfigurationNeeded
            | Vendor::Revoked
    );
    ensure(of_an_enclave, Class::QeIdentity, "the QE identity has a status that no quoting enclave has")?;
    Ok(TcbStatusWithAdvisory::new(reached.tcb_status, reached.advisory_ids.clone()))
}

/// A domain that started under an old TCB and now runs on a current one needs a new start, not an update (Intel's
/// library, `checkForRelaunch`).
fn relaunch(launch: Vendor, current: Vendor) -> Vendor {
    let configuration = |status| {
        matches!(
            status,
            Vendor::ConfigurationNeeded
                | Vendor::ConfigurationAndSWHardeningNeeded
                | Vendor::OutOfDateConfigurationNeeded
        )
    };
    let was_old = matches!(launch, Vendor::OutOfDate | Vendor::OutOfDateConfigurationNeeded);
    let is_old = matches!(current, Vendor::OutOfDate | Vendor::OutOfDateConfigurationNeeded);
    match (was_old && !is_old, configuration(launch) || configuration(current)) {
        (false, _) => launch,
        (true, false) => Vendor::TDRelaunchAdvised,
        (true, true) => Vendor::TDRelaunchAdvisedConfigurationNeeded,
    }
}

/// `dcap-qvl` over the same bytes. Its errors are text, so nothing is derived from them: at this point every check
/// with a class of its own has passed, and what only the second judge sees is a matter of the chains.
pub(crate) struct SecondJudge<'a> {
    pub(crate) evidence: &'a [u8],
    pub(crate) collateral: &'a DcapCollateral,
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
    accepted: &[&[String]],
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
    accepts_advisories(tcb, accepted)?;
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
pub(crate) fn accepts_advisories(tcb: &Tcb, accepted: &[&[String]]) -> Result<(), Refusal> {
    let unmitigated = tcb.advisories.iter().any(|id| !accepted.iter().any(|accepted| accepted.contains(id)));
    ensure(!unmitigated, Class::TcbAdvisory, "an advisory applies that the release does not mitigate")
}
