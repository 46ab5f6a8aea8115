//! A Binance account with all its wallets, collected over HTTP from `perf-aggregator-simulator` and compared with what it was
//! seeded with: on a good day, on days with every fault, and where there is nothing beside the spot account.
//!
//! `PERFAGG_BIN_DIR` names the directory with the simulator; without it these tests say `skipped`.
#![cfg(test)]

mod running;

use exchange::{
    Balance, Clock as _, ExchangeConnector, Finding, Hosts, Movement, MovementKind, SharedMarkets,
    SimulatedClock, Task, Transport, Venue, VenueError,
};
use ledger::{Asset, Decimal, Fill, Instrument, InstrumentKind, Side, Symbol};
use protocol::{Credentials, Secret};
use running::{KEY, SECRET, Simulator};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const SPOT: &str = "binance/spot";
const USDM: &str = "binance/usdm";
const COINM: &str = "binance/coinm";
const MARGIN: &str = "binance/margin";
const ISOLATED: &str = "binance/isolated";

/// All that was told, by account, each thing once.
#[derive(Default)]
struct Told {
    instruments: BTreeMap<Symbol, Instrument>,
    fills: BTreeMap<(String, Symbol, String), Fill>,
    movements: BTreeMap<(&'static str, MovementKind, String), Movement>,
    balances: BTreeMap<&'static str, Vec<Balance>>,
    positions: BTreeMap<&'static str, Vec<(Symbol, Decimal)>>,
    reached: BTreeSet<&'static str>,
    unread: BTreeSet<(&'static str, String, &'static str)>,
    /// Whether the last round was a part of a long history, and how many were.
    more: bool,
    parts: usize,
}

impl Told {
    fn add(&mut self, account: &'static str, finding: Finding) {
        match finding {
            Finding::Within { account, finding } => self.add(account, *finding),
            Finding::Instrument(instrument) => {
                drop(self.instruments.insert(instrument.symbol.clone(), instrument));
            }
            Finding::Fills(fills) => {
                for fill in fills {
                    assert_eq!(&*fill.account, account);
                    assert!(self.instruments.contains_key(&fill.symbol), "instruments come before fills");
                    let key = (fill.account.to_string(), fill.symbol.clone(), fill.id.to_string());
                    let before = self.fills.insert(key, fill.clone());
                    assert!(before.is_none_or(|before| before == fill), "a fill stays what it is");
                }
            }
            Finding::Movement(movement) => {
                let key = (account, movement.kind, movement.id.clone());
                let before = self.movements.insert(key, movement.clone());
                assert!(before.is_none_or(|before| before == movement || account == SPOT));
            }
            Finding::Balances { balances, .. } => drop(self.balances.insert(account, balances)),
            Finding::Positions { positions, .. } => drop(self.positions.insert(account, positions)),
            Finding::Reach(_) => drop(self.reached.insert(account)),
            Finding::Unread { what, why } => drop(self.unread.insert((account, what, why))),
            Finding::More => self.more = true,
            _ => {}
        }
    }

    /// What movements of some kinds did to an asset.
    fn moved(&self, account: &str, kinds: &[MovementKind], asset: &str) -> i128 {
        let of = |movement: &&Movement| kinds.contains(&movement.kind);
        let own =
            self.movements.iter().filter(|((own, ..), _)| *own == account).map(|(_, movement)| movement);
        let part = |part: &Option<(Asset, Decimal)>| {
            part.as_ref()
                .filter(|(of, _)| of.as_str() == asset)
                .map_or(0, |(_, amount)| units(&amount.to_string()))
        };
        own.filter(of).map(|movement| part(&movement.received) - part(&movement.spent)).sum()
    }

    fn held(&self, account: &str, asset: &str) -> i128 {
        let held = self.balances[account].iter().find(|held| held.asset.as_str() == asset);
        held.map_or(0, |held| units(&held.free.checked_add(held.locked).unwrap().to_string()))
    }

    fn fills_of(&self, account: &str) -> impl Iterator<Item = &Fill> {
        self.fills.values().filter(move |fill| &*fill.account == account)
    }
}

/// Hundred-millionths: the venue's own resolution.
fn units(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 8, "{text}");
    format!("{whole}{part:0<8}").parse().unwrap()
}

fn told_units(value: &Value) -> i128 {
    units(value.as_str().unwrap())
}

