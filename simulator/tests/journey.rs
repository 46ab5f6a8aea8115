//! The whole journey with the real programs: evidence verified, key sealed, history collected over HTTP,
//! performance out; directly and through the main service, on a good day and on one with every fault.

#![cfg(test)]

mod stack;

use serde_json::Value;
use stack::{Stack, http};
use std::{fs, process::Command};

#[test]
fn the_whole_journey_directly_and_through_the_main_service() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "journey", &[]);

    let attested = stack.perfagg_json("direct", &["attest", &stack.enclave.url]);
    assert_eq!(attested["development"], true, "development evidence is called what it is: {attested}");

    for (session, url) in [("direct", &stack.enclave.url), ("relayed", &stack.main.url)] {
        let opened = stack.register(session, url, &[]);
        assert_eq!(opened["environment"], "development");
        assert_eq!(opened["key_rights"]["verdict"], "read_only");
        assert_eq!(opened["key_rights"]["withdraw"], false);
        let summary = stack.perfagg_json(session, &["summary"]);
        assert_eq!(summary["sync"]["state"], "live", "{summary}");
        assert!(summary["trades"]["fills"].as_u64().unwrap() >= 20_000, "{summary}");
        assert_equals_the_truth(&stack, session);
    }
    let (direct, relayed) = (figures(&stack, "direct"), figures(&stack, "relayed"));
    assert_eq!(direct, relayed, "a relay changes nothing");

    // New fills are seen within a minute, as long as the session lives.
    let before = stack.perfagg_json("direct", &["summary"])["trades"]["fills"].as_u64().unwrap();
    stack.tell("fills", r#"{"count":7}"#);
    stack.advance(61_000);
    let after = wait_until(|| {
        let summary = stack.perfagg_json("direct", &["summary"]);
        (summary["trades"]["fills"].as_u64() != Some(before))
            .then(|| summary["trades"]["fills"].as_u64().unwrap())
    });
    assert_eq!(after, before + 7);
    assert_equals_the_truth(&stack, "direct");

    // A revoked session is over at once; the other one goes on.
    let receipt = stack.perfagg_json("direct", &["revoke"]);
    assert_eq!(receipt["revoked"], true);
    let gone = stack.perfagg("direct", &["summary"]);
    assert!(!gone.status.success(), "the session file was removed");
    assert!(stack.perfagg("relayed", &["summary"]).status.success());
}

#[test]
fn with_every_fault_on_the_result_is_identical() {
    let Some(binaries) = stack::binaries() else { return };
    let calm = Stack::start(binaries.clone(), "calm", &[]);
    calm.register("calm", &calm.enclave.url, &[]);
    for seed in 1..=stack::rounds("PERFAGG_FAULT_SEEDS", 2) {
        // Waiting for a venue that says «later» takes simulated time, of which ten seconds are one.
        let (name, seed) = (format!("stormy-{seed}"), seed.to_string());
        let stormy = Stack::start(binaries.clone(), &name, &["--faults", &seed, "--time-rate", "10"]);
        stormy.register("stormy", &stormy.enclave.url, &[]);
        assert_eq!(figures(&stormy, "stormy"), figures(&calm, "calm"), "fault seed {seed}");
    }
}

#[test]
fn a_stop_answers_what_is_under_way_and_ends_cleanly() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "stop", &[]);
    stack.register("stop", &stack.main.url, &[]);
    for program in [&mut stack.main, &mut stack.enclave, &mut stack.simulator] {
        let status = program.terminate();
        assert!(status.success(), "{}: {status}", program.url);
    }
}

#[test]
fn after_a_restart_old_sessions_and_envelopes_are_unknown() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "restart", &[]);
    stack.register("old", &stack.enclave.url, &["--bearer"]);
    stack.restart_enclave();
    let output = stack.perfagg("old", &["--json", "summary", "--service-url", &stack.enclave.url]);
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains("SESSION_UNKNOWN"), "{error}");
}

/// All figures that do not tell the time.
fn figures(stack: &Stack, session: &str) -> Value {
    let mut metrics = stack.perfagg_json(session, &["metrics"]);
    let object = metrics.as_object_mut().unwrap();
    for moving in ["as_of", "session_expires", "sync", "accounts"] {
        object.remove(moving);
    }
    metrics
}

/// The service's figures against those that a script in another language computes from the simulator's truth.
fn assert_equals_the_truth(stack: &Stack, session: &str) {
    let (truth, metrics) = (stack.directory.join("truth.json"), stack.directory.join("metrics.json"));
    fs::write(&truth, stack.truth().to_string()).unwrap();
    fs::write(&metrics, stack.perfagg_json(session, &["metrics"]).to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/truth/recompute.mjs");
    let output = Command::new("node").arg(script).arg(&truth).arg("--compare").arg(&metrics).output();
    let output = output.expect("node runs the independent script");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" 0 failed") && !last.starts_with("0 passed"), "{said}");
}

fn wait_until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    // Each look is a whole call; a thousand of them are minutes, not forever.
    (0..1000).find_map(|_| look()).expect("it happens")
}

#[test]
fn plain_reads_are_for_bearer_sessions_and_end_with_them() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "bearer", &[]);
    let sealed_only = stack.register("sealed", &stack.enclave.url, &[]);
    let bearer = stack.register("bearer", &stack.enclave.url, &["--bearer", "--ttl", "30m"]);
    let id = bearer["session_id"].as_str().unwrap();
    let read = |path: &str, headers: &[(&str, &str)]| http(stack.enclave.address(), "GET", path, headers, "");

    let by_path = read(&format!("/enclave/summary/{id}"), &[("perfagg-nonce", "abc")]);
    assert_eq!(by_path.status, 200, "{}", by_path.text());
    assert!(by_path.header("signature-input").unwrap().contains("\"perfagg-nonce\";req"));
    assert_eq!(read("/enclave/summary", &[("authorization", &format!("Bearer {id}"))]).status, 200);
    assert_eq!(read("/enclave/metrics", &[("authorization", &format!("Bearer {id}"))]).status, 200);

    let other = read(&format!("/enclave/summary/{}", sealed_only["session_id"].as_str().unwrap()), &[]);
    assert_eq!((other.status, other.json()["code"].as_str()), (401, Some("SESSION_UNKNOWN")));

    // To the second: one before the end it reads, at the end it does not.
    stack.advance(1_700_000);
    assert_eq!(read(&format!("/enclave/summary/{id}"), &[]).status, 200);
    stack.advance(100_000);
    let over = read(&format!("/enclave/summary/{id}"), &[]);
    assert_eq!((over.status, over.json()["code"].as_str()), (401, Some("SESSION_EXPIRED")));
    // The hourly sweep forgets it.
    stack.advance(3_600_000);
    wait_until(|| {
        (read(&format!("/enclave/summary/{id}"), &[]).json()["code"] == "SESSION_UNKNOWN").then_some(())
    });
}
