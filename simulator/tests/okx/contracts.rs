//! Contracts: told in contracts, settled in the account that holds everything else.

use crate::{
    client::{Client, number, text, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;
use std::collections::BTreeMap;

const SWAPS: &str = "trade/fills-history?instType=SWAP";
/// OKX's name, the world's, and how many hundred-millionths of the world's quantity one contract is.
const CONTRACTS: [(&str, &str, i128); 3] = [
    ("BTC-USDT-SWAP", "BTCUSDT", 1_000_000),
    ("ETH-USDT-SWAP", "ETHUSDT", 10_000_000),
    ("BTC-USD-SWAP", "BTCUSD", 100_000_000),
];

fn client() -> Client {
    Client::still(&["--contracts"])
}

fn known(id: &Value) -> (&'static str, i128) {
    let found = CONTRACTS.iter().find(|(own, ..)| id == own).expect("a contract");
    (found.1, found.2)
}

/// A number of contracts as the world counts them.
fn quantity(row: &Value, field: &str) -> i128 {
    units(&row[field]) * known(&row["instId"]).1 / 100_000_000
}

fn rows<'a>(truth: &'a Value, name: &str) -> &'a Vec<Value> {
    truth["contracts"][name].as_array().unwrap()
}

#[test]
fn a_contract_says_what_it_is_worth_and_in_what_it_settles() {
    let client = client();
    let told = client.told("public/instruments?instType=SWAP");
    let row = |id: &str| told.iter().find(|row| row["instId"] == id).unwrap();
    for (id, kind, size, of, settle, family) in [
        ("BTC-USDT-SWAP", "linear", "0.01", "BTC", "USDT", "BTC-USDT"),
        ("ETH-USDT-SWAP", "linear", "0.1", "ETH", "USDT", "ETH-USDT"),
        ("BTC-USD-SWAP", "inverse", "100", "USD", "BTC", "BTC-USD"),
    ] {
        let row = row(id);
        let fields = ["ctType", "ctVal", "ctValCcy", "settleCcy", "uly", "ctMult"];
        assert_eq!(fields.map(|field| text(&row[field])), [kind, size, of, settle, family, "1"], "{id}");
        assert_eq!(client.told(&format!("market/ticker?instId={id}")).len(), 1);
        let candles = client.told(&format!("market/history-candles?instId={id}&bar=1H"));
        assert_eq!(candles.len(), 100);
        assert!(
            candles.iter().all(|row| units(&row[3]) <= units(&row[4]) && units(&row[4]) <= units(&row[2]))
        );
    }
    assert!(client.told("public/instruments?instType=SPOT").iter().all(|row| row["instType"] == "SPOT"));
}

#[test]
fn every_execution_and_every_payment_is_the_worlds() {
    let client = client();
    let (truth, told) = (client.venue.truth(), client.all(SWAPS, "billId"));
    let expected: BTreeMap<(&str, i64), &Value> = rows(&truth, "fills")
        .iter()
        .map(|fill| ((text(&fill["symbol"]), fill["id"].as_i64().unwrap()), fill))
        .collect();
    assert!(told.len() > 2_000);
    assert_eq!(told.len(), expected.len());
    let mut forced = 0;
    for row in &told {
        let fill = expected[&(known(&row["instId"]).0, number(&row["tradeId"]).abs())];
        assert_eq!(quantity(row, "fillSz"), units(&fill["quantity"]), "{row}");
        assert_eq!(
            (units(&row["fillPx"]), units(&row["fillPnl"])),
            (units(&fill["price"]), units(&fill["realized"]))
        );
        assert_eq!((units(&row["fee"]), &row["feeCcy"]), (-units(&fill["fee"]), &fill["asset"]));
        assert_eq!(text(&row["side"]) == "buy", fill["buyer"].as_bool().unwrap());
        let liquidation = fill["liquidation"].as_bool().unwrap();
        assert_eq!((number(&row["tradeId"]) < 0, row["execType"] == ""), (liquidation, liquidation));
        forced += usize::from(liquidation);
    }
    assert!(forced > 0);
    let payments = client.all("account/bills-archive?type=8", "billId");
    let expected: BTreeMap<(&str, i64), &Value> = rows(&truth, "funding")
        .iter()
        .map(|row| ((text(&row["symbol"]), row["time"].as_i64().unwrap()), row))
        .collect();
    assert_eq!(payments.len(), expected.len());
    for row in &payments {
        let payment = expected[&(known(&row["instId"]).0, number(&row["ts"]))];
        assert_eq!((units(&row["balChg"]), &row["ccy"]), (units(&payment["amount"]), &payment["asset"]));
        assert_eq!(row["subType"], if units(&row["balChg"]) < 0 { "173" } else { "174" });
    }
}

