//! The venue in a table: it answers from rows as Kraken documents it, and can do what venues do on bad days.
#![cfg(test)]

use base64ct::{Base64, Encoding as _};
use exchange::{ExchangeConnector, Finding, Movement, Next, Reply, Request, Task, Venue, VenueError};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger::{Fill, Timestamp};
use protocol::{Credentials, Secret};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use std::collections::BTreeMap;

/// 2026-11-22T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_305_600_000;
pub(crate) const KEY: &str = "deskKey";
pub(crate) const SECRET: &str = "ZGVza1NlY3JldA==";

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) at_ms: i64,
    pub(crate) kind: &'static str,
    pub(crate) subtype: &'static str,
    pub(crate) asset: &'static str,
    pub(crate) amount: &'static str,
    pub(crate) fee: &'static str,
    /// From when on it is told: lists are indexed late.
    pub(crate) told_from_ms: i64,
}

#[derive(Clone)]
pub(crate) struct Trade {
    pub(crate) id: String,
    pub(crate) at_ms: i64,
    pub(crate) pair: &'static str,
    pub(crate) side: &'static str,
    pub(crate) price: &'static str,
    pub(crate) vol: &'static str,
}

pub(crate) struct Desk {
    pub(crate) now_ms: i64,
    pub(crate) trades: Vec<Trade>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) balances: Value,
    pub(crate) permissions: Vec<&'static str>,
    pub(crate) refuses: Option<(&'static str, &'static str)>,
    /// How long an answer takes.
    pub(crate) slow_ms: i64,
    /// What is asked then fails, or finds a fill that was not there before.
    pub(crate) fails_at: Option<usize>,
    pub(crate) buys_at: Option<usize>,
    pub(crate) asked: Vec<(String, BTreeMap<String, String>)>,
    pub(crate) nonces: Vec<u64>,
}

