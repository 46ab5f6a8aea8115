//! The seeded account, collected through Bybit's interface: the same as through Binance's, the same with every fault on, and with
//! contracts what the world knows of them.
//!
//! `PERFAGG_BIN_DIR` names the directory with the simulator; without it these tests say `skipped`.
#![cfg(test)]

mod account;

use account::{NOW_MS, Simulator, Told, add, number};
use exchange::{MovementKind, Refusal, Venue, VenueError, Verdict};
use ledger::{
    Asset, Currency, Decimal, Fill, InstrumentKind, Liquidity, Side, Symbol, Timestamp, TradeAggregator,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const INCOME: [MovementKind; 2] = [MovementKind::Interest, MovementKind::Distribution];
const DAY_MS: i64 = 86_400_000;

fn assert_alike(bybit: &Told, binance: &Told) {
    assert_eq!(bybit.spot(), binance.spot());
    for kinds in [
        [MovementKind::Deposit].as_slice(),
        &[MovementKind::Withdrawal],
        // Bybit books a sweep of small balances as conversions.
        &[MovementKind::Convert, MovementKind::Dust],
    ] {
        let moved = bybit.moved(kinds);
        assert!(!moved.is_empty(), "{kinds:?}");
        assert_eq!(moved, binance.moved(kinds), "{kinds:?}");
    }
    for kind in INCOME {
        assert_eq!(bybit.sums(&[kind]), binance.sums(&[kind]), "{kind:?}");
    }
    assert_eq!(bybit.held(), binance.held());
    assert_eq!(bybit.sums(&[MovementKind::Transfer]), BTreeMap::new(), "what one wallet gave the other got");
}

/// Every change of every balance is told, once.
fn assert_nothing_is_left(told: &Told) {
    assert_eq!(told.explained(), told.held());
    assert_eq!(told.unread, BTreeSet::new());
}

#[tokio::test]
async fn one_history_is_the_same_through_bybit_and_through_binance() {
    let Some(simulator) = Simulator::start(&["--time-rate", "20"]) else { return };
    let (bybit, binance) =
        (simulator.collected(Venue::Bybit).await, simulator.collected(Venue::Binance).await);
    assert!(bybit.spot().len() > 15_000, "{} kinds of fills", bybit.spot().len());
    assert_alike(&bybit, &binance);
    assert_nothing_is_left(&bybit);
    let names = |told: &Told| told.fills.keys().map(|(symbol, _)| symbol.clone()).collect::<BTreeSet<_>>();
    assert!(names(&bybit).iter().all(|name| name.as_str().contains('/')));
    let truth = simulator.truth();
    // This market is listed there no more: what was traded in it the log says.
    assert!(truth["fills"].as_array().unwrap().iter().any(|fill| fill["symbol"] == "SOLBNB"));
    assert!(names(&bybit).contains(&Symbol::from("SOL/BNB")));
    let uid = truth["account"]["uid"].to_string();
    assert_eq!(bybit.account, Some((uid, vec!["unified", "funding"])));
    let reach = bybit.reach.unwrap();
    let two_years = Timestamp::from_millis(NOW_MS - 729 * DAY_MS);
    assert!(!reach.since_opening && reach.gaps.is_empty());
    assert!(reach.from >= two_years && reach.from.millis() < two_years.millis() + DAY_MS, "{:?}", reach.from);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_it_is_the_same_account() {
    let Some(simulator) = Simulator::start(&["--time-rate", "20"]) else { return };
    let binance = simulator.collected(Venue::Binance).await;
    for seed in ["1", "2"] {
        let Some(simulator) = Simulator::start(&["--faults", seed, "--time-rate", "20"]) else { return };
        let bybit = simulator.collected(Venue::Bybit).await;
        assert_alike(&bybit, &binance);
        assert_nothing_is_left(&bybit);
    }
}

/// What a fill of a contract was, in the words of the world.
fn contract_fill(told: &Told, fill: &Fill) -> String {
    let face = match told.instruments[&fill.symbol].kind {
        InstrumentKind::Inverse => "100",
        _ => "1",
    };
    let quantity = fill.quantity.0;
    let (side, maker) = (fill.side == Side::Buy, fill.liquidity == Liquidity::Maker);
    let time = fill.time.millis();
    format!(
        "{} {time} {side} {maker} {quantity} of {face} {} {} {}",
        fill.symbol, fill.price.0, fill.fee, fill.fee_asset
    )
}

/// Our name of a contract of the world, and how much one of its quantities is at Bybit: coins, or dollars.
fn contract(row: &Value) -> (Symbol, Decimal, &'static str) {
    let (name, size, face) = match row["symbol"].as_str().unwrap() {
        "BTCUSDT" => ("BTC/USDT:USDT", "1", "1"),
        "ETHUSDT" => ("ETH/USDT:USDT", "1", "1"),
        "BTCUSD" => ("BTC/USD:BTC", "100", "100"),
        other => panic!("{other}"),
    };
    (Symbol::from(name), size.parse().unwrap(), face)
}

/// Profit and entry prices at average cost, as the ledger computes them from what was told. The world rounds each fill down to a
/// hundred-millionth.
fn assert_profit_is_the_worlds(told: &Told, contracts: &Value) {
    let mut ledger = TradeAggregator::new(Asset::from("USDT"));
    let is_contract = |fill: &&Fill| told.instruments[&fill.symbol].kind != InstrumentKind::Spot;
    let fills: Vec<Fill> = told.fills.values().filter(is_contract).cloned().collect();
    for symbol in fills.iter().map(|fill| &fill.symbol).collect::<BTreeSet<_>>() {
        ledger.add_instrument(told.instruments[symbol].clone()).unwrap();
    }
    let count = u32::try_from(fills.len()).unwrap();
    ledger.apply(fills, Timestamp::from_millis(NOW_MS)).unwrap();
    let is_near = |a: Decimal, b: Decimal, most: Decimal| a.checked_sub(b).unwrap().abs() <= most;
    let rounding = Decimal::from(u64::from(count)).checked_mul("0.00000001".parse().unwrap()).unwrap();
    for row in contracts["positions"].as_array().unwrap() {
        let (symbol, ..) = contract(row);
        let average = ledger.average_cost(&symbol, Currency::Settlement);
        let of_symbol =
            contracts["fills"].as_array().unwrap().iter().filter(|fill| fill["symbol"] == row["symbol"]);
        let realized = of_symbol
            .map(|fill| number(&fill["realized"]))
            .fold(Decimal::ZERO, |sum, one| sum.checked_add(one).unwrap());
        assert!(!realized.is_zero());
        let ours = average.realized_gross.unwrap();
        assert!(is_near(ours, realized, rounding), "{symbol}: {ours} instead of {realized}");
        if !number(&row["quantity"]).is_zero() {
            let entry = average.average_entry.unwrap();
            assert!(is_near(entry, number(&row["entry"]), "0.01".parse().unwrap()), "{symbol}: {entry}");
        }
    }
}

/// A fill of the world in the words of `contract_fill`.
fn expected_fill(row: &Value) -> String {
    let (name, size, face) = contract(row);
    let quantity = number(&row["quantity"]).checked_mul(size).unwrap();
    format!(
        "{name} {} {} {} {quantity} of {face} {} {} {}",
        row["time"],
        row["buyer"],
        row["maker"],
        number(&row["price"]),
        number(&row["fee"]),
        row["asset"].as_str().unwrap()
    )
}

#[tokio::test]
async fn contracts_are_what_the_world_knows_of_them() {
    let Some(simulator) = Simulator::start(&["--time-rate", "20", "--contracts"]) else { return };
    let bybit = simulator.collected(Venue::Bybit).await;
    let truth = simulator.truth();
    let contracts = &truth["contracts"];
    let rows = |name: &str| contracts[name].as_array().unwrap();

    let is_contract = |fill: &&Fill| bybit.instruments[&fill.symbol].kind != InstrumentKind::Spot;
    let mut fills: Vec<String> =
        bybit.fills.values().filter(is_contract).map(|fill| contract_fill(&bybit, fill)).collect();
    let mut expected: Vec<String> = rows("fills").iter().map(expected_fill).collect();
    fills.sort();
    expected.sort();
    assert!(expected.len() > 2_000 && rows("fills").iter().any(|row| row["liquidation"] == true));
    assert_eq!(fills, expected);

    let mut paid: BTreeMap<(i64, Asset), Vec<Decimal>> = BTreeMap::new();
    for row in rows("funding") {
        let asset = Asset::from(row["asset"].as_str().unwrap());
        paid.entry((row["time"].as_i64().unwrap(), asset)).or_default().push(number(&row["amount"]));
    }
    let mut told: BTreeMap<(i64, Asset), Vec<Decimal>> = BTreeMap::new();
    for movement in bybit.movements.values().filter(|movement| movement.kind == MovementKind::Funding) {
        let (asset, amount) = match (&movement.received, &movement.spent) {
            (Some((asset, amount)), None) => (asset, *amount),
            (None, Some((asset, amount))) => (asset, amount.negated()),
            other => panic!("{other:?}"),
        };
        told.entry((movement.time.millis(), asset.clone())).or_default().push(amount);
    }
    paid.values_mut().chain(told.values_mut()).for_each(|amounts| amounts.sort());
    paid.values_mut().for_each(|amounts| amounts.retain(|amount| !amount.is_zero()));
    paid.retain(|_, amounts| !amounts.is_empty());
    assert!(paid.len() > 100);
    assert_eq!(told, paid);

    let positions: BTreeMap<Symbol, Decimal> = rows("positions")
        .iter()
        .map(|row| {
            let (name, size, _) = contract(row);
            (name, number(&row["quantity"]).checked_mul(size).unwrap())
        })
        .filter(|(_, quantity)| !quantity.is_zero())
        .collect();
    assert!(!positions.is_empty());
    assert_eq!(bybit.positions, positions);
    // What is open is what the fills come to.
    let mut open: BTreeMap<Symbol, Decimal> = BTreeMap::new();
    for fill in bybit.fills.values().filter(is_contract) {
        let signed = if fill.side == Side::Buy { fill.quantity.0 } else { fill.quantity.0.negated() };
        let sum = open.entry(fill.symbol.clone()).or_default();
        *sum = sum.checked_add(signed).unwrap();
    }
    open.retain(|_, quantity| !quantity.is_zero());
    assert_eq!(open, positions);

    assert_profit_is_the_worlds(&bybit, contracts);

    // With the profit that the world knows of, the wallet is explained to the last digit.
    let mut explained = bybit.explained();
    for row in rows("fills") {
        add(&mut explained, &Asset::from(row["asset"].as_str().unwrap()), number(&row["realized"]));
    }
    explained.retain(|_, sum| !sum.is_zero());
    assert_eq!(explained, bybit.held());
    assert_eq!(bybit.unread, BTreeSet::new());
}

#[tokio::test]
async fn a_key_that_could_do_more_than_read_is_refused_and_by_name() {
    for (can, verdict, trades, withdraws) in [
        ("read", Verdict::Accept, false, false),
        ("trade", Verdict::Refuse, true, false),
        ("withdraw", Verdict::Refuse, false, true),
    ] {
        let Some(simulator) = Simulator::start(&["--rights", can]) else { return };
        let rights = simulator.rights(Venue::Bybit, None).await.unwrap();
        assert_eq!(
            (rights.verdict, rights.trade, rights.withdraw),
            (verdict, Some(trades), Some(withdraws)),
            "{can}"
        );
        let refused = simulator.rights(Venue::Bybit, Some("another")).await;
        assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
    }
}
