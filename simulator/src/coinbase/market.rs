//! What everybody may ask: time, products, coins, prices.

mod prices;

use super::{
    Answer, Call,
    coins::{Coin, Product},
    query::{date, instant},
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    world::{asset, price::MINUTE_MS},
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
    let all = Product::all(call.world).filter(|_| of_spot);
    let wanted = all.filter(|product| ids.is_empty() || ids.contains(&product.id().as_str()));
    let rows: Vec<Value> = wanted.take(limit).map(|product| product_row(call, product)).collect();
    Ok(json!({ "num_products": rows.len(), "products": rows }))
}

pub(super) fn product(call: &Call<'_>) -> Answer {
    named(call).map(|product| product_row(call, product))
}

/// The product that stands in the path.
fn named<'a>(call: &Call<'a>) -> Result<Product<'a>, Refusal> {
    Product::find(call.world, call.segment).ok_or(Refusal::NotFound)
}

/// One that closed for good is still listed, so that its fills can be understood.
fn product_row(call: &Call<'_>, product: Product<'_>) -> Value {
    let least = |decimals: u32| Amount::of(1, decimals).short();
    let (tick, step) = product.decimals();
    let (base, base_name) = product.base_names();
    let quote_name = asset(product.quote).map_or("USDC", |quote| quote.long_name);
    let next_ms = (product.last_minute(call.world, call.now_ms) + 1) * MINUTE_MS;
    let day = product.candle(call.world, next_ms - 1440 * MINUTE_MS, next_ms, call.now_ms);
    let closed = product.is_closed();
    json!({
        "product_id": product.id(),
        "price": day.map(|day| product.price(day.close)).unwrap_or_default(),
        "price_percentage_change_24h": "",
        "volume_24h": day.map(|day| product.volume(day.volume)).unwrap_or_default(),
        "volume_percentage_change_24h": "",
        "base_increment": least(step),
        "quote_increment": least(tick),
        "quote_min_size": product.min_notional().short(),
        "quote_max_size": "100000000",
        "base_min_size": least(step),
        "base_max_size": "100000000",
        "base_name": base_name,
        "quote_name": quote_name,
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
        "quote_currency_id": product.quote,
        "base_currency_id": base,
        "fcm_trading_session_details": null,
        "mid_market_price": "",
        "alias": "",
        "alias_to": [],
        "base_display_symbol": base,
        "quote_display_symbol": product.quote,
        "view_only": false,
        "price_increment": least(tick),
        "display_name": product.id(),
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
