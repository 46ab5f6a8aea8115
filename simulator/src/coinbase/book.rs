//! The account as Coinbase keeps it: fills, and for each coin a wallet in which every change of its balance is a transaction. All
//! of it follows from the world; nothing is drawn.
//!
//! Coinbase takes commissions in the quote and in nothing else. So a fee that the world took in the quote is the commission of
//! its fill; a fee in another coin is a transaction of its own in that coin's wallet, of the type `subscription`, which is
//! what the venue charges beside trades. Nothing is converted: every wallet adds up to its balance to the last digit, at any
//! time. What differs from what other venues tell is therefore which fees stand with their fills, and nothing else.
//!
//! What else the world has and Coinbase has not is told in the nearest of its types:
//! - a fill is also an `advanced_trade_fill` in both wallets, the commission within the amount of the quote's;
//! - conversions and sweeps of dust are `trade`, the two sides under one id;
//! - interest on free coins is `interest`, that on staked ones `staking_reward`, distributions are `earn_payout`, gifts and
//!   airdrops `incentives_rewards_payout`.

mod transactions;

use crate::{amount::Amount, faults::Faults, world::World};
use std::collections::BTreeMap;
use transactions::Writer;

/// Everything, oldest first.
pub(super) struct Book {
    count: usize,
    pub(super) fills: Vec<Fill>,
    /// By coin. One that was never here has none.
    pub(super) wallets: BTreeMap<&'static str, Vec<Transaction>>,
}

/// A fill, as `orders/historical/fills` has it.
#[derive(Clone)]
pub(super) struct Fill {
    pub(super) id: u64,
    pub(super) order_id: u64,
    pub(super) market: usize,
    pub(super) time_ms: i64,
    /// Billionths of a second: no two fills have the same, and their order is that in which they happened.
    pub(super) sequence_ns: i64,
    pub(super) found_ms: i64,
    pub(super) buyer: bool,
    pub(super) maker: bool,
    pub(super) price: Amount,
    pub(super) quantity: Amount,
    pub(super) commission: Amount,
}

/// A change of a wallet, as `accounts/:id/transactions` has it.
pub(super) struct Transaction {
    pub(super) id: String,
    pub(super) time_ms: i64,
    pub(super) found_ms: i64,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    /// Every fee is in it.
    pub(super) amount: Amount,
    pub(super) detail: Detail,
}

/// What a transaction says beside its amount.
pub(super) enum Detail {
    None,
    /// Of the fill at this place in the list.
    Fill(usize),
    /// The id that both sides of a conversion have.
    Trade(String),
    /// What came from a chain.
    Received {
        network: &'static str,
        hash: String,
    },
    /// What went to one.
    Sent {
        network: &'static str,
        hash: String,
        arrives: Amount,
        fee: Amount,
    },
}

impl Book {
    /// The book of a world. Faults decide what of it is found late.
    pub(super) fn new(world: &World, faults: Option<&Faults>) -> Self {
        let (fills, wallets) = Writer::new(world, faults).written();
        Self { count: world.account.fill_count(), fills, wallets }
    }

    /// Whether nothing happened since. Only fills are ever added to a world.
    pub(super) fn is_of(&self, world: &World) -> bool {
        self.count == world.account.fill_count()
    }
}
