//! Judging saved evidence: the verdict is JSON, and the exit code says it again.

use crate::desk::{Desk, Ran};
use serde_json::{Value, json};
use std::fs;

/// This repository's synthetic evidence, with a root of its own.
fn file(case: &str, name: &str) -> String {
    format!("{}/../../vectors/evidence/{case}/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The verdict on a case at its time, under its root, with more arguments.
fn judge(desk: &Desk, tee: &str, case: &str, more: &[&str]) -> (i32, Value) {
    let [quote, collateral, root, expected] =
        ["quote.bin", "collateral.json", "root.der", "expected.json"].map(|name| file(case, name));
    let expected: Value = serde_json::from_str(&fs::read_to_string(expected).unwrap()).unwrap();
    let time = expected["verification_time"].to_string();
    let usual = ["verify-evidence", "--tee", tee, "--evidence", &quote, "--collateral", &collateral];
    let under = ["--root", &root, "--time", &time];
    verdict(desk.run(&[&usual[..], &under, more].concat()))
}

fn verdict(ran: Ran) -> (i32, Value) {
    assert_eq!(ran.err, "", "everything is in the verdict");
    let verdict: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(verdict["ok"], ran.exit == 0);
    assert_eq!(verdict.as_object().unwrap().len(), 4);
    (ran.exit, verdict)
}

#[test]
fn genuine_evidence_is_decoded() {
    let desk = Desk::new();
    let (exit, enclave) = judge(&desk, "dev-sgx", "sgx-control-platform-ca", &[]);
    assert_eq!((exit, &enclave["error"], &enclave["err"]), (0, &Value::Null, &json!("")));
    let decoded = &enclave["decoded"];
    assert_eq!(decoded["identity"], "unchecked");
    assert_eq!(decoded["tcb"]["status"], "UpToDate");
    assert_eq!((&decoded["development"], &decoded["debug"]), (&json!(true), &json!(false)));
    assert_eq!(decoded["mrenclave"], "9748358c94bed99b4329ed919659957f5b16f748322c120ef7035ea94560ec48");

    let (exit, domain) = judge(&desk, "dev-tdx", "tdx-td-control", &[]);
    assert_eq!(exit, 0, "{domain}");
    let said = domain["decoded"]["report_data"].as_str().unwrap();
    assert!(said.starts_with("b040a07bbeeff9ed"), "{said}");
    assert_eq!(judge(&desk, "dev-tdx", "tdx-td-control", &["--report-data", said]).0, 0);
    let (exit, other) = judge(&desk, "dev-tdx", "tdx-td-control", &["--report-data", &"00".repeat(64)]);
    assert_eq!((exit, &other["error"]), (1, &json!("report-data")));
}

#[test]
fn what_is_invalid_ends_with_1_and_what_is_against_the_policy_with_2() {
    let desk = Desk::new();
    for (case, class) in [("sgx-debug-enclave", "debug"), ("sgx-pck-revoked", "revoked")] {
        let (exit, verdict) = judge(&desk, "dev-sgx", case, &[]);
        assert_eq!((exit, &verdict["error"]), (1, &json!(class)), "{case}");
    }
    let (exit, verdict) = judge(&desk, "sgx-dcap", "sgx-control-platform-ca", &[]);
    assert_eq!((exit, &verdict["error"]), (1, &json!("untrusted-root")), "the vendors' roots are built in");

    let policy = desk.home.join("policy.json");
    let release = json!({ "mr_td": "99".repeat(48) });
    let text = json!({ "tee": ["dev-tdx"], "releases": [release], "tcb_status": ["UpToDate"] }).to_string();
    fs::write(&policy, text).unwrap();
    let (exit, verdict) = judge(&desk, "dev-tdx", "tdx-td-control", &["--policy", "policy.json"]);
    assert_eq!((exit, &verdict["error"]), (2, &json!("measurement")));
    assert_eq!(verdict["decoded"]["identity"], "unchecked", "what is genuine is shown");
}

#[test]
fn a_platform_that_is_behind_is_amber_until_the_policys_date() {
    let desk = Desk::new();
    let (exit, shown) = judge(&desk, "dev-sgx", "sgx-tcb-outofdate", &[]);
    assert_eq!((exit, &shown["decoded"]["outcome"]), (0, &Value::Null), "without a policy nothing is judged");
    let decoded = &shown["decoded"];
    assert_eq!(decoded["tcb"]["status"], "OutOfDate");
    let release = json!({
        "name": "0.9", "mr_enclave": decoded["mrenclave"], "mr_signer": decoded["mrsigner"], "isv_prod_id": 1,
        "min_isv_svn": 2, "accepted_advisories": decoded["tcb"]["advisory_ids"],
    });
    let until = |until: u64| {
        let extra = json!([{ "status": "OutOfDate", "reason": "waiting", "until": until }]);
        let policy = json!({ "tee": ["dev-sgx"], "releases": [release], "extra_tcb_status": extra });
        fs::write(desk.home.join("policy.json"), policy.to_string()).unwrap();
        judge(&desk, "dev-sgx", "sgx-tcb-outofdate", &["--policy", "policy.json"])
    };
    let now = 1_767_225_600; // the case's own time
    let (exit, amber) = until(now);
    let decoded = &amber["decoded"];
    assert_eq!((exit, &decoded["outcome"]), (0, &json!("amber")), "{amber}");
    assert_eq!(
        (&decoded["amber"]["reason"], &decoded["release"]["name"]),
        (&json!("waiting"), &json!("0.9"))
    );
    let (exit, over) = until(now - 1);
    assert_eq!((exit, &over["error"]), (2, &json!("tcb-status")));
    assert_eq!(over["decoded"]["behind"]["status"], "OutOfDate");
    // The same option stands before the command as well.
    let early = desk.run(&["--policy", "missing.json", "verify-evidence", "--bundle", "root.pem"]);
    assert_eq!(verdict(early).0, 1);
}

#[test]
fn what_cannot_be_read_is_no_verdict() {
    let desk = Desk::new();
    fs::write(desk.home.join("policy.json"), "{}").unwrap();
    let missing = ["verify-evidence", "--bundle", "missing.json"];
    for arguments in [&missing[..], &["verify-evidence", "--bundle", "root.pem", "--policy", "policy.json"]] {
        let (exit, verdict) = verdict(desk.run(arguments));
        assert_eq!((exit, &verdict["error"]), (1, &Value::Null), "{verdict}");
    }
    let (exit, verdict) = verdict(desk.run(&["verify-evidence", "--bundle", "root.pem"]));
    assert_eq!((exit, &verdict["error"]), (1, &json!("malformed")));
    assert_eq!(desk.run(&["verify-evidence"]).exit, 1, "a bundle, or kind and evidence");
}

/// Ten megabytes of one byte, of brackets that open, and behind the beginning of what would be right.
fn write_noise(desk: &Desk, beginning: &[u8]) -> Vec<String> {
    let mut behind = beginning.to_vec();
    behind.resize(10_000_000, 0xaa);
    let all = [vec![b'x'; 10_000_000], vec![b'['; 10_000_000], vec![0; 10_000_000], behind];
    let write = |(at, noise): (usize, Vec<u8>)| {
        let name = format!("noise-{at}");
        fs::write(desk.home.join(&name), noise).unwrap();
        name
    };
    all.into_iter().enumerate().map(write).collect()
}

#[test]
fn ten_megabytes_of_noise_are_malformed_whatever_they_are_given_as() {
    let desk = Desk::new();
    let case = "sgx-control-platform-ca";
    let [quote, collateral, root] = ["quote.bin", "collateral.json", "root.der"].map(|name| file(case, name));
    let at = ["--root", &root, "--time", "1795521600"];
    for noise in write_noise(&desk, &fs::read(&quote).unwrap()) {
        let malformed = |arguments: &[&str]| {
            let (exit, verdict) = verdict(desk.run(&[&["verify-evidence"], arguments, &at].concat()));
            assert_eq!((exit, &verdict["error"]), (1, &json!("malformed")), "{arguments:?}: {verdict}");
        };
        malformed(&["--bundle", &noise]);
        for tee in ["sgx-dcap", "tdx", "dev-sgx", "dev-tdx"] {
            malformed(&["--tee", tee, "--evidence", &noise, "--collateral", &collateral]);
        }
        malformed(&["--tee", "sev-snp", "--evidence", &noise, "--vek", &root, "--chain", &noise]);
        malformed(&["--tee", "sev-snp", "--evidence", &noise, "--vek", &noise, "--chain", &root]);
        malformed(&["--tee", "nitro", "--evidence", &noise]);
        malformed(&["--tee", "dev-sgx", "--evidence", &quote, "--collateral", &noise]);
        // A policy or a root that cannot be read is no verdict on the evidence.
        let given =
            ["verify-evidence", "--tee", "dev-sgx", "--evidence", &quote, "--collateral", &collateral];
        for unusable in [["--policy", &noise], ["--root", &noise]] {
            let (exit, verdict) = verdict(desk.run(&[&given[..], &unusable].concat()));
            assert_eq!((exit, &verdict["error"]), (1, &Value::Null), "{verdict}");
        }
    }
}
