//! All that was told, each thing once, and what it comes to.

use exchange::{Balance, Finding, KeyRights, Movement, MovementKind, MovementStatus, PriceWanted, Reach};
use ledger::{Asset, Decimal, Fill, Instrument, Price, Side, Symbol};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) rights: Option<KeyRights>,
    pub(crate) account: Option<String>,
    pub(crate) instruments: BTreeMap<Symbol, Instrument>,
    pub(crate) fills: BTreeMap<(Symbol, String, Side), Fill>,
    pub(crate) movements: BTreeMap<(MovementKind, String), Movement>,
    pub(crate) balances: Vec<Balance>,
    pub(crate) unread: BTreeSet<(String, &'static str)>,
    pub(crate) reach: Option<Reach>,
    pub(crate) prices: BTreeMap<PriceWanted, Option<Price>>,
    /// The round was a part of a long history.
    pub(crate) more: bool,
}

/// A fill without the names that each venue has for it.
pub(crate) type Bare = (i64, Asset, Asset, Side, Decimal, Decimal);

/// The second of a movement, what changed, and whether it counts.
pub(crate) type Moved = (i64, Vec<(Asset, Decimal)>, MovementStatus);

impl Told {
    pub(crate) fn add(&mut self, finding: Finding) {
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
            Finding::Rights(rights) => self.rights = Some(rights),
            Finding::Account { id, .. } => self.account = Some(id),
            Finding::More => self.more = true,
            _ => {}
        }
    }

    /// Fills in the order in which they happened, by base and quote.
    pub(crate) fn bare(&self) -> Vec<Bare> {
        let mut fills: Vec<&Fill> = self.fills.values().collect();
        fills.sort_by_key(|fill| (fill.symbol.clone(), fill.time, fill.sequence, fill.id.clone()));
        let each = fills.into_iter().map(|fill| {
            let Instrument { base, quote, .. } = &self.instruments[&fill.symbol];
            let (price, quantity) = (fill.price.0, fill.quantity.0);
            (fill.time.millis(), base.clone(), quote.clone(), fill.side, price, quantity)
        });
        let mut bare: Vec<Bare> = each.collect();
        // Symbols sort otherwise elsewhere. The sort is stable: fills of one instant stay in their order.
        bare.sort_by_key(|(time, base, quote, ..)| (base.clone(), quote.clone(), *time));
        bare
    }

    /// Asset, change and second of each movement of a kind; what came is above zero.
    pub(crate) fn moved(&self, kinds: &[MovementKind]) -> Vec<Moved> {
        let of_kinds = self.movements.values().filter(|movement| kinds.contains(&movement.kind));
        let mut moved: Vec<_> = of_kinds
            .map(|movement| {
                let spent = movement.spent.iter().map(|(asset, amount)| (asset.clone(), amount.negated()));
                let changes = spent.chain(movement.received.clone()).collect();
                (movement.time.millis().div_euclid(1000), changes, movement.status)
            })
            .collect();
        moved.sort();
        moved
    }

    /// The same, each side of a movement by itself: some venues book one thing into two wallets.
    pub(crate) fn sides(&self, kinds: &[MovementKind]) -> Vec<(i64, (Asset, Decimal), MovementStatus)> {
        let moved = self.moved(kinds).into_iter();
        let mut sides: Vec<_> = moved
            .flat_map(|(second, changes, status)| changes.into_iter().map(move |side| (second, side, status)))
            .collect();
        sides.sort();
        sides
    }

    /// What nothing explains, by asset: balances minus all that was told to have changed them.
    pub(crate) fn residual(&self) -> BTreeMap<Asset, Decimal> {
        let mut left: BTreeMap<Asset, Decimal> = BTreeMap::new();
        let mut add = |asset: &Asset, amount: Decimal| {
            let sum = left.entry(asset.clone()).or_default();
            *sum = sum.checked_add(amount).unwrap();
        };
        for balance in &self.balances {
            add(&balance.asset, balance.free.checked_add(balance.locked).unwrap());
        }
        for fill in self.fills.values() {
            let Instrument { base, quote, .. } = &self.instruments[&fill.symbol];
            let (quantity, cost) = (fill.quantity.0, fill.quantity.0.checked_mul(fill.price.0).unwrap());
            let (quantity, cost) = match fill.side {
                Side::Buy => (quantity, cost.negated()),
                Side::Sell => (quantity.negated(), cost),
            };
            add(base, quantity.negated());
            add(quote, cost.negated());
            add(&fill.fee_asset, fill.fee);
        }
        for movement in self.movements.values().filter(|one| one.status == MovementStatus::Settled) {
            movement.received.iter().for_each(|(asset, amount)| add(asset, amount.negated()));
            movement.spent.iter().for_each(|(asset, amount)| add(asset, *amount));
        }
        left.retain(|_, amount| !amount.is_zero());
        left
    }
}
