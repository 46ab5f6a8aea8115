//! Contracts, where the account has some: what is listed, what it costs, and what is held. Bybit counts linear contracts in
//! coins and inverse ones in dollars.

use super::{Answer, Call, market::Category, refusal::Refusal};
use crate::{
    amount::Amount,
    world::{
        World,
        contracts::{ContractMarket, Contracts},
        price::Candle,
    },
};
use serde_json::{Value, json};

const FEE_TAKER: &str = "0.0005";
const FEE_MAKER: &str = "0.0002";
const FUNDING_MINUTES: i64 = 480;
const DAY_MINUTES: i64 = 1440;
const LAUNCHED_MS: i64 = 1_585_526_400_000;

/// The category of a contract.
pub(super) const fn category(market: &ContractMarket) -> Category {
    if market.inverse { Category::Inverse } else { Category::Linear }
}

/// A quantity as Bybit counts it.
pub(super) const fn counted(market: &ContractMarket, quantity: Amount) -> Amount {
    if market.inverse { quantity.times(market.face) } else { quantity }
}

/// A price, in the contract's ticks.
pub(super) fn price(market: &ContractMarket, ticks: i64) -> String {
    written(market, Amount::of(i128::from(ticks), market.tick))
}

fn written(market: &ContractMarket, price: Amount) -> String {
    price.fixed(usize::try_from(market.tick).unwrap_or(0))
}

/// The contracts of a category.
pub(super) fn of(world: &World, wanted: Category) -> impl Iterator<Item = (usize, &ContractMarket)> {
    let all = world.contracts.iter().flat_map(|contracts| contracts.markets.iter().enumerate());
    all.filter(move |(_, market)| category(market) == wanted)
}

/// The contracts that `symbol` names; all of the category without it.
pub(super) fn wanted<'a>(
    call: &Call<'a>,
    category: Category,
) -> Result<Vec<(usize, &'a ContractMarket)>, Refusal> {
    match call.query.text("symbol") {
        None => Ok(of(call.world, category).collect()),
        Some(symbol) => {
            let found = of(call.world, category).find(|(_, market)| market.symbol == symbol);
            found.map(|found| vec![found]).ok_or_else(Refusal::symbol)
        }
    }
}

pub(super) fn instrument_row(market: &ContractMarket) -> Value {
    let least = |decimals: u32| Amount::of(1, decimals).short();
    let step = counted(market, Amount::of(1, market.step)).short();
    // In dollars every number can be traded, whatever the account does.
    let step = if market.inverse { "1".to_owned() } else { step };
    json!({
        "symbol": market.symbol,
        "contractType": if market.inverse { "InversePerpetual" } else { "LinearPerpetual" },
        "status": "Trading",
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "symbolType": "",
        "launchTime": LAUNCHED_MS.to_string(),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": market.tick.to_string(),
        "leverageFilter": { "minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01" },
        "priceFilter": { "minPrice": least(market.tick), "maxPrice": "1999999.80", "tickSize": least(market.tick) },
        "lotSizeFilter": {
            "maxOrderQty": "25000000",
            "minOrderQty": step,
            "qtyStep": step,
            "postOnlyMaxOrderQty": "25000000",
            "maxMktOrderQty": "5000000",
            "minNotionalValue": "5",
        },
        "unifiedMarginTrade": true,
        "fundingInterval": FUNDING_MINUTES,
        "settleCoin": market.settle,
        "copyTrading": "none",
        "upperFundingRate": "0.005",
        "lowerFundingRate": "-0.005",
        "isPreListing": false,
        "preListingInfo": null,
        "displayName": "",
    })
}

/// What was traded: of linear contracts coins, then dollars; of inverse ones the other way round.
pub(super) fn traded(call: &Call<'_>, market: &ContractMarket, candle: &Candle) -> [String; 2] {
    let step = volume_step(call.world, market);
    let coins = Amount::of(i128::from(candle.volume), step).short();
    let dollars = Amount::of(candle.quote_volume, market.tick + step);
    if market.inverse { [dollars.floored(0).short(), coins] } else { [coins, dollars.short()] }
}

fn volume_step(_: &World, market: &ContractMarket) -> u32 {
    if market.inverse { 4 } else { market.step }
}

