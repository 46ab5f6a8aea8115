//! The policy document: its defaults are the strict ones of ATTESTATION.md section 5, and nothing in it is guessed.
#![cfg(test)]

use attestation::{
    ExtraTcbStatus, PlatformPolicy, Policy, PolicyDefect, PolicyError, Release, SnpMinTcb, TcbStatus, Tee,
};
use serde_json::{Value, json};

fn release() -> Value {
    json!({ "mr_enclave": "aa".repeat(32), "mr_signer": "bb".repeat(32), "isv_prod_id": 3, "min_isv_svn": 4 })
}

fn with(member: &str, value: Value) -> Result<Policy, PolicyError> {
    let mut document = json!({ "releases": [release()] });
    document[member] = value;
    Policy::from_json(document.to_string().as_bytes())
}

fn defect(of: Result<impl core::fmt::Debug, PolicyError>) -> PolicyDefect {
    match of {
        Err(PolicyError::Form { defect, .. }) => defect,
        other => panic!("a defect of form: {other:?}"),
    }
}

#[test]
fn absent_fields_take_the_defaults_of_the_specification() {
    let policy = Policy::from_json(json!({ "releases": [release()] }).to_string().as_bytes()).unwrap();
    assert_eq!(policy.tee, [Tee::SgxDcap]);
    assert!(!policy.allow_debug);
    assert_eq!(policy.tcb_status, [TcbStatus::UpToDate, TcbStatus::SWHardeningNeeded]);
    assert_eq!(policy.extra_tcb_status, []);
    assert_eq!(policy.max_collateral_age_s, 3_024_000);
    let platform = &policy.platform;
    assert!(platform.allow_smt && platform.allow_dynamic_platform && platform.allow_cached_keys);
    assert_eq!(platform.allowed_platform_ids, None);
    assert_eq!(policy.environment, ["live"]);
    assert!(policy.require_nonce && !policy.require_channel && !policy.require_operator_endorsement);
    assert_eq!((policy.pinned_config, policy.min_epoch), (None, None));
    assert!(policy.min_tcb_evaluation_number > 0);
    assert_eq!(policy.snp_min_tcb, SnpMinTcb::default());

    let [Release::Sgx(release)] = &policy.releases[..] else { panic!("one release") };
    assert_eq!((release.mr_enclave, release.mr_signer), ([0xaa; 32], [0xbb; 32]));
    assert_eq!((release.isv_prod_id, release.min_isv_svn), (3, 4));
    assert_eq!((release.miscselect, release.not_after), (0, None));
    assert!(release.accepted_advisories.is_empty());
}

#[test]
fn a_file_for_evidence_alone_asks_nothing_of_a_request() {
    let policy =
        Policy::from_offline_json(json!({ "releases": [release()] }).to_string().as_bytes()).unwrap();
    assert_eq!(policy.min_tcb_evaluation_number, 0);
    assert!(!(policy.require_nonce || policy.require_channel || policy.require_operator_endorsement));
    let mut strict = Policy::from_json(json!({ "releases": [release()] }).to_string().as_bytes()).unwrap();
    strict.min_tcb_evaluation_number = 0;
    strict.require_nonce = false;
    assert_eq!(policy, strict, "everything else is as strict");
}

