//! A whole account, collected over HTTP from `perf-aggregator-simulator` through Coinbase's interface and through Binance's: what
//! can be compared is the same, and nothing is left unexplained through either.
//!
//! Comparable: fills (instant, side, price, quantity, and their order within an instant), deposits, withdrawals, conversions,
//! interest, gifts, balances. Not so: a fee that Binance took in another coin than the quote stands with its fill there,
//! and by itself here.
//!
//! `PERFAGG_BIN_DIR` names the directory with the simulator; without it these tests say `skipped`.

use crate::{
    running::{KEY, NOW_MS, SECRET, Simulator},
    told::{Moved, Told},
};
use exchange::{
    Clock as _, ExchangeConnector, Hosts, MovementKind, MovementStatus, PriceAt, PriceWanted, Reach, Refusal,
    SimulatedClock, Task, Transport, Venue, VenueError, Verdict,
};
use ledger::{Asset, Decimal, Timestamp};
use protocol::{Credentials, Secret};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Time passes faster: wallets are told 166 pages a minute.
fn started(more: &[&str]) -> Option<Simulator> {
    Simulator::start(&[&["--time-rate", "30"], more].concat())
}

impl Simulator {
    async fn clock(&self) -> SimulatedClock {
        let clock = SimulatedClock::dangerous_development(self.address).unwrap();
        clock.refresh().await;
        clock
    }

    fn transport(&self) -> Transport {
        Transport::new(Hosts::dangerous_development(self.address).unwrap(), 7)
    }

    fn connector(&self, venue: Venue) -> Box<dyn ExchangeConnector> {
        let pem = self.ready["coinbase"]["secret"].as_str().unwrap();
        connector(venue, if venue == Venue::Coinbase { pem } else { SECRET })
    }
}

fn connector(venue: Venue, secret: &str) -> Box<dyn ExchangeConnector> {
    let secret_of = |text: &str| Secret::new(text.to_owned());
    venue.connector(Credentials { api_key: secret_of(KEY), secret: secret_of(secret), passphrase: None })
}

async fn run(
    simulator: &Simulator,
    connector: &mut dyn ExchangeConnector,
    told: &mut Told,
    task: Task,
) -> Result<(), VenueError> {
    let (clock, transport) = (simulator.clock().await, simulator.transport());
    let mut keep = |findings: Vec<_>, _| findings.into_iter().for_each(|finding| told.add(finding));
    transport.converse(connector, &clock, task, &mut keep).await
}

