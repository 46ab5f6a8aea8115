//! Steps 13 and 14: the attributes the enclave was started with, and which program it is.

use super::report::Report;
use super::tcb::{Tcb, accepts_advisories};
use crate::evidence::Tee;
use crate::failure::{Checked, Class, ensure};
use crate::policy::{NO_RELEASE, Policy};
use crate::release::{Release, SgxRelease};

/// Bits of ATTRIBUTES.FLAGS (Intel SDM volume 3D, table 35-2).
const INIT: u64 = 1 << 0;
const PROVISION_KEY: u64 = 1 << 4;
const EINITTOKEN_KEY: u64 = 1 << 5;

/// The releases that evidence of this measurement may be of; all of them if none has it, so that the class of the
/// refusal is the measurement's (step 14) and not one of an earlier step that needed a release.
pub(crate) fn candidates<'a>(report: &Report, policy: &'a Policy) -> Vec<&'a SgxRelease> {
    let measured: Vec<_> =
        policy.sgx_releases().filter(|release| release.mr_enclave == report.mr_enclave).collect();
    if measured.is_empty() { policy.sgx_releases().collect() } else { measured }
}

/// Step 13: DEBUG clear, INIT set, no provisioning or launch key, XFRM and MISCSELECT as a release says.
pub(crate) fn attributes(
    report: &Report,
    tee: Tee,
    releases: &[&SgxRelease],
    policy: &Policy,
) -> Checked<()> {
    let debug_allowed = policy.allow_debug && tee.is_development();
    ensure(!report.is_debug() || debug_allowed, Class::Debug, "the host can read a debug enclave")?;
    ensure(report.flags & INIT != 0, Class::Attributes, "the enclave is not initialised")?;
    let keys = report.flags & (PROVISION_KEY | EINITTOKEN_KEY);
    ensure(keys == 0, Class::Attributes, "the enclave may use provisioning or launch keys")?;
    if policy.enforced.identity && !releases.is_empty() {
        let fits = |release: &&&SgxRelease| {
            report.xfrm & !release.xfrm_mask == 0 && report.misc_select == release.miscselect
        };
        ensure(
            releases.iter().any(|release| fits(&release)),
            Class::Attributes,
            "XFRM or MISCSELECT is not a release's",
        )?;
    }
    let kind = if report.is_debug() { "DEBUG" } else { "not debug" };
    Ok(((), format!("{kind}, initialised, no provisioning keys")))
}

/// Step 14: measurement, signer, product and version are those of one release that is still accepted.
pub(crate) fn identity(report: &Report, tcb: &Tcb, policy: &Policy, now: u64) -> Checked<Option<Release>> {
    let measurement = hex::encode(report.mr_enclave);
    if !policy.enforced.identity {
        return Ok((None, format!("measurement {measurement} unchecked")));
    }
    let mut releases: Vec<&SgxRelease> = policy.sgx_releases().collect();
    ensure(!releases.is_empty(), Class::Measurement, NO_RELEASE)?;
    let mut keep = |fits: &dyn Fn(&SgxRelease) -> bool, class, text| {
        releases.retain(|release| fits(release));
        ensure(!releases.is_empty(), class, text)
    };
    keep(
        &|r| r.mr_enclave == report.mr_enclave,
        Class::Measurement,
        "the program is not one of the releases",
    )?;
    let current = |r: &SgxRelease| r.not_after.is_none_or(|not_after| now <= not_after);
    keep(&current, Class::Measurement, "the release is no longer accepted")?;
    keep(&|r| r.mr_signer == report.mr_signer, Class::Signer, "the program's signer is not the release's")?;
    keep(
        &|r| r.isv_prod_id == report.isv_prod_id,
        Class::Product,
        "the product number is not the release's",
    )?;
    keep(
        &|r| report.isv_svn >= r.min_isv_svn,
        Class::Svn,
        "the security version is below the release's minimum",
    )?;
    // What earlier steps accepted for some release must hold for one of those left.
    let state = |r: &SgxRelease| report.xfrm & !r.xfrm_mask == 0 && report.misc_select == r.miscselect;
    keep(&state, Class::Attributes, "XFRM or MISCSELECT is not the release's")?;
    if policy.enforced.tcb {
        let mitigated = |r: &SgxRelease| accepts_advisories(tcb, &[&r.accepted_advisories]).is_ok();
        keep(&mitigated, Class::TcbAdvisory, "an advisory applies that the release does not mitigate")?;
    }
    let release = releases.first().map(|&release| Release::Sgx(release.clone()));
    Ok((release, format!("release with measurement {measurement}")))
}
