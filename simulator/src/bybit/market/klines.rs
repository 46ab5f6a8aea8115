//! Candles: newest first. A span in which nobody traded has none.

use super::{Category, listed};
use crate::{
    amount::Amount,
    bybit::{Answer, Call, contracts, refusal::Refusal},
    calendar,
    world::{
        contracts::ContractMarket,
        market::Market,
        price::{Candle, MINUTE_MS},
    },
};
use serde_json::{Value, json};

const ROWS: usize = 200;
const ROWS_MAX: usize = 1000;
/// 1970-01-05, where weeks begin.
const FIRST_MONDAY_MS: i64 = 4 * 86_400_000;

/// How long candles are.
#[derive(Clone, Copy)]
enum Interval {
    Fixed { length_ms: i64, from_ms: i64 },
    Month,
}

impl Interval {
    fn parse(text: &str) -> Option<Self> {
        let (minutes, from_ms) = match text {
            "D" => (1440, 0),
            "W" => (7 * 1440, FIRST_MONDAY_MS),
            "M" => return Some(Self::Month),
            "1" | "3" | "5" | "15" | "30" | "60" | "120" | "240" | "360" | "720" => (text.parse().ok()?, 0),
            _ => return None,
        };
        Some(Self::Fixed { length_ms: minutes * MINUTE_MS, from_ms })
    }

    /// Where the candle that contains an instant opens.
    fn open(self, at_ms: i64) -> i64 {
        match self {
            Self::Fixed { length_ms, from_ms } => {
                (at_ms - from_ms).div_euclid(length_ms) * length_ms + from_ms
            }
            Self::Month => calendar::this_month(at_ms),
        }
    }

    /// Where the next one opens.
    fn next(self, open_ms: i64) -> i64 {
        match self {
            Self::Fixed { length_ms, .. } => open_ms + length_ms,
            Self::Month => calendar::next_month(open_ms),
        }
    }
}

pub(super) fn price(market: &Market, ticks: i64) -> String {
    Amount::of(i128::from(ticks), market.tick).fixed(usize::try_from(market.tick).unwrap_or(0))
}

/// The newest candles of the window. The minute that runs shows its end already, as on the other venues.
pub(in crate::bybit) fn klines(call: &Call<'_>) -> Answer {
    // Whoever names no category means linear contracts.
    let category =
        if call.query.text("category").is_some() { Category::of(call.query)? } else { Category::Linear };
    let symbol = call.query.required("symbol")?;
    let source = match category {
        Category::Spot => listed(call).find(|market| market.symbol == symbol).map(Source::Coins),
        other => contracts::of(call.world, other)
            .find(|(_, one)| one.symbol == symbol)
            .map(|(_, one)| Source::Contract(one)),
    };
    let source = source.ok_or_else(Refusal::symbol)?;
    let interval = Interval::parse(call.query.required("interval")?)
        .ok_or_else(|| Refusal::parameter("interval is invalid"))?;
    let limit = call.query.limit("limit", ROWS, ROWS_MAX)?;
    let (start, end) = (call.query.instant("start")?, call.query.instant("end")?);
    let first_ms = start.unwrap_or(i64::MIN).max(call.world.listed_ms);
    let last_ms = end.unwrap_or(call.now_ms).min(call.now_ms);
    let opens = std::iter::successors(Some(interval.open(last_ms)), |open| Some(interval.open(*open - 1)));
    let rows = opens
        .take_while(|open| *open >= first_ms)
        .filter_map(|open| source.row(call, open, interval.next(open)));
    let rows: Vec<Value> = rows.take(limit).collect();
    Ok(json!({ "symbol": symbol, "category": category.name(), "list": rows }).to_string())
}

/// What has candles.
enum Source<'a> {
    Coins(&'a Market),
    Contract(&'a ContractMarket),
}

impl Source<'_> {
    fn row(&self, call: &Call<'_>, open_ms: i64, next_ms: i64) -> Option<Value> {
        let (candle, prices, [volume, turnover]) = match self {
            Self::Coins(market) => {
                let candle = call.world.candle(market, open_ms, next_ms, call.now_ms)?;
                let volume = Amount::of(i128::from(candle.volume), market.step).short();
                let turnover = Amount::of(candle.quote_volume, market.tick + market.step).short();
                (candle, four(&candle).map(|ticks| price(market, ticks)), [volume, turnover])
            }
            Self::Contract(market) => {
                let candle = call.world.contract_candle(market, open_ms, next_ms, call.now_ms)?;
                let prices = four(&candle).map(|ticks| contracts::price(market, ticks));
                let traded = contracts::traded(call, market, &candle);
                (candle, prices, traded)
            }
        };
        debug_assert!(candle.volume > 0, "somebody traded");
        let [open, high, low, close] = prices;
        Some(json!([open_ms.to_string(), open, high, low, close, volume, turnover]))
    }
}

const fn four(candle: &Candle) -> [i64; 4] {
    [candle.open, candle.high, candle.low, candle.close]
}
