//! Public endpoints: time, markets, candles, prices.

use super::{Answer, Call, refusal::Refusal};
use crate::{
    amount::Amount,
    calendar,
    weights::Budget,
    world::{
        market::Market,
        price::{Candle, MINUTE_MS},
    },
};
use serde_json::{Value, json};
use std::fmt::Write as _;

const ROWS: usize = 500;
const ROWS_MAX: usize = 1000;
const DAY_MS: i64 = 86_400_000;
/// Weeks begin on Monday, and 1970 began on a Thursday.
const FIRST_MONDAY_MS: i64 = 4 * DAY_MS;

pub(super) fn time(call: &Call<'_>) -> Answer {
    Ok(json!({ "serverTime": call.now_ms }).to_string())
}

pub(super) fn exchange_info(call: &Call<'_>) -> Answer {
    let rows: Vec<Value> = wanted(call)?.into_iter().map(symbol_row).collect();
    let limit = |kind: &str, interval: &str, number: u32, limit: u32| json!({ "rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit });
    Ok(json!({
        "timezone": "UTC",
        "serverTime": call.now_ms,
        "rateLimits": [
            limit("REQUEST_WEIGHT", "MINUTE", 1, Budget::Spot.limit()),
            limit("ORDERS", "SECOND", 10, 100),
            limit("ORDERS", "DAY", 1, 200_000),
            limit("RAW_REQUESTS", "MINUTE", 5, 61_000),
        ],
        "exchangeFilters": [],
        "symbols": rows,
    })
    .to_string())
}

/// A market as `exchangeInfo` tells it.
pub(crate) fn symbol_row(market: &Market) -> Value {
    let least = |decimals: u32| Amount::of(1, decimals).to_string();
    let most = |count: i128| Amount::of(count, 0).to_string();
    let quantity = |kind: &str, step: String| json!({ "filterType": kind, "minQty": least(market.step), "maxQty": most(9_000_000), "stepSize": step });
    json!({
        "symbol": market.symbol,
        "status": if market.closed_ms.is_none() { "TRADING" } else { "BREAK" },
        "baseAsset": market.base.name,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote.name,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": true,
        "ocoAllowed": true,
        "otoAllowed": true,
        "quoteOrderQtyMarketAllowed": true,
        "allowTrailingStop": true,
        "cancelReplaceAllowed": true,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": [
            { "filterType": "PRICE_FILTER", "minPrice": least(market.tick), "maxPrice": most(1_000_000), "tickSize": least(market.tick) },
            quantity("LOT_SIZE", least(market.step)),
            { "filterType": "ICEBERG_PARTS", "limit": 10 },
            quantity("MARKET_LOT_SIZE", Amount::ZERO.to_string()),
            { "filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "5", "bidMultiplierDown": "0.2", "askMultiplierUp": "5", "askMultiplierDown": "0.2", "avgPriceMins": 5 },
            { "filterType": "NOTIONAL", "minNotional": market.min_notional().to_string(), "applyMinToMarket": true, "maxNotional": most(9_000_000), "applyMaxToMarket": false, "avgPriceMins": 5 },
            { "filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200 },
            { "filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5 },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    })
}

/// The markets that `symbol` or `symbols` name; all without either.
fn wanted<'a>(call: &Call<'a>) -> Result<Vec<&'a Market>, Refusal> {
    let world = call.world;
    let known = |symbol: &str| world.market(symbol).map(|(_, market)| market).ok_or_else(Refusal::symbol);
    match (call.params.symbol("symbol")?, call.params.text("symbols")?) {
        (Some(_), Some(_)) => Err(Refusal::combination()),
        (Some(symbol), None) => Ok(vec![known(symbol)?]),
        (None, Some(list)) => {
            let symbols: Vec<String> =
                serde_json::from_str(list).map_err(|_| Refusal::illegal("symbols", "[\"A\",\"B\"]"))?;
            symbols.iter().map(|symbol| known(symbol)).collect()
        }
        (None, None) => Ok(world.markets.iter().collect()),
    }
}

/// A span of time that candles have.
#[derive(Clone, Copy)]
pub(super) enum Interval {
    /// This long, counted from an instant.
    Fixed {
        length_ms: i64,
        from_ms: i64,
    },
    Month,
}

impl Interval {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let minutes = match text {
            "1m" => 1,
            "3m" => 3,
            "5m" => 5,
            "15m" => 15,
            "30m" => 30,
            "1h" => 60,
            "2h" => 120,
            "4h" => 240,
            "6h" => 360,
            "8h" => 480,
            "12h" => 720,
            "1d" => 1440,
            "3d" => 3 * 1440,
            "1w" => 7 * 1440,
            "1M" => return Some(Self::Month),
            _ => return None,
        };
        let from_ms = if text == "1w" { FIRST_MONDAY_MS } else { 0 };
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
    pub(super) fn next(self, open_ms: i64) -> i64 {
        match self {
            Self::Fixed { length_ms, .. } => open_ms + length_ms,
            Self::Month => calendar::next_month(open_ms),
        }
    }
}

/// The minute that runs shows its end already: prices are a function of the minute, and who asks early and who asks
/// late must agree.
pub(super) fn klines(call: &Call<'_>) -> Answer {
    let symbol = call.params.symbol("symbol")?.ok_or_else(|| Refusal::missing("symbol"))?;
    let (_, market) = call.world.market(symbol).ok_or_else(Refusal::symbol)?;
    let interval = Interval::parse(call.params.required("interval")?).ok_or_else(Refusal::interval)?;
    let limit = call.params.limit("limit", ROWS, ROWS_MAX)?;
    let times = (call.params.time("startTime")?, call.params.time("endTime")?);
    if call.params.text("timeZone")?.is_some_and(|zone| zone != "0") {
        return Err(Refusal::value("timeZone"));
    }
    let candle = |open_ms: i64| {
        Some((open_ms, call.world.candle(market, open_ms, interval.next(open_ms), call.now_ms)?))
    };
    let mut rows: Vec<(i64, Candle)> =
        openings(call, interval, times).filter_map(candle).take(limit).collect();
    rows.sort_by_key(|(open_ms, _)| *open_ms);
    let mut text = String::from("[");
    for (open_ms, candle) in &rows {
        if text.len() > 1 {
            text.push(',');
        }
        write_candle(&mut text, market, *open_ms, interval.next(*open_ms) - 1, candle);
    }
    text.push(']');
    Ok(text)
}

/// Where candles open between two times: from a start on, or else back from the end.
pub(super) fn openings(
    call: &Call<'_>,
    interval: Interval,
    (start, end): (Option<i64>, Option<i64>),
) -> Box<dyn Iterator<Item = i64>> {
    let last_ms = end.unwrap_or(call.now_ms).min(call.now_ms);
    let listed_ms = call.world.listed_ms;
    match start {
        Some(start) => Box::new(forward(interval, start.max(listed_ms), last_ms)),
        None => Box::new(backward(interval, listed_ms, last_ms)),
    }
}

/// Openings from the first at or after `start_ms`.
fn forward(interval: Interval, start_ms: i64, last_ms: i64) -> impl Iterator<Item = i64> {
    let open = interval.open(start_ms);
    let first = if open < start_ms { interval.next(open) } else { open };
    std::iter::successors(Some(first), move |open| Some(interval.next(*open)))
        .take_while(move |open| *open <= last_ms)
}

/// Openings up to `last_ms`, newest first.
fn backward(interval: Interval, listed_ms: i64, last_ms: i64) -> impl Iterator<Item = i64> {
    let newest = interval.open(last_ms);
    std::iter::successors(Some(newest), move |open| Some(interval.open(*open - 1)))
        .take_while(move |open| *open >= listed_ms)
}

fn write_candle(text: &mut String, market: &Market, open_ms: i64, close_ms: i64, candle: &Candle) {
    let price = |ticks: i64| Amount::of(i128::from(ticks), market.tick);
    let (volume, quote) = (candle.volume, candle.quote_volume);
    let base = |steps: i64| Amount::of(i128::from(steps), market.step);
    let quoted = |count: i128| Amount::of(count, market.tick + market.step);
    let written = write!(
        text,
        "[{open_ms},\"{}\",\"{}\",\"{}\",\"{}\",\"{}\",{close_ms},\"{}\",{},\"{}\",\"{}\",\"0\"]",
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
        base(volume),
        quoted(quote),
        candle.trades,
        base(volume / 2),
        quoted(quote / 2),
    );
    debug_assert!(written.is_ok(), "a string takes all that is written");
}

pub(super) fn ticker_price(call: &Call<'_>) -> Answer {
    one_or_all(call, |market| {
        let price = call.world.prices.close_amount(market, call.world.last_minute(market, call.now_ms));
        json!({ "symbol": market.symbol, "price": price.to_string() })
    })
}

pub(super) fn ticker_day(call: &Call<'_>) -> Answer {
    one_or_all(call, |market| {
        let minute = call.world.last_minute(market, call.now_ms);
        let day = call.world.prices.span(market, minute - 1439, minute + 1);
        let price = |ticks: i64| Amount::of(i128::from(ticks), market.tick).to_string();
        let quote_volume = Amount::of(day.quote_volume, market.tick + market.step);
        let volume = Amount::of(i128::from(day.volume), market.step);
        let change = Amount::of(i128::from(day.close - day.open), market.tick);
        json!({
            "symbol": market.symbol,
            "priceChange": change.to_string(),
            "priceChangePercent": format!("{:.5}", change.over(Amount::of(i128::from(day.open), market.tick)).times(Amount::of(100, 0))),
            "weightedAvgPrice": quote_volume.over(volume).to_string(),
            "prevClosePrice": price(day.open),
            "lastPrice": price(day.close),
            "lastQty": Amount::of(1, market.step).to_string(),
            "bidPrice": price((day.close - 1).max(1)),
            "bidQty": Amount::of(10, market.step).to_string(),
            "askPrice": price(day.close + 1),
            "askQty": Amount::of(10, market.step).to_string(),
            "openPrice": price(day.open),
            "highPrice": price(day.high),
            "lowPrice": price(day.low),
            "volume": volume.to_string(),
            "quoteVolume": quote_volume.to_string(),
            "openTime": (minute - 1439) * MINUTE_MS,
            "closeTime": call.now_ms,
            "firstId": 1,
            "lastId": day.trades,
            "count": day.trades,
        })
    })
}

fn one_or_all(call: &Call<'_>, row: impl Fn(&Market) -> Value) -> Answer {
    let markets = wanted(call)?;
    match (call.params.has("symbol"), markets.first()) {
        (true, Some(market)) => Ok(row(market).to_string()),
        _ => Ok(Value::from(markets.into_iter().map(row).collect::<Vec<_>>()).to_string()),
    }
}
