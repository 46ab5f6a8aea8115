//! What the venue lists. Prices and resolutions are roughly those of the real markets; ticks and steps together have
//! at most eight decimals, so that price times quantity is exact.

use super::price::MINUTE_MS;
use crate::{
    amount::Amount,
    random::{hash, name},
};
use std::ops::Range;

/// A coin.
pub(crate) struct Asset {
    pub(crate) name: &'static str,
    pub(crate) long_name: &'static str,
    /// USDT for one, where its path starts.
    pub(crate) start: f64,
    /// How much it moves, compared with bitcoin.
    pub(crate) volatility: f64,
    pub(crate) network: &'static str,
    pub(crate) withdraw_fee: Amount,
}

/// A pair of coins.
pub(crate) struct Market {
    pub(crate) symbol: String,
    pub(crate) base: &'static Asset,
    pub(crate) quote: &'static Asset,
    /// Decimals of a price.
    pub(crate) tick: u32,
    /// Decimals of a quantity.
    pub(crate) step: u32,
    /// When trading ended for good, if it did: there are no candles from then on.
    pub(crate) closed_ms: Option<i64>,
    /// On some days nobody trades here: such a day has no candle of any length.
    pub(crate) thin: bool,
}

const fn asset(
    name: &'static str,
    long_name: &'static str,
    start: f64,
    volatility: f64,
    network: &'static str,
    withdraw_fee: Amount,
) -> Asset {
    Asset { name, long_name, start, volatility, network, withdraw_fee }
}

/// All coins; the names of some are not ASCII on the real venue either.
pub(crate) static ASSETS: [Asset; 20] = [
    asset("USDT", "TetherUS", 1.0, 0.0, "TRX", Amount::of(1, 0)),
    asset("BTC", "Bitcoin", 61_000.0, 1.0, "BTC", Amount::of(8, 5)),
    asset("ETH", "Ethereum", 2_900.0, 1.3, "ETH", Amount::of(8, 4)),
    asset("BNB", "BNB", 580.0, 1.1, "BSC", Amount::of(1, 3)),
    asset("FDUSD", "First Digital USD", 0.9993, 0.002, "BSC", Amount::of(1, 0)),
    asset("SOL", "Solana", 148.0, 1.7, "SOL", Amount::of(1, 3)),
    asset("XRP", "XRP", 1.15, 1.6, "XRP", Amount::of(2, 1)),
    asset("ADA", "Cardano", 0.62, 1.6, "ADA", Amount::of(8, 1)),
    asset("DOGE", "Dogecoin", 0.17, 1.9, "DOGE", Amount::of(4, 0)),
    asset("LTC", "Litecoin", 88.0, 1.3, "LTC", Amount::of(1, 4)),
    asset("LINK", "ChainLink", 14.2, 1.5, "ETH", Amount::of(3, 1)),
    asset("AVAX", "Avalanche", 29.0, 1.7, "AVAXC", Amount::of(1, 2)),
    asset("DOT", "Polkadot", 5.8, 1.6, "DOT", Amount::of(8, 2)),
    asset("TRX", "TRON", 0.21, 1.0, "TRX", Amount::of(1, 0)),
    asset("ATOM", "Cosmos", 6.4, 1.5, "ATOM", Amount::of(5, 3)),
    asset("UNI", "Uniswap", 8.1, 1.6, "ETH", Amount::of(2, 1)),
    asset("币安人生", "币安人生", 0.19, 2.2, "BSC", Amount::of(1, 0)),
    asset("MITH", "Mithril", 0.021, 1.8, "ETH", Amount::of(400, 0)),
    asset("FIRO", "Firo", 1.9, 1.8, "FIRO", Amount::of(2, 2)),
    asset(UNLISTED, "Gift", 0.05, 1.0, "BSC", Amount::of(1, 0)),
];

/// A coin that no market trades.
pub(crate) const UNLISTED: &str = "GIFT";

