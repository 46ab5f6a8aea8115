//! A policy written as a file says the same when it is read again, has one hash, and has its warnings.
#![cfg(test)]

use attestation::{
    ExtraTcbStatus, NitroRelease, PlatformPolicy, Policy, Release, SgxRelease, SnpMinTcb, SnpProduct,
    SnpRelease, SnpTcb, TcbStatus, TdxRelease, Tee, Warning,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// 2026-11-24T12:00:00Z
const NOW: u64 = 1_795_521_600;
const DAY_S: u64 = 86_400;

const TEES: [Tee; 6] = [Tee::SgxDcap, Tee::Tdx, Tee::SevSnp, Tee::Nitro, Tee::DevSgx, Tee::DevTdx];
const STATUSES: [TcbStatus; 8] = [
    TcbStatus::UpToDate,
    TcbStatus::SWHardeningNeeded,
    TcbStatus::ConfigurationNeeded,
    TcbStatus::ConfigurationAndSWHardeningNeeded,
    TcbStatus::OutOfDate,
    TcbStatus::OutOfDateConfigurationNeeded,
    TcbStatus::TDRelaunchAdvised,
    TcbStatus::TDRelaunchAdvisedConfigurationNeeded,
];

fn name() -> impl Strategy<Value = Option<String>> {
    option::of("[!-~]([ -~]{0,62}[!-~])?")
}

fn long() -> impl Strategy<Value = [u8; 48]> {
    any::<u8>().prop_map(|byte| [byte; 48])
}

fn releases() -> impl Strategy<Value = Release> {
    let advisories = || vec("INTEL-SA-[0-9]{5}", 0..3);
    let end = || option::of(any::<u64>());
    let sgx =
        (name(), any::<[u8; 32]>(), any::<[u8; 32]>(), any::<(u16, u16, u64, u32)>(), advisories(), end())
            .prop_map(|(name, mr_enclave, mr_signer, numbers, accepted_advisories, not_after)| {
                let (isv_prod_id, min_isv_svn, xfrm_mask, miscselect) = numbers;
                Release::Sgx(SgxRelease {
                    name,
                    mr_enclave,
                    mr_signer,
                    isv_prod_id,
                    min_isv_svn,
                    accepted_advisories,
                    xfrm_mask,
                    miscselect,
                    not_after,
                })
            });
    let register = || option::of(long());
    let tdx = (name(), long(), [register(), register(), register(), register()], advisories(), end())
        .prop_map(|(name, mr_td, [rtmr0, rtmr1, rtmr2, rtmr3], accepted_advisories, not_after)| {
            Release::Tdx(Box::new(TdxRelease {
                name,
                mr_td,
                rtmr0,
                rtmr1,
                rtmr2,
                rtmr3,
                accepted_advisories,
                not_after,
            }))
        });
    let snp = (name(), long(), option::of(any::<[u8; 32]>()), end()).prop_map(
        |(name, measurement, host_data, not_after)| {
            Release::Snp(SnpRelease { name, measurement, host_data, not_after })
        },
    );
    let nitro = (name(), [long(), long(), long()], register(), end()).prop_map(
        |(name, [pcr0, pcr1, pcr2], pcr8, not_after)| {
            Release::Nitro(Box::new(NitroRelease { name, pcr0, pcr1, pcr2, pcr8, not_after }))
        },
    );
    prop_oneof![sgx, tdx, snp, nitro]
}

fn snp_min_tcb() -> impl Strategy<Value = SnpMinTcb> {
    let tcb = |fmc: BoxedStrategy<Option<u8>>| {
        let tcb = (any::<[u8; 4]>(), fmc).prop_map(|([bootloader, tee, snp, microcode], fmc)| SnpTcb {
            bootloader,
            tee,
            snp,
            microcode,
            fmc,
        });
        option::of(tcb)
    };
    let none = || Just(None).boxed();
    (tcb(none()), tcb(none()), tcb(any::<Option<u8>>().boxed())).prop_map(|(milan, genoa, turin)| SnpMinTcb {
        milan,
        genoa,
        turin,
    })
}

prop_compose! {
    fn policies()(
        tee in subsequence(TEES.to_vec(), 0..=6),
        releases in vec(releases(), 0..4),
        tcb_status in subsequence(STATUSES.to_vec(), 0..=8),
        extra_tcb_status in vec((select(STATUSES.to_vec()), "[^ ].{0,40}", any::<u64>()), 0..3),
        numbers in any::<(u32, u64, Option<u64>)>(),
        switches in any::<[bool; 7]>(),
        allowed_platform_ids in option::of(vec("[0-9a-f]{64}", 0..3)),
        snp_min_tcb in snp_min_tcb(),
        environment in vec(".{0,12}", 0..3),
        pinned_config in any::<Option<[u8; 32]>>(),
    ) -> Policy {
        let mut policy = Policy::default();
        let [debug, endorsement, nonce, channel, smt, dynamic, cached] = switches;
        (policy.tee, policy.releases, policy.tcb_status) = (tee, releases, tcb_status);
        policy.extra_tcb_status = extra_tcb_status
            .into_iter()
            .filter(|(_, reason, _)| !reason.trim().is_empty())
            .map(|(status, reason, until)| ExtraTcbStatus { status, reason, until })
            .collect();
        (policy.min_tcb_evaluation_number, policy.max_collateral_age_s, policy.min_epoch) = numbers;
        (policy.allow_debug, policy.require_operator_endorsement) = (debug, endorsement);
        (policy.require_nonce, policy.require_channel) = (nonce, channel);
        policy.platform = PlatformPolicy {
            allow_smt: smt, allow_dynamic_platform: dynamic, allow_cached_keys: cached, allowed_platform_ids,
        };
        (policy.snp_min_tcb, policy.environment, policy.pinned_config) = (snp_min_tcb, environment, pinned_config);
        policy
    }
}

proptest! {
    #[test]
    fn what_is_written_says_the_same_when_read(policy in policies()) {
        let text = policy.to_json().unwrap();
        prop_assert_eq!(Policy::from_json(text.as_bytes()), Ok(policy.clone()), "{}", text);
        // Every field stands there, so that the defaults of whoever reads do not matter.
        prop_assert_eq!(Policy::from_offline_json(text.as_bytes()), Ok(policy), "{}", text);
    }
}

#[test]
fn the_hash_is_of_what_a_policy_says_and_not_of_how() {
    let sha256 = |text: &str| Policy::from_json(text.as_bytes()).unwrap().sha256();
    let short = sha256(r#"{"releases":[]}"#);
    assert!(short.is_some());
    assert_eq!(short, Policy::default().sha256());
    assert_eq!(short, sha256(&Policy::default().to_json().unwrap()));
    assert_eq!(short, sha256("{ \"min_epoch\": null, \"tee\": [\"sgx-dcap\"], \"releases\": [ ] }"));
    assert_ne!(short, sha256(r#"{"releases":[],"allow_debug":true}"#));
    let beyond = sha256(r#"{"releases":[],"min_epoch":9007199254740992}"#);
    assert_eq!(beyond, None, "a number that the canonical form cannot write");
}

#[test]
fn what_no_file_can_say_is_not_written() {
    for policy in [Policy::dangerous_development(), Policy::dangerous_claims_only()] {
        assert_eq!((policy.to_json(), policy.sha256()), (None, None));
    }
}

/// The warnings of a sound policy with these fields.
fn warned(fields: Value) -> Vec<Warning> {
    let mut document = json!({
        "releases": [{
            "mr_enclave": "aa".repeat(32), "mr_signer": "bb".repeat(32), "isv_prod_id": 3, "min_isv_svn": 4,
        }],
    });
    document.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let policy =
        Policy::from_json(document.to_string().as_bytes()).unwrap_or_else(|why| panic!("{why}: {document}"));
    policy.warnings(NOW)
}

#[test]
fn each_warning_has_its_cause() {
    let long = |byte: &str| byte.repeat(48);
    let tdx = json!({ "mr_td": long("01"), "rtmr0": long("02"), "rtmr1": long("02"), "rtmr2": long("02"),
        "rtmr3": long("02") });
    let mut open = tdx.clone();
    open.as_object_mut().unwrap().remove("rtmr2");
    let snp = json!({ "measurement": long("03") });
    let tcb = json!({ "bootloader": 4, "tee": 0, "snp": 22, "microcode": 213 });
    let nitro = json!({ "pcr0": long("00"), "pcr1": long("00"), "pcr2": long("00") });
    let ended = json!({ "mr_enclave": "aa".repeat(32), "mr_signer": "bb".repeat(32), "isv_prod_id": 3,
        "min_isv_svn": 4, "not_after": NOW - 1 });
    let extra = |status: &str, until| json!([{ "status": status, "reason": "r", "until": until }]);
    let old = TcbStatus::OutOfDate;
    for (fields, warnings) in [
        (json!({}), vec![]),
        (json!({ "tee": [] }), vec![Warning::NoTee, Warning::ReleaseWithoutTee(0)]),
        (json!({ "releases": [] }), vec![Warning::NoRelease]),
        (json!({ "tee": ["sgx-dcap", "tdx"] }), vec![Warning::TeeWithoutRelease(Tee::Tdx)]),
        (json!({ "tee": ["tdx"], "releases": [tdx, snp] }), vec![Warning::ReleaseWithoutTee(1)]),
        (json!({ "releases": [ended] }), vec![Warning::ReleaseEnded(0)]),
        (json!({ "tee": ["nitro"], "releases": [nitro] }), vec![Warning::MeasurementZero(0)]),
        (json!({ "tee": ["tdx"], "releases": [tdx, open] }), vec![Warning::RegisterLeftOut(1, 2)]),
        (json!({ "tee": ["dev-sgx"] }), vec![Warning::DevelopmentTee]),
        (json!({ "allow_debug": true }), vec![Warning::AllowDebug]),
        (json!({ "tcb_status": [] }), vec![Warning::NoTcbStatus]),
        (json!({ "tcb_status": ["UpToDate", "OutOfDate"] }), vec![Warning::StatusWithoutEnd(old)]),
        (json!({ "extra_tcb_status": extra("OutOfDate", NOW - 1) }), vec![Warning::ExtraEnded(old, NOW - 1)]),
        (json!({ "extra_tcb_status": extra("OutOfDate", NOW + 180 * DAY_S) }), vec![]),
        (
            json!({ "extra_tcb_status": extra("OutOfDate", NOW + 180 * DAY_S + 1) }),
            vec![Warning::ExtraFarAhead(old, NOW + 180 * DAY_S + 1)],
        ),
        (
            json!({ "extra_tcb_status": extra("UpToDate", NOW) }),
            vec![Warning::ExtraWithoutEffect(TcbStatus::UpToDate)],
        ),
        (json!({ "min_tcb_evaluation_number": 19 }), vec![Warning::EvaluationLow(19)]),
        (json!({ "max_collateral_age_s": 3_024_001 }), vec![Warning::CollateralOld(3_024_001)]),
        (json!({ "platform": { "allowed_platform_ids": [] } }), vec![Warning::NoPlatform]),
        (
            json!({ "platform": { "allowed_platform_ids": ["aa".repeat(32), "i-0123"] } }),
            vec![Warning::PlatformIdForm(1)],
        ),
        (
            json!({ "tee": ["sev-snp"], "releases": [snp], "snp_min_tcb": { "milan": tcb } }),
            vec![
                Warning::SnpWithoutMinimum(SnpProduct::Genoa),
                Warning::SnpWithoutMinimum(SnpProduct::Turin),
            ],
        ),
        (json!({ "environment": [] }), vec![Warning::NoEnvironment]),
        (json!({ "environment": ["live", "development"] }), vec![Warning::Development]),
        (json!({ "environment": ["live", "prod"] }), vec![Warning::EnvironmentUnknown(1)]),
        (json!({ "require_nonce": false }), vec![Warning::NonceNotRequired]),
        (json!({ "require_operator_endorsement": true }), vec![Warning::EndorsementRequired]),
    ] {
        let found = warned(fields.clone());
        assert_eq!(found, warnings, "{fields}");
        for warning in found {
            let text = warning.to_string();
            assert!(text.len() > 20 && text.is_ascii() && !text.ends_with('.'), "{text}");
            assert!(warning.code().bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()));
        }
    }
}

#[test]
fn the_default_warns_of_nothing_but_that_it_names_no_release() {
    assert_eq!(Policy::default().warnings(NOW), [Warning::NoRelease]);
}

/// The page about policies shows what can be used.
#[test]
fn the_examples_of_the_page_are_policies() {
    let page = include_str!("../../../docs/policy.md");
    let examples: Vec<_> =
        page.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let policy = Policy::from_json(example.as_bytes()).unwrap_or_else(|why| panic!("{why}: {example}"));
        assert_eq!(policy.warnings(NOW), [], "{example}");
    }
}
