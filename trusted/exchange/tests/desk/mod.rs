//! A venue in a table: answers a connector's requests from rows, as Binance documents it (EXCHANGES.md section 2),
//! and can do what venues do on bad days. No sockets and no waiting.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod trader;

use exchange::{
    ExchangeConnector, Finding, Next, PriceAt, PriceWanted, Reply, Request, SharedMarkets, Task, Venue,
    VenueError,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger::{Asset, Timestamp};
use protocol::{Credentials, Secret};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;

pub(crate) const KEY: &str = "deskKey";
pub(crate) const SECRET: &str = "deskSecret";
/// 2026-11-22T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_305_600_000;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A connector with the desk's key.
pub(crate) fn connector() -> Box<dyn ExchangeConnector> {
    connector_with(KEY, SECRET)
}

pub(crate) fn connector_with(key: &str, secret: &str) -> Box<dyn ExchangeConnector> {
    let secret_of = |text: &str| Secret::new(text.to_owned());
    Venue::Binance.connector_sharing(
        Credentials { api_key: secret_of(key), secret: secret_of(secret), passphrase: None },
        &SharedMarkets::default(),
        &["spot"],
    )
}

/// A request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) path: &'static str,
    pub(crate) params: BTreeMap<String, String>,
    pub(crate) weight: u32,
}

impl Asked {
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.params.get(name).map(|text| text.parse().unwrap())
    }
}

/// What happens to a page before it is sent.
pub(crate) type Mangle = Box<dyn FnMut(&Asked, &mut Vec<Value>)>;

pub(crate) struct Desk {
    /// The connector's clock.
    pub(crate) now_ms: i64,
    /// The venue's clock minus the connector's.
    pub(crate) skew_ms: i64,
    /// Symbol, base, quote.
    pub(crate) markets: Vec<[String; 3]>,
    /// Of symbols that do not trade.
    pub(crate) status: BTreeMap<String, &'static str>,
    pub(crate) fills: Vec<Value>,
    /// The rows of other lists by path, each with its time in `at`.
    pub(crate) lists: BTreeMap<&'static str, Vec<(i64, Value)>>,
    /// Asset, free, locked.
    pub(crate) balances: Vec<[String; 3]>,
    /// Closes by symbol and interval, then by opening time.
    pub(crate) candles: BTreeMap<(String, String), BTreeMap<i64, String>>,
    /// Answers that stand for a path instead.
    pub(crate) fixed: BTreeMap<&'static str, (u16, String)>,
    pub(crate) mangle: Mangle,
    pub(crate) log: Vec<Asked>,
    /// What the balances are from the second look at them on.
    pub(crate) changing: Option<Vec<[String; 3]>>,
    /// Whether signatures are looked at.
    /// Accounts below this one.
    pub(crate) sub_accounts: usize,
    pub(crate) strict: bool,
}

pub(crate) const DEPOSITS: &str = "/sapi/v1/capital/deposit/hisrec";
pub(crate) const WITHDRAWALS: &str = "/sapi/v1/capital/withdraw/history";
pub(crate) const CONVERTS: &str = "/sapi/v1/convert/tradeFlow";
pub(crate) const DIVIDENDS: &str = "/sapi/v1/asset/assetDividend";
pub(crate) const SUB_ACCOUNTS: &str = "/sapi/v1/sub-account/list";
pub(crate) const DUST: &str = "/sapi/v1/asset/dribblet";
pub(crate) const MY_TRADES: &str = "/api/v3/myTrades";
pub(crate) const KLINES: &str = "/api/v3/klines";
pub(crate) const TIME: &str = "/api/v3/time";
pub(crate) const ACCOUNT: &str = "/api/v3/account";
pub(crate) const RIGHTS: &str = "/sapi/v1/account/apiRestrictions";

impl Desk {
    pub(crate) fn new(markets: &[[&str; 3]]) -> Self {
        Self {
            now_ms: NOW_MS,
            skew_ms: 0,
            markets: markets.iter().map(|row| row.map(str::to_owned)).collect(),
            status: BTreeMap::new(),
            fills: Vec::new(),
            lists: BTreeMap::new(),
            balances: Vec::new(),
            candles: BTreeMap::new(),
            fixed: BTreeMap::new(),
            mangle: Box::new(|_, _| {}),
            log: Vec::new(),
            changing: None,
            strict: true,
            sub_accounts: 0,
        }
    }

