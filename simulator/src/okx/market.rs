//! Public answers: time, instruments, prices, candles; and what is said of coins.

mod candles;

use super::{
    Answer, Call,
    names::{self, KINDS, Listed, SPOT, SWAP},
};
use crate::{
    amount::Amount,
    world::{
        contracts::ContractMarket,
        market::{ASSETS, Market},
        price::MINUTE_MS,
    },
};
use serde_json::{Value, json};

pub(super) use candles::{candles, history_candles};

pub(super) fn time(call: &Call<'_>) -> Answer {
    Ok(json!([{ "ts": call.now_ms.to_string() }]).to_string())
}

/// All of a kind. There are coins and perpetual contracts, and nothing else.
fn of_kind<'a>(call: &Call<'a>, kind: Option<&str>) -> Vec<Listed<'a>> {
    match kind {
        Some(SPOT) => call.world.markets.iter().map(Listed::Coins).collect(),
        Some(SWAP) => names::contracts(call.world).map(Listed::Contract).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn instruments(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    let wanted = call.query.text("instId");
    if let Some(id) = wanted {
        names::listed(call.world, id)?;
    }
    let listed = of_kind(call, kind).into_iter();
    let rows = listed.filter(|listed| wanted.is_none_or(|id| id == listed.id())).map(|listed| match listed {
        Listed::Coins(market) => spot_row(call, market),
        Listed::Contract(market) => contract_row(call, market),
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

fn contract_row(call: &Call<'_>, market: &ContractMarket) -> Value {
    let size = names::contract_size(market).short();
    json!({
        "alias": "",
        "baseCcy": "",
        "category": "1",
        "contTdSwTime": "",
        "ctMult": "1",
        "ctType": if market.inverse { "inverse" } else { "linear" },
        "ctVal": size,
        "ctValCcy": if market.inverse { market.quote } else { market.base },
        "expTime": "",
        "instFamily": names::family(market),
        "instId": names::contract(market),
        "instType": SWAP,
        "lever": "100",
        "listTime": call.world.listed_ms.to_string(),
        "lotSz": "1",
        "maxLmtAmt": "20000000",
        "maxLmtSz": "100000000",
        "maxMktAmt": "",
        "maxMktSz": "10000",
        "minSz": "1",
        "optType": "",
        "quoteCcy": "",
        "ruleType": "normal",
        "settleCcy": market.settle,
        "state": "live",
        "stk": "",
        "tickSz": Amount::of(1, market.tick).short(),
        "uly": names::family(market),
    })
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
    let listed = names::listed(call.world, call.query.required("instId")?)?;
    Ok(Value::from_iter(ticker_row(call, listed)).to_string())
}

pub(super) fn tickers(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    let rows = of_kind(call, kind).into_iter().filter_map(|listed| ticker_row(call, listed));
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

/// Of what closed for good it is its last day.
fn ticker_row(call: &Call<'_>, listed: Listed<'_>) -> Option<Value> {
    let minute = match listed {
        Listed::Coins(market) => call.world.last_minute(market, call.now_ms),
        Listed::Contract(_) => call.now_ms.div_euclid(MINUTE_MS),
    };
    let day =
        listed.candle(call.world, (minute - 1439) * MINUTE_MS, (minute + 1) * MINUTE_MS, call.now_ms)?;
    let volumes = listed.volumes(&day);
    Some(json!({
        "askPx": listed.price(day.close + 1),
        "askSz": "1",
        "bidPx": listed.price((day.close - 1).max(1)),
        "bidSz": "1",
        "high24h": listed.price(day.high),
        "instId": listed.id(),
        "instType": listed.kind(),
        "last": listed.price(day.close),
        "lastSz": "1",
        "low24h": listed.price(day.low),
        "open24h": listed.price(day.open),
        "sodUtc0": listed.price(day.open),
        "sodUtc8": listed.price(day.open),
        "ts": call.now_ms.to_string(),
        "vol24h": volumes.size.short(),
        "volCcy24h": if listed.kind() == SPOT { volumes.quote } else { volumes.base }.short(),
    }))
}