/// Rounds until all is told; one that fails is told again by the next one.
async fn collect(simulator: &Simulator, connector: &mut dyn ExchangeConnector, told: &mut Told) {
    loop {
        told.more = false;
        match run(simulator, connector, told, Task::Collect).await {
            Ok(()) if !told.more => break,
            Ok(()) => {}
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

async fn whole(simulator: &Simulator, venue: Venue) -> (Told, Box<dyn ExchangeConnector>) {
    let (mut told, mut connector) = (Told::default(), simulator.connector(venue));
    run(simulator, connector.as_mut(), &mut told, Task::CheckKey).await.unwrap();
    collect(simulator, connector.as_mut(), &mut told).await;
    (told, connector)
}

fn totals(told: &Told) -> BTreeMap<Asset, [Decimal; 2]> {
    let rows = told.balances.iter().map(|row| (row.asset.clone(), [row.free, row.locked]));
    rows.filter(|(_, amounts)| amounts.iter().any(|amount| !amount.is_zero())).collect()
}

/// What the truth has in its balances.
fn held(truth: &Value) -> BTreeMap<Asset, [Decimal; 2]> {
    let number = |value: &Value| value.as_str().unwrap().parse().unwrap();
    let rows = truth["balances"].as_array().unwrap().iter();
    rows.map(|row| (row["asset"].as_str().unwrap().into(), [number(&row["free"]), number(&row["locked"])]))
        .collect()
}

/// Fees by asset and second that do not stand with a fill in its quote.
fn charges(binance: &Told) -> Vec<Moved> {
    let fills = binance.fills.values().filter(|fill| !fill.fee.is_zero());
    let foreign = fills.filter(|fill| fill.fee_asset != binance.instruments[&fill.symbol].quote);
    let mut charges: Vec<_> = foreign
        .map(|fill| {
            let change = (fill.fee_asset.clone(), fill.fee.negated());
            (fill.time.millis().div_euclid(1000), vec![change], MovementStatus::Settled)
        })
        .collect();
    charges.sort();
    charges
}

fn assert_same(coinbase: &Told, binance: &Told) {
    assert!(coinbase.fills.len() > 20_000);
    assert!(coinbase.bare() == binance.bare(), "fills are the same, in the same order");
    let of = |kinds: &[MovementKind]| (coinbase.moved(kinds), binance.moved(kinds));
    for kind in [MovementKind::Deposit, MovementKind::Withdrawal, MovementKind::Distribution] {
        let (own, other) = of(&[kind]);
        assert!(!own.is_empty(), "{kind:?}");
        assert_eq!(own, other, "{kind:?}");
    }
    // What Binance sweeps, Coinbase converts, and books in two wallets.
    let sides = |told: &Told| told.sides(&[MovementKind::Convert, MovementKind::Dust]);
    let own = sides(coinbase);
    assert!(own.len() > 20 && own.iter().any(|(.., status)| *status == MovementStatus::Failed));
    assert_eq!(own, sides(binance));
    let (own, mut other) = of(&[MovementKind::Interest]);
    other.extend(charges(binance));
    other.sort();
    assert!(own == other, "interest, and fees in other coins");
    let transactions = |told: &Told| -> BTreeSet<Option<String>> {
        let crossed = told.movements.values().filter(|one| one.kind == MovementKind::Deposit);
        crossed.map(|one| one.transaction.clone()).collect()
    };
    assert_eq!(transactions(coinbase), transactions(binance));
    assert_eq!(totals(coinbase), totals(binance));
    assert_eq!((coinbase.residual(), binance.residual()), (BTreeMap::new(), BTreeMap::new()));
}

#[tokio::test]
async fn the_account_is_what_binance_tells_of_it() {
    let Some(simulator) = started(&[]) else { return };
    let (mut coinbase, mut connector) = whole(&simulator, Venue::Coinbase).await;
    let (binance, _) = whole(&simulator, Venue::Binance).await;
    assert_same(&coinbase, &binance);
    let truth = simulator.ask("GET", "/simulator/truth", "");
    assert_eq!(totals(&coinbase), held(&truth));
    assert_eq!(coinbase.rights.unwrap().verdict, Verdict::Accept);
    let portfolio = coinbase.account.as_deref().unwrap();
    assert!(portfolio.len() == 36 && portfolio.split('-').count() == 5, "{portfolio}");
    let others: BTreeSet<&str> = coinbase.unread.iter().map(|(what, _)| what.as_str()).collect();
    assert_eq!(others, ["1 sub-account"].into(), "another portfolio is not read, and that is said");
    // The second of the first deposit: wallets tell no finer times.
    let first = binance.reach.as_ref().unwrap().from.millis().div_euclid(1000) * 1000;
    let reach = Reach { from: Timestamp::from_millis(first), since_opening: true, gaps: Vec::new() };
    assert_eq!(coinbase.reach, Some(reach));

    // What is new is found in the next round, and a process that goes on from what was saved needs no more.
    simulator.ask("POST", "/simulator/fills", r#"{"count":7}"#);
    simulator.ask("POST", "/simulator/clock", r#"{"advance_ms":61000}"#);
    let saved = connector.saved();
    let mut other = simulator.connector(Venue::Coinbase);
    assert!(other.resume(&saved));
    let before = coinbase.fills.len();
    collect(&simulator, connector.as_mut(), &mut coinbase).await;
    assert_eq!((coinbase.fills.len(), coinbase.residual()), (before + 7, BTreeMap::new()));
    let mut resumed = Told::default();
    collect(&simulator, other.as_mut(), &mut resumed).await;
    assert!(resumed.fills.len() >= 7 && resumed.fills.len() < 2_000, "{}", resumed.fills.len());
    assert!(resumed.fills.iter().all(|(key, fill)| coinbase.fills.get(key) == Some(fill)));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_fault_it_is_the_same_account() {
    let Some(simulator) = started(&[]) else { return };
    let (good, _) = whole(&simulator, Venue::Coinbase).await;
    drop(simulator);
    for seed in ["1", "2"] {
        let Some(simulator) = started(&["--faults", seed]) else { return };
        // What is found late is found by now.
        simulator.ask("POST", "/simulator/clock", r#"{"advance_ms":61000}"#);
        let (bad, _) = whole(&simulator, Venue::Coinbase).await;
        assert!(bad.fills == good.fills, "fault seed {seed}");
        assert!(bad.movements == good.movements, "fault seed {seed}");
        assert_eq!((totals(&bad), &bad.unread, &bad.account), (totals(&good), &good.unread, &good.account));
        assert_eq!((bad.residual(), bad.reach), (BTreeMap::new(), good.reach.clone()), "fault seed {seed}");
    }
}

#[tokio::test]
async fn a_key_is_judged_by_its_own_rights() {
    let Some(simulator) = started(&[]) else { return };
    for (can, verdict, trade, transfer) in [
        ("read", Verdict::Accept, false, false),
        ("trade", Verdict::Refuse, true, false),
        ("withdraw", Verdict::Refuse, false, true),
    ] {
        simulator.ask("POST", "/simulator/rights", &format!(r#"{{"rights":"{can}"}}"#));
        let mut told = Told::default();
        let mut connector = simulator.connector(Venue::Coinbase);
        run(&simulator, connector.as_mut(), &mut told, Task::CheckKey).await.unwrap();
        let rights = told.rights.unwrap();
        assert_eq!(rights.verdict, verdict, "{can}");
        let named = (rights.trade, rights.withdraw, rights.transfer);
        assert_eq!(named, (Some(trade), Some(transfer), Some(transfer)), "{can}");
    }
    // A key of the same form that is not the one.
    let other = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIS11z2KqdJxwRBjcCc6/aclaJUWUJ402R+tN6GFCOjboAoGCCqGSM49\nAwEHoUQDQgAEYxkM5gyxLd4YCELlG9VH+pnWZmNVov/rXiGA3rNpeL6qj46TttFr\nYMOo++CLdXoebtdJ+Tz+2t9LoJ+HRN2Duw==\n-----END EC PRIVATE KEY-----\n";
    for secret in [other, "no key at all"] {
        let mut connector = connector(Venue::Coinbase, secret);
        let refused = run(&simulator, connector.as_mut(), &mut Told::default(), Task::CheckKey).await;
        assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
    }
}

#[tokio::test]
async fn prices_are_the_closes_of_the_world_in_dollars() {
    let Some(simulator) = started(&[]) else { return };
    let truth = simulator.ask("GET", "/simulator/truth", "");
    let closes = truth["prices"]["BTCUSDT"].as_object().unwrap();
    let old = closes.iter().filter(|(open, _)| ***open < *NOW_MS.to_string()).step_by(closes.len() / 20 + 1);
    let old: Vec<(i64, Decimal)> =
        old.map(|(open, close)| (open.parse().unwrap(), close.as_str().unwrap().parse().unwrap())).collect();
    let wanted = |asset: &str, at_ms: i64| PriceWanted {
        asset: asset.into(),
        quote: "USDC".into(),
        at: PriceAt::Instant(Timestamp::from_millis(at_ms)),
    };
    let all =
        old.iter().flat_map(|(open_ms, _)| ["BTC", "USDT", "币安人生"].map(|asset| wanted(asset, *open_ms)));
    let mut told = Told::default();
    let mut connector = simulator.connector(Venue::Coinbase);
    run(&simulator, connector.as_mut(), &mut told, Task::Price(all.collect())).await.unwrap();
    assert!(old.len() > 10);
    for (open_ms, close) in old {
        let price = |asset: &str| told.prices[&wanted(asset, open_ms)].map(|price| price.0);
        assert_eq!((price("BTC"), price("USDT")), (Some(close), Some(Decimal::ONE)));
        assert!(price("币安人生").is_some_and(|price| price.is_positive()));
    }
}
