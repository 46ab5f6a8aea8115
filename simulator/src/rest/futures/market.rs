//! Public endpoints of contracts: what is listed, candles, prices.

use super::{Coinm, Listed, Usdm, Wing, limit, list};
use crate::{
    amount::Amount,
    rest::{
        Answer, Call,
        market::{Interval, openings},
        refusal::Refusal,
    },
    weights::Budget,
    world::price::{Candle, MINUTE_MS},
};
use serde_json::{Value, json};

const ROWS: usize = 500;
const ROWS_MAX: usize = 1500;
const DAY_MS: i64 = 86_400_000;
const FUNDING_EVERY_MS: i64 = 28_800_000;
/// What a contract without an end is told to end at.
const NEVER_MS: i64 = 4_133_404_800_000;

pub(super) fn exchange_info(call: &Call<'_>, wing: Wing) -> Answer {
    let listed = wing.wanted(call)?;
    let rows: Vec<Value> = listed.iter().map(|listed| symbol_row(call, listed)).collect();
    let budget = if wing == Usdm { Budget::Usdm } else { Budget::Coinm };
    let limit = |kind: &str, interval: &str, number: u32, limit: u32| json!({ "rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit });
    let assets = wing.settles().iter().filter(|_| !rows.is_empty());
    let assets =
        assets.map(|asset| json!({ "asset": asset, "marginAvailable": true, "autoAssetExchange": "0" }));
    Ok(json!({
        "timezone": "UTC",
        "serverTime": call.now_ms,
        "rateLimits": [
            limit("REQUEST_WEIGHT", "MINUTE", 1, budget.limit()),
            limit("ORDERS", "MINUTE", 1, 1_200),
        ],
        "exchangeFilters": [],
        "assets": assets.collect::<Vec<_>>(),
        "symbols": rows,
    })
    .to_string())
}

fn symbol_row(call: &Call<'_>, listed: &Listed<'_>) -> Value {
    let market = listed.market;
    let least = |decimals: u32| Amount::of(1, decimals).short();
    let lot = |kind: &str| json!({ "filterType": kind, "minQty": least(market.step), "maxQty": "1000", "stepSize": least(market.step) });
    let mut filters = vec![
        json!({ "filterType": "PRICE_FILTER", "minPrice": least(market.tick), "maxPrice": "4529764", "tickSize": least(market.tick) }),
        lot("LOT_SIZE"),
        lot("MARKET_LOT_SIZE"),
        json!({ "filterType": "MAX_NUM_ORDERS", "limit": 200 }),
        json!({ "filterType": "PERCENT_PRICE", "multiplierUp": "1.0500", "multiplierDown": "0.9500", "multiplierDecimal": "4" }),
    ];
    let mut row = json!({
        "symbol": listed.symbol,
        "pair": market.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": NEVER_MS,
        "onboardDate": call.world.listed_ms,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": market.base,
        "quoteAsset": market.quote,
        "marginAsset": market.settle,
        "pricePrecision": market.tick,
        "quantityPrecision": market.step,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "orderTypes": ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    });
    let more = if market.inverse {
        json!({ "contractStatus": "TRADING", "contractSize": market.face.count(0), "equalQtyPrecision": 4 })
    } else {
        filters.push(json!({ "filterType": "MIN_NOTIONAL", "notional": "5" }));
        json!({ "status": "TRADING", "settlePlan": 0 })
    };
    if let (Value::Object(fields), Value::Object(more)) = (&mut row, more) {
        fields.extend(more);
        fields.insert("filters".to_owned(), filters.into());
    }
    row
}

/// As on spot, the minute that runs shows its end already.
pub(super) fn klines(call: &Call<'_>, wing: Wing) -> Answer {
    let listed = wing.required(call)?;
    let interval = Interval::parse(call.params.required("interval")?).ok_or_else(Refusal::interval)?;
    let limit = limit(call.params, ROWS, ROWS_MAX)?;
    let times = (call.params.time("startTime")?, call.params.time("endTime")?);
    let candle = |open_ms: i64| {
        let next_ms = interval.next(open_ms);
        let candle = call.world.contract_candle(listed.market, open_ms, next_ms, call.now_ms)?;
        Some(candle_row(&listed, &candle, open_ms, next_ms - 1))
    };
    let opens = openings(call, interval, times).filter_map(|open_ms| Some((open_ms, candle(open_ms)?)));
    let mut rows: Vec<(i64, Value)> = opens.take(limit).collect();
    rows.sort_by_key(|(open_ms, _)| *open_ms);
    list(rows.into_iter().map(|(_, row)| row).collect())
}

fn candle_row(listed: &Listed<'_>, candle: &Candle, open_ms: i64, close_ms: i64) -> Value {
    let price = |ticks: i64| Amount::of(i128::from(ticks), listed.market.tick).fixed(tick(listed));
    let [volume, half, quote, half_quote] = volumes(listed, candle).map(Amount::short);
    json!([
        open_ms,
        price(candle.open),
        price(candle.high),
        price(candle.low),
        price(candle.close),
        volume,
        close_ms,
        quote,
        candle.trades,
        half,
        half_quote,
        "0",
    ])
}

/// Volume, half of it, and both in the other unit: coins and quote, or contracts and coins.
fn volumes(listed: &Listed<'_>, candle: &Candle) -> [Amount; 4] {
    let market = listed.market;
    let coins = Amount::of(i128::from(candle.volume), market.coin_step());
    if market.inverse {
        let price = Amount::of(i128::from(candle.close), market.tick);
        let contracts = coins.times(price).over(market.face).floored(0);
        return [contracts, contracts.permille(500).floored(0), coins, coins.permille(500)];
    }
    let quote = Amount::of(candle.quote_volume, market.tick + market.coin_step());
    [coins, coins.permille(500).floored(market.step), quote, quote.permille(500)]
}

fn tick(listed: &Listed<'_>) -> usize {
    usize::try_from(listed.market.tick).unwrap_or(0)
}

pub(super) fn ticker_price(call: &Call<'_>, wing: Wing) -> Answer {
    one_or_all(call, wing, |listed| {
        let price = call.world.mark_price(listed.market, call.now_ms).fixed(tick(listed));
        let mut row = json!({ "symbol": listed.symbol, "price": price, "time": call.now_ms });
        if let (Coinm, Value::Object(fields)) = (wing, &mut row) {
            fields.insert("ps".to_owned(), listed.market.symbol.into());
        }
        row
    })
}

pub(super) fn premium(call: &Call<'_>, wing: Wing) -> Answer {
    one_or_all(call, wing, |listed| {
        let index = call.world.index_price(listed.market, call.now_ms).to_string();
        json!({
            "symbol": listed.symbol,
            "pair": listed.market.symbol,
            "markPrice": call.world.mark_price(listed.market, call.now_ms).to_string(),
            "indexPrice": index,
            "estimatedSettlePrice": index,
            "lastFundingRate": "0.00010000",
            "interestRate": "0.00010000",
            "nextFundingTime": (call.now_ms.div_euclid(FUNDING_EVERY_MS) + 1) * FUNDING_EVERY_MS,
            "time": call.now_ms,
        })
    })
}

pub(super) fn ticker_day(call: &Call<'_>, wing: Wing) -> Answer {
    one_or_all(call, wing, |listed| {
        let last = call.now_ms.div_euclid(MINUTE_MS) + 1;
        let open_ms = last * MINUTE_MS - DAY_MS;
        let Some(day) = call.world.contract_candle(listed.market, open_ms, last * MINUTE_MS, call.now_ms)
        else {
            return json!({ "symbol": listed.symbol });
        };
        let price = |ticks: i64| Amount::of(i128::from(ticks), listed.market.tick);
        let [volume, _, quote, _] = volumes(listed, &day);
        let change = price(day.close - day.open);
        let mut row = json!({
            "symbol": listed.symbol,
            "priceChange": change.short(),
            "priceChangePercent": change.over(price(day.open)).times(Amount::of(100, 0)).fixed(3),
            "weightedAvgPrice": price((day.high + day.low) / 2).short(),
            "lastPrice": price(day.close).fixed(tick(listed)),
            "lastQty": Amount::of(1, listed.market.step).short(),
            "openPrice": price(day.open).fixed(tick(listed)),
            "highPrice": price(day.high).fixed(tick(listed)),
            "lowPrice": price(day.low).fixed(tick(listed)),
            "volume": volume.short(),
            "openTime": open_ms,
            "closeTime": call.now_ms,
            "firstId": 1,
            "lastId": day.trades,
            "count": day.trades,
        });
        let more = match wing {
            Usdm => json!({ "quoteVolume": quote.short() }),
            Coinm => json!({ "baseVolume": quote.short(), "pair": listed.market.symbol }),
        };
        if let (Value::Object(fields), Value::Object(more)) = (&mut row, more) {
            fields.extend(more);
        }
        row
    })
}

/// USD-M answers a symbol with its row, COIN-M always with a list.
fn one_or_all(call: &Call<'_>, wing: Wing, row: impl Fn(&Listed<'_>) -> Value) -> Answer {
    let mut listed = wing.wanted(call)?;
    if let Some(pair) = call.params.symbol("pair")? {
        listed.retain(|listed| listed.market.symbol == pair);
    }
    match (wing, call.params.has("symbol"), listed.first()) {
        (Usdm, true, Some(listed)) => Ok(row(listed).to_string()),
        _ => list(listed.iter().map(row).collect()),
    }
}