fn credentials() -> Credentials {
    let secret = |text: &str| Secret::new(text.to_owned());
    Credentials { api_key: secret(KEY), secret: secret(SECRET), passphrase: None }
}

async fn reach(simulator: &Simulator) -> (SimulatedClock, Transport) {
    let clock = SimulatedClock::dangerous_development(simulator.address).unwrap();
    clock.refresh().await;
    (clock, Transport::new(Hosts::dangerous_development(simulator.address).unwrap(), 7))
}

async fn collected(simulator: &Simulator) -> Told {
    let (clock, transport) = reach(simulator).await;
    let mut connector = Venue::Binance.connector(credentials());
    let mut told = Told::default();
    run(&transport, connector.as_mut(), &clock, &mut told, Task::CheckKey).await.unwrap();
    loop {
        for task in [Task::Collect, Task::Price(Vec::new())] {
            // A round that fails is told again by the next one.
            while let Err(error) = run(&transport, connector.as_mut(), &clock, &mut told, task.clone()).await
            {
                assert!(error.is_transient(), "{error:?}");
            }
        }
        if !core::mem::take(&mut told.more) {
            break;
        }
        // A part is kept: as after a kill, another one goes on from there.
        told.parts += 1;
        let saved = connector.saved();
        connector = Venue::Binance.connector(credentials());
        assert!(connector.resume(&saved));
    }
    // It goes on where it was, and tells what it knows again at most.
    let mut again = Venue::Binance.connector(credentials());
    assert!(again.resume(&connector.saved()));
    let before = (told.fills.clone(), told.movements.len());
    while let Err(error) = run(&transport, again.as_mut(), &clock, &mut told, Task::Collect).await {
        assert!(error.is_transient(), "{error:?}");
    }
    assert_eq!(told.fills, before.0, "nothing is new");
    assert!(told.movements.len() <= before.1 + 3, "an hour of interest at most");
    println!("collected after {} ms of venue time", clock.now().millis());
    told
}

async fn run(
    transport: &Transport,
    connector: &mut dyn ExchangeConnector,
    clock: &SimulatedClock,
    told: &mut Told,
    task: Task,
) -> Result<(), VenueError> {
    let mut last = 0;
    transport
        .converse(connector, clock, task, &mut |findings, progress| {
            assert!(progress.done <= progress.total && progress.done >= last, "{progress:?}");
            last = progress.done;
            findings.into_iter().for_each(|finding| told.add(SPOT, finding));
        })
        .await
}