#[test]
fn what_contracts_realize_is_booked_and_cash_is_that_of_all_wallets() {
    let client = client();
    let truth = client.venue.truth();
    let booked: Vec<Value> = ["2", "5"]
        .iter()
        .flat_map(|kind| client.all(&format!("account/bills-archive?instType=SWAP&type={kind}"), "billId"))
        .collect();
    assert_eq!(booked.len(), rows(&truth, "fills").len());
    assert!(booked.iter().all(|bill| units(&bill["balChg"]) == units(&bill["pnl"]) + units(&bill["fee"])));
    let details = client.rows("account/balance")[0]["details"].clone();
    let mut unrealized: BTreeMap<&str, i128> = BTreeMap::new();
    for row in rows(&truth, "positions") {
        *unrealized.entry(text(&row["settle"])).or_default() += units(&row["unrealized"]);
    }
    for asset in ["USDT", "BTC"] {
        let row = details.as_array().unwrap().iter().find(|row| row["ccy"] == asset).unwrap();
        let spot = truth["balances"].as_array().unwrap().iter().find(|row| row["asset"] == asset).unwrap();
        let there =
            units(&spot["free"]) + units(&spot["locked"]) + units(&truth["contracts"]["wallets"][asset]);
        assert_eq!(units(&row["cashBal"]), there, "{asset}");
        assert_eq!(units(&row["upl"]), unrealized[asset], "{asset}");
        assert_eq!(
            units(&row["eq"]),
            there + unrealized[asset],
            "what is not realized yet is equity and no cash"
        );
    }
}

#[test]
fn positions_are_told_in_contracts_with_their_side_as_a_sign() {
    let client = client();
    let (truth, told) = (client.venue.truth(), client.rows("account/positions?instType=SWAP"));
    let open: BTreeMap<&str, &Value> = rows(&truth, "positions")
        .iter()
        .filter(|row| units(&row["quantity"]) != 0)
        .map(|row| (text(&row["symbol"]), row))
        .collect();
    assert!(!told.is_empty());
    assert_eq!(told.len(), open.len());
    for row in &told {
        let expected = open[known(&row["instId"]).0];
        assert_eq!(quantity(row, "pos"), units(&expected["quantity"]));
        assert_eq!(
            (&row["avgPx"], &row["markPx"], &row["upl"]),
            (&expected["entry"], &expected["mark"], &expected["unrealized"])
        );
        assert_eq!(row["posSide"], "net");
    }
    assert!(client.rows("account/positions?instType=FUTURES").is_empty());
    assert_eq!(client.rows("account/positions"), told);
}

#[test]
fn a_payment_comes_by_itself_when_its_hour_is_there() {
    let client = client();
    let count = || client.rows(&format!("account/bills?type=8&begin={NOW_MS}")).len();
    let cash = || client.rows("account/balance?ccy=USDT")[0]["details"][0]["cashBal"].clone();
    let (before, at_first) = (count(), cash());
    client.venue.advance(DAY_MS / 3);
    assert!(count() > before);
    assert_ne!(cash(), at_first);
    let bills = client.rows("account/bills?type=8");
    let of_usdt = bills.iter().find(|bill| bill["ccy"] == "USDT").unwrap();
    assert_eq!(of_usdt["bal"], cash());
}
