//! What people and programs read: pages that live in `transcripts/`, and JSON to the letter.

use crate::{
    desk::{Desk, Ran},
    policy::{bearing, falls_behind, policy},
    service::{EPOCH, LEDGER, NOW, events, opened, summary, well},
};
use protocol::Route;
use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Stdio};

/// Compares pages with those that were agreed on.
pub(crate) fn check_pages(pages: &[(&str, String)]) {
    let agreed = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let now = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("transcripts");
    let mut changed = String::new();
    for (name, page) in pages {
        let widest = page.lines().map(|line| line.chars().count()).max();
        // Errors and evidence hold what cannot be broken.
        let tables =
            ["summary.txt", "metrics.txt", "replay.txt", "attest.txt", "amber.txt", "policy-show.txt"];
        let tables = tables.contains(name);
        assert!(!tables || widest.is_none_or(|columns| columns <= 100), "{name} is too wide:\n{page}");
        if fs::read_to_string(agreed.join(name)).ok().as_ref() != Some(page) {
            fs::create_dir_all(&now).unwrap();
            fs::write(now.join(name), page).unwrap();
            changed.push_str(&format!("--- {name}\n{page}\n"));
        }
    }
    assert!(changed.is_empty(), "copy these from {} if they are better now:\n{changed}", now.display());
}

#[test]
fn help_pages_are_as_agreed() {
    let desk = Desk::new();
    let help = |name, command: &[&str]| (name, desk.run(&[command, &["--help"]].concat()).well().out);
    check_pages(&[
        help("help.txt", &[]),
        help("help-attest.txt", &["attest"]),
        help("help-exchanges.txt", &["exchanges"]),
        help("help-challenge.txt", &["challenge"]),
        help("help-register.txt", &["register"]),
        help("help-summary.txt", &["summary"]),
        help("help-metrics.txt", &["metrics"]),
        help("help-watch.txt", &["watch"]),
        help("help-export.txt", &["export"]),
        help("help-replay.txt", &["replay"]),
        help("help-verify.txt", &["verify"]),
        help("help-revoke.txt", &["revoke"]),
        help("help-holder-new.txt", &["holder", "new"]),
        help("help-holder-show.txt", &["holder", "show"]),
        help("help-sessions.txt", &["sessions"]),
        help("help-erase.txt", &["erase"]),
        help("help-verify-evidence.txt", &["verify-evidence"]),
        help("help-collateral.txt", &["collateral"]),
        help("help-collateral-fetch.txt", &["collateral", "fetch"]),
        help("help-collateral-watch.txt", &["collateral", "watch"]),
        help("help-audit-log-verify.txt", &["audit", "log", "verify"]),
        help("help-policy-show.txt", &["policy", "show"]),
        help("help-policy-check.txt", &["policy", "check"]),
        help("help-completions.txt", &["completions"]),
    ]);
}

#[test]
fn a_newcomers_pages_are_as_agreed() {
    let desk = Desk::new();
    let url = desk.service.url();
    let page = |name, ran: Ran| (name, desk.page(&format!("{}{}", ran.err, ran.out)));
    check_pages(&[
        page("no-release.txt", desk.run(&["attest", &url])),
        page("attest.txt", desk.trusting(&["attest", &url]).well()),
        page("attest-steps.txt", desk.trusting(&["attest", "--steps", &url]).well()),
        page("register.txt", desk.register(&["--wait"]).well()),
        page("register-again.txt", desk.register(&[])),
        page("summary.txt", desk.trusting(&["summary"]).well()),
        page("metrics.txt", desk.trusting(&["metrics"]).well()),
        page("watch.txt", desk.trusting(&["watch"]).well()),
        page("export.txt", desk.trusting(&["export", "--out", "ledger.jsonl"]).well()),
        page("export-again.txt", desk.trusting(&["export", "--out", "ledger.jsonl"])),
        page("replay.txt", desk.run(&["replay", "ledger.jsonl"]).well()),
        page("revoke.txt", desk.trusting(&["revoke"]).well()),
        page("no-session.txt", desk.trusting(&["summary"])),
    ]);
    assert!(!desk.session_file().exists());
}

