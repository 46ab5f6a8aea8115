//! Registering: where credentials come from, what is said, and the wait.

use crate::{
    desk::{Desk, KEY, PHRASE, Ran, SECRET},
    service::{refuses, summary, well},
};
use protocol::{Code, Route};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    process::{Child, Command, Stdio},
    sync::mpsc,
};

#[test]
fn a_registration_says_what_was_asked_for() {
    let desk = Desk::new();
    desk.service.answers(|route, body| {
        if route == Route::Register {
            let expected = json!({
                "userId": "alice", "exchange": "atlantis", "apiKey": KEY, "secret": SECRET, "passphrase": PHRASE,
                "accountTypes": ["spot", "margin"], "sandbox": false, "label": "mine", "ttlSeconds": 5400,
                "acceptTradingKey": true, "bearer": true,
            });
            assert_eq!(body, &expected);
        }
        well(route, body)
    });
    let url = desk.service.url();
    let arguments = [
        "register",
        "--user-id",
        "alice",
        "--exchange",
        "atlantis",
        "--service-url",
        &url,
        "--account-type",
        "spot",
        "--account-type",
        "margin",
        "--label",
        "mine",
        "--ttl",
        "90m",
        "--passphrase",
        "--accept-trading-key",
        "--bearer",
    ];
    desk.trusting(&arguments).well();
}

#[test]
fn credentials_come_from_stdin_where_the_environment_has_none() {
    let desk = Desk::new();
    desk.service.answers(|route, body| {
        if route == Route::Register {
            assert_eq!(
                (&body["apiKey"], &body["secret"], body.get("passphrase")),
                (&json!("k-1"), &json!("s-2"), None)
            );
        }
        well(route, body)
    });
    let url = desk.service.url();
    let arguments = [
        "--dangerous-development-root",
        "root.pem",
        "register",
        "--user-id",
        "a",
        "--exchange",
        "binance",
        "--service-url",
        &url,
    ];
    let mut command = desk.command(&arguments);
    command.env_remove("PERFAGG_API_KEY").env("PERFAGG_API_SECRET", "");
    let ran = with_stdin(command, b"k-1\ns-2\n");
    assert_eq!(ran.exit, 0, "{}", ran.err);

    let mut command = desk.command(&arguments);
    command.env_remove("PERFAGG_API_KEY").env_remove("PERFAGG_API_SECRET");
    let ran = with_stdin(command, b"k-1\n");
    assert_eq!(ran.exit, 2);
    assert!(ran.err.contains("API secret") && ran.err.contains("PERFAGG_API_SECRET"), "{}", ran.err);
}

#[test]
fn an_address_is_registered_with_its_signature_and_told_what_to_sign() {
    const ADDRESS: &str = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23";
    let desk = Desk::new();
    let url = desk.service.url();
    let ran = desk.trusting(&["challenge", "--url", &url, "--address", ADDRESS]).well();
    let attested = desk.trusting(&["--json", "attest", &url]).well();
    let attested: Value = serde_json::from_str(&attested.out).unwrap();
    let hash = hex::decode(attested["keyset_hash"].as_str().unwrap()).unwrap();
    let text = format!(
        "Perf-Aggregator: read and prove the record of {}\nEnclave keys: {}\n",
        ADDRESS.to_lowercase(),
        protocol::wire::encode(&hash)
    );
    assert_eq!(ran.out, text, "and nothing else");
    assert!(ran.err.contains("personal_sign"), "{}", ran.err);
    let told = desk.trusting(&["--json", "challenge", "--service-url", &url, "--address", ADDRESS]).well();
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["text"].as_str(), text.strip_suffix('\n'));

    let wrong = desk.trusting(&["challenge", "--service-url", &url, "--address", &ADDRESS[1..]]);
    assert_eq!((wrong.exit, wrong.out.as_str()), (2, ""), "{}", wrong.err);
    assert!(wrong.err.contains("no address"), "{}", wrong.err);

    let mut command = desk.command(&[
        "--dangerous-development-root",
        "root.pem",
        "register",
        "--user-id",
        "a",
        "--exchange",
        "hyperliquid",
        "--service-url",
        &url,
    ]);
    command.env_remove("PERFAGG_API_KEY").env_remove("PERFAGG_API_SECRET");
    let ran = with_stdin(command, ADDRESS.as_bytes());
    assert_eq!(ran.exit, 2, "{}", ran.err);
    assert!(ran.err.contains("no Signature") && ran.err.contains("perfagg challenge"), "{}", ran.err);
}

