//! Candles: the newest 5000 of each length exist. A span of time in which nobody traded has none.

use super::{
    Answer, Call,
    names::{Traded, number},
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    world::price::{Candle, MINUTE_MS},
};
use serde_json::{Value, json};

const CANDLES_MAX: i64 = 5_000;
/// So many candles weigh one more.
const CANDLES_OF_ONE: usize = 60;
/// Names and minutes of what candles may be long. Months, which are not all as long, are left out.
const INTERVALS: [(&str, i64); 13] = [
    ("1m", 1),
    ("3m", 3),
    ("5m", 5),
    ("15m", 15),
    ("30m", 30),
    ("1h", 60),
    ("2h", 120),
    ("4h", 240),
    ("8h", 480),
    ("12h", 720),
    ("1d", 1_440),
    ("3d", 4_320),
    ("1w", 10_080),
];

/// The candles that begin in a span of time, of those that exist; the one that runs is told as it stands.
pub(super) fn snapshot(call: &Call<'_>) -> Answer {
    let asked = call.question.inner("req")?;
    let (coin, interval) = (asked.text("coin")?, asked.text("interval")?);
    let (from_ms, to_ms) = (asked.time("startTime")?, asked.maybe_time("endTime")?);
    let traded = Traded::find(call.world, coin).ok_or(Refusal::Unknown)?;
    let found = INTERVALS.iter().find(|(name, _)| *name == interval);
    let length_ms = found.ok_or(Refusal::Form)?.1 * MINUTE_MS;
    let running_ms = call.now_ms.div_euclid(length_ms) * length_ms;
    let oldest_ms = running_ms - (CANDLES_MAX - 1) * length_ms;
    let first_ms = oldest_ms.max(-((-from_ms).div_euclid(length_ms)) * length_ms);
    let last_ms = to_ms.map_or(running_ms, |to_ms| running_ms.min(to_ms));
    let mut rows = Vec::new();
    let mut open_ms = first_ms;
    while open_ms <= last_ms {
        if open_ms + length_ms > call.world.listed_ms
            && let Some((candle, tick, step)) = candle(call, traded, open_ms, length_ms)
        {
            rows.push(row(coin, interval, (open_ms, length_ms), &candle, tick, step));
        }
        open_ms += length_ms;
    }
    let more = u32::try_from(rows.len() / CANDLES_OF_ONE).unwrap_or(u32::MAX);
    Ok((Value::from(rows).to_string(), more))
}

/// A candle, with the decimals of its prices and volumes.
fn candle(call: &Call<'_>, traded: Traded<'_>, open_ms: i64, length_ms: i64) -> Option<(Candle, u32, u32)> {
    let (world, next_ms) = (call.world, open_ms + length_ms);
    match traded {
        Traded::Pair(market) => {
            Some((world.candle(market, open_ms, next_ms, call.now_ms)?, market.tick, market.step))
        }
        Traded::Perpetual(market) => {
            Some((world.contract_candle(market, open_ms, next_ms, call.now_ms)?, market.tick, market.step))
        }
    }
}

fn row(
    coin: &str,
    interval: &str,
    (open_ms, length_ms): (i64, i64),
    candle: &Candle,
    tick: u32,
    step: u32,
) -> Value {
    let price = |ticks: i64| number(Amount::of(i128::from(ticks), tick));
    json!({
        "t": open_ms,
        "T": open_ms + length_ms - 1,
        "s": coin,
        "i": interval,
        "o": price(candle.open),
        "c": price(candle.close),
        "h": price(candle.high),
        "l": price(candle.low),
        "v": number(Amount::of(i128::from(candle.volume), step)),
        "n": candle.trades,
    })
}
