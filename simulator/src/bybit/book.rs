//! The account as Bybit keeps it: executions, the log of the unified wallet, that of the funding wallet, and transfers between
//! the two. All of it follows from the world; nothing is drawn.
//!
//! What the world knows as one wallet is told so:
//! - deposits arrive in the funding wallet and go on to the unified one at once, as an account may be set to do;
//! - withdrawals take the same way back;
//! - interest of coins that earn is paid to the funding wallet, and goes on likewise;
//! - a coin that no market trades stays in the funding wallet: nothing else is ever held there;
//! - contracts settle in the unified wallet: what the world moves between a wallet of coins and one of contracts stays where it is;
//! - conversions and sweeps of dust are made by the unified wallet, which books both sides; so are other gifts.

mod writer;
mod contracts;

use super::page::Row;
use crate::{amount::Amount, faults::Faults, world::World};

pub(super) use writer::stays_in_funding;

/// Everything, in the order of places.
#[derive(Default)]
pub(super) struct Book {
    fills: usize,
    pub(super) executions: Vec<Execution>,
    pub(super) log: Vec<Entry>,
    pub(super) funding: Vec<Funded>,
    pub(super) transfers: Vec<Transfer>,
}

/// When something is told, and where among what happened in the same millisecond.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) time_ms: i64,
    found_ms: i64,
    tie: u64,
}

/// As `execution/list` has it.
pub(super) struct Execution {
    pub(super) told: Told,
    pub(super) category: &'static str,
    pub(super) symbol: String,
    pub(super) id: String,
    pub(super) order_id: String,
    pub(super) sequence: usize,
    /// `Trade`, `Funding`, `BustTrade`.
    pub(super) kind: &'static str,
    pub(super) buyer: bool,
    pub(super) maker: bool,
    pub(super) price: Amount,
    pub(super) quantity: Amount,
    pub(super) value: Amount,
    pub(super) fee: Amount,
    /// Empty where contracts are traded.
    pub(super) fee_coin: &'static str,
}

/// A change of the unified wallet, as `transaction-log` has it.
#[derive(Clone, Default)]
pub(super) struct Entry {
    pub(super) told: Told,
    pub(super) id: String,
    pub(super) kind: &'static str,
    /// Empty for what is no trade.
    pub(super) category: &'static str,
    pub(super) symbol: String,
    pub(super) side: &'static str,
    pub(super) coin: &'static str,
    pub(super) quantity: Amount,
    /// Of the position, after it.
    pub(super) size: Amount,
    pub(super) price: Amount,
    pub(super) cash_flow: Amount,
    pub(super) funding: Option<Amount>,
    /// Above zero: paid.
    pub(super) fee: Amount,
    pub(super) change: Amount,
    pub(super) balance: Amount,
    pub(super) trade_id: String,
    pub(super) order_id: String,
}

/// A change of the funding wallet, as `fundinghistory` has it: by the second.
pub(super) struct Funded {
    pub(super) told: Told,
    pub(super) id: String,
    pub(super) coin: &'static str,
    /// Below zero: it went.
    pub(super) change: Amount,
    pub(super) balance: Amount,
    pub(super) kind: &'static str,
    pub(super) words: &'static str,
}

/// Between the two wallets.
pub(super) struct Transfer {
    pub(super) told: Told,
    pub(super) id: String,
    pub(super) coin: &'static str,
    pub(super) amount: Amount,
    pub(super) to_unified: bool,
}

impl Book {
    /// The book of a world. Faults decide what of it is found late.
    pub(super) fn new(world: &World, faults: Option<&Faults>) -> Self {
        let mut book = writer::written(world, faults);
        book.fills = world.account.fill_count();
        book.executions.sort_by_key(Row::place);
        book.log.sort_by_key(Row::place);
        book.funding.sort_by_key(Row::place);
        book.transfers.sort_by_key(Row::place);
        book
    }

    /// Whether nothing happened since. Only fills are ever added to a world.
    pub(super) fn is_of(&self, world: &World) -> bool {
        self.fills == world.account.fill_count()
    }
}

impl Told {
    pub(super) const fn at(time_ms: i64, tie: u64) -> Self {
        Self { time_ms, found_ms: time_ms, tie }
    }
}

macro_rules! rows {
    ($($row:ty),*) => {$(
        impl Row for $row {
            fn place(&self) -> (i64, u64) {
                (self.told.time_ms, self.told.tie)
            }

            fn found_ms(&self) -> i64 {
                self.told.found_ms
            }
        }
    )*};
}

rows!(Execution, Entry, Funded, Transfer);
