//! Requests are read strictly, and answers have exactly the members that other languages rely on.
#![cfg(test)]

mod asked;

use asked::{NOW, Sample, World, with};
use attestation::development::Knobs;
use serde_json::{Value, json};

fn answer(request: &Value) -> Value {
    serde_json::from_str(&attestation_wasm::answer(request.to_string().as_bytes())).unwrap()
}

fn members(of: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = of.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn sample(name: &str) -> Sample {
    asked::own().into_iter().find(|sample| sample.name == name).unwrap()
}

fn check_not_understood(request: &Value, said: &str) {
    let answer = answer(request);
    assert_eq!(
        (&answer["ok"], &answer["class"], &answer["step"]),
        (&json!(false), &json!("malformed"), &json!(1))
    );
    assert!(answer["text"].as_str().unwrap().contains(said), "{answer}");
}

#[test]
fn a_verified_enclave_has_what_a_client_seals_to() {
    let world = World::usual();
    let answer = answer(&with(world.request(), json!({ "policy": world.pinned() })));
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(members(&answer), ["enclave", "ok", "said"]);
    let said = &answer["said"];
    assert_eq!(
        members(said),
        ["amber", "connection", "hardware", "headline", "not_proven", "platform", "program"]
    );
    assert_eq!((&said["program"], &said["platform"]), (&json!("2026.11"), &json!("up to date (UpToDate)")));
    assert!(said["hardware"].as_str().unwrap().starts_with("none: development evidence"), "{said}");
    assert_eq!((&said["amber"], said["not_proven"].as_array().unwrap().len()), (&Value::Null, 6));
    let enclave = &answer["enclave"];
    assert_eq!(
        members(enclave),
        [
            "bundle_sha256",
            "config",
            "config_sha256",
            "development",
            "environment",
            "epoch",
            "hpke_public_key",
            "keyset_hash",
            "measurement",
            "measurement_checked",
            "mode",
            "outcome",
            "platform_ids",
            "release",
            "result_key",
            "steps",
            "tcb",
            "tee",
            "time",
            "valid_until",
        ]
    );
    assert_eq!(enclave["hpke_public_key"], "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM");
    assert_eq!(enclave["result_key"], "BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ");
    assert_eq!(enclave["keyset_hash"].as_str().unwrap().len(), 86);
    assert_eq!((&enclave["epoch"], &enclave["time"]), (&json!(42), &json!(NOW)));
    assert_eq!((&enclave["development"], &enclave["tee"]), (&json!(true), &json!("dev-sgx")));
    assert_eq!((&enclave["release"], &enclave["outcome"]), (&json!("2026.11"), &json!("green")));
    assert_eq!(members(&enclave["tcb"]), ["advisories", "evaluation", "status"]);
    assert_eq!(enclave["mode"], Value::Null);
    let mut steps: Vec<_> =
        enclave["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    steps.dedup(); // the first looks at the bundle, and again at what lies in it
    assert_eq!(json!(steps), json!((1..=18).collect::<Vec<_>>()));
    assert_eq!(members(&enclave["steps"][0]), ["name", "seen", "step"]);
}

#[test]
fn a_platform_that_is_behind_is_amber_and_says_until_when() {
    let world = World::with(Knobs { tcb_status: "OutOfDate", ..Knobs::default() });
    let amber = json!([{ "status": "OutOfDate", "reason": "microcode is on its way", "until": NOW + 9 }]);
    let policy = with(world.pinned(), json!({ "extra_tcb_status": amber }));
    let answer = answer(&with(world.request(), json!({ "policy": policy })));
    let outcome = &answer["enclave"]["outcome"];
    assert_eq!(members(outcome), ["amber"], "{answer}");
    assert_eq!(members(&outcome["amber"]), ["advisories", "part", "reason", "since", "status", "until"]);
    assert_eq!(outcome["amber"]["until"], "2026-11-24T12:00:09Z");
    let remark =
        "AMBER: the platform's patch level is behind (OutOfDate); the policy accepts that until 2026-11-24.";
    assert_eq!(answer["said"]["amber"], remark);
    // Without that it is refused, and the advice names the word.
    let refused = self::answer(&with(world.request(), json!({ "policy": world.pinned() })));
    assert_eq!(
        (&refused["class"], &refused["behind"]["status"]),
        (&json!("tcb-status"), &json!("OutOfDate"))
    );
    assert!(
        refused["hint"].as_str().unwrap().contains("must name OutOfDate in extra_tcb_status"),
        "{refused}"
    );
    assert!(!refused["hint"].as_str().unwrap().contains("--policy"), "{refused}");
}

#[test]
fn a_refusal_says_which_step_and_what_passed_before_it() {
    let world = World::usual();
    let answer = answer(&with(world.request(), json!({ "nonce": null })));
    assert_eq!(
        members(&answer),
        ["against_policy", "behind", "class", "hint", "ok", "step", "step_name", "steps", "text"]
    );
    assert_eq!(answer["behind"], Value::Null);
    assert!(
        answer["hint"].as_str().unwrap().starts_with("The answer belongs to another request"),
        "{answer}"
    );
    assert_eq!((&answer["ok"], &answer["class"]), (&json!(false), &json!("freshness")));
    assert_eq!((&answer["step"], &answer["step_name"]), (&json!(16), &json!("nonce")));
    assert_eq!(answer["steps"].as_array().unwrap().last().unwrap()["step"], 15);
}

/// Without a policy and a root nothing is accepted: the default names no release, and no development evidence.
#[test]
fn the_default_policy_accepts_no_development_evidence() {
    let answer = answer(&with(World::usual().request(), json!({ "development_root": null })));
    assert_eq!((&answer["ok"], &answer["class"]), (&json!(false), &json!("untrusted-root")), "{answer}");
}

/// A root alone does not weaken a policy that is given.
#[test]
fn a_policy_beside_a_root_is_the_one_that_judges() {
    let request = with(World::usual().request(), json!({ "policy": { "releases": [], "tee": ["dev-sgx"] } }));
    let answer = answer(&request);
    assert_eq!((&answer["ok"], &answer["class"]), (&json!(false), &json!("measurement")), "{answer}");
}

#[test]
fn every_member_is_there_and_no_other_one() {
    for request in [World::usual().request(), sample("sgx-control-processor-ca").request] {
        assert_eq!(answer(&request)["ok"], true);
        check_not_understood(&with(request.clone(), json!({ "nonces": null })), "form");
        for name in members(&request).into_iter().filter(|name| !matches!(*name, "vek" | "chain")) {
            let mut without = request.clone();
            without.as_object_mut().unwrap().remove(name);
            check_not_understood(&without, if name == "call" { "no call" } else { "form" });
        }
        let twice = request.to_string().replacen('{', "{\"now\":1,", 1);
        let said: Value = serde_json::from_str(&attestation_wasm::answer(twice.as_bytes())).unwrap();
        assert_eq!(said["class"], "malformed", "a member that is there twice has no meaning");
    }
}

#[test]
fn a_value_of_another_kind_is_not_understood() {
    let request = World::usual().request();
    for (member, said) in [
        (json!({ "call": "seal" }), "no call"),
        (json!({ "call": "verify_evidence" }), "form"),
        (json!({ "bundle": {} }), "form"),
        (json!({ "policy": {} }), "policy: "),
        (json!({ "policy": { "releases": [], "allow_everything": true } }), "policy: "),
        (json!({ "policy": "strict" }), "policy: "),
        (json!({ "development_root": "" }), "development_root: "),
        (
            json!({ "development_root": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }),
            "development_root: ",
        ),
        (json!({ "nonce": "AAAA" }), "nonce "),
        (json!({ "nonce": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=" }), "nonce "),
        (json!({ "now": -1 }), "form"),
        (json!({ "now": 1.5 }), "form"),
        (json!({ "now": "1" }), "form"),
        (json!({ "direct": null }), "form"),
        (json!({ "connection": "tls" }), "form"),
        (json!({ "connection": {} }), "form"),
        (json!({ "connection": { "tls_spki": "00", "certified": true } }), "connection.tls_spki "),
        (json!({ "connection": { "tls_spki": "00".repeat(32), "certified": true, "plain": true } }), "form"),
    ] {
        check_not_understood(&with(request.clone(), member), said);
    }
}

/// As the command: what cannot judge makes no verdict, and names no class.
#[test]
fn evidence_is_answered_as_the_command_answers() {
    let genuine = sample("sgx-control-processor-ca");
    let said = answer(&genuine.by_its_policy());
    assert_eq!(members(&said), ["decoded", "err", "error", "ok"]);
    assert_eq!((&said["ok"], &said["error"], &said["err"]), (&json!(true), &Value::Null, &json!("")));
    assert_eq!(said["decoded"]["identity"], "checked");

    let behind = answer(&sample("sgx-tcb-outofdate").by_its_policy());
    assert_eq!((&behind["ok"], &behind["error"]), (&json!(false), &json!("tcb-status")));
    assert_eq!(behind["decoded"]["identity"], "unchecked", "it is genuine all the same, and shown");
    let revoked = answer(&sample("sgx-pck-revoked").by_its_policy());
    assert_eq!((&revoked["error"], &revoked["decoded"]), (&json!("revoked"), &json!({})));

    for (member, text) in
        [(json!({ "policy": {} }), "policy: "), (json!({ "development_root": "" }), "development_root: ")]
    {
        let said = answer(&with(genuine.request.clone(), member));
        assert_eq!(
            (&said["ok"], &said["error"], &said["decoded"]),
            (&json!(false), &Value::Null, &json!({}))
        );
        assert!(said["err"].as_str().unwrap().starts_with(text), "{said}");
    }
    check_not_understood(&with(genuine.request.clone(), json!({ "evidence": "?" })), "evidence ");
    check_not_understood(&with(genuine.request.clone(), json!({ "report_data": "00" })), "report_data ");
    check_not_understood(&with(genuine.request, json!({ "tee": "sgx" })), "form");
}
