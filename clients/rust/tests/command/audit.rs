//! Judging the access log of a main service: exit code 0, 1 or 2, offline. The log was made by another program than
//! ours.

use crate::{desk::Desk, pages::check_pages, saved::signing};
use serde_json::Value;
use std::{fs, path::Path};

const KEY: &str = "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c";
const FIRST: &str = "log/access-2026-11-24.jsonl";
const SECOND: &str = "log/access-2026-11-25.jsonl";

/// A desk with the log in `log/`.
fn desk() -> Desk {
    let desk = Desk::new();
    lay(&desk);
    desk
}

fn lay(desk: &Desk) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/access-log");
    let _ = fs::remove_dir_all(desk.home.join("log"));
    fs::create_dir_all(desk.home.join("log")).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), desk.home.join("log").join(entry.file_name())).unwrap();
    }
}

fn change(desk: &Desk, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(desk.home.join(file)).unwrap();
    assert!(text.contains(from), "{from}: {text}");
    fs::write(desk.home.join(file), text.replacen(from, to, 1)).unwrap();
}

#[test]
fn the_pages_of_a_log_are_as_agreed() {
    let desk = desk();
    let verify = ["audit", "log", "verify", "log"];
    let whole = desk.run(&[&verify[..], &["--result-key", KEY]].concat()).well().out;
    let text = fs::read_to_string(desk.home.join(SECOND)).unwrap();
    fs::write(desk.home.join(SECOND), text + "{\"seq\":7,\"prev\"").unwrap();
    let torn = desk.run(&verify);
    assert_eq!(torn.exit, 2, "{}", torn.err);
    lay(&desk);
    change(&desk, FIRST, "\"status\":201", "\"status\":200");
    let broken = desk.run(&verify);
    assert_eq!(broken.exit, 1, "{}", broken.out);
    check_pages(&[
        ("audit-log.txt", whole),
        ("audit-log-torn.txt", torn.out + &torn.err),
        ("audit-log-broken.txt", broken.out + &broken.err),
    ]);
}

#[test]
fn a_log_that_is_whole_says_where_it_begins_and_ends_and_who_signed_it() {
    let desk = desk();
    let judged = |arguments: &[&str]| -> Value {
        let ran = desk.run(&[&["--json", "audit", "log", "verify"], arguments].concat()).well();
        serde_json::from_str(&ran.out).unwrap()
    };
    let log = judged(&["log", "--result-key", KEY]);
    assert_eq!((&log["ok"], &log["complete"]), (&true.into(), &true.into()));
    assert_eq!((&log["first"]["seq"], &log["last"]["seq"]), (&0.into(), &6.into()));
    assert_eq!(log["last"]["time"], "2026-11-25T08:00:03Z");
    assert_eq!(
        (&log["lines"], &log["calls"], &log["starts"], &log["stops"]),
        (&7.into(), &3.into(), &2.into(), &1.into())
    );
    assert_eq!(log["countersigned"][0]["result_key"], KEY);
    assert_eq!(
        (&log["countersigned"][0]["seq"], &log["countersigned"][0]["named"]),
        (&2.into(), &true.into())
    );
    assert!(log["not_proven"][0].as_str().unwrap().contains("after the last countersignature"));
    // File by file, and without the older one.
    assert_eq!(judged(&[FIRST, SECOND])["head"], log["head"]);
    let later = judged(&[SECOND]);
    assert_eq!(later["first"]["seq"], 5);
    assert!(later["not_proven"].to_string().contains("older files"), "{later}");
    // Nobody was named: nobody vouches.
    let unnamed = judged(&["log"]);
    assert_eq!(unnamed["countersigned"][0]["named"], false);
    assert!(unnamed["not_proven"][0].as_str().unwrap().contains("rewritten"));
}