/// Base, quote, decimals of price and of quantity.
const PAIRS: [(&str, &str, u32, u32); 36] = [
    ("BTC", "USDT", 2, 5),
    ("ETH", "USDT", 2, 4),
    ("BNB", "USDT", 2, 3),
    ("SOL", "USDT", 2, 3),
    ("XRP", "USDT", 4, 1),
    ("ADA", "USDT", 4, 1),
    ("DOGE", "USDT", 5, 0),
    ("LTC", "USDT", 2, 3),
    ("LINK", "USDT", 2, 2),
    ("AVAX", "USDT", 2, 2),
    ("DOT", "USDT", 3, 2),
    ("TRX", "USDT", 4, 1),
    ("FDUSD", "USDT", 4, 0),
    ("ATOM", "USDT", 3, 2),
    ("UNI", "USDT", 3, 2),
    ("币安人生", "USDT", 4, 1),
    ("ETH", "BTC", 5, 3),
    ("BNB", "BTC", 6, 2),
    ("SOL", "BTC", 7, 1),
    ("XRP", "BTC", 8, 0),
    ("LTC", "BTC", 6, 2),
    ("LINK", "BTC", 7, 1),
    ("BNB", "ETH", 4, 3),
    ("SOL", "ETH", 5, 2),
    ("LINK", "ETH", 6, 2),
    ("BTC", "FDUSD", 2, 5),
    ("ETH", "FDUSD", 2, 4),
    ("BNB", "FDUSD", 2, 3),
    ("SOL", "FDUSD", 2, 2),
    ("SOL", "BNB", 4, 2),
    ("LTC", "BNB", 4, 3),
    ("XRP", "BNB", 7, 0),
    ("DOT", "BTC", 8, 0),
    ("MITH", "USDT", 5, 1),
    ("FIRO", "USDT", 3, 1),
    ("FIRO", "BTC", 8, 0),
];

/// Markets that are still listed and closed: how many days before now, at three in the night.
const CLOSED: [(&str, i64); 2] = [("DOTBTC", 265), ("MITHUSDT", 148)];
/// A market that has days without a trade. Its coin has another market, which always trades.
const THIN: &str = "FIROUSDT";
const DAY_MS: i64 = 86_400_000;

/// All markets, in the order of listing, as they are at `now_ms`.
pub(crate) fn markets(now_ms: i64) -> Vec<Market> {
    let known = |name: &str| ASSETS.iter().find(|asset| asset.name == name);
    PAIRS
        .iter()
        .filter_map(|(base, quote, tick, step)| {
            let symbol = format!("{base}{quote}");
            let closed = CLOSED.iter().find(|(closed, _)| *closed == symbol);
            let closed_ms = closed.map(|(_, days)| (now_ms.div_euclid(DAY_MS) - days) * DAY_MS + DAY_MS / 8);
            let thin = symbol == THIN;
            let (base, quote, tick, step) = (known(base)?, known(quote)?, *tick, *step);
            Some(Market { symbol, base, quote, tick, step, closed_ms, thin })
        })
        .collect()
}

impl Market {
    /// The minutes from `from` up to, but without, `to` in which it trades, in spans.
    pub(crate) fn minutes(&self, seed: u64, from: i64, to: i64) -> Vec<Range<i64>> {
        let to = self.closed_ms.map_or(to, |closed_ms| to.min(closed_ms.div_euclid(MINUTE_MS)));
        if !self.thin || from >= to {
            return std::iter::once(from..to).filter(|all| !all.is_empty()).collect();
        }
        let minutes = DAY_MS / MINUTE_MS;
        let days = from.div_euclid(minutes)..=(to - 1).div_euclid(minutes);
        let trades = |day: &i64| !hash(&[seed, name(&self.symbol), day.unsigned_abs()]).is_multiple_of(12);
        days.filter(trades).map(|day| from.max(day * minutes)..to.min((day + 1) * minutes)).collect()
    }

    /// Whether it trades in a minute.
    pub(crate) fn trades(&self, seed: u64, minute: i64) -> bool {
        !self.minutes(seed, minute, minute + 1).is_empty()
    }

    /// The smallest order, in the quote.
    pub(crate) const fn min_notional(&self) -> Amount {
        match self.quote.name.as_bytes() {
            b"BTC" => Amount::of(1, 4),
            b"ETH" => Amount::of(1, 3),
            b"BNB" => Amount::of(1, 2),
            _ => Amount::of(5, 0),
        }
    }
}