#[test]
fn the_pages_of_policies_are_as_agreed() {
    let desk = Desk::new();
    let url = desk.service.url();
    let page = |name, ran: Ran| (name, desk.page(&format!("{}{}", ran.err, ran.out)));
    let write = |name: &str, fields: Value| {
        fs::write(desk.home.join(name), policy(&desk.service, fields).to_string()).unwrap();
    };
    falls_behind(&desk);
    write("strict.json", json!({}));
    write("amber.json", bearing(&desk, NOW));
    write("odd.json", json!({ "require_nonce": false, "tcb_status": ["UpToDate", "OutOfDate"] }));
    fs::write(desk.home.join("typo.json"), "{\n \"releases\": [],\n \"relases\": 1\n}").unwrap();
    check_pages(&[
        page("policy-show.txt", desk.run(&["policy", "show"]).well()),
        page("policy-show-file.txt", desk.run(&["policy", "show", "strict.json"]).well()),
        page("policy-check.txt", desk.run(&["policy", "check", "odd.json"])),
        page("policy-unusable.txt", desk.run(&["policy", "check", "typo.json"])),
        page("behind.txt", desk.trusting(&["--policy", "strict.json", "attest", &url])),
        page("amber.txt", desk.trusting(&["--policy", "amber.json", "attest", &url]).well()),
    ]);
}

#[test]
fn json_is_what_the_enclave_sealed_to_the_letter() {
    let desk = Desk::new();
    let json = |arguments: &[&str]| desk.trusting(&[&["--json"], arguments].concat()).well();
    let attested: Value = serde_json::from_str(&json(&["attest", &desk.service.url()]).out).unwrap();
    assert_eq!(attested["development"], true);
    assert_eq!(attested["tee"], "dev-sgx");
    assert_eq!(attested["epoch"], EPOCH);
    assert_eq!(attested["environment"], json!(["development"]));
    assert_eq!(attested["config"]["venues"], json!(["binance"]));
    assert_eq!(attested["time"], "2026-11-24T12:00:00Z");
    let binding = desk.service.state().binding();
    assert_eq!(attested["keyset_hash"], hex::encode(binding.keyset_hash()));
    assert_eq!(attested["measurement"], hex::encode(desk.service.state().backend.mr_enclave()));
    let steps: Vec<_> =
        attested["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    assert_eq!((steps.first(), steps.last()), (Some(&json!(1)), Some(&json!(18))));
    for member in ["bundle_sha256", "measurement", "signer", "result_key"] {
        assert_eq!(attested[member].as_str().unwrap().len(), 64, "{member}");
    }

    let registered = desk.register(&["--json", "--wait"]).well();
    assert_eq!((registered.out, registered.err), (format!("{}\n", opened()), String::new()));
    assert_eq!(json(&["summary"]).out, format!("{}\n", summary("live", 1.0)));
    assert_eq!(json(&["metrics"]).out, format!("{}\n", well(Route::Metrics, &json!({})).1));
    let watched: Vec<Value> =
        json(&["watch"]).out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut told = events();
    told.as_array_mut().unwrap().retain(|event| event["event"] != "a_newer_kind");
    assert_eq!(Value::from(watched), told);
    assert_eq!(json(&["export"]).out, LEDGER);
    assert_eq!(json(&["revoke"]).out, format!("{}\n", well(Route::Revoke, &json!({})).1));
}

#[test]
fn completions_know_the_commands() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = desk.run(&["completions", shell]).well().out;
        assert!(script.contains("dangerous-development-root") && script.contains("revoke"), "{shell}");
        assert!(
            ["watch", "export", "replay", "force", "holder", "erase", "lease"]
                .iter()
                .all(|word| script.contains(word)),
            "{shell}"
        );
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_error() {
    let desk = Desk::new();
    desk.register(&[]).well();
    for arguments in
        [&["metrics"][..], &["--json", "metrics"], &["summary"], &["export"], &["watch"], &["--help"]]
    {
        let arguments = [&["--dangerous-development-root", "root.pem"], arguments].concat();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = desk.command(&arguments).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
    // Nobody on stderr either.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = desk.command(&["attest", "https://host/path"]);
    assert_eq!(command.stdout(writer.try_clone().unwrap()).stderr(writer).status().unwrap().code(), Some(2));
}