pub(crate) fn connector() -> Box<dyn ExchangeConnector> {
    let secret = |text: &str| Secret::new(text.to_owned());
    Venue::Kraken.connector(Credentials { api_key: secret(KEY), secret: secret(SECRET), passphrase: None })
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            now_ms: NOW_MS,
            trades: Vec::new(),
            entries: Vec::new(),
            balances: json!({}),
            permissions: vec!["query-funds", "query-closed-trades", "query-ledger"],
            refuses: None,
            slow_ms: 1,
            fails_at: None,
            buys_at: None,
            asked: Vec::new(),
            nonces: Vec::new(),
        }
    }

    pub(crate) fn entry(
        &mut self,
        reference: &str,
        at_ms: i64,
        kind: [&'static str; 2],
        asset: &'static str,
        amounts: [&'static str; 2],
    ) {
        let id = format!("L{}", self.entries.len());
        let ([kind, subtype], [amount, fee]) = (kind, amounts);
        let reference = reference.to_owned();
        self.entries.push(Entry { id, reference, at_ms, kind, subtype, asset, amount, fee, told_from_ms: 0 });
    }

    /// A buy of bitcoin for dollars whose fee was taken from the dollars.
    pub(crate) fn buy(&mut self, number: i64) {
        let (id, at_ms) = (format!("T{number}"), NOW_MS - 1_000_000_000 + number * 1000);
        self.trades.push(Trade {
            id: id.clone(),
            at_ms,
            pair: "XXBTZUSD",
            side: "buy",
            price: "100.5",
            vol: "0.02",
        });
        self.entry(&id, at_ms, ["trade", ""], "XXBT", ["0.02", "0"]);
        self.entry(&id, at_ms, ["trade", "tradespot"], "ZUSD", ["-2.01", "0.005"]);
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let text = if body.is_empty() { request.query.to_string() } else { body.clone() };
        let params: BTreeMap<String, String> = text
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if request.path.starts_with("/0/private/") {
            self.judge(request, &params, &body);
        }
        self.asked.push((request.path.to_owned(), params.clone()));
        if self.fails_at == Some(self.asked.len()) {
            return reply(&json!({ "error": ["EService:Unavailable"] }));
        }
        if self.buys_at == Some(self.asked.len()) {
            self.buy(500);
            let at_ms = self.now_ms;
            self.trades.last_mut().unwrap().at_ms = at_ms;
            self.entries
                .iter_mut()
                .filter(|entry| entry.reference == "T500")
                .for_each(|entry| entry.at_ms = at_ms);
        }
        match self.refuses.filter(|(path, _)| *path == request.path) {
            Some((_, error)) => reply(&json!({ "error": [error] })),
            None => reply(&json!({ "error": [], "result": self.result(request.path, &params) })),
        }
    }

    /// The signature as its manual has it, over the bytes that came; nonces rise.
    pub(crate) fn judge(&mut self, request: &Request, params: &BTreeMap<String, String>, body: &str) {
        let nonce = &params["nonce"];
        let inner: [u8; 32] = Sha256::digest(format!("{nonce}{body}")).into();
        let mut mac = Hmac::<Sha512>::new_from_slice(&Base64::decode_vec(SECRET).unwrap()).unwrap();
        mac.update(&[request.path.as_bytes(), &inner].concat());
        let signature = Base64::encode_string(&mac.finalize().into_bytes());
        let header = |name: &str| {
            let found = request.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_string())
        };
        assert_eq!(header("api-sign"), Some(signature));
        assert_eq!(header("api-key").as_deref(), Some(KEY));
        let nonce: u64 = nonce.parse().unwrap();
        assert!(self.nonces.last().is_none_or(|last| *last < nonce), "nonces rise");
        self.nonces.push(nonce);
    }

    pub(crate) fn result(&self, path: &str, params: &BTreeMap<String, String>) -> Value {
        let seconds = |ms: i64| format!("{}.{:04}", ms.div_euclid(1000), ms.rem_euclid(1000) * 10);
        let number = |name: &str| params.get(name).map(|text| text.parse::<f64>().unwrap());
        // `start` is exclusive, `end` is not.
        let is_in = |at_ms: i64| {
            let at = seconds(at_ms).parse::<f64>().unwrap();
            number("start").is_none_or(|start| at > start) && number("end").is_none_or(|end| at <= end)
        };
        let skip = params.get("ofs").map_or(0, |text| text.parse().unwrap());
        match path {
            "/0/public/Time" => json!({ "unixtime": self.now_ms / 1000, "rfc1123": "" }),
            "/0/public/AssetPairs" => json!({
                "XXBTZUSD": { "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "status": "online" },
                "XBTUSDT": { "altname": "XBTUSDT", "wsname": "XBT/USDT", "base": "XXBT", "quote": "USDT", "status": "online" },
                "USDTZUSD": { "altname": "USDTUSD", "wsname": "USDT/USD", "base": "USDT", "quote": "ZUSD", "status": "online" },
            }),
            "/0/public/OHLC" => {
                let minutes: i64 = params["interval"].parse().unwrap();
                let last = self.now_ms / 60_000 / minutes;
                let rows: Vec<Value> = (last - 719..=last)
                    .map(|open| open * minutes * 60)
                    .filter(|open| number("since").is_none_or(|since| *open as f64 > since))
                    .map(|open| json!([open, "1", "3", "1", "2", "2", "5", 7]))
                    .collect();
                json!({ params["pair"].clone(): rows, "last": last * minutes * 60 })
            }
            "/0/private/GetApiKeyInfo" => {
                json!({ "permissions": self.permissions, "ip_allowlist": [""], "nonce_window": "0" })
            }
            "/0/private/BalanceEx" => self.balances.clone(),
            "/0/private/TradesHistory" => {
                let mut all: Vec<&Trade> = self.trades.iter().filter(|trade| is_in(trade.at_ms)).collect();
                all.sort_by_key(|trade| core::cmp::Reverse(trade.at_ms));
                let page = all.iter().skip(skip).take(50).map(|trade| {
                    let cost = trade.price.parse::<f64>().unwrap() * trade.vol.parse::<f64>().unwrap();
                    let row = json!({
                        "ordertxid": "O1", "postxid": "P1", "pair": trade.pair, "time": 0, "type": trade.side,
                        "ordertype": "limit", "price": trade.price, "cost": cost.to_string(), "fee": "0.005",
                        "vol": trade.vol, "margin": "0.00000", "misc": "", "maker": true,
                    });
                    (trade.id.clone(), timed(row, &seconds(trade.at_ms)))
                });
                json!({ "trades": page.collect::<serde_json::Map<_, _>>(), "count": all.len() })
            }
            "/0/private/Ledgers" => {
                let told = self.entries.iter().filter(|entry| entry.told_from_ms <= self.now_ms);
                let mut all: Vec<&Entry> = told.filter(|entry| is_in(entry.at_ms)).collect();
                all.sort_by_key(|entry| core::cmp::Reverse(entry.at_ms));
                let page = all.iter().skip(skip).take(50).map(|entry| {
                    let row = json!({
                        "refid": entry.reference, "time": 0, "type": entry.kind, "subtype": entry.subtype,
                        "aclass": "currency", "asset": entry.asset, "amount": entry.amount, "fee": entry.fee,
                        "balance": "0",
                    });
                    (entry.id.clone(), timed(row, &seconds(entry.at_ms)))
                });
                json!({ "ledger": page.collect::<serde_json::Map<_, _>>(), "count": all.len() })
            }
            other => panic!("{other}"),
        }
    }

    pub(crate) fn converse(
        &mut self,
        connector: &mut dyn ExchangeConnector,
        task: Task,
    ) -> Result<Vec<Finding>, VenueError> {
        connector.start(task);
        let mut found = Vec::new();
        for _ in 0..20_000 {
            self.now_ms += self.slow_ms;
            match connector.next(Timestamp::from_millis(self.now_ms)) {
                Next::Ask(request) => {
                    let reply = self.answer(&request);
                    found.extend(connector.take(&reply, Timestamp::from_millis(self.now_ms))?);
                }
                Next::Found(more) => found.extend(more),
                Next::Failed(refusal) => return Err(VenueError::Permanent(refusal)),
                Next::Finished => return Ok(found),
            }
        }
        panic!("it does not end");
    }

    pub(crate) fn collect(&mut self, connector: &mut dyn ExchangeConnector) -> Vec<Finding> {
        self.converse(connector, Task::Collect).unwrap()
    }
}

/// Times have more digits than a float of this test would keep.
pub(crate) fn timed(row: Value, seconds: &str) -> Value {
    let text = row.to_string().replacen("\"time\":0", &format!("\"time\":{seconds}"), 1);
    serde_json::from_str(&text).unwrap()
}

pub(crate) fn reply(body: &Value) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
}

pub(crate) fn fills(found: &[Finding]) -> Vec<Fill> {
    let each = found.iter().filter_map(|finding| match finding {
        Finding::Fills(fills) => Some(fills.clone()),
        _ => None,
    });
    each.flatten().collect()
}

pub(crate) fn movements(found: &[Finding]) -> Vec<Movement> {
    let each = found.iter().filter_map(|finding| match finding {
        Finding::Movement(movement) => Some(movement.clone()),
        _ => None,
    });
    each.collect()
}