#[test]
fn the_verdict_stands_before_the_session_and_the_session_as_it_was_sealed() {
    let desk = Desk::new();
    let url = desk.service.url();
    let attested = desk.trusting(&["--json", "attest", &url]).well();
    let ran = desk.register(&["--json", "--verdict", "--bearer"]).well();
    let [verdict, session] = ran.out.lines().collect::<Vec<_>>()[..] else { panic!("{}", ran.out) };
    let verdict: Value = serde_json::from_str(verdict).unwrap();
    let attested: Value = serde_json::from_str(&attested.out).unwrap();
    for member in ["service_url", "development", "tee", "measurement", "keyset_hash", "epoch", "environment"]
    {
        assert!(!verdict[member].is_null(), "{member}");
        assert_eq!(verdict[member], attested[member], "{member}");
    }
    let session: Value = serde_json::from_str(session).unwrap();
    assert_eq!(session["session_id"], desk.session()["session_id"]);

    let for_people = desk.register(&["--verdict", "--replace"]).well();
    assert!(for_people.out.contains("What this does not prove"), "{}", for_people.out);
    assert!(for_people.out.contains("Registered alice"), "{}", for_people.out);

    desk.service.answers(|route, body| match route {
        Route::Register => refuses(Code::KeyNotReadOnly),
        _ => well(route, body),
    });
    let refused = desk.register(&["--json", "--verdict", "--replace"]);
    assert_eq!((refused.exit, refused.out.as_str()), (4, ""));
}

fn with_stdin(mut command: Command, lines: &[u8]) -> Ran {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn the_wait_ends_when_the_history_is_there() {
    let desk = Desk::new();
    let mut looks = [("collecting", 0.3), ("waiting", 0.3), ("collecting", 0.8), ("live", 1.0)].into_iter();
    desk.service.answers(move |route, body| match route {
        Route::Summary => {
            looks.next().map_or_else(|| refuses(Code::Internal), |(state, done)| (200, summary(state, done)))
        }
        _ => well(route, body),
    });
    let ran = desk.register(&["--wait"]).well();
    let told: Vec<&str> =
        ran.err.lines().filter_map(|line| line.strip_prefix("Collecting history: ")).collect();
    assert_eq!(told, ["25 %", "the exchange does not answer, still trying", "75 %", "100 %"]);
    assert!(!ran.err.contains('\r') && !ran.err.contains('\u{1b}'), "no bar where nobody watches");
}

#[test]
fn a_wait_that_cannot_end_says_how_to_go_on() {
    let desk = Desk::new();
    desk.service.answers(|route, body| match route {
        Route::Summary => (200, summary("stopped", 0.0)),
        _ => well(route, body),
    });
    let ran = desk.register(&["--wait"]);
    assert_eq!(ran.exit, 4, "{}", ran.err);
    assert!(ran.err.contains("no longer uses the key"), "{}", ran.err);

    desk.service.answers(|route, body| match route {
        Route::Summary => refuses(Code::SessionRevoked),
        _ => well(route, body),
    });
    assert_eq!(desk.register(&["--wait"]).exit, 5);
}

#[cfg(unix)]
#[test]
fn a_wait_that_is_interrupted_leaves_a_session_that_can_be_read() {
    let desk = Desk::new();
    let (looked, looks) = mpsc::channel();
    desk.service.answers(move |route, body| match route {
        Route::Summary => {
            let _ = looked.send(());
            (200, summary("collecting", 0.5))
        }
        _ => well(route, body),
    });
    let url = desk.service.url();
    let arguments = [
        "--dangerous-development-root",
        "root.pem",
        "register",
        "--user-id",
        "a",
        "--exchange",
        "binance",
        "--service-url",
        &url,
        "--wait",
    ];
    let child = desk.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    looks.recv().unwrap();
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.exit, 130, "{}", ran.err);
    for word in ["perfagg summary", "perfagg revoke", "session.json"] {
        assert!(ran.err.contains(word), "{}", ran.err);
    }
    desk.trusting(&["summary"]).well();
}

#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}
