//! Statements of records, whatever is in them: every number that does not exist says why, and nothing else is `null`.
#![cfg(test)]

mod records;

use ledger::{Asset, Timestamp};
use protocol::{
    api::Summary,
    ledger_file::LedgerFile,
    statement::{Frame, Statement, metrics, summary},
};
use serde_json::{Map, Value, json};

/// Fields that may be `null` and are no numbers.
const INSTANTS: [&str; 5] = ["first_fill", "last_fill", "from", "history_from", "next"];

/// Each `null` has its reason, under its path in the nearest object that has a `why`; each reason has its `null`.
fn check(value: &Value, path: &str) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Object(why)) = object.get("why") {
                let mut nulls = Vec::new();
                missing(object, "", &mut nulls);
                let mut told: Vec<&str> = why.keys().map(String::as_str).collect();
                told.sort_unstable();
                nulls.sort();
                assert_eq!(nulls, told, "{path}");
                assert!(why.values().all(|reason| reason.as_str().is_some_and(|text| !text.is_empty())));
            }
            object.iter().for_each(|(name, inner)| check(inner, &format!("{path}.{name}")));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| check(item, &format!("{path}[{at}]")));
        }
        Value::Number(number) => assert!(number.as_f64().is_some_and(f64::is_finite), "{path}"),
        Value::String(text) => assert!(!["NaN", "inf", "-inf"].contains(&text.as_str()), "{path}"),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Paths of the numbers that do not exist, down to objects that tell their own reasons.
fn missing(object: &Map<String, Value>, path: &str, nulls: &mut Vec<String>) {
    for (name, value) in object {
        match value {
            Value::Null if !INSTANTS.contains(&name.as_str()) => nulls.push(format!("{path}{name}")),
            Value::Object(inner) if name != "why" && !inner.contains_key("why") => {
                missing(inner, &format!("{path}{name}."), nulls);
            }
            _ => {}
        }
    }
}

fn sorted(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.keys().is_sorted() && object.values().all(sorted),
        Value::Array(items) => items.iter().all(sorted),
        _ => true,
    }
}

#[test]
fn every_null_has_its_reason_and_every_reason_its_null() {
    for (seed, fills) in [(1, 0), (2, 1), (3, 40), (4, 400)] {
        let LedgerFile { record, frame, as_of } = records::record(seed, fills);
        let figures = record.figures(as_of);
        let (summary, metrics) =
            (summary(&frame, &record, &figures).into(), metrics(&frame, &record, &figures).into());
        for body in [&summary, &metrics] {
            check(body, &format!("seed {seed}"));
            assert!(sorted(body), "members stand in the order of their names");
        }
        assert_eq!(metrics["accounts"].as_array().unwrap().len(), frame.accounts.len());
        assert_eq!(metrics["coverage"], summary["coverage"]);
        assert_eq!(metrics["total"]["confidence"]["why"]["dsr"], "number_of_trials_unknown");
        assert_eq!(metrics["total"]["risk"]["risk_free_annual"], 0.1 + 0.2, "what is in use is published");
        let unread = summary["coverage"]["unread"].as_array().unwrap();
        assert!(unread.contains(&json!({ "what": "fills of \"OLD\"", "why": "delisted" })));
        assert_eq!(summary["coverage"]["cannot_see"], json!(["cards \"and\" P2P"]));
    }
}

#[test]
fn a_summary_is_what_clients_read() {
    let LedgerFile { record, frame, as_of } = records::record(5, 100);
    let mut body = summary(&frame, &record, &record.figures(as_of));
    body.insert("session_expires".to_owned(), "2026-11-25T00:00:00Z".into());
    body.insert("sync".to_owned(), json!({ "state": "live", "progress": 1 }));
    let read: Summary = serde_json::from_value(body.clone().into()).unwrap();
    let mut again = serde_json::to_value(&read).unwrap();
    again.sort_all_objects();
    again["sync"] = body["sync"].clone();
    let mut body = Value::Object(body);
    body.sort_all_objects();
    assert_eq!(again, body, "every member has its place, and none is left");
}

#[test]
fn before_there_is_anything_every_number_says_why() {
    let frame = Frame { environment: "development".to_owned(), ..Frame::default() };
    let at = Timestamp::from_millis(records::AS_OF);
    let none = Statement::none(&Asset::from("USDT"), at, "sync_in_progress");
    let (summary, metrics) = (Value::from(none.summary(&frame)), Value::from(none.metrics(&frame)));
    assert_eq!(summary["as_of"], "2026-11-24T12:00:00Z");
    for path in ["/equity", "/return/twr", "/trades/fills", "/coverage/days_observed", "/coverage/residual"] {
        assert_eq!(summary.pointer(path), Some(&Value::Null), "{path}");
        let why = path.trim_start_matches('/').replace('/', ".");
        assert_eq!(summary["why"][&why], "sync_in_progress", "{path}");
    }
    assert_eq!((&metrics["total"], &metrics["why"]["total"]), (&Value::Null, &json!("sync_in_progress")));
    for list in ["accounts", "symbols", "months", "prices"] {
        assert_eq!(metrics[list], json!([]));
    }
}
