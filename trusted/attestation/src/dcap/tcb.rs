//! Steps 11 and 12: which TCB level the platform reaches, what the vendor says of it, and whether the policy accepts
//! that. `dcap-qvl` judges the whole evidence here once more and must come to the same end.

use super::collateral::Parsed;
use super::der::rfc3339;
use super::module;
use super::quote::Quote;
use super::report::Domain;
use super::signatures::OnceConfig;
use crate::evidence::DcapCollateral;
use crate::failure::{Checked, Class, Refusal, ensure, refuse};
use crate::instant;
use crate::outcome::{Amber, Behind, Outcome, TcbPart};
use crate::policy::{Policy, platform_id};
use core::fmt;
use dcap_qvl::intel::PckExtension;
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::{
    QuoteClaims, QuoteCollateralV3, QuotePolicy, TcbInfo, TcbLevel, TcbStatus as Vendor,
    TcbStatusWithAdvisory,
};
use serde::{Deserialize, Serialize};

/// What the vendor says of a platform's TCB. `Revoked` is not here: it is refused before a status exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
    /// The part whose level decides the status, and the date of that level.
    pub(crate) part: TcbPart,
    pub(crate) since: Option<u64>,
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
    let mut levels = reached(info, extension, domain.map(|domain| &domain.identity.tee_tcb_svn))?;
    domain.map_or(Ok(()), |domain| module::is_the_vendors(info, domain))?;
    let qe = quoting_enclave(parsed, quote)?;
    levels.push(qe.clone());
    let mut converged = converge(&levels);
    let revoked = "the platform's TCB, its quoting enclave or its TDX module is revoked";
    ensure(converged.status != Vendor::Revoked, Class::TcbStatus, revoked)?;
    if let Some(svn) = domain.and_then(|domain| domain.current_svn.as_ref()) {
        let mut current = reached(info, extension, Some(svn))?;
        current.push(qe);
        let current = converge(&current).status;
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
    let (part, since) = deciding(&levels);
    let tcb = Tcb {
        status,
        part,
        since,
        advisories: converged.advisory_ids,
        evaluation_number: info.tcb_evaluation_data_number.min(parsed.qe_identity.tcb_evaluation_data_number),
        earliest_expiration: claims.map_or(0, |claims| claims.earliest_expiration_date),
    };
    let seen = format!("{status}, advisories {:?}", tcb.advisories);
    Ok((tcb, seen))
}

/// A level that one part reaches.
#[derive(Clone)]
pub(super) struct Level {
    pub(super) part: TcbPart,
    pub(super) says: TcbStatusWithAdvisory,
    pub(super) since: Option<u64>,
}

impl Level {
    pub(super) fn new(part: TcbPart, status: Vendor, advisories: &[String], date: &str) -> Self {
        Self { part, says: TcbStatusWithAdvisory::new(status, advisories.to_vec()), since: rfc3339(date) }
    }
}

/// What the vendor says of all parts together.
fn converge(levels: &[Level]) -> TcbStatusWithAdvisory {
    let none = TcbStatusWithAdvisory::new(Vendor::UpToDate, Vec::new());
    levels.iter().map(|level| level.says.clone()).reduce(|all, one| all.merge(&one)).unwrap_or(none)
}

/// The part that decides: the first of those with the gravest status of their own.
fn deciding(levels: &[Level]) -> (TcbPart, Option<u64>) {
    let gravity = |level: &Level| match level.says.status {
        Vendor::UpToDate => 0,
        Vendor::SWHardeningNeeded => 1,
        Vendor::ConfigurationNeeded | Vendor::ConfigurationAndSWHardeningNeeded => 2,
        // A domain's own status is of no part; what is revoked never comes here.
        Vendor::OutOfDate
        | Vendor::OutOfDateConfigurationNeeded
        | Vendor::TDRelaunchAdvised
        | Vendor::TDRelaunchAdvisedConfigurationNeeded
        | Vendor::Revoked => 3,
    };
    let gravest = levels.iter().map(gravity).max();
    let first = levels.iter().find(|level| Some(gravity(level)) == gravest);
    first.map_or((TcbPart::Platform, None), |level| (level.part, level.since))
}

