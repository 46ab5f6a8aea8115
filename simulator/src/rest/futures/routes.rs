//! The table of endpoints of contracts.

use super::{Coinm, Usdm, account, income, market, positions, trades};
use crate::{
    rest::{Answer, Call, Params, refusal::Refusal, routes::Route},
    venue::Access,
    weights::Budget,
};

const fn usdm(
    path: &'static str,
    access: Access,
    weight: fn(&Params) -> u32,
    names: &'static [&'static str],
    answer: fn(&Call<'_>) -> Answer,
) -> Route {
    Route { method: "GET", path, access, budget: Budget::Usdm, weight, names: Some(names), answer }
}

const fn coinm(
    path: &'static str,
    access: Access,
    weight: fn(&Params) -> u32,
    names: &'static [&'static str],
    answer: fn(&Call<'_>) -> Answer,
) -> Route {
    Route { budget: Budget::Coinm, ..usdm(path, access, weight, names, answer) }
}

const CANDLES: &[&str] = &["symbol", "interval", "startTime", "endTime", "limit"];
const TRADES: &[&str] = &["symbol", "orderId", "startTime", "endTime", "fromId", "limit"];
const TRADES_OR_PAIR: &[&str] = &["symbol", "pair", "orderId", "startTime", "endTime", "fromId", "limit"];
const INCOME: &[&str] = &["symbol", "incomeType", "startTime", "endTime", "page", "limit"];
const SYMBOL: &[&str] = &["symbol"];
const SYMBOL_OR_PAIR: &[&str] = &["symbol", "pair"];

