//! A policy of the user's own: shown, checked, and gone by from the first evidence to the last read.

use crate::{
    desk::{Desk, Ran},
    saved::signing,
    service::{NOW, Service},
};
use attestation::development::{DevelopmentBackend, Knobs, PUBLIC_DEVELOPMENT_SEED};
use serde_json::{Value, json};
use std::{fs, process::Stdio};

/// A policy for the service's own program, with these fields changed.
pub(crate) fn policy(service: &Service, fields: Value) -> Value {
    let mut policy = json!({
        "tee": ["dev-sgx"],
        "environment": ["development"],
        "releases": [{
            "name": "1.2.0",
            "mr_enclave": hex::encode(service.state().backend.mr_enclave()),
            "mr_signer": hex::encode(Knobs::default().mr_signer),
            "isv_prod_id": 0,
            "min_isv_svn": 1,
        }],
    });
    policy.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    policy
}

fn write(desk: &Desk, name: &str, fields: Value) {
    fs::write(desk.home.join(name), policy(&desk.service, fields).to_string()).unwrap();
}

/// A service whose platform lacks patches.
pub(crate) fn falls_behind(desk: &Desk) {
    let knobs = Knobs { tcb_status: "OutOfDate", advisories: vec!["INTEL-SA-00615"], ..Knobs::default() };
    desk.service.state().backend =
        DevelopmentBackend::with_knobs(PUBLIC_DEVELOPMENT_SEED, [2; 32], knobs).unwrap();
}

/// Fields that bear with it until a second.
pub(crate) fn bearing(desk: &Desk, until: u64) -> Value {
    let mut release = policy(&desk.service, json!({}))["releases"][0].take();
    release["accepted_advisories"] = json!(["INTEL-SA-00615"]);
    json!({
        "releases": [release],
        "extra_tcb_status": [{ "status": "OutOfDate", "reason": "the microcode is on its way", "until": until }],
    })
}

fn told(ran: Ran) -> Value {
    serde_json::from_str(&ran.well().out).unwrap()
}

#[test]
fn what_is_built_in_is_shown_and_reads_back() {
    let desk = Desk::new();
    let shown = told(desk.run(&["--json", "policy", "show"]));
    assert_eq!((&shown["source"], &shown["policy"]["tee"]), (&json!("built in"), &json!(["sgx-dcap"])));
    assert_eq!(shown["warnings"][0]["code"], "no-release");
    fs::write(desk.home.join("built-in.json"), shown["policy"].to_string()).unwrap();
    for arguments in [
        &["--json", "policy", "show", "built-in.json"][..],
        &["--json", "policy", "show", "--policy", "built-in.json"],
    ] {
        let again = told(desk.run(arguments));
        assert_eq!((&again["source"], &again["sha256"]), (&json!("built-in.json"), &shown["sha256"]));
    }
    let mut command = desk.command(&["--json", "policy", "show", "-"]);
    let file = fs::File::open(desk.home.join("built-in.json")).unwrap();
    let piped = told(Ran::of(command.stdin(Stdio::from(file)).output().unwrap()));
    assert_eq!(piped["sha256"], shown["sha256"]);
    let unsaid = desk.trusting(&["--json", "policy", "show"]);
    assert_eq!((unsaid.exit, &unsaid.error()["code"]), (2, &json!("USAGE")), "no file can say it");
}

