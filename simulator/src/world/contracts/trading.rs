//! Somebody who trades contracts: a position is wished for, and orders go there, through zero as well; prices lie within
//! the minute.

use super::{ContractFill, ContractMarket, Contracts, FundingPayment, Position, WalletTransfer};
use crate::{
    amount::Amount,
    random::{Random, hash, name},
    world::{
        World, asset,
        market::Market,
        price::{Candle, MINUTE_MS},
        year,
    },
};

const DAY_MS: i64 = 86_400_000;
const FUNDING_EVERY_MS: i64 = 28_800_000;
/// Younger than what any venue has forgotten.
const TRADED_DAYS: i64 = 80;
/// Nothing happens in the last minutes, so that the newest candle anybody needs is complete.
const QUIET_MS: i64 = 180_000;
/// For clocks that go on after the start.
const FUNDING_AHEAD_DAYS: i64 = 14;
const FEE_TAKER: Amount = Amount::of(5, 4);
const FEE_MAKER: Amount = Amount::of(2, 4);
const REBATE_MAKER: Amount = Amount::of(-5, 5);

/// How a contract is traded.
struct Habit {
    orders: usize,
    /// The largest position, in steps.
    steps_max: u64,
    stays_open: bool,
    is_liquidated: bool,
}

const HABITS: [Habit; 3] = [
    Habit { orders: 470, steps_max: 40, stays_open: true, is_liquidated: false },
    Habit { orders: 340, steps_max: 50, stays_open: false, is_liquidated: true },
    Habit { orders: 210, steps_max: 200, stays_open: true, is_liquidated: false },
];

/// Coins moved, days before now: in from a deposit, or back to spot.
const MOVES: [(i64, &str, Amount, bool); 6] = [
    (82, "USDT", Amount::of(50_000, 0), true),
    (82, "BTC", Amount::of(8, 1), true),
    (41, "USDT", Amount::of(20_000, 0), true),
    (36, "BTC", Amount::of(25, 2), true),
    (19, "USDT", Amount::of(812_345, 2), false),
    (14, "BTC", Amount::of(1, 1), false),
];

/// Lives the days up to `now_ms`; deposits for it come to the spot side.
pub(super) fn live(world: &mut World, now_ms: i64) -> Contracts {
    let markets = markets(world.seed);
    let mut fills: Vec<Vec<ContractFill>> =
        markets.iter().zip(&HABITS).map(|(market, habit)| trade(world, market, habit, now_ms)).collect();
    number(&mut fills);
    let transfers = fund(world, now_ms);
    let mut contracts = Contracts { markets, fills, funding: Vec::new(), transfers };
    contracts.funding = funding(world, &contracts, now_ms);
    contracts
}

/// Two that settle in dollars, one in its coin.
fn markets(seed: u64) -> Vec<ContractMarket> {
    let market = |symbol: &'static str, coin: &str, inverse: bool, tick: u32, step: u32, basis_max: u64| {
        let (base, usdt) = (asset(coin)?, asset("USDT")?);
        let word = hash(&[seed, name("basis"), name(symbol)]);
        let basis = i64::try_from(1 + word / 2 % basis_max).unwrap_or(1);
        let like = Market {
            symbol: format!("{symbol} perpetual"),
            base,
            quote: usdt,
            tick,
            step: if inverse { 4 } else { step },
            closed_ms: None,
            thin: false,
        };
        Some(ContractMarket {
            symbol,
            base: base.name,
            quote: if inverse { "USD" } else { usdt.name },
            settle: if inverse { base.name } else { usdt.name },
            inverse,
            face: Amount::of(if inverse { 100 } else { 1 }, 0),
            tick,
            step,
            like,
            basis: if word.is_multiple_of(2) { basis } else { -basis },
        })
    };
    let all = [
        market("BTCUSDT", "BTC", false, 1, 2, 300),
        market("ETHUSDT", "ETH", false, 2, 1, 150),
        market("BTCUSD", "BTC", true, 1, 0, 300),
    ];
    all.into_iter().flatten().collect()
}