pub(in crate::rest) static ROUTES: &[Route] = &[
    // Public.
    usdm("/fapi/v1/ping", Access::Public, |_| 1, &[], |_| Ok("{}".to_owned())),
    usdm("/fapi/v1/time", Access::Public, |_| 1, &[], crate::rest::market::time),
    usdm("/fapi/v1/exchangeInfo", Access::Public, |_| 1, &[], |call| market::exchange_info(call, Usdm)),
    usdm("/fapi/v1/klines", Access::Public, candle_weight, CANDLES, |call| market::klines(call, Usdm)),
    usdm("/fapi/v1/premiumIndex", Access::Public, premium_weight, SYMBOL, |call| market::premium(call, Usdm)),
    usdm("/fapi/v1/ticker/price", Access::Public, one_or_two, SYMBOL, |call| {
        market::ticker_price(call, Usdm)
    }),
    usdm("/fapi/v2/ticker/price", Access::Public, one_or_two, SYMBOL, |call| {
        market::ticker_price(call, Usdm)
    }),
    usdm("/fapi/v1/ticker/24hr", Access::Public, day_weight, SYMBOL, |call| market::ticker_day(call, Usdm)),
    coinm("/dapi/v1/ping", Access::Public, |_| 1, &[], |_| Ok("{}".to_owned())),
    coinm("/dapi/v1/time", Access::Public, |_| 1, &[], crate::rest::market::time),
    coinm("/dapi/v1/exchangeInfo", Access::Public, |_| 1, &[], |call| market::exchange_info(call, Coinm)),
    coinm("/dapi/v1/klines", Access::Public, candle_weight, CANDLES, |call| market::klines(call, Coinm)),
    coinm(
        "/dapi/v1/premiumIndex",
        Access::Public,
        |_| 10,
        SYMBOL_OR_PAIR,
        |call| market::premium(call, Coinm),
    ),
    coinm("/dapi/v1/ticker/price", Access::Public, one_or_two, SYMBOL_OR_PAIR, |call| {
        market::ticker_price(call, Coinm)
    }),
    coinm("/dapi/v1/ticker/24hr", Access::Public, day_weight, SYMBOL_OR_PAIR, |call| {
        market::ticker_day(call, Coinm)
    }),
    // The account.
    usdm("/fapi/v1/userTrades", Access::Read, |_| 5, TRADES, trades::by_symbol),
    usdm("/fapi/v1/income", Access::Read, |_| 30, INCOME, |call| income::income(call, Usdm)),
    usdm("/fapi/v2/account", Access::Read, |_| 5, &[], |call| account::account(call, Usdm, 2)),
    usdm("/fapi/v3/account", Access::Read, |_| 5, &[], |call| account::account(call, Usdm, 3)),
    usdm("/fapi/v2/balance", Access::Read, |_| 5, &[], |call| account::balance(call, Usdm)),
    usdm("/fapi/v3/balance", Access::Read, |_| 5, &[], |call| account::balance(call, Usdm)),
    usdm("/fapi/v2/positionRisk", Access::Read, |_| 5, SYMBOL, |call| positions::risk(call, Usdm, 2)),
    usdm("/fapi/v3/positionRisk", Access::Read, |_| 5, SYMBOL, |call| positions::risk(call, Usdm, 3)),
    usdm("/fapi/v1/commissionRate", Access::Read, |_| 20, SYMBOL, |call| account::rates(call, Usdm)),
    usdm("/fapi/v1/leverageBracket", Access::Read, |_| 1, SYMBOL, |call| positions::brackets(call, Usdm)),
    usdm("/fapi/v1/positionSide/dual", Access::Read, |_| 30, &[], account::one_way),
    usdm("/fapi/v1/openOrders", Access::Read, day_weight, SYMBOL, |call| account::no_orders(call, Usdm)),
    coinm("/dapi/v1/userTrades", Access::Read, pair_weight, TRADES_OR_PAIR, trades::by_symbol_or_pair),
    coinm("/dapi/v1/income", Access::Read, |_| 20, INCOME, |call| income::income(call, Coinm)),
    coinm("/dapi/v1/account", Access::Read, |_| 5, &[], |call| account::account(call, Coinm, 1)),
    coinm("/dapi/v1/balance", Access::Read, |_| 1, &[], |call| account::balance(call, Coinm)),
    coinm(
        "/dapi/v1/positionRisk",
        Access::Read,
        |_| 1,
        &["marginAsset", "pair"],
        |call| positions::risk(call, Coinm, 1),
    ),
    coinm("/dapi/v1/commissionRate", Access::Read, |_| 20, SYMBOL, |call| account::rates(call, Coinm)),
    coinm("/dapi/v2/leverageBracket", Access::Read, |_| 1, SYMBOL, |call| positions::brackets(call, Coinm)),
    coinm("/dapi/v1/positionSide/dual", Access::Read, |_| 30, &[], account::one_way),
    coinm("/dapi/v1/openOrders", Access::Read, day_weight, SYMBOL, |call| account::no_orders(call, Coinm)),
    // What a reading key must not do.
    forbidden("POST", "/fapi/v1/order", Budget::Usdm),
    forbidden("DELETE", "/fapi/v1/order", Budget::Usdm),
    forbidden("POST", "/fapi/v1/leverage", Budget::Usdm),
    forbidden("POST", "/dapi/v1/order", Budget::Coinm),
    forbidden("DELETE", "/dapi/v1/order", Budget::Coinm),
    forbidden("POST", "/dapi/v1/leverage", Budget::Coinm),
];

const fn forbidden(method: &'static str, path: &'static str, budget: Budget) -> Route {
    let answer = |_: &Call<'_>| Err(Refusal::no_orders());
    Route { method, path, access: Access::Trade, budget, weight: |_| 1, names: None, answer }
}

fn premium_weight(params: &Params) -> u32 {
    if params.has("symbol") { 1 } else { 10 }
}

fn one_or_two(params: &Params) -> u32 {
    if params.has("symbol") { 1 } else { 2 }
}

fn day_weight(params: &Params) -> u32 {
    if params.has("symbol") { 1 } else { 40 }
}

fn pair_weight(params: &Params) -> u32 {
    if params.has("pair") { 40 } else { 20 }
}

fn candle_weight(params: &Params) -> u32 {
    match params.integer("limit").ok().flatten().unwrap_or(500) {
        ..100 => 1,
        100..500 => 2,
        500..=1000 => 5,
        _ => 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candles_cost_by_how_many_are_asked_for() {
        let costs = ["", "limit=99", "limit=100", "limit=499", "limit=1000", "limit=1500"]
            .map(|query| candle_weight(&Params::parse(query, "").unwrap()));
        assert_eq!(costs, [5, 1, 2, 2, 5, 10]);
    }
}
