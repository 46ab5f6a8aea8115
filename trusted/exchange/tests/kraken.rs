//! Kraken's spot account, read from a venue in a table: it answers from rows as Kraken documents it (EXCHANGES.md section 5), and
//! can do what venues do on bad days. No sockets and no waiting.
#![cfg(test)]

use base64ct::{Base64, Encoding as _};
use exchange::{
    ExchangeConnector, Finding, Movement, MovementKind, Next, PriceAt, PriceWanted, Refusal, Reply, Request,
    Task, Venue, VenueError, Verdict,
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger::{Asset, Fill, Side, Timestamp};
use protocol::{Credentials, Secret};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use std::collections::BTreeMap;

/// 2026-11-22T00:00:00Z.
const NOW_MS: i64 = 1_795_305_600_000;
const KEY: &str = "deskKey";
const SECRET: &str = "ZGVza1NlY3JldA==";

#[derive(Clone)]
struct Entry {
    id: String,
    reference: String,
    at_ms: i64,
    kind: &'static str,
    subtype: &'static str,
    asset: &'static str,
    amount: &'static str,
    fee: &'static str,
    /// From when on it is told: lists are indexed late.
    told_from_ms: i64,
}

#[derive(Clone)]
struct Trade {
    id: String,
    at_ms: i64,
    pair: &'static str,
    side: &'static str,
    price: &'static str,
    vol: &'static str,
}

struct Desk {
    now_ms: i64,
    trades: Vec<Trade>,
    entries: Vec<Entry>,
    balances: Value,
    permissions: Vec<&'static str>,
    refuses: Option<(&'static str, &'static str)>,
    /// How long an answer takes.
    slow_ms: i64,
    /// What is asked then fails, or finds a fill that was not there before.
    fails_at: Option<usize>,
    buys_at: Option<usize>,
    asked: Vec<(String, BTreeMap<String, String>)>,
    nonces: Vec<u64>,
}

fn connector() -> Box<dyn ExchangeConnector> {
    let secret = |text: &str| Secret::new(text.to_owned());
    Venue::Kraken.connector(Credentials { api_key: secret(KEY), secret: secret(SECRET), passphrase: None })
}

impl Desk {
    fn new() -> Self {
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

    fn entry(
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
    fn buy(&mut self, number: i64) {
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

    fn answer(&mut self, request: &Request) -> Reply {
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
    fn judge(&mut self, request: &Request, params: &BTreeMap<String, String>, body: &str) {
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

    fn result(&self, path: &str, params: &BTreeMap<String, String>) -> Value {
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

    fn converse(
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

    fn collect(&mut self, connector: &mut dyn ExchangeConnector) -> Vec<Finding> {
        self.converse(connector, Task::Collect).unwrap()
    }
}

/// Times have more digits than a float of this test would keep.
fn timed(row: Value, seconds: &str) -> Value {
    let text = row.to_string().replacen("\"time\":0", &format!("\"time\":{seconds}"), 1);
    serde_json::from_str(&text).unwrap()
}

fn reply(body: &Value) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
}

fn fills(found: &[Finding]) -> Vec<Fill> {
    let each = found.iter().filter_map(|finding| match finding {
        Finding::Fills(fills) => Some(fills.clone()),
        _ => None,
    });
    each.flatten().collect()
}

fn movements(found: &[Finding]) -> Vec<Movement> {
    let each = found.iter().filter_map(|finding| match finding {
        Finding::Movement(movement) => Some(movement.clone()),
        _ => None,
    });
    each.collect()
}

#[test]
fn a_key_that_only_reads_is_accepted_and_names_an_account() {
    let mut desk = Desk::new();
    let found = desk.converse(connector().as_mut(), Task::CheckKey).unwrap();
    let rights = found.iter().find_map(|finding| match finding {
        Finding::Rights(rights) => Some(*rights),
        _ => None,
    });
    assert_eq!(rights.unwrap().verdict, Verdict::Accept);
    assert!(found.iter().any(
        |finding| matches!(finding, Finding::Account { id, types } if id.len() == 64 && types == &["spot"])
    ));
    assert!(!format!("{found:?}").contains(KEY), "the key is in no finding");

    desk.permissions.push("withdraw-funds");
    let found = desk.converse(connector().as_mut(), Task::CheckKey).unwrap();
    assert!(
        found
            .iter()
            .any(|finding| matches!(finding, Finding::Rights(rights) if rights.verdict == Verdict::Refuse))
    );
}

#[test]
fn every_page_of_both_lists_is_read_and_a_fill_costs_what_the_ledger_says() {
    let mut desk = Desk::new();
    (0..120).for_each(|number| desk.buy(number));
    desk.balances = json!({ "XXBT": { "balance": "2.4", "hold_trade": "0.4" }, "XBT.M": { "balance": "1", "hold_trade": "0" } });
    let mut connector = connector();
    let found = desk.collect(connector.as_mut());
    let fills = fills(&found);
    assert_eq!(fills.len(), 120);
    assert!(fills.iter().all(|fill| fill.symbol.as_str() == "BTC/USD" && fill.side == Side::Buy));
    assert!(
        fills.iter().all(|fill| fill.fee == "0.005".parse().unwrap() && fill.fee_asset == Asset::from("USD"))
    );
    assert!(movements(&found).is_empty(), "what a fill did is told once");
    let balances = found.iter().find_map(|finding| match finding {
        Finding::Balances { balances, .. } => Some(balances.clone()),
        _ => None,
    });
    let balances = balances.unwrap();
    assert_eq!(balances.len(), 1, "staked and earning variants are the asset itself: {balances:?}");
    assert_eq!(balances[0].free.checked_add(balances[0].locked).unwrap(), "3.4".parse().unwrap());
    assert!(found.iter().any(
        |finding| matches!(finding, Finding::Reach(reach) if reach.since_opening && reach.gaps.is_empty())
    ));

    desk.asked.clear();
    desk.now_ms += 60_000;
    let again = desk.collect(connector.as_mut());
    assert!(self::fills(&again).is_empty() && desk.asked.len() < 10, "{:?}", desk.asked);
}

#[test]
fn a_fill_whose_entries_are_late_is_told_when_they_are_there() {
    let mut desk = Desk::new();
    desk.buy(1);
    desk.buy(2);
    desk.trades[1].at_ms = NOW_MS - 1000;
    for entry in desk.entries.iter_mut().filter(|entry| entry.reference == "T2") {
        (entry.at_ms, entry.told_from_ms) = (NOW_MS - 1000, NOW_MS + 7_200_000);
    }
    let mut connector = connector();
    assert_eq!(fills(&desk.collect(connector.as_mut())).len(), 1);
    let saved = connector.saved();
    desk.now_ms += 8_000_000;
    // By another process that goes on from what was saved.
    let mut other = self::connector();
    assert!(other.resume(&saved));
    let told = fills(&desk.collect(other.as_mut()));
    assert!(told.iter().any(|fill| fill.id.to_string() == "T2"), "{told:?}");

    // What is not booked within a day will not be: that is said, and nobody waits for it for ever.
    desk.entries.retain(|entry| entry.reference != "T2");
    desk.now_ms += 90_000_000;
    let found = desk.collect(self::connector().as_mut());
    assert!(
        found
            .iter()
            .any(|found| matches!(found, Finding::Unread { what, .. } if what.contains("does not book")))
    );
}

#[test]
fn each_entry_means_what_it_is() {
    let mut desk = Desk::new();
    let at_ms = NOW_MS - 50_000_000;
    desk.entry("Q1", at_ms, ["deposit", ""], "XXBT", ["1.5", "0"]);
    desk.entry("Q2", at_ms, ["withdrawal", ""], "ZUSD", ["-100", "2.5"]);
    desk.entry("Q3", at_ms, ["spend", ""], "ZUSD", ["-50", "0.5"]);
    desk.entry("Q3", at_ms, ["receive", ""], "XXBT", ["0.5", "0"]);
    desk.entry("Q4", at_ms, ["earn", "reward"], "XBT.M", ["0.001", "0.0001"]);
    desk.entry("Q5", at_ms, ["earn", "allocation"], "XXBT", ["-1", "0"]);
    desk.entry("Q5", at_ms, ["earn", "allocation"], "XBT.M", ["1", "0"]);
    desk.entry("Q6", at_ms, ["rollover", ""], "ZUSD", ["0", "0.02"]);
    desk.entry("Q7", at_ms, ["something new", ""], "ZUSD", ["7", "0"]);
    desk.entry("Q8", at_ms, ["something new", ""], "ZUSD", ["-7", "0"]);
    // A trade that no fill tells: an exchange, once none will come any more.
    desk.entry("Q9", at_ms - 86_400_000, ["trade", ""], "ZUSD", ["-20", "0.1"]);
    desk.entry("Q9", at_ms - 86_400_000, ["trade", ""], "XXBT", ["0.1", "0"]);
    desk.entry("Q10", at_ms, ["trade", ""], "ZUSD", ["-30", "0"]);
    desk.entry("Q10", at_ms, ["trade", ""], "XXBT", ["0.2", "0"]);
    let told: Vec<_> = movements(&desk.collect(connector().as_mut()))
        .into_iter()
        .map(|movement| {
            let side = |side: Option<(Asset, ledger::Decimal)>| {
                side.map(|(asset, amount)| format!("{amount} {}", asset.as_str())).unwrap_or_default()
            };
            (movement.kind, side(movement.received), side(movement.spent))
        })
        .collect();
    let mut expected = vec![
        (MovementKind::Deposit, "1.5 BTC", ""),
        (MovementKind::Withdrawal, "", "102.5 USD"),
        (MovementKind::Convert, "0.5 BTC", "50.5 USD"),
        (MovementKind::Interest, "0.0009 BTC", ""),
        (MovementKind::Transfer, "", "1 BTC"),
        (MovementKind::Transfer, "1 BTC", ""),
        (MovementKind::Interest, "", "0.02 USD"),
        (MovementKind::Distribution, "7 USD", ""),
        (MovementKind::Interest, "", "7 USD"),
        (MovementKind::Convert, "0.1 BTC", "20.1 USD"),
    ];
    for row in told {
        let at = expected
            .iter()
            .position(|(kind, received, spent)| (*kind, *received, *spent) == (row.0, &*row.1, &*row.2));
        expected.remove(at.unwrap_or_else(|| panic!("{row:?}")));
    }
    assert!(expected.is_empty(), "{expected:?}");
}

#[test]
fn a_list_that_is_refused_is_said_and_makes_a_gap() {
    let mut desk = Desk::new();
    desk.buy(1);
    let mut connector = connector();
    // A right that is missing is the key's, not a list's.
    desk.refuses = Some(("/0/private/Ledgers", "EGeneral:Permission denied"));
    let refused = desk.converse(connector.as_mut(), Task::Collect);
    assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
    desk.refuses = Some(("/0/private/Ledgers", "EGeneral:Invalid arguments"));
    let found = desk.collect(connector.as_mut());
    assert!(
        found.iter().any(|found| matches!(found, Finding::Unread { what, .. } if what == "ledger entries"))
    );
    assert!(found.iter().any(
        |found| matches!(found, Finding::Reach(reach) if !reach.since_opening && reach.gaps.len() == 1)
    ));
    assert!(fills(&found).is_empty(), "nobody said what it cost");
    desk.refuses = None;
    let found = desk.collect(connector.as_mut());
    assert!(
        found.iter().any(
            |found| matches!(found, Finding::Reach(reach) if reach.since_opening && reach.gaps.is_empty())
        )
    );
}

#[test]
fn an_account_that_never_did_anything_begins_when_it_was_looked_at_first() {
    let mut desk = Desk::new();
    let mut connector = connector();
    let from = |found: &[Finding]| {
        found.iter().find_map(|found| match found {
            Finding::Reach(reach) => Some(reach.from),
            _ => None,
        })
    };
    let first = from(&desk.collect(connector.as_mut()));
    desk.now_ms += 60_000;
    assert!(first.is_some());
    assert_eq!(from(&desk.collect(connector.as_mut())), first, "a later look changes nothing");
}

#[test]
fn a_price_of_the_minute_is_asked_for_as_long_as_kraken_keeps_it() {
    let mut desk = Desk::new();
    let wanted = |ms_ago: i64| PriceWanted {
        asset: "BTC".into(),
        quote: "USDT".into(),
        at: PriceAt::Instant(Timestamp::from_millis(NOW_MS - ms_ago)),
    };
    let (young, old, older) = (wanted(3_600_000), wanted(13 * 3_600_000), wanted(40 * 86_400_000));
    let task = Task::Price(vec![young.clone(), old.clone(), older.clone()]);
    let found = desk.converse(connector().as_mut(), task).unwrap();
    let interval = |wanted: &PriceWanted| {
        found.iter().find_map(|finding| match finding {
            Finding::Price(told, Some((_, source))) if told == wanted => Some(source.interval),
            _ => None,
        })
    };
    assert_eq!(interval(&young), Some(ledger::Interval::Minute));
    assert_eq!(interval(&old), Some(ledger::Interval::Hour));
    assert_eq!(interval(&older), Some(ledger::Interval::Day));
    let asked = desk.asked.iter().filter(|(path, _)| path == "/0/public/OHLC").count();
    assert_eq!(asked, 3, "what is not kept is not asked for");
}

#[test]
fn what_happens_during_a_long_walk_is_read_before_the_balances_that_show_it() {
    let mut desk = Desk::new();
    (0..300).for_each(|number| desk.buy(number));
    (desk.slow_ms, desk.buys_at) = (60_000, Some(15));
    let found = desk.collect(connector().as_mut());
    assert!(fills(&found).iter().any(|fill| fill.id.to_string() == "T500"));
    let last = desk.asked.last().unwrap();
    assert_eq!(last.0, "/0/private/BalanceEx", "they are read last");
}

#[test]
fn a_walk_that_failed_goes_on_where_it_was() {
    let mut desk = Desk::new();
    (0..300).for_each(|number| desk.buy(number));
    desk.collect(connector().as_mut());
    let (whole, mut connector) = (desk.asked.len(), connector());
    desk.fails_at = Some(whole + whole * 3 / 4);
    assert_eq!(desk.converse(connector.as_mut(), Task::Collect), Err(VenueError::Retry));
    desk.asked.clear();
    desk.fails_at = None;
    assert_eq!(fills(&desk.collect(connector.as_mut())).len(), 300);
    assert!(desk.asked.len() <= whole / 4 + 4, "{} of {whole} questions once more", desk.asked.len());
}

#[test]
fn a_long_history_is_told_in_parts_and_a_restart_goes_on_behind_the_last() {
    let mut desk = Desk::new();
    (0..4000).for_each(|number| desk.buy(number * 1500 - 6_000_000));
    let (mut told, mut parts, mut saved) = (Vec::new(), 0, None::<Vec<u8>>);
    loop {
        let mut connector = connector();
        assert!(saved.is_none_or(|saved| connector.resume(&saved)));
        let found = desk.collect(connector.as_mut());
        told.extend(fills(&found).iter().map(|fill| fill.id.to_string()));
        parts += 1;
        let is_part = found.contains(&Finding::More);
        assert_eq!(found.iter().any(|found| matches!(found, Finding::Balances { .. })), !is_part);
        if !is_part {
            break;
        }
        saved = Some(connector.saved());
    }
    assert!(parts > 1 && told.len() < 4100, "{parts} parts, {} fills", told.len());
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 4000);
}
