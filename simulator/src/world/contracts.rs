//! The derivatives side of the account, where there is one (`--contracts`): three perpetual contracts, some eighty days of
//! trading in them, what they pay every eight hours, and the wallets they settle in. Money for them is deposited on the
//! spot side and moved over at once, so that nothing else of the year depends on them.
//!
//! A wallet holds what was moved in, what was realized and what funding brought, without fees: to the last digit.

mod trading;
#[cfg(test)]
mod tests;

use super::{
    World, margin,
    market::Market,
    price::{Candle, MINUTE_MS},
};
use crate::amount::Amount;

/// All there is of contracts.
pub(crate) struct Contracts {
    pub(crate) markets: Vec<ContractMarket>,
    /// By market, in the order of the markets; oldest first.
    pub(crate) fills: Vec<Vec<ContractFill>>,
    /// Oldest first. Some days ahead, for a clock that goes on: see [`Contracts::funding_until`].
    funding: Vec<FundingPayment>,
    /// Oldest first.
    pub(crate) transfers: Vec<WalletTransfer>,
}

/// A perpetual contract.
pub(crate) struct ContractMarket {
    pub(crate) symbol: &'static str,
    pub(crate) base: &'static str,
    pub(crate) quote: &'static str,
    /// The coin of its wallet: of profit, loss, fees and funding.
    pub(crate) settle: &'static str,
    /// Whether a contract is worth a sum of its quote, paid in its base.
    pub(crate) inverse: bool,
    /// What one of its quantity is: one coin, or so many of its quote if it is inverse.
    pub(crate) face: Amount,
    /// Decimals of a price.
    pub(crate) tick: u32,
    /// Decimals of a quantity.
    pub(crate) step: u32,
    /// The pair of coins whose price it follows, in its own ticks; the volume is in steps of the coin.
    like: Market,
    /// Ticks above or below that.
    basis: i64,
}

/// One execution of a contract.
#[derive(Clone, Debug)]
pub(crate) struct ContractFill {
    pub(crate) id: u64,
    /// How many there were before it, on all contracts.
    pub(crate) sequence: usize,
    pub(crate) order_id: u64,
    pub(crate) time_ms: i64,
    pub(crate) buyer: bool,
    pub(crate) maker: bool,
    pub(crate) price: Amount,
    /// Coins, or faces if it is inverse.
    pub(crate) quantity: Amount,
    /// Profit of what it closed, before its fee.
    pub(crate) realized: Amount,
    /// In the settle asset; above zero paid, below a rebate.
    pub(crate) fee: Amount,
    /// The venue closed the position, not its owner.
    pub(crate) liquidation: bool,
}

/// What a position paid or received at eight hours of the clock.
#[derive(Clone, Debug)]
pub(crate) struct FundingPayment {
    pub(crate) id: u64,
    pub(crate) market: usize,
    pub(crate) time_ms: i64,
    pub(crate) rate: Amount,
    pub(crate) mark: Amount,
    /// Above zero long.
    pub(crate) quantity: Amount,
    /// In the settle asset; above zero received.
    pub(crate) amount: Amount,
}

/// Coins from one wallet of the account to another.
#[derive(Clone, Debug)]
pub(crate) struct WalletTransfer {
    pub(crate) id: u64,
    pub(crate) time_ms: i64,
    /// Which tells the wallet as well: each settles in its own coin.
    pub(crate) asset: &'static str,
    pub(crate) amount: Amount,
    /// From spot into the wallet of contracts, or back.
    pub(crate) inward: bool,
}

/// What is held of a contract.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Above zero long, below short.
    pub(crate) quantity: Amount,
    /// What it was worth when it was opened, in the settle asset; never below zero.
    pub(crate) cost: Amount,
}

impl ContractMarket {
    /// Decimals of the coin in which the volume of a candle is counted.
    pub(crate) const fn coin_step(&self) -> u32 {
        self.like.step
    }

    /// What a quantity is worth at a price, in the settle asset: rounded down if it is inverse, else exact.
    pub(crate) const fn value(&self, quantity: Amount, price: Amount) -> Amount {
        if self.inverse { quantity.times(self.face).over(price) } else { quantity.times(price) }
    }
}

impl Position {
    pub(crate) fn is_open(self) -> bool {
        self.quantity != Amount::ZERO
    }

    /// The average price of what is held, rounded down; zero if nothing is.
    pub(crate) fn entry_price(self, market: &ContractMarket) -> Amount {
        let held = self.quantity.max(self.quantity.negative());
        if market.inverse { held.times(market.face).over(self.cost) } else { self.cost.over(held) }
    }

    /// Profit if it were closed at a price.
    pub(crate) fn unrealized(self, market: &ContractMarket, price: Amount) -> Amount {
        let held = self.quantity.max(self.quantity.negative());
        gain(market, self.quantity.is_positive(), self.cost, market.value(held, price))
    }

