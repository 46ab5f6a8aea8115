//! Steps 12 to 14 under a policy that names releases: which program, on which platform, with which advisories.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::Knobs;
use attestation::{Class, ExtraTcbStatus, Failure, Policy, Release, SgxRelease, TcbStatus};
use sha2::{Digest, Sha256};
use world::{NOW, World};

fn usual() -> Knobs {
    Knobs::default()
}

fn refused(world: &World, policy: &Policy) -> (u8, Class) {
    let Failure { step, class, .. } = world.judge(policy).expect_err("the policy refuses this");
    (step.number(), class)
}

#[test]
fn the_released_program_is_accepted_and_shown_as_checked() {
    let world = World::new();
    let verified = world.judge(&world.pinned(world.release())).unwrap();
    assert!(verified.measurement_checked());
    assert_eq!(verified.measurement(), &world.backend.mr_enclave());
    assert_eq!(verified.signer(), Some(&usual().mr_signer[..]));
    assert_eq!(verified.product(), Some((0, 1)));
}

#[test]
fn another_program_is_refused_by_what_differs() {
    let release = World::new().release();
    for (knobs, class) in [
        (Knobs { mr_signer: [9; 32], ..usual() }, Class::Signer),
        (Knobs { isv_prod_id: 1, ..usual() }, Class::Product),
        (Knobs { isv_svn: 0, ..usual() }, Class::Svn),
    ] {
        let world = World::with(knobs);
        assert_eq!(refused(&world, &world.pinned(release.clone())), (14, class));
    }
    let world = World::new();
    let unlisted = SgxRelease { mr_enclave: [9; 32], ..release };
    assert_eq!(refused(&world, &world.pinned(unlisted)), (14, Class::Measurement));
}

#[test]
fn a_policy_without_releases_accepts_no_program() {
    let world = World::new();
    let mut policy = world.pinned(world.release());
    policy.releases.clear();
    assert_eq!(refused(&world, &policy), (14, Class::Measurement));
}

#[test]
fn a_newer_security_version_is_accepted_and_one_below_is_not() {
    let world = World::with(Knobs { isv_svn: 4, ..usual() });
    let min = |min_isv_svn| SgxRelease { min_isv_svn, ..world.release() };
    assert!(world.judge(&world.pinned(min(3))).is_ok());
    assert!(world.judge(&world.pinned(min(4))).is_ok());
    assert_eq!(refused(&world, &world.pinned(min(5))), (14, Class::Svn));
}

#[test]
fn a_release_ends_after_its_last_second() {
    let world = World::new();
    let until = |not_after| SgxRelease { not_after: Some(not_after), ..world.release() };
    assert!(world.judge(&world.pinned(until(NOW))).is_ok());
    assert_eq!(refused(&world, &world.pinned(until(NOW - 1))), (14, Class::Measurement));
}

#[test]
fn processor_state_outside_the_release_is_refused() {
    let release = World::new().release();
    for knobs in [Knobs { xfrm: 0xe7 | 1 << 18, ..usual() }, Knobs { misc_select: 1, ..usual() }] {
        let world = World::with(knobs);
        assert_eq!(refused(&world, &world.pinned(release.clone())), (13, Class::Attributes));
    }
    let world = World::with(Knobs { xfrm: 0x03, ..usual() });
    assert!(world.judge(&world.pinned(release)).is_ok(), "less than the mask is within it");
}

#[test]
fn what_one_release_allows_does_not_help_another() {
    let world = World::with(Knobs { misc_select: 1, advisories: vec!["INTEL-SA-00615"], ..usual() });
    let right = world.release();
    let lenient = SgxRelease {
        mr_signer: [9; 32],
        miscselect: 1,
        accepted_advisories: vec!["INTEL-SA-00615".into()],
        ..right.clone()
    };
    let with = |right: &SgxRelease| {
        let mut policy = world.pinned(right.clone());
        policy.releases.push(Release::Sgx(lenient.clone()));
        policy
    };
    let mut right = right;
    assert_eq!(refused(&world, &with(&right)), (14, Class::Attributes));
    right.miscselect = 1;
    assert_eq!(refused(&world, &with(&right)), (14, Class::TcbAdvisory));
    right.accepted_advisories = vec!["INTEL-SA-00615".into()];
    assert!(world.judge(&with(&right)).is_ok());
}

