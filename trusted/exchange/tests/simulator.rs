//! A whole account, collected over HTTP from `perf-aggregator-simulator` and compared with what it was seeded with:
//! on a good day, and on days with every fault.
//!
//! `PERFAGG_BIN_DIR` names the directory with the simulator; without it these tests say `skipped`.
#![cfg(test)]

mod running;

use exchange::{
    Balance, Clock as _, Cost, ExchangeConnector, Finding, Hosts, Movement, MovementKind, Next, PriceAt,
    PriceWanted, Progress, Reach, Refusal, Reply, SharedMarkets, SimulatedClock, Task, Transport, Venue,
    VenueError, Verdict,
};
use ledger::{Asset, Decimal, Fill, Instrument, Price, Side, Symbol, Timestamp};
use protocol::{Credentials, Secret};
use running::{KEY, SECRET, Simulator};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Simulator {
    async fn clock(&self) -> SimulatedClock {
        let clock = SimulatedClock::dangerous_development(self.address).unwrap();
        clock.refresh().await;
        clock
    }

    fn transport(&self) -> Transport {
        Transport::new(Hosts::dangerous_development(self.address).unwrap(), 7)
    }
}

/// A connector, and what its answered requests cost.
struct Counted {
    inner: Box<dyn ExchangeConnector>,
    asked: Option<Cost>,
    spent: BTreeMap<&'static str, (u32, u32)>,
}

impl ExchangeConnector for Counted {
    fn start(&mut self, task: Task) {
        self.inner.start(task);
    }

    fn next(&mut self, now: Timestamp) -> Next {
        let next = self.inner.next(now);
        if let Next::Ask(request) = &next {
            self.asked = Some(request.cost);
        }
        next
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        let cost = self.asked.unwrap();
        let (requests, weight) = self.spent.entry(cost.budget).or_default();
        (*requests, *weight) = (*requests + 1, *weight + cost.weight);
        self.inner.take(reply, now)
    }

    fn absent(&mut self, now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        self.inner.absent(now)
    }

    fn progress(&self) -> Progress {
        self.inner.progress()
    }

    fn saved(&self) -> Vec<u8> {
        self.inner.saved()
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        self.inner.resume(saved)
    }
}

fn connector(secret: &str) -> Box<dyn ExchangeConnector> {
    Venue::Binance.connector_sharing(
        Credentials {
            api_key: Secret::new(KEY.to_owned()),
            secret: Secret::new(secret.to_owned()),
            passphrase: None,
        },
        &SharedMarkets::default(),
        &["spot"],
    )
}

/// All that was told, each thing once.
#[derive(Default)]
struct Told {
    instruments: BTreeMap<Symbol, Instrument>,
    fills: BTreeMap<(Symbol, String, Side), Fill>,
    movements: BTreeMap<(MovementKind, String), Movement>,
    balances: Vec<Balance>,
    unread: BTreeSet<(String, &'static str)>,
    reach: Option<Reach>,
    prices: BTreeMap<PriceWanted, Option<Price>>,
    /// The round was a part of a long history.
    more: bool,
}

impl Told {
    fn add(&mut self, finding: Finding) {
        match finding {
            Finding::Instrument(instrument) => {
                drop(self.instruments.insert(instrument.symbol.clone(), instrument))
            }
            Finding::Fills(fills) => {
                for fill in fills {
                    assert!(self.instruments.contains_key(&fill.symbol), "instruments come before fills");
                    let key = (fill.symbol.clone(), fill.id.to_string(), fill.side);
                    let before = self.fills.insert(key, fill.clone());
                    assert!(before.is_none_or(|before| before == fill), "a fill stays what it is");
                }
            }
            Finding::Movement(movement) => {
                drop(self.movements.insert((movement.kind, movement.id.clone()), movement))
            }
            Finding::Balances { balances, .. } => self.balances = balances,
            Finding::Reach(reach) => self.reach = Some(reach),
            Finding::Unread { what, why } => drop(self.unread.insert((what, why))),
            Finding::Price(wanted, price) => drop(self.prices.insert(wanted, price.map(|(price, _)| price))),
            Finding::Rights(_)
            | Finding::Account { .. }
            | Finding::VenueTime(_)
            | Finding::Positions { .. } => {}
            Finding::More => self.more = true,
            Finding::Within { .. } => panic!("one account: {finding:?}"),
        }
    }