#[test]
fn checking_ends_with_0_1_or_2() {
    let desk = Desk::new();
    write(&desk, "sound.json", json!({ "tee": ["sgx-dcap"], "environment": ["live"] }));
    let sound = told(desk.run(&["--json", "policy", "check", "sound.json"]));
    assert_eq!((&sound["ok"], &sound["warnings"]), (&json!(true), &json!([])));

    let extra = json!([{ "status": "OutOfDate", "reason": "r", "until": 1 }]);
    write(&desk, "odd.json", json!({ "require_nonce": false, "extra_tcb_status": extra }));
    let odd = desk.run(&["--json", "policy", "check", "odd.json"]);
    assert_eq!((odd.exit, odd.err.as_str()), (2, ""));
    let odd: Value = serde_json::from_str(&odd.out).unwrap();
    let codes: Vec<_> = odd["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["development-tee", "extra-ended", "development", "nonce-not-required"]);

    fs::write(desk.home.join("typo.json"), "{\n \"releases\": [],\n \"relases\": 1\n}").unwrap();
    fs::write(desk.home.join("large.json"), vec![b' '; 300_000]).unwrap();
    for (name, said) in [
        ("typo.json", "line 3, column 10: a field that no policy has"),
        ("large.json", "larger than any policy"),
        ("missing.json", "cannot be read"),
        ("root.pem", "line 1"),
    ] {
        let ran = desk.run(&["--json", "policy", "check", name]);
        let error = ran.error();
        assert_eq!((ran.exit, &error["code"]), (1, &json!("POLICY_UNUSABLE")), "{name}");
        assert!(error["title"].as_str().unwrap().contains(said), "{error}");
        let ran = desk.run(&["--json", "--policy", name, "attest", &desk.service.url()]);
        assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("POLICY_UNUSABLE")), "{name}");
        assert_eq!(desk.run(&["--policy", name, "verify", "root.pem"]).exit, 1, "2 would be a verdict");
    }
    assert_eq!(desk.run(&["policy", "check"]).exit, 1);
    assert_eq!(desk.run(&["policy"]).exit, 2);
    assert_eq!(desk.service.count("/"), 0, "nobody was called");
}

#[test]
fn a_named_policy_decides_and_the_session_keeps_to_it() {
    let desk = Desk::new();
    let url = desk.service.url();
    write(&desk, "mine.json", json!({}));
    write(&desk, "epoch.json", json!({ "min_epoch": 1 }));
    let mine = |arguments: &[&str]| desk.trusting(&[&["--policy", "mine.json"], arguments].concat());
    let attested = told(mine(&["--json", "attest", &url]));
    assert_eq!((&attested["release"], &attested["outcome"]), (&json!({ "name": "1.2.0" }), &json!("green")));
    assert_eq!((&attested["measurement_checked"], &attested["development"]), (&json!(true), &json!(true)));
    let open = attested["not_proven"].to_string();
    assert!(open.contains("anything about hardware") && !open.contains("which program"), "{open}");

    let register = ["register", "--user-id", "a", "--exchange", "binance", "--service-url", &url];
    mine(&register).well();
    let sha256 = told(desk.run(&["--json", "policy", "show", "mine.json"]))["sha256"].clone();
    assert_eq!(desk.session()["policy"], sha256);
    let calls = desk.service.count("/");
    for command in [&["summary"][..], &["metrics"], &["watch"], &["export", "--out", "x"], &["revoke"]] {
        let ran = desk.trusting(&[&["--json"], command].concat());
        assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("POLICY_MISSING")), "{command:?}");
    }
    assert_eq!(desk.service.count("/"), calls, "nobody was called");
    for command in [&["summary"][..], &["metrics"], &["watch"], &["export", "--out", "x"]] {
        assert_eq!(mine(command).well().err.matches("opened under").count(), 0, "{command:?}");
    }
    // Another policy is its user's word too.
    let other = desk.trusting(&["--policy", "epoch.json", "summary"]).well();
    assert!(other.err.contains("not the policy that the session was opened under"), "{}", other.err);
    mine(&["revoke"]).well();
    assert!(!desk.session_file().exists());
}

