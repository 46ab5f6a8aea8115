//! Public endpoints: time, instruments, prices.

mod klines;

use super::{Answer, Call, contracts, query::Query, refusal::Refusal};
use crate::{
    amount::Amount,
    world::{World, market::Market},
};
use serde_json::{Value, json};

pub(super) use klines::klines;

/// What Bybit trades side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    Spot,
    Linear,
    Inverse,
    Option,
}

impl Category {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Linear => "linear",
            Self::Inverse => "inverse",
            Self::Option => "option",
        }
    }

    pub(super) fn of(query: &Query) -> Result<Self, Refusal> {
        let all = [Self::Spot, Self::Linear, Self::Inverse, Self::Option];
        let found = all.into_iter().find(|category| Some(category.name()) == query.text("category"));
        found.ok_or_else(Refusal::category)
    }
}

/// Decimals of a price.
pub(super) fn tick_of(world: &World, category: &str, symbol: &str) -> usize {
    let coins = || world.market(symbol).map(|(_, market)| market.tick);
    let contract = || world.contracts.as_ref()?.market(symbol).map(|(_, market)| market.tick);
    let tick = if category == Category::Spot.name() { coins() } else { contract() };
    tick.and_then(|tick| usize::try_from(tick).ok()).unwrap_or(8)
}

pub(super) fn time(call: &Call<'_>) -> Answer {
    let second = call.now_ms.div_euclid(1000).to_string();
    Ok(json!({ "timeSecond": second, "timeNano": (call.now_ms * 1_000_000).to_string() }).to_string())
}

/// Traded elsewhere still, and by the account until now; here it is listed no more.
const GONE: &str = "SOLBNB";

/// A spot market that closed for good is not listed any more, nor is what it cost told.
pub(super) fn listed<'a>(call: &Call<'a>) -> impl Iterator<Item = &'a Market> {
    let stays = |market: &&Market| market.closed_ms.is_none() && market.symbol != GONE;
    call.world.markets.iter().filter(stays)
}

/// The spot markets that `symbol` names; all without it.
fn wanted<'a>(call: &Call<'a>) -> Result<Vec<&'a Market>, Refusal> {
    match call.query.text("symbol") {
        None => Ok(listed(call).collect()),
        Some(symbol) => {
            let market = listed(call).find(|market| market.symbol == symbol);
            market.map(|market| vec![market]).ok_or_else(Refusal::symbol)
        }
    }
}

/// Spot has no pages.
pub(super) fn instruments(call: &Call<'_>) -> Answer {
    let category = Category::of(call.query)?;
    let statuses = ["PreLaunch", "Trading", "Delivering", "Closed"];
    let is_trading = call.query.word("status", &statuses)?.is_none_or(|status| status == "Trading");
    let limit = call.query.limit("limit", 500, 1000)?;
    let rows: Vec<Value> = match category {
        _ if !is_trading => Vec::new(),
        Category::Spot => wanted(call)?.into_iter().map(spot_row).collect(),
        other => contracts::wanted(call, other)?
            .into_iter()
            .map(|(_, one)| contracts::instrument_row(one))
            .collect(),
    };
    if category == Category::Spot {
        return Ok(json!({ "category": category.name(), "list": rows }).to_string());
    }
    let begin = match call.query.text("cursor").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(begin)) if begin < rows.len() => begin,
        Some(_) => return Err(Refusal::parameter("cursor is invalid")),
    };
    let end = begin.saturating_add(limit).min(rows.len());
    let next = if end < rows.len() { end.to_string() } else { String::new() };
    let rows = rows.get(begin..end).unwrap_or_default();
    Ok(json!({ "category": category.name(), "list": rows, "nextPageCursor": next }).to_string())
}

fn spot_row(market: &Market) -> Value {
    let least = |decimals: u32| Amount::of(1, decimals).short();
    json!({
        "symbol": market.symbol,
        "baseCoin": market.base.name,
        "quoteCoin": market.quote.name,
        "innovation": "0",
        "symbolType": "",
        "status": "Trading",
        "marginTrading": "none",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": least(market.step),
            "quotePrecision": least(8),
            "minOrderQty": least(market.step),
            "maxOrderQty": "9000000",
            "minOrderAmt": market.min_notional().short(),
            "maxOrderAmt": "9000000",
        },
        "priceFilter": { "tickSize": least(market.tick) },
        "riskParameters": { "priceLimitRatioX": "0.03", "priceLimitRatioY": "0.09" },
    })
}

pub(super) fn tickers(call: &Call<'_>) -> Answer {
    let category = Category::of(call.query)?;
    let rows: Vec<Value> = match category {
        Category::Spot => wanted(call)?.into_iter().map(|market| ticker_row(call, market)).collect(),
        other => contracts::wanted(call, other)?
            .into_iter()
            .map(|(_, one)| contracts::ticker_row(call, one))
            .collect(),
    };
    Ok(json!({ "category": category.name(), "list": rows }).to_string())
}

fn ticker_row(call: &Call<'_>, market: &Market) -> Value {
    let minute = call.world.last_minute(market, call.now_ms);
    let day = call.world.prices.span(market, minute - 1439, minute + 1);
    let price = |ticks: i64| klines::price(market, ticks);
    let change = Amount::of(i128::from(day.close - day.open), market.tick);
    let part = change.over(Amount::of(i128::from(day.open), market.tick));
    json!({
        "symbol": market.symbol,
        "bid1Price": price((day.close - 1).max(1)),
        "bid1Size": Amount::of(10, market.step).short(),
        "ask1Price": price(day.close + 1),
        "ask1Size": Amount::of(10, market.step).short(),
        "lastPrice": price(day.close),
        "prevPrice24h": price(day.open),
        "price24hPcnt": part.fixed(4),
        "highPrice24h": price(day.high),
        "lowPrice24h": price(day.low),
        "turnover24h": Amount::of(day.quote_volume, market.tick + market.step).short(),
        "volume24h": Amount::of(i128::from(day.volume), market.step).short(),
        "usdIndexPrice": "",
    })
}