#[test]
fn a_log_that_was_changed_anywhere_does_not_hold() {
    let desk = desk();
    let line = |file: &str, at: usize| {
        let text = fs::read_to_string(desk.home.join(file)).unwrap();
        text.split_inclusive('\n').nth(at).unwrap().to_owned()
    };
    let (second, third) = (line(FIRST, 1), line(FIRST, 2));
    let other = "0".repeat(64);
    for (file, from, to, class) in [
        (FIRST, "\"ms\":61", "\"ms\":62", "chain"),
        (FIRST, "12:00:07", "12:00:06", "chain"),
        (FIRST, second.as_str(), "", "sequence"),
        (FIRST, &format!("{second}{third}"), &format!("{third}{second}"), "sequence"),
        (FIRST, second.as_str(), &format!("{second}{second}"), "sequence"),
        (FIRST, "\"created\":1795521609", "\"created\":1795521610", "signature"),
        (FIRST, "\"of\":2", "\"of\":1", "countersigned-line"),
        (FIRST, "\"seq\":1,", "\"seq\":1,\"apiKey\":\"x\",", "malformed"),
        (FIRST, "/attestation/quote", "/enclave/session_1_ABC", "malformed"),
        (FIRST, "access-log/v1", "access-log/v2", "malformed"),
        (SECOND, "\"ms\":3", "\"ms\":4", "head"),
        (SECOND, line(SECOND, 1).as_str(), "", "head"),
        ("log/head.json", "\"seq\":6", "\"seq\":7", "head"),
        ("log/head.json", "b8b216", "b8b217", "head"),
        ("log/head.json", "sha256", "sha", "malformed"),
        (SECOND, "3c27b895af8a63f5d79df616ce3d2d4c97e7a277a29b18be9dc1d05e9b69ee7f", &other, "chain"),
    ] {
        lay(&desk);
        change(&desk, file, from, to);
        let error = desk.run(&["--json", "audit", "log", "verify", "log", "--result-key", KEY]).error();
        assert_eq!(
            (&error["exit"], error["class"].as_str()),
            (&1.into(), Some(class)),
            "{from} {to}: {error}"
        );
    }
    // A day that is missing in the middle, days in another order, and no log at all.
    lay(&desk);
    for paths in [&[SECOND, FIRST][..], &[FIRST, FIRST], &["root.pem"], &["missing"], &["."]] {
        let error = desk.run(&[&["--json", "audit", "log", "verify"], paths].concat()).error();
        assert_eq!(error["exit"], 1, "{paths:?}: {error}");
    }
    fs::write(desk.home.join("noise"), vec![b'x'; 1_000_000]).unwrap();
    assert_eq!(desk.run(&["--json", "audit", "log", "verify", "noise"]).error()["class"], "malformed");
    // Nor does what was not understood look like a verdict.
    assert_eq!(desk.run(&["audit", "log", "verify", "log", "--result-key", "00"]).exit, 1);
    assert_eq!(desk.run(&["audit", "log", "verify"]).exit, 1);
}

#[test]
fn a_log_that_the_named_key_did_not_sign_is_not_vouched_for() {
    let desk = signing();
    lay(&desk);
    let ran = desk.run(&["audit", "log", "verify", "log", "--result-key", &"00".repeat(32)]);
    assert_eq!(ran.exit, 2);
    assert!(ran.out.contains("signed nothing of it"), "{}", ran.out);
    // A saved answer names the key of its enclave, if its evidence is accepted.
    desk.trusting(&["summary", "--save", "record.json"]).well();
    let verify = ["--json", "audit", "log", "verify", "log", "--saved", "record.json"];
    let ran = desk.trusting(&verify);
    assert_eq!(ran.exit, 2, "{}", ran.err);
    assert_eq!(desk.run(&verify).error()["class"], "untrusted-root");
}

#[test]
fn the_example_of_the_protocol_is_a_log_that_holds() {
    let page = include_str!("../../../../docs/protocol.md");
    assert!(page.contains(include_str!("../access-log/access-2026-11-24.jsonl")));
}