    /// Has a connector do a task; the first error ends it, unless it says to try again.
    pub(crate) fn converse(
        &mut self,
        connector: &mut dyn ExchangeConnector,
        task: Task,
    ) -> Result<Vec<Finding>, VenueError> {
        let (mut found, mut retries) = (Vec::new(), 0);
        connector.start(task);
        loop {
            let now = Timestamp::from_millis(self.now_ms);
            let request = match connector.next(now) {
                Next::Ask(request) => request,
                Next::Found(findings) => {
                    found.extend(findings);
                    continue;
                }
                Next::Failed(refusal) => return Err(VenueError::Permanent(refusal)),
                Next::Finished => return Ok(found),
            };
            let reply = self.answer(&request);
            match connector.take(&reply, now) {
                Ok(findings) => found.extend(findings),
                Err(VenueError::Retry | VenueError::FixClock) if retries < 20 => retries += 1,
                Err(error) => return Err(error),
            }
            let progress = connector.progress();
            assert!(progress.done <= progress.total, "{progress:?}");
        }
    }

    /// As many rounds as a history has parts.
    pub(crate) fn collect(&mut self, connector: &mut dyn ExchangeConnector) -> Vec<Finding> {
        let mut found = self.converse(connector, Task::Collect).unwrap();
        while found.last() == Some(&Finding::More) {
            found.pop();
            found.extend(self.converse(connector, Task::Collect).unwrap());
        }
        found
    }

    /// How often a path was asked.
    pub(crate) fn asked(&self, path: &str) -> Vec<&Asked> {
        self.log.iter().filter(|asked| asked.path == path).collect()
    }

    fn venue_ms(&self) -> i64 {
        self.now_ms + self.skew_ms
    }

