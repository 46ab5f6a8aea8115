//! The session file: whose it is, what it remembers, and when it is written over.

use crate::{
    desk::{Desk, KEY, PHRASE, SECRET},
    service::{EPOCH, SESSION_ID, refuses, well},
};
use protocol::{Code, Route};
use serde_json::json;
use std::{fs, path::PathBuf};

#[cfg(unix)]
#[test]
fn the_session_is_kept_for_its_owner_alone() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let desk = Desk::new();
    desk.register(&["--passphrase"]).well();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(desk.session_file()), 0o600);
    assert_eq!(mode(desk.home.join(".local/state/perfagg")), 0o700);
    let kept = desk.session();
    let mut members: Vec<&String> = kept.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "account",
            "environment",
            "epoch",
            "expires_at",
            "keyset_hash",
            "service_url",
            "session_id",
            "v",
            "venue"
        ]
    );
    assert_eq!((&kept["session_id"], &kept["epoch"]), (&json!(SESSION_ID), &json!(EPOCH)));
    let text = kept.to_string();
    assert!(!text.contains(KEY) && !text.contains(SECRET) && !text.contains(PHRASE));
    let beside = fs::read_dir(desk.home.join(".local/state/perfagg")).unwrap().count();
    assert_eq!(beside, 1, "nothing is left beside it");

    for exposed in [0o640, 0o604, 0o644, 0o602] {
        fs::set_permissions(desk.session_file(), fs::Permissions::from_mode(exposed)).unwrap();
        let ran = desk.trusting(&["summary"]);
        assert_eq!(ran.exit, 5, "{exposed:o}");
        assert!(ran.err.contains("chmod 600") && ran.err.contains("session.json"), "{}", ran.err);
    }
    fs::set_permissions(desk.session_file(), fs::Permissions::from_mode(0o400)).unwrap();
    desk.trusting(&["summary"]).well();
}

#[test]
fn a_session_file_that_is_none_is_refused() {
    let desk = Desk::new();
    assert_eq!(desk.trusting(&["--json", "summary"]).error()["code"], "NO_SESSION_FILE");
    desk.register(&[]).well();
    let whole = desk.session();
    let mut newer = whole.clone();
    newer["v"] = json!(2);
    let mut unknown = whole.clone();
    unknown["api_key"] = json!("x");
    for text in ["", "{}", "[]", "\u{0}", &newer.to_string(), &unknown.to_string(), &whole.to_string()[..40]]
    {
        fs::write(desk.session_file(), text).unwrap();
        for command in ["summary", "metrics", "revoke"] {
            let ran = desk.trusting(&["--json", command]);
            assert_eq!((ran.exit, &ran.error()["code"]), (5, &json!("SESSION_FILE_MALFORMED")), "{text}");
        }
        let ran = desk.register(&["--json"]);
        assert_eq!(
            (ran.exit, &ran.error()["code"]),
            (5, &json!("SESSION_FILE_MALFORMED")),
            "not written over"
        );
    }
    desk.register(&["--replace"]).well();
    desk.trusting(&["summary"]).well();
}

#[test]
fn a_session_that_ended_is_exit_code_five_and_may_be_replaced() {
    let desk = Desk::new();
    desk.register(&[]).well();
    desk.service.answers(|route, body| match route {
        Route::Register => well(route, body),
        _ => refuses(Code::SessionExpired),
    });
    for command in ["summary", "metrics", "revoke"] {
        assert_eq!(desk.trusting(&[command]).exit, 5);
    }
    desk.register(&[]).well();
}

#[test]
fn a_session_that_is_open_is_not_replaced_by_mistake() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let before = desk.session();
    let ran = desk.register(&["--json"]);
    let error = ran.error();
    assert_eq!(ran.exit, 2);
    let detail = error["detail"].as_str().unwrap();
    for way_out in ["perfagg revoke", "--replace", "--session-file"] {
        assert!(detail.contains(way_out), "{detail}");
    }
    assert_eq!(desk.session(), before);
    desk.register(&["--session-file", "other.json"]).well();
    desk.service.answers(|route, body| {
        let (status, mut answer) = well(route, body);
        if route == Route::Register {
            answer["session_id"] = json!("session_2_another");
        }
        (status, answer)
    });
    desk.register(&["--replace"]).well();
    assert_eq!(desk.session()["session_id"], "session_2_another");

    // Opened elsewhere, so nobody here can tell whether it is over; this machine's clock says nothing about a simulator's.
    let elsewhere = Desk::new();
    let url = elsewhere.service.url();
    let arguments = ["register", "--user-id", "a", "--exchange", "binance", "--service-url", &url];
    assert_eq!(desk.trusting(&arguments).exit, 2);
}

#[test]
fn a_session_of_a_real_account_that_is_past_its_end_may_be_replaced() {
    let desk = Desk::new();
    desk.register(&[]).well();
    for (expires_at, exit) in [("2020-01-01T00:00:00Z", 0), ("9999-01-01T00:00:00Z", 2), ("never", 2)] {
        let mut kept = desk.session();
        kept["environment"] = json!("live");
        kept["service_url"] = json!("https://elsewhere.example");
        kept["expires_at"] = json!(expires_at);
        fs::write(desk.session_file(), kept.to_string()).unwrap();
        assert_eq!(desk.register(&[]).exit, exit, "{expires_at}");
    }
}

#[test]
fn newer_keys_are_remembered_and_older_ones_refused() {
    let desk = Desk::new();
    desk.register(&[]).well();
    desk.service.state().epoch = EPOCH + 5;
    desk.trusting(&["summary"]).well();
    assert_eq!(desk.session()["epoch"], EPOCH + 5);
    let hash = hex::encode(desk.service.state().binding().keyset_hash());
    assert_eq!(desk.session()["keyset_hash"], hash);

    desk.service.state().epoch = EPOCH + 4;
    let (url, calls) = (desk.service.url(), desk.service.count("/enclave"));
    let commands = [
        vec!["summary"],
        vec!["metrics"],
        vec!["revoke"],
        vec!["summary", "--service-url", &url],
        vec!["attest", &url],
    ];
    for arguments in commands {
        let ran = desk.trusting(&[&["--json"], arguments.as_slice()].concat());
        assert_eq!((ran.exit, &ran.error()["class"]), (3, &json!("epoch-rollback")), "{arguments:?}");
    }
    assert_eq!(desk.register(&["--replace"]).exit, 3);
    assert_eq!(desk.service.count("/enclave"), calls, "nothing was sealed to old keys");
}

#[test]
fn a_session_is_read_in_its_own_environment_only() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let mut kept = desk.session();
    kept["environment"] = json!("live");
    fs::write(desk.session_file(), kept.to_string()).unwrap();
    let calls = desk.service.count("/enclave");
    let ran = desk.trusting(&["--json", "summary"]);
    assert_eq!((ran.exit, &ran.error()["class"]), (3, &json!("config")));
    assert_eq!(desk.service.count("/enclave"), calls, "the session id was not told");
}

#[test]
fn a_session_that_cannot_be_kept_is_not_opened() {
    let desk = Desk::new();
    fs::write(desk.home.join("file"), "").unwrap();
    for place in ["file/session.json", "."] {
        let ran = desk.register(&["--replace", "--json", "--session-file", place]);
        assert_eq!((ran.exit, &ran.error()["code"]), (1, &json!("SESSION_FILE_UNWRITABLE")), "{place}");
    }
    assert_eq!(desk.service.count("/enclave"), 0);
}
