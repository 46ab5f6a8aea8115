//! What everybody may ask: time, products, coins, prices.

mod prices;

use super::{
    Answer, Call,
    coins::{Coin, market, product_id},
    query::{date, instant},
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    world::{asset, market::Market, price::MINUTE_MS},
};
use serde_json::{Map, Value, json};

pub(super) use prices::{candles, ticker};

/// Nobody asks for more at once.
const PRODUCTS_MAX: usize = 1000;

pub(super) fn time(call: &Call<'_>) -> Answer {
    Ok(json!({
        "iso": instant(call.now_ms * 1_000_000),
        "epochSeconds": call.now_ms.div_euclid(1000).to_string(),
        "epochMillis": call.now_ms.to_string(),
    }))
}

pub(super) fn time_of_wallets(call: &Call<'_>) -> Answer {
    Ok(json!({ "data": { "iso": date(call.now_ms), "epoch": call.now_ms.div_euclid(1000) } }))
}

/// Those of the kind that is asked for. There are no contracts.
pub(super) fn products(call: &Call<'_>) -> Answer {
    let of_spot = match call.query.text("product_type") {
        None | Some("SPOT" | "UNKNOWN_PRODUCT_TYPE") => true,
        Some("FUTURE") => false,
        Some(_) => return Err(Refusal::argument("product_type", "is not known")),
    };
    let ids: Vec<&str> = call.query.all("product_ids").collect();
    let limit = call.query.limit(PRODUCTS_MAX, PRODUCTS_MAX)?;
    let markets = call.world.markets.iter().filter(|_| of_spot);
    let wanted = markets.filter(|market| ids.is_empty() || ids.contains(&product_id(market).as_str()));
    let rows: Vec<Value> = wanted.take(limit).map(|market| product_row(call, market)).collect();
    Ok(json!({ "num_products": rows.len(), "products": rows }))
}

pub(super) fn product(call: &Call<'_>) -> Answer {
    named(call).map(|market| product_row(call, market))
}

/// The product that stands in the path.
fn named<'a>(call: &Call<'a>) -> Result<&'a Market, Refusal> {
    market(call.world, call.segment).map(|(_, market)| market).ok_or(Refusal::NotFound)
}

/// A market that closed for good is still listed, so that its fills can be understood.
fn product_row(call: &Call<'_>, market: &Market) -> Value {
    let least = |decimals: u32| Amount::of(1, decimals).short();
    let minute = call.world.last_minute(market, call.now_ms);
    let day = call.world.prices.span(market, minute + 1 - 1440, minute + 1);
    let closed = market.closed_ms.is_some();
    json!({
        "product_id": product_id(market),
        "price": Amount::of(i128::from(day.close), market.tick).short(),
        "price_percentage_change_24h": "",
        "volume_24h": Amount::of(i128::from(day.volume), market.step).short(),
        "volume_percentage_change_24h": "",
        "base_increment": least(market.step),
        "quote_increment": least(market.tick),
        "quote_min_size": market.min_notional().short(),
        "quote_max_size": "100000000",
        "base_min_size": least(market.step),
        "base_max_size": "100000000",
        "base_name": market.base.long_name,
        "quote_name": market.quote.long_name,
        "watched": false,
        "is_disabled": closed,
        "new": false,
        "status": if closed { "delisted" } else { "online" },
        "cancel_only": false,
        "limit_only": false,
        "post_only": false,
        "trading_disabled": closed,
        "auction_mode": false,
        "product_type": "SPOT",
        "quote_currency_id": market.quote.name,
        "base_currency_id": market.base.name,
        "fcm_trading_session_details": null,
        "mid_market_price": "",
        "alias": "",
        "alias_to": [],
        "base_display_symbol": market.base.name,
        "quote_display_symbol": market.quote.name,
        "view_only": false,
        "price_increment": least(market.tick),
        "display_name": product_id(market),
        "product_venue": "CBE",
    })
}

/// Money. There is none here, but prices are told in it.
pub(super) fn currencies(_: &Call<'_>) -> Answer {
    Ok(json!({ "data": [{ "id": "USD", "name": "US Dollar", "min_size": "0.01" }] }))
}

pub(super) fn coins(_: &Call<'_>) -> Answer {
    Ok(json!({ "data": Coin::all().map(Coin::currency).collect::<Vec<_>>() }))
}

pub(super) fn exchange_rates(call: &Call<'_>) -> Answer {
    let minute = call.now_ms.div_euclid(MINUTE_MS);
    let rates: Map<String, Value> = asset("USDT")
        .into_iter()
        .flat_map(|usdt| Coin::all().map(move |coin| (coin, usdt)))
        .map(|(coin, usdt)| {
            let rate = call.world.prices.rate(usdt, coin.asset(), minute).short();
            (coin.name().to_owned(), Value::from(rate))
        })
        .collect();
    Ok(json!({ "data": { "currency": "USD", "rates": rates } }))
}
