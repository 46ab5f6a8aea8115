//! A client of Coinbase's interface: makes tokens, sends, reads, and moves the venue's clock instead of waiting.

use crate::venue::{KEY, Reply, Venue};
use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, signature::Signer as _};
use serde_json::{Value, json};
use std::cell::Cell;

pub(crate) const HOST: &str = "api.coinbase.com";
/// In this time a request of v2 comes back, and many of v3.
pub(crate) const PAUSE_MS: i64 = 360;

pub(crate) struct Client {
    pub(crate) venue: Venue,
    nonce: Cell<u64>,
    key: SigningKey,
}

/// What a token says.
pub(crate) struct Token {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Client {
    /// Seed 1, with time stopped.
    pub(crate) fn still(more: &[&str]) -> Self {
        Self::of(Venue::still(more))
    }

    pub(crate) fn of(venue: Venue) -> Self {
        let key = key(venue.ready["coinbase"]["secret"].as_str().unwrap());
        Self { venue, nonce: Cell::new(0), key }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.venue.public("/simulator/clock").json()["now_ms"].as_i64().unwrap()
    }

    /// What is right for a call now.
    pub(crate) fn token(&self, method: &str, path: &str) -> Token {
        self.nonce.set(self.nonce.get() + 1);
        let now = self.now_ms() / 1000;
        let nonce = format!("{:032x}", self.nonce.get());
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY, "nonce": nonce });
        let uri = format!("{method} {HOST}{path}");
        let claims = json!({ "iss": "cdp", "sub": KEY, "nbf": now, "exp": now + 120, "uri": uri });
        Token { header, claims }
    }

    pub(crate) fn signed(&self, token: &Token) -> String {
        signed(token, &self.key)
    }

    pub(crate) fn send(&self, method: &str, path_and_query: &str, token: &str) -> Reply {
        let bearer = format!("Bearer {token}");
        self.venue.send(method, path_and_query, &[("Authorization", &bearer)], "")
    }

    /// A question with a token that is right.
    pub(crate) fn ask(&self, path_and_query: &str) -> Reply {
        self.call("GET", path_and_query)
    }

    pub(crate) fn call(&self, method: &str, path_and_query: &str) -> Reply {
        let path = path_and_query.split('?').next().unwrap();
        let token = self.signed(&self.token(method, path));
        self.send(method, path_and_query, &token)
    }

    /// The answer to a question that must be answered.
    pub(crate) fn answer(&self, path_and_query: &str) -> Value {
        let reply = self.ask(path_and_query);
        assert_eq!(reply.status, 200, "{path_and_query}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    }

    pub(crate) fn public(&self, path_and_query: &str) -> Reply {
        self.venue.advance(100);
        self.venue.public(path_and_query)
    }

    /// All fills, newest first.
    pub(crate) fn fills(&self, query: &str) -> Vec<Value> {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            self.venue.advance(PAUSE_MS);
            let path = "/api/v3/brokerage/orders/historical/fills";
            let page = self.answer(&format!("{path}?limit=250&cursor={cursor}&{query}"));
            all.extend(page["fills"].as_array().unwrap().clone());
            cursor = page["cursor"].as_str().unwrap().to_owned();
            if cursor.is_empty() {
                return all;
            }
        }
    }

    /// All rows of a list of v2, newest first.
    pub(crate) fn rows(&self, path: &str) -> Vec<Value> {
        let (mut all, mut next) = (Vec::new(), format!("{path}?limit=100"));
        loop {
            self.venue.advance(PAUSE_MS);
            let page = self.answer(&next);
            all.extend(page["data"].as_array().unwrap().clone());
            match page["pagination"]["next_uri"].as_str() {
                Some(uri) => next = uri.to_owned(),
                None => return all,
            }
        }
    }

    /// Ids of wallets, with their coins.
    pub(crate) fn wallets(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let row = |row: &Value| (text(&row["currency"]["code"]), text(&row["id"]));
        self.rows("/v2/accounts").iter().map(row).collect()
    }
}

/// The private key of a PEM.
fn key(pem: &str) -> SigningKey {
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    p256::SecretKey::from_sec1_der(&Base64::decode_vec(&body).unwrap()).unwrap().into()
}

pub(crate) fn signed(token: &Token, key: &SigningKey) -> String {
    let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
    let text = format!("{}.{}", part(&token.header), part(&token.claims));
    let signature: Signature = key.sign(text.as_bytes());
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&signature.to_bytes()))
}

/// Hundred-millionths of a decimal string.
pub(crate) fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 8, "{text}");
    format!("{whole}{part:0<8}").parse().unwrap()
}