/// The levels that a platform of these versions reaches: its own, and that of its TDX module.
fn reached(
    info: &TcbInfo,
    extension: &PckExtension,
    tee_tcb_svn: Option<&[u8; 16]>,
) -> Result<Vec<Level>, Refusal> {
    let reaches = |level: &&TcbLevel| {
        let missing = level.shortfalls(&extension.cpu_svn, extension.pce_svn, tee_tcb_svn);
        missing.is_ok_and(|missing| missing.is_empty())
    };
    // The vendor's own library orders levels before it matches: the greatest is taken, and of equal ones the first.
    let greater = |a: &TcbLevel, b: &TcbLevel| {
        let (a, b) = (&a.tcb, &b.tcb);
        (&a.sgx_components, a.pce_svn, &a.tdx_components) > (&b.sgx_components, b.pce_svn, &b.tdx_components)
    };
    let reached = info
        .tcb_levels
        .iter()
        .filter(reaches)
        .reduce(|best, level| if greater(level, best) { level } else { best });
    let Some(reached) = reached else { return refuse(Class::TcbNoLevel, "no TCB level fits the platform") };
    let of_a_domain = matches!(
        reached.tcb_status,
        Vendor::TDRelaunchAdvised | Vendor::TDRelaunchAdvisedConfigurationNeeded
    );
    ensure(!of_a_domain, Class::TcbStatus, "the TCB level has a status that no platform has")?;
    let part = TcbPart::Platform;
    let platform = Level::new(part, reached.tcb_status, &reached.advisory_ids, &reached.tcb_date);
    let module = tee_tcb_svn.map(|svn| module::level(info, svn)).transpose()?.flatten();
    Ok([Some(platform), module].into_iter().flatten().collect())
}

/// The level of the quoting enclave.
fn quoting_enclave(parsed: &Parsed, quote: &Quote) -> Result<Level, Refusal> {
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
    let part = TcbPart::QuotingEnclave;
    Ok(Level::new(part, reached.tcb_status, &reached.advisory_ids, &reached.tcb_date))
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
        QuoteVerifier::<OnceConfig>::new_with_config(self.root.to_vec())
            .allow_debug(true)
            .verify_with_policy(self.evidence, collateral, self.now, &QuotePolicy::claims_only(self.now))
            .or_else(|_| refuse(Class::CertChain, "the second verifier refuses what these steps accept"))
    }
}

impl Tcb {
    fn behind(&self) -> Behind {
        let Self { status, part, since, ref advisories, evaluation_number: _, earliest_expiration: _ } =
            *self;
        Behind { status, part, since, advisories: advisories.clone() }
    }

    /// Whether the policy accepts the status: always, or for a while, which makes it amber.
    fn accepted(&self, policy: &Policy, now: u64) -> Result<Outcome, Refusal> {
        if policy.tcb_status.contains(&self.status) {
            return Ok(Outcome::Green);
        }
        let extra = policy.extra_tcb_status.iter().filter(|extra| extra.status == self.status);
        let behind = self.behind();
        match extra.max_by_key(|extra| extra.until) {
            Some(extra) if now <= extra.until => {
                let (reason, until) = (extra.reason.clone(), extra.until);
                Ok(Outcome::Amber(Amber { behind, reason, until }.into()))
            }
            over => {
                let word = over.map_or_else(
                    || "the policy does not accept that".to_owned(),
                    |over| format!("the policy accepted that until {}", instant::date(over.until)),
                );
                let text = format!("{behind}, and {word}");
                Err(Refusal { class: Class::TcbStatus, text, behind: Some(behind.into()) })
            }
        }
    }
}

/// Step 12: policy on status, advisories, evaluation number, platform. Without one, nothing was judged and there is no
/// outcome.
pub(crate) fn policy(
    tcb: &Tcb,
    extension: &PckExtension,
    accepted: &[&[String]],
    policy: &Policy,
    now: u64,
) -> Checked<Option<Outcome>> {
    if !policy.enforced.tcb {
        return Ok((None, "unchecked".to_owned()));
    }
    let outcome = tcb.accepted(policy, now)?;
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
    let known = platform.allows(&platform_ids(extension));
    ensure(known, Class::Platform, "the platform is not one of those allowed")?;
    let evaluation = tcb.evaluation_number;
    let seen = match &outcome {
        Outcome::Green => format!("status, advisories and evaluation {evaluation} accepted"),
        Outcome::Amber(amber) => {
            let (status, until) = (tcb.status, instant::date(amber.until));
            format!(
                "AMBER: {status} accepted until {until} only; advisories and evaluation {evaluation} accepted"
            )
        }
    };
    Ok((Some(outcome), seen))
}

/// Which platform: the PPID and, where there is one, the instance id.
pub(crate) fn platform_ids(extension: &PckExtension) -> Vec<String> {
    let ids = [Some(&extension.ppid), extension.platform_instance_id.as_ref()];
    ids.into_iter().flatten().filter_map(|id| platform_id(id)).collect()
}

/// Every advisory must be mitigated by one of the releases that this evidence may be of; step 14 leaves only those
/// that it is of, and asks again.
pub(crate) fn accepts_advisories(tcb: &Tcb, accepted: &[&[String]]) -> Result<(), Refusal> {
    let unmitigated = tcb.advisories.iter().any(|id| !accepted.iter().any(|accepted| accepted.contains(id)));
    ensure(!unmitigated, Class::TcbAdvisory, "an advisory applies that the release does not mitigate")
}