#[test]
fn each_field_is_read() {
    assert_eq!(with("tee", json!(["dev-sgx", "tdx"])).unwrap().tee, [Tee::DevSgx, Tee::Tdx]);
    assert!(with("allow_debug", json!(true)).unwrap().allow_debug);
    assert_eq!(with("tcb_status", json!(["UpToDate"])).unwrap().tcb_status, [TcbStatus::UpToDate]);
    let extra = json!([{ "status": "OutOfDate", "reason": "recovery", "until": 9 }]);
    let until = ExtraTcbStatus { status: TcbStatus::OutOfDate, reason: "recovery".into(), until: 9 };
    assert_eq!(with("extra_tcb_status", extra).unwrap().extra_tcb_status, [until]);
    assert_eq!(with("min_tcb_evaluation_number", json!(7)).unwrap().min_tcb_evaluation_number, 7);
    assert_eq!(with("max_collateral_age_s", json!(8)).unwrap().max_collateral_age_s, 8);
    let platform = PlatformPolicy { allow_smt: false, ..PlatformPolicy::default() };
    assert_eq!(with("platform", json!({ "allow_smt": false })).unwrap().platform, platform);
    assert_eq!(with("environment", json!(["sandbox"])).unwrap().environment, ["sandbox"]);
    assert!(with("require_operator_endorsement", json!(true)).unwrap().require_operator_endorsement);
    assert!(!with("require_nonce", json!(false)).unwrap().require_nonce);
    assert!(with("require_channel", json!(true)).unwrap().require_channel);
    assert_eq!(with("pinned_config", json!("cc".repeat(32))).unwrap().pinned_config, Some([0xcc; 32]));
    assert_eq!(with("min_epoch", json!(5)).unwrap().min_epoch, Some(5));
}

/// Each family names a program by its own fields, and a release is of one family only.
#[test]
fn a_release_is_of_the_family_whose_fields_it_has() {
    let long = |byte: &str| byte.repeat(48);
    let of = |release: Value| with("releases", json!([release])).map(|policy| policy.releases);
    let tdx = of(json!({ "mr_td": long("01"), "rtmr1": long("02"), "accepted_advisories": ["INTEL-SA-1"] }));
    let [Release::Tdx(tdx)] = &tdx.unwrap()[..] else { panic!("a TDX release") };
    assert_eq!((tdx.mr_td, tdx.rtmr0, tdx.rtmr1), ([1; 48], None, Some([2; 48])));
    assert_eq!((&tdx.accepted_advisories[..], tdx.not_after), (&["INTEL-SA-1".to_owned()][..], None));
    let snp = of(json!({ "measurement": long("03"), "host_data": "04".repeat(32), "not_after": 5 })).unwrap();
    let [Release::Snp(snp)] = &snp[..] else { panic!("an SNP release") };
    assert_eq!((snp.measurement, snp.host_data, snp.not_after), ([3; 48], Some([4; 32]), Some(5)));
    let nitro = of(json!({ "pcr0": long("05"), "pcr1": long("06"), "pcr2": long("07"), "pcr8": long("08") }));
    let [Release::Nitro(nitro)] = &nitro.unwrap()[..] else { panic!("a Nitro release") };
    assert_eq!((nitro.pcr0, nitro.pcr1, nitro.pcr2, nitro.pcr8), ([5; 48], [6; 48], [7; 48], Some([8; 48])));
    for mixed in [
        json!({}),
        json!({ "mr_td": long("01"), "mr_enclave": "aa".repeat(32) }),
        json!({ "mr_td": long("01"), "rtmr4": long("02") }),
        json!({ "mr_td": long("01"), "rtmr0": null }),
        json!({ "mr_td": "01".repeat(32) }),
        json!({ "measurement": long("03"), "vmpl": 0 }),
        json!({ "pcr0": long("05"), "pcr2": long("07") }),
        json!({ "pcr0": long("05"), "pcr1": long("06"), "pcr2": long("07"), "pcr3": long("08") }),
    ] {
        assert_eq!(defect(of(mixed.clone())), PolicyDefect::Release, "{mixed}");
    }
}

