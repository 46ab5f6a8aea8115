//! Small margin wallets, with the derivatives side: a cross one, and isolated ones of two pairs. Money from spot and between them,
//! coins that are borrowed, sold, bought back and given back, and interest every hour. Only Binance tells of them: what was
//! deposited for them, or withdrawn after it, stands here, so that nothing of it shows elsewhere.

mod life;

use super::{
    World,
    account::{Deposit, Fill, Withdrawal},
    contracts::WalletTransfer,
};
use crate::amount::Amount;
pub(super) use life::live;
use std::collections::BTreeMap;

/// All wallets of an account that trades on margin.
pub(crate) struct Wallets {
    pub(crate) cross: Margin,
    /// By market of the world.
    pub(crate) isolated: BTreeMap<usize, Margin>,
}

impl Wallets {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Margin> {
        std::iter::once(&self.cross).chain(self.isolated.values())
    }
}

/// All that happened to a wallet, oldest first.
#[derive(Default)]
pub(crate) struct Margin {
    /// By market of the world.
    pub(crate) fills: BTreeMap<usize, Vec<Fill>>,
    /// Into spot, for what was moved over at once.
    pub(crate) deposits: Vec<Deposit>,
    /// Out of spot, of what was moved back just before.
    pub(crate) withdrawals: Vec<Withdrawal>,
    /// From and to spot.
    pub(crate) transfers: Vec<WalletTransfer>,
    /// Between cross and isolated margin: both sides have it.
    pub(crate) between: Vec<WalletTransfer>,
    pub(crate) loans: Vec<Loan>,
    /// Some days ahead: see [`Margin::interest_until`].
    interest: Vec<Interest>,
}

/// What was borrowed, or given back.
pub(crate) struct Loan {
    pub(crate) id: u64,
    pub(crate) time_ms: i64,
    pub(crate) asset: &'static str,
    pub(crate) repaid: bool,
    pub(crate) principal: Amount,
    /// Given back along with it.
    pub(crate) interest: Amount,
}

/// What came on top of a debt.
pub(crate) struct Interest {
    pub(crate) id: u64,
    pub(crate) time_ms: i64,
    pub(crate) asset: &'static str,
    pub(crate) principal: Amount,
    pub(crate) amount: Amount,
    /// At once, when it was borrowed.
    pub(crate) on_borrow: bool,
}

/// One coin of the wallet.
#[derive(Clone, Copy, Default)]
pub(crate) struct Held {
    pub(crate) free: Amount,
    pub(crate) borrowed: Amount,
    pub(crate) interest: Amount,
}

impl Held {
    pub(crate) const fn net(self) -> Amount {
        self.free.minus(self.borrowed).minus(self.interest)
    }
}

impl Margin {
    /// What was added to debts up to now, oldest first.
    pub(crate) fn interest_until(&self, now_ms: i64) -> &[Interest] {
        let count = self.interest.partition_point(|interest| interest.time_ms <= now_ms);
        self.interest.get(..count).unwrap_or_default()
    }

