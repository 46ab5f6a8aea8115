//! The account as OKX keeps it: executions, and the bookings of two accounts, each with the balance after it. All of it
//! follows from the world; nothing is drawn.
//!
//! Everything lives in the trading account:
//! - deposits and gifts come into the funding account and are transferred to the trading account in the same instant,
//!   withdrawals the other way round; so the funding account is empty but for what no market trades;
//! - of that the first gift stays there, and the second is subscribed to savings at once;
//! - conversions and sweeps of dust are booked in the trading account, as `Convert` (27) and `Easy convert` (28);
//! - a fee in a third coin is a booking of its own under the execution's order;
//! - contracts settle in the same balances, so that what the world moves between its wallets is nothing here.

mod writer;

use super::page::Row;
use crate::{amount::Amount, faults::Faults, world::World};
use writer::Writer;

/// Everything, oldest first.
pub(super) struct Book {
    /// How many fills, and payments for positions, there were when it was written.
    written: (usize, usize),
    pub(super) executions: Vec<Execution>,
    pub(super) trading: Vec<Bill>,
    pub(super) funding: Vec<Bill>,
    /// What is subscribed to savings.
    pub(super) savings: Vec<(&'static str, Amount)>,
}

/// An execution, as `fills-history` has it.
pub(super) struct Execution {
    pub(super) bill_id: i64,
    pub(super) time_ms: i64,
    found_ms: i64,
    pub(super) instrument: String,
    pub(super) kind: &'static str,
    pub(super) trade_id: String,
    pub(super) order_id: String,
    pub(super) buyer: bool,
    /// None of both where the venue itself closed a position.
    pub(super) maker: Option<bool>,
    pub(super) subtype: &'static str,
    pub(super) price: Amount,
    /// Of coins, or contracts.
    pub(super) size: Amount,
    /// Charged above zero.
    pub(super) fee: Amount,
    pub(super) fee_asset: &'static str,
    /// Realised by it, the fee not in it.
    pub(super) profit: Amount,
}

/// A booking.
pub(super) struct Bill {
    pub(super) id: i64,
    pub(super) time_ms: i64,
    found_ms: i64,
    pub(super) asset: &'static str,
    pub(super) kind: &'static str,
    pub(super) subtype: &'static str,
    /// The fee is in it.
    pub(super) change: Amount,
    pub(super) balance: Amount,
    pub(super) fee: Amount,
    pub(super) profit: Amount,
    /// Of transfers: where from and where to.
    pub(super) between: Option<(&'static str, &'static str)>,
    /// Of executions, and of payments for positions: what they are about.
    pub(super) about: Option<About>,
}

/// What a booking is about.
#[derive(Clone)]
pub(super) struct About {
    pub(super) instrument: String,
    pub(super) kind: &'static str,
    pub(super) order_id: String,
    pub(super) trade_id: String,
    pub(super) price: Amount,
    pub(super) size: Amount,
    pub(super) maker: Option<bool>,
}

impl Book {
    /// The book of a world up to an instant. Faults decide what of it is found late.
    pub(super) fn new(world: &World, faults: Option<&Faults>, now_ms: i64) -> Self {
        Writer::new(world, faults, now_ms).written()
    }

    /// Whether nothing happened since. Only fills are ever added to a world, and payments come by themselves.
    pub(super) fn is_of(&self, world: &World, now_ms: i64) -> bool {
        self.written == Self::events(world, now_ms)
    }

    fn events(world: &World, now_ms: i64) -> (usize, usize) {
        let payments = world.contracts.as_ref().map_or(0, |contracts| contracts.funding_until(now_ms).len());
        (world.account.fill_count(), payments)
    }

    /// What is in an account: its last booking says so.
    pub(super) fn held(bills: &[Bill], asset: &str) -> Option<Amount> {
        bills.iter().rfind(|bill| bill.asset == asset).map(|bill| bill.balance)
    }
}

impl Row for Execution {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }

    fn found_ms(&self) -> i64 {
        self.found_ms
    }

    fn number(&self) -> i64 {
        self.bill_id
    }
}

impl Row for Bill {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }

    fn found_ms(&self) -> i64 {
        self.found_ms
    }

    fn number(&self) -> i64 {
        self.id
    }
}