#[test]
fn a_policy_is_never_widened_and_no_root_comes_with_it() {
    let desk = Desk::new();
    let url = desk.service.url();
    write(&desk, "mine.json", json!({}));
    let ran = desk.run(&["--json", "--policy", "mine.json", "attest", &url]);
    assert_eq!(
        (ran.exit, &ran.error()["code"]),
        (2, &json!("POLICY_ENVIRONMENT")),
        "development needs its root"
    );
    for (fields, class) in [
        (json!({ "tee": ["sgx-dcap"] }), "untrusted-root"),
        (json!({ "environment": ["live"] }), "config"),
        (json!({ "releases": [] }), "measurement"),
        (json!({ "min_epoch": u64::from(u32::MAX) }), "epoch-rollback"),
        (json!({ "platform": { "allowed_platform_ids": ["00".repeat(32)] } }), "platform"),
        (json!({ "min_tcb_evaluation_number": 21 }), "tcb-eval"),
        (json!({ "require_operator_endorsement": true }), "endorsement"),
    ] {
        write(&desk, "other.json", fields.clone());
        let ran = desk.trusting(&["--json", "--policy", "other.json", "attest", &url]);
        let error = ran.error();
        assert_eq!((ran.exit, &error["class"]), (3, &json!(class)), "{fields}");
        assert!(error["detail"].as_str().unwrap().starts_with("Nothing was sent. "), "{error}");
    }
    write(&desk, "live.json", json!({ "tee": ["sgx-dcap"], "environment": ["live"] }));
    let ran = desk.run(&["--json", "--policy", "live.json", "attest", &url]);
    assert_eq!(ran.error()["class"], "untrusted-root", "the policy brings no root");
    let sandbox = ["--sandbox", "--user-id", "a", "--exchange", "binance", "--service-url", &url];
    let ran = desk.run(&[&["--json", "--policy", "live.json", "register"], &sandbox[..]].concat());
    assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("POLICY_ENVIRONMENT")));
    // The id that a verdict shows is the one to pin.
    let id = told(desk.trusting(&["--json", "attest", &url]))["platform_ids"][0].clone();
    write(&desk, "pinned.json", json!({ "platform": { "allowed_platform_ids": [id] } }));
    desk.trusting(&["--policy", "pinned.json", "attest", &url]).well();
}

#[test]
fn a_platform_that_is_behind_is_refused_with_a_hint_or_amber() {
    let desk = Desk::new();
    let url = desk.service.url();
    falls_behind(&desk);
    write(&desk, "strict.json", json!({}));
    let ran = desk.trusting(&["--json", "--policy", "strict.json", "attest", &url]);
    let error = ran.error();
    assert_eq!((ran.exit, &error["class"], &error["step"]), (3, &json!("tcb-status"), &json!(12)));
    let behind = json!({
        "status": "OutOfDate", "part": "platform", "since": "2026-11-24T00:00:00Z",
        "advisories": ["INTEL-SA-00615"],
    });
    assert_eq!(error["behind"], behind);
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.contains("extra_tcb_status") && detail.contains("INTEL-SA-00615"), "{detail}");

    write(&desk, "amber.json", bearing(&desk, NOW));
    let amber = |arguments: &[&str]| desk.trusting(&[&["--policy", "amber.json"], arguments].concat());
    let attested = told(amber(&["--json", "attest", &url]));
    assert_eq!(
        (&attested["outcome"], &attested["amber"]["until"]),
        (&json!("amber"), &json!("2026-11-24T12:00:00Z"))
    );
    assert_eq!(attested["amber"]["reason"], "the microcode is on its way");
    let register = ["register", "--user-id", "a", "--exchange", "binance", "--service-url", &url];
    assert!(amber(&register).well().err.contains("AMBER"));
    let summary = amber(&["summary"]).well();
    assert_eq!(summary.err.matches("AMBER").count(), 1, "{}", summary.err);
    assert_eq!(amber(&["--json", "summary"]).well().err, "");

    write(&desk, "over.json", bearing(&desk, NOW - 1));
    let ran = desk.trusting(&["--json", "--policy", "over.json", "summary"]);
    assert_eq!((ran.exit, &ran.error()["class"]), (3, &json!("tcb-status")));
}

#[test]
fn a_saved_answer_is_judged_by_the_policy_that_is_named() {
    let desk = signing();
    desk.trusting(&["summary", "--save", "record.json"]).well();
    write(&desk, "mine.json", json!({}));
    let judged = told(desk.trusting(&["--json", "--policy", "mine.json", "verify", "record.json"]));
    assert_eq!((&judged["release"]["name"], &judged["outcome"]), (&json!("1.2.0"), &json!("green")));
    write(&desk, "other.json", json!({ "releases": [] }));
    let error = desk.trusting(&["--json", "--policy", "other.json", "verify", "record.json"]).error();
    assert_eq!((&error["exit"], &error["class"]), (&json!(2), &json!("measurement")));
}
