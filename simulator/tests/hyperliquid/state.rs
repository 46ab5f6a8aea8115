//! What is held, and what is open.

use crate::client::{Client, own_coin, units};
use serde_json::{Value, json};

#[test]
fn coins_are_those_of_the_world() {
    let client = Client::still(&[]);
    let spot = client.told("spotClearinghouseState", json!({}));
    let rows = spot["balances"].as_array().unwrap();
    for row in client.venue.truth()["balances"].as_array().unwrap() {
        let told = rows.iter().find(|told| own_coin(told["coin"].as_str().unwrap()) == row["asset"]);
        let (free, locked) = (units(&row["free"]), units(&row["locked"]));
        let told = told.map_or((0, 0), |told| (units(&told["total"]), units(&told["hold"])));
        assert_eq!(told, (free + locked, locked), "{row}");
    }
    assert!(rows.iter().any(|row| units(&row["hold"]) > 0), "the order that waits");
    assert_eq!(client.told("openOrders", json!({})).as_array().unwrap().len(), 1);
}

#[test]
fn the_account_of_perpetuals_is_its_wallet_and_what_is_open() {
    let client = Client::still(&["--contracts"]);
    let (state, truth) = (client.told("clearinghouseState", json!({})), client.venue.truth());
    let contracts = &truth["contracts"];
    let open: Vec<&Value> = contracts["positions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|position| position["settle"] == "USDT" && position["quantity"] != "0")
        .collect();
    let rows = state["assetPositions"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.len() == open.len());
    let mut unrealized = 0;
    for (row, expected) in rows.iter().zip(open) {
        let row = &row["position"];
        assert_eq!(row["coin"], expected["base"]);
        for (ours, theirs) in [("szi", "quantity"), ("entryPx", "entry"), ("unrealizedPnl", "unrealized")] {
            assert_eq!(units(&row[ours]), units(&expected[theirs]), "{ours}");
        }
        unrealized += units(&row["unrealizedPnl"]);
    }
    let value = units(&state["marginSummary"]["accountValue"]);
    assert_eq!(value, units(&contracts["wallets"]["USDT"]) + unrealized);
    let worth: i128 = rows
        .iter()
        .map(|row| units(&row["position"]["positionValue"]) * units(&row["position"]["szi"]).signum())
        .sum();
    assert_eq!(units(&state["marginSummary"]["totalRawUsd"]), value - worth);
}
