//! A venue in a table: it answers from rows as Coinbase documents it (EXCHANGES.md section 6), two on a page. No sockets and no
//! waiting.

use crate::told::Told;
use exchange::{
    ExchangeConnector, MovementKind, MovementStatus, Next, Reply, Request, Task, Venue, VenueError,
};
use ledger::{Decimal, Side, Timestamp};
use protocol::{Credentials, Secret};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// 2026-11-22T00:00:00Z.
const NOW_MS: i64 = 1_795_305_600_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// openssl ecparam -name prime256v1 -genkey -noout
const PEM: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIS11z2KqdJxwRBjcCc6/aclaJUWUJ402R+tN6GFCOjboAoGCCqGSM49\nAwEHoUQDQgAEYxkM5gyxLd4YCELlG9VH+pnWZmNVov/rXiGA3rNpeL6qj46TttFr\nYMOo++CLdXoebtdJ+Tz+2t9LoJ+HRN2Duw==\n-----END EC PRIVATE KEY-----\n";
const FILLS: &str = "/api/v3/brokerage/orders/historical/fills";
const ACCOUNTS: &str = "/api/v3/brokerage/accounts";
const TRANSACTIONS: &str = "/v2/accounts/{account_id}/transactions";
const PAGE: usize = 2;

struct Desk {
    now_ms: i64,
    /// Times, and rows.
    fills: Vec<(i64, Value)>,
    wallets: BTreeMap<&'static str, Vec<(i64, Value)>>,
    refuses: Option<&'static str>,
    asked: Vec<String>,
}

fn connector() -> Box<dyn ExchangeConnector> {
    let secret = |text: &str| Secret::new(text.to_owned());
    Venue::Coinbase.connector(Credentials { api_key: secret("key"), secret: secret(PEM), passphrase: None })
}

fn date(at_ms: i64) -> String {
    protocol::rfc3339(Timestamp::from_millis(at_ms))
}

impl Desk {
    fn new() -> Self {
        let wallets = [("w-btc", Vec::new()), ("w-usd", Vec::new()), ("w-eth", Vec::new())].into();
        Self { now_ms: NOW_MS, fills: Vec::new(), wallets, refuses: None, asked: Vec::new() }
    }

    fn fill(&mut self, at_ms: i64, kind: &str, [entry, trade, side, price]: [&str; 4]) {
        let row = json!({
            "entry_id": entry, "trade_id": trade, "order_id": "o", "trade_time": date(at_ms), "trade_type": kind,
            "price": price, "size": "2", "commission": "0.5", "product_id": "BTC-USD",
            "sequence_timestamp": date(at_ms), "liquidity_indicator": "TAKER", "size_in_quote": false, "side": side,
        });
        self.fills.push((at_ms, row));
    }

    fn transaction(&mut self, wallet: &'static str, at_ms: i64, kind: &str, amount: &str, more: Value) {
        let (id, currency) = (
            format!("{wallet}-{}", self.wallets[wallet].len()),
            wallet.trim_start_matches("w-").to_uppercase(),
        );
        let mut row = json!({
            "id": id, "type": kind, "status": "completed", "amount": { "amount": amount, "currency": currency },
            "created_at": date(at_ms), "resource": "transaction",
        });
        row.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.wallets.get_mut(wallet).unwrap().push((at_ms, row));
    }

    /// A page of rows, newest first, behind the row of that place in the order of their times.
    fn page(rows: &[(i64, Value)], after: Option<&str>) -> (Vec<Value>, Option<String>) {
        let mut all: Vec<&(i64, Value)> = rows.iter().collect();
        all.sort_by_key(|(at_ms, _)| core::cmp::Reverse(*at_ms));
        let first = after.map_or(0, |after| after.parse().unwrap());
        let told: Vec<Value> = all.iter().skip(first).take(PAGE).map(|(_, row)| row.clone()).collect();
        let next = (first + PAGE < all.len()).then(|| (first + PAGE).to_string());
        (told, next)
    }

