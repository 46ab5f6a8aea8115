//! The seeded account, collected through OKX's interface: over the three months that OKX tells the same as through Binance's, the
//! same with every fault on, and with contracts what the world knows of them.
//!
//! `PERFAGG_BIN_DIR` names the directory with the simulator; without it these tests say `skipped`.
#![cfg(test)]

mod account;

use account::{NOW_MS, Simulator, Told, add, number};
use exchange::{MovementKind, Refusal, Venue, VenueError, Verdict};
use ledger::{Asset, Decimal, Fill, InstrumentKind, Liquidity, Side, Symbol, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const DAY_MS: i64 = 86_400_000;

/// Asserts that what OKX tells is what Binance tells of the same time, and that nothing is left over: what was there when the
/// telling begins, and what is told since, is what is there now.
fn assert_alike(okx: &Told, binance: Told) {
    let reach = okx.reach.clone().unwrap();
    let (before, binance) = binance.split(reach.from);
    assert_eq!(okx.spot(), binance.spot());
    for kind in [MovementKind::Deposit, MovementKind::Withdrawal, MovementKind::Convert] {
        let moved = okx.moved(&[kind]);
        assert!(!moved.is_empty(), "{kind:?}");
        assert_eq!(moved, binance.moved(&[kind]), "{kind:?}");
    }
    for kind in [MovementKind::Dust, MovementKind::Interest, MovementKind::Distribution] {
        let sums = okx.sums(&[kind]);
        assert!(!sums.is_empty(), "{kind:?}");
        assert_eq!(sums, binance.sums(&[kind]), "{kind:?}");
    }
    assert_eq!(okx.held(), binance.held());
    assert_eq!(okx.sums(&[MovementKind::Transfer]), BTreeMap::new(), "what one account gave the other got");

    let mut explained = before.explained();
    okx.explained().iter().for_each(|(asset, amount)| add(&mut explained, asset, *amount));
    explained.retain(|_, sum| !sum.is_zero());
    assert_eq!(explained, okx.held(), "every change of every balance is told, once");
    assert_eq!(okx.unread, BTreeSet::new());
}

#[tokio::test]
async fn three_months_are_the_same_through_okx_and_through_binance() {
    let Some(simulator) = Simulator::start(&["--time-rate", "20"]) else { return };
    let (okx, binance) = (simulator.collected(Venue::Okx).await, simulator.collected(Venue::Binance).await);
    assert!(okx.fills.len() > 3_000, "{} fills", okx.fills.len());
    let uid = simulator.truth()["account"]["uid"].to_string();
    let types = vec!["spot", "margin", "swap", "futures", "funding", "savings"];
    assert_eq!(okx.account, Some((uid, types)));
    let reach = okx.reach.clone().unwrap();
    let kept = Timestamp::from_millis(NOW_MS - 89 * DAY_MS);
    assert!(!reach.since_opening && reach.gaps.is_empty());
    assert!(reach.from >= kept && reach.from.millis() < kept.millis() + DAY_MS / 4, "{:?}", reach.from);
    assert!(okx.fills.values().all(|fill| fill.time >= reach.from));
    assert!(okx.movements.values().all(|movement| movement.time >= reach.from));
    assert_alike(&okx, binance);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_it_is_the_same_account() {
    for seed in ["1", "2"] {
        let Some(simulator) = Simulator::start(&["--time-rate", "20"]) else { return };
        let binance = simulator.collected(Venue::Binance).await;
        let Some(simulator) = Simulator::start(&["--faults", seed, "--time-rate", "20"]) else { return };
        assert_alike(&simulator.collected(Venue::Okx).await, binance);
    }
}

/// Our name of a contract of the world, and how much one of its quantities is in contracts of OKX.
fn contract(row: &Value) -> (Symbol, Decimal) {
    let (name, contracts) = match row["symbol"].as_str().unwrap() {
        "BTCUSDT" => ("BTC/USDT:USDT", "100"),
        "ETHUSDT" => ("ETH/USDT:USDT", "10"),
        "BTCUSD" => ("BTC/USD:BTC", "1"),
        other => panic!("{other}"),
    };
    (Symbol::from(name), contracts.parse().unwrap())
}

fn told_fill(fill: &Fill) -> String {
    let Fill { symbol, time, side, liquidity, quantity, price, fee, fee_asset, .. } = fill;
    let liquidity = match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
        Liquidity::Unknown => "forced",
    };
    let is_buy = *side == Side::Buy;
    format!("{symbol} {} {is_buy} {liquidity} {} {} {fee} {fee_asset}", time.millis(), quantity.0, price.0)
}

fn known_fill(row: &Value) -> String {
    let (symbol, contracts) = contract(row);
    let liquidity = match (&row["liquidation"], &row["maker"]) {
        (Value::Bool(true), _) => "forced",
        (_, Value::Bool(true)) => "maker",
        _ => "taker",
    };
    let (quantity, price) = (number(&row["quantity"]).checked_mul(contracts).unwrap(), number(&row["price"]));
    let (fee, asset) = (number(&row["fee"]), row["asset"].as_str().unwrap());
    format!("{symbol} {} {} {liquidity} {quantity} {price} {fee} {asset}", row["time"], row["buyer"])
}

/// What was paid or received for positions, each with its instant.
fn payments(rows: impl Iterator<Item = (i64, Asset, Decimal)>) -> Vec<String> {
    let mut all: Vec<String> = rows
        .filter(|(.., amount)| !amount.is_zero())
        .map(|(at_ms, asset, amount)| format!("{at_ms} {asset} {amount}"))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn contracts_are_what_the_world_knows_of_them() {
    let Some(simulator) = Simulator::start(&["--time-rate", "20", "--contracts"]) else { return };
    let okx = simulator.collected(Venue::Okx).await;
    let truth = simulator.truth();
    let rows = |name: &str| truth["contracts"][name].as_array().unwrap();
    let is_contract = |fill: &&Fill| okx.instruments[&fill.symbol].kind != InstrumentKind::Spot;

    let mut fills: Vec<String> = okx.fills.values().filter(is_contract).map(told_fill).collect();
    let mut expected: Vec<String> = rows("fills").iter().map(known_fill).collect();
    fills.sort();
    expected.sort();
    assert!(expected.len() > 2_000 && expected.iter().any(|fill| fill.contains("forced")));
    assert_eq!(fills, expected);
    for (symbol, multiplier) in [("BTC/USDT:USDT", "0.01"), ("ETH/USDT:USDT", "0.1"), ("BTC/USD:BTC", "100")]
    {
        assert_eq!(okx.instruments[&Symbol::from(symbol)].multiplier, multiplier.parse().unwrap());
    }

    let amount = |movement: &exchange::Movement| match (&movement.received, &movement.spent) {
        (Some((asset, amount)), None) => (movement.time.millis(), asset.clone(), *amount),
        (None, Some((asset, amount))) => (movement.time.millis(), asset.clone(), amount.negated()),
        other => panic!("{other:?}"),
    };
    let told = okx.movements.values().filter(|movement| movement.kind == MovementKind::Funding).map(amount);
    let known = rows("funding").iter().map(|row| {
        (row["time"].as_i64().unwrap(), Asset::from(row["asset"].as_str().unwrap()), number(&row["amount"]))
    });
    let known = payments(known);
    assert!(known.len() > 100);
    assert_eq!(payments(told), known);

    let open = rows("positions").iter().map(|row| {
        let (symbol, contracts) = contract(row);
        (symbol, number(&row["quantity"]).checked_mul(contracts).unwrap())
    });
    let open: BTreeMap<Symbol, Decimal> = open.filter(|(_, held)| !held.is_zero()).collect();
    assert!(!open.is_empty());
    assert_eq!(okx.positions, open);

    // With the profit that the world knows of, the account is explained to the last digit.
    let mut explained = okx.explained();
    for row in rows("fills") {
        add(&mut explained, &Asset::from(row["asset"].as_str().unwrap()), number(&row["realized"]));
    }
    let spot = simulator.collected(Venue::Binance).await;
    let (before, _) = spot.split(okx.reach.clone().unwrap().from);
    before.explained().iter().for_each(|(asset, amount)| add(&mut explained, asset, *amount));
    explained.retain(|_, sum| !sum.is_zero());
    assert_eq!(explained, okx.held());
    assert_eq!(okx.unread, BTreeSet::new());
}

#[tokio::test]
async fn a_key_that_could_do_more_than_read_is_refused_and_by_name() {
    for (can, verdict, trades, withdraws) in [
        ("read", Verdict::Accept, false, false),
        ("trade", Verdict::Refuse, true, false),
        ("withdraw", Verdict::Refuse, false, true),
    ] {
        let Some(simulator) = Simulator::start(&["--rights", can]) else { return };
        let rights = simulator.rights(Venue::Okx, None).await.unwrap();
        let told = (rights.verdict, rights.trade, rights.withdraw);
        assert_eq!(told, (verdict, Some(trades), Some(withdraws)), "{can}");
        let refused = simulator.rights(Venue::Okx, Some("another")).await;
        assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
    }
}
