//! Bad days, in Coinbase's words: a patient client still reads everything, and what it reads is the truth.

use crate::{
    client::{Client, units},
    venue::{NOW_MS, Reply, Venue},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// Nobody is more patient than five retries.
const TRIES: usize = 6;

/// Time runs ten times as fast, and is moved where somebody would wait.
fn client(faults: &str) -> Client {
    let now = NOW_MS.to_string();
    Client::of(Venue::start(&["--now", &now, "--time-rate", "10", "--faults", faults]))
}

/// What came of a question, in one word.
fn kind(reply: &Reply) -> String {
    match (reply.status, reply.whole) {
        (0, _) => "no answer".to_owned(),
        (_, false) => "broken off".to_owned(),
        (429, true) if reply.header("retry-after").is_some() => "429, for a while".to_owned(),
        (status, true) => status.to_string(),
    }
}

/// Asks until there is an answer. Each try has a token of its own, and this client's clock is the venue's.
fn patiently(client: &Client, seen: &mut BTreeMap<String, u32>, skew_s: i64, path_and_query: &str) -> Value {
    let path = path_and_query.split('?').next().unwrap();
    for _ in 0..TRIES {
        client.venue.advance(1_000);
        let mut token = client.token("GET", path);
        // Half a minute in either direction, for a machine that has much to do.
        for (name, shift_s) in [("nbf", -30), ("exp", -60)] {
            token.claims[name] = Value::from(token.claims[name].as_i64().unwrap() + skew_s + shift_s);
        }
        let reply = client.send("GET", path_and_query, &client.signed(&token));
        let kind = kind(&reply);
        *seen.entry(kind.clone()).or_default() += 1;
        match kind.as_str() {
            "200" => return reply.json(),
            "429" | "429, for a while" | "500" | "502" | "503" | "504" | "no answer" | "broken off" => {}
            other => panic!("{other}"),
        }
    }
    panic!("failed {TRIES} times: {seen:?}");
}

/// How far the venue's clock is off, in whole seconds, rounded down.
fn skew_s(client: &Client) -> i64 {
    let told = (0..20).map(|_| client.public("/api/v3/brokerage/time"));
    let time =
        told.filter(|reply| reply.status == 200 && reply.whole).map(|reply| reply.json()).next().unwrap();
    let venue_ms: i64 = time["epochMillis"].as_str().unwrap().parse().unwrap();
    (venue_ms - client.now_ms()).div_euclid(1000)
}

#[test]
fn a_patient_client_reads_the_truth_through_every_fault() {
    let mut seen = BTreeMap::new();
    for faults in ["1", "2"] {
        let client = client(faults);
        let truth = client.venue.truth();
        client.venue.advance(3_600_000);
        let skew_s = skew_s(&client);
        let (mut fills, mut cursor) = (BTreeMap::new(), String::new());
        loop {
            let path = "/api/v3/brokerage/orders/historical/fills";
            let page = patiently(&client, &mut seen, skew_s, &format!("{path}?cursor={cursor}"));
            let rows = page["fills"].as_array().unwrap();
            assert!(rows.len() <= 100);
            fills.extend(rows.iter().map(|row| (row["entry_id"].to_string(), row["size"].clone())));
            cursor = page["cursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                break;
            }
        }
        let expected = truth["fills"].as_array().unwrap();
        assert_eq!(fills.len(), expected.len(), "faults {faults}");
        let volume: i128 = fills.values().map(units).sum();
        assert_eq!(volume, expected.iter().map(|fill| units(&fill["qty"])).sum(), "faults {faults}");
        let (mut sum, mut told, mut next) =
            (0, BTreeMap::new(), "/v2/accounts/ETH/transactions?limit=100".to_owned());
        loop {
            let page = patiently(&client, &mut seen, skew_s, &next);
            for row in page["data"].as_array().unwrap().iter().filter(|row| row["status"] == "completed") {
                if told.insert(row["id"].to_string(), ()).is_none() {
                    sum += units(&row["amount"]["amount"]);
                }
            }
            match page["pagination"]["next_uri"].as_str() {
                Some(uri) => next = uri.to_owned(),
                None => break,
            }
        }
        let there = truth["balances"].as_array().unwrap().iter().find(|row| row["asset"] == "ETH").unwrap();
        assert_eq!(sum, units(&there["free"]) + units(&there["locked"]), "faults {faults}");
    }
    for kind in ["200", "429", "429, for a while", "500", "502", "503", "504", "broken off"] {
        assert!(seen.contains_key(kind), "{kind} did not happen: {seen:?}");
    }
}

#[test]
fn a_clock_that_is_not_the_venues_is_refused() {
    // Of these seeds the venue is behind: what begins now has not begun there.
    let behind =
        (1..20).map(|seed: u64| client(&seed.to_string())).find(|client| skew_s(client) < -2).unwrap();
    let tries = (0..TRIES).map(|_| behind.ask("/api/v3/brokerage/accounts"));
    assert!(tries.filter(|reply| reply.whole).any(|reply| reply.status == 401));
}

#[test]
fn a_fill_that_is_found_late_is_not_told_before_nor_lost() {
    let client = client("3");
    let skew_s = skew_s(&client);
    client.venue.tell("fills", r#"{"count":200}"#);
    let mut seen = BTreeMap::new();
    let count = |seen: &mut BTreeMap<String, u32>| {
        let path = "/api/v3/brokerage/orders/historical/fills";
        let start = "2026-11-21T23:59:00Z";
        let page =
            patiently(&client, seen, skew_s, &format!("{path}?limit=250&start_sequence_timestamp={start}"));
        let ids = page["fills"].as_array().unwrap().iter().map(|row| row["entry_id"].to_string());
        ids.collect::<std::collections::BTreeSet<_>>().len()
    };
    let first = count(&mut seen);
    client.venue.advance(60_000);
    let later = count(&mut seen);
    assert!(first < later && later == 200, "{first} of {later}");
}