    fn answer(&mut self, request: &Request) -> Reply {
        let target = request.target().unwrap().to_string();
        self.asked.push(target.clone());
        if self.refuses == Some(request.path) {
            let body = json!({ "error": "INVALID_ARGUMENT", "code": 3, "message": "no" });
            return Reply { status: 400, headers: Vec::new(), body: body.to_string().into_bytes() };
        }
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let param = |name: &str| {
            query
                .split('&')
                .filter_map(|pair| pair.split_once('='))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value)
        };
        let body = match request.path {
            "/api/v3/brokerage/time" => json!({ "epochMillis": self.now_ms.to_string() }),
            "/api/v3/brokerage/market/products" => json!({ "products": [{
                "product_id": "BTC-USD", "product_type": "SPOT", "base_currency_id": "BTC", "quote_currency_id": "USD",
            }] }),
            "/api/v3/brokerage/portfolios" => json!({ "portfolios": [{ "uuid": "own", "deleted": false }] }),
            ACCOUNTS => {
                let names: Vec<&&str> = self.wallets.keys().collect();
                let at: usize = param("cursor").map_or(0, |cursor| cursor.parse().unwrap());
                let money =
                    json!({ "value": "1", "currency": names[at].trim_start_matches("w-").to_uppercase() });
                let more = at + 1 < names.len();
                let row = json!({ "uuid": names[at], "available_balance": money, "hold": money });
                json!({ "accounts": [row], "has_next": more, "cursor": if more { (at + 1).to_string() } else { String::new() } })
            }
            FILLS => {
                let (rows, next) = Self::page(&self.fills, param("cursor"));
                json!({ "fills": rows, "cursor": next.unwrap_or_default() })
            }
            TRANSACTIONS => {
                let (rows, next) =
                    Self::page(&self.wallets[request.segment.as_deref().unwrap()], param("starting_after"));
                let next =
                    next.map(|next| format!("/v2/accounts/x/transactions?limit=100&starting_after={next}"));
                json!({ "pagination": { "next_uri": next }, "data": rows })
            }
            other => panic!("{other}"),
        };
        Reply { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
    }

    fn collect(&mut self, connector: &mut dyn ExchangeConnector) -> Told {
        connector.start(Task::Collect);
        let mut told = Told::default();
        for _ in 0..2_000 {
            self.now_ms += 1;
            let now = Timestamp::from_millis(self.now_ms);
            match connector.next(now) {
                Next::Ask(request) => {
                    let reply = self.answer(&request);
                    let found =
                        connector.take(&reply, now).unwrap_or_else(|error: VenueError| panic!("{error:?}"));
                    found.into_iter().for_each(|finding| told.add(finding));
                }
                Next::Found(more) => more.into_iter().for_each(|finding| told.add(finding)),
                Next::Failed(refusal) => panic!("{refusal:?}"),
                Next::Finished => return told,
            }
        }
        panic!("it does not end");
    }