    pub(crate) fn answer(&mut self, request: &Request) -> Reply {
        let params = request
            .query
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap());
        let params = params.map(|(name, value)| (name.to_owned(), decoded(value))).collect();
        let asked = Asked { path: request.path, params, weight: request.cost.weight };
        assert_eq!((request.host, request.method), ("api.binance.com", exchange::Method::Get));
        assert!(request.body.is_empty());
        self.log.push(asked.clone());
        if let Some((status, body)) = self.fixed.get(request.path) {
            return Reply { status: *status, headers: Vec::new(), body: body.clone().into_bytes() };
        }
        match self.body(request, &asked) {
            Ok(body) => Reply { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() },
            Err((status, code)) => {
                let body = json!({ "code": code, "msg": "no" }).to_string().into_bytes();
                Reply { status, headers: Vec::new(), body }
            }
        }
    }

    fn body(&mut self, request: &Request, asked: &Asked) -> Result<Value, (u16, i64)> {
        if self.strict && !matches!(request.path, TIME | KLINES | "/api/v3/exchangeInfo") {
            self.check_signature(request, asked)?;
        }
        match request.path {
            TIME => Ok(json!({ "serverTime": self.venue_ms() })),
            "/api/v3/exchangeInfo" => {
                let symbols = self.markets.iter().map(|[symbol, base, quote]| {
                    let status = self.status.get(symbol).unwrap_or(&"TRADING");
                    json!({ "symbol": symbol, "status": status, "baseAsset": base, "quoteAsset": quote, "filters": [] })
                });
                Ok(json!({ "timezone": "UTC", "symbols": symbols.collect::<Vec<_>>() }))
            }
            RIGHTS => Ok(json!({ "ipRestrict": false, "enableReading": true, "enableWithdrawals": false })),
            ACCOUNT => {
                let rows = self.balances.iter();
                let rows = rows
                    .map(|[asset, free, locked]| json!({ "asset": asset, "free": free, "locked": locked }));
                let body =
                    json!({ "uid": 354937868, "canTrade": true, "balances": rows.collect::<Vec<_>>() });
                self.balances = self.changing.take().unwrap_or_else(|| self.balances.clone());
                Ok(body)
            }
            SUB_ACCOUNTS => {
                let before = (asked.number("page").unwrap() - 1) * asked.number("limit").unwrap();
                let left = self.sub_accounts - usize::try_from(before).unwrap();
                Ok(json!({ "subAccounts": vec![json!({ "email": "a@b.c" }); left.min(200)] }))
            }
            MY_TRADES => self.my_trades(asked),
            KLINES => self.klines(asked),
            DUST => {
                let mut rows: Vec<Value> = self.rows(request.path, asked, 100);
                (self.mangle)(asked, &mut rows);
                Ok(json!({ "total": rows.len(), "userAssetDribblets": rows }))
            }
            path => self.list(path, asked),
        }
    }

    fn check_signature(&self, request: &Request, asked: &Asked) -> Result<(), (u16, i64)> {
        let (name, key) = &request.headers[0];
        assert_eq!(*name, "x-mbx-apikey");
        if **key != KEY {
            return Err((401, -2015));
        }
        let (signed, signature) = request.query.rsplit_once("&signature=").expect("the signature is last");
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(signed.as_bytes());
        if hex::decode(signature).is_ok_and(|signature| mac.verify_slice(&signature).is_err()) {
            return Err((400, -1022));
        }
        let (stamp, window) = (asked.number("timestamp").unwrap(), asked.number("recvWindow").unwrap());
        assert!(window <= 60_000);
        let venue_ms = self.venue_ms();
        if stamp < venue_ms + 1000 && venue_ms - stamp <= window { Ok(()) } else { Err((400, -1021)) }
    }

    /// From an id on, the oldest first, and only what can be found already (`indexed`).
    fn my_trades(&mut self, asked: &Asked) -> Result<Value, (u16, i64)> {
        let (symbol, from) = (&asked.params["symbol"], asked.number("fromId").unwrap());
        if !self.markets.iter().any(|[known, ..]| known == symbol) {
            return Err((400, -1121));
        }
        let limit = usize::try_from(asked.number("limit").unwrap()).unwrap();
        assert!(limit <= 1000);
        let there = |row: &&Value| {
            row["symbol"] == **symbol
                && row["id"].as_i64().unwrap() >= from
                && row["time"].as_i64().unwrap() <= self.venue_ms()
                && row["indexed"].as_i64().is_none_or(|at| at <= self.venue_ms())
        };
        let mut rows: Vec<Value> = self.fills.iter().filter(there).cloned().collect();
        rows.sort_by_key(|row| row["id"].as_i64());
        rows.truncate(limit);
        (self.mangle)(asked, &mut rows);
        Ok(Value::from(rows))
    }

    fn rows(&self, path: &str, asked: &Asked, limit: usize) -> Vec<Value> {
        let span = asked.number("startTime").unwrap_or(0)..=asked.number("endTime").unwrap_or(i64::MAX);
        let there = self.lists.get(path).into_iter().flatten().filter(|(at, _)| span.contains(at));
        // Newest first, as the wallet answers.
        let mut rows: Vec<(i64, Value)> = there.cloned().collect();
        rows.sort_by_key(|(at, _)| -at);
        rows.into_iter().take(limit).map(|(_, row)| row).collect()
    }

    fn list(&mut self, path: &'static str, asked: &Asked) -> Result<Value, (u16, i64)> {
        let (start, end) = (asked.number("startTime").unwrap(), asked.number("endTime").unwrap());
        let (days, most) = match path {
            DEPOSITS | WITHDRAWALS => (90, 1000),
            CONVERTS => (30, 1000),
            DIVIDENDS => (180, 500),
            _ => panic!("unknown path {path}"),
        };
        assert!(
            start <= end && end - start <= days * DAY_MS,
            "{path}: a window of {} days",
            (end - start) / DAY_MS
        );
        let limit = usize::try_from(asked.number("limit").unwrap()).unwrap();
        assert!(limit <= most);
        let mut rows = self.rows(path, asked, limit);
        (self.mangle)(asked, &mut rows);
        Ok(match path {
            CONVERTS => {
                json!({ "list": rows, "startTime": start, "endTime": end, "limit": limit, "moreData": rows.len() >= limit })
            }
            DIVIDENDS => json!({ "total": rows.len(), "rows": rows }),
            _ => Value::from(rows),
        })
    }

    fn klines(&mut self, asked: &Asked) -> Result<Value, (u16, i64)> {
        let (symbol, interval) = (&asked.params["symbol"], &asked.params["interval"]);
        if !self.markets.iter().any(|[known, ..]| known == symbol) {
            return Err((400, -1121));
        }
        let length: i64 = match interval.as_str() {
            "1m" => 60_000,
            "1h" => 3_600_000,
            _ => DAY_MS,
        };
        let limit = usize::try_from(asked.number("limit").unwrap()).unwrap();
        assert!(limit <= 1000);
        let candles = self.candles.get(&(symbol.clone(), interval.clone()));
        let span = asked.number("startTime").unwrap()..=asked.number("endTime").unwrap();
        let rows = candles.into_iter().flatten().filter(|(open, _)| span.contains(*open)).take(limit);
        let rows = rows.map(|(open, close)| {
            json!([open, "1", "2", "0.5", close, "9", open + length - 1, "9", 3, "4", "5", "0"])
        });
        let mut rows: Vec<Value> = rows.collect();
        (self.mangle)(asked, &mut rows);
        Ok(Value::from(rows))
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// A row of `myTrades`: bought for the fee in quote.
pub(crate) fn fill(symbol: &str, id: u64, time_ms: i64, quantity: &str, price: &str) -> Value {
    json!({ "symbol": symbol, "id": id, "orderId": id * 10, "price": price, "qty": quantity, "commission": "0",
            "commissionAsset": "BNB", "time": time_ms, "isBuyer": true, "isMaker": false })
}

pub(crate) fn wanted(asset: &str, quote: &str, at_ms: i64) -> PriceWanted {
    PriceWanted {
        asset: Asset::from(asset),
        quote: Asset::from(quote),
        at: PriceAt::Instant(Timestamp::from_millis(at_ms)),
    }
}