    /// What the wallet holds and owes at an instant, of every coin it ever had.
    pub(crate) fn held(&self, world: &World, at_ms: i64) -> BTreeMap<&'static str, Held> {
        let mut all: BTreeMap<&'static str, Held> = BTreeMap::new();
        let mut free = |asset: &'static str, change: Amount| {
            let held = all.entry(asset).or_default();
            held.free = held.free.plus(change);
        };
        for moved in self.transfers.iter().chain(&self.between).filter(|moved| moved.time_ms <= at_ms) {
            free(moved.asset, if moved.inward { moved.amount } else { moved.amount.negative() });
        }
        for (index, fills) in &self.fills {
            let Some(market) = world.markets.get(*index) else { continue };
            for fill in fills.iter().filter(|fill| fill.time_ms <= at_ms) {
                let (bought, sold) = if fill.buyer {
                    (fill.quantity, fill.quote)
                } else {
                    (fill.quantity.negative(), fill.quote.negative())
                };
                free(market.base.name, bought);
                free(market.quote.name, sold.negative());
                free(fill.fee_asset, fill.fee.negative());
            }
        }
        for interest in self.interest_until(at_ms) {
            let held = all.entry(interest.asset).or_default();
            held.interest = held.interest.plus(interest.amount);
        }
        for loan in self.loans.iter().filter(|loan| loan.time_ms <= at_ms) {
            let held = all.entry(loan.asset).or_default();
            let (principal, interest) = (loan.principal, loan.interest);
            if loan.repaid {
                held.free = held.free.minus(principal).minus(interest);
                held.borrowed = held.borrowed.minus(principal);
                held.interest = held.interest.minus(interest);
            } else {
                held.free = held.free.plus(principal);
                held.borrowed = held.borrowed.plus(principal);
            }
        }
        all
    }

    /// What is owed of a coin at an instant: principal and interest.
    fn owed(&self, asset: &str, at_ms: i64) -> (Amount, Amount) {
        let of_coin = |one: &str| one == asset;
        let interest = self.interest_until(at_ms).iter().filter(|interest| of_coin(interest.asset));
        let interest = interest.fold(Amount::ZERO, |sum, interest| sum.plus(interest.amount));
        let loans = self.loans.iter().filter(|loan| of_coin(loan.asset) && loan.time_ms <= at_ms);
        loans.fold((Amount::ZERO, interest), |(principal, interest), loan| {
            if loan.repaid {
                (principal.minus(loan.principal), interest.minus(loan.interest))
            } else {
                (principal.plus(loan.principal), interest)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_305_600_000;
    const HOUR_MS: i64 = 3_600_000;
    const DAY_MS: i64 = 24 * HOUR_MS;

    #[test]
    fn nothing_is_spent_that_is_not_there_and_one_debt_is_paid_and_one_is_open() {
        for seed in 1..20 {
            let world = World::new(seed, NOW_MS, crate::world::FILLS).with_contracts(NOW_MS);
            let wallets = world.margin.as_ref().unwrap();
            for (margin, time_ms) in wallets.all().flat_map(|margin| {
                (NOW_MS - 71 * DAY_MS..=NOW_MS).step_by(5_400_000).map(move |time_ms| (margin, time_ms))
            }) {
                for (asset, held) in margin.held(&world, time_ms) {
                    assert!(held.free >= Amount::ZERO, "seed {seed}: {} {asset}", held.free);
                    assert!(held.interest >= Amount::ZERO && held.borrowed >= Amount::ZERO, "seed {seed}");
                }
            }
            let margin = &wallets.cross;
            let held = margin.held(&world, NOW_MS);
            assert_eq!((held["ETH"].borrowed, held["ETH"].interest), (Amount::ZERO, Amount::ZERO));
            assert_eq!(held["USDT"].borrowed, Amount::of(500, 0));
            // Five hundred dollars at 0.00000225 an hour, for twelve days and the first at once, to the last digit.
            let hours = Amount::of(288, 0).plus(Amount::of(1, 0));
            assert_eq!(held["USDT"].interest, Amount::of(1125, 6).times(hours));
            let later = margin.held(&world, NOW_MS + DAY_MS);
            assert!(later["USDT"].interest > held["USDT"].interest);
            let count: usize = margin.fills.values().map(Vec::len).sum();
            assert!((40..200).contains(&count), "seed {seed}: {count}");
        }
    }

    #[test]
    fn isolated_wallets_are_each_for_itself_and_what_moves_to_cross_margin_comes_from_there() {
        for seed in 1..20 {
            let world = World::new(seed, NOW_MS, crate::world::FILLS).with_contracts(NOW_MS);
            let Wallets { cross, isolated } = world.margin.as_ref().unwrap();
            let of = |symbol: &str| &isolated[&world.market(symbol).unwrap().0];
            let (dollars, coins) = (of("BTCUSDT"), of("ETHBTC"));
            assert_eq!(isolated.len(), 2);
            let sides = |margin: &Margin| -> Vec<(u64, bool)> {
                margin.between.iter().map(|moved| (moved.id, moved.inward)).collect()
            };
            let other = sides(dollars).into_iter().map(|(id, inward)| (id, !inward));
            assert_eq!(sides(cross), other.collect::<Vec<_>>(), "seed {seed}");
            assert_eq!((cross.between.len(), coins.between.len()), (2, 0));
            for margin in [dollars, coins] {
                assert!(margin.fills.values().map(Vec::len).sum::<usize>() >= 3, "seed {seed}");
            }
            assert!(coins.held(&world, NOW_MS)["ETH"].borrowed.is_positive());
            let back = coins.transfers.iter().find(|moved| !moved.inward).unwrap();
            let out = &coins.withdrawals[0];
            assert_eq!(out.amount.plus(out.fee), back.amount, "what came back to spot left it");
            assert!(out.time_ms > back.time_ms);
        }
    }
}