/// Fills of contracts, and what their wallets come to by them.
fn assert_contracts(told: &Told, truth: &Value) {
    let symbols = [("BTCUSDT", "BTC/USDT:USDT"), ("ETHUSDT", "ETH/USDT:USDT"), ("BTCUSD", "BTC/USD:BTC")];
    let our_name = |theirs: &Value| {
        let found = symbols.iter().find(|(name, _)| theirs == *name);
        Symbol::from(found.unwrap().1)
    };
    let rows = truth["fills"].as_array().unwrap();
    assert!(rows.len() > 2_500);
    assert_eq!(told.fills_of(USDM).count() + told.fills_of(COINM).count(), rows.len());
    // Money by each fill, as the venue rounds it, and fees: by wallet.
    let mut flows: BTreeMap<&str, i128> = BTreeMap::new();
    for row in rows {
        let account = if row["asset"] == "BTC" { COINM } else { USDM };
        let symbol = our_name(&row["symbol"]);
        let fill = &told.fills[&(account.to_owned(), symbol.clone(), row["id"].to_string())];
        let number = |field: &str| row[field].as_str().unwrap().parse::<Decimal>().unwrap();
        assert_eq!(
            (fill.price.0, fill.quantity.0, fill.fee),
            (number("price"), number("quantity"), number("fee"))
        );
        assert_eq!(fill.side == Side::Buy, row["buyer"].as_bool().unwrap());
        assert_eq!(Some(fill.time.millis()), row["time"].as_i64());
        assert_eq!(fill.fee_asset.as_str(), row["asset"].as_str().unwrap());
        let instrument = &told.instruments[&symbol];
        let (price, quantity) = (units(&fill.price.0.to_string()), units(&fill.quantity.0.to_string()));
        let (value, bought) = if instrument.kind == InstrumentKind::Inverse {
            assert_eq!(instrument.multiplier, "100".parse().unwrap());
            (quantity * 100 * 100_000_000 / price, 1)
        } else {
            (price * quantity / 100_000_000, -1)
        };
        let sign = if fill.side == Side::Buy { bought } else { -bought };
        *flows.entry(account).or_default() += sign * value - units(&fill.fee.to_string());
    }
    let mut open: BTreeMap<&str, Vec<(Symbol, Decimal)>> = BTreeMap::new();
    for row in truth["positions"].as_array().unwrap() {
        let account = if row["settle"] == "BTC" { COINM } else { USDM };
        let quantity: Decimal = row["quantity"].as_str().unwrap().parse().unwrap();
        let positions = open.entry(account).or_default();
        if !quantity.is_zero() {
            positions.push((our_name(&row["symbol"]), quantity));
        }
        // What is open was not realized: the wallet has not paid it.
        let back = if quantity.is_negative() == (account == COINM) { 1 } else { -1 };
        *flows.get_mut(account).unwrap() += back * told_units(&row["cost"]);
    }
    assert_eq!(
        BTreeMap::from([(USDM, told.positions[USDM].clone()), (COINM, told.positions[COINM].clone())]),
        open
    );
    for (account, asset) in [(USDM, "USDT"), (COINM, "BTC")] {
        let kinds = [MovementKind::Transfer, MovementKind::Funding];
        let wallet = flows[account] + told.moved(account, &kinds, asset);
        assert_eq!(wallet, told_units(&truth["wallets"][asset]), "{account}: nothing is left unexplained");
        assert_eq!(told.held(account, asset), wallet, "{account}");
        let funding = truth["funding"].as_array().unwrap().iter().filter(|row| row["asset"] == asset);
        let funding: i128 = funding.map(|row| told_units(&row["amount"])).sum();
        assert_eq!(told.moved(account, &[MovementKind::Funding], asset), funding);
        let moved = truth["transfers"].as_array().unwrap().iter().filter(|row| row["asset"] == asset);
        for row in moved.clone() {
            let id = row["id"].to_string();
            let own = &told.movements[&(account, MovementKind::Transfer, id.clone())];
            let other = &told.movements[&(SPOT, MovementKind::Transfer, id)];
            assert_eq!((&own.received, &own.spent), (&other.spent, &other.received), "both sides are told");
            assert_eq!(own.received.is_some(), row["inward"].as_bool().unwrap());
        }
        let count =
            told.movements.keys().filter(|(own, kind, _)| *own == account && *kind == MovementKind::Transfer);
        assert_eq!(count.count(), moved.count());
    }
}

/// A margin account, which may be several wallets: fills, interest and moves come to what is held and owed.
fn assert_margin(told: &Told, account: &'static str, wallets: &[&Value]) {
    let rows = |list: &'static str| wallets.iter().flat_map(move |wallet| wallet[list].as_array().unwrap());
    assert_eq!(told.fills_of(account).count(), rows("fills").count());
    let mut net: BTreeMap<&str, i128> = BTreeMap::new();
    for row in rows("fills") {
        let (base, quote) = match row["symbol"].as_str().unwrap() {
            "BTCUSDT" => ("BTC", "USDT"),
            "ETHUSDT" => ("ETH", "USDT"),
            "ETHBTC" => ("ETH", "BTC"),
            other => panic!("{other}"),
        };
        let name = Symbol::from(format!("{base}/{quote}").as_str());
        let fill = &told.fills[&(account.to_owned(), name, row["id"].to_string())];
        let number = |field: &str| row[field].as_str().unwrap().parse::<Decimal>().unwrap();
        assert_eq!(
            (fill.price.0, fill.quantity.0, fill.fee),
            (number("price"), number("qty"), number("commission"))
        );
        let sign = if fill.side == Side::Buy { 1 } else { -1 };
        *net.entry(base).or_default() += sign * told_units(&row["qty"]);
        *net.entry(quote).or_default() -= sign * told_units(&row["quoteQty"]);
        let fee_asset = if fill.fee_asset.as_str() == quote { quote } else { base };
        *net.entry(fee_asset).or_default() -= told_units(&row["commission"]);
    }
    let mut held: BTreeMap<&str, i128> = BTreeMap::new();
    for row in rows("held") {
        *held.entry(row["asset"].as_str().unwrap()).or_default() += told_units(&row["net"]);
    }
    for (asset, held) in held {
        let moved = told.moved(account, &[MovementKind::Transfer, MovementKind::Interest], asset);
        let net = net.get(asset).copied().unwrap_or_default() + moved;
        assert_eq!(net, held, "{account} {asset}: nothing is left unexplained");
        assert_eq!(told.held(account, asset), net, "{account} {asset}");
    }
    let interest =
        told.movements.keys().filter(|(own, kind, _)| *own == account && *kind == MovementKind::Interest);
    assert_eq!(interest.count(), rows("interest").count());
    for (list, other) in [("transfers", SPOT), ("between", if account == MARGIN { ISOLATED } else { MARGIN })]
    {
        for row in rows(list) {
            let id = row["id"].to_string();
            let own = &told.movements[&(account, MovementKind::Transfer, id.clone())];
            let theirs = &told.movements[&(other, MovementKind::Transfer, id)];
            assert_eq!((&own.received, &own.spent), (&theirs.spent, &theirs.received), "both sides are told");
            assert_eq!(own.received.is_some(), row["inward"].as_bool().unwrap());
        }
    }
    let moves =
        told.movements.keys().filter(|(own, kind, _)| *own == account && *kind == MovementKind::Transfer);
    assert_eq!(moves.count(), rows("transfers").chain(rows("between")).count());
}

