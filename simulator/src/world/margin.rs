//! A small cross margin wallet, with the derivatives side: dollars from spot, coins that are borrowed, sold, bought back
//! and given back, and interest every hour. Only Binance tells of it: what was deposited for it stands here, so that
//! nothing of it shows elsewhere.

use super::{
    World,
    account::{Deposit, Fill},
    asset,
    contracts::WalletTransfer,
    price::MINUTE_MS,
};
use crate::{amount::Amount, random::Random};
use std::collections::BTreeMap;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
const FEE: Amount = Amount::of(1, 3);
/// Of what is owed, each hour.
const INTEREST_HOURLY: Amount = Amount::of(225, 8);
/// For clocks that go on after the start.
const AHEAD_DAYS: i64 = 14;
const BORROWED_ETH: Amount = Amount::of(12, 1);
const BOUGHT_BACK_ETH: Amount = Amount::of(125, 2);
const BORROWED_USDT: Amount = Amount::of(500, 0);
const DEPOSITED_USDT: Amount = Amount::of(6_000, 0);

/// All that happened to the wallet, oldest first.
pub(crate) struct Margin {
    /// By market of the world.
    pub(crate) fills: BTreeMap<usize, Vec<Fill>>,
    /// Into spot, for what was moved over at once.
    pub(crate) deposits: Vec<Deposit>,
    pub(crate) transfers: Vec<WalletTransfer>,
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
        for moved in self.transfers.iter().filter(|moved| moved.time_ms <= at_ms) {
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

/// Lives the days up to `now_ms`.
pub(super) fn live(world: &World, now_ms: i64) -> Margin {
    let margin = Margin {
        fills: BTreeMap::new(),
        deposits: Vec::new(),
        transfers: Vec::new(),
        loans: Vec::new(),
        interest: Vec::new(),
    };
    let mut random = Random::new(world.seed, "margin");
    let id = random.between(4_000_000_000, 5_000_000_000);
    let mut desk = Desk { world, margin, random, id, fills: 0 };
    let day = |days: i64| now_ms - days * DAY_MS;
    desk.fund(day(70));
    desk.busy(day(68), day(61));
    desk.borrow("ETH", BORROWED_ETH, day(60), day(31));
    desk.order("ETHUSDT", false, BORROWED_ETH, day(60) + HOUR_MS);
    desk.busy(day(59), day(33));
    desk.order("ETHUSDT", true, BOUGHT_BACK_ETH, day(31) - HOUR_MS);
    desk.repay("ETH", day(31));
    desk.busy(day(29), day(13));
    desk.borrow("USDT", BORROWED_USDT, day(12), now_ms + AHEAD_DAYS * DAY_MS);
    desk.busy(day(11), now_ms - HOUR_MS);
    desk.margin.interest.sort_by_key(|interest| interest.time_ms);
    desk.margin
}

struct Desk<'a> {
    world: &'a World,
    margin: Margin,
    random: Random,
    id: u64,
    fills: usize,
}

impl Desk<'_> {
    fn next_id(&mut self) -> u64 {
        self.id += self.random.between(1, 9_000);
        self.id
    }

    fn fund(&mut self, at_ms: i64) {
        let (id, transaction) = (880_000_000_000_000_000 + self.next_id(), self.random.hex(64));
        let Some(usdt) = asset("USDT") else { return };
        let (amount, time_ms) = (DEPOSITED_USDT, at_ms + 7_331);
        self.margin.deposits.push(Deposit { id, asset: usdt, amount, status: 1, time_ms, transaction });
        let (id, time_ms) = (self.next_id(), time_ms + 44_017);
        self.margin.transfers.push(WalletTransfer { id, time_ms, asset: usdt.name, amount, inward: true });
    }

    /// A coin is lent; it bears interest at once, and at every full hour until it is given back.
    fn borrow(&mut self, asset: &'static str, principal: Amount, at_ms: i64, until_ms: i64) {
        let (id, time_ms) = (self.next_id(), at_ms + 5_123);
        let loan = Loan { id, time_ms, asset, repaid: false, principal, interest: Amount::ZERO };
        self.margin.loans.push(loan);
        let first = time_ms.div_euclid(HOUR_MS) + 1;
        let hours = (first..=until_ms.div_euclid(HOUR_MS)).map(|hour| (hour * HOUR_MS, false));
        for (time_ms, on_borrow) in std::iter::once((time_ms, true)).chain(hours) {
            let (id, amount) = (self.next_id(), principal.times(INTEREST_HOURLY));
            self.margin.interest.push(Interest { id, time_ms, asset, principal, amount, on_borrow });
        }
        self.margin.interest.sort_by_key(|interest| interest.time_ms);
    }

