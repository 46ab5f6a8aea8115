//! Fills: newest first, between two instants of their sequence, page after page by a cursor that stands still.

use super::{
    Answer, Call,
    book::Fill,
    coins::{Product, portfolios},
    ids,
    query::instant,
    refusal::Refusal,
};
use crate::{faults::disturb, random::name, world::World};
use serde_json::{Value, json};

const ROWS: usize = 100;
const ROWS_MAX: usize = 250;

/// The beginning belongs to the span, its end does not.
pub(super) fn fills(call: &Call<'_>) -> Answer {
    let query = call.query;
    let limit = query.limit(ROWS, ROWS_MAX)?;
    let (start, end) = (query.instant("start_sequence_timestamp")?, query.instant("end_sequence_timestamp")?);
    let of_products = query.all("product_ids").chain(query.all("product_id"));
    let products = of_products
        .map(|id| {
            Product::find(call.world, id).ok_or_else(|| Refusal::argument("product_id", "is not known"))
        })
        .collect::<Result<Vec<Product<'_>>, _>>()?;
    let orders: Vec<&str> = query.all("order_ids").chain(query.all("order_id")).collect();
    // The cursor names the last row that was told.
    let before = match query.text("cursor") {
        None => None,
        Some(text) => {
            Some(text.parse::<i64>().map_err(|_| Refusal::argument("cursor", "is none that was told"))?)
        }
    };
    let place = |at_ns: i64| call.book.fills.partition_point(|fill| fill.sequence_ns < at_ns);
    let first = start.map_or(0, place);
    let last = [end, before].into_iter().flatten().map(place).min().unwrap_or(call.book.fills.len());
    let window = call.book.fills.get(first..last).unwrap_or_default();
    let is_told = |fill: &&Fill| fill.time_ms <= call.now_ms && fill.found_ms <= call.now_ms;
    let is_wanted = |fill: &&Fill| {
        (products.is_empty() || products.iter().any(|product| product.traded() == Some(fill.market)))
            && (orders.is_empty() || orders.contains(&order_id(call.world, fill).as_str()))
    };
    let found = window.iter().rev().filter(is_told).filter(is_wanted);
    let found: Vec<&Fill> = found.take(limit + 1).collect();
    let told = found.get(..limit).unwrap_or(&found);
    let cursor = told.last().filter(|_| found.len() > limit).map(|fill| fill.sequence_ns.to_string());
    let mut rows: Vec<Value> = told.iter().map(|fill| fill_row(call.world, fill)).collect();
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    Ok(json!({ "fills": rows, "cursor": cursor.unwrap_or_default() }))
}

pub(super) fn order_id(world: &World, fill: &Fill) -> String {
    let symbol = world.markets.get(fill.market).map_or(0, |market| name(&market.symbol));
    ids::uuid("order", &[world.seed, symbol, fill.order_id])
}

fn fill_row(world: &World, fill: &Fill) -> Value {
    let symbol = world.markets.get(fill.market).map_or(0, |market| name(&market.symbol));
    let of = [world.seed, symbol, fill.id];
    let [portfolio, _] = portfolios(world);
    json!({
        "entry_id": ids::entry(&of),
        "trade_id": ids::uuid("trade", &of),
        "order_id": order_id(world, fill),
        "trade_time": instant(fill.time_ms * 1_000_000),
        "trade_type": "FILL",
        "price": fill.price.short(),
        "size": fill.quantity.short(),
        "commission": fill.commission.short(),
        "product_id": Product::of(world, fill.market).map(Product::id),
        "sequence_timestamp": instant(fill.sequence_ns),
        "liquidity_indicator": if fill.maker { "MAKER" } else { "TAKER" },
        "size_in_quote": false,
        "user_id": ids::uuid("user", &[world.account.uid]),
        "side": if fill.buyer { "BUY" } else { "SELL" },
        "retail_portfolio_id": portfolio,
    })
}
