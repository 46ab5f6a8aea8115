//! Trades: the world's fills, in Kraken's form and on its pages.

use crate::{
    client::{Client, ROWS, TWO_POINTS_MS, ids, instant, said, units},
    venue::NOW_MS,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const EACH: &str = "consolidate_taker=false";

/// What Binance calls each pair.
fn symbols(client: &Client) -> BTreeMap<String, String> {
    let pairs = client.public("AssetPairs").json()["result"].as_object().unwrap().clone();
    let coin = |id: &Value| crate::client::coin(id.as_str().unwrap()).to_owned();
    pairs.into_iter().map(|(id, pair)| (id, coin(&pair["base"]) + &coin(&pair["quote"]))).collect()
}

#[test]
fn trades_are_the_fills_of_the_world() {
    let client = Client::still(&[]);
    client.venue.tell("fills", r#"{"count":120}"#);
    let (truth, symbols) = (client.venue.truth(), symbols(&client));
    let told = client.all("TradesHistory", "trades", &format!("{EACH}&end={}", NOW_MS / 1000));
    let fills = truth["fills"].as_array().unwrap();
    assert_eq!(told.len(), fills.len());
    let by_number: BTreeMap<(&str, u64), &Value> = told
        .values()
        .map(|trade| {
            let symbol = &symbols[trade["pair"].as_str().unwrap()];
            ((symbol.as_str(), trade["trade_id"].as_u64().unwrap()), trade)
        })
        .collect();
    let mut orders: BTreeMap<(&str, u64), &Value> = BTreeMap::new();
    for fill in fills {
        let (symbol, id) = (fill["symbol"].as_str().unwrap(), fill["id"].as_u64().unwrap());
        let trade = by_number[&(symbol, id)];
        for (theirs, ours) in [("price", "price"), ("vol", "qty"), ("cost", "quoteQty")] {
            assert_eq!(units(&trade[theirs]), units(&fill[ours]), "{theirs}: {trade} {fill}");
        }
        assert_eq!(instant(&trade["time"]), fill["time"].as_i64().unwrap());
        assert_eq!(trade["type"] == "buy", fill["isBuyer"] == true);
        assert_eq!(trade["maker"], fill["isMaker"]);
        let order = orders.entry((symbol, fill["orderId"].as_u64().unwrap())).or_insert(&trade["ordertxid"]);
        assert_eq!(*order, &trade["ordertxid"], "an order has one id");
    }
}

#[test]
fn pages_are_newest_first_and_bounds_are_exclusive_and_inclusive() {
    let client = Client::still(&[]);
    let ask = |form: &str| {
        client.venue.advance(TWO_POINTS_MS);
        client.private("TradesHistory", &format!("{EACH}&{form}"))
    };
    let first = ask("");
    let newest = ids(&first, 'T');
    let count = client.venue.truth()["fills"].as_array().unwrap().len();
    assert_eq!((newest.len(), first.json()["result"]["count"].as_u64()), (ROWS, u64::try_from(count).ok()));
    let trades = &first.json()["result"]["trades"];
    let time = |id: &str| instant(&trades[id]["time"]);
    assert!(newest.is_sorted_by(|a, b| time(a) >= time(b)));

    // The pages follow each other without gaps.
    let second = ids(&ask("ofs=30"), 'T');
    assert_eq!(second[..20], newest[30..]);
    assert!(ids(&ask(&format!("ofs={count}")), 'T').is_empty());
    assert_eq!(ids(&ask(&format!("ofs={}", count - 3)), 'T').len(), 3);

    // By ids: after the one, up to the other.
    let (from, to) = (&newest[20], &newest[5]);
    assert_eq!(ids(&ask(&format!("start={from}&end={to}")), 'T'), newest[5..20]);
    // By times. Some trades share an instant: a bound includes or excludes all of them.
    let (from_ms, to_ms) = (time(from), time(to));
    let seconds = |at_ms: i64| format!("{}.{:03}", at_ms / 1000, at_ms % 1000);
    let expected: Vec<_> =
        newest.iter().filter(|id| (from_ms + 1..=to_ms).contains(&time(id))).cloned().collect();
    let told = ask(&format!("start={}&end={}", seconds(from_ms), seconds(to_ms)));
    assert_eq!(ids(&told, 'T'), expected);
    assert_eq!(told.json()["result"]["count"], expected.len());
    let finer = ask(&format!("start={}0001&end={}", seconds(from_ms), seconds(to_ms)));
    assert_eq!(ids(&finer, 'T'), expected);
}

#[test]
fn wrong_arguments_are_named() {
    let client = Client::still(&[]);
    for (method, form, name) in [
        ("TradesHistory", "ofs=-1", "ofs"),
        ("TradesHistory", "ofs=1.5", "ofs"),
        ("TradesHistory", "start=yesterday", "start"),
        ("TradesHistory", "start=1e9", "start"),
        ("TradesHistory", "end=1795305600000", "end"),
        ("TradesHistory", "end=TAAAAA-AAAAA-AAAAAA", "end"),
        ("TradesHistory", "type=some", "type"),
        ("TradesHistory", "consolidate_taker=maybe", "consolidate_taker"),
        ("Ledgers", "type=bonus", "type"),
        ("Ledgers", "aclass=metal", "aclass"),
        ("Ledgers", "start=LAAAAA-AAAAA-AAAAAA", "start"),
        ("QueryTrades", "", "txid"),
        ("QueryLedgers", "", "id"),
        ("DepositStatus", "start=TAAAAA-AAAAA-AAAAAA", "start"),
        ("DepositStatus", "cursor=elsewhere", "cursor"),
    ] {
        client.venue.advance(TWO_POINTS_MS);
        let expected = format!("EGeneral:Invalid arguments:{name}");
        assert_eq!(said(&client.private(method, form)), expected, "{method} {form}");
    }
    client.venue.advance(60_000);
    assert_eq!(said(&client.private("Ledgers", "asset=BTC")), "EQuery:Unknown asset");
    assert_eq!(said(&client.private("TradeVolume", "pair=BTCUSDT")), "EQuery:Unknown asset pair");
    let passed_over = client.result("TradesHistory", "ofs=&unknown=1&without_count=true");
    assert_eq!(
        (passed_over["trades"].as_object().unwrap().len(), &passed_over["count"]),
        (ROWS, &Value::Null)
    );
    let none = client.result("TradesHistory", "type=closed+position");
    assert_eq!(none, json!({ "trades": {}, "count": 0 }), "nobody trades on margin here");
}

#[test]
fn takers_are_told_as_one_trade_unless_each_is_wanted() {
    let client = Client::still(&[]);
    let end = format!("start={}&end={}", NOW_MS / 1000 - 20 * 86_400, NOW_MS / 1000);
    let each = client.all("TradesHistory", "trades", &format!("{EACH}&ledgers=true&{end}"));
    let together = client.all("TradesHistory", "trades", &format!("ledgers=true&{end}"));
    assert!(together.len() < each.len());
    let of_orders = |trades: &BTreeMap<String, Value>| {
        let mut all: BTreeMap<String, ([i128; 3], Vec<String>)> = BTreeMap::new();
        for trade in trades.values() {
            let sums = all.entry(trade["ordertxid"].as_str().unwrap().to_owned()).or_default();
            for (sum, field) in sums.0.iter_mut().zip(["vol", "cost", "fee"]) {
                *sum += units(&trade[field]);
            }
            sums.1.extend(
                trade["ledgers"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()),
            );
            sums.1.sort();
        }
        all
    };
    assert_eq!(of_orders(&together), of_orders(&each), "nothing is lost");
    assert!(together.keys().all(|id| each.contains_key(id)));
}

#[test]
fn rows_are_found_by_their_ids() {
    let client = Client::still(&[]);
    let page = client.private("TradesHistory", &format!("{EACH}&ledgers=true"));
    let (ids, trades) = (ids(&page, 'T'), page.json()["result"]["trades"].clone());
    let found = client.result("QueryTrades", &format!("txid={},{}", ids[0], ids[9]));
    assert_eq!((&found[&ids[0]], &found[&ids[9]]), (&trades[&ids[0]], &trades[&ids[9]]));
    let ledgers: Vec<&str> =
        trades[&ids[0]]["ledgers"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    let entries = client.result("QueryLedgers", &format!("id={}", ledgers.join(",")));
    assert_eq!(entries.as_object().unwrap().len(), ledgers.len());
    assert!(entries.as_object().unwrap().values().all(|entry| entry["refid"] == ids[0]));
    client.venue.advance(TWO_POINTS_MS);
    let many = vec![ids[0].as_str(); 21].join(",");
    assert_eq!(
        said(&client.private("QueryTrades", &format!("txid={many}"))),
        "EGeneral:Invalid arguments:txid"
    );
}