pub(super) fn ticker_row(call: &Call<'_>, market: &ContractMarket) -> Value {
    const MINUTE_MS: i64 = 60_000;
    let next_ms = (call.now_ms.div_euclid(MINUTE_MS) + 1) * MINUTE_MS;
    let day = call.world.contract_candle(market, next_ms - DAY_MINUTES * MINUTE_MS, next_ms, call.now_ms);
    let Some(day) = day else { return Value::Null };
    let price = |ticks: i64| price(market, ticks);
    let [volume, turnover] = traded(call, market, &day);
    let mark = written(market, call.world.mark_price(market, call.now_ms));
    json!({
        "symbol": market.symbol,
        "lastPrice": price(day.close),
        "indexPrice": written(market, call.world.index_price(market, call.now_ms)),
        "markPrice": mark,
        "prevPrice24h": price(day.open),
        "highPrice24h": price(day.high),
        "lowPrice24h": price(day.low),
        "openInterest": "0",
        "turnover24h": turnover,
        "volume24h": volume,
        "fundingRate": "0.0001",
        "nextFundingTime": ((call.now_ms / (FUNDING_MINUTES * MINUTE_MS) + 1) * FUNDING_MINUTES * MINUTE_MS).to_string(),
        "bid1Price": price((day.close - 1).max(1)),
        "bid1Size": "10",
        "ask1Price": price(day.close + 1),
        "ask1Size": "10",
        "deliveryTime": "0",
    })
}

pub(super) fn fee_row(market: &ContractMarket) -> Value {
    json!({ "symbol": market.symbol, "baseCoin": "", "takerFeeRate": FEE_TAKER, "makerFeeRate": FEE_MAKER })
}

/// Linear contracts are asked for by symbol or by what they settle in.
pub(super) fn positions(call: &Call<'_>) -> Answer {
    let category = Category::of(call.query)?;
    call.query.limit("limit", 20, 200)?;
    let settle = call.query.text("settleCoin");
    match category {
        Category::Spot => return Err(Refusal::category()),
        Category::Linear if settle.is_none() && call.query.text("symbol").is_none() => {
            return Err(Refusal::parameter("symbol or settleCoin is required"));
        }
        Category::Linear | Category::Inverse | Category::Option => {}
    }
    let named = call.query.text("symbol").is_some();
    let rows: Vec<Value> = match &call.world.contracts {
        None => Vec::new(),
        Some(contracts) => wanted(call, category)?
            .into_iter()
            .filter(|(_, market)| settle.is_none_or(|settle| settle == market.settle))
            .filter(|(index, _)| named || contracts.position(*index, call.now_ms).is_open())
            .map(|(index, market)| position_row(call, contracts, index, market))
            .collect(),
    };
    Ok(json!({ "category": category.name(), "list": rows, "nextPageCursor": "" }).to_string())
}

fn position_row(call: &Call<'_>, contracts: &Contracts, index: usize, market: &ContractMarket) -> Value {
    let position = contracts.position(index, call.now_ms);
    let mark = call.world.mark_price(market, call.now_ms);
    let held = counted(market, position.quantity.max(position.quantity.negative()));
    let side = match (position.is_open(), position.quantity.is_positive()) {
        (false, _) => "",
        (true, true) => "Buy",
        (true, false) => "Sell",
    };
    let fills = contracts.fills.get(index).map_or(&[][..], Vec::as_slice);
    let mut told = fills.iter().filter(|fill| fill.time_ms <= call.now_ms);
    let realized = told.clone().fold(Amount::ZERO, |sum, fill| sum.plus(fill.realized).minus(fill.fee));
    let updated_ms = told.next_back().map_or(0, |fill| fill.time_ms).to_string();
    json!({
        "positionIdx": 0,
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": market.symbol,
        "side": side,
        "size": held.short(),
        "avgPrice": position.entry_price(market).short(),
        "positionValue": position.cost.short(),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 2,
        "leverage": "10",
        "positionBalance": "0",
        "markPrice": written(market, mark),
        "liqPrice": "",
        "bustPrice": "",
        "positionMM": "0",
        "positionIM": "0",
        "tpslMode": "Full",
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "unrealisedPnl": position.unrealized(market, mark).short(),
        "curRealisedPnl": "0",
        "cumRealisedPnl": realized.short(),
        "sessionAvgPrice": "",
        "seq": fills.len(),
        "isReduceOnly": false,
        "createdTime": LAUNCHED_MS.to_string(),
        "updatedTime": updated_ms,
    })
}
