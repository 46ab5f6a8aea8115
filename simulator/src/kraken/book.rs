//! The account as Kraken keeps it: trades, and one ledger in which every change of every balance is an entry with the
//! balance after it. All of it follows from the world; nothing is drawn.
//!
//! What the world has and Kraken has not is told in the nearest of its types:
//! - a fee in a third coin is an entry of its own under the trade's id, with an amount of zero, as fee credits are;
//! - conversions are `spend` and `receive`, sweeps of dust the same with the subtype `dustsweeping`;
//! - interest on free coins is `earn` with the subtype `reward`, that on staked ones `staking`;
//! - gifts, airdrops and distributions are `transfer` without a subtype, as airdrops are on the real venue.

mod entries;
mod trades;

use super::page::Row;
use crate::{amount::Amount, faults::Faults, world::World};
use entries::Writer;
use trades::consolidated;

pub(super) use entries::{deposit_id, withdrawal_id};

/// Everything, oldest first.
pub(super) struct Book {
    fills: usize,
    /// One for each fill.
    pub(super) trades: Vec<Trade>,
    /// One for each order that took, where it took at once; the others as they are.
    pub(super) consolidated: Vec<Trade>,
    pub(super) entries: Vec<Entry>,
}

/// A trade, as `TradesHistory` has it.
#[derive(Clone)]
pub(super) struct Trade {
    pub(super) id: String,
    pub(super) order_id: String,
    pub(super) market: usize,
    pub(super) number: u64,
    pub(super) time_ms: i64,
    found_ms: i64,
    pub(super) buyer: bool,
    pub(super) maker: bool,
    pub(super) price: Amount,
    pub(super) quantity: Amount,
    pub(super) cost: Amount,
    /// In the quote, whatever it was taken from.
    pub(super) fee: Amount,
    pub(super) ledgers: Vec<String>,
}

/// A change of a balance, as `Ledgers` has it.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) refid: String,
    pub(super) time_ms: i64,
    found_ms: i64,
    pub(super) kind: &'static str,
    pub(super) subtype: &'static str,
    pub(super) asset: &'static str,
    /// The fee is not in it.
    pub(super) amount: Amount,
    pub(super) fee: Amount,
    pub(super) balance: Amount,
}

impl Book {
    /// The book of a world. Faults decide what of it is found late.
    pub(super) fn new(world: &World, faults: Option<&Faults>) -> Self {
        let (trades, entries) = Writer::new(world, faults).written();
        let consolidated = consolidated(&trades);
        Self { fills: world.account.fill_count(), trades, consolidated, entries }
    }

    /// Whether nothing happened since. Only fills are ever added to a world.
    pub(super) fn is_of(&self, world: &World) -> bool {
        self.fills == world.account.fill_count()
    }
}

impl Row for Trade {
    fn id(&self) -> &str {
        &self.id
    }

    fn time_ms(&self) -> i64 {
        self.time_ms
    }

    fn found_ms(&self) -> i64 {
        self.found_ms
    }
}

impl Row for Entry {
    fn id(&self) -> &str {
        &self.id
    }

    fn time_ms(&self) -> i64 {
        self.time_ms
    }

    fn found_ms(&self) -> i64 {
        self.found_ms
    }
}