    /// What the fills need to be valued: fees in third assets, and settlement in other than USDT.
    fn wanted(&self) -> Vec<PriceWanted> {
        let mut wanted = BTreeSet::new();
        for fill in self.fills.values() {
            let Instrument { base, quote, .. } = &self.instruments[&fill.symbol];
            let at = PriceAt::Instant(Timestamp::from_millis(fill.time.millis() / 60_000 * 60_000));
            if fill.fee_asset != *base && fill.fee_asset != *quote {
                wanted.insert(PriceWanted { asset: fill.fee_asset.clone(), quote: quote.clone(), at });
            }
            if quote.as_str() != "USDT" {
                wanted.insert(PriceWanted { asset: quote.clone(), quote: Asset::from("USDT"), at });
            }
        }
        wanted.into_iter().collect()
    }
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
            findings.into_iter().for_each(|finding| told.add(finding));
        })
        .await
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn number(value: &Value) -> Decimal {
    text(value).parse().unwrap()
}

/// Interest apart from gifts, transactions, and that the account is whole from its first deposit.
fn assert_credits_and_reach(told: &Told, truth: &Value) {
    let kinds = |kind| told.movements.values().filter(move |movement| movement.kind == kind);
    let dividends = truth["dividends"].as_array().unwrap();
    let (interest, gifts): (Vec<&Value>, Vec<&Value>) =
        dividends.iter().partition(|row| row["enInfo"] == "Flexible" || row["enInfo"] == "ETH 2.0 Staking");
    assert_eq!(kinds(MovementKind::Distribution).count(), gifts.len());
    assert_eq!((kinds(MovementKind::Interest).count(), interest.is_empty()), (interest.len(), false));
    let deposits = truth["deposits"].as_array().unwrap();
    let first =
        deposits.iter().filter_map(|row| row["insertTime"].as_i64()).min().map(Timestamp::from_millis);
    let whole = Reach { from: first.unwrap(), since_opening: true, gaps: Vec::new() };
    assert_eq!(told.reach, Some(whole), "the account is whole from its first deposit");
    for row in deposits {
        let movement = &told.movements[&(MovementKind::Deposit, text(&row["id"]))];
        assert_eq!(movement.transaction.as_deref(), row["txId"].as_str());
    }
}

fn assert_equals_the_truth(told: &Told, truth: &Value) {
    let rows = truth["fills"].as_array().unwrap();
    assert_eq!(told.fills.len(), rows.len());
    for row in rows {
        let side = if row["isBuyer"].as_bool().unwrap() { Side::Buy } else { Side::Sell };
        let key = (Symbol::from(row["symbol"].as_str().unwrap()), text(&row["id"]), side);
        let fill = &told.fills[&key];
        assert_eq!(fill.price.0, number(&row["price"]));
        assert_eq!(fill.quantity.0, number(&row["qty"]));
        assert_eq!(
            (fill.fee, fill.fee_asset.as_str()),
            (number(&row["commission"]), row["commissionAsset"].as_str().unwrap())
        );
        assert_eq!(fill.time.millis(), row["time"].as_i64().unwrap());
        assert_eq!(fill.order_id.as_ref().unwrap().to_string(), text(&row["orderId"]));
    }
    let kinds = |kind| told.movements.values().filter(move |movement| movement.kind == kind);
    assert_eq!(kinds(MovementKind::Deposit).count(), truth["deposits"].as_array().unwrap().len());
    assert_eq!(kinds(MovementKind::Convert).count(), truth["converts"].as_array().unwrap().len());
    assert_credits_and_reach(told, truth);
    let withdrawals = truth["withdrawals"].as_array().unwrap();
    assert_eq!(kinds(MovementKind::Withdrawal).count(), withdrawals.len());
    for row in withdrawals {
        let movement = &told.movements[&(MovementKind::Withdrawal, text(&row["id"]))];
        let gross = number(&row["amount"]).checked_add(number(&row["transactionFee"])).unwrap();
        assert_eq!(movement.spent, Some((row["coin"].as_str().unwrap().into(), gross)));
    }
    let swept: usize = truth["dust"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["userAssetDribbletDetails"].as_array().unwrap().len())
        .sum();
    assert_eq!(kinds(MovementKind::Dust).count(), swept);
    for row in truth["balances"].as_array().unwrap() {
        let total = number(&row["free"]).checked_add(number(&row["locked"])).unwrap();
        let ours =
            told.balances.iter().find(|balance| balance.asset.as_str() == row["asset"].as_str().unwrap());
        assert_eq!(
            ours.map_or(Decimal::ZERO, |balance| balance.free.checked_add(balance.locked).unwrap()),
            total
        );
    }
    assert_eq!(told.unread, BTreeSet::new(), "everything is explained");
    for (wanted, price) in &told.prices {
        let PriceAt::Instant(at) = wanted.at else { panic!("fills want minutes") };
        let close = |symbol: String| truth["prices"].get(symbol)?.get(at.millis().to_string()).map(number);
        if let Some(close) = close(format!("{}{}", wanted.asset, wanted.quote)) {
            assert_eq!(price.unwrap().0, close, "{wanted:?}");
        } else if let Some(close) = close(format!("{}{}", wanted.quote, wanted.asset)) {
            let one = price.unwrap().0.checked_mul(close).unwrap().checked_sub(Decimal::ONE).unwrap().abs();
            assert!(one < "1e-26".parse().unwrap(), "{wanted:?}");
        } else {
            let leg = |from: &Asset, to: &str| close(format!("{from}{to}"));
            let through = leg(&wanted.asset, "USDT").unwrap();
            let back = close(format!("{}USDT", wanted.quote)).unwrap();
            let error = price.unwrap().0.checked_mul(back).unwrap().checked_sub(through).unwrap().abs();
            assert!(error < "1e-20".parse().unwrap(), "{wanted:?}");
        }
    }
}