/// All fills of a contract.
fn trade(world: &World, market: &ContractMarket, habit: &Habit, now_ms: i64) -> Vec<ContractFill> {
    let mut random = Random::new(world.seed, &format!("contract {}", market.symbol));
    let first_ms = now_ms - TRADED_DAYS * DAY_MS;
    let span_ms = u64::try_from(TRADED_DAYS * DAY_MS - 3 * QUIET_MS).unwrap_or(0);
    let mut starts: Vec<i64> =
        (1..habit.orders).map(|_| first_ms.saturating_add_unsigned(random.between(0, span_ms))).collect();
    starts.sort_unstable();
    starts.push(now_ms - 2 * QUIET_MS);
    let mut desk = Desk::new(world, market, random);
    for (index, start_ms) in starts.into_iter().enumerate() {
        let last = index + 1 == habit.orders;
        if habit.is_liquidated && !desk.was_liquidated && index * 2 > habit.orders && desk.position.is_open()
        {
            desk.was_liquidated = true;
            desk.order(start_ms, 0, true);
        } else {
            let wish = desk.wish(habit, last);
            desk.order(start_ms, wish, false);
        }
    }
    desk.fills
}

/// Where one contract stands while it is traded.
struct Desk<'a> {
    world: &'a World,
    market: &'a ContractMarket,
    random: Random,
    position: Position,
    fills: Vec<ContractFill>,
    last_id: u64,
    last_order_id: u64,
    was_liquidated: bool,
}

impl<'a> Desk<'a> {
    fn new(world: &'a World, market: &'a ContractMarket, mut random: Random) -> Self {
        let (last_id, last_order_id) =
            (random.between(10_000_000, 90_000_000), random.between(8_000_000_000, 70_000_000_000));
        let (position, fills) = (Position::default(), Vec::new());
        Self { world, market, random, position, fills, last_id, last_order_id, was_liquidated: false }
    }

    /// The position that is wanted next, in steps.
    fn wish(&mut self, habit: &Habit, last: bool) -> i128 {
        let size = i128::from(self.random.between(1, habit.steps_max));
        if last {
            let least = i128::from(habit.steps_max / 4);
            return if habit.stays_open { size.max(least) } else { 0 };
        }
        if self.random.chance(170) {
            return 0;
        }
        let stays = self.random.chance(600);
        if self.position.quantity.is_positive() == stays { size } else { -size }
    }

    /// An order to that position, in up to five pieces.
    fn order(&mut self, start_ms: i64, wish: i128, liquidation: bool) {
        let steps = wish - self.position.quantity.count(self.market.step);
        if steps == 0 {
            return;
        }
        let (buyer, maker) = (steps > 0, !liquidation && self.random.chance(420));
        let rate = match (maker, self.random.chance(90)) {
            (true, true) => REBATE_MAKER,
            (true, false) => FEE_MAKER,
            (false, _) => FEE_TAKER,
        };
        self.last_order_id += self.random.between(1, 90_000);
        let mut time_ms = self.fills.last().map_or(start_ms, |fill| fill.time_ms.max(start_ms));
        // What is held at eight o'clock sharp pays: nothing is traded in that millisecond.
        time_ms += i64::from(time_ms.rem_euclid(FUNDING_EVERY_MS) == 0);
        let minute = time_ms.div_euclid(MINUTE_MS);
        let last_ms = (minute + 1) * MINUTE_MS - 1;
        let open_ms = minute * MINUTE_MS;
        let Some(candle) = self.world.contract_candle(self.market, open_ms, open_ms + MINUTE_MS, time_ms)
        else {
            return;
        };
        let mut ticks = self.limit(&candle, buyer);
        for piece in self.pieces(steps.unsigned_abs(), liquidation) {
            let price = Amount::of(i128::from(ticks), self.market.tick);
            let quantity = Amount::of(piece, self.market.step);
            let realized = self.position.apply(self.market, buyer, quantity, price);
            let fee = self.market.value(quantity, price).times(rate);
            self.last_id += self.random.between(1, 60);
            let (id, order_id) = (self.last_id, self.last_order_id);
            self.fills.push(ContractFill {
                id,
                sequence: 0,
                order_id,
                time_ms,
                buyer,
                maker,
                price,
                quantity,
                realized,
                fee,
                liquidation,
            });
            // A taker goes on at once, at a price not better; a maker waits.
            if maker {
                time_ms = time_ms.saturating_add_unsigned(self.random.between(0, 9_000)).min(last_ms);
            } else {
                let worse = i64::try_from(self.random.between(0, 2)).unwrap_or(0);
                ticks =
                    if buyer { (ticks + worse).min(candle.high) } else { (ticks - worse).max(candle.low) };
            }
        }
    }