#[test]
fn hardening_passes_only_if_every_advisory_is_mitigated() {
    let advisories = vec!["INTEL-SA-00289", "INTEL-SA-00615"];
    let world = World::with(Knobs { tcb_status: "SWHardeningNeeded", advisories, ..usual() });
    let accepts = |ids: &[&str]| {
        let accepted_advisories = ids.iter().map(|&id| id.to_owned()).collect();
        world.pinned(SgxRelease { accepted_advisories, ..world.release() })
    };
    assert_eq!(refused(&world, &accepts(&[])), (12, Class::TcbAdvisory));
    assert_eq!(refused(&world, &accepts(&["INTEL-SA-00615"])), (12, Class::TcbAdvisory));
    assert_eq!(refused(&world, &accepts(&["INTEL-SA-0061", "INTEL-SA-00289"])), (12, Class::TcbAdvisory));
    let verified = world.judge(&accepts(&["INTEL-SA-00615", "INTEL-SA-00289", "INTEL-SA-00001"])).unwrap();
    assert_eq!(verified.advisories(), ["INTEL-SA-00289", "INTEL-SA-00615"]);
    assert_eq!(verified.tcb_status(), Some(TcbStatus::SWHardeningNeeded));
}

#[test]
fn a_further_status_is_accepted_until_its_end() {
    let world = World::with(Knobs { tcb_status: "OutOfDate", ..usual() });
    let mut policy = world.pinned(world.release());
    assert_eq!(refused(&world, &policy), (12, Class::TcbStatus));
    let extra = |status, until| ExtraTcbStatus { status, reason: "microcode is on its way".into(), until };
    policy.extra_tcb_status = vec![extra(TcbStatus::OutOfDate, NOW)];
    assert!(world.judge(&policy).is_ok());
    policy.extra_tcb_status = vec![extra(TcbStatus::OutOfDate, NOW - 1)];
    assert_eq!(refused(&world, &policy), (12, Class::TcbStatus));
    policy.extra_tcb_status = vec![extra(TcbStatus::ConfigurationNeeded, NOW)];
    assert_eq!(refused(&world, &policy), (12, Class::TcbStatus));
}

#[test]
fn an_evaluation_below_the_floor_is_refused() {
    let world = World::with(Knobs { evaluation_number: 19, ..usual() });
    assert_eq!(refused(&world, &world.pinned(world.release())), (12, Class::TcbEval), "the default is 20");
    let mut policy = world.pinned(world.release());
    policy.min_tcb_evaluation_number = 19;
    assert_eq!(world.judge(&policy).unwrap().tcb_evaluation_number(), Some(19));
}

#[test]
fn collateral_older_than_the_policy_allows_is_expired() {
    let world = World::new(); // its collateral is of midnight, twelve hours ago
    let mut policy = world.policy();
    policy.max_collateral_age_s = 43_200;
    assert!(world.judge(&policy).is_ok());
    policy.max_collateral_age_s = 43_199;
    assert_eq!(refused(&world, &policy), (5, Class::Expired));
}

#[test]
fn switches_of_the_platform_are_refused_where_the_policy_forbids_them() {
    let on = || Knobs { platform_ca: true, ..usual() };
    for (knobs, forbid) in [
        (Knobs { smt: true, ..on() }, (|policy| policy.platform.allow_smt = false) as fn(&mut Policy)),
        (Knobs { dynamic_platform: true, ..on() }, |policy| policy.platform.allow_dynamic_platform = false),
        (Knobs { cached_keys: true, ..on() }, |policy| policy.platform.allow_cached_keys = false),
    ] {
        let world = World::with(knobs);
        let mut policy = world.pinned(world.release());
        assert!(world.judge(&policy).is_ok(), "data-centre platforms have it on");
        forbid(&mut policy);
        assert_eq!(refused(&world, &policy), (12, Class::Platform));
        assert!(World::with(on()).judge(&policy).is_ok(), "switched off it is accepted");
        assert!(World::new().judge(&policy).is_ok(), "a Processor CA does not tell");
    }
}

#[test]
fn only_listed_platforms_are_accepted_where_the_policy_lists_them() {
    let id = |bytes: &[u8]| hex::encode(Sha256::digest(bytes));
    let (ppid, instance) = (id(b"development PPID"), id(b"dev instance id."));
    let world = World::with(Knobs { platform_ca: true, ..usual() });
    let mut policy = world.policy();
    for (allowed, known) in [
        (vec![ppid.clone()], true),
        (vec![id(b"another"), instance.to_ascii_uppercase()], true),
        (vec![id(b"another")], false),
        (vec![hex::encode("development PPID")], false),
        (vec![], false),
    ] {
        policy.platform.allowed_platform_ids = Some(allowed.clone());
        let verdict = world.judge(&policy).map_err(|failure| failure.class);
        assert_eq!(verdict.err(), (!known).then_some(Class::Platform), "{allowed:?}");
    }
    policy.platform.allowed_platform_ids = Some(vec![instance]);
    assert_eq!(refused(&World::new(), &policy), (12, Class::Platform), "a Processor CA knows no instance");
}

#[test]
fn a_debug_enclave_needs_a_development_root_and_the_policys_word() {
    let world = World::with(Knobs { debug: true, ..usual() });
    let mut policy = world.policy();
    assert_eq!(refused(&world, &policy), (13, Class::Debug));
    policy.allow_debug = true;
    assert!(world.judge(&policy).is_ok());
}
