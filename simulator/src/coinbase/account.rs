//! The key, balances, the order that waits, and what trading costs.

use super::{
    Answer, Call,
    coins::{Coin, Product, portfolios},
    ids,
    query::date,
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    args::Rights,
    faults::disturb,
    random::name,
    world::{asset, price::MINUTE_MS},
};
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const ROWS: usize = 49;
const ROWS_MAX: usize = 250;
/// Of maker and taker alike.
const FEE: &str = "0.001";

/// `can_transfer` is to send out and to move between portfolios.
pub(super) fn key_permissions(call: &Call<'_>) -> Answer {
    let [portfolio, _] = portfolios(call.world);
    Ok(json!({
        "can_view": true,
        "can_trade": call.rights == Rights::Trade,
        "can_transfer": call.rights == Rights::Withdraw,
        "portfolio_uuid": portfolio,
        "portfolio_type": "DEFAULT",
    }))
}

/// All of them are named; a key reads one.
pub(super) fn portfolio_rows(call: &Call<'_>) -> Answer {
    let [own, other] = portfolios(call.world);
    let all = [("Default", own, "DEFAULT"), ("Savings", other, "CONSUMER")];
    let wanted = call.query.text("portfolio_type");
    let wanted = all.into_iter().filter(|(.., kind)| wanted.is_none_or(|wanted| wanted == *kind));
    let rows = wanted
        .map(|(name, uuid, kind)| json!({ "name": name, "uuid": uuid, "type": kind, "deleted": false }));
    Ok(json!({ "portfolios": rows.collect::<Vec<_>>() }))
}

/// In the order of the coins; the cursor says how many were told.
pub(super) fn accounts(call: &Call<'_>) -> Answer {
    let limit = call.query.limit(ROWS, ROWS_MAX)?;
    let first = match call.query.text("cursor") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refusal::argument("cursor", "is none that was told"))?,
    };
    let all: Vec<Coin> = Coin::held(call.world).collect();
    let end = all.len().min(limit.saturating_add(first));
    let told = all.get(first..end).unwrap_or_default();
    let mut rows: Vec<Value> = told.iter().map(|coin| account_row(call, *coin)).collect();
    let (size, has_next) = (rows.len(), end < all.len());
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    let cursor = if has_next { end.to_string() } else { String::new() };
    Ok(json!({ "accounts": rows, "has_next": has_next, "cursor": cursor, "size": size }))
}

/// What is available has nothing in it of what is held for orders.
fn account_row(call: &Call<'_>, coin: Coin) -> Value {
    let account = &call.world.account;
    let money = |amount: Amount| json!({ "value": amount.to_string(), "currency": coin.name() });
    let [portfolio, _] = portfolios(call.world);
    json!({
        "uuid": coin.wallet(call.world),
        "name": format!("{} Wallet", coin.name()),
        "currency": coin.name(),
        "available_balance": money(account.free(coin.name())),
        "default": true,
        "active": true,
        "created_at": date(account.opened_ms),
        "updated_at": date(account.updated_ms),
        "deleted_at": null,
        "type": "ACCOUNT_TYPE_CRYPTO",
        "ready": true,
        "hold": money(account.locked(coin.name())),
        "retail_portfolio_id": portfolio,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    })
}

/// Orders that are open: nobody here wants those that are done.
pub(super) fn orders(call: &Call<'_>) -> Answer {
    let wanted: Vec<&str> = call.query.all("order_status").collect();
    let open = call.world.account.open_order.as_ref();
    let open = open.filter(|_| wanted.is_empty() || wanted.contains(&"OPEN"));
    let row = open.and_then(|order| {
        let product = Product::of(call.world, order.market)?.id();
        let limit = json!({ "base_size": order.quantity.short(), "limit_price": order.price.short(), "post_only": false });
        Some(json!({
            "order_id": ids::uuid("order", &[call.world.seed, name(&product), order.id]),
            "product_id": product,
            "user_id": ids::uuid("user", &[call.world.account.uid]),
            "order_configuration": { "limit_limit_gtc": limit },
            "side": "BUY",
            "client_order_id": ids::uuid("client order", &[call.world.seed, order.id]),
            "status": "OPEN",
            "time_in_force": "GOOD_UNTIL_CANCELLED",
            "created_time": date(order.time_ms),
            "completion_percentage": "0",
            "filled_size": "0",
            "average_filled_price": "0",
            "fee": "",
            "number_of_fills": "0",
            "filled_value": "0",
            "pending_cancel": false,
            "size_in_quote": false,
            "total_fees": "0",
            "size_inclusive_of_fees": false,
            "total_value_after_fees": "0",
            "trigger_status": "INVALID_ORDER_TYPE",
            "order_type": "LIMIT",
            "reject_reason": "REJECT_REASON_UNSPECIFIED",
            "settled": false,
            "product_type": "SPOT",
        }))
    });
    let rows: Vec<Value> = row.into_iter().collect();
    Ok(json!({ "orders": rows, "sequence": "0", "has_next": false, "cursor": "" }))
}

/// The tier of the last thirty days.
pub(super) fn transaction_summary(call: &Call<'_>) -> Answer {
    let recent = call.book.fills.iter().filter(|fill| fill.time_ms > call.now_ms - 30 * DAY_MS);
    let (mut volume, mut fees) = (Amount::ZERO, Amount::ZERO);
    for fill in recent {
        let quote = call.world.markets.get(fill.market).map(|market| market.quote);
        let Some((quote, usdt)) = quote.zip(asset("USDT")) else { continue };
        let rate = call.world.prices.rate(quote, usdt, fill.time_ms.div_euclid(MINUTE_MS));
        volume = volume.plus(fill.price.times(fill.quantity).times(rate));
        fees = fees.plus(fill.commission.times(rate));
    }
    let (volume, fees) = (volume.short(), fees.short());
    Ok(json!({
        "total_volume": volume,
        "total_fees": fees,
        "fee_tier": {
            "pricing_tier": "Advanced",
            "usd_from": "0",
            "usd_to": "",
            "taker_fee_rate": FEE,
            "maker_fee_rate": FEE,
            "aop_from": "",
            "aop_to": "",
        },
        "margin_rate": null,
        "goods_and_services_tax": null,
        "advanced_trade_only_volume": volume,
        "advanced_trade_only_fees": fees,
        "coinbase_pro_volume": "0",
        "coinbase_pro_fees": "0",
        "total_balance": "",
        "has_promo_fee": false,
    }))
}
