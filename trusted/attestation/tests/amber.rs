//! A platform whose patches are behind: refused, or amber until a date, and told apart from every other refusal.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::{Knobs, TdxKnobs};
use attestation::{
    Amber, Backend as _, Behind, Class, Expected, ExtraTcbStatus, Outcome, Policy, Release, SgxRelease,
    TcbPart, TcbStatus, TdxRelease, Tee, verify,
};
use world::{NOW, World, expected};

const DAY_S: u64 = 86_400;
/// The day of the world's collateral, and how much older the lower levels of each part are.
const TODAY: u64 = NOW - NOW % DAY_S;
const PLATFORM: u64 = TODAY - 365 * DAY_S;
const MODULE: u64 = TODAY - 200 * DAY_S;
const QE: u64 = TODAY - 100 * DAY_S;

fn usual() -> Knobs {
    Knobs::default()
}

/// A CPU below the level that is up to date.
fn old_cpu() -> [u8; 16] {
    let mut svn = usual().cpu_svn;
    svn[0] = 10;
    svn
}

fn extra(status: TcbStatus, until: u64) -> ExtraTcbStatus {
    ExtraTcbStatus { status, reason: "microcode is on its way".into(), until }
}

fn advisories(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

/// A policy that names the world's program, with these advisories.
fn pinned(world: &World, ids: &[&str]) -> Policy {
    let accepted_advisories = advisories(ids);
    match world.backend.tee() {
        Tee::DevTdx => {
            world.pinned_to(Release::Tdx(TdxRelease { accepted_advisories, ..world.tdx_release() }.into()))
        }
        _ => world.pinned(SgxRelease { accepted_advisories, ..world.release() }),
    }
}

/// What is behind, by the amber verdict at the last second of the exception and by the refusal one second later and
/// without it.
fn amber(knobs: Knobs, status: TcbStatus, ids: &[&str]) -> Behind {
    let world = World::with(knobs);
    let mut policy = pinned(&world, ids);
    let without = world.judge(&policy).unwrap_err();
    assert_eq!((without.step.number(), without.class), (12, Class::TcbStatus));
    assert!(without.is_against_policy());
    let behind = *without.behind.clone().expect("nothing else is in the way");
    assert!(without.text.contains(&status.to_string()), "{without}");
    assert!(
        without.text.ends_with("the policy does not accept that; nothing else is in the way"),
        "{without}"
    );

    policy.extra_tcb_status = vec![extra(status, NOW)];
    let verified = world.judge(&policy).unwrap_or_else(|failure| panic!("{failure}"));
    assert_eq!(verified.tcb_status(), Some(status));
    let Some(Outcome::Amber(amber)) = verified.outcome() else { panic!("{:?}", verified.outcome()) };
    let Amber { behind: accepted, reason, until } = &**amber;
    assert_eq!((accepted, reason.as_str(), *until), (&behind, "microcode is on its way", NOW));
    let seen = &verified.passed().iter().find(|passed| passed.step.number() == 12).unwrap().seen;
    assert!(seen.starts_with("AMBER"), "{seen}");

    policy.extra_tcb_status = vec![extra(status, NOW - 1)];
    let over = world.judge(&policy).unwrap_err();
    assert_eq!((over.step.number(), over.class), (12, Class::TcbStatus));
    assert!(over.text.contains("the policy accepted that until 2026-11-24"), "{over}");
    assert_eq!(over.behind.as_deref(), Some(&behind));

    // The longest of several exceptions counts, whatever their order.
    policy.extra_tcb_status = vec![extra(status, NOW - 1), extra(status, NOW), extra(status, 0)];
    assert!(world.judge(&policy).is_ok());
    // A status accepted without end is no exception.
    policy.tcb_status.push(status);
    assert_eq!(world.judge(&policy).unwrap().outcome(), Some(&Outcome::Green));
    behind
}

#[test]
fn an_old_platform_is_amber_until_the_last_second() {
    let behind = amber(Knobs { cpu_svn: old_cpu(), ..usual() }, TcbStatus::OutOfDate, &["INTEL-SA-00001"]);
    assert_eq!(
        (behind.status, behind.part, behind.since),
        (TcbStatus::OutOfDate, TcbPart::Platform, Some(PLATFORM))
    );
    assert_eq!(behind.advisories, ["INTEL-SA-00001"]);
    assert_eq!(
        behind.to_string(),
        "the TCB status is OutOfDate: the platform's patch level is of 2025-11-24"
    );
}

#[test]
fn each_status_that_is_behind_can_be_borne_with() {
    for (name, status) in [
        ("OutOfDate", TcbStatus::OutOfDate),
        ("ConfigurationNeeded", TcbStatus::ConfigurationNeeded),
        ("ConfigurationAndSWHardeningNeeded", TcbStatus::ConfigurationAndSWHardeningNeeded),
        ("OutOfDateConfigurationNeeded", TcbStatus::OutOfDateConfigurationNeeded),
    ] {
        let behind = amber(Knobs { tcb_status: name, ..usual() }, status, &[]);
        assert_eq!((behind.part, behind.since), (TcbPart::Platform, Some(TODAY)), "{name}");
    }
}

#[test]
fn the_part_that_decides_is_named() {
    let qe = amber(Knobs { qe_isv_svn: 7, ..usual() }, TcbStatus::OutOfDate, &[]);
    assert_eq!((qe.part, qe.since), (TcbPart::QuotingEnclave, Some(QE)));
    // A platform that needs configuration, and a quoting enclave that is old: the enclave weighs more.
    let both = Knobs { qe_isv_svn: 7, tcb_status: "ConfigurationNeeded", ..usual() };
    let both = amber(both, TcbStatus::OutOfDateConfigurationNeeded, &[]);
    assert_eq!((both.part, both.since), (TcbPart::QuotingEnclave, Some(QE)));
    // Both are old: the platform comes first.
    let old = Knobs { qe_isv_svn: 7, cpu_svn: old_cpu(), ..usual() };
    let old = amber(old, TcbStatus::OutOfDate, &["INTEL-SA-00001"]);
    assert_eq!((old.part, old.since), (TcbPart::Platform, Some(PLATFORM)));
}

#[test]
fn an_old_tdx_module_is_amber_and_so_is_a_domain_that_should_start_again() {
    let svn = |isv| [isv, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let domain = |tdx: TdxKnobs| Knobs { tdx: Some(tdx), ..usual() };
    let module = domain(TdxKnobs { tee_tcb_svn: svn(3), tee_tcb_svn2: svn(3), ..TdxKnobs::default() });
    let module = amber(module, TcbStatus::OutOfDate, &["INTEL-SA-00002"]);
    assert_eq!((module.part, module.since), (TcbPart::TdxModule, Some(MODULE)));
    // Started under the old module, now running on the new one.
    let newer = TdxKnobs { quote_version: 5, body_type: 3, ..TdxKnobs::default() };
    let relaunch = domain(TdxKnobs { tee_tcb_svn: svn(3), ..newer });
    let relaunch = amber(relaunch, TcbStatus::TDRelaunchAdvised, &["INTEL-SA-00002"]);
    assert_eq!((relaunch.part, relaunch.since), (TcbPart::TdxModule, Some(MODULE)));
    let platform = Knobs { cpu_svn: old_cpu(), ..domain(TdxKnobs::default()) };
    let platform = amber(platform, TcbStatus::OutOfDate, &["INTEL-SA-00001"]);
    assert_eq!((platform.part, platform.since), (TcbPart::Platform, Some(PLATFORM)));
}

#[test]
fn what_is_up_to_date_or_hardened_by_the_release_is_green() {
    let world = World::new();
    assert_eq!(world.judge(&pinned(&world, &[])).unwrap().outcome(), Some(&Outcome::Green));
    let hardened = Knobs { tcb_status: "SWHardeningNeeded", advisories: vec!["INTEL-SA-00615"], ..usual() };
    let world = World::with(hardened);
    let verified = world.judge(&pinned(&world, &["INTEL-SA-00615"])).unwrap();
    assert_eq!(verified.outcome(), Some(&Outcome::Green));
    // A further status that is not the platform's changes nothing.
    let mut policy = pinned(&world, &["INTEL-SA-00615"]);
    policy.extra_tcb_status = vec![extra(TcbStatus::OutOfDate, NOW)];
    assert_eq!(world.judge(&policy).unwrap().outcome(), Some(&Outcome::Green));
}

#[test]
fn without_a_policy_nothing_was_judged() {
    let world = World::with(Knobs { tcb_status: "OutOfDate", ..usual() });
    let shown = world.judge(&Policy::dangerous_claims_only()).unwrap();
    assert_eq!(
        (shown.outcome(), shown.release(), shown.tcb_status()),
        (None, None, Some(TcbStatus::OutOfDate))
    );
}

#[test]
fn a_platform_that_is_behind_and_wrong_in_something_else_is_not_only_behind() {
    let old = || Knobs { tcb_status: "OutOfDate", ..usual() };
    let world = World::with(Knobs { debug: true, ..old() });
    let failure = world.judge(&pinned(&world, &[])).unwrap_err();
    assert_eq!((failure.class, failure.behind), (Class::TcbStatus, None));
    assert!(!failure.text.contains("only"), "{}", failure.text);
    let world = World::with(old());
    let other = world.pinned(SgxRelease { mr_enclave: [9; 32], ..world.release() });
    assert_eq!(world.judge(&other).unwrap_err().behind, None);
    // An advisory that the release does not mitigate belongs to the patch level: it is listed.
    let world = World::with(Knobs { advisories: vec!["INTEL-SA-00615"], ..old() });
    let behind = world.judge(&pinned(&world, &[])).unwrap_err().behind.expect("only behind");
    assert_eq!(behind.advisories, ["INTEL-SA-00615"]);
    let mut policy = pinned(&world, &[]);
    policy.extra_tcb_status = vec![extra(TcbStatus::OutOfDate, NOW)];
    assert_eq!(world.judge(&policy).unwrap_err().class, Class::TcbAdvisory, "the date alone does not do");
}

#[test]
fn a_whole_bundle_is_amber_and_only_behind_if_the_rest_of_it_holds() {
    let world = World::with(Knobs { tcb_status: "OutOfDate", ..usual() });
    let mut policy = pinned(&world, &[]);
    let judge =
        |policy: &Policy, expected: Expected| verify(&world.bundle(), policy, &world.roots(), &expected, NOW);
    assert!(judge(&policy, expected()).unwrap_err().behind.is_some());
    let replayed = Expected { nonce: Some([8; 32]), ..expected() };
    let failure = judge(&policy, replayed).unwrap_err();
    assert_eq!((failure.class, failure.behind), (Class::TcbStatus, None), "it does not answer this request");
    policy.extra_tcb_status = vec![extra(TcbStatus::OutOfDate, NOW)];
    let enclave = judge(&policy, expected()).unwrap();
    assert!(matches!(enclave.evidence().outcome(), Some(Outcome::Amber(_))));
}

#[test]
fn a_verdict_tells_the_release_and_the_platform() {
    let world = World::with(Knobs { platform_ca: true, ..usual() });
    let mut release = world.release();
    let verified = world.judge(&world.pinned(release.clone())).unwrap();
    assert_eq!(verified.release().map(Release::name), Some(None), "compared, and without a name");
    release.name = Some("1.2.0".to_owned());
    let other = SgxRelease { name: Some("1.3.0".to_owned()), mr_enclave: [9; 32], ..world.release() };
    let mut policy = world.pinned(other);
    policy.releases.push(Release::Sgx(release));
    let verified = world.judge(&policy).unwrap();
    assert_eq!(verified.release().and_then(Release::name), Some("1.2.0"));
    assert_eq!(world.judge(&world.policy()).unwrap().release(), None);

    let ids = verified.platform_ids().to_vec();
    let [ppid, instance] = &ids[..] else { panic!("{ids:?}") };
    for id in [ppid, instance] {
        policy.platform.allowed_platform_ids = Some(vec![id.clone()]);
        assert!(world.judge(&policy).is_ok());
    }
    policy.platform.allowed_platform_ids = Some(vec![ppid.replace(&ppid[..1], "x")]);
    assert_eq!(world.judge(&policy).unwrap_err().class, Class::Platform);
    let processor = World::new();
    assert_eq!(processor.judge(&processor.policy()).unwrap().platform_ids(), &ids[..1]);
}
