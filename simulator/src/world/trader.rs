//! Somebody who trades: orders in, fills out, each priced within its minute and paid from what is there.

use super::{
    World,
    account::{Account, Fill},
    market::Market,
    price::{MINUTE_MS, Prices},
};
use crate::{
    amount::Amount,
    random::{Random, hash, name},
};

/// Markets that are traded, and how often compared with each other. Not the others, so that empty lists exist.
const TRADED: [(&str, u64); 21] = [
    ("BTCUSDT", 20),
    ("ETHUSDT", 16),
    ("SOLUSDT", 11),
    ("BNBUSDT", 7),
    ("XRPUSDT", 8),
    ("ADAUSDT", 6),
    ("DOGEUSDT", 7),
    ("LTCUSDT", 5),
    ("LINKUSDT", 5),
    ("AVAXUSDT", 5),
    ("DOTUSDT", 4),
    ("TRXUSDT", 4),
    ("FDUSDUSDT", 1),
    ("币安人生USDT", 1),
    ("ETHBTC", 3),
    ("BNBBTC", 2),
    ("SOLBTC", 2),
    ("SOLETH", 2),
    ("BTCFDUSD", 3),
    ("ETHFDUSD", 2),
    ("SOLBNB", 1),
];

/// Markets where fees are sometimes paid in what was bought or got; elsewhere always in BNB, so that books get flat.
const OWN_FEES: [&str; 6] = ["BTCUSDT", "ETHUSDT", "XRPUSDT", "ADAUSDT", "ETHBTC", "BTCFDUSD"];
/// Coins that were not bought on a market of theirs may be sold there now and then.
const SOLD_FROM_DEPOSITS: [&str; 4] = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "币安人生USDT"];

const FEE: Amount = Amount::of(1, 3);
/// Paid in BNB it is a quarter less.
const FEE_IN_BNB: Amount = Amount::of(75, 5);
const FILLS_PER_ORDER_MAX: u64 = 9;

/// The state of mind.
pub(crate) struct Trader {
    random: Random,
    /// What was bought on each market and not sold there.
    inventory: Vec<Amount>,
    last_bought_at: Vec<Amount>,
    last_fill_id: Vec<u64>,
    last_order_id: Vec<u64>,
    /// Fees are paid in BNB wherever there is some.
    pub(crate) bnb_fees: bool,
}

/// What an order asks for.
struct Order {
    market: usize,
    buy: bool,
    maker: bool,
    quantity: Amount,
}

impl Trader {
    pub(crate) fn new(seed: u64, markets: &[Market]) -> Self {
        let first = |purpose: &str, low: u64| {
            let id = |market: &Market| low + hash(&[seed, name(&market.symbol), name(purpose)]) % (low * 9);
            markets.iter().map(id).collect()
        };
        Self {
            random: Random::new(seed, "trader"),
            inventory: vec![Amount::ZERO; markets.len()],
            last_bought_at: vec![Amount::ZERO; markets.len()],
            last_fill_id: first("fill", 10_000_000),
            last_order_id: first("order", 1_000_000_000),
            bnb_fees: true,
        }
    }

    pub(crate) const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// One order at `time_ms`, filled in up to `fills_max` pieces until `until_ms`. How many fills it brought; none
    /// when there was nothing to sell or to pay with.
    pub(crate) fn trade(&mut self, world: &mut World, time_ms: i64, until_ms: i64, fills_max: u64) -> u64 {
        let Some(order) = self.decide(world, time_ms) else { return 0 };
        let pieces = self.pieces(world, &order, fills_max);
        let World { markets, prices, account, .. } = world;
        let Some(market) = markets.get(order.market) else { return 0 };
        let order_id = next(&mut self.last_order_id, order.market, self.random.between(1, 4000));
        let mut limit = self.limit(market, *prices, &order, time_ms);
        let (mut time_ms, mut done) = (time_ms, 0);
        for quantity in pieces {
            if done > 0 {
                (time_ms, limit) = self.next_piece(market, *prices, &order, (time_ms, limit), until_ms);
            }
            let price = Amount::of(i128::from(limit), market.tick);
            let quote = price.times(quantity);
            let (fee, fee_asset) = self.fee(account, *prices, market, &order, (quantity, quote), time_ms);
            if !settle(account, market, order.buy, (quantity, quote), (fee, fee_asset), time_ms) {
                break;
            }
            self.remember(market, &order, (quantity, price), (fee, fee_asset));
            let id = next(&mut self.last_fill_id, order.market, self.random.between(1, 60));
            let (buyer, maker, sequence) = (order.buy, order.maker, account.fill_count());
            let fill = Fill {
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
            };
            if let Some(fills) = account.fills.get_mut(order.market) {
                fills.push(fill);
            }
            done += 1;
        }
        done
    }

