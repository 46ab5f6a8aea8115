//! Bad days, in OKX's words: a patient client still reads everything, and what it reads is the truth.

use crate::{
    client::{Client, PASSPHRASE, ROWS, number, text, units},
    venue::{DAY_MS, NOW_MS, Reply, Venue},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Nobody is more patient than five retries.
const TRIES: usize = 6;
const HISTORY: &str = "trade/fills-history?instType=SPOT";

/// Time runs faster, and is moved where somebody would wait.
fn client(faults: &str, rate: &str) -> Client {
    let now = NOW_MS.to_string();
    let arguments = ["--now", &now, "--time-rate", rate, "--faults", faults, "--passphrase", PASSPHRASE];
    Client { venue: Venue::start(&arguments) }
}

/// What came of a question, in one word.
fn kind(reply: &Reply) -> String {
    match (reply.status, reply.whole) {
        (0, _) => "no answer".to_owned(),
        (_, false) => "broken off".to_owned(),
        (status, true) if reply.body.starts_with(b"{") => {
            let code = text(&reply.json()["code"]).to_owned();
            if (status, code.as_str()) == (200, "0") { String::new() } else { format!("{code}/{status}") }
        }
        (status, true) => status.to_string(),
    }
}

/// Asks until there is an answer.
fn patiently(client: &Client, seen: &mut BTreeMap<String, u32>, question: &str) -> Vec<Value> {
    for _ in 0..TRIES {
        client.venue.advance(2_000);
        let reply = client.private(question);
        let kind = kind(&reply);
        *seen.entry(kind.clone()).or_default() += 1;
        match kind.as_str() {
            "" => return reply.json()["data"].as_array().unwrap().clone(),
            // On a busy machine half a minute of this time is soon over.
            "50102/401" | "no answer" | "broken off" | "502" | "503" | "504" | "50004/200" | "50011/429"
            | "50001/503" | "50013/503" | "50026/500" => {}
            other => panic!("{other}"),
        }
    }
    panic!("failed {TRIES} times: {seen:?}");
}

/// All rows of a list by the ids of their bookings: each page begins after the oldest row there is, until there is no
/// older one.
fn all(client: &Client, seen: &mut BTreeMap<String, u32>, question: &str) -> BTreeMap<i64, Value> {
    let mut rows: BTreeMap<i64, Value> = BTreeMap::new();
    loop {
        let after = rows.keys().next().map_or(String::new(), |oldest| format!("&after={oldest}"));
        let page = patiently(client, seen, &format!("{question}{after}"));
        assert!(page.len() <= ROWS);
        let before = rows.len();
        rows.extend(page.iter().map(|row| (number(&row["billId"]), row.clone())));
        if page.is_empty() || rows.len() == before {
            return rows;
        }
    }
}

#[test]
fn a_patient_client_reads_the_truth_through_every_fault() {
    let mut seen = BTreeMap::new();
    for faults in ["1", "2"] {
        let client = client(faults, "100");
        let truth = client.venue.truth();
        client.venue.advance(3_600_000);
        // By the day, so that a list that moves on while it is read loses nothing that is looked at.
        let (begin, end) = (NOW_MS - 80 * DAY_MS, NOW_MS);
        let told = all(&client, &mut seen, &format!("{HISTORY}&begin={begin}&end={end}"));
        let fills: Vec<&Value> = truth["fills"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|fill| (begin..=end).contains(&fill["time"].as_i64().unwrap()))
            .collect();
        assert_eq!(told.len(), fills.len());
        let volume: i128 = told.values().map(|row| units(&row["fillSz"])).sum();
        assert_eq!(volume, fills.iter().map(|fill| units(&fill["qty"])).sum(), "faults {faults}");
        let bills = all(&client, &mut seen, &format!("account/bills-archive?type=2&begin={begin}&end={end}"));
        let trades: BTreeSet<(&str, &str)> =
            bills.values().map(|bill| (text(&bill["instId"]), text(&bill["tradeId"]))).collect();
        assert_eq!(trades.len(), fills.len(), "faults {faults}");
        // Until every kind of bad day was met.
        (0..200).for_each(|_| drop(patiently(&client, &mut seen, "account/config")));
    }
    for kind in [
        "",
        "50011/429",
        "50001/503",
        "50004/200",
        "50013/503",
        "50026/500",
        "502",
        "503",
        "504",
        "broken off",
    ] {
        assert!(seen.contains_key(kind), "{kind} did not happen: {seen:?}");
    }
}

#[test]
fn rows_of_the_page_before_come_again_and_orders_change() {
    let client = client("1", "100");
    let mut seen = BTreeMap::new();
    client.venue.advance(3_600_000);
    let ids = |rows: Vec<Value>| rows.iter().map(|row| number(&row["billId"])).collect::<Vec<i64>>();
    let newest: BTreeSet<i64> = ids(patiently(&client, &mut seen, HISTORY)).into_iter().collect();
    let middle = newest.iter().nth(50).copied().unwrap();
    let (mut again, mut orders) = (0, BTreeSet::new());
    for _ in 0..300 {
        let told = ids(patiently(&client, &mut seen, &format!("{HISTORY}&after={middle}&limit=30")));
        let older: BTreeSet<i64> = newest.range(..middle).rev().take(16).copied().collect();
        assert!(older.iter().all(|id| told.contains(id)), "{told:?}");
        again += usize::from(told.iter().any(|id| *id >= middle));
        orders.insert(told);
    }
    assert!(again > 0 && orders.len() > 2, "{again} {}", orders.len());
}

#[test]
fn executions_and_their_bookings_are_found_late_and_then_for_good() {
    for question in [HISTORY, "account/bills-archive?type=2"] {
        let (client, mut seen) = (client("1", "30"), BTreeMap::new());
        assert_eq!(client.venue.tell("fills", r#"{"count":600}"#)["made"], 600);
        let mut newest = || {
            let page = patiently(&client, &mut seen, question);
            page.iter().map(|row| number(&row["billId"])).collect::<BTreeSet<i64>>()
        };
        let at_once = newest();
        client.venue.advance(3_600_000);
        let later = newest();
        assert!(at_once != later && later == newest(), "{question}: some were not there yet");
        // The venue's clock is off by some seconds.
        let all = all(&client, &mut seen, &format!("{question}&begin={}", NOW_MS - 60_000));
        assert!(all.len() >= 600 && later.iter().all(|id| all.contains_key(id)), "{question}: {}", all.len());
    }
}