    /// Applies a fill; what it realized. What is closed takes its share of the cost along, what is left open the rest.
    fn apply(&mut self, market: &ContractMarket, buyer: bool, quantity: Amount, price: Amount) -> Amount {
        let signed = if buyer { quantity } else { quantity.negative() };
        let (long, value) = (self.quantity.is_positive(), market.value(quantity, price));
        if !self.is_open() || long == buyer {
            self.quantity = self.quantity.plus(signed);
            self.cost = self.cost.plus(value);
            return Amount::ZERO;
        }
        let held = self.quantity.max(self.quantity.negative());
        let closed = held.min(quantity);
        let worth = if closed == quantity { value } else { market.value(closed, price) };
        let share = if closed == held { self.cost } else { self.cost.times(closed).over(held) };
        self.quantity = self.quantity.plus(signed);
        self.cost = self.cost.minus(share);
        // What is more than was held opens the other side.
        self.cost = self.cost.plus(value.minus(worth));
        gain(market, long, share, worth)
    }
}

/// What was opened for `opened` and closed for `closed` brought.
const fn gain(market: &ContractMarket, long: bool, opened: Amount, closed: Amount) -> Amount {
    // An inverse contract is worth less of its coin at a higher price.
    if long == market.inverse { opened.minus(closed) } else { closed.minus(opened) }
}

impl Contracts {
    /// Fills of all contracts.
    pub(crate) fn fill_count(&self) -> usize {
        self.fills.iter().map(Vec::len).sum()
    }

    /// A contract by its symbol.
    pub(crate) fn market(&self, symbol: &str) -> Option<(usize, &ContractMarket)> {
        self.markets.iter().enumerate().find(|(_, market)| market.symbol == symbol)
    }

    /// Contracts with their fills.
    pub(crate) fn traded(&self) -> impl Iterator<Item = (&ContractMarket, &[ContractFill])> {
        self.markets.iter().zip(self.fills.iter().map(Vec::as_slice))
    }

    /// What was paid and received up to now, oldest first.
    pub(crate) fn funding_until(&self, now_ms: i64) -> &[FundingPayment] {
        let count = self.funding.partition_point(|payment| payment.time_ms <= now_ms);
        self.funding.get(..count).unwrap_or_default()
    }

    /// What the wallet of a coin holds at an instant; profit that was not realized is not in it.
    pub(crate) fn wallet(&self, settle: &str, at_ms: i64) -> Amount {
        let moved = self.transfers.iter().filter(|moved| moved.asset == settle && moved.time_ms <= at_ms);
        let moved = moved.map(|moved| if moved.inward { moved.amount } else { moved.amount.negative() });
        let settled = self.traded().filter(|(market, _)| market.settle == settle);
        let fills = settled.flat_map(|(_, fills)| fills).filter(|fill| fill.time_ms <= at_ms);
        let fills = fills.map(|fill| fill.realized.minus(fill.fee));
        let settles = |market: usize| self.markets.get(market).is_some_and(|market| market.settle == settle);
        let funding = self.funding_until(at_ms).iter().filter(|payment| settles(payment.market));
        let all = moved.chain(fills).chain(funding.map(|payment| payment.amount));
        all.fold(Amount::ZERO, Amount::plus)
    }

    /// What is held of a contract at an instant.
    pub(crate) fn position(&self, market: usize, at_ms: i64) -> Position {
        let mut position = Position::default();
        let Some((contract, fills)) = self.traded().nth(market) else { return position };
        for fill in fills.iter().take_while(|fill| fill.time_ms <= at_ms) {
            position.apply(contract, fill.buyer, fill.quantity, fill.price);
        }
        position
    }
}

impl World {
    /// The same world, with a derivatives side and margin wallets.
    pub(crate) fn with_contracts(mut self, now_ms: i64) -> Self {
        let contracts = trading::live(&mut self, now_ms);
        self.contracts = Some(contracts);
        self.margin = Some(margin::live(&self, now_ms));
        self
    }

    /// The candle of a contract over a span of time up to now.
    pub(crate) fn contract_candle(
        &self,
        market: &ContractMarket,
        open_ms: i64,
        next_ms: i64,
        now_ms: i64,
    ) -> Option<Candle> {
        self.candle(&market.like, open_ms, next_ms, now_ms).map(|candle| candle.shifted(market.basis))
    }

    /// The mark price of a contract: the close of its minute.
    pub(crate) fn mark_price(&self, market: &ContractMarket, at_ms: i64) -> Amount {
        let close = self.prices.close(&market.like, at_ms.div_euclid(MINUTE_MS)) + market.basis;
        Amount::of(i128::from(close), market.tick)
    }

    /// The price of the coin that a contract follows, in the contract's ticks.
    pub(crate) fn index_price(&self, market: &ContractMarket, at_ms: i64) -> Amount {
        self.prices.close_amount(&market.like, at_ms.div_euclid(MINUTE_MS))
    }
}
