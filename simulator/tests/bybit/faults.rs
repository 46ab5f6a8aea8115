//! Bad days, in Bybit's words: a patient client still reads everything, and what it reads is the truth.

use crate::{
    client::{Client, number, units},
    venue::{DAY_MS, NOW_MS, Reply, Venue},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Nobody is more patient than five retries.
const TRIES: usize = 6;

/// Time runs so many times as fast, and is moved where somebody would wait.
fn client(faults: &str, rate: &str) -> Client {
    let now = NOW_MS.to_string();
    Client { venue: Venue::start(&["--now", &now, "--time-rate", rate, "--faults", faults]) }
}

/// What came of a question, in one word.
fn kind(reply: &Reply) -> String {
    match (reply.status, reply.whole) {
        (0, _) => "no answer".to_owned(),
        (_, false) => "broken off".to_owned(),
        (200, true) => reply.json()["retCode"].to_string(),
        (status, true) => status.to_string(),
    }
}

/// Asks until there is an answer.
fn patiently(client: &Client, seen: &mut BTreeMap<String, u32>, path: &str, query: &str) -> Value {
    for _ in 0..TRIES {
        client.venue.advance(1_000);
        let reply = client.signed(path, query);
        let kind = kind(&reply);
        *seen.entry(kind.clone()).or_default() += 1;
        match kind.as_str() {
            "0" => return reply.json()["result"].clone(),
            "403" => client.venue.advance(600_000),
            // A thousand times as fast, a stamp is old soon.
            "10002" | "10006" | "10018" | "10016" | "10000" | "no answer" | "broken off" | "502" | "503"
            | "504" => {}
            other => panic!("{other}"),
        }
    }
    panic!("failed {TRIES} times: {seen:?}");
}

#[test]
fn a_patient_client_reads_the_truth_through_every_fault() {
    let mut seen = BTreeMap::new();
    for faults in ["1", "2"] {
        let client = client(faults, "1000");
        let truth = client.venue.truth();
        client.venue.advance(3_600_000);
        let (mut rows, mut to_ms) = (BTreeMap::new(), NOW_MS);
        while to_ms > NOW_MS - 366 * DAY_MS {
            let from_ms = to_ms - 7 * DAY_MS + 1;
            let window = format!("category=spot&limit=100&startTime={from_ms}&endTime={to_ms}");
            let mut cursor = String::new();
            loop {
                let more = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
                let page = patiently(&client, &mut seen, "/v5/execution/list", &format!("{window}{more}"));
                let told = page["list"].as_array().unwrap();
                assert!(told.len() <= 100);
                rows.extend(told.iter().map(|row| (row["execId"].to_string(), row.clone())));
                cursor = page["nextPageCursor"].as_str().unwrap().to_owned();
                if cursor.is_empty() {
                    break;
                }
            }
            to_ms = from_ms - 1;
        }
        let fills = truth["fills"].as_array().unwrap();
        assert_eq!(rows.len(), fills.len(), "faults {faults}");
        let volume: i128 = rows.values().map(|row| units(&row["execQty"])).sum();
        assert_eq!(volume, fills.iter().map(|fill| units(&fill["qty"])).sum(), "faults {faults}");
    }
    for kind in ["0", "10006", "10016", "10000", "502", "503", "broken off"] {
        assert!(seen.contains_key(kind), "{kind} did not happen: {seen:?}");
    }
}

#[test]
fn what_is_told_twice_or_in_another_order_is_all_there() {
    let client = client("1", "1000");
    let mut seen = BTreeMap::new();
    client.venue.advance(3_600_000);
    let window = format!("category=spot&limit=100&startTime={}&endTime={NOW_MS}", NOW_MS - DAY_MS / 24);
    let (mut longer, mut unsorted, mut ids) = (0, 0, None);
    for _ in 0..200 {
        let page = patiently(&client, &mut seen, "/v5/execution/list", &window);
        let rows = page["list"].as_array().unwrap();
        let told: BTreeSet<String> = rows.iter().map(|row| row["execId"].to_string()).collect();
        longer += usize::from(rows.len() > told.len());
        unsorted += usize::from(!rows.is_sorted_by(|a, b| number(&a["execTime"]) >= number(&b["execTime"])));
        assert_eq!(ids.get_or_insert_with(|| told.clone()), &told);
    }
    assert!(longer > 0 && unsorted > 0, "{longer} {unsorted}");
}

#[test]
fn executions_and_their_bookings_are_found_late_and_then_for_good() {
    for (path, query, fills, rows) in [
        ("/v5/execution/list", "category=spot&limit=100", 90, 90),
        ("/v5/account/transaction-log", "type=TRADE&limit=50", 12, 24),
    ] {
        let (client, mut seen) = (client("1", "1"), BTreeMap::new());
        assert_eq!(client.venue.tell("fills", &format!(r#"{{"count":{fills}}}"#))["made"], fills);
        // The venue's clock is off by some seconds.
        let window = format!("{query}&startTime={}&endTime={}", NOW_MS - 60_000, NOW_MS + DAY_MS);
        let mut count = || {
            let page = patiently(&client, &mut seen, path, &window);
            page["list"].as_array().unwrap().iter().map(Value::to_string).collect::<BTreeSet<_>>().len()
        };
        let at_once = count();
        client.venue.advance(3_600_000);
        let later = count();
        assert!(at_once < later && later >= rows && count() == later, "{path}: {at_once}, then {later}");
    }
}
