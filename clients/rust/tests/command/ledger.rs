//! Saving the ledger and replaying it: whole or not at all, for its owner alone, and the figures that follow from it.

use crate::{
    desk::{Desk, Ran},
    service::{LEDGER, refuses, well},
};
use protocol::{
    Code, Route,
    ledger_file::{Export, read},
};
use serde_json::{Value, json};
use std::{fs, process::Stdio};

/// A service that answers the ledger page by page.
fn pages(desk: &Desk, mut answer: impl FnMut(&Value) -> (u16, Value) + Send + 'static) {
    desk.service.answers(
        move |route, body| {
            if route == Route::Ledger { answer(body) } else { well(route, body) }
        },
    );
}

/// The lines of the ledger from a number on, some at a time.
fn page(body: &Value, revision: u64) -> (u16, Value) {
    let from = body["after"].as_str().map_or(0, |after| after.parse().unwrap());
    let lines: Vec<&str> = LEDGER.split_inclusive('\n').collect();
    let to = (from + 5).min(lines.len());
    let next = (to < lines.len()).then(|| to.to_string());
    (200, json!({ "revision": revision, "lines": lines[from..to].concat(), "next": next }))
}

#[cfg(unix)]
#[test]
fn a_ledger_is_saved_for_its_owner_alone() {
    use std::os::unix::fs::MetadataExt as _;
    let desk = Desk::new();
    desk.register(&[]).well();
    let saved = desk.trusting(&["--json", "export", "--out", "mine.jsonl"]).well();
    let said: Value = serde_json::from_str(&saved.out).unwrap();
    assert_eq!(
        (&said["fills"], &said["lines"], &said["bytes"]),
        (&json!(2), &json!(4), &json!(LEDGER.len()))
    );
    assert_eq!(fs::metadata(desk.home.join("mine.jsonl")).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(desk.home.join("mine.jsonl")).unwrap(), LEDGER);
}

#[test]
fn a_ledger_comes_in_pages_of_one_state() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let mut asked = Vec::new();
    pages(&desk, move |body| {
        assert!(asked.len() < 6, "no more than needed");
        asked.push(body.clone());
        let first = asked.len() == 1;
        assert_eq!(body["after"].is_null(), first);
        assert_eq!(body["revision"], if first { Value::Null } else { json!(3) });
        page(body, 3)
    });
    assert_eq!(desk.trusting(&["export"]).well().out, LEDGER);
}

#[test]
fn a_ledger_that_changes_is_begun_again_a_few_times() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let changes = |times: usize| {
        let mut left = times;
        move |body: &Value| {
            if left > 0 && body["after"] == "10" {
                left -= 1;
                return refuses(Code::LedgerChanged);
            }
            page(body, 3)
        }
    };
    pages(&desk, changes(3));
    assert_eq!(desk.trusting(&["export"]).well().out, LEDGER);
    pages(&desk, changes(4));
    let ran = desk.trusting(&["--json", "export", "--out", "never.jsonl"]);
    assert_eq!((ran.exit, &ran.error()["code"]), (6, &json!("LEDGER_CHANGED")));
    assert_eq!(left_behind(&desk), Vec::<String>::new());
}

/// Files of an export.
fn left_behind(desk: &Desk) -> Vec<String> {
    let names = fs::read_dir(&desk.home).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.contains("jsonl") || name.contains("perfagg")).collect()
}

#[test]
fn a_ledger_that_is_not_whole_is_not_saved() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let other = LEDGER.replace("\"environment\":\"development\"", "\"environment\":\"live\"");
    let file = read(LEDGER.as_bytes()).unwrap();
    let mut frame = file.frame.clone();
    frame.environment = "live".to_owned();
    let of_elsewhere: String =
        Export::new(&file.record, &frame, file.as_of).unwrap().pages(1 << 20).collect();
    for (lines, code) in [
        (other, "LEDGER_FILE_REFUSED"),
        (LEDGER[..LEDGER.rfind("[\"end\"").unwrap()].to_owned(), "LEDGER_FILE_REFUSED"),
        (LEDGER.replace("\"0.5\"", "\"-0.5\""), "LEDGER_FILE_REFUSED"),
        (LEDGER.trim_end().to_owned(), "ANSWER_UNKNOWN_FORM"),
        (String::new(), "ANSWER_UNKNOWN_FORM"),
        (of_elsewhere, "ENVIRONMENT_MISMATCH"),
    ] {
        pages(&desk, move |_| (200, json!({ "revision": 1, "lines": lines, "next": null })));
        let ran = desk.trusting(&["--json", "export", "--out", "out.jsonl"]);
        assert_eq!((ran.exit, &ran.error()["code"]), (3, &json!(code)));
        assert_eq!(left_behind(&desk), Vec::<String>::new());
    }
    pages(&desk, |body| page(body, if body["after"].is_null() { 1 } else { 2 }));
    assert_eq!(desk.trusting(&["export"]).exit, 3, "pages of two states");
}

#[test]
fn a_file_is_written_over_only_when_that_is_said() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let place = desk.home.join("mine.jsonl");
    fs::write(&place, "precious").unwrap();
    let calls = desk.service.count("/enclave");
    let ran = desk.trusting(&["--json", "export", "--out", "mine.jsonl"]);
    assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("USAGE")));
    assert_eq!(fs::read_to_string(&place).unwrap(), "precious");
    for out in ["absent/mine.jsonl", "."] {
        assert_eq!(desk.trusting(&["export", "--force", "--out", out]).exit, 2, "{out}");
    }
    assert_eq!(desk.service.count("/enclave"), calls, "nothing was asked for");
    desk.trusting(&["export", "--force", "--out", "mine.jsonl"]).well();
    assert_eq!(fs::read_to_string(&place).unwrap(), LEDGER);
}

