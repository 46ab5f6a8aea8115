//! Planted secrets are found nowhere they do not belong: logs at trace level, the data directory, error bodies,
//! and every byte that passes the main service.

#![cfg(test)]

mod stack;

use serde_json::json;
use stack::{KEY, PASSPHRASE, SECRET, Stack, Tap, holds, http};
use std::{fs, path::Path};

#[test]
fn planted_secrets_are_found_nowhere() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "secrets", &[]);
    let tap = Tap::before(stack.main.address());
    let through_main = format!("http://{}", tap.address);

    let opened = stack.register("tapped", &through_main, &["--passphrase", "--label", "mine"]);
    let id = opened["session_id"].as_str().unwrap().to_owned();
    stack.perfagg_json("tapped", &["summary"]);
    stack.perfagg_json("tapped", &["metrics"]);
    // The simulator grumbles: what the enclave logs then must not tell either.
    stack.tell("mode", &json!({ "mode": "key_refused" }).to_string());
    stack.advance(61_000);
    let refused = stack.perfagg(
        "other",
        &["register", "--user-id", "u", "--exchange", "binance", "--service-url", &through_main],
    );
    assert!(!refused.status.success());
    stack.tell("mode", &json!({ "mode": "normal" }).to_string());
    stack.perfagg_json("tapped", &["revoke"]);
    // In clear, by mistake.
    let clear = http(tap.address, "POST", "/enclave/sessions", &[], r#"{"apiKey":"a","secret":"b"}"#);
    assert_ne!(clear.status, 201);

    let (seen, main_log, enclave_log) = (tap.seen(), stack.main.log(), stack.enclave.log());
    assert!(seen.len() > 10_000, "the tap saw the calls");
    assert!(enclave_log.len() > 500, "the enclave logs at trace level");
    let (complaints, printed) = (refused.stderr, refused.stdout);
    let mut places = vec![
        ("what passes the main service", seen),
        ("the main service's log", main_log),
        ("the enclave's log", enclave_log),
        ("what perfagg complains", complaints),
        ("what perfagg prints", printed),
    ];
    places
        .extend(files(&stack.directory.join("data")).into_iter().map(|bytes| ("the data directory", bytes)));
    for (place, bytes) in &places {
        for (name, secret) in
            [("key", KEY), ("secret", SECRET), ("passphrase", PASSPHRASE), ("session id", id.as_str())]
        {
            assert!(!holds(bytes, secret), "{name} in {place}");
        }
    }
}

#[test]
fn a_plain_read_keeps_its_session_id_out_of_every_log() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "plain-secrets", &[]);
    let opened = stack.register("plain", &stack.main.url, &["--bearer"]);
    let id = opened["session_id"].as_str().unwrap();
    assert_eq!(http(stack.main.address(), "GET", &format!("/enclave/summary/{id}"), &[], "").status, 200);
    let bearer = format!("Bearer {id}");
    assert_eq!(
        http(stack.main.address(), "GET", "/enclave/metrics", &[("authorization", &bearer)], "").status,
        200
    );
    for (place, log) in [("main service", stack.main.log()), ("enclave", stack.enclave.log())] {
        assert!(!holds(&log, id), "session id in the log of the {place}");
    }
}

fn files(directory: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![fs::read(path).unwrap()] })
        .collect()
}
