//! What a product costs and cost.

use super::named;
use crate::{
    coinbase::{Answer, Call, query::instant, refusal::Refusal},
    world::price::MINUTE_MS,
};
use serde_json::{Value, json};

const CANDLES_MAX: i64 = 350;
/// Names and minutes of the lengths that candles have.
const GRANULARITIES: [(&str, i64); 9] = [
    ("ONE_MINUTE", 1),
    ("FIVE_MINUTE", 5),
    ("FIFTEEN_MINUTE", 15),
    ("THIRTY_MINUTE", 30),
    ("ONE_HOUR", 60),
    ("TWO_HOUR", 120),
    ("FOUR_HOUR", 240),
    ("SIX_HOUR", 360),
    ("ONE_DAY", 1440),
];

/// Candles that open between two instants, both included, newest first. A span that has more than may be told is refused
/// as a whole; one in which nobody traded has no candle. The minute that runs shows its end already, as on other venues.
pub(in crate::coinbase) fn candles(call: &Call<'_>) -> Answer {
    let product = named(call)?;
    let name = call.query.required("granularity")?;
    let known = GRANULARITIES.iter().find(|(known, _)| *known == name);
    let (_, minutes) = known.ok_or_else(|| Refusal::argument("granularity", "is not known"))?;
    let length_ms = minutes * MINUTE_MS;
    let (start_ms, end_ms) = (call.query.seconds("start")? * 1000, call.query.seconds("end")? * 1000);
    let most = usize::try_from(CANDLES_MAX).unwrap_or(0);
    let limit = call.query.limit(most, most)?;
    if start_ms > end_ms {
        return Err(Refusal::argument("start", "must come before end"));
    }
    let (first, last) = ((start_ms + length_ms - 1).div_euclid(length_ms), end_ms.div_euclid(length_ms));
    if last - first + 1 > CANDLES_MAX {
        return Err(Refusal::argument("end", "number of candles requested should be less than 350"));
    }
    let opens = (first..=last).rev().map(|index| index * length_ms);
    let there = opens.filter(|open_ms| open_ms + length_ms > call.world.listed_ms && *open_ms <= call.now_ms);
    let rows = there.take(limit).filter_map(|open_ms| {
        let candle = product.candle(call.world, open_ms, open_ms + length_ms, call.now_ms)?;
        Some(json!({
            "start": open_ms.div_euclid(1000).to_string(),
            "low": product.price(candle.low),
            "high": product.price(candle.high),
            "open": product.price(candle.open),
            "close": product.price(candle.close),
            "volume": product.volume(candle.volume),
        }))
    });
    Ok(json!({ "candles": rows.collect::<Vec<Value>>() }))
}

/// The last trade, and what is offered beside it.
pub(in crate::coinbase) fn ticker(call: &Call<'_>) -> Answer {
    let product = named(call)?;
    call.query.required("limit")?;
    call.query.limit(1, 1000)?;
    let minute = product.last_minute(call.world, call.now_ms);
    let last = product.candle(call.world, minute * MINUTE_MS, (minute + 1) * MINUTE_MS, call.now_ms);
    let close = last.ok_or(Refusal::NotFound)?.close;
    let at_ms = (minute * MINUTE_MS + 59_000).min(call.now_ms);
    let trade = json!({
        "trade_id": minute.to_string(),
        "product_id": product.id(),
        "price": product.price(close),
        "size": product.volume(1),
        "time": instant(at_ms * 1_000_000),
        "side": "BUY",
        "bid": "",
        "ask": "",
        "exchange": "CBE",
    });
    let (bid, ask) = (product.price((close - 1).max(1)), product.price(close + 1));
    Ok(json!({ "trades": [trade], "best_bid": bid, "best_ask": ask }))
}
