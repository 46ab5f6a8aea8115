//! Bad days: with every fault on, a patient client still reads everything, and what it reads is the truth.
#![cfg(test)]

mod venue;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use venue::{DAY_MS, NOW_MS, Reply, Venue};

/// Nobody is more patient than five retries.
const TRIES: usize = 6;

/// A client as simple as can be: measures the clock, retries, and waits as told. Time runs a hundred times as fast.
struct Client {
    venue: Venue,
    offset_ms: i64,
    seen: BTreeMap<String, u32>,
}

impl Client {
    fn new(faults: &str) -> Self {
        let venue = Venue::start(&["--now", &NOW_MS.to_string(), "--time-rate", "100", "--faults", faults]);
        let mut client = Self { venue, offset_ms: 0, seen: BTreeMap::new() };
        let told = client.patiently(|client| client.venue.public("/api/v3/time"));
        client.offset_ms = told["serverTime"].as_i64().unwrap() - client.local_ms();
        client
    }

    fn local_ms(&self) -> i64 {
        self.venue.public("/simulator/clock").json()["now_ms"].as_i64().unwrap()
    }

    fn wait(&self, milliseconds: i64) {
        let until_ms = self.local_ms() + milliseconds;
        self.venue.public(&format!("/simulator/clock/wait?until_ms={until_ms}"));
    }

    fn signed(&mut self, path: &str, query: &str) -> Value {
        self.patiently(|client| {
            let now_ms = client.local_ms() + client.offset_ms;
            client.venue.signed_at("GET", path, &format!("{query}&recvWindow=60000"), now_ms)
        })
    }

    fn patiently(&mut self, ask: impl Fn(&Self) -> Reply) -> Value {
        for _ in 0..TRIES {
            let reply = ask(self);
            let kind = match (reply.status, reply.whole) {
                (0, _) => "no answer".to_owned(),
                (_, false) => "broken off".to_owned(),
                (status, _) => status.to_string(),
            };
            *self.seen.entry(kind).or_default() += 1;
            match reply.status {
                200 if reply.whole => return reply.json(),
                429 | 418 => self.wait(reply.header("retry-after").unwrap().parse::<i64>().unwrap() * 1000),
                0 | 200 | 500.. => self.wait(100),
                _ => assert_eq!(reply.refusal(), (200, 0)),
            }
        }
        panic!("failed {TRIES} times: {:?}", self.seen);
    }

    /// All fills of a symbol, by id, whatever pages look like.
    fn fills(&mut self, symbol: &str) -> Vec<Value> {
        let mut all: BTreeMap<u64, Value> = BTreeMap::new();
        loop {
            let from = all.keys().last().copied().unwrap_or(0);
            let page = self.signed("/api/v3/myTrades", &format!("symbol={symbol}&fromId={from}&limit=100"));
            let rows = page.as_array().unwrap().clone();
            let full = rows.len() >= 100;
            all.extend(rows.into_iter().map(|row| (row["id"].as_u64().unwrap(), row)));
            if !full {
                return all.into_values().collect();
            }
        }
    }
}

#[test]
fn a_patient_client_reads_the_truth_through_every_fault() {
    let mut kinds = BTreeSet::new();
    for faults in ["1", "2", "3"] {
        let mut client = Client::new(faults);
        let truth = client.venue.truth();
        for symbol in ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "BNBUSDT", "DOGEUSDT", "ETHBTC", "UNIUSDT"]
        {
            let fills = truth["fills"].as_array().unwrap();
            let expected: Vec<Value> =
                fills.iter().filter(|fill| fill["symbol"] == symbol).cloned().collect();
            assert_eq!(client.fills(symbol), expected, "{symbol}, faults {faults}");
        }
        let newest = NOW_MS - 10 * DAY_MS;
        let query = format!("startTime={}&endTime={newest}", newest - 89 * DAY_MS);
        let mut told = client.signed("/sapi/v1/capital/deposit/hisrec", &query).as_array().unwrap().clone();
        told.sort_by_key(|row| row["insertTime"].as_i64());
        told.dedup();
        let in_window =
            |row: &&Value| (newest - 89 * DAY_MS..=newest).contains(&row["insertTime"].as_i64().unwrap());
        let expected: Vec<Value> =
            truth["deposits"].as_array().unwrap().iter().filter(in_window).cloned().collect();
        assert_eq!(told, expected, "faults {faults}");
        kinds.extend(client.seen.into_keys());
    }
    for kind in ["200", "429", "418", "500", "502", "503", "504", "broken off", "no answer"] {
        assert!(kinds.contains(kind), "{kind} did not happen: {kinds:?}");
    }
}

#[test]
fn the_venues_clock_must_be_measured() {
    for faults in ["1", "2", "3", "4"] {
        let venue = Venue::still(&["--faults", faults]);
        let off = venue.venue_ms() - NOW_MS;
        assert!((1500..=6500).contains(&off.abs()), "{off}");
        // Judged by the venue's time: signed by the simulator's own, an answer is late or ahead.
        let (slow, window) = (off > 0, format!("recvWindow={}", off.abs() - 1));
        let refused = (0..40)
            .map(|_| venue.signed_at("GET", "/api/v3/account", &window, NOW_MS))
            .find(|reply| reply.status == 400);
        assert_eq!(refused.map(|reply| reply.refusal()), Some((400, -1021)), "faults {faults}, slow: {slow}");
    }
}

#[test]
fn the_same_seed_meets_the_same_faults() {
    let statuses = |faults: &str| {
        let venue = Venue::start(&["--now", &NOW_MS.to_string(), "--time-rate", "1000", "--faults", faults]);
        let asked = (0..300).map(|_| venue.public("/api/v3/ping"));
        asked.map(|reply| (reply.status, reply.whole)).collect::<Vec<_>>()
    };
    assert_eq!(statuses("11"), statuses("11"));
    assert_ne!(statuses("11"), statuses("12"));
}

#[test]
fn fills_are_found_late_and_then_for_good() {
    for faults in ["1", "2", "3"] {
        let mut client = Client::new(faults);
        client.venue.tell("fills", r#"{"count":2000}"#);
        let new = |client: &mut Client| {
            let rows = client.signed(
                "/api/v3/myTrades",
                &format!("symbol=BTCUSDT&startTime={}&limit=1000", NOW_MS - 100_000),
            );
            let ids =
                rows.as_array().unwrap().iter().map(|fill| fill["id"].as_u64()).collect::<BTreeSet<_>>();
            ids.len()
        };
        let at_once = new(&mut client);
        client.venue.advance(60_000);
        let later = new(&mut client);
        client.venue.advance(3_600_000);
        assert!(later > at_once && new(&mut client) == later, "faults {faults}: {at_once}, then {later}");
    }
}

#[test]
fn control_is_never_faulty() {
    let venue = Venue::still(&["--faults", "1"]);
    assert!((0..300).all(|_| venue.public("/simulator/clock").status == 200));
}
