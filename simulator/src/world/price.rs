//! Prices: a function of seed, market and minute, so that any minute of any year is known without storing one.
//!
//! The logarithm of a coin's price is a sum of noise at many scales, each twice as strong as the one a quarter as long:
//! that moves like a random walk. A pair's price is the quotient of its coins', so pairs agree with each other.

use super::market::{Asset, Market};
use crate::{
    amount::Amount,
    random::{hash, name},
};

/// A minute of time, in milliseconds.
pub(crate) const MINUTE_MS: i64 = 60_000;

/// Minutes between two points of noise, and how strong it is for bitcoin.
const SCALES: [(i64, f64); 10] = [
    (1, 0.000_45),
    (4, 0.000_9),
    (16, 0.001_8),
    (64, 0.003_6),
    (256, 0.007_2),
    (1_024, 0.014_4),
    (4_096, 0.028_8),
    (16_384, 0.057_6),
    (65_536, 0.115_2),
    (262_144, 0.230_4),
];

/// All prices of a seed.
#[derive(Clone, Copy)]
pub(crate) struct Prices {
    seed: u64,
}

/// What happened to a price in a span of time; prices in ticks, volume in steps of the quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candle {
    pub(crate) open: i64,
    pub(crate) high: i64,
    pub(crate) low: i64,
    pub(crate) close: i64,
    pub(crate) volume: i64,
    /// Ticks times steps.
    pub(crate) quote_volume: i128,
    pub(crate) trades: u64,
}

impl Prices {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The close of a minute, in ticks.
    pub(crate) fn close(self, market: &Market, minute: i64) -> i64 {
        close_of(market, self.value(market.base, minute), self.value(market.quote, minute))
    }

    /// The close of a minute.
    pub(crate) fn close_amount(self, market: &Market, minute: i64) -> Amount {
        Amount::of(i128::from(self.close(market, minute)), market.tick)
    }

    /// One minute.
    pub(crate) fn candle(self, market: &Market, minute: i64) -> Candle {
        self.span(market, minute, minute + 1)
    }

    /// The minutes from `from` up to, but without, `to` as one candle. There must be at least one.
    pub(crate) fn span(self, market: &Market, from: i64, to: i64) -> Candle {
        let (mut base, mut quote) = (Path::new(self.seed, market.base), Path::new(self.seed, market.quote));
        let mut next = |minute: i64, open: i64| {
            let (base, quote) = (base.at(minute), quote.at(minute));
            self.after(market, minute, open, (base, close_of(market, base, quote)))
        };
        let mut all = next(from, self.close(market, from - 1));
        for minute in from + 1..to {
            all.extend(&next(minute, all.close));
        }
        all
    }

    /// What one coin is worth in another, at the close of a minute, rounded down to eight decimals.
    pub(crate) fn rate(self, of: &Asset, quote: &Asset, minute: i64) -> Amount {
        let rate = self.value(of, minute) / self.value(quote, minute);
        Amount::of(i128::from(rounded((rate * power_of_ten(8)).floor())), 8)
    }

    /// A minute whose open is known: the close of the one before. Its base is worth `base` USDT at the end.
    fn after(self, market: &Market, minute: i64, open: i64, (base, close): (f64, i64)) -> Candle {
        let noise = hash(&[self.seed, name(&market.symbol), minute.unsigned_abs()]);
        // Wicks of up to four hundredths of a percent, and one tick.
        let wick = |bits: u64| {
            (open.max(close) / 10_000 * i64::from(bits.to_le_bytes()[0] & 3)) + i64::from(bits & 4 != 0)
        };
        let (high, low) = (open.max(close) + wick(noise), (open.min(close) - wick(noise >> 8)).max(1));
        let usdt = 2_000 + i64::from(noise.to_le_bytes()[3]) * i64::from(noise.to_le_bytes()[4]);
        let steps = f64_of(usdt) / base * power_of_ten(market.step);
        let volume = rounded(steps).max(1);
        let quote_volume = i128::from(volume) * i128::from((high + low) / 2);
        Candle { open, high, low, close, volume, quote_volume, trades: 1 + (noise >> 40) % 200 }
    }

    /// USDT for one coin.
    fn value(self, asset: &Asset, minute: i64) -> f64 {
        Path::new(self.seed, asset).at(minute)
    }
}

impl Candle {
    /// The same moves, `ticks` higher or lower.
    pub(crate) fn shifted(mut self, ticks: i64) -> Self {
        for price in [&mut self.open, &mut self.high, &mut self.low, &mut self.close] {
            *price = (*price + ticks).max(1);
        }
        self.quote_volume += i128::from(self.volume) * i128::from(ticks);
        self
    }

    /// Goes on until the end of the next.
    pub(crate) fn extend(&mut self, next: &Self) {
        self.high = self.high.max(next.high);
        self.low = self.low.min(next.low);
        self.close = next.close;
        self.volume += next.volume;
        self.quote_volume += next.quote_volume;
        self.trades += next.trades;
    }
}

fn close_of(market: &Market, base: f64, quote: f64) -> i64 {
    rounded(base / quote * power_of_ten(market.tick)).max(1)
}

