//! The invented world: markets, prices, and one account with a year behind it. The same seed and the same now make the
//! same world, to the last digit.
//!
//! Not here: how a venue tells of it (`rest`).

pub(crate) mod market;
pub(crate) mod price;
pub(crate) mod account;
mod trader;
mod oddities;
mod year;
pub(crate) mod contracts;
pub(crate) mod margin;

use crate::random::{hash, name};
use account::Account;
use contracts::Contracts;
use market::{ASSETS, Asset, Market, markets};
use price::{Candle, MINUTE_MS, Prices};
use std::ops::Range;
use trader::Trader;

/// As many as a year has unless more or fewer are wanted.
pub(crate) const FILLS: u64 = 20_400;
const DAY_MS: i64 = 86_400_000;
/// Prices begin two years before now, the account one.
const LISTED_DAYS: i64 = 730;
/// Orders that come to nothing before a wish for fills is given up.
const FUTILE_ORDERS_MAX: u32 = 10_000;

/// All there is.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) markets: Vec<Market>,
    pub(crate) prices: Prices,
    pub(crate) account: Account,
    /// The derivatives side, where there is one.
    pub(crate) contracts: Option<Contracts>,
    /// The margin wallets, where there are some.
    pub(crate) margin: Option<margin::Wallets>,
    /// There are no prices before.
    pub(crate) listed_ms: i64,
    trader: Option<Trader>,
}

/// A coin by its name.
pub(crate) fn asset(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

impl World {
    /// The world of a seed, as it is at `now_ms`, with so many fills in its year.
    pub(crate) fn new(seed: u64, now_ms: i64, fills: u64) -> Self {
        let markets = markets(now_ms);
        let opened_ms = (now_ms - year::DAYS * DAY_MS).div_euclid(1000) * 1000;
        let uid = 300_000_000 + hash(&[seed, name("uid")]) % 600_000_000;
        let account = Account::open(uid, opened_ms, markets.len());
        let mut trader = Trader::new(seed, &markets);
        let listed_ms = (now_ms - LISTED_DAYS * DAY_MS).div_euclid(DAY_MS) * DAY_MS;
        let prices = Prices::new(seed);
        let mut world =
            Self { seed, markets, prices, account, contracts: None, margin: None, listed_ms, trader: None };
        year::live(&mut world, &mut trader, now_ms, fills);
        world.trader = Some(trader);
        world
    }

    /// `count` more fills, all at `now_ms`. How many there could be.
    pub(crate) fn more_fills(&mut self, now_ms: i64, count: u64) -> u64 {
        let Some(mut trader) = self.trader.take() else { return 0 };
        let (mut done, mut futile) = (0, 0);
        while done < count && futile < FUTILE_ORDERS_MAX {
            let made = trader.trade(self, now_ms, now_ms, count - done);
            futile = if made == 0 { futile + 1 } else { 0 };
            done += made;
        }
        self.trader = Some(trader);
        done
    }

    /// Whether any market trades a coin in a minute.
    pub(crate) fn has_market(&self, asset: &str, minute: i64) -> bool {
        let mut markets = self.markets.iter();
        markets.any(|market| market.base.name == asset && market.trades(self.seed, minute))
    }

    /// A market by its symbol.
    pub(crate) fn market(&self, symbol: &str) -> Option<(usize, &Market)> {
        self.markets.iter().enumerate().find(|(_, market)| market.symbol == symbol)
    }

    /// The candle of a span of time up to now; none if nobody traded in it.
    pub(crate) fn candle(&self, market: &Market, open_ms: i64, next_ms: i64, now_ms: i64) -> Option<Candle> {
        let from = open_ms.max(self.listed_ms).div_euclid(MINUTE_MS);
        let to = next_ms.div_euclid(MINUTE_MS).min(now_ms.div_euclid(MINUTE_MS) + 1);
        let mut spans = market.minutes(self.seed, from, to).into_iter();
        let span = |span: Range<i64>| self.prices.span(market, span.start, span.end);
        let mut all = span(spans.next()?);
        spans.for_each(|next| all.extend(&span(next)));
        Some(all)
    }

    /// The last minute that has a price, not after now.
    pub(crate) fn last_minute(&self, market: &Market, now_ms: i64) -> i64 {
        let now = now_ms.div_euclid(MINUTE_MS);
        let closed = market.closed_ms.map_or(now, |closed_ms| now.min(closed_ms.div_euclid(MINUTE_MS) - 1));
        let recent = market.minutes(self.seed, closed - 7 * 1440, closed + 1);
        recent.last().map_or(closed, |span| span.end - 1)
    }
}
