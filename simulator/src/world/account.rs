//! The invented account: what happened to it, and the balances that follow. A balance is never below zero.

use super::market::Asset;
use crate::amount::Amount;
use std::collections::BTreeMap;

/// One execution.
#[derive(Clone, Debug)]
pub(crate) struct Fill {
    pub(crate) id: u64,
    /// How many there were before it, on all markets: the order of what happened in one millisecond.
    pub(crate) sequence: usize,
    pub(crate) order_id: u64,
    pub(crate) time_ms: i64,
    pub(crate) buyer: bool,
    pub(crate) maker: bool,
    pub(crate) price: Amount,
    pub(crate) quantity: Amount,
    pub(crate) quote: Amount,
    pub(crate) fee: Amount,
    pub(crate) fee_asset: &'static str,
}

/// Coins that arrived.
pub(crate) struct Deposit {
    pub(crate) id: u64,
    pub(crate) asset: &'static Asset,
    pub(crate) amount: Amount,
    /// 0 pending, 6 credited but not yet free to leave, 1 done.
    pub(crate) status: u8,
    pub(crate) time_ms: i64,
    pub(crate) transaction: String,
}

/// Coins that left.
pub(crate) struct Withdrawal {
    pub(crate) id: String,
    pub(crate) asset: &'static Asset,
    /// What arrived elsewhere: the fee is not in it.
    pub(crate) amount: Amount,
    pub(crate) fee: Amount,
    /// 1 cancelled, 3 rejected, 6 done.
    pub(crate) status: u8,
    pub(crate) time_ms: i64,
    pub(crate) transaction: String,
}

/// Small balances swept into BNB.
pub(crate) struct Dust {
    pub(crate) id: u64,
    pub(crate) time_ms: i64,
    pub(crate) swept: Vec<Swept>,
}

/// One coin of a sweep.
pub(crate) struct Swept {
    pub(crate) id: u64,
    pub(crate) asset: &'static str,
    pub(crate) amount: Amount,
    /// BNB that came: the charge is not in it.
    pub(crate) received: Amount,
    pub(crate) charge: Amount,
}

/// One coin made into another outside the order books.
pub(crate) struct Convert {
    pub(crate) quote_id: String,
    pub(crate) order_id: u64,
    pub(crate) success: bool,
    pub(crate) from: &'static str,
    pub(crate) from_amount: Amount,
    pub(crate) to: &'static str,
    pub(crate) to_amount: Amount,
    pub(crate) time_ms: i64,
}

/// A gift of the venue.
pub(crate) struct Dividend {
    pub(crate) id: u64,
    pub(crate) asset: &'static str,
    pub(crate) amount: Amount,
    pub(crate) time_ms: i64,
    pub(crate) reason: &'static str,
}

/// A buy order that waits far below the market: what it would cost is locked.
pub(crate) struct OpenOrder {
    pub(crate) market: usize,
    pub(crate) id: u64,
    pub(crate) price: Amount,
    pub(crate) quantity: Amount,
    pub(crate) time_ms: i64,
}

/// Everything that happened, oldest first.
#[derive(Default)]
pub(crate) struct Account {
    pub(crate) uid: u64,
    pub(crate) opened_ms: i64,
    /// By market, in the order of the markets.
    pub(crate) fills: Vec<Vec<Fill>>,
    pub(crate) deposits: Vec<Deposit>,
    pub(crate) withdrawals: Vec<Withdrawal>,
    pub(crate) dust: Vec<Dust>,
    pub(crate) converts: Vec<Convert>,
    pub(crate) dividends: Vec<Dividend>,
    pub(crate) open_order: Option<OpenOrder>,
    pub(crate) updated_ms: i64,
    free: BTreeMap<&'static str, Amount>,
    locked: BTreeMap<&'static str, Amount>,
}

impl Account {
    /// An empty account.
    pub(crate) fn open(uid: u64, opened_ms: i64, markets: usize) -> Self {
        let fills = (0..markets).map(|_| Vec::new()).collect();
        Self { uid, opened_ms, fills, updated_ms: opened_ms, ..Self::default() }
    }

    /// What is free to use.
    pub(crate) fn free(&self, asset: &str) -> Amount {
        self.free.get(asset).copied().unwrap_or_default()
    }

    /// What is locked in orders.
    pub(crate) fn locked(&self, asset: &str) -> Amount {
        self.locked.get(asset).copied().unwrap_or_default()
    }

    /// Coins come in.
    pub(crate) fn give(&mut self, asset: &'static str, amount: Amount, time_ms: i64) {
        self.updated_ms = self.updated_ms.max(time_ms);
        let free = self.free.entry(asset).or_default();
        *free = free.plus(amount);
    }

    /// Coins go out, all of `parts` or nothing. Says whether they were there.
    pub(crate) fn take(&mut self, parts: &[(&'static str, Amount)], time_ms: i64) -> bool {
        let mut left = self.free.clone();
        for (asset, amount) in parts {
            let free = left.entry(asset).or_default();
            *free = free.minus(*amount);
            if *free < Amount::ZERO {
                return false;
            }
        }
        self.updated_ms = self.updated_ms.max(time_ms);
        self.free = left;
        true
    }

    /// Free coins become locked.
    pub(crate) fn lock(&mut self, asset: &'static str, amount: Amount, time_ms: i64) -> bool {
        let there = self.take(&[(asset, amount)], time_ms);
        if there {
            let locked = self.locked.entry(asset).or_default();
            *locked = locked.plus(amount);
        }
        there
    }

    /// Fills on all markets.
    pub(crate) fn fill_count(&self) -> usize {
        self.fills.iter().map(Vec::len).sum()
    }

    /// Every coin that was ever here.
    pub(crate) fn ever_held(&self, asset: &str) -> bool {
        self.free.contains_key(asset) || self.locked.contains_key(asset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_cannot_go_and_then_nothing_goes() {
        let mut account = Account::default();
        account.give("BTC", Amount::of(2, 0), 1);
        account.give("BNB", Amount::of(1, 0), 2);
        assert!(!account.take(&[("BTC", Amount::of(1, 0)), ("BNB", Amount::of(11, 1))], 3));
        assert!(
            !account.take(&[("BTC", Amount::of(1, 0)), ("BTC", Amount::of(11, 1))], 3),
            "twice the same coin"
        );
        assert_eq!(
            (account.free("BTC"), account.free("BNB"), account.updated_ms),
            (Amount::of(2, 0), Amount::of(1, 0), 2)
        );
        assert!(account.lock("BTC", Amount::of(2, 0), 4));
        assert_eq!((account.free("BTC"), account.locked("BTC")), (Amount::ZERO, Amount::of(2, 0)));
    }
}
