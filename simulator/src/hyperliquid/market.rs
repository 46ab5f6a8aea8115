//! What there is to trade and what it costs: for everybody.

use super::{
    Answer, Call, ids,
    names::{coin, number, pair, perpetuals, token},
};
use crate::{
    amount::Amount,
    random::name,
    world::{
        World,
        contracts::ContractMarket,
        market::{ASSETS, Market},
        price::MINUTE_MS,
    },
};
use serde_json::{Map, Value, json};

const DAY_MINUTES: i64 = 1_440;

pub(super) fn status(call: &Call<'_>) -> Answer {
    Ok((json!({ "specialStatuses": null, "time": call.now_ms }).to_string(), 0))
}

pub(super) fn meta(call: &Call<'_>) -> Answer {
    Ok((universe(call.world).to_string(), 0))
}

pub(super) fn spot_meta(call: &Call<'_>) -> Answer {
    Ok((spot_universe(call.world).to_string(), 0))
}

pub(super) fn meta_and_contexts(call: &Call<'_>) -> Answer {
    let contexts: Value = perpetuals(call.world).map(|(_, market)| context(call, market)).collect();
    Ok((json!([universe(call.world), contexts]).to_string(), 0))
}

pub(super) fn spot_meta_and_contexts(call: &Call<'_>) -> Answer {
    let markets = call.world.markets.iter().enumerate();
    let contexts: Value = markets.map(|(index, market)| spot_context(call, index, market)).collect();
    Ok((json!([spot_universe(call.world), contexts]).to_string(), 0))
}

/// The middle of every book.
pub(super) fn all_mids(call: &Call<'_>) -> Answer {
    let markets = call.world.markets.iter().enumerate();
    let spot = markets.map(|(index, market)| (pair(index, market), spot_price(call, market)));
    let perpetual = perpetuals(call.world)
        .map(|(_, market)| (market.base.to_owned(), call.world.mark_price(market, call.now_ms)));
    let mids: Map<String, Value> =
        spot.chain(perpetual).map(|(name, price)| (name, Value::from(number(price)))).collect();
    Ok((Value::from(mids).to_string(), 0))
}

fn universe(world: &World) -> Value {
    let rows = perpetuals(world)
        .map(|(_, market)| json!({ "szDecimals": market.step, "name": market.base, "maxLeverage": 40, "marginTableId": 56 }));
    json!({ "universe": rows.collect::<Value>(), "marginTables": [], "collateralToken": token("USDT") })
}

/// The finest quantity of a coin on any of its pairs.
fn decimals(world: &World, coin: &str) -> u32 {
    world
        .markets
        .iter()
        .filter(|market| market.base.name == coin)
        .map(|market| market.step)
        .max()
        .unwrap_or(2)
}

fn spot_universe(world: &World) -> Value {
    let tokens: Value = ASSETS
        .iter()
        .map(|asset| {
            json!({
                "name": coin(asset.name),
                "szDecimals": decimals(world, asset.name),
                "weiDecimals": 8,
                "index": token(asset.name),
                "tokenId": ids::token(&[name(asset.name)]),
                "isCanonical": true,
                "evmContract": null,
                "fullName": asset.long_name,
                "deployerTradingFeeShare": "0.0",
            })
        })
        .collect();
    let pairs: Value = world
        .markets
        .iter()
        .enumerate()
        .map(|(index, market)| {
            json!({
                "tokens": [token(market.base.name), token(market.quote.name)],
                "name": pair(index, market),
                "index": index,
                "isCanonical": index == 0,
            })
        })
        .collect();
    json!({ "universe": pairs, "tokens": tokens })
}

fn spot_price(call: &Call<'_>, market: &Market) -> Amount {
    call.world.prices.close_amount(market, call.world.last_minute(market, call.now_ms))
}

fn spot_context(call: &Call<'_>, index: usize, market: &Market) -> Value {
    let (world, minute) = (call.world, call.world.last_minute(market, call.now_ms));
    let day = world.prices.span(market, minute + 1 - DAY_MINUTES, minute + 1);
    let price = number(spot_price(call, market));
    json!({
        "coin": pair(index, market),
        "markPx": price,
        "midPx": price,
        "prevDayPx": number(Amount::of(i128::from(day.open), market.tick)),
        "dayNtlVlm": number(Amount::of(day.quote_volume, market.tick + market.step)),
        "dayBaseVlm": number(Amount::of(i128::from(day.volume), market.step)),
        "circulatingSupply": "21000000.0",
        "totalSupply": "21000000.0",
    })
}

fn context(call: &Call<'_>, market: &ContractMarket) -> Value {
    let (world, now_ms) = (call.world, call.now_ms);
    let mark = world.mark_price(market, now_ms);
    let tick = Amount::of(1, market.tick);
    let yesterday = world.mark_price(market, now_ms - DAY_MINUTES * MINUTE_MS);
    json!({
        "funding": "0.0000125",
        "openInterest": "30000.0",
        "prevDayPx": number(yesterday),
        "dayNtlVlm": "1000000.0",
        "dayBaseVlm": "100.0",
        "premium": "0.0",
        "oraclePx": number(world.index_price(market, now_ms)),
        "markPx": number(mark),
        "midPx": number(mark),
        "impactPxs": [number(mark.minus(tick)), number(mark.plus(tick))],
    })
}