async fn collect_and_compare(simulator: &Simulator) {
    let (clock, transport) = (simulator.clock().await, simulator.transport());
    let mut told = Told::default();
    let mut connector = Counted { inner: connector(SECRET), asked: None, spent: BTreeMap::new() };
    let started = clock.now();
    let report = |what: &str, connector: &Counted| {
        let ms = clock.now().millis() - started.millis();
        println!("{what} after {ms} ms of venue time; (requests, weight) by budget: {:?}", connector.spent);
    };
    run(&transport, &mut connector, &clock, &mut told, Task::CheckKey).await.unwrap();
    // A round that fails is told again by the next one.
    loop {
        told.more = false;
        match run(&transport, &mut connector, &clock, &mut told, Task::Collect).await {
            Ok(()) if !told.more => break,
            Ok(()) => {}
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
    report("collected", &connector);
    let wanted = told.wanted();
    run(&transport, &mut connector, &clock, &mut told, Task::Price(wanted.clone())).await.unwrap();
    report("priced", &connector);
    assert!(connector.spent["api"].1 < 5400, "a first collection fits into one minute of the budget");
    assert_eq!(told.prices.len(), wanted.len());
    assert_equals_the_truth(&told, &simulator.ask("GET", "/simulator/truth", ""));

    // What is new is found in the next round.
    connector.spent.clear();
    simulator.ask("POST", "/simulator/fills", r#"{"count":7}"#);
    simulator.ask("POST", "/simulator/clock", r#"{"advance_ms":61000}"#);
    clock.refresh().await;
    let before = told.fills.len();
    told.unread.clear();
    run(&transport, &mut connector, &clock, &mut told, Task::Collect).await.unwrap();
    report("polled", &connector);
    assert_eq!(told.fills.len(), before + 7);
    assert_equals_the_truth(&told, &simulator.ask("GET", "/simulator/truth", ""));
}

#[tokio::test]
async fn a_whole_account_is_what_the_simulator_was_seeded_with() {
    let Some(simulator) = Simulator::start(&[]) else { return };
    collect_and_compare(&simulator).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_it_is_the_same_account() {
    for seed in ["1", "2", "3"] {
        // Time passes faster: what is waited for is waited for by the venue's clock.
        let Some(simulator) = Simulator::start(&["--faults", seed, "--time-rate", "30"]) else { return };
        collect_and_compare(&simulator).await;
    }
}

#[tokio::test]
async fn a_key_is_judged_by_its_own_rights() {
    let Some(simulator) = Simulator::start(&["--rights", "read"]) else { return };
    let (clock, transport) = (simulator.clock().await, simulator.transport());
    let mut rights = Vec::new();
    for (can, verdict) in
        [("read", Verdict::Accept), ("trade", Verdict::Refuse), ("withdraw", Verdict::Refuse)]
    {
        simulator.ask("POST", "/simulator/rights", &format!(r#"{{"rights":"{can}"}}"#));
        let mut keep = |findings: Vec<Finding>, _| {
            rights.extend(findings.into_iter().filter_map(|finding| match finding {
                Finding::Rights(rights) => Some(rights),
                _ => None,
            }));
        };
        transport.converse(connector(SECRET).as_mut(), &clock, Task::CheckKey, &mut keep).await.unwrap();
        assert_eq!(rights.last().unwrap().verdict, verdict, "{can}");
    }
    let refused =
        transport.converse(connector("another").as_mut(), &clock, Task::CheckKey, &mut |_, _| {}).await;
    assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
}
