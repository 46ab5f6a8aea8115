//! Asks as a client of the venue would.

use crate::venue::{Reply, Venue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of a full answer: of fills, and of the other lists.
pub(crate) const FILLS_MAX: usize = 2_000;
pub(crate) const ROWS_MAX: usize = 500;
/// In which a budget is full again.
pub(crate) const MINUTE_MS: i64 = 60_000;

pub(crate) struct Client {
    pub(crate) venue: Venue,
    pub(crate) address: String,
}

impl Client {
    /// At an instant that does not pass.
    pub(crate) fn still(more: &[&str]) -> Self {
        let venue = Venue::still(more);
        let address = venue.ready["hyperliquid"]["address"].as_str().unwrap().to_owned();
        Self { venue, address }
    }

    pub(crate) fn post(&self, body: &str) -> Reply {
        self.venue.send("POST", "/info", &[("Content-Type", "application/json")], body)
    }

    /// A question about our address, with what else it says.
    pub(crate) fn ask(&self, kind: &str, more: Value) -> Reply {
        let mut body = json!({ "type": kind, "user": self.address });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&body.to_string())
    }

    /// The answer to a question that must succeed.
    pub(crate) fn told(&self, kind: &str, more: Value) -> Value {
        let reply = self.ask(kind, more);
        assert_eq!(reply.status, 200, "{kind}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    }

    /// All rows of a list from a time on, page after page, each row once, oldest first.
    pub(crate) fn all(&self, kind: &str, rows_max: usize) -> Vec<Value> {
        let (mut all, mut from_ms) = (BTreeMap::new(), 0);
        loop {
            self.venue.advance(MINUTE_MS);
            let page = self.told(kind, json!({ "startTime": from_ms }));
            let page = page.as_array().unwrap();
            assert!(page.len() <= rows_max);
            for row in page {
                all.insert((row["time"].as_i64().unwrap(), row.to_string()), row.clone());
            }
            if page.len() < rows_max {
                return all.into_values().collect();
            }
            let last_ms = page.iter().map(|row| row["time"].as_i64().unwrap()).max().unwrap();
            assert!(last_ms > from_ms, "a full page of one instant");
            from_ms = last_ms;
        }
    }

    /// What Binance calls each spot pair.
    pub(crate) fn symbols(&self) -> BTreeMap<String, String> {
        let meta = self.told("spotMeta", json!({}));
        let token = |at: &Value| {
            let tokens = meta["tokens"].as_array().unwrap();
            let token = tokens.iter().find(|token| &token["index"] == at).unwrap();
            own_coin(token["name"].as_str().unwrap()).to_owned()
        };
        let pairs = meta["universe"].as_array().unwrap().iter();
        pairs
            .map(|pair| {
                let symbol = token(&pair["tokens"][0]) + &token(&pair["tokens"][1]);
                (pair["name"].as_str().unwrap().to_owned(), symbol)
            })
            .collect()
    }
}

/// What the world calls a coin.
pub(crate) fn own_coin(name: &str) -> &str {
    if name == "USDC" { "USDT" } else { name }
}

/// A number in hundred-millionths.
pub(crate) fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 8, "{text}");
    sign * (whole.parse::<i128>().unwrap() * 100_000_000 + format!("{part:0<8}").parse::<i128>().unwrap())
}
