//! The policy document: its defaults are the strict ones of ATTESTATION.md section 5, and nothing in it is guessed.
#![cfg(test)]

use attestation::{ExtraTcbStatus, PlatformPolicy, Policy, PolicyError, TcbStatus, Tee};
use serde_json::{Value, json};

fn release() -> Value {
    json!({ "mr_enclave": "aa".repeat(32), "mr_signer": "bb".repeat(32), "isv_prod_id": 3, "min_isv_svn": 4 })
}

fn with(member: &str, value: Value) -> Result<Policy, PolicyError> {
    let mut document = json!({ "releases": [release()] });
    document[member] = value;
    Policy::from_json(document.to_string().as_bytes())
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

    let [release] = &policy.releases[..] else { panic!("one release") };
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

#[test]
fn what_is_unknown_missing_or_of_another_type_is_refused() {
    for (member, value) in [
        ("releasess", json!([])),
        ("tee", json!(["sgx"])),
        ("tcb_status", json!(["Revoked"])),
        ("tcb_status", json!("UpToDate")),
        ("extra_tcb_status", json!([{ "status": "Revoked", "reason": "no", "until": 9 }])),
        ("extra_tcb_status", json!([{ "status": "OutOfDate", "reason": "no end" }])),
        ("extra_tcb_status", json!([{ "status": "OutOfDate", "until": 9 }])),
        ("platform", json!({ "allow_smtt": true })),
        ("min_tcb_evaluation_number", json!(-1)),
        ("pinned_config", json!("cc")),
        ("pinned_config", json!("zz".repeat(32))),
        ("releases", Value::Null),
        ("releases", json!([{ "mr_enclave": "aa".repeat(32) }])),
        ("require_nonce", json!("yes")),
    ] {
        assert_eq!(with(member, value.clone()).unwrap_err(), PolicyError::Form, "{member}: {value}");
    }
    for text in ["", "[]", "{}", r#"{"releases":[],"releases":[]}"#, r#"{"releases":[]} x"#] {
        assert_eq!(Policy::from_json(text.as_bytes()).unwrap_err(), PolicyError::Form, "{text}");
    }
    let mut unknown = release();
    unknown["mr_enclaves"] = json!([]);
    assert_eq!(with("releases", json!([unknown])).unwrap_err(), PolicyError::Form);
    let silent = json!([{ "status": "OutOfDate", "reason": " ", "until": 9 }]);
    assert_eq!(with("extra_tcb_status", silent).unwrap_err(), PolicyError::Reason);
}
