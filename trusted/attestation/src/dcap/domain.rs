//! Steps 13 and 14 for trust domains: the attributes one was built with, and which program it is.

use super::report::Domain;
use super::tcb::{Tcb, accepts_advisories};
use crate::evidence::Tee;
use crate::failure::{Checked, Class, ensure, refuse};
use crate::policy::{NO_RELEASE, Policy};
use crate::release::{Release, TdxRelease};

/// The releases that evidence of this measurement may be of; all of them if none has it, so that the class of the
/// refusal is the measurement's (step 14) and not one of an earlier step that needed a release.
pub(crate) fn candidates<'a>(domain: &Domain, policy: &'a Policy) -> Vec<&'a TdxRelease> {
    let measured: Vec<_> =
        policy.tdx_releases().filter(|release| release.mr_td == domain.identity.mr_td).collect();
    if measured.is_empty() { policy.tdx_releases().collect() } else { measured }
}

/// Step 13: nothing under debug or profiled, SEPT_VE_DISABLE set, not migratable, no service domain.
pub(crate) fn attributes(domain: &Domain, tee: Tee, policy: &Policy) -> Checked<()> {
    let debug_allowed = policy.allow_debug && tee.is_development();
    ensure(!domain.is_debug() || debug_allowed, Class::Debug, "the host can read or profile a debug domain")?;
    if let Some(flaw) = domain.flaw() {
        return refuse(Class::Attributes, flaw);
    }
    let kind = if domain.is_debug() { "DEBUG" } else { "not debug" };
    Ok(((), format!("{kind}, not migratable, no service domain")))
}

/// Step 14: measurement and registers are those of one release that is still accepted.
pub(crate) fn identity(domain: &Domain, tcb: &Tcb, policy: &Policy, now: u64) -> Checked<Option<Release>> {
    let measurement = hex::encode(domain.identity.mr_td);
    if !policy.enforced.identity {
        return Ok((None, format!("measurement {measurement} unchecked")));
    }
    let mut releases: Vec<&TdxRelease> = policy.tdx_releases().collect();
    ensure(!releases.is_empty(), Class::Measurement, NO_RELEASE)?;
    let mut keep = |fits: &dyn Fn(&TdxRelease) -> bool, class, text| {
        releases.retain(|release| fits(release));
        ensure(!releases.is_empty(), class, text)
    };
    let measured = |r: &TdxRelease| r.mr_td == domain.identity.mr_td;
    keep(&measured, Class::Measurement, "the program is not one of the releases")?;
    let extended = |r: &TdxRelease| {
        let wanted = [&r.rtmr0, &r.rtmr1, &r.rtmr2, &r.rtmr3];
        wanted
            .into_iter()
            .zip(&domain.identity.rtmr)
            .all(|(wanted, is)| wanted.is_none_or(|wanted| wanted == *is))
    };
    keep(&extended, Class::Measurement, "a register (RTMR) is not the release's")?;
    let current = |r: &TdxRelease| r.not_after.is_none_or(|not_after| now <= not_after);
    keep(&current, Class::Measurement, "the release is no longer accepted")?;
    if policy.enforced.tcb {
        let mitigated = |r: &TdxRelease| accepts_advisories(tcb, &[&r.accepted_advisories]).is_ok();
        keep(&mitigated, Class::TcbAdvisory, "an advisory applies that the release does not mitigate")?;
    }
    let release = releases.first().map(|&release| Release::Tdx(Box::new(release.clone())));
    Ok((release, format!("release with measurement {measurement}")))
}