    /// All that is owed of a coin.
    fn repay(&mut self, asset: &'static str, at_ms: i64) {
        let (id, time_ms) = (self.next_id(), at_ms + HOUR_MS - 1);
        let (principal, interest) = self.margin.owed(asset, time_ms);
        self.margin.loans.push(Loan { id, time_ms, asset, repaid: true, principal, interest });
    }

    /// Bitcoin, bought and sold in turn every day or two.
    fn busy(&mut self, from_ms: i64, to_ms: i64) {
        let mut at_ms = from_ms;
        while at_ms < to_ms {
            let held = self.margin.held(self.world, at_ms);
            let of = |coin: &str| held.get(coin).map(|held| held.free).unwrap_or_default();
            let (dollars, coins) = (of("USDT").permille(300), of("BTC"));
            let buy = coins < Amount::of(1, 3) || self.random.chance(500);
            let quantity = if buy { dollars.over(Amount::of(125_000, 0)) } else { coins.permille(600) };
            self.order("BTCUSDT", buy, quantity.floored(5), at_ms);
            at_ms = at_ms.saturating_add_unsigned(self.random.between(30_000_000, 140_000_000));
        }
    }

    /// An order in up to four pieces in one millisecond; its fee is kept back from what comes in.
    fn order(&mut self, symbol: &str, buyer: bool, quantity: Amount, time_ms: i64) {
        let world = self.world;
        let Some((index, market)) = world.market(symbol) else { return };
        let candle = world.prices.candle(market, time_ms.div_euclid(MINUTE_MS));
        let order_id = 60_000_000_000 + self.next_id();
        let piece = quantity.permille(1000 / i128::from(self.random.between(1, 4))).floored(market.step);
        let mut left = quantity;
        while left.is_positive() && piece.is_positive() {
            // What would be left is too little for another one.
            let quantity = if left < piece.plus(piece) { left } else { piece };
            left = left.minus(quantity);
            let ticks = if buyer { candle.high } else { candle.low };
            let price = Amount::of(i128::from(ticks), market.tick);
            let quote = price.times(quantity);
            let (fee, fee_asset) = if buyer {
                (quantity.times(FEE), market.base.name)
            } else {
                (quote.times(FEE), market.quote.name)
            };
            let (id, sequence) = (self.next_id(), self.fills);
            self.fills += 1;
            let maker = false;
            self.margin.fills.entry(index).or_default().push(Fill {
                id,
                sequence,
                order_id,
                time_ms,
                buyer,
                maker,
                price,
                quantity,
                quote,
                fee,
                fee_asset,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_795_305_600_000;

    #[test]
    fn nothing_is_spent_that_is_not_there_and_one_debt_is_paid_and_one_is_open() {
        for seed in 1..6 {
            let world = World::new(seed, NOW_MS, crate::world::FILLS).with_contracts(NOW_MS);
            let margin = world.margin.as_ref().unwrap();
            for time_ms in (NOW_MS - 71 * DAY_MS..=NOW_MS).step_by(5_400_000) {
                for (asset, held) in margin.held(&world, time_ms) {
                    assert!(held.free >= Amount::ZERO, "seed {seed}: {} {asset}", held.free);
                    assert!(held.interest >= Amount::ZERO && held.borrowed >= Amount::ZERO, "seed {seed}");
                }
            }
            let held = margin.held(&world, NOW_MS);
            assert_eq!((held["ETH"].borrowed, held["ETH"].interest), (Amount::ZERO, Amount::ZERO));
            assert_eq!(held["USDT"].borrowed, BORROWED_USDT);
            // Five hundred dollars at 0.00000225 an hour, for twelve days and the first at once, to the last digit.
            let hours = Amount::of(288, 0).plus(Amount::of(1, 0));
            assert_eq!(held["USDT"].interest, Amount::of(1125, 6).times(hours));
            let later = margin.held(&world, NOW_MS + DAY_MS);
            assert!(later["USDT"].interest > held["USDT"].interest);
            let count: usize = margin.fills.values().map(Vec::len).sum();
            assert!((40..200).contains(&count), "seed {seed}: {count}");
        }
    }
}
