//! A whole account, collected over HTTP from `perf-aggregator-simulator` by the connector of any venue, in a form in which what
//! venues tell of one account is the same: no ids, and our own names.
#![allow(dead_code, reason = "each test file uses its part")]

#[path = "../running/mod.rs"]
mod running;

pub(crate) use running::{NOW_MS, Simulator};

use exchange::{
    Balance, Clock as _, Finding, Hosts, KeyRights, Movement, MovementKind, MovementStatus, Reach,
    SharedMarkets, SimulatedClock, Task, Transport, Venue, VenueError,
};
use ledger::{Asset, Decimal, Fill, Instrument, InstrumentKind, Side, Symbol, Timestamp};
use protocol::{Credentials, Secret};
use running::{KEY, SECRET};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

impl Simulator {
    /// What a venue's connector tells of the account.
    pub(crate) async fn collected(&self, venue: Venue) -> Told {
        let clock = SimulatedClock::dangerous_development(self.address).unwrap();
        clock.refresh().await;
        let transport = Transport::new(Hosts::dangerous_development(self.address).unwrap(), 7);
        // Of Binance the spot account: others are told within theirs.
        let mut connector =
            venue.connector_sharing(credentials(SECRET), &SharedMarkets::default(), &["spot"]);
        let mut told = Told::default();
        let started = clock.now();
        for task in [Task::CheckKey, Task::Collect] {
            loop {
                told.more = false;
                let mut add = |findings: Vec<Finding>, _| findings.into_iter().for_each(|one| told.add(one));
                let ended = transport.converse(connector.as_mut(), &clock, task.clone(), &mut add).await;
                match ended {
                    // What failed on a bad day is gone on with by the next round.
                    Err(error) => assert!(error.is_transient(), "{error:?}"),
                    Ok(()) if told.more => {}
                    Ok(()) => break,
                }
            }
        }
        println!("{} told after {} ms of venue time", venue.name(), clock.now().millis() - started.millis());
        told
    }

    /// What the key may do, or why it is not known.
    pub(crate) async fn rights(&self, venue: Venue, secret: Option<&str>) -> Result<KeyRights, VenueError> {
        let clock = SimulatedClock::dangerous_development(self.address).unwrap();
        clock.refresh().await;
        let transport = Transport::new(Hosts::dangerous_development(self.address).unwrap(), 7);
        let mut connector = venue.connector(credentials(secret.unwrap_or(SECRET)));
        let mut told = Told::default();
        let mut add = |findings: Vec<Finding>, _| findings.into_iter().for_each(|one| told.add(one));
        transport.converse(connector.as_mut(), &clock, Task::CheckKey, &mut add).await?;
        Ok(told.rights.unwrap())
    }
}

fn credentials(secret: &str) -> Credentials {
    let own = |text: &str| Secret::new(text.to_owned());
    // Where a venue wants a passphrase it is this one.
    Credentials { api_key: own(KEY), secret: own(secret), passphrase: Some(own("demo-passphrase")) }
}

/// All that was told, each thing once.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) rights: Option<KeyRights>,
    pub(crate) account: Option<(String, Vec<&'static str>)>,
    pub(crate) instruments: BTreeMap<Symbol, Instrument>,
    pub(crate) fills: BTreeMap<(Symbol, String), Fill>,
    pub(crate) movements: BTreeMap<(MovementKind, String), Movement>,
    pub(crate) balances: Vec<Balance>,
    pub(crate) positions: BTreeMap<Symbol, Decimal>,
    pub(crate) unread: BTreeSet<String>,
    pub(crate) reach: Option<Reach>,
    more: bool,
}

impl Told {
    fn add(&mut self, finding: Finding) {
        match finding {
            Finding::Rights(rights) => self.rights = Some(rights),
            Finding::Account { id, types } => self.account = Some((id, types)),
            Finding::Instrument(instrument) => {
                drop(self.instruments.insert(instrument.symbol.clone(), instrument))
            }
            Finding::Fills(fills) => {
                for fill in fills {
                    assert!(self.instruments.contains_key(&fill.symbol), "instruments come before fills");
                    let before = self.fills.insert((fill.symbol.clone(), fill.id.to_string()), fill.clone());
                    assert!(before.is_none_or(|before| before == fill), "a fill stays what it is: {fill:?}");
                }
            }
            Finding::Movement(movement) => {
                let before = self.movements.insert((movement.kind, movement.id.clone()), movement.clone());
                let stays = |before: Movement| before.status != MovementStatus::Settled || before == movement;
                assert!(before.is_none_or(stays), "what is settled stays what it is: {movement:?}");
            }
            Finding::Balances { balances, .. } => self.balances = balances,
            Finding::Positions { positions, .. } => self.positions = positions.into_iter().collect(),
            Finding::Unread { what, .. } => drop(self.unread.insert(what)),
            Finding::Reach(reach) => self.reach = Some(reach),
            Finding::More => self.more = true,
            Finding::Within { finding, .. } => self.add(*finding),
            Finding::Price(..) | Finding::VenueTime(_) => {}
        }
    }

