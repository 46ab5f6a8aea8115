//! What was done with the margin wallets.

use super::{Interest, Loan, Margin, Wallets};
use crate::{
    amount::Amount,
    random::Random,
    world::{
        World,
        account::{Deposit, Fill, Withdrawal},
        asset,
        contracts::WalletTransfer,
        price::MINUTE_MS,
    },
};

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
/// From cross to isolated margin, and back.
const LENT_USDT: Amount = Amount::of(300, 0);
const GIVEN_BACK_USDT: Amount = Amount::of(150, 0);

/// Lives the days up to `now_ms`.
pub(crate) fn live(world: &World, now_ms: i64) -> Wallets {
    let cross = cross(world, now_ms);
    let lives =
        [("BTCUSDT", isolated_dollars(world, &cross, now_ms)), ("ETHBTC", isolated_coins(world, now_ms))];
    let isolated = lives.into_iter().filter_map(|(symbol, life)| Some((world.market(symbol)?.0, life)));
    Wallets { isolated: isolated.collect(), cross }
}

fn cross(world: &World, now_ms: i64) -> Margin {
    let mut desk = Desk::open(world, "margin", 4_000_000_000);
    let day = |days: i64| now_ms - days * DAY_MS;
    desk.fund("USDT", DEPOSITED_USDT, day(70));
    desk.busy("BTCUSDT", day(68), day(61));
    desk.borrow("ETH", BORROWED_ETH, day(60), day(31));
    desk.order("ETHUSDT", false, BORROWED_ETH, day(60) + HOUR_MS);
    desk.busy("BTCUSDT", day(59), day(33));
    desk.sell_all("BTCUSDT", day(31) - 2 * HOUR_MS);
    desk.order("ETHUSDT", true, BOUGHT_BACK_ETH, day(31) - HOUR_MS);
    desk.repay("ETH", day(31));
    desk.pass("USDT", LENT_USDT, day(30));
    desk.busy("BTCUSDT", day(29), day(13));
    desk.borrow("USDT", BORROWED_USDT, day(12), now_ms + AHEAD_DAYS * DAY_MS);
    desk.take_back("USDT", GIVEN_BACK_USDT, day(12) + HOUR_MS);
    desk.busy("BTCUSDT", day(11), now_ms - HOUR_MS);
    desk.close()
}

/// A pair that cross margin trades as well, with money from spot and from there.
fn isolated_dollars(world: &World, cross: &Margin, now_ms: i64) -> Margin {
    let mut desk = Desk::open(world, "isolated BTCUSDT", 6_000_000_000);
    let day = |days: i64| now_ms - days * DAY_MS;
    desk.fund("USDT", Amount::of(2_000, 0), day(40));
    desk.busy("BTCUSDT", day(39), day(31));
    let other_side = |moved: &WalletTransfer| WalletTransfer { inward: !moved.inward, ..*moved };
    desk.margin.between = cross.between.iter().map(other_side).collect();
    desk.busy("BTCUSDT", day(29), day(20));
    desk.borrow("USDT", BORROWED_USDT, day(19), day(15));
    desk.busy("BTCUSDT", day(18), day(16));
    desk.sell_all("BTCUSDT", day(15));
    desk.repay("USDT", day(15));
    desk.busy("BTCUSDT", day(11), day(1));
    desk.close()
}

/// A pair of two coins: one is lent against the other and still owed, and a part of what was put in went back to spot and away.
fn isolated_coins(world: &World, now_ms: i64) -> Margin {
    let mut desk = Desk::open(world, "isolated ETHBTC", 8_000_000_000);
    let day = |days: i64| now_ms - days * DAY_MS;
    desk.fund("BTC", Amount::of(2, 1), day(25));
    desk.borrow("ETH", BORROWED_ETH, day(24), now_ms + AHEAD_DAYS * DAY_MS);
    desk.order("ETHBTC", false, Amount::of(9, 1), day(24) + HOUR_MS);
    desk.order("ETHBTC", true, Amount::of(4, 1), day(14));
    desk.order("ETHBTC", false, Amount::of(2, 1), day(9));
    desk.withdraw("BTC", Amount::of(2, 2), day(3));
    desk.close()
}