    fn limit(&mut self, candle: &Candle, buyer: bool) -> i64 {
        let range = candle.high.abs_diff(candle.low) * self.random.between(0, 700) / 1000;
        let from_edge = i64::try_from(range).unwrap_or(0);
        if buyer { candle.low + from_edge } else { candle.high - from_edge }
    }

    fn pieces(&mut self, steps: u128, whole: bool) -> Vec<i128> {
        let mut left = u64::try_from(steps).unwrap_or(0);
        let count = if whole { 1 } else { self.random.between(1, 5).min(left) };
        let mut pieces = Vec::new();
        for still in (1..=count).rev() {
            // Everybody after this one gets at least one step.
            let most = left - (still - 1);
            let piece =
                if still == 1 { left } else { self.random.between(1, (most / still * 2).clamp(1, most)) };
            pieces.push(i128::from(piece));
            left -= piece;
        }
        pieces
    }
}

/// Says of each fill how many there were before it.
fn number(fills: &mut [Vec<ContractFill>]) {
    let mut all: Vec<&mut ContractFill> = fills.iter_mut().flatten().collect();
    all.sort_by_key(|fill| fill.time_ms);
    for (sequence, fill) in all.into_iter().enumerate() {
        fill.sequence = sequence;
    }
}

/// Deposits, and what is moved over and back.
fn fund(world: &mut World, now_ms: i64) -> Vec<WalletTransfer> {
    let mut random = Random::new(world.seed, "contract wallets");
    let mut id = random.between(110_000_000_000, 190_000_000_000);
    let mut transfers = Vec::new();
    for (days, coin, amount, inward) in MOVES {
        let Some(asset) = asset(coin) else { continue };
        let mut time_ms = (now_ms - days * DAY_MS).saturating_add_unsigned(random.between(1_000, 7_000_000));
        id += random.between(1, 90_000_000);
        if inward {
            year::deposit(world, &mut random, coin, amount, 1, time_ms);
            time_ms = time_ms.saturating_add_unsigned(random.between(9_000, 90_000));
            world.account.take(&[(asset.name, amount)], time_ms);
        } else {
            world.account.give(asset.name, amount, time_ms);
        }
        transfers.push(WalletTransfer { id, time_ms, asset: asset.name, amount, inward });
    }
    world.account.deposits.sort_by_key(|deposit| deposit.time_ms);
    transfers.sort_by_key(|moved| moved.time_ms);
    transfers
}

/// At every eight hours of the clock, for what is held then.
fn funding(world: &World, contracts: &Contracts, now_ms: i64) -> Vec<FundingPayment> {
    let first = (now_ms - TRADED_DAYS * DAY_MS).div_euclid(FUNDING_EVERY_MS) + 1;
    let last = (now_ms + FUNDING_AHEAD_DAYS * DAY_MS).div_euclid(FUNDING_EVERY_MS);
    let mut payments = Vec::new();
    for period in first..=last {
        let time_ms = period * FUNDING_EVERY_MS;
        for (market, contract) in contracts.markets.iter().enumerate() {
            let position = contracts.position(market, time_ms - 1);
            if !position.is_open() {
                continue;
            }
            let word = hash(&[world.seed, name("funding"), name(contract.symbol), period.unsigned_abs()]);
            let rate = Amount::of(i128::from(word % 401) - 100, 6);
            let (mark, quantity) = (world.mark_price(contract, time_ms), position.quantity);
            let paid = contract.value(quantity.max(quantity.negative()), mark).times(rate);
            // Above zero, the long side pays the short one.
            let amount = if quantity.is_positive() { paid.negative() } else { paid };
            let id = 30_000_000_000 + word % 9_000_000_000;
            payments.push(FundingPayment { id, market, time_ms, rate, mark, quantity, amount });
        }
    }
    payments
}