    /// What to do next: buy when there is little, sell when there is much.
    fn decide(&mut self, world: &World, time_ms: i64) -> Option<Order> {
        let symbol = self.symbol();
        let index = world.markets.iter().position(|market| market.symbol == symbol)?;
        let market = world.markets.get(index)?;
        let price = world.prices.close_amount(market, time_ms.div_euclid(MINUTE_MS));
        let quote_in_usdt =
            world.prices.rate(market.quote, super::asset("USDT")?, time_ms.div_euclid(MINUTE_MS));
        let held = self.inventory.get(index).copied().unwrap_or_default();
        let free = world.account.free(market.base.name);
        let held_usdt = held.times(price).times(quote_in_usdt);
        // What rose since it was bought is rather sold, what fell rather kept.
        let rose = self.last_bought_at.get(index).is_some_and(|bought_at| price > *bought_at);
        let usually = if held_usdt > Amount::of(6_000, 0) { 500 } else { 250 };
        let wants_to_sell = if rose { usually + 330 } else { usually };
        let maker = self.random.chance(450);
        let minimum = market.min_notional();
        let big_enough = |quantity: Amount| quantity.times(price) >= minimum && quantity.is_positive();

        if SOLD_FROM_DEPOSITS.contains(&symbol) && self.random.chance(9) {
            let more =
                Amount::of(i128::from(self.random.between(40, 400)), 0).over(price.times(quote_in_usdt));
            let quantity = held.plus(more).min(free.permille(600)).floored(market.step);
            return big_enough(quantity).then_some(Order { market: index, buy: false, maker, quantity });
        }
        if self.random.chance(wants_to_sell) {
            // A fee in the coin itself comes on top.
            let most = held.min(free).permille(if market.base.name == "BNB" { 998 } else { 1000 });
            let part = if self.random.chance(450) { 1000 } else { i128::from(self.random.between(150, 900)) };
            let quantity = most.permille(part).floored(market.step);
            if big_enough(quantity) {
                return Some(Order { market: index, buy: false, maker, quantity });
            }
        }
        let wanted_usdt = Amount::of(i128::from(self.random.between(25, 300) * self.random.between(1, 9)), 0);
        let affordable = world.account.free(market.quote.name).permille(150);
        let quantity = wanted_usdt.over(quote_in_usdt).min(affordable).over(price).floored(market.step);
        big_enough(quantity).then_some(Order { market: index, buy: true, maker, quantity })
    }