async fn collect_and_compare(simulator: &Simulator) -> Told {
    let told = collected(simulator).await;
    let truth = simulator.truth();
    assert!(told.parts > 0, "contracts have more than a round takes");
    assert_eq!(told.unread, BTreeSet::new(), "everything is explained");
    assert_eq!(told.reached, BTreeSet::from([SPOT, USDM, COINM, MARGIN, ISOLATED]));
    assert_eq!(told.fills_of(SPOT).count(), truth["fills"].as_array().unwrap().len());
    assert_contracts(&told, &truth["contracts"]);
    assert_margin(&told, MARGIN, &[&truth["margin"]]);
    assert_margin(&told, ISOLATED, &truth["isolated"].as_object().unwrap().values().collect::<Vec<_>>());
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wallet_is_what_the_simulator_was_seeded_with_also_with_every_fault() {
    let Some(simulator) = Simulator::start(&["--contracts"]) else { return };
    let calm = collect_and_compare(&simulator).await;
    for seed in ["1", "2"] {
        let faults = ["--contracts", "--faults", seed, "--time-rate", "30"];
        let Some(simulator) = Simulator::start(&faults) else { return };
        let told = collect_and_compare(&simulator).await;
        assert_eq!(told.fills, calm.fills, "faults change nothing");
        let missing =
            calm.movements.iter().find(|(key, movement)| told.movements.get(*key) != Some(movement));
        assert_eq!(missing, None);
    }
}

#[tokio::test]
async fn an_account_without_other_wallets_is_read_and_they_are_said_to_be_unread() {
    let Some(simulator) = Simulator::start(&[]) else { return };
    let told = collected(&simulator).await;
    assert_eq!(told.fills_of(SPOT).count(), simulator.truth()["fills"].as_array().unwrap().len());
    assert_eq!(
        (told.fills.len(), told.reached.clone()),
        (told.fills_of(SPOT).count(), BTreeSet::from([SPOT]))
    );
    let unread: Vec<&str> = told.unread.iter().map(|(_, what, _)| what.as_str()).collect();
    assert_eq!(unread, ["the COIN-M wallet", "the USD-M wallet", "the cross margin wallet"]);
}

#[tokio::test]
async fn whoever_reads_other_wallets_later_finds_there_what_was_unexplained_before() {
    let Some(simulator) = Simulator::start(&["--contracts"]) else { return };
    let (clock, transport) = reach(&simulator).await;
    let mut saved: Option<Vec<u8>> = None;
    for (types, is_explained) in [(&["spot"][..], false), (&[][..], true)] {
        let mut connector = Venue::Binance.connector_sharing(credentials(), &SharedMarkets::default(), types);
        if let Some(saved) = &saved {
            assert!(connector.resume(saved));
        }
        let mut told = Told { more: true, ..Told::default() };
        while core::mem::take(&mut told.more) {
            told.unread.clear();
            run(&transport, connector.as_mut(), &clock, &mut told, Task::Collect).await.unwrap();
        }
        assert_eq!(told.unread.is_empty(), is_explained, "{types:?}: {:?}", told.unread);
        saved = Some(connector.saved());
    }
}