#[test]
fn the_lowest_snp_tcb_is_by_product_and_only_turin_has_an_fmc() {
    let old = json!({ "bootloader": 4, "tee": 0, "snp": 22, "microcode": 213 });
    let new = json!({ "fmc": 1, "bootloader": 1, "tee": 1, "snp": 4, "microcode": 81 });
    let min = with("snp_min_tcb", json!({ "milan": old, "turin": new })).unwrap().snp_min_tcb;
    let (milan, turin) = (min.milan.unwrap(), min.turin.unwrap());
    assert_eq!((milan.bootloader, milan.tee, milan.snp, milan.microcode, milan.fmc), (4, 0, 22, 213, None));
    assert_eq!((turin.fmc, turin.microcode, min.genoa), (Some(1), 81, None));
    assert_eq!(with("snp_min_tcb", json!({ "milan": new })).unwrap_err(), PolicyError::Fmc);
    for (other, what) in [
        (json!({ "naples": old }), PolicyDefect::UnknownField),
        (json!({ "genoa": { "snp": 1 } }), PolicyDefect::MissingField),
        (json!([]), PolicyDefect::Value),
    ] {
        assert_eq!(defect(with("snp_min_tcb", other.clone())), what, "{other}");
    }
}

#[test]
fn what_is_unknown_missing_or_of_another_type_is_refused() {
    use PolicyDefect::{Ends, FieldTwice, Json, MissingField, Release, UnknownField, Value as Wrong};
    for (member, value, what) in [
        ("releasess", json!([]), UnknownField),
        ("tee", json!(["sgx"]), Wrong),
        ("tcb_status", json!(["Revoked"]), Wrong),
        ("tcb_status", json!("UpToDate"), Wrong),
        ("extra_tcb_status", json!([{ "status": "Revoked", "reason": "no", "until": 9 }]), Wrong),
        ("extra_tcb_status", json!([{ "status": "OutOfDate", "reason": "no end" }]), MissingField),
        ("extra_tcb_status", json!([{ "status": "OutOfDate", "until": 9 }]), MissingField),
        ("platform", json!({ "allow_smtt": true }), UnknownField),
        ("min_tcb_evaluation_number", json!(-1), Wrong),
        ("pinned_config", json!("cc"), Wrong),
        ("pinned_config", json!("zz".repeat(32)), Wrong),
        ("releases", Value::Null, Wrong),
        ("releases", json!([{ "mr_enclave": "aa".repeat(32) }]), Release),
        ("require_nonce", json!("yes"), Wrong),
    ] {
        assert_eq!(defect(with(member, value.clone())), what, "{member}: {value}");
    }
    for (text, what) in [
        ("", Ends),
        ("[]", Wrong),
        ("{}", MissingField),
        (r#"{"releases":[],"releases":[]}"#, FieldTwice),
        (r#"{"releases":[]} x"#, Json),
        (r#"{"releases":["#, Ends),
    ] {
        assert_eq!(defect(Policy::from_json(text.as_bytes())), what, "{text}");
    }
    let mut unknown = release();
    unknown["mr_enclaves"] = json!([]);
    assert_eq!(defect(with("releases", json!([unknown]))), Release);
    let silent = json!([{ "status": "OutOfDate", "reason": " ", "until": 9 }]);
    assert_eq!(with("extra_tcb_status", silent).unwrap_err(), PolicyError::Reason);
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let text = "{\n \"releases\": [],\n \"allow_debugg\": true\n}";
    let error = Policy::from_json(text.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "line 3, column 15: a field that no policy has");
}

#[test]
fn a_release_may_have_a_name_that_can_be_shown() {
    let named = |name: Value| {
        let mut release = release();
        release["name"] = name;
        with("releases", json!([release]))
    };
    for name in ["1", "1.2.0", "1.2.0 (hotfix)", &"x".repeat(64)] {
        assert_eq!(named(json!(name)).unwrap().releases[0].name(), Some(name));
    }
    for name in ["", " ", " 1", "1 ", "1\n2", "\u{202e}1", "1\u{0}", "Zürich", &"x".repeat(65)] {
        assert_eq!(defect(named(json!(name))), PolicyDefect::Release, "{name:?}");
    }
    assert_eq!(defect(named(Value::Null)), PolicyDefect::Release);
    assert_eq!(defect(named(json!(1))), PolicyDefect::Release);
    assert_eq!(with("releases", json!([release()])).unwrap().releases[0].name(), None);
}
