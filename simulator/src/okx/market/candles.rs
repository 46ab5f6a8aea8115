//! Candles, newest first. Those of six hours and more open at midnight in Hong Kong, unless `utc` is asked for.

use crate::{
    calendar,
    okx::{
        Answer, Call,
        names::{self, Listed},
        refusal::Refusal,
    },
    world::price::{Candle, MINUTE_MS},
};
use serde_json::{Value, json};

const ROWS: usize = 100;
const ROWS_MAX: usize = 300;
/// The recent ones are no more than these.
const RECENT: i64 = 1_440;
/// Weeks begin on Monday, and 1970 began on a Thursday.
const FIRST_MONDAY_MS: i64 = 4 * 86_400_000;
/// Hong Kong is so far ahead of Greenwich.
const HONG_KONG_MS: i64 = 8 * 3_600_000;

/// A span of time that candles have.
#[derive(Clone, Copy)]
enum Bar {
    /// This long, counted from an instant.
    Fixed { length_ms: i64, from_ms: i64 },
    /// A month, from its midnight so much before Greenwich's.
    Month { ahead_ms: i64 },
}

impl Bar {
    fn parse(text: &str) -> Option<Self> {
        let (word, is_utc) = text.strip_suffix("utc").map_or((text, false), |word| (word, true));
        let (minutes, is_long) = match word {
            "1m" => (1, false),
            "3m" => (3, false),
            "5m" => (5, false),
            "15m" => (15, false),
            "30m" => (30, false),
            "1H" => (60, false),
            "2H" => (120, false),
            "4H" => (240, false),
            "6H" => (360, true),
            "12H" => (720, true),
            "1D" => (1440, true),
            "2D" => (2 * 1440, true),
            "3D" => (3 * 1440, true),
            "1W" => (7 * 1440, true),
            "1M" => (0, true),
            _ => return None,
        };
        if is_utc && !is_long {
            return None;
        }
        let ahead_ms = if is_long && !is_utc { HONG_KONG_MS } else { 0 };
        if minutes == 0 {
            return Some(Self::Month { ahead_ms });
        }
        let from_ms = if word == "1W" { FIRST_MONDAY_MS } else { 0 };
        Some(Self::Fixed { length_ms: minutes * MINUTE_MS, from_ms: from_ms - ahead_ms })
    }

    /// Where the candle that contains an instant opens.
    fn open(self, at_ms: i64) -> i64 {
        match self {
            Self::Fixed { length_ms, from_ms } => {
                (at_ms - from_ms).div_euclid(length_ms) * length_ms + from_ms
            }
            Self::Month { ahead_ms } => calendar::this_month(at_ms + ahead_ms) - ahead_ms,
        }
    }

    /// Where the next one opens.
    fn next(self, open_ms: i64) -> i64 {
        match self {
            Self::Fixed { length_ms, .. } => open_ms + length_ms,
            Self::Month { ahead_ms } => calendar::next_month(open_ms + ahead_ms) - ahead_ms,
        }
    }
}

pub(in crate::okx) fn candles(call: &Call<'_>) -> Answer {
    told(call, Some(RECENT))
}

pub(in crate::okx) fn history_candles(call: &Call<'_>) -> Answer {
    told(call, None)
}

/// The minute that runs shows its end already: prices are a function of the minute, and who asks early and who asks late
/// must agree. A span in which nobody traded has no candle.
fn told(call: &Call<'_>, kept: Option<i64>) -> Answer {
    let query = call.query;
    let market = names::listed(call.world, query.required("instId")?)?;
    let bar = Bar::parse(query.text("bar").unwrap_or("1m")).ok_or_else(|| Refusal::parameter("bar"))?;
    let (after, before) = (query.number("after")?, query.number("before")?);
    let limit = query.limit(ROWS, ROWS_MAX)?;
    let newest_ms = bar.open(call.now_ms);
    let begin_ms = kept.map_or(call.world.listed_ms, |kept| {
        let length_ms = bar.next(newest_ms) - newest_ms;
        (newest_ms - (kept - 1) * length_ms).max(call.world.listed_ms)
    });
    // What lies exactly at a bound is left out.
    let first_ms = bar.open(after.map_or(call.now_ms, |after| (after - 1).min(call.now_ms)));
    let last_ms = before.map_or(begin_ms, |before| (before + 1).max(begin_ms));
    let opens = std::iter::successors(Some(first_ms), |open_ms| Some(bar.open(*open_ms - 1)))
        .take_while(|open_ms| *open_ms >= last_ms);
    let rows = opens.filter_map(|open_ms| {
        let next_ms = bar.next(open_ms);
        let candle = market.candle(call.world, open_ms, next_ms, call.now_ms)?;
        Some(row(market, open_ms, &candle, next_ms <= call.now_ms))
    });
    Ok(Value::from(rows.take(limit).collect::<Vec<_>>()).to_string())
}

fn row(market: Listed<'_>, open_ms: i64, candle: &Candle, is_over: bool) -> Value {
    let volumes = market.volumes(candle);
    let of_spot = market.kind() == names::SPOT;
    json!([
        open_ms.to_string(),
        market.price(candle.open),
        market.price(candle.high),
        market.price(candle.low),
        market.price(candle.close),
        volumes.size.short(),
        // Of coins it is in the quote already.
        if of_spot { volumes.quote } else { volumes.base }.short(),
        volumes.quote.short(),
        if is_over { "1" } else { "0" },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bars_open_in_hong_kong_unless_utc_is_asked_for() {
        // 2026-11-22T00:00:00Z, a Sunday.
        let at_ms = 1_795_305_600_000;
        let hour_ms = 3_600_000;
        let opens = |bar: &str| Bar::parse(bar).map(|bar| (at_ms - bar.open(at_ms)) / hour_ms);
        assert_eq!(opens("1D"), Some(8));
        assert_eq!(opens("1Dutc"), Some(0));
        assert_eq!(opens("6H"), Some(2), "22:00 in Hong Kong is 02:00 before");
        assert_eq!(opens("1W"), Some(5 * 24 + 24 + 8));
        assert_eq!(opens("1Wutc"), Some(6 * 24));
        assert_eq!(opens("1Mutc"), Some(21 * 24));
        assert_eq!(opens("1M"), Some(21 * 24 + 8));
        for bar in ["1h", "1Hutc", "7m", "", "utc"] {
            assert_eq!(opens(bar), None, "{bar}");
        }
    }
}