    /// What happened before an instant, and what happened since. Balances and all that is said of the whole stay with the latter.
    pub(crate) fn split(mut self, at: Timestamp) -> (Self, Self) {
        let mut before = Self { instruments: self.instruments.clone(), ..Self::default() };
        let is_before = |time: Timestamp| time < at;
        before.fills = self.fills.extract_if(.., |_, fill| is_before(fill.time)).collect();
        before.movements = self.movements.extract_if(.., |_, movement| is_before(movement.time)).collect();
        (before, self)
    }

    fn settled(&self) -> impl Iterator<Item = &Movement> {
        self.movements.values().filter(|movement| movement.status == MovementStatus::Settled)
    }

    /// Each fill of coins, by our names: how often it happened.
    pub(crate) fn spot(&self) -> BTreeMap<String, u32> {
        let spot = |fill: &&Fill| self.instruments[&fill.symbol].kind == InstrumentKind::Spot;
        counted(self.fills.values().filter(spot).map(|fill| {
            let Instrument { base, quote, .. } = &self.instruments[&fill.symbol];
            let Fill { time, side, quantity, price, fee, fee_asset, liquidity, .. } = fill;

            format!("{base}/{quote} {time:?} {side:?} {quantity:?} {price:?} {fee} {fee_asset} {liquidity:?}")
        }))
    }

    /// What moved of a kind, without ids.
    pub(crate) fn moved(&self, kinds: &[MovementKind]) -> BTreeMap<String, u32> {
        let of = |movement: &&Movement| kinds.contains(&movement.kind);
        counted(self.settled().filter(of).map(|movement| {
            let Movement { time, received, spent, transaction, .. } = movement;
            format!("{time:?} {received:?} {spent:?} {transaction:?}")
        }))
    }

    /// What came of kinds that are income, by asset.
    pub(crate) fn sums(&self, kinds: &[MovementKind]) -> BTreeMap<Asset, Decimal> {
        let mut sums = BTreeMap::new();
        for movement in self.settled().filter(|movement| kinds.contains(&movement.kind)) {
            movement.received.iter().for_each(|(asset, amount)| add(&mut sums, asset, *amount));
            movement.spent.iter().for_each(|(asset, amount)| add(&mut sums, asset, amount.negated()));
        }
        sums.retain(|_, sum| !sum.is_zero());
        sums
    }

    /// Free and locked.
    pub(crate) fn held(&self) -> BTreeMap<Asset, Decimal> {
        let mut held = BTreeMap::new();
        for Balance { asset, free, locked } in &self.balances {
            add(&mut held, asset, free.checked_add(*locked).unwrap());
        }
        held.retain(|_, sum| !sum.is_zero());
        held
    }

    /// What follows from fills and movements, fees of contracts included and their profit left out.
    pub(crate) fn explained(&self) -> BTreeMap<Asset, Decimal> {
        let mut sums = BTreeMap::new();
        for fill in self.fills.values() {
            let Instrument { kind, base, quote, .. } = &self.instruments[&fill.symbol];
            add(&mut sums, &fill.fee_asset, fill.fee.negated());
            if *kind == InstrumentKind::Spot {
                let cost = fill.quantity.0.checked_mul(fill.price.0).unwrap();
                let sign = |amount: Decimal| if fill.side == Side::Buy { amount } else { amount.negated() };
                add(&mut sums, base, sign(fill.quantity.0));
                add(&mut sums, quote, sign(cost).negated());
            }
        }
        for movement in self.settled() {
            movement.received.iter().for_each(|(asset, amount)| add(&mut sums, asset, *amount));
            movement.spent.iter().for_each(|(asset, amount)| add(&mut sums, asset, amount.negated()));
        }
        sums.retain(|_, sum| !sum.is_zero());
        sums
    }
}

pub(crate) fn add(sums: &mut BTreeMap<Asset, Decimal>, asset: &Asset, amount: Decimal) {
    let sum = sums.entry(asset.clone()).or_default();
    *sum = sum.checked_add(amount).unwrap();
}

pub(crate) fn number(value: &Value) -> Decimal {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

fn counted(all: impl Iterator<Item = String>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    all.for_each(|one| *counts.entry(one).or_default() += 1);
    counts
}