    fn symbol(&mut self) -> &'static str {
        let mut left = self.random.between(1, TRADED.iter().map(|(_, weight)| weight).sum());
        let found = TRADED.iter().find(|(_, weight)| {
            let here = left <= *weight;
            left = left.saturating_sub(*weight);
            here
        });
        found.map_or("BTCUSDT", |(symbol, _)| symbol)
    }

    /// The quantity in one to nine pieces, whole steps each.
    fn pieces(&mut self, world: &World, order: &Order, fills_max: u64) -> Vec<Amount> {
        let step = world.markets.get(order.market).map_or(0, |market| market.step);
        let wanted = if self.random.chance(260) { 1 } else { self.random.between(2, FILLS_PER_ORDER_MAX) };
        let steps = u64::try_from(order.quantity.count(step)).unwrap_or(0);
        let count = wanted.min(fills_max).min(steps);
        let (mut left, mut pieces) = (steps, Vec::new());
        for still in (1..=count).rev() {
            // Everybody after this one gets at least one step.
            let most = left.saturating_sub(still - 1);
            let piece =
                if still == 1 { left } else { self.random.between(1, (most / still * 2).clamp(1, most)) };
            pieces.push(Amount::of(i128::from(piece), step));
            left -= piece;
        }
        pieces
    }

    /// The price of the first piece, in ticks, somewhere within its minute.
    fn limit(&mut self, market: &Market, prices: Prices, order: &Order, time_ms: i64) -> i64 {
        let candle = prices.candle(market, time_ms.div_euclid(MINUTE_MS));
        let range = candle.high.abs_diff(candle.low);
        let part = self.random.between(0, 700);
        let from_edge = i64::try_from(range * part / 1000).unwrap_or(0);
        if order.buy { candle.low + from_edge } else { candle.high - from_edge }
    }

    /// A taker's next piece comes in the same millisecond, at a price not better; a maker's at the same price, later.
    fn next_piece(
        &mut self,
        market: &Market,
        prices: Prices,
        order: &Order,
        (time_ms, limit): (i64, i64),
        until_ms: i64,
    ) -> (i64, i64) {
        if order.maker {
            let pause = if self.random.chance(250) { 0 } else { self.random.between(5, 30_000) };
            let later = time_ms.saturating_add_unsigned(pause).min(until_ms);
            let candle = prices.candle(market, later.div_euclid(MINUTE_MS));
            let reached = (candle.low..=candle.high).contains(&limit);
            return (if reached { later } else { time_ms }, limit);
        }
        let candle = prices.candle(market, time_ms.div_euclid(MINUTE_MS));
        let worse = i64::try_from(self.random.between(0, 2)).unwrap_or(0);
        let price =
            if order.buy { (limit + worse).min(candle.high) } else { (limit - worse).max(candle.low) };
        (time_ms, price)
    }

    /// In BNB where the trader wants that and has some; else in what the order brings.
    fn fee(
        &self,
        account: &Account,
        prices: Prices,
        market: &Market,
        order: &Order,
        (quantity, quote): (Amount, Amount),
        time_ms: i64,
    ) -> (Amount, &'static str) {
        let own = !self.bnb_fees && OWN_FEES.contains(&market.symbol.as_str());
        let worth = match (market.base.name, market.quote.name) {
            ("BNB", _) => Some(quantity),
            (_, "BNB") => Some(quote),
            _ => super::asset("BNB")
                .map(|bnb| quote.times(prices.rate(market.quote, bnb, time_ms.div_euclid(MINUTE_MS)))),
        };
        let in_bnb = worth.unwrap_or_default().times(FEE_IN_BNB);
        if !own && in_bnb.is_positive() && account.free("BNB") > in_bnb.plus(Amount::of(1, 1)) {
            return (in_bnb, "BNB");
        }
        if order.buy {
            (quantity.times(FEE), market.base.name)
        } else {
            (quote.times(FEE), market.quote.name)
        }
    }

    fn remember(
        &mut self,
        market: &Market,
        order: &Order,
        (quantity, price): (Amount, Amount),
        (fee, fee_asset): (Amount, &str),
    ) {
        let of_base = if fee_asset == market.base.name { fee } else { Amount::ZERO };
        if let Some(held) = self.inventory.get_mut(order.market) {
            let after = if order.buy {
                held.plus(quantity).minus(of_base)
            } else {
                held.minus(quantity).minus(of_base)
            };
            *held = after.max(Amount::ZERO);
        }
        if let Some(bought_at) = self.last_bought_at.get_mut(order.market).filter(|_| order.buy) {
            *bought_at = price;
        }
    }
}

/// Moves what a fill moves; says whether all of it was there.
fn settle(
    account: &mut Account,
    market: &Market,
    buy: bool,
    (quantity, quote): (Amount, Amount),
    (fee, fee_asset): (Amount, &'static str),
    time_ms: i64,
) -> bool {
    let (base, priced_in) = (market.base.name, market.quote.name);
    let (spent, got) =
        if buy { ((priced_in, quote), (base, quantity)) } else { ((base, quantity), (priced_in, quote)) };
    // A fee in what comes in is kept back from it.
    if fee_asset == got.0 {
        let there = account.take(&[spent], time_ms);
        if there {
            account.give(got.0, got.1.minus(fee), time_ms);
        }
        return there;
    }
    let there = account.take(&[spent, (fee_asset, fee)], time_ms);
    if there {
        account.give(got.0, got.1, time_ms);
    }
    there
}

fn next(ids: &mut [u64], index: usize, gap: u64) -> u64 {
    ids.get_mut(index).map_or(0, |id| {
        *id += gap;
        *id
    })
}
