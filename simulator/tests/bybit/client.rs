//! A client of Bybit's interface: signs, sends, reads, and moves the venue's clock instead of waiting.

use crate::venue::{DAY_MS, KEY, NOW_MS, Reply, Venue, sign};
use serde_json::Value;

pub(crate) const WINDOW: &str = "5000";
/// In which the narrowest of all budgets is back.
pub(crate) const MINUTE_MS: i64 = 60_000;

pub(crate) struct Client {
    pub(crate) venue: Venue,
}

impl Client {
    /// Seed 1, with time stopped.
    pub(crate) fn still(more: &[&str]) -> Self {
        Self { venue: Venue::still(more) }
    }

    /// The venue's own time, as it tells it.
    pub(crate) fn now_ms(&self) -> i64 {
        let told = (0..20).map(|_| self.venue.public("/v5/market/time"));
        let whole = |reply: &Reply| reply.status == 200 && reply.whole && reply.json()["retCode"] == 0;
        let reply = told.into_iter().find(whole).expect("a time");
        reply.json()["time"].as_i64().unwrap()
    }

    /// A question signed now.
    pub(crate) fn signed(&self, path: &str, query: &str) -> Reply {
        self.signed_at(path, query, self.now_ms())
    }

    pub(crate) fn signed_at(&self, path: &str, query: &str, at_ms: i64) -> Reply {
        self.send("GET", path, query, "", &sign(&format!("{at_ms}{KEY}{WINDOW}{query}")), at_ms)
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Reply {
        let at_ms = self.now_ms();
        self.send("POST", path, "", body, &sign(&format!("{at_ms}{KEY}{WINDOW}{body}")), at_ms)
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        query: &str,
        body: &str,
        signature: &str,
        at_ms: i64,
    ) -> Reply {
        let joint = if query.is_empty() { "" } else { "?" };
        let stamp = at_ms.to_string();
        let headers = [
            ("X-BAPI-API-KEY", KEY),
            ("X-BAPI-TIMESTAMP", stamp.as_str()),
            ("X-BAPI-RECV-WINDOW", WINDOW),
            ("X-BAPI-SIGN", signature),
        ];
        self.venue.send(method, &format!("{path}{joint}{query}"), &headers, body)
    }

    /// The result of a question that must be answered.
    pub(crate) fn result(&self, path: &str, query: &str) -> Value {
        let reply = self.signed(path, query);
        assert_eq!(code(&reply), 0, "{path}?{query}: {}", reply.json());
        reply.json()["result"].clone()
    }

    pub(crate) fn public(&self, path_and_query: &str) -> Value {
        let reply = self.venue.public(path_and_query);
        assert_eq!(code(&reply), 0, "{path_and_query}: {}", reply.json());
        reply.json()["result"].clone()
    }

    /// All rows of a window, page by page, in the order in which they come.
    pub(crate) fn pages(&self, path: &str, name: &str, query: &str) -> Vec<Value> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            self.venue.advance(MINUTE_MS);
            let more = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
            let page = self.result(path, &format!("{query}{more}"));
            rows.extend(page[name].as_array().unwrap().clone());
            cursor = page["nextPageCursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                return rows;
            }
        }
    }

    /// All rows of the year before [`NOW_MS`], window by window.
    pub(crate) fn year(&self, path: &str, name: &str, query: &str, days: i64) -> Vec<Value> {
        let (mut rows, mut to_ms) = (Vec::new(), NOW_MS);
        let joint = if query.is_empty() { "" } else { "&" };
        while to_ms > NOW_MS - 366 * DAY_MS {
            let from_ms = to_ms - days * DAY_MS + 1;
            let window = format!("{query}{joint}startTime={from_ms}&endTime={to_ms}");
            rows.extend(self.pages(path, name, &window));
            to_ms = from_ms - 1;
        }
        rows
    }
}

/// The code of an answer, which is an HTTP 200 in any case.
pub(crate) fn code(reply: &Reply) -> i64 {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.json()["retCode"].as_i64().unwrap()
}

/// Hundred-millionths of a decimal string.
pub(crate) fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 8, "{text}");
    format!("{whole}{part:0<8}").parse().unwrap()
}

pub(crate) fn number(value: &Value) -> i64 {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).parse().unwrap()
}
