//! Steps 12 to 14: what the policy asks of the platform, how the guest was launched, and which program it is.

use super::product::{in_words, reaches};
use super::report::Report;
use crate::failure::{Checked, Class, ensure, refuse};
use crate::policy::{NO_RELEASE, Policy, SnpProduct, platform_id};
use crate::release::Release;

/// Step 12: minimum TCB of the product, SMT, and which chips.
pub(super) fn platform(report: &Report, product: SnpProduct, policy: &Policy) -> Checked<()> {
    let ids = platform_ids(report);
    let chip = ids.first().map_or("masked", String::as_str);
    if !policy.enforced.tcb {
        return Ok(((), format!("TCB unchecked; chip {chip}")));
    }
    let tcb = product.tcb(report.reported_tcb);
    let least = policy.snp_min_tcb.of(product);
    let recent = least.is_none_or(|least| reaches(&tcb, least));
    ensure(recent, Class::TcbStatus, "the platform's TCB is below the policy's minimum for its product")?;
    let smt = policy.platform.allow_smt || !report.has_smt();
    ensure(smt, Class::Platform, "simultaneous multithreading is on")?;
    let known = policy.platform.allows(&ids);
    ensure(known, Class::Platform, "the chip is not one of the allowed ones")?;
    let asked = if least.is_some() { "at least the policy's minimum" } else { "the policy asks no minimum" };
    Ok(((), format!("TCB {asked}; chip {chip}")))
}

/// Which chip, unless its host masks that.
pub(super) fn platform_ids(report: &Report) -> Vec<String> {
    platform_id(&report.chip_id).into_iter().collect()
}

/// Step 11: what there is instead of a judged level.
pub(super) fn level(report: &Report, product: SnpProduct) -> Checked<()> {
    let tcb = in_words(&product.tcb(report.reported_tcb));
    Ok(((), format!("does not apply: AMD signs no levels; reported are {tcb}")))
}

/// Step 13: no debugging by the host, no migration agent, asked by the guest's most privileged level. Without a policy
/// it is only said: AMD vouches for a debug guest as for any other.
pub(super) fn attributes(report: &Report, policy: &Policy) -> Checked<()> {
    let (debug, migratable, vmpl) = (report.is_debug(), report.is_migratable(), report.vmpl);
    if !policy.is_claims_only() {
        ensure(!debug, Class::Debug, "the host can read a guest whose policy allows debugging")?;
        ensure(!migratable, Class::Attributes, "a migration agent may hold the guest's keys")?;
        ensure(vmpl == 0, Class::Attributes, "the report was not asked for at VMPL 0")?;
    }
    let debug = if debug { "DEBUG" } else { "not debug" };
    let migratable = if migratable { "MIGRATABLE" } else { "not migratable" };
    Ok(((), format!("{debug}, {migratable}, VMPL {vmpl}")))
}

/// Step 14: measurement and, where a release names it, HOST_DATA are those of one release that is still accepted.
pub(super) fn identity(report: &Report, policy: &Policy, now: u64) -> Checked<Option<Release>> {
    let measurement = hex::encode(report.measurement);
    if !policy.enforced.identity {
        return Ok((None, format!("measurement {measurement} unchecked")));
    }
    let mut releases: Vec<_> = policy.snp_releases().collect();
    if releases.is_empty() {
        return refuse(Class::Measurement, NO_RELEASE);
    }
    releases.retain(|release| release.measurement == report.measurement);
    ensure(!releases.is_empty(), Class::Measurement, "the program is not one of the releases")?;
    releases.retain(|release| release.not_after.is_none_or(|not_after| now <= not_after));
    ensure(!releases.is_empty(), Class::Measurement, "the release is no longer accepted")?;
    releases.retain(|release| release.host_data.is_none_or(|host_data| host_data == report.host_data));
    ensure(!releases.is_empty(), Class::Measurement, "the host gave other data than the release's")?;
    let release = releases.first().map(|&release| Release::Snp(release.clone()));
    Ok((release, format!("release with measurement {measurement}")))
}
