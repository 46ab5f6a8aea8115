//! Lists of what happened: the world's, in Hyperliquid's words and on its pages.

use crate::{
    client::{Client, FILLS_MAX, MINUTE_MS, ROWS_MAX, own_coin, units},
    venue::NOW_MS,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const EVERYTHING: [&str; 2] = ["--hyperliquid-fills", "1000000"];

#[test]
fn fills_are_those_of_the_world() {
    let client = Client::still(&[&EVERYTHING[..], &["--contracts"]].concat());
    let (truth, symbols) = (client.venue.truth(), client.symbols());
    let told = client.all("userFillsByTime", FILLS_MAX);
    let side = |buyer: &Value| if buyer == true { "B" } else { "A" };
    let key = |symbol: &str, time: &Value, side: &str, price: i128, quantity: i128, fee: i128| {
        format!("{symbol} {time} {side} {price} {quantity} {fee}")
    };
    let mut expected: Vec<String> = truth["fills"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fill| {
            let symbol = fill["symbol"].as_str().unwrap();
            let (price, quantity) = (units(&fill["price"]), units(&fill["qty"]));
            key(symbol, &fill["time"], side(&fill["isBuyer"]), price, quantity, units(&fill["commission"]))
                + fill["commissionAsset"].as_str().unwrap()
        })
        .collect();
    let contracts = truth["contracts"]["fills"].as_array().unwrap().iter();
    expected.extend(contracts.filter(|fill| fill["symbol"] != "BTCUSD").map(|fill| {
        let symbol = fill["symbol"].as_str().unwrap().strip_suffix("USDT").unwrap();
        let (price, quantity) = (units(&fill["price"]), units(&fill["quantity"]));
        key(symbol, &fill["time"], side(&fill["buyer"]), price, quantity, units(&fill["fee"])) + "USDT"
    }));
    let mut got: Vec<String> = told
        .iter()
        .map(|fill| {
            let coin = fill["coin"].as_str().unwrap();
            let symbol = symbols.get(coin).map_or(coin, String::as_str);
            let (price, quantity) = (units(&fill["px"]), units(&fill["sz"]));
            key(symbol, &fill["time"], fill["side"].as_str().unwrap(), price, quantity, units(&fill["fee"]))
                + own_coin(fill["feeToken"].as_str().unwrap())
        })
        .collect();
    expected.sort();
    got.sort();
    assert_eq!(got.len(), expected.len());
    let wrong: Vec<_> = got.iter().zip(&expected).filter(|(got, expected)| got != expected).take(3).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // What was held before follows from one to the next.
    let mut held: BTreeMap<&str, i128> = BTreeMap::new();
    let page = client.told("userFillsByTime", json!({ "startTime": NOW_MS - 30 * 86_400_000 }));
    for fill in page.as_array().unwrap().iter().filter(|fill| fill["coin"] == "ETH") {
        let start = units(&fill["startPosition"]);
        assert_eq!(*held.entry("ETH").or_insert(start), start, "{fill}");
        let size = units(&fill["sz"]);
        held.insert("ETH", start + if fill["side"] == "B" { size } else { -size });
    }
}

#[test]
fn only_the_newest_10000_fills_exist() {
    let client = Client::still(&[]);
    let told = client.all("userFillsByTime", FILLS_MAX);
    assert_eq!(told.len(), 10_000);
    let truth = client.venue.truth();
    let mut times: Vec<i64> =
        truth["fills"].as_array().unwrap().iter().map(|fill| fill["time"].as_i64().unwrap()).collect();
    times.sort_unstable();
    let oldest = told.iter().map(|fill| fill["time"].as_i64().unwrap()).min().unwrap();
    assert_eq!(oldest, times[times.len() - 10_000]);
    client.venue.advance(MINUTE_MS);
    let newest = client.told("userFills", json!({}));
    let newest: Vec<i64> =
        newest.as_array().unwrap().iter().map(|fill| fill["time"].as_i64().unwrap()).collect();
    assert!(newest.is_sorted_by(|a, b| a >= b), "newest first");
    assert_eq!((newest.len(), newest[0]), (FILLS_MAX, *times.last().unwrap()));
}

#[test]
fn a_span_has_both_its_bounds_and_is_told_oldest_first() {
    let client = Client::still(&[]);
    let all = client.told("userFillsByTime", json!({ "startTime": 0 }));
    let all = all.as_array().unwrap();
    let time = |fill: &Value| fill["time"].as_i64().unwrap();
    assert!(all.len() == FILLS_MAX && all.is_sorted_by_key(time));
    let (from_ms, to_ms) = (time(&all[100]), time(&all[300]));
    let told = client.told("userFillsByTime", json!({ "startTime": from_ms, "endTime": to_ms }));
    let expected: Vec<&Value> = all.iter().filter(|fill| (from_ms..=to_ms).contains(&time(fill))).collect();
    assert_eq!(told.as_array().unwrap().iter().collect::<Vec<_>>(), expected);
}

#[test]
fn funding_is_the_worlds_and_comes_as_time_goes() {
    let client = Client::still(&["--contracts"]);
    let rows = client.all("userFunding", ROWS_MAX);
    let truth = client.venue.truth();
    let expected = truth["contracts"]["funding"].as_array().unwrap().iter();
    let mut expected: Vec<(i64, String, i128)> = expected
        .filter(|payment| payment["symbol"] != "BTCUSD")
        .map(|payment| {
            let symbol = payment["symbol"].as_str().unwrap().replace("USDT", "");
            (payment["time"].as_i64().unwrap(), symbol, units(&payment["amount"]))
        })
        .collect();
    expected.sort();
    let mut got: Vec<(i64, String, i128)> = rows
        .iter()
        .map(|row| {
            assert!(row["hash"].as_str().unwrap().trim_matches('0') == "x", "no transaction");
            let coin = row["delta"]["coin"].as_str().unwrap().to_owned();
            (row["time"].as_i64().unwrap(), coin, units(&row["delta"]["usdc"]))
        })
        .collect();
    got.sort();
    assert_eq!(got, expected);
    client.venue.advance(9 * 3_600_000);
    assert!(client.all("userFunding", ROWS_MAX).len() > got.len(), "eight hours later");
}

/// What the ledger, the fills and funding come to is what is held.
#[test]
fn everything_that_is_told_adds_up_to_what_is_held() {
    let client = Client::still(&[&EVERYTHING[..], &["--contracts"]].concat());
    let (symbols, me) = (client.symbols(), client.address.as_str());
    let truth = client.venue.truth();
    let coins = |symbol: &str| {
        let row = truth["symbols"].as_array().unwrap().iter().find(|row| row["symbol"] == symbol).unwrap();
        ["baseAsset", "quoteAsset"].map(|side| row[side].as_str().unwrap().to_owned())
    };
    let mut held: BTreeMap<String, i128> = BTreeMap::new();
    let mut add = |coin: &str, change: i128| *held.entry(own_coin(coin).to_owned()).or_default() += change;
    for row in client.all("userNonFundingLedgerUpdates", ROWS_MAX) {
        let delta = &row["delta"];
        match delta["type"].as_str().unwrap() {
            "deposit" => add("USDC", units(&delta["usdc"])),
            "withdraw" => add("USDC", -units(&delta["usdc"]) - units(&delta["fee"])),
            "accountClassTransfer" => {}
            "rewardsClaim" | "spotGenesis" => add(delta["token"].as_str().unwrap(), units(&delta["amount"])),
            "spotTransfer" if delta["destination"] == me => {
                add(delta["token"].as_str().unwrap(), units(&delta["amount"]));
            }
            "spotTransfer" => {
                assert_eq!(delta["user"], me);
                add(delta["token"].as_str().unwrap(), -units(&delta["amount"]) - units(&delta["fee"]));
            }
            other => panic!("{other}"),
        }
    }
    for row in client.all("userFunding", ROWS_MAX) {
        add("USDC", units(&row["delta"]["usdc"]));
    }
    for fill in client.all("userFillsByTime", FILLS_MAX) {
        add(fill["feeToken"].as_str().unwrap(), -units(&fill["fee"]));
        let Some(symbol) = symbols.get(fill["coin"].as_str().unwrap()) else {
            add("USDC", units(&fill["closedPnl"]));
            continue;
        };
        let (quantity, sign) = (units(&fill["sz"]), if fill["side"] == "B" { 1 } else { -1 });
        let [base, quote] = coins(symbol);
        add(&base, sign * quantity);
        add(&quote, -sign * (units(&fill["px"]) * quantity / 100_000_000));
    }
    let spot = client.told("spotClearinghouseState", json!({}));
    let state = client.told("clearinghouseState", json!({}));
    let mut expected: BTreeMap<String, i128> = BTreeMap::new();
    for row in spot["balances"].as_array().unwrap() {
        expected.insert(own_coin(row["coin"].as_str().unwrap()).to_owned(), units(&row["total"]));
    }
    let open: i128 = state["assetPositions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| units(&row["position"]["unrealizedPnl"]))
        .sum();
    *expected.get_mut("USDT").unwrap() += units(&state["marginSummary"]["accountValue"]) - open;
    held.retain(|_, sum| *sum != 0);
    expected.retain(|_, sum| *sum != 0);
    assert_eq!(held, expected);
}
