//! Public answers: time, instruments, prices, candles; and what is said of coins.

mod candles;

use super::{
    Answer, Call,
    names::{self, KINDS, SPOT},
};
use crate::{
    amount::Amount,
    world::market::{ASSETS, Market},
};
use serde_json::{Value, json};

pub(super) use candles::{candles, history_candles};

pub(super) fn time(call: &Call<'_>) -> Answer {
    Ok(json!([{ "ts": call.now_ms.to_string() }]).to_string())
}

pub(super) fn instruments(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    let wanted = call.query.text("instId");
    if kind != Some(SPOT) {
        return Ok("[]".to_owned());
    }
    if let Some(id) = wanted {
        names::market(call.world, id)?;
    }
    let markets = call.world.markets.iter();
    let rows = markets.filter(|market| wanted.is_none_or(|id| id == names::instrument(market)));
    Ok(Value::from(rows.map(|market| spot_row(call, market)).collect::<Vec<_>>()).to_string())
}

fn spot_row(call: &Call<'_>, market: &Market) -> Value {
    let least = |decimals: u32| Amount::of(1, decimals).short();
    let mut row = json!({
        "baseCcy": market.base.name,
        "category": "1",
        "instId": names::instrument(market),
        "instType": SPOT,
        "lever": "",
        "listTime": call.world.listed_ms.to_string(),
        "lotSz": least(market.step),
        "maxLmtAmt": "20000000",
        "maxLmtSz": "9999999999",
        "maxMktAmt": "1000000",
        "maxMktSz": "1000000",
        "minSz": least(market.step),
        "quoteCcy": market.quote.name,
        "ruleType": "normal",
        // A market that closed for good is still listed, so that its executions can be read.
        "state": if market.closed_ms.is_none() { "live" } else { "suspend" },
        "tickSz": least(market.tick),
    });
    let empty = [
        "alias",
        "ctMult",
        "ctType",
        "ctVal",
        "ctValCcy",
        "expTime",
        "instFamily",
        "optType",
        "settleCcy",
        "stk",
        "uly",
    ];
    if let Some(fields) = row.as_object_mut() {
        fields.extend(empty.map(|name| (name.to_owned(), Value::from(""))));
    }
    row
}

/// What is said of each coin and its chain.
pub(super) fn currencies(call: &Call<'_>) -> Answer {
    let names = call.query.list("ccy");
    let wanted = |name: &str| names.as_ref().is_none_or(|names| names.contains(&name));
    let rows = ASSETS.iter().filter(|coin| wanted(coin.name)).map(|coin| {
        json!({
            "burningFeeRate": "",
            "canDep": true,
            "canInternal": true,
            "canWd": true,
            "ccy": coin.name,
            "chain": names::chain(coin),
            "depQuotaFixed": "",
            "fee": coin.withdraw_fee.short(),
            "mainNet": true,
            "maxFee": coin.withdraw_fee.short(),
            "maxWd": "1000000",
            "minDep": "0.00000001",
            "minFee": coin.withdraw_fee.short(),
            "minWd": coin.withdraw_fee.short(),
            "name": coin.long_name,
            "needTag": false,
            "wdTickSz": "8",
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

pub(super) fn ticker(call: &Call<'_>) -> Answer {
    let market = names::market(call.world, call.query.required("instId")?)?;
    Ok(Value::from(vec![ticker_row(call, market)]).to_string())
}

pub(super) fn tickers(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    let markets = call.world.markets.iter().filter(|_| kind == Some(SPOT));
    Ok(Value::from(markets.map(|market| ticker_row(call, market)).collect::<Vec<_>>()).to_string())
}

fn ticker_row(call: &Call<'_>, market: &Market) -> Value {
    let minute = call.world.last_minute(market, call.now_ms);
    let day = call.world.prices.span(market, minute - 1439, minute + 1);
    let price = |ticks: i64| Amount::of(i128::from(ticks), market.tick).short();
    let least = Amount::of(1, market.step).short();
    json!({
        "askPx": price(day.close + 1),
        "askSz": least,
        "bidPx": price((day.close - 1).max(1)),
        "bidSz": least,
        "high24h": price(day.high),
        "instId": names::instrument(market),
        "instType": SPOT,
        "last": price(day.close),
        "lastSz": least,
        "low24h": price(day.low),
        "open24h": price(day.open),
        "sodUtc0": price(day.open),
        "sodUtc8": price(day.open),
        "ts": call.now_ms.to_string(),
        "vol24h": Amount::of(i128::from(day.volume), market.step).short(),
        "volCcy24h": Amount::of(day.quote_volume, market.tick + market.step).short(),
    })
}