struct Desk<'a> {
    world: &'a World,
    margin: Margin,
    random: Random,
    id: u64,
    fills: usize,
}

impl<'a> Desk<'a> {
    fn open(world: &'a World, purpose: &str, first_id: u64) -> Self {
        let mut random = Random::new(world.seed, purpose);
        let id = random.between(first_id, first_id + 1_000_000_000);
        Self { world, margin: Margin::default(), random, id, fills: 0 }
    }

    fn close(mut self) -> Margin {
        self.margin.interest.sort_by_key(|interest| interest.time_ms);
        self.margin
    }

    fn next_id(&mut self) -> u64 {
        self.id += self.random.between(1, 9_000);
        self.id
    }

    /// A deposit to spot, and all of it moved over.
    fn fund(&mut self, coin: &str, amount: Amount, at_ms: i64) {
        let (id, transaction) = (880_000_000_000_000_000 + self.next_id(), self.random.hex(64));
        let Some(asset) = asset(coin) else { return };
        let time_ms = at_ms + 7_331;
        self.margin.deposits.push(Deposit { id, asset, amount, status: 1, time_ms, transaction });
        let (id, time_ms) = (self.next_id(), time_ms + 44_017);
        self.margin.transfers.push(WalletTransfer { id, time_ms, asset: asset.name, amount, inward: true });
    }

    /// Back to spot, and from there away.
    fn withdraw(&mut self, coin: &str, amount: Amount, at_ms: i64) {
        let Some(asset) = asset(coin) else { return };
        let (id, time_ms) = (self.next_id(), at_ms + 3_903);
        self.margin.transfers.push(WalletTransfer { id, time_ms, asset: asset.name, amount, inward: false });
        let (id, transaction) = (self.random.hex(32), self.random.hex(64));
        let (fee, time_ms) = (asset.withdraw_fee, (time_ms + 61_000) / 1000 * 1000);
        let amount = amount.minus(fee);
        self.margin.withdrawals.push(Withdrawal { id, asset, amount, fee, status: 6, time_ms, transaction });
    }

    /// To an isolated wallet.
    fn pass(&mut self, asset: &'static str, amount: Amount, at_ms: i64) {
        let (id, time_ms) = (self.next_id(), at_ms + 2_711);
        self.margin.between.push(WalletTransfer { id, time_ms, asset, amount, inward: false });
    }

    /// From an isolated wallet.
    fn take_back(&mut self, asset: &'static str, amount: Amount, at_ms: i64) {
        self.pass(asset, amount, at_ms);
        if let Some(moved) = self.margin.between.last_mut() {
            moved.inward = true;
        }
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

    /// Bitcoin for dollars, bought and sold in turn every day or two.
    fn busy(&mut self, symbol: &str, from_ms: i64, to_ms: i64) {
        let mut at_ms = from_ms;
        while at_ms < to_ms {
            let held = self.margin.held(self.world, at_ms);
            let of = |coin: &str| held.get(coin).map(|held| held.free).unwrap_or_default();
            let (dollars, coins) = (of("USDT").permille(300), of("BTC"));
            let buy = coins < Amount::of(1, 3) || self.random.chance(500);
            let quantity = if buy { dollars.over(Amount::of(125_000, 0)) } else { coins.permille(600) };
            self.order(symbol, buy, quantity.floored(5), at_ms);
            at_ms = at_ms.saturating_add_unsigned(self.random.between(30_000_000, 140_000_000));
        }
    }

    /// So that there are dollars.
    fn sell_all(&mut self, symbol: &str, at_ms: i64) {
        let held = self.margin.held(self.world, at_ms);
        let coins = held.get("BTC").map(|held| held.free).unwrap_or_default();
        self.order(symbol, false, coins.floored(5), at_ms);
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