fn replay(desk: &Desk, stdin: &str, arguments: &[&str]) -> Ran {
    use std::io::Write as _;
    let mut command = desk.command(&[&["replay"], arguments].concat());
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(stdin.as_bytes()).unwrap();
    drop(input);
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn a_replay_says_to_the_letter_what_the_service_says() {
    let desk = Desk::new();
    fs::write(desk.home.join("ledger.jsonl"), LEDGER).unwrap();
    let replayed = desk.run(&["replay", "ledger.jsonl", "--json"]).well().out;
    // As the enclave does it: the statement of the record, then what only a session knows.
    let file = read(LEDGER.as_bytes()).unwrap();
    let figures = file.record.figures(file.as_of);
    let mut served = protocol::statement::metrics(&file.frame, &file.record, &figures);
    served.insert("session_expires".to_owned(), json!("2026-11-25T12:00:00Z"));
    served.insert("sync".to_owned(), json!({ "state": "live", "progress": 1.0 }));
    let served = String::from_utf8(serde_json::to_vec(&served).unwrap()).unwrap();
    let of_session = served.find(",\"session_expires\"").unwrap();
    assert_eq!(replayed, format!("{}}}\n", &served[..of_session]));
    assert_eq!(replay(&desk, LEDGER, &["-", "--json"]).well().out, replayed, "stdin is as good as a file");
    assert_eq!(desk.service.count("/"), 0, "nobody was called");
}

/// The ledger of another account: other fingerprint, other instant.
fn of_another(as_of_ms: i64) -> String {
    let mut file = read(LEDGER.as_bytes()).unwrap();
    file.frame.accounts.get_mut("binance").unwrap().fingerprint = "another".to_owned();
    let as_of = ledger::Timestamp::from_millis(as_of_ms);
    Export::new(&file.record, &file.frame, as_of).unwrap().pages(1 << 20).collect()
}

#[test]
fn several_files_make_one_record() {
    let desk = Desk::new();
    fs::write(desk.home.join("a.jsonl"), LEDGER).unwrap();
    fs::write(desk.home.join("b.jsonl"), of_another(1_795_521_600_000)).unwrap();
    let json = |files: &[&str]| -> Value {
        let arguments = [&["--json", "replay"], files].concat();
        serde_json::from_str(&desk.run(&arguments).well().out).unwrap()
    };
    let (one, both) = (json(&["a.jsonl"]), json(&["a.jsonl", "b.jsonl"]));
    assert_eq!(both, json(&["b.jsonl", "a.jsonl"]), "in any order");
    assert_eq!((one["total"]["fills"].as_u64(), both["total"]["fills"].as_u64()), (Some(2), Some(4)));
    assert_eq!(one["total"]["equity"]["equity"], "50542.06");
    assert_eq!(both["total"]["equity"]["equity"], "101084.12");
    assert_eq!(one["total"]["returns"]["twr"], both["total"]["returns"]["twr"], "two of the same");
    assert_eq!(both["accounts"].as_array().unwrap().len(), 2);

    // Of another instant: what both cover ends at the midnight before.
    fs::write(desk.home.join("b.jsonl"), of_another(1_795_521_660_000)).unwrap();
    let both = json(&["a.jsonl", "b.jsonl"]);
    assert_eq!(both["as_of"], "2026-11-24T00:00:00Z");
    // 2 * (0.08 * 911.5 + 0.3 * 93100 + 22554.1)
    assert_eq!(both["total"]["equity"]["equity"], "101114.04");
    let page = desk.run(&["replay", "a.jsonl", "b.jsonl"]).well().out;
    assert!(page.contains("the last midnight") && page.contains("from 2 files"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
}

#[test]
fn files_that_cannot_be_replayed_say_why_and_what_to_do() {
    let desk = Desk::new();
    fs::write(desk.home.join("good.jsonl"), LEDGER).unwrap();
    fs::write(desk.home.join("cut.jsonl"), &LEDGER[..LEDGER.len() / 2]).unwrap();
    fs::write(desk.home.join("wrong.jsonl"), LEDGER.replace("\"0.5\"", "\"half\"")).unwrap();
    fs::write(desk.home.join("changed.jsonl"), LEDGER.replace("\"0.5\"", "\"0.6\"")).unwrap();
    for (files, code, said) in [
        (&["absent.jsonl"][..], "USAGE", "absent.jsonl cannot be read"),
        (&["cut.jsonl"], "LEDGER_FILE_REFUSED", "it was cut"),
        (
            &["wrong.jsonl"],
            "LEDGER_FILE_REFUSED",
            "wrong.jsonl, line 8: fill 3101 of BTCUSDT: quantity is not a decimal",
        ),
        (&["changed.jsonl"], "LEDGER_FILE_REFUSED", "the file was changed"),
        (&["good.jsonl", "good.jsonl"], "USAGE", "it would count twice"),
        (&["root.pem"], "LEDGER_FILE_REFUSED", "this is no ledger file"),
    ] {
        let ran = desk.run(&[&["--json", "replay"], files].concat());
        let error = ran.error();
        assert_eq!((ran.exit, error["code"].as_str()), (2, Some(code)), "{error}");
        assert!(error["title"].as_str().unwrap().contains(said), "{error}");
    }
    assert_eq!(desk.run(&["replay"]).exit, 2);
}
