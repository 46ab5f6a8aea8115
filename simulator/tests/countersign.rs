//! The access log of a main service, countersigned by a real enclave and judged by `perfagg`: what was signed cannot be
//! rewritten, and what the enclave refuses to sign.

#![cfg(test)]

mod stack;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stack::{Reply, Stack, http};
use std::{
    fs,
    path::{Path, PathBuf},
};

const ROUTE: &str = "/attestation/countersign";
const HEAD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

fn ask(stack: &Stack, body: &str) -> Reply {
    http(stack.enclave.address(), "POST", ROUTE, &[], body)
}

/// The one file of a log.
fn file(log: &Path) -> PathBuf {
    let mut files = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap()
}

/// Writes lines as whoever keeps the log can: numbered anew, chained anew, with the head that fits them.
fn rewrite(log: &Path, lines: &[Value]) {
    let (mut text, mut prev) = (String::new(), "0".repeat(64));
    for (seq, line) in lines.iter().enumerate() {
        let mut line = line.clone();
        (line["seq"], line["prev"]) = (seq.into(), prev.into());
        let line = line.to_string();
        prev = Sha256::digest(&line).iter().map(|byte| format!("{byte:02x}")).collect();
        text.push_str(&format!("{line}\n"));
    }
    fs::write(file(log), text).unwrap();
    let head = json!({ "seq": lines.len() - 1, "sha256": prev });
    fs::write(log.join("head.json"), head.to_string()).unwrap();
}

#[test]
fn a_log_that_an_enclave_countersigned_cannot_be_rewritten_before_its_last_signature() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "countersigned", &[]);
    stack.register("signed", &stack.enclave.url, &[]);
    let saved = stack.directory.join("answer.json");
    let saved = saved.to_str().unwrap();
    assert!(stack.perfagg("signed", &["summary", "--save", saved]).status.success());

    let log = stack.directory.join("log");
    let mut main = stack.main_with_log(&log);
    for _ in 0..3 {
        assert_eq!(http(main.address(), "GET", "/exchanges", &[], "").status, 200);
    }
    assert!(main.terminate().success());
    let verify = |more: &[&str]| {
        let verify = ["--json", "audit", "log", "verify", log.to_str().unwrap()];
        let output = stack.perfagg("signed", &[&verify, more].concat());
        let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (output.status.code(), serde_json::from_slice::<Value>(&text).unwrap())
    };
    let (exit, verdict) = verify(&["--saved", saved]);
    assert_eq!(exit, Some(0), "{verdict}");
    let by = &verdict["countersigned"][0];
    assert_eq!((&by["named"], &by["late"], &verdict["calls"]), (&true.into(), &0.into(), &3.into()));
    // The last signature is made at the stop: only itself and the line that says so come after what it fixes.
    let last = verdict["last"]["seq"].as_u64().unwrap();
    assert_eq!(by["seq"].as_u64().unwrap(), last - 2, "{verdict}");

    let text = fs::read_to_string(file(&log)).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let call = lines.iter().position(|line| line["type"] == "call").unwrap();
    // All of it anew, but for one call: chain and head fit, and the signatures do not.
    let without: Vec<Value> =
        lines.iter().enumerate().filter(|(at, _)| *at != call).map(|(_, line)| line.clone()).collect();
    rewrite(&log, &without);
    assert_eq!(verify(&["--saved", saved]).1["error"]["class"], "countersigned-line");
    // And without them, nobody vouches for what is left.
    let unsigned: Vec<Value> = without.into_iter().filter(|line| line["type"] != "countersign").collect();
    rewrite(&log, &unsigned);
    assert_eq!(verify(&[]).0, Some(0), "a chain alone holds");
    let (exit, verdict) = verify(&["--saved", saved]);
    assert_eq!((exit, &verdict["countersigned"]), (Some(2), &json!([])), "{verdict}");
}

#[test]
fn an_enclave_signs_a_head_when_it_trusts_its_time_and_nothing_else() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "countersign", &[]);
    let good = json!({ "head": HEAD }).to_string();
    stack.register("heard", &stack.enclave.url, &[]);
    let signed = ask(&stack, &good);
    assert_eq!((signed.status, signed.json()["head"].as_str()), (200, Some(HEAD)), "{}", signed.text());
    assert_eq!(signed.header("access-control-allow-origin"), Some("*"));
    for malformed in [
        "",
        "{}",
        "[]",
        r#"{"head":7}"#,
        r#"{"head":""}"#,
        &json!({ "head": &HEAD[1..] }).to_string(),
        &json!({ "head": format!("{HEAD}=") }).to_string(),
        &json!({ "head": HEAD.replace('A', "+") }).to_string(),
        &json!({ "head": HEAD, "created": 1 }).to_string(),
        &format!("{good}{}", " ".repeat(256)),
        &format!("{good}{good}"),
    ] {
        let answer = ask(&stack, malformed);
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &"REQUEST_MALFORMED".into()),
            "{malformed}"
        );
        assert!(!answer.text().contains(&HEAD[1..20]), "nothing is repeated");
    }
    assert_eq!(http(stack.enclave.address(), "GET", ROUTE, &[], "").status, 405);
    // Nobody comes here through the main service, who could use up what is allowed to it.
    assert_eq!(http(stack.main.address(), "POST", ROUTE, &[], &good).status, 404);
    // One source is served so often, and no more: the enclave's time stands still here.
    let limited = (0..100).map(|_| ask(&stack, &good)).find(|answer| answer.status != 200).unwrap();
    assert_eq!((limited.status, &limited.json()["code"]), (429, &"RATE_LIMITED".into()));
    assert!(limited.header("retry-after").is_some());
}
