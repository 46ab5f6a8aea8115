//! Executions, and the logs of both wallets.

use super::{
    Answer, Call,
    book::{Entry, Execution, Funded},
    market::{Category, tick_of},
    page::page,
    refusal::Refusal,
};
use crate::amount::Amount;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const WEEK_MS: i64 = 7 * DAY_MS;
/// Two years, by days that are counted generously.
const KEPT_MS: i64 = 731 * DAY_MS;
const EXECUTIONS: (usize, usize) = (50, 100);
const ENTRIES: (usize, usize) = (20, 50);
const FUNDED: (usize, usize) = (10, 100);
const EXECUTION_KINDS: [&str; 9] = [
    "Trade",
    "AdlTrade",
    "Funding",
    "BustTrade",
    "Delivery",
    "Settle",
    "BlockTrade",
    "MovePosition",
    "FutureSpread",
];

fn fee_rate(execution: &Execution) -> String {
    if execution.fee_coin.is_empty() {
        execution.fee.over(execution.value).short()
    } else {
        "0.001".to_owned()
    }
}

/// What began before the history that is kept.
fn kept(call: &Call<'_>, (from_ms, to_ms): (i64, i64)) -> Result<(i64, i64), Refusal> {
    if to_ms < call.now_ms - KEPT_MS {
        return Err(Refusal::parameter("only the last two years can be queried"));
    }
    Ok((from_ms, to_ms))
}

pub(super) fn executions(call: &Call<'_>) -> Answer {
    let category = Category::of(call.query)?;
    let window = kept(call, call.query.window(WEEK_MS, WEEK_MS, call.now_ms)?)?;
    let limit = call.query.limit("limit", EXECUTIONS.0, EXECUTIONS.1)?;
    let kind = call.query.word("execType", &EXECUTION_KINDS)?;
    let (symbol, order) = (call.query.text("symbol"), call.query.text("orderId"));
    let page = page(call, &call.book.executions, window, limit, |one: &Execution| {
        one.category == category.name()
            && kind.is_none_or(|kind| kind == one.kind)
            && symbol.is_none_or(|symbol| symbol == one.symbol)
            && order.is_none_or(|order| order == one.order_id)
    })?;
    let mut result = page.result("list", |one| execution_row(call, one));
    if let Some(fields) = result.as_object_mut() {
        fields.insert("category".to_owned(), Value::from(category.name()));
    }
    Ok(result.to_string())
}

fn execution_row(call: &Call<'_>, one: &Execution) -> Value {
    let price = one.price.fixed(tick_of(call.world, one.category, &one.symbol));
    let kind = if one.maker { "Limit" } else { "Market" };
    json!({
        "symbol": one.symbol,
        "orderId": one.order_id,
        "orderLinkId": "",
        "side": if one.buyer { "Buy" } else { "Sell" },
        "orderPrice": price,
        "orderQty": one.quantity.short(),
        "leavesQty": "0",
        "createType": if one.category == "spot" { "" } else { "CreateByUser" },
        "orderType": if one.kind == "Funding" { "UNKNOWN" } else { kind },
        "stopOrderType": "",
        "execFee": one.fee.short(),
        "execId": one.id,
        "execPrice": price,
        "execQty": one.quantity.short(),
        "execType": one.kind,
        "execValue": one.value.short(),
        "execTime": one.told.time_ms.to_string(),
        "feeCurrency": one.fee_coin,
        "isMaker": one.maker,
        "feeRate": fee_rate(one),
        "tradeIv": "",
        "markIv": "",
        "markPrice": price,
        "indexPrice": "",
        "underlyingPrice": "",
        "blockTradeId": "",
        "closedSize": "",
        "extraFees": "",
        "seq": one.sequence,
    })
}

pub(super) fn transaction_log(call: &Call<'_>) -> Answer {
    call.query.word("accountType", &["UNIFIED"])?;
    let category = call.query.word("category", &["spot", "linear", "option", "inverse"])?;
    let window = kept(call, call.query.window(WEEK_MS, DAY_MS, call.now_ms)?)?;
    let limit = call.query.limit("limit", ENTRIES.0, ENTRIES.1)?;
    let (coin, kind) = (call.query.text("currency"), call.query.text("type"));
    let page = page(call, &call.book.log, window, limit, |one: &Entry| {
        category.is_none_or(|category| category == one.category)
            && coin.is_none_or(|coin| coin == one.coin)
            && kind.is_none_or(|kind| kind == one.kind)
    })?;
    Ok(page.result("list", |one| entry_row(call, one)).to_string())
}

fn entry_row(call: &Call<'_>, one: &Entry) -> Value {
    let is_trade = !one.category.is_empty();
    let price = if is_trade {
        one.price.fixed(tick_of(call.world, one.category, &one.symbol))
    } else {
        "0".to_owned()
    };
    json!({
        "id": one.id,
        "symbol": one.symbol,
        "category": one.category,
        "side": one.side,
        "transactionTime": one.told.time_ms.to_string(),
        "type": one.kind,
        "transSubType": "",
        "qty": one.quantity.short(),
        "size": one.size.short(),
        "currency": one.coin,
        "tradePrice": price,
        "funding": one.funding.map(Amount::short).unwrap_or_default(),
        "fee": one.fee.short(),
        "cashFlow": one.cash_flow.short(),
        "change": one.change.short(),
        "cashBalance": one.balance.short(),
        "feeRate": if is_trade { "0.001" } else { "" },
        "bonusChange": "",
        "tradeId": one.trade_id,
        "orderId": one.order_id,
        "orderLinkId": "",
        "extraFees": "",
    })
}

/// Asked for by the second, both bounds or none.
pub(super) fn funding_log(call: &Call<'_>) -> Answer {
    let second = |name: &str| match call.query.text(name).map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(at)) if (1_000_000_000..10_000_000_000).contains(&at) => Ok(Some(at * 1000)),
        Some(_) => Err(Refusal::parameter(&format!("{name} is invalid"))),
    };
    let window = match (second("createTimeFrom")?, second("createTimeTo")?) {
        (None, None) => (call.now_ms - WEEK_MS, call.now_ms),
        (Some(from), Some(to)) if from <= to && to - from <= WEEK_MS => (from, to + 999),
        (Some(_), Some(_)) => return Err(Refusal::span()),
        _ => return Err(Refusal::parameter("createTimeFrom and createTimeTo go together")),
    };
    let limit = call.query.limit("limit", FUNDED.0, FUNDED.1)?;
    let page = page(call, &call.book.funding, window, limit, |_: &Funded| true)?;
    Ok(page.result("list", |one| funded_row(call, one)).to_string())
}

fn funded_row(call: &Call<'_>, one: &Funded) -> Value {
    let came = one.change >= Amount::ZERO;
    let amount = if came { one.change } else { one.change.negative() };
    json!({
        "memberId": call.world.account.uid.to_string(),
        "currency": one.coin,
        "ioDirection": if came { "I" } else { "O" },
        "txnAmt": amount.short(),
        "afterAmt": one.balance.short(),
        "createTime": one.told.time_ms.div_euclid(1000).to_string(),
        "showBusiType": format!("fundingAccountRecord{}", one.kind),
        "showBusiTypeEn": one.kind,
        "description": format!("fundingAccountRecord{}", one.words.replace([' ', '|', '-'], "")),
        "descriptionEn": one.words,
        "currcCursor": one.id,
    })
}
