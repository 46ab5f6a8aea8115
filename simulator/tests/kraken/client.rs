//! A client of Kraken's interface: signs, sends, reads, and moves the venue's clock instead of waiting.

use crate::venue::{Reply, Venue};
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256, Sha512};
use std::{cell::Cell, collections::BTreeMap};

pub(crate) const KEY: &str = "aKrakenKeyOfThisTest";
pub(crate) const SECRET: &str =
    "a3Jha2VuIHNlY3JldCBvZiB0aGlzIHRlc3Qga3Jha2VuIHNlY3JldCBvZiB0aGlzIHRlc3QgMDAwMDAwMDAwMg==";
pub(crate) const ROWS: usize = 50;
/// Two points of the counter come back in this time.
pub(crate) const TWO_POINTS_MS: i64 = 4_000;

pub(crate) struct Client {
    pub(crate) venue: Venue,
    pub(crate) nonce: Cell<u64>,
}

impl Client {
    /// Seed 1, with time stopped.
    pub(crate) fn still(more: &[&str]) -> Self {
        Self::of(Venue::still(&[&["--kraken-key", KEY, "--kraken-secret", SECRET], more].concat()))
    }

    pub(crate) fn of(venue: Venue) -> Self {
        Self { venue, nonce: Cell::new(0) }
    }

    pub(crate) fn public(&self, method_and_query: &str) -> Reply {
        self.venue.public(&format!("/0/public/{method_and_query}"))
    }

    /// A signed question with the next nonce.
    pub(crate) fn private(&self, method: &str, form: &str) -> Reply {
        self.nonce.set(self.nonce.get() + 1);
        let joint = if form.is_empty() { "" } else { "&" };
        self.with_body(method, &format!("nonce={}{joint}{form}", self.nonce.get()))
    }

    /// A signed question with this body, whatever stands in it.
    pub(crate) fn with_body(&self, method: &str, body: &str) -> Reply {
        let path = format!("/0/private/{method}");
        let nonce = body.split('&').find_map(|pair| pair.strip_prefix("nonce=")).unwrap_or_default();
        self.send(&path, &sign(&path, nonce, body), body)
    }

    pub(crate) fn send(&self, path: &str, signature: &str, body: &str) -> Reply {
        self.venue.send("POST", path, &[("API-Key", KEY), ("API-Sign", signature)], body)
    }

    /// The result of a question that must be answered.
    pub(crate) fn result(&self, method: &str, form: &str) -> Value {
        let reply = self.private(method, form);
        assert_eq!(said(&reply), "", "{method} {form}");
        reply.json()["result"].clone()
    }

    /// All rows of a list, whatever pages look like, by their ids. Its end stands still.
    pub(crate) fn all(&self, method: &str, name: &str, form: &str) -> BTreeMap<String, Value> {
        let (mut all, mut offset) = (BTreeMap::new(), 0);
        loop {
            self.venue.advance(TWO_POINTS_MS);
            let page = self.result(method, &format!("{form}&ofs={offset}"));
            all.extend(page[name].as_object().unwrap().clone());
            offset += ROWS;
            if offset >= usize::try_from(page["count"].as_u64().unwrap()).unwrap() {
                return all;
            }
        }
    }
}

/// The error of an answer, which is an HTTP 200 in any case; nothing if there is none.
pub(crate) fn said(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    let errors = reply.json()["error"].clone();
    assert_eq!(errors != Value::from([""; 0]), reply.json()["result"].is_null(), "either one or the other");
    errors.get(0).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Ids of an object, in the order in which they stand. A parsed object has another.
pub(crate) fn ids(reply: &Reply, kind: char) -> Vec<String> {
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let quoted = text.split('"').skip(1).step_by(2);
    let is_row = |id: &&str| id.starts_with(kind) && id.len() == 19;
    let mut ids: Vec<String> = Vec::new();
    for id in quoted.filter(is_row).map(str::to_owned) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// HMAC-SHA512 over path and SHA256(nonce and body), in Base64.
pub(crate) fn sign(path: &str, nonce: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha512>::new_from_slice(&Base64::decode_vec(SECRET).unwrap()).unwrap();
    mac.update(path.as_bytes());
    mac.update(&Sha256::digest(format!("{nonce}{body}")));
    Base64::encode_string(&mac.finalize().into_bytes())
}

/// Ten-billionths of a decimal string.
pub(crate) fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 10, "{text}");
    format!("{whole}{part:0<10}").parse().unwrap()
}

/// Milliseconds of seconds with a fraction.
pub(crate) fn instant(value: &Value) -> i64 {
    let (whole, part) = value.to_string().split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    format!("{whole}{part:0<3}").parse().unwrap()
}

/// What Binance calls a coin of Kraken's.
pub(crate) fn coin(id: &str) -> &str {
    match id {
        "XXBT" => "BTC",
        "XETH" => "ETH",
        "XLTC" => "LTC",
        "XXRP" => "XRP",
        "XXDG" => "DOGE",
        other => other,
    }
}
