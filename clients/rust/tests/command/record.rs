//! A holder's sessions and record: listed from any machine, erased only by who means it, with a receipt.

use crate::{
    desk::{Desk, Ran},
    holder::PUBLIC,
    service::{
        Service,
        holders::{dated, erased, sessions, vouching},
        refuses,
    },
};
use protocol::{Code, Route};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::Stdio,
};

const FINGERPRINT: &str = "749a-3027-25e1-f575";

fn typing(desk: &Desk, arguments: &[&str], typed: &str) -> Ran {
    let arguments = [&["--dangerous-development-root", "root.pem"], arguments].concat();
    let mut command = desk.command(&arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // One that asks nothing may have closed it.
    let _ = child.stdin.take().unwrap().write_all(typed.as_bytes());
    Ran::of(child.wait_with_output().unwrap())
}

fn erasures(service: &Service) -> usize {
    service.state().holders.signed.iter().filter(|(route, _)| *route == Route::Erase).count()
}

#[test]
fn sessions_are_listed_as_the_enclave_sealed_them_and_from_another_machine_too() {
    let desk = Desk::holding();
    let nowhere = desk.trusting(&["--json", "sessions"]);
    assert_eq!((nowhere.exit, &nowhere.error()["code"]), (2, &json!("USAGE")));
    assert_eq!(desk.service.count("/"), 0);
    let url = desk.service.url();
    let ran = desk.trusting(&["--json", "sessions", "--service-url", &url]).well();
    assert_eq!(ran.out, format!("{}\n", sessions()));
    desk.register_held(&[]).well();
    assert_eq!(desk.trusting(&["--json", "sessions"]).well().out, ran.out);
    // An account without a holder lists nothing.
    let other = Desk::new();
    other.register(&[]).well();
    assert_eq!(other.trusting(&["--json", "sessions"]).error()["code"], "HOLDER_KEY_MISSING");

    desk.service.answers(|route, call| {
        let (status, answer) = vouching(route, call);
        let nothing = json!({ "sessions": [], "record": null });
        if route == Route::Sessions { (200, nothing) } else { (status, answer) }
    });
    assert!(desk.trusting(&["sessions"]).well().out.contains("There is no record"));
}

#[test]
fn a_record_is_erased_by_who_types_that_they_mean_it() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    for typed in ["", "\n", "yes\n", "erase\n", "erase 749b\n", "ERASE 749a\n"] {
        let ran = typing(&desk, &["erase"], typed);
        assert_eq!(ran.exit, 2, "{typed:?}");
        assert!(
            ran.err.contains("Nothing was erased") && ran.err.contains("type: erase 749a"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("1 account") && ran.err.contains("2026-11-02"), "{}", ran.err);
    }
    let unasked = desk.trusting(&["--json", "erase"]);
    assert_eq!((unasked.exit, &unasked.error()["code"]), (2, &json!("USAGE")));
    assert_eq!(erasures(&desk.service), 0);
    assert!(desk.session_file().exists());

    let ran = typing(&desk, &["erase"], "erase 749a\n").well();
    assert!(ran.out.contains("Record erased at 2026-11-24 12:00:09 UTC"), "{}", ran.out);
    assert_eq!(erasures(&desk.service), 1);
    assert!(!desk.session_file().exists() && desk.holder_file().exists());
}

#[cfg(unix)]
#[test]
fn who_is_asked_may_leave() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    let mut command = desk.command(&["--dangerous-development-root", "root.pem", "erase"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stdin = child.stdin.take();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut asked = String::new();
    while !asked.contains("type: erase 749a") {
        assert_ne!(stderr.read_line(&mut asked).unwrap(), 0, "{asked}");
    }
    crate::register::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    stderr.read_to_string(&mut asked).unwrap();
    assert!(asked.contains("perfagg sessions"), "{asked}");
    assert_eq!(erasures(&desk.service), 0);
    drop(stdin);
}

#[test]
fn the_receipt_is_signed_for_this_erasure_and_kept() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    let ran = desk.trusting(&["--json", "erase", "--yes", "--save", "receipt.json"]).well();
    assert_eq!(ran.out, format!("{}\n", erased()));
    let kept: Value = serde_json::from_slice(&fs::read(desk.home.join("receipt.json")).unwrap()).unwrap();
    assert_eq!(kept["answer"]["body"], erased().to_string());
    let input = kept["answer"]["signature_input"].as_str().unwrap();
    assert!(input.contains("tag=\"perf-aggregator/receipt/v1\""), "{input}");
    assert!(!kept.to_string().contains(PUBLIC), "nor does it name the holder");
    let judged = desk.trusting(&["--json", "verify", "receipt.json"]).well().out;
    let judged: Value = serde_json::from_str(&judged).unwrap();
    assert_eq!((&judged["receipt"], &judged["answer"]), (&json!(true), &erased()));
    let page = desk.trusting(&["verify", "receipt.json"]).well().out;
    assert!(page.contains("Record erased") && page.contains("deleted at the exchange"), "{page}");
    let text = fs::read_to_string(desk.home.join("receipt.json")).unwrap();
    for (was, is) in [("12:00:09", "12:00:08"), ("/enclave/record", "/enclave/sessions/{session_id}")] {
        fs::write(desk.home.join("changed.json"), text.replace(was, is)).unwrap();
        assert_eq!(desk.trusting(&["verify", "changed.json"]).exit, 1, "{is}");
    }

    // Nothing is written over, and nothing erased for which there is no place to keep the receipt.
    let url = desk.service.url();
    let arguments = ["--json", "erase", "--yes", "--service-url", &url];
    let there = desk.trusting(&[&arguments[..], &["--save", "receipt.json"]].concat());
    assert_eq!((there.exit, erasures(&desk.service)), (2, 1));
    for name in [format!("erased-{FINGERPRINT}.json"), format!("erased-{FINGERPRINT}-2.json")] {
        desk.trusting(&arguments).well();
        assert!(desk.session_file().with_file_name(&name).exists(), "{name}");
    }
}

#[test]
fn a_revocation_leaves_a_receipt_too() {
    let desk = Desk::new();
    desk.service.answers(vouching);
    desk.register(&[]).well();
    desk.trusting(&["revoke", "--save", "receipt.json"]).well();
    assert!(!desk.session_file().exists());
    let page = desk.trusting(&["verify", "receipt.json"]).well().out;
    assert!(page.contains("Session revoked at 2026-11-24 12:00:09 UTC"), "{page}");
}

#[test]
fn a_receipt_that_the_enclave_did_not_sign_ends_nothing() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    type Forge = fn(Value, &Value) -> (u16, Value);
    let forged: [(Forge, u8, &str); 4] = [
        (
            |mut receipt, _| {
                (200, {
                    receipt["body"] = json!(erased().to_string().replace('1', "2"));
                    receipt
                })
            },
            3,
            "ANSWER_NOT_SIGNED",
        ),
        (
            |mut receipt, _| {
                (200, {
                    receipt["nonce"] = json!("another");
                    receipt
                })
            },
            3,
            "ANSWER_NOT_SIGNED",
        ),
        (|_, call| vouching(Route::Revoke, call), 3, "ANSWER_NOT_SIGNED"),
        (|_, _| refuses(Code::StoreUnavailable), 6, "STORE_UNAVAILABLE"),
    ];
    for (forge, exit, code) in forged {
        desk.service.answers(move |route, call| {
            let (status, answer) = vouching(route, call);
            if route == Route::Erase { forge(answer, call) } else { (status, answer) }
        });
        let error = desk.trusting(&["--json", "erase", "--yes", "--save", "receipt.json"]).error();
        assert_eq!((&error["exit"], &error["code"]), (&json!(exit), &json!(code)));
        assert!(desk.session_file().exists() && !desk.home.join("receipt.json").exists());
    }
}

#[test]
fn what_was_seen_of_a_record_goes_with_it() {
    let desk = Desk::holding();
    desk.service.answers(dated(9, 1));
    desk.register_held(&[]).well();
    desk.trusting(&["erase", "--yes"]).well();
    desk.service.answers(dated(1, 2));
    desk.register_held(&[]).well();
    desk.trusting(&["summary"]).well();
}

#[test]
fn a_record_that_began_anew_says_so() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    desk.service.answers(|route, call| {
        let (status, mut answer) = vouching(route, call);
        if route == Route::Summary {
            answer["record_restarted_at"] = json!("2026-11-10T09:00:00Z");
        }
        (status, answer)
    });
    let page = desk.trusting(&["summary"]).well().out;
    assert!(page.contains("began anew at 2026-11-10 09:00:00 UTC"), "{page}");
}
