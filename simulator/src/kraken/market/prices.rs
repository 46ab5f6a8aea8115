//! What a pair costs and cost: tickers, candles, trades.

use super::wanted;
use crate::{
    amount::Amount,
    kraken::{
        Answer, Call,
        names::Pair,
        page::{object, seconds},
        refusal::Refusal,
    },
    world::{
        market::Market,
        price::{Candle, MINUTE_MS},
    },
};
use serde_json::{Value, json};

const CANDLES_MAX: i64 = 720;
const TRADES_MAX: usize = 1000;
/// Minutes that candles may be long.
const INTERVALS: [i64; 9] = [1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600];
const DAY_MINUTES: i64 = 1440;
/// From here on an instant counts billionths of a second, as the ids of trades do.
const NANOSECONDS_FROM: i64 = 100_000_000_000_000;
/// When in a minute its open, high, low and close were traded.
const TRADED_AT_MS: [i64; 4] = [1_000, 20_000, 40_000, 59_000];

fn price(market: &Market, ticks: i64) -> Value {
    let decimals = usize::try_from(market.tick).unwrap_or(0);
    Value::from(Amount::of(i128::from(ticks), market.tick).fixed(decimals))
}

fn volume(market: &Market, steps: i64) -> Value {
    Value::from(Amount::of(i128::from(steps), market.step).to_string())
}

/// The mean price, by volume.
fn mean(market: &Market, candle: &Candle) -> Value {
    let quote = Amount::of(candle.quote_volume, market.tick + market.step);
    let mean = quote.over(Amount::of(i128::from(candle.volume), market.step));
    Value::from(mean.fixed(usize::try_from(market.tick).unwrap_or(0)))
}

/// Each figure is told of today, which begins at midnight, and of the last 24 hours.
pub(in crate::kraken) fn ticker(call: &Call<'_>) -> Answer {
    let (world, pairs) = (call.world, wanted(call)?);
    let rows = pairs.into_iter().map(|pair| {
        let market = pair.market;
        let minute = world.last_minute(market, call.now_ms);
        let midnight = minute.div_euclid(DAY_MINUTES) * DAY_MINUTES;
        let today = world.prices.span(market, midnight, minute + 1);
        let day = world.prices.span(market, minute + 1 - DAY_MINUTES, minute + 1);
        let best = |ticks: i64| json!([price(market, ticks.max(1)), "10", "10.000"]);
        let row = json!({
            "a": best(day.close + 1),
            "b": best(day.close - 1),
            "c": [price(market, day.close), volume(market, 1)],
            "v": [volume(market, today.volume), volume(market, day.volume)],
            "p": [mean(market, &today), mean(market, &day)],
            "t": [today.trades, day.trades],
            "l": [price(market, today.low), price(market, day.low)],
            "h": [price(market, today.high), price(market, day.high)],
            "o": price(market, today.open),
        });
        (pair.id(), row)
    });
    Ok(object(rows))
}

/// The pair that `pair` names.
fn one<'a>(call: &Call<'a>) -> Result<Pair<'a>, Refusal> {
    Pair::find(call.world, call.form.text("pair").ok_or_else(|| Refusal::arguments("pair"))?)
}

