//! The spot account: balances and fills.

use super::{Answer, Call, refusal::Refusal};
use crate::{
    amount::Amount,
    faults::Disorder,
    world::{
        World,
        account::{Account, Fill},
        market::ASSETS,
    },
};
use serde_json::{Value, json};

const ROWS: usize = 500;
const ROWS_MAX: usize = 1000;
const DAY_MS: i64 = 86_400_000;
/// A page that repeats the one before begins this many rows early.
const REPEATED_ROWS: usize = 40;

pub(super) fn account(call: &Call<'_>) -> Answer {
    let omit = match call.params.text("omitZeroBalances")? {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Refusal::illegal("omitZeroBalances", "^(true|false)$")),
    };
    let account = &call.world.account;
    Ok(json!({
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": { "maker": "0.00100000", "taker": "0.00100000", "buyer": "0.00000000", "seller": "0.00000000" },
        // Of the account, not of the key: whoever takes them for the key's rights is wrong.
        "canTrade": true,
        "canWithdraw": true,
        "canDeposit": true,
        "brokered": false,
        "requireSelfTradePrevention": false,
        "preventSor": false,
        "updateTime": account.updated_ms,
        "accountType": "SPOT",
        "balances": balance_rows(account, omit),
        "permissions": ["TRD_GRP_002"],
        "uid": account.uid,
    })
    .to_string())
}

/// Balances as `account` tells them; without zeros if so wanted.
pub(crate) fn balance_rows(account: &Account, omit_zeros: bool) -> Vec<Value> {
    let all = ASSETS.iter().map(|asset| (asset.name, account.free(asset.name), account.locked(asset.name)));
    let wanted = all.filter(|(_, free, locked)| !omit_zeros || free.plus(*locked).is_positive());
    wanted.map(|(asset, free, locked)| json!({ "asset": asset, "free": free.to_string(), "locked": locked.to_string() })).collect()
}

/// What may be combined: nothing, or an order, a first id, an order from an id on, or times.
pub(super) fn my_trades(call: &Call<'_>) -> Answer {
    let params = call.params;
    let symbol = params.symbol("symbol")?.ok_or_else(|| Refusal::missing("symbol"))?;
    let (order, from_id) = (params.integer("orderId")?, params.integer("fromId")?);
    let (start, end) = (params.time("startTime")?, params.time("endTime")?);
    let limit = params.limit("limit", ROWS, ROWS_MAX)?;
    let (index, market) = call.world.market(symbol).ok_or_else(Refusal::symbol)?;
    if (order.is_some() || from_id.is_some()) && (start.is_some() || end.is_some()) {
        return Err(Refusal::combination());
    }
    if let (Some(start), Some(end)) = (start, end)
        && end.saturating_sub(start) > DAY_MS
    {
        return Err(Refusal::hours());
    }
    let all = call.world.account.fills.get(index).map(Vec::as_slice).unwrap_or_default();
    let found: Vec<&Fill> = all
        .iter()
        .filter(|fill| fill.time_ms <= call.now_ms && call.is_indexed(fill))
        .filter(|fill| order.is_none_or(|order| i64::try_from(fill.order_id) == Ok(order)))
        .filter(|fill| {
            start.is_none_or(|start| fill.time_ms >= start) && end.is_none_or(|end| fill.time_ms <= end)
        })
        .collect();
    // A first id or time gives the oldest from there; else the newest count. Always oldest first.
    let oldest_first = from_id.is_some() || start.is_some();
    let first = match from_id {
        Some(from) => found.partition_point(|fill| i64::try_from(fill.id).is_ok_and(|id| id < from)),
        None if oldest_first => 0,
        None => found.len().saturating_sub(limit),
    };
    let first = if from_id.is_some() { first.saturating_sub(call.repeated(limit)) } else { first };
    let rows = found.into_iter().skip(first).take(limit).map(|fill| fill_row(&market.symbol, fill)).collect();
    Ok(Value::from(call.page(rows, limit)).to_string())
}

impl Call<'_> {
    fn is_indexed(&self, fill: &Fill) -> bool {
        self.faults.is_none_or(|faults| faults.indexed_ms(fill) <= self.now_ms)
    }

    /// How many rows of the page before this one begins with: fewer than half of it, so that there is progress.
    fn repeated(&self, limit: usize) -> usize {
        let is_repeated = matches!(self.disorder, Some((Disorder::Repeated, _)));
        if is_repeated { REPEATED_ROWS.min(limit.saturating_sub(1) / 2) } else { 0 }
    }
}

/// A fill as `myTrades` tells it.
pub(crate) fn fill_row(symbol: &str, fill: &Fill) -> Value {
    json!({
        "symbol": symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "orderListId": -1,
        "price": fill.price.to_string(),
        "qty": fill.quantity.to_string(),
        "quoteQty": fill.quote.to_string(),
        "commission": fill.fee.to_string(),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.buyer,
        "isMaker": fill.maker,
        "isBestMatch": true,
    })
}

pub(super) fn open_orders(call: &Call<'_>) -> Answer {
    let symbol = call.params.symbol("symbol")?;
    if symbol.is_some_and(|symbol| call.world.market(symbol).is_none()) {
        return Err(Refusal::symbol());
    }
    let rows = open_order_row(call.world).filter(|row| symbol.is_none_or(|symbol| row["symbol"] == symbol));
    Ok(Value::from(rows.into_iter().collect::<Vec<_>>()).to_string())
}

fn open_order_row(world: &World) -> Option<Value> {
    let order = world.account.open_order.as_ref()?;
    let market = world.markets.get(order.market)?;
    Some(json!({
        "symbol": market.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": format!("far-away-{}", order.id),
        "price": order.price.to_string(),
        "origQty": order.quantity.to_string(),
        "executedQty": Amount::ZERO.to_string(),
        "origQuoteOrderQty": Amount::ZERO.to_string(),
        "cummulativeQuoteQty": Amount::ZERO.to_string(),
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "BUY",
        "stopPrice": Amount::ZERO.to_string(),
        "icebergQty": Amount::ZERO.to_string(),
        "time": order.time_ms,
        "updateTime": order.time_ms,
        "isWorking": true,
        "workingTime": order.time_ms,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }))
}

pub(super) fn commission(call: &Call<'_>) -> Answer {
    let symbol = call.params.symbol("symbol")?.ok_or_else(|| Refusal::missing("symbol"))?;
    call.world.market(symbol).ok_or_else(Refusal::symbol)?;
    let rates =
        |rate: &str| json!({ "maker": rate, "taker": rate, "buyer": "0.00000000", "seller": "0.00000000" });
    Ok(json!({
        "symbol": symbol,
        "standardCommission": rates("0.00100000"),
        "specialCommission": rates("0.00000000"),
        "taxCommission": rates("0.00000000"),
        "discount": { "enabledForAccount": true, "enabledForSymbol": true, "discountAsset": "BNB", "discount": "0.75000000" },
    })
    .to_string())
}