/// Where a coin's price goes, looked at minute after minute: the points of noise are made once each.
struct Path<'a> {
    asset: &'a Asset,
    noise: u64,
    /// Of each scale: the index of a point, it, and the next one.
    points: [Option<(i64, f64, f64)>; SCALES.len()],
}

impl<'a> Path<'a> {
    fn new(seed: u64, asset: &'a Asset) -> Self {
        Self { asset, noise: hash(&[seed, name(asset.name)]), points: [None; SCALES.len()] }
    }

    fn at(&mut self, minute: i64) -> f64 {
        if self.asset.volatility == 0.0 {
            return self.asset.start;
        }
        let mut logarithm = 0.0;
        for ((length, strength), known) in SCALES.iter().zip(&mut self.points) {
            logarithm += strength * noise(self.noise, *length, minute, known);
        }
        self.asset.start * exponential(logarithm * self.asset.volatility)
    }
}

/// Between -1 and 1: a smooth line through random points `length` minutes apart.
fn noise(path: u64, length: i64, minute: i64, known: &mut Option<(i64, f64, f64)>) -> f64 {
    let (index, rest) = (minute.div_euclid(length), minute.rem_euclid(length));
    let point = |index: i64| f64_of_bits(hash(&[path ^ length.unsigned_abs(), index.unsigned_abs()]));
    if rest == 0 {
        return point(index);
    }
    let (from, to) = match known {
        Some((at, from, to)) if *at == index => (*from, *to),
        _ => {
            let (from, to) = (point(index), point(index + 1));
            *known = Some((index, from, to));
            (from, to)
        }
    };
    let part = f64_of(rest) / f64_of(length);
    let smooth = part * part * (3.0 - 2.0 * part);
    from + (to - from) * smooth
}

/// e to the x for small x, by arithmetic that is the same on every machine.
fn exponential(x: f64) -> f64 {
    let (mut result, small) = (1.0 + x / 1024.0, 10);
    for _ in 0..small {
        result *= result;
    }
    result
}

fn power_of_ten(exponent: u32) -> f64 {
    (0..exponent).fold(1.0, |power, _| power * 10.0)
}

fn f64_of_bits(bits: u64) -> f64 {
    f64_of(i64::from_le_bytes((bits >> 11).to_le_bytes())) / 4_503_599_627_370_496.0 - 1.0
}

#[expect(clippy::cast_precision_loss, reason = "all below 2^53")]
const fn f64_of(number: i64) -> f64 {
    number as f64
}

#[expect(clippy::cast_possible_truncation, reason = "prices fit by far, and a cast saturates")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::market::markets;

    const MINUTE: i64 = 29_400_000;

    fn market(symbol: &str) -> Market {
        markets(0).into_iter().find(|market| market.symbol == symbol).unwrap()
    }

    #[test]
    fn a_candle_holds_its_open_and_close_and_follows_the_one_before() {
        let prices = Prices::new(7);
        for market in markets(0) {
            for minute in MINUTE..MINUTE + 300 {
                let candle = prices.candle(&market, minute);
                assert_eq!(candle.open, prices.candle(&market, minute - 1).close);
                assert!(candle.low <= candle.open.min(candle.close) && candle.low > 0, "{candle:?}");
                assert!(candle.high >= candle.open.max(candle.close), "{candle:?}");
            }
        }
    }

    #[test]
    fn an_hour_is_what_its_minutes_were() {
        let (prices, market) = (Prices::new(1), market("BNBBTC"));
        let minutes: Vec<_> = (MINUTE..MINUTE + 60).map(|minute| prices.candle(&market, minute)).collect();
        let hour = prices.span(&market, MINUTE, MINUTE + 60);
        assert_eq!((hour.open, hour.close), (minutes[0].open, minutes[59].close));
        assert_eq!(Some(hour.high), minutes.iter().map(|minute| minute.high).max());
        assert_eq!(Some(hour.low), minutes.iter().map(|minute| minute.low).min());
        assert_eq!(hour.volume, minutes.iter().map(|minute| minute.volume).sum::<i64>());
    }

    #[test]
    fn pairs_agree_with_each_other() {
        let prices = Prices::new(3);
        for minute in (MINUTE..MINUTE + 500_000).step_by(7919) {
            let close = |symbol: &str, tick: f64| f64_of(prices.close(&market(symbol), minute)) * tick;
            let (crossed, direct) =
                (close("ETHUSDT", 0.01) / close("BTCUSDT", 0.01), close("ETHBTC", 0.000_01));
            assert!((crossed / direct - 1.0).abs() < 0.001, "{crossed} {direct}");
        }
    }

    #[test]
    fn prices_move_like_prices() {
        for seed in 0..20 {
            let prices = Prices::new(seed);
            let closes: Vec<_> =
                (0..366).map(|day| f64_of(prices.close(&market("BTCUSDT"), MINUTE + day * 1440))).collect();
            let moves = closes.windows(2).map(|pair| (pair[1] / pair[0] - 1.0).abs());
            let mean = moves.sum::<f64>() / 365.0;
            assert!((0.004..0.06).contains(&mean), "seed {seed}: a mean daily move of {mean}");
        }
    }
}
