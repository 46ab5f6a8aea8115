//! The account of the simulator, through every fault, is the one that its world has.

use crate::{ADDRESS, NOW_MS, Told, connector, running::Simulator, sum};
use exchange::{
    Clock as _, ExchangeConnector, Finding, Hosts, Movement, MovementKind, Reach, SimulatedClock, Task,
    Transport,
};
use ledger::{
    Asset, Currency, Decimal, Fill, FillId, Instrument, Liquidity, Price, Quantity, Side, Symbol, Timestamp,
    TradeAggregator,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn started(more: &[&str]) -> Option<Simulator> {
    let simulator = Simulator::start(&[&["--contracts"], more].concat())?;
    assert_eq!(simulator.ready["hyperliquid"]["address"], ADDRESS.to_lowercase());
    Some(simulator)
}

impl Simulator {
    async fn collect(&self, connector: &mut dyn ExchangeConnector, told: &mut Told) {
        let clock = SimulatedClock::dangerous_development(self.address).unwrap();
        clock.refresh().await;
        let transport = Transport::new(Hosts::dangerous_development(self.address).unwrap(), 7);
        // A round that fails is told again by the next one, and one that ends early goes on in the next one.
        loop {
            told.more = false;
            let mut keep =
                |findings: Vec<Finding>, _| findings.into_iter().for_each(|finding| told.add(finding));
            match transport.converse(connector, &clock, Task::Collect, &mut keep).await {
                Ok(()) if !told.more => return,
                Ok(()) => {}
                Err(error) => assert!(error.is_transient(), "{error:?}"),
            }
        }
    }
}

fn product(a: Decimal, b: Decimal) -> Decimal {
    a.checked_mul(b).unwrap()
}

fn number(value: &Value) -> Decimal {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

/// The venue's money is USDC, which stands for the world's USDT.
fn coin(name: &str) -> &str {
    if name == "USDT" { "USDC" } else { name }
}

fn rows(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

fn fill(symbol: &str, row: &Value, names: [&str; 5], number_of: u64) -> Fill {
    let [buyer, maker, quantity, fee, fee_asset] = names;
    Fill {
        account: "hyperliquid".into(),
        symbol: Symbol::from(symbol),
        id: FillId::from(row["id"].to_string().as_str()),
        order_id: None,
        time: Timestamp::from_millis(row["time"].as_i64().unwrap()),
        sequence: Some(number_of),
        side: if row[buyer] == true { Side::Buy } else { Side::Sell },
        quantity: Quantity(number(&row[quantity])),
        price: Price(number(&row["price"])),
        fee: number(&row[fee]),
        fee_asset: Asset::from(coin(row[fee_asset].as_str().unwrap())),
        liquidity: if row[maker] == true { Liquidity::Maker } else { Liquidity::Taker },
        fee_rate: None,
        reporting_rate: None,
    }
}

/// The fills of the world, in the order in which they happened.
fn fills_of_the_world(truth: &Value) -> Vec<Fill> {
    let pairs: BTreeMap<&str, String> = rows(&truth["symbols"])
        .map(|row| {
            let side = |name: &str| coin(row[name].as_str().unwrap()).to_owned();
            (row["symbol"].as_str().unwrap(), format!("{}/{}", side("baseAsset"), side("quoteAsset")))
        })
        .collect();
    let spot = ["isBuyer", "isMaker", "qty", "commission", "commissionAsset"];
    // Ids of a market rise.
    let of_spot = rows(&truth["fills"])
        .map(|row| fill(&pairs[row["symbol"].as_str().unwrap()], row, spot, row["id"].as_u64().unwrap()));
    let contract = ["buyer", "maker", "quantity", "fee", "asset"];
    let of_contracts = rows(&truth["contracts"]["fills"]).filter(|row| row["asset"] == "USDT").map(|row| {
        let base = row["symbol"].as_str().unwrap().strip_suffix("USDT").unwrap();
        fill(&format!("{base}/USDC:USDC"), row, contract, row["sequence"].as_u64().unwrap())
    });
    of_spot.chain(of_contracts).collect()
}

/// What identifies a fill whose id is another one here.
fn named(fill: &Fill) -> String {
    let Fill { symbol, time, side, quantity, price, fee, fee_asset, liquidity, .. } = fill;
    format!("{symbol} {} {side:?} {} {} {fee} {fee_asset} {liquidity:?}", time.millis(), quantity.0, price.0)
}

/// The books of fills: what each came to, by first in first out and by average cost.
fn books(instruments: &BTreeMap<Symbol, Instrument>, fills: Vec<Fill>) -> BTreeMap<Symbol, String> {
    let mut aggregator = TradeAggregator::new(Asset::from("USDC"));
    instruments.values().for_each(|instrument| aggregator.add_instrument(instrument.clone()).unwrap());
    aggregator.apply(fills, Timestamp::from_millis(NOW_MS + 86_400_000)).unwrap();
    let symbols: Vec<Symbol> = aggregator.symbols().into_iter().cloned().collect();
    let told = symbols.into_iter().map(|symbol| {
        let figures = aggregator.symbol(&symbol, Currency::Settlement);
        let average = aggregator.average_cost(&symbol, Currency::Settlement);
        let open = aggregator.open(&symbol);
        let said = format!(
            "{} fills, {:?} realized in {} matches, {average:?}, {open:?}",
            figures.fills, figures.realized_gross, figures.matches
        );
        (symbol, said)
    });
    told.collect()
}

/// What fills and movements come to: the profit of contracts by average cost, computed here.
fn balances_of(told: &Told) -> BTreeMap<Asset, Decimal> {
    let mut held: BTreeMap<Asset, Decimal> = BTreeMap::new();
    let mut add = |asset: &Asset, change: Decimal| {
        let held = held.entry(asset.clone()).or_default();
        *held = sum(*held, change);
    };
    for movement in told.movements.values() {
        let sides = movement.received.iter().map(|(asset, amount)| (asset, *amount));
        let spent = movement.spent.iter().map(|(asset, amount)| (asset, amount.negated()));
        sides.chain(spent).for_each(|(asset, change)| add(asset, change));
    }
    let mut ordered: Vec<&Fill> = told.fills.values().collect();
    ordered.sort_by_key(|fill| (fill.time, fill.sequence));
    // Of each contract: what is held, and what it cost with its sign.
    let mut open: BTreeMap<&Symbol, (Decimal, Decimal)> = BTreeMap::new();
    for fill in ordered {
        let Instrument { base, quote, .. } = &told.instruments[&fill.symbol];
        let bought = fill.side == Side::Buy;
        let signed = if bought { fill.quantity.0 } else { fill.quantity.0.negated() };
        let value = product(signed, fill.price.0);
        add(&fill.fee_asset, fill.fee.negated());
        if !fill.symbol.as_str().contains(':') {
            add(base, signed);
            add(quote, value.negated());
            continue;
        }
        // Money out and in, as if each contract were paid for: what is open is put back at its cost below.
        add(quote, value.negated());
        let (size, cost) = open.entry(&fill.symbol).or_default();
        let adds = size.is_zero() || size.is_negative() == signed.is_negative();
        let after = sum(*size, signed);
        *cost = if adds {
            sum(*cost, value)
        } else if after.is_zero() {
            Decimal::ZERO
        } else if after.is_negative() == size.is_negative() {
            product(*cost, after).checked_div(*size).unwrap()
        } else {
            product(after, fill.price.0)
        };
        *size = after;
    }
    for (_, cost) in open.values() {
        add(&Asset::from("USDC"), *cost);
    }
    held.retain(|_, held| !held.rounded(6).is_zero());
    held
}

fn assert_equals_the_truth(told: &Told, truth: &Value) {
    assert_eq!(told.unread, BTreeSet::from(["1 sub-account".to_owned()]), "everything else is explained");
    let expected = fills_of_the_world(truth);
    let mut names: Vec<String> = expected.iter().map(named).collect();
    let mut got: Vec<String> = told.fills.values().map(named).collect();
    names.sort();
    got.sort();
    assert_eq!(got.len(), names.len());
    let wrong: Vec<_> = got.iter().zip(&names).filter(|(got, name)| got != name).take(3).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // In the same order too: profit hangs on it.
    let books_of_the_world = books(&told.instruments, expected);
    for (symbol, book) in books(&told.instruments, told.fills.values().cloned().collect()) {
        assert_eq!(book, books_of_the_world[&symbol], "{symbol}");
    }

    let contracts = &truth["contracts"];
    let positions: BTreeMap<Symbol, Decimal> = rows(&contracts["positions"])
        .filter(|row| row["settle"] == "USDT" && row["quantity"] != "0")
        .map(|row| {
            (format!("{}/USDC:USDC", row["base"].as_str().unwrap()).as_str().into(), number(&row["quantity"]))
        })
        .collect();
    assert!(!positions.is_empty() && told.positions == positions, "{:?}", told.positions);

    let kinds = |kind| told.movements.values().filter(move |movement| movement.kind == kind);
    let paid = rows(&contracts["funding"]).filter(|row| row["asset"] == "USDT");
    let mut paid: Vec<(i64, Decimal)> =
        paid.map(|row| (row["time"].as_i64().unwrap(), number(&row["amount"]))).collect();
    let amount = |movement: &Movement| match (&movement.received, &movement.spent) {
        (Some((_, amount)), None) => *amount,
        (None, Some((_, amount))) => amount.negated(),
        _ => panic!("{movement:?}"),
    };
    let mut funding: Vec<(i64, Decimal)> =
        kinds(MovementKind::Funding).map(|movement| (movement.time.millis(), amount(movement))).collect();
    paid.retain(|(_, amount)| !amount.is_zero());
    paid.sort();
    funding.sort();
    assert_eq!(funding, paid);

    let mut balances: BTreeMap<Asset, Decimal> = BTreeMap::new();
    for row in rows(&truth["balances"]) {
        let total = sum(number(&row["free"]), number(&row["locked"]));
        balances.insert(Asset::from(coin(row["asset"].as_str().unwrap())), total);
    }
    let money = balances.entry(Asset::from("USDC")).or_default();
    *money = sum(*money, number(&contracts["wallets"]["USDT"]));
    balances.retain(|_, held| !held.is_zero());
    assert_eq!(told.balances, balances);

    // What was told comes to what is held: nothing is left that nobody explains.
    let rounded = |held: &BTreeMap<Asset, Decimal>| -> BTreeMap<Asset, Decimal> {
        // The world rounds a profit down to its eighth decimal, two thousand times over.
        held.iter()
            .map(|(asset, held)| (asset.clone(), held.rounded(4)))
            .filter(|(_, held)| !held.is_zero())
            .collect()
    };
    assert_eq!(rounded(&balances_of(told)), rounded(&balances));
    let exact = |held: &BTreeMap<Asset, Decimal>| -> BTreeMap<Asset, Decimal> {
        held.iter()
            .filter(|(asset, _)| asset.as_str() != "USDC")
            .map(|(asset, held)| (asset.clone(), *held))
            .collect()
    };
    assert_eq!(
        exact(&balances_of(told)),
        exact(&told.balances),
        "to the last digit where nothing is divided"
    );
}

async fn collect_and_compare(simulator: &Simulator) {
    let (mut connector, mut told) = (connector(), Told::default());
    // What is found late, or by a clock that is behind, is there by then.
    simulator.ask("POST", "/simulator/clock", r#"{"advance_ms":120000}"#);
    simulator.collect(connector.as_mut(), &mut told).await;
    assert_equals_the_truth(&told, &simulator.ask("GET", "/simulator/truth", ""));
    let reach = told.reach.clone().unwrap();
    let truth = simulator.ask("GET", "/simulator/truth", "");
    let opened = rows(&truth["deposits"]).filter_map(|row| row["insertTime"].as_i64()).min().unwrap();
    let from = Timestamp::from_millis(opened);
    assert_eq!(reach, Reach { from, since_opening: true, gaps: Vec::new() }, "whole from its first deposit");
    // What is new is found in the next round, by another process.
    let saved = connector.saved();
    simulator.ask("POST", "/simulator/fills", r#"{"count":7}"#);
    simulator.ask("POST", "/simulator/clock", r#"{"advance_ms":61000}"#);
    let mut other = self::connector();
    assert!(other.resume(&saved));
    let before = told.fills.len();
    simulator.collect(other.as_mut(), &mut told).await;
    assert_eq!(told.fills.len(), before + 7);
}

/// Fewer fills than the venue keeps. Time passes faster: what is waited for is waited for by its clock.
const FEW: [&str; 4] = ["--fills", "5000", "--time-rate", "60"];

#[tokio::test]
async fn a_whole_account_is_what_the_world_is() {
    let Some(simulator) = started(&FEW) else { return };
    collect_and_compare(&simulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_it_is_the_same_account() {
    for seed in ["1", "2", "3"] {
        let faults = ["--faults", seed];
        let Some(simulator) = started(&[&FEW[..], &faults].concat()) else { return };
        collect_and_compare(&simulator).await;
    }
}

#[tokio::test]
async fn a_long_history_begins_with_the_oldest_fill_that_exists() {
    let Some(simulator) = started(&["--time-rate", "60"]) else { return };
    let (mut connector, mut told) = (connector(), Told::default());
    simulator.collect(connector.as_mut(), &mut told).await;
    let mut times: Vec<i64> = fills_of_the_world(&simulator.ask("GET", "/simulator/truth", ""))
        .iter()
        .map(|fill| fill.time.millis())
        .collect();
    times.sort_unstable();
    assert!(times.len() > 20_000 && told.fills.len() == 10_000, "{} of {}", told.fills.len(), times.len());
    let from = Timestamp::from_millis(times[times.len() - 10_000]);
    assert_eq!(told.reach, Some(Reach { from, since_opening: false, gaps: Vec::new() }));
}
