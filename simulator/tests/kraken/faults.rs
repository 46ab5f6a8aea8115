//! Bad days, in Kraken's words: a patient client still reads everything, and what it reads is the truth.

use crate::{
    client::{Client, KEY, ROWS, SECRET, ids, units},
    venue::{NOW_MS, Reply, Venue},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Nobody is more patient than five retries.
const TRIES: usize = 6;

/// Time runs a thousand times as fast, and is moved where somebody would wait.
fn client(faults: &str) -> Client {
    let now = NOW_MS.to_string();
    let arguments = ["--now", &now, "--time-rate", "1000", "--faults", faults];
    Client::of(Venue::start(
        &[arguments.as_slice(), &["--kraken-key", KEY, "--kraken-secret", SECRET]].concat(),
    ))
}

/// What came of a question, in one word.
fn kind(reply: &Reply) -> String {
    match (reply.status, reply.whole) {
        (0, _) => "no answer".to_owned(),
        (_, false) => "broken off".to_owned(),
        (200, true) => {
            let words = reply.json()["error"].get(0).and_then(Value::as_str).unwrap_or_default().to_owned();
            words.split(": ").next().unwrap_or_default().to_owned()
        }
        (status, true) => status.to_string(),
    }
}

/// Asks until there is an answer. Each try has a nonce of its own.
fn patiently(client: &Client, seen: &mut BTreeMap<String, u32>, method: &str, form: &str) -> Reply {
    for _ in 0..TRIES {
        client.venue.advance(4_000);
        let reply = client.private(method, form);
        let kind = kind(&reply);
        *seen.entry(kind.clone()).or_default() += 1;
        match kind.as_str() {
            "" => return reply,
            "EGeneral:Temporary lockout" => client.venue.advance(15 * 60_000),
            "EAPI:Rate limit exceeded"
            | "EService:Throttled"
            | "EService:Unavailable"
            | "EService:Busy"
            | "no answer"
            | "broken off"
            | "502"
            | "503"
            | "504" => {}
            other => panic!("{other}"),
        }
    }
    panic!("failed {TRIES} times: {seen:?}");
}

/// All rows of a list: from a fixed end, until there is nothing new and as many as the venue counts.
fn all(
    client: &Client,
    seen: &mut BTreeMap<String, u32>,
    (method, name): (&str, &str),
    form: &str,
) -> BTreeMap<String, Value> {
    let (mut rows, mut offset) = (BTreeMap::new(), 0);
    loop {
        let page = patiently(client, seen, method, &format!("{form}&ofs={offset}")).json()["result"].clone();
        let told = page[name].as_object().unwrap().clone();
        assert!(told.len() <= ROWS);
        rows.extend(told);
        offset += ROWS;
        let count = usize::try_from(page["count"].as_u64().unwrap()).unwrap();
        if offset >= count {
            assert_eq!(rows.len(), count, "{method}: none is lost");
            return rows;
        }
    }
}

#[test]
fn a_patient_client_reads_the_truth_through_every_fault() {
    let mut seen = BTreeMap::new();
    for faults in ["1", "2"] {
        let client = client(faults);
        let truth = client.venue.truth();
        client.venue.advance(3_600_000);
        let end = format!("end={}", NOW_MS / 1000);
        let trades =
            all(&client, &mut seen, ("TradesHistory", "trades"), &format!("consolidate_taker=false&{end}"));
        let volume: i128 = trades.values().map(|trade| units(&trade["vol"])).sum();
        let fills = truth["fills"].as_array().unwrap();
        assert_eq!(trades.len(), fills.len());
        assert_eq!(volume, fills.iter().map(|fill| units(&fill["qty"])).sum(), "faults {faults}");
        let entries = all(&client, &mut seen, ("Ledgers", "ledger"), &format!("type=withdrawal&{end}"));
        let done = truth["withdrawals"].as_array().unwrap().iter().filter(|row| row["status"] == 6).count();
        assert_eq!(entries.len(), done, "faults {faults}");
    }
    for kind in [
        "",
        "EAPI:Rate limit exceeded",
        "EService:Throttled",
        "EGeneral:Temporary lockout",
        "EService:Unavailable",
        "EService:Busy",
        "502",
        "503",
        "504",
        "broken off",
    ] {
        assert!(seen.contains_key(kind), "{kind} did not happen: {seen:?}");
    }
}

#[test]
fn rows_of_the_page_before_come_again_where_there_is_room() {
    let client = client("1");
    let mut seen = BTreeMap::new();
    client.venue.advance(3_600_000);
    let newest = ids(&patiently(&client, &mut seen, "TradesHistory", "consolidate_taker=false"), 'T');
    let form = format!("consolidate_taker=false&start={}&ofs=20", newest[30]);
    let (mut again, mut orders) = (0, BTreeSet::new());
    for _ in 0..300 {
        let told = ids(&patiently(&client, &mut seen, "TradesHistory", &form), 'T');
        assert!(newest[20..30].iter().all(|id| told.contains(id)), "{told:?}");
        again += usize::from(told.len() > 10);
        orders.insert(told);
    }
    assert!(again > 0 && orders.len() > 2, "{again} {}", orders.len());
}

#[test]
fn trades_and_their_entries_are_found_late_and_then_for_good() {
    for method in ["TradesHistory", "Ledgers"] {
        let (client, mut seen) = (client("1"), BTreeMap::new());
        assert_eq!(client.venue.tell("fills", r#"{"count":600}"#)["made"], 600);
        // The venue's clock is off by some seconds.
        let form = format!("consolidate_taker=false&start={}", NOW_MS / 1000 - 60);
        let mut count = || {
            let told = patiently(&client, &mut seen, method, &form).json();
            told["result"]["count"].as_u64().unwrap()
        };
        let at_once = count();
        client.venue.advance(3_600_000);
        let later = count();
        assert!(at_once < later && later >= 600 && count() == later, "{method}: {at_once}, then {later}");
    }
}