    fn pages(&self, of: &str) -> usize {
        self.asked.iter().filter(|target| target.contains(of)).count()
    }
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

#[test]
fn every_page_is_read_once_and_then_only_what_may_be_new() {
    let mut desk = Desk::new();
    for number in 0..9 {
        let at_ms = NOW_MS - (number + 2) * DAY_MS;
        desk.fill(at_ms, "FILL", [&format!("e{number}"), &format!("t{number}"), "BUY", "100"]);
        desk.transaction("w-btc", at_ms, "send", "1", json!({}));
        // The same fills once more.
        desk.transaction(
            "w-usd",
            at_ms,
            "advanced_trade_fill",
            "-200.5",
            json!({ "advanced_trade_fill": { "order_id": "o" } }),
        );
    }
    let mut connector = connector();
    let told = desk.collect(connector.as_mut());
    assert_eq!((told.fills.len(), told.movements.len()), (9, 9));
    assert!(told.fills.values().all(|fill| fill.fee == decimal("0.5") && fill.fee_asset.as_str() == "USD"));
    let held: Vec<_> = told.balances.iter().map(|row| (row.asset.as_str(), row.free, row.locked)).collect();
    assert_eq!(held, ["BTC", "ETH", "USD"].map(|asset| (asset, Decimal::ONE, Decimal::ONE)));
    assert_eq!((desk.pages("w-btc/"), desk.pages("w-usd/"), desk.pages("w-eth/")), (5, 5, 1));
    assert_eq!(told.reach.unwrap().from.millis(), NOW_MS - 10 * DAY_MS);

    desk.asked.clear();
    desk.now_ms += 60_000;
    desk.transaction("w-btc", NOW_MS + 5_000, "send", "3", json!({}));
    let told = desk.collect(connector.as_mut());
    // Rows of yesterday are read again, and the first that is older ends it.
    assert_eq!((desk.pages("w-btc/"), desk.pages("w-usd/")), (1, 1), "{:?}", desk.asked);
    assert!(
        told.movements
            .values()
            .any(|one| one.received.as_ref().is_some_and(|(_, amount)| *amount == decimal("3")))
    );
}

#[test]
fn a_fill_that_was_undone_is_traded_back_and_what_stands_in_its_place_is_told() {
    let mut desk = Desk::new();
    let at_ms = NOW_MS - DAY_MS;
    desk.fill(at_ms, "FILL", ["e1", "t1", "BUY", "100"]);
    desk.fill(at_ms + 60_000, "REVERSAL", ["e2", "t1", "BUY", "100"]);
    desk.fill(at_ms + 60_000, "CORRECTION", ["e3", "t1", "BUY", "90"]);
    let told = desk.collect(connector().as_mut());
    let mut fills: Vec<_> =
        told.fills.values().map(|fill| (fill.id.to_string(), fill.side, fill.price.0, fill.fee)).collect();
    fills.sort();
    let (half, hundred) = (decimal("0.5"), decimal("100"));
    let expected = [
        ("t1".to_owned(), Side::Buy, hundred, half),
        ("t1/e2".to_owned(), Side::Sell, hundred, half.negated()),
        ("t1/e3".to_owned(), Side::Buy, decimal("90"), half),
    ];
    assert_eq!(fills, expected);
}

#[test]
fn a_conversion_is_told_when_both_of_its_sides_are() {
    let mut desk = Desk::new();
    let trade = json!({ "trade": { "id": "T" } });
    let at_ms = NOW_MS - HOUR_MS;
    desk.transaction("w-btc", at_ms, "trade", "-0.5", trade.clone());
    let mut connector = connector();
    assert!(desk.collect(connector.as_mut()).movements.is_empty(), "the other wallet is behind");
    let saved = connector.saved();
    desk.now_ms += 8 * HOUR_MS;
    desk.transaction("w-usd", at_ms, "trade", "40000", trade);
    let mut other = self::connector();
    assert!(other.resume(&saved));
    let told = desk.collect(other.as_mut());
    let second = at_ms / 1000;
    let expected = [("BTC", "-0.5"), ("USD", "40000")]
        .map(|(asset, amount)| (second, (asset.into(), decimal(amount)), MovementStatus::Settled));
    assert_eq!(told.sides(&[MovementKind::Convert]), expected);

    // A side that is old is told by itself, under the name that it has beside the other.
    desk.transaction("w-eth", NOW_MS - 2 * DAY_MS, "trade", "-7", json!({ "trade": { "id": "U" } }));
    let told = desk.collect(self::connector().as_mut());
    assert!(told.movements.contains_key(&(MovementKind::Convert, "w-eth-0".to_owned())));
    assert_eq!(told.movements.len(), 3);
}

#[test]
fn what_was_read_long_ago_is_not_told_again_by_a_wallet_in_which_little_happens() {
    let mut desk = Desk::new();
    let trade = json!({ "trade": { "id": "T" } });
    desk.transaction("w-eth", NOW_MS - 90 * DAY_MS, "trade", "7", trade.clone());
    desk.transaction("w-usd", NOW_MS - 90 * DAY_MS, "trade", "-9", trade);
    (0..5).for_each(|number| {
        desk.transaction("w-usd", NOW_MS - number * HOUR_MS, "interest", "0.1", json!({}))
    });
    let mut connector = connector();
    assert_eq!(desk.collect(connector.as_mut()).sides(&[MovementKind::Convert]).len(), 2);
    desk.now_ms += 60_000;
    assert!(desk.collect(connector.as_mut()).sides(&[MovementKind::Convert]).is_empty());
}

#[test]
fn what_is_pending_is_looked_at_again_until_it_is_not() {
    let mut desk = Desk::new();
    let at_ms = NOW_MS - 3 * DAY_MS;
    desk.transaction("w-btc", at_ms, "send", "2", json!({ "status": "pending", "network": { "hash": "h" } }));
    (0..5).for_each(|number| {
        desk.transaction("w-btc", NOW_MS - number * HOUR_MS, "interest", "0.1", json!({}))
    });
    let mut connector = connector();
    let status = |told: &Told| told.moved(&[MovementKind::Deposit]).first().map(|(.., status)| *status);
    assert_eq!(status(&desk.collect(connector.as_mut())), Some(MovementStatus::Pending));
    desk.now_ms += 2 * DAY_MS;
    desk.wallets.get_mut("w-btc").unwrap()[0].1["status"] = "completed".into();
    let told = desk.collect(connector.as_mut());
    assert_eq!(status(&told), Some(MovementStatus::Settled), "though it is older than what is read again");
    let deposit = told.movements.values().find(|one| one.kind == MovementKind::Deposit).unwrap();
    assert_eq!(deposit.transaction.as_deref(), Some("h"));
    desk.now_ms += DAY_MS;
    assert_eq!(status(&desk.collect(connector.as_mut())), None, "and then no more");
}

#[test]
fn a_long_history_is_kept_wallet_by_wallet_and_a_restart_goes_on_with_the_next() {
    let mut desk = Desk::new();
    let pending = json!({ "status": "pending", "network": { "hash": "h" } });
    desk.transaction("w-btc", NOW_MS - 3 * DAY_MS - HOUR_MS, "send", "2", pending);
    for (wallet, rows) in [("w-btc", 239), ("w-eth", 210), ("w-usd", 6)] {
        (0..rows).for_each(|number| {
            desk.transaction(wallet, NOW_MS - number * 6 * HOUR_MS, "interest", "0.1", json!({}));
        });
    }
    let (mut saved, mut told, mut pages) = (None::<Vec<u8>>, Vec::new(), Vec::new());
    loop {
        let mut connector = connector();
        assert!(saved.is_none_or(|saved| connector.resume(&saved)));
        desk.asked.clear();
        told.push(desk.collect(connector.as_mut()));
        pages.push(["w-btc/", "w-eth/", "w-usd/"].map(|wallet| desk.pages(wallet)));
        if !told.last().unwrap().more {
            break;
        }
        assert!(told.last().unwrap().reach.is_none() && told.last().unwrap().balances.is_empty());
        saved = Some(connector.saved());
        desk.wallets.get_mut("w-btc").unwrap()[0].1["status"] = "completed".into();
    }
    // Thirteen rows of either are younger than what is pending, which is read with the one behind it.
    assert_eq!(pages, [[120, 0, 0], [0, 105, 0], [8, 7, 3]]);
    let status = |told: &Told| told.moved(&[MovementKind::Deposit]).first().map(|(.., status)| *status);
    let deposit = [Some(MovementStatus::Pending), None, Some(MovementStatus::Settled)];
    assert_eq!(
        told.iter().map(status).collect::<Vec<_>>(),
        deposit,
        "what the first part owed was looked at"
    );
    let all: BTreeSet<_> = told.iter().flat_map(|told| told.movements.keys().cloned()).collect();
    assert_eq!(all.len(), 1 + 239 + 210 + 6);
}

#[test]
fn each_type_means_what_it_is() {
    let fee =
        json!({ "network": { "hash": "h", "transaction_fee": { "amount": "0.25", "currency": "BTC" } } });
    for (kind, amount, more, expected) in [
        ("send", "-1.25", fee, MovementKind::Withdrawal),
        ("send", "1", json!({}), MovementKind::Deposit),
        ("receive", "1", json!({}), MovementKind::Deposit),
        ("fiat_withdrawal", "-1", json!({}), MovementKind::Withdrawal),
        ("staking_reward", "1", json!({}), MovementKind::Interest),
        ("interest", "1", json!({}), MovementKind::Interest),
        ("subscription", "-1", json!({}), MovementKind::Interest),
        ("earn_payout", "1", json!({}), MovementKind::Distribution),
        ("incentives_rewards_payout", "1", json!({}), MovementKind::Distribution),
        ("incentives_shared_clawback", "-1", json!({}), MovementKind::Distribution),
        ("retail_simple_dust", "-1", json!({}), MovementKind::Dust),
        ("transfer", "-1", json!({}), MovementKind::Transfer),
        ("buy", "1", json!({ "buy": { "id": "b" } }), MovementKind::Transfer),
        ("intx_deposit", "-1", json!({}), MovementKind::Transfer),
        ("derivatives_settlement", "1", json!({}), MovementKind::Transfer),
        ("retail_eth2_deprecation", "-1", json!({}), MovementKind::Transfer),
        ("something_new", "1", json!({}), MovementKind::Distribution),
        ("something_new", "-1", json!({}), MovementKind::Interest),
    ] {
        let mut desk = Desk::new();
        desk.transaction("w-btc", NOW_MS - DAY_MS, kind, amount, more);
        let told = desk.collect(connector().as_mut());
        let moved: Vec<_> = told.movements.values().collect();
        let [one] = moved.as_slice() else { panic!("{kind}: {moved:?}") };
        assert_eq!((one.kind, one.status), (expected, MovementStatus::Settled), "{kind} {amount}");
        assert_eq!(told.moved(&[expected])[0].1, [("BTC".into(), decimal(amount))], "{kind}");
        let fee = (amount == "-1.25").then(|| ("BTC".into(), decimal("0.25")));
        assert_eq!(one.fee, fee, "within what was spent");
    }
}

#[test]
fn a_list_that_is_refused_is_said_and_makes_a_gap() {
    let mut desk = Desk::new();
    desk.fill(NOW_MS - DAY_MS, "FILL", ["e1", "t1", "SELL", "100"]);
    desk.refuses = Some(TRANSACTIONS);
    let mut connector = connector();
    let told = desk.collect(connector.as_mut());
    assert_eq!(told.fills.len(), 1);
    assert!(told.unread.iter().any(|(what, _)| what == "transactions of wallets"), "{:?}", told.unread);
    let reach = told.reach.unwrap();
    assert_eq!((reach.since_opening, reach.gaps.len()), (false, 1));
    desk.refuses = None;
    desk.transaction("w-eth", NOW_MS - DAY_MS, "send", "5", json!({}));
    let told = desk.collect(connector.as_mut());
    assert_eq!((told.movements.len(), told.reach.unwrap().since_opening), (1, true));
}
