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
use serde::Serialize;
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
    // Ids rise with time.
    let until =
        all.partition_point(|fill| fill.time_ms <= end.map_or(call.now_ms, |end| end.min(call.now_ms)));
    let from = match (from_id, start) {
        (Some(from), _) => all.partition_point(|fill| i64::try_from(fill.id).is_ok_and(|id| id < from)),
        (None, start) => start.map_or(0, |start| all.partition_point(|fill| fill.time_ms < start)),
    };
    let (before, all) = all.get(..until).unwrap_or_default().split_at(from.min(until));
    let of_order = |fill: &&Fill| order.is_none_or(|order| i64::try_from(fill.order_id) == Ok(order));
    let found = |fill: &&Fill| call.is_indexed(fill) && of_order(fill);
    // A first id or time gives the oldest from there; else the newest count. Always oldest first.
    let repeated = if from_id.is_some() { call.repeated(limit) } else { 0 };
    let page: Vec<&Fill> = if from_id.is_some() || start.is_some() {
        let again: Vec<&Fill> = before.iter().rev().filter(found).take(repeated).collect();
        again.into_iter().rev().chain(all.iter().filter(found)).take(limit).collect()
    } else {
        let newest: Vec<&Fill> = all.iter().rev().filter(found).take(limit).collect();
        newest.into_iter().rev().collect()
    };
    let page = call.page(page, limit);
    let rows: Vec<FillRow<'_>> = page.into_iter().map(|fill| FillRow::of(&market.symbol, fill)).collect();
    Ok(serde_json::to_string(&rows).expect("rows of texts and numbers are JSON"))
}

impl Call<'_> {
    fn is_indexed(&self, fill: &Fill) -> bool {
        self.is_found(fill.id, fill.time_ms)
    }

    /// Whether a row with this id, of this time, can be found by now.
    pub(super) fn is_found(&self, id: u64, time_ms: i64) -> bool {
        self.faults.is_none_or(|faults| faults.found_ms(id, time_ms) <= self.now_ms)
    }

    /// How many rows of the page before this one begins with: fewer than half of it, so that there is progress.
    pub(super) fn repeated(&self, limit: usize) -> usize {
        let is_repeated = matches!(self.disorder, Some((Disorder::Repeated, _)));
        if is_repeated { REPEATED_ROWS.min(limit.saturating_sub(1) / 2) } else { 0 }
    }
}

/// A fill as `myTrades` tells it. Thousands are told at once: they are written as they are, in the order of their names,
/// as all other rows are.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FillRow<'a> {
    commission: Amount,
    commission_asset: &'a str,
    id: u64,
    is_best_match: bool,
    is_buyer: bool,
    is_maker: bool,
    order_id: u64,
    order_list_id: i64,
    price: Amount,
    qty: Amount,
    quote_qty: Amount,
    symbol: &'a str,
    time: i64,
}

impl<'a> FillRow<'a> {
    pub(crate) const fn of(symbol: &'a str, fill: &Fill) -> Self {
        Self {
            commission: fill.fee,
            commission_asset: fill.fee_asset,
            id: fill.id,
            is_best_match: true,
            is_buyer: fill.buyer,
            is_maker: fill.maker,
            order_id: fill.order_id,
            order_list_id: -1,
            price: fill.price,
            qty: fill.quantity,
            quote_qty: fill.quote,
            symbol,
            time: fill.time_ms,
        }
    }
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