/// The last 720 spans of time, whatever `since` says; the last of them runs on, and is always told. A span in which
/// nobody traded has no candle. The minute that runs shows its end already, as on the other venue.
pub(in crate::kraken) fn candles(call: &Call<'_>) -> Answer {
    let pair = one(call)?;
    let minutes = match call.form.text("interval") {
        None => 1,
        Some(text) => {
            let known = INTERVALS.into_iter().find(|minutes| minutes.to_string() == text);
            known.ok_or_else(|| Refusal::arguments("interval"))?
        }
    };
    let since_us = call.form.instant("since")?;
    let length_ms = minutes * MINUTE_MS;
    let running_ms = call.now_ms.div_euclid(length_ms) * length_ms;
    let opens = (0..CANDLES_MAX).rev().map(|back| running_ms - back * length_ms);
    let wanted = opens.filter(|open_ms| {
        *open_ms == running_ms || since_us.is_none_or(|since_us| open_ms * 1000 > since_us)
    });
    let there = wanted.filter(|open_ms| open_ms + length_ms > call.world.listed_ms);
    let rows = there.filter_map(|open_ms| {
        let market = pair.market;
        let candle = call.world.candle(market, open_ms, open_ms + length_ms, call.now_ms)?;
        let price = |ticks: i64| price(market, ticks);
        Some(json!([
            open_ms.div_euclid(1000),
            price(candle.open),
            price(candle.high),
            price(candle.low),
            price(candle.close),
            mean(market, &candle),
            volume(market, candle.volume),
            candle.trades,
        ]))
    });
    let rows: Value = rows.collect();
    // The newest that does not change any more: from here on is what is new.
    let last = (running_ms - length_ms).div_euclid(1000);
    Ok(json!({ pair.id(): rows, "last": last }).to_string())
}

/// Four trades of every minute, enough to know each candle by: older prices than candles tell are found here.
pub(in crate::kraken) fn trades(call: &Call<'_>) -> Answer {
    let pair = one(call)?;
    let count = match call.form.count("count")? {
        None => TRADES_MAX,
        Some(count) if (1..=TRADES_MAX).contains(&count) => count,
        Some(_) => return Err(Refusal::arguments("count")),
    };
    let since_ms = match call.form.text("since") {
        None => None,
        Some(text) => match text.parse::<i64>() {
            Ok(at) if at >= NANOSECONDS_FROM => Some(at.div_euclid(1_000_000)),
            _ => call.form.instant("since")?.map(|at_us| at_us.div_euclid(1000)),
        },
    };
    let rows = match since_ms {
        Some(since_ms) => {
            let first = since_ms.max(call.world.listed_ms).div_euclid(MINUTE_MS);
            let minutes = first..=call.now_ms.div_euclid(MINUTE_MS);
            let all = minutes.flat_map(|minute| of_minute(call, pair.market, minute));
            all.filter(|(at_ms, ..)| *at_ms > since_ms).take(count).collect::<Vec<_>>()
        }
        None => {
            let newest = call.world.last_minute(pair.market, call.now_ms);
            let minutes = newest - i64::try_from(count.div_ceil(4)).unwrap_or(0)..=newest;
            let all: Vec<_> = minutes.flat_map(|minute| of_minute(call, pair.market, minute)).collect();
            all.get(all.len().saturating_sub(count)..).unwrap_or_default().to_vec()
        }
    };
    let last_ms = rows.last().map(|(at_ms, _)| *at_ms).or(since_ms).unwrap_or(call.now_ms);
    let rows: Value = rows.into_iter().map(|(_, row)| row).collect();
    Ok(json!({ pair.id(): rows, "last": (last_ms * 1_000_000).to_string() }).to_string())
}

fn of_minute(call: &Call<'_>, market: &Market, minute: i64) -> Vec<(i64, Value)> {
    if !market.trades(call.world.seed, minute) {
        return Vec::new();
    }
    let candle = call.world.prices.candle(market, minute);
    let ticks = [candle.open, candle.high, candle.low, candle.close];
    let rows = TRADED_AT_MS.into_iter().zip(ticks).zip(0..).map(|((part_ms, ticks), number)| {
        let at_ms = minute * MINUTE_MS + part_ms;
        let side = if number % 2 == 0 { "b" } else { "s" };
        let steps = (candle.volume / 4).max(1);
        let row = json!([
            price(market, ticks),
            volume(market, steps),
            seconds(at_ms),
            side,
            "l",
            "",
            minute * 4 + number
        ]);
        (at_ms, row)
    });
    rows.filter(|(at_ms, _)| *at_ms <= call.now_ms).collect()
}
