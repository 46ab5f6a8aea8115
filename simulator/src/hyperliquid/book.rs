//! The account as Hyperliquid keeps it: fills, funding, and what moved. All of it follows from the world; nothing is drawn.
//!
//! What the world has and Hyperliquid has not is told in the nearest of its words:
//! - money comes by `deposit` to the perpetuals' wallet and goes on to spot by `accountClassTransfer`, and goes the other way;
//! - coins come and go by `spotTransfer` from and to the address behind which their token lies;
//! - conversions and sweeps of dust are two `spotTransfer`s with another address: one out, one in;
//! - interest is a `rewardsClaim`, every gift a `spotGenesis`;
//! - contracts that settle in a coin do not exist here: what moves between spot and their wallet, another address has.

mod writer;

use super::{history::Row, ids, names::number};
use crate::{amount::Amount, faults::Faults, world::World};
use serde_json::{Value, json};
use writer::Writer;

/// Everything, oldest first.
pub(super) struct Book {
    fills_of_world: usize,
    pub(super) fills: Vec<FillRow>,
    pub(super) funding: Vec<Told>,
    pub(super) ledger: Vec<Told>,
}

/// A fill, as `userFills` has it.
#[derive(Clone)]
pub(super) struct FillRow {
    pub(super) coin: String,
    pub(super) tid: u64,
    pub(super) oid: u64,
    pub(super) time_ms: i64,
    found_ms: i64,
    pub(super) buyer: bool,
    pub(super) maker: bool,
    pub(super) price: Amount,
    pub(super) quantity: Amount,
    /// What was held before.
    pub(super) start: Amount,
    pub(super) direction: &'static str,
    pub(super) realized: Amount,
    pub(super) fee: Amount,
    pub(super) fee_token: &'static str,
    pub(super) liquidated: bool,
}

/// A row of another list: what was done, and by which transaction.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) time_ms: i64,
    pub(super) hash: String,
    pub(super) delta: Value,
}

impl Book {
    /// The book of a world. Faults decide what of it is found late.
    pub(super) fn new(world: &World, faults: Option<&Faults>) -> Self {
        Writer::new(world, faults).written()
    }

    /// Whether nothing happened since. Only fills are ever added to a world, and funding as time goes.
    pub(super) fn is_of(&self, world: &World) -> bool {
        self.fills_of_world == world.account.fill_count()
    }
}

impl Row for FillRow {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }

    fn found_ms(&self) -> i64 {
        self.found_ms
    }

    fn json(&self) -> Value {
        let mut row = json!({
            "coin": self.coin,
            "px": number(self.price),
            "sz": number(self.quantity),
            "side": if self.buyer { "B" } else { "A" },
            "time": self.time_ms,
            "startPosition": number(self.start),
            "dir": self.direction,
            "closedPnl": number(self.realized),
            "hash": ids::transaction(&[self.tid]),
            "oid": self.oid,
            "crossed": !self.maker,
            "fee": number(self.fee),
            "tid": self.tid,
            "feeToken": self.fee_token,
            "twapId": null,
        });
        if self.liquidated
            && let Some(row) = row.as_object_mut()
        {
            let told = json!({
                "liquidatedUser": super::ADDRESS, "markPx": number(self.price), "method": "market",
            });
            row.insert("liquidation".to_owned(), told);
        }
        row
    }
}

impl Row for Told {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }

    fn found_ms(&self) -> i64 {
        self.time_ms
    }

    fn json(&self) -> Value {
        json!({ "time": self.time_ms, "hash": self.hash, "delta": self.delta })
    }
}
