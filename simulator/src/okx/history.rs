//! Executions and bookings.

use super::{
    Answer, Call,
    book::{Bill, Execution},
    names::{KINDS, SPOT},
    page::{By, page, told},
    refusal::Refusal,
};
use crate::amount::Amount;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
/// How long lists are kept: of executions, of bookings of the trading account and of those of the funding account, the
/// recent ones and all.
const EXECUTIONS_MS: i64 = 3 * DAY_MS;
const EXECUTIONS_HISTORY_MS: i64 = 90 * DAY_MS;
const BILLS_MS: i64 = 7 * DAY_MS;
const BILLS_ARCHIVE_MS: i64 = 90 * DAY_MS;
const FUNDING_BILLS_MS: i64 = 30 * DAY_MS;
/// 2021-02-01: older bookings of the funding account are not told.
const FUNDING_SINCE_MS: i64 = 1_612_137_600_000;

/// What was charged is below zero.
pub(super) fn signed_fee(fee: Amount) -> String {
    fee.negative().short()
}

pub(super) fn fills(call: &Call<'_>) -> Answer {
    let kind = call.query.word("instType", &KINDS)?;
    executions(call, kind, EXECUTIONS_MS)
}

pub(super) fn fills_history(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    executions(call, kind, EXECUTIONS_HISTORY_MS)
}

fn executions(call: &Call<'_>, kind: Option<&str>, kept_ms: i64) -> Answer {
    let instrument = call.query.text("instId");
    let order = call.query.text("ordId");
    let rows = page(call, call.book.executions.iter(), (By::Number, call.now_ms - kept_ms), |execution| {
        kind.is_none_or(|kind| kind == execution.kind)
            && instrument.is_none_or(|instrument| instrument == execution.instrument)
            && order.is_none_or(|order| order == execution.order_id)
    })?;
    Ok(told(rows, execution_row))
}

const fn word(maker: Option<bool>) -> &'static str {
    match maker {
        None => "",
        Some(true) => "M",
        Some(false) => "T",
    }
}

fn execution_row(execution: &Execution) -> Value {
    let is_spot = execution.kind == SPOT;
    json!({
        "side": if execution.buyer { "buy" } else { "sell" },
        "fillSz": execution.size.short(),
        "fillPx": execution.price.short(),
        "fillPxVol": "",
        "fillFwdPx": "",
        "fee": signed_fee(execution.fee),
        "fillPnl": execution.profit.short(),
        "ordId": execution.order_id,
        "feeRate": if is_spot { "-0.001" } else { "" },
        "instType": execution.kind,
        "fillPxUsd": "",
        "instId": execution.instrument,
        "clOrdId": "",
        "posSide": "net",
        "billId": execution.bill_id.to_string(),
        "subType": execution.subtype,
        "fillMarkVol": "",
        "tag": "",
        "fillTime": execution.time_ms.to_string(),
        "execType": word(execution.maker),
        "fillIdxPx": "",
        "tradeId": execution.trade_id,
        "fillMarkPx": "",
        "feeCcy": execution.fee_asset,
        "ts": execution.time_ms.to_string(),
    })
}

pub(super) fn bills(call: &Call<'_>) -> Answer {
    trading_bills(call, BILLS_MS)
}

pub(super) fn bills_archive(call: &Call<'_>) -> Answer {
    trading_bills(call, BILLS_ARCHIVE_MS)
}

fn trading_bills(call: &Call<'_>, kept_ms: i64) -> Answer {
    let query = call.query;
    let instrument_kind = query.word("instType", &KINDS)?;
    let is = |name: &str, value: &str| query.text(name).is_none_or(|wanted| wanted == value);
    let rows = page(call, call.book.trading.iter(), (By::Number, call.now_ms - kept_ms), |bill| {
        let of_kind = |kind| bill.about.as_ref().is_some_and(|about| about.kind == kind);
        instrument_kind.is_none_or(of_kind)
            && is("instId", bill.about.as_ref().map_or("", |about| &about.instrument))
            && is("ccy", bill.asset)
            && is("type", bill.kind)
            && is("subType", bill.subtype)
    })?;
    Ok(told(rows, bill_row))
}

fn bill_row(bill: &Bill) -> Value {
    let about = bill.about.as_ref();
    let text = |of: fn(&super::book::About) -> String| about.map(of).unwrap_or_default();
    let (from, to) = bill.between.unwrap_or_default();
    let mut row = json!({
        "bal": bill.balance.short(),
        "balChg": bill.change.short(),
        "billId": bill.id.to_string(),
        "ccy": bill.asset,
        "clOrdId": "",
        "earnAmt": "",
        "earnApr": "",
        "execType": word(about.and_then(|about| about.maker)),
        "fee": signed_fee(bill.fee),
        "fillTime": if about.is_some() { bill.time_ms.to_string() } else { String::new() },
        "from": from,
        "instId": text(|about| about.instrument.clone()),
        "instType": text(|about| about.kind.to_owned()),
        "interest": "0",
        "mgnMode": about.map_or("", |about| if about.kind == SPOT { "cash" } else { "cross" }),
        "notes": "",
        "ordId": text(|about| about.order_id.clone()),
        "pnl": bill.profit.short(),
        "posBal": "0",
        "posBalChg": "0",
        "px": text(|about| about.price.short()),
        "subType": bill.subtype,
        "sz": about.map_or_else(|| unsigned(bill.change), |about| about.size.short()),
        "tag": "",
        "to": to,
        "tradeId": text(|about| about.trade_id.clone()),
        "ts": bill.time_ms.to_string(),
        "type": bill.kind,
    });
    let of_fills = ["fillFwdPx", "fillIdxPx", "fillMarkPx", "fillMarkVol", "fillPxUsd", "fillPxVol"];
    if let Some(fields) = row.as_object_mut() {
        fields.extend(of_fills.map(|name| (name.to_owned(), Value::from(""))));
    }
    row
}

fn unsigned(amount: Amount) -> String {
    if amount < Amount::ZERO { amount.negative().short() } else { amount.short() }
}

pub(super) fn funding_bills(call: &Call<'_>) -> Answer {
    listed_funding_bills(call, By::Time, call.now_ms - FUNDING_BILLS_MS)
}

pub(super) fn funding_bills_history(call: &Call<'_>) -> Answer {
    let by = match call.query.word("pagingType", &["1", "2"])? {
        Some("2") => By::Number,
        _ => By::Time,
    };
    listed_funding_bills(call, by, FUNDING_SINCE_MS)
}

fn listed_funding_bills(call: &Call<'_>, by: By, since_ms: i64) -> Result<String, Refusal> {
    let is = |name: &str, value: &str| call.query.text(name).is_none_or(|wanted| wanted == value);
    let rows = page(call, call.book.funding.iter(), (by, since_ms), |bill| {
        is("ccy", bill.asset) && is("type", bill.kind)
    })?;
    Ok(told(rows, |bill| {
        json!({
            "billId": bill.id.to_string(),
            "ccy": bill.asset,
            "clientId": "",
            "balChg": bill.change.short(),
            "bal": bill.balance.short(),
            "type": bill.kind,
            "ts": bill.time_ms.to_string(),
            "notes": "",
        })
    }))
}
