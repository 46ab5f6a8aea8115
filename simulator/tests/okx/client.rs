//! A client of OKX's interface: signs, sends, reads, and moves the venue's clock instead of waiting.

use crate::venue::{KEY, Reply, SECRET, Venue};
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

pub(crate) const PASSPHRASE: &str = "a passphrase of this test";
pub(crate) const ROWS: usize = 100;

pub(crate) struct Client {
    pub(crate) venue: Venue,
}

impl Client {
    /// Seed 1, with time stopped.
    pub(crate) fn still(more: &[&str]) -> Self {
        Self { venue: Venue::still(&[&["--passphrase", PASSPHRASE], more].concat()) }
    }

    pub(crate) fn public(&self, path_and_query: &str) -> Reply {
        self.venue.public(&format!("/api/v5/{path_and_query}"))
    }

    /// A question signed now.
    pub(crate) fn private(&self, path_and_query: &str) -> Reply {
        self.send("GET", &format!("/api/v5/{path_and_query}"), "")
    }

    pub(crate) fn send(&self, method: &str, path_and_query: &str, body: &str) -> Reply {
        let at = stamp(self.venue.truth_ms());
        let signature = sign(&format!("{at}{method}{path_and_query}{body}"));
        let headers = headers(&at, &signature);
        self.venue.send(
            method,
            path_and_query,
            &headers.each_ref().map(|(name, value)| (*name, *value)),
            body,
        )
    }

    /// The rows of a question that must be answered.
    pub(crate) fn rows(&self, path_and_query: &str) -> Vec<Value> {
        let reply = self.private(path_and_query);
        rows(&reply, path_and_query)
    }

    /// The rows of a public question that must be answered.
    pub(crate) fn told(&self, path_and_query: &str) -> Vec<Value> {
        rows(&self.public(path_and_query), path_and_query)
    }

    /// All rows of a list, newest first, by pages that begin after the row before, which `key` names.
    pub(crate) fn all(&self, path_and_query: &str, key: &str) -> Vec<Value> {
        let mark = if path_and_query.contains('?') { '&' } else { '?' };
        let mut all: Vec<Value> = Vec::new();
        loop {
            self.venue.advance(1_000);
            let after = all.last().map_or(String::new(), |row| format!("{mark}after={}", text(&row[key])));
            let page = self.rows(&format!("{path_and_query}{after}"));
            let is_last = page.len() < ROWS;
            all.extend(page);
            if is_last {
                return all;
            }
        }
    }
}

pub(crate) fn headers<'a>(at: &'a str, signature: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("OK-ACCESS-KEY", KEY),
        ("OK-ACCESS-PASSPHRASE", PASSPHRASE),
        ("OK-ACCESS-TIMESTAMP", at),
        ("OK-ACCESS-SIGN", signature),
    ]
}

pub(crate) fn rows(reply: &Reply, asked: &str) -> Vec<Value> {
    assert_eq!(said(reply), (200, 0), "{asked}: {}", String::from_utf8_lossy(&reply.body));
    reply.json()["data"].as_array().expect("rows").clone()
}

/// Status and code.
pub(crate) fn said(reply: &Reply) -> (u16, i64) {
    (reply.status, reply.json()["code"].as_str().expect("a code").parse().unwrap())
}

/// HMAC-SHA256 in Base64.
pub(crate) fn sign(payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    Base64::encode_string(&mac.finalize().into_bytes())
}

/// `2026-11-22T00:00:00.000Z`, of days of November and December 2026 alone.
pub(crate) fn stamp(at_ms: i64) -> String {
    const NOVEMBER_MS: i64 = 1_793_491_200_000;
    let since = at_ms - NOVEMBER_MS;
    let day = since.div_euclid(86_400_000);
    assert!((0..61).contains(&day), "{at_ms}");
    let (month, day) = if day < 30 { (11, day + 1) } else { (12, day - 29) };
    let part = |length: i64, count: i64| since.div_euclid(length).rem_euclid(count);
    let (hour, minute, second) = (part(3_600_000, 24), part(60_000, 60), part(1_000, 60));
    format!("2026-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.rem_euclid(1_000))
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub(crate) fn number(value: &Value) -> i64 {
    text(value).parse().unwrap()
}

/// Hundred-millionths of a decimal string.
pub(crate) fn units(value: &Value) -> i128 {
    let text = text(value);
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 8, "{text}");
    sign * format!("{whole}{part:0<8}").parse::<i128>().unwrap()
}
