//! Cross and isolated margin: fills, interest, loans, what is held and owed. Who has none is told -3003; a pair that has none is
//! told of as an empty one.

mod isolated;

use super::{
    Answer, Call,
    params::Params,
    refusal::Refusal,
    routes::{Route, sapi},
    wallet::with,
};
use crate::{
    amount::Amount,
    weights::Budget,
    world::{
        account::Fill,
        asset,
        margin::{Held, Interest, Loan, Margin},
        market::{ASSETS, Market},
        price::MINUTE_MS,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const FILLS: usize = 500;
const FILLS_MAX: usize = 1000;
const ROWS: usize = 10;
const ROWS_MAX: usize = 100;
const DAY_MS: i64 = 86_400_000;
const WINDOW_MS: i64 = 30 * DAY_MS;
const RECENT_MS: i64 = 7 * DAY_MS;

pub(super) static ROUTES: &[Route] = &[
    sapi("/sapi/v1/margin/allPairs", Budget::Ip, |_| 1, all_pairs),
    sapi("/sapi/v1/margin/isolated/allPairs", Budget::Ip, |_| 1, isolated::all_pairs),
    sapi("/sapi/v1/margin/account", Budget::Ip, |_| 10, account),
    sapi("/sapi/v1/margin/isolated/account", Budget::Ip, |_| 10, isolated::account),
    sapi("/sapi/v1/margin/myTrades", Budget::Ip, |_| 10, my_trades),
    sapi("/sapi/v1/margin/interestHistory", Budget::Ip, |_| 1, interest),
    sapi("/sapi/v1/margin/borrow-repay", Budget::Ip, |_| 10, loans),
    sapi("/sapi/v1/margin/forceLiquidationRec", Budget::Ip, |_| 1, liquidations),
];

fn cross<'a>(call: &Call<'a>) -> Result<&'a Margin, Refusal> {
    call.world.margin.as_ref().map(|wallets| &wallets.cross).ok_or_else(Refusal::no_margin)
}

/// The wallet that a question is about, and its pair if it is of one.
fn asked_for<'a>(call: &Call<'a>) -> Result<(Option<&'a Margin>, Option<&'a str>), Refusal> {
    let cross = cross(call)?;
    let Some(symbol) = call.params.symbol("isolatedSymbol")? else { return Ok((Some(cross), None)) };
    let (index, market) = call.world.market(symbol).ok_or_else(Refusal::symbol)?;
    Ok((of_pair(call, index), Some(&market.symbol)))
}

fn of_pair<'a>(call: &Call<'a>, market: usize) -> Option<&'a Margin> {
    call.world.margin.as_ref()?.isolated.get(&market)
}

/// What can be traded on margin: what was.
fn all_pairs(call: &Call<'_>) -> Answer {
    let traded = call.world.margin.iter().flat_map(|wallets| wallets.cross.fills.keys());
    let rows = traded.filter_map(|index| {
        let id = 351_637_150_141_315_861_u64 + u64::try_from(*index).unwrap_or(0);
        Some(with(pair_row(call.world.markets.get(*index)?), "id", id.into()))
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

fn pair_row(market: &Market) -> Value {
    json!({
        "symbol": market.symbol,
        "base": market.base.name,
        "quote": market.quote.name,
        "isMarginTrade": true,
        "isBuyAllowed": true,
        "isSellAllowed": true,
    })
}

fn account(call: &Call<'_>) -> Answer {
    let held = cross(call)?.held(call.world, call.now_ms);
    let [assets, debts] = worth(call, &held);
    let rows =
        ASSETS.iter().map(|asset| row_of(asset.name, held.get(asset.name).copied().unwrap_or_default()));
    Ok(json!({
        "created": true,
        "borrowEnabled": true,
        "tradeEnabled": true,
        "transferInEnabled": true,
        "transferOutEnabled": true,
        "accountType": "MARGIN_1",
        "marginLevel": level(assets, debts).to_string(),
        "totalAssetOfBtc": assets.to_string(),
        "totalLiabilityOfBtc": debts.to_string(),
        "totalNetAssetOfBtc": assets.minus(debts).to_string(),
        "userAssets": rows.collect::<Vec<_>>(),
    })
    .to_string())
}

/// What all that is held is worth in bitcoin, and all that is owed.
fn worth(call: &Call<'_>, held: &BTreeMap<&'static str, Held>) -> [Amount; 2] {
    let minute = call.now_ms.div_euclid(MINUTE_MS);
    let sum = |part: fn(&Held) -> Amount| {
        let worth = held.iter().filter_map(|(name, held)| {
            Some(part(held).times(call.world.prices.rate(asset(name)?, asset("BTC")?, minute)))
        });
        worth.fold(Amount::ZERO, Amount::plus)
    };
    [sum(|held| held.free), sum(|held| held.borrowed.plus(held.interest))]
}

fn level(assets: Amount, debts: Amount) -> Amount {
    if debts.is_positive() { assets.over(debts) } else { Amount::of(999, 0) }
}

fn row_of(asset: &str, held: Held) -> Value {
    json!({
        "asset": asset,
        "borrowed": held.borrowed.to_string(),
        "free": held.free.to_string(),
        "interest": held.interest.to_string(),
        "locked": Amount::ZERO.to_string(),
        "netAsset": held.net().to_string(),
    })
}

/// From an id on, or else a day: the last one if no times are given.
fn my_trades(call: &Call<'_>) -> Answer {
    let params = call.params;
    let symbol = params.symbol("symbol")?.ok_or_else(|| Refusal::missing("symbol"))?;
    let (index, market) = call.world.market(symbol).ok_or_else(Refusal::symbol)?;
    let isolated = match params.text("isIsolated")? {
        None | Some("FALSE" | "false") => false,
        Some("TRUE" | "true") => true,
        Some(_) => return Err(Refusal::value("isIsolated")),
    };
    let (order, from_id) = (params.integer("orderId")?, params.integer("fromId")?);
    let (start, end) = (params.time("startTime")?, params.time("endTime")?);
    let limit = params.limit("limit", FILLS, FILLS_MAX)?;
    let (from, to) = match (start, end) {
        _ if from_id.is_some() || order.is_some() => (0, call.now_ms),
        (Some(start), Some(end)) if end.saturating_sub(start) > DAY_MS => return Err(Refusal::hours()),
        (Some(start), end) => (start, end.unwrap_or(start.saturating_add(DAY_MS))),
        (None, end) => {
            let end = end.unwrap_or(call.now_ms);
            (end.saturating_sub(DAY_MS), end)
        }
    };
    let cross = cross(call)?;
    let margin = if isolated { of_pair(call, index) } else { Some(cross) };
    let all = margin.and_then(|margin| margin.fills.get(&index)).map(Vec::as_slice).unwrap_or_default();
    let found: Vec<&Fill> = all
        .iter()
        .filter(|fill| (from..=to.min(call.now_ms)).contains(&fill.time_ms))
        .filter(|fill| call.is_found(fill.id, fill.time_ms))
        .filter(|fill| order.is_none_or(|order| i64::try_from(fill.order_id) == Ok(order)))
        .collect();
    let first = match from_id {
        Some(from) => {
            let place = found.partition_point(|fill| i64::try_from(fill.id).is_ok_and(|id| id < from));
            place.saturating_sub(call.repeated(limit))
        }
        None if start.is_some() => 0,
        None => found.len().saturating_sub(limit),
    };
    let rows = found
        .into_iter()
        .skip(first)
        .take(limit)
        .map(|fill| fill_row(&market.symbol, isolated, fill))
        .collect();
    Ok(Value::from(call.page(rows, limit)).to_string())
}

/// As on spot, without the sum.
fn fill_row(symbol: &str, isolated: bool, fill: &Fill) -> Value {
    json!({
        "symbol": symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "price": fill.price.to_string(),
        "qty": fill.quantity.to_string(),
        "commission": fill.fee.to_string(),
        "commissionAsset": fill.fee_asset,
        "time": fill.time_ms,
        "isBuyer": fill.buyer,
        "isMaker": fill.maker,
        "isBestMatch": true,
        "isIsolated": isolated,
    })
}

/// The times of a question about the wallet: seven days if none are given, thirty at most.
fn window(params: &Params, now_ms: i64) -> Result<(i64, i64), Refusal> {
    match (params.time("startTime")?, params.time("endTime")?) {
        (Some(start), Some(end)) if end.saturating_sub(start) > WINDOW_MS => Err(Refusal::days(30)),
        (Some(start), end) => Ok((start, end.unwrap_or(start.saturating_add(WINDOW_MS)).min(now_ms))),
        (None, end) => {
            let end = end.unwrap_or(now_ms).min(now_ms);
            Ok((end.saturating_sub(RECENT_MS), end))
        }
    }
}

/// A page of rows, newest first, in the venue's envelope.
pub(super) fn page(call: &Call<'_>, newest_first: Vec<Value>) -> Answer {
    let current = match call.params.integer("current")? {
        Some(0) => return Err(Refusal::value("current")),
        current => usize::try_from(current.unwrap_or(1)).unwrap_or(usize::MAX),
    };
    let size = match call.params.integer("size")? {
        Some(size) if usize::try_from(size).is_ok_and(|size| size > ROWS_MAX) => {
            return Err(Refusal::value("size"));
        }
        _ => call.params.limit("size", ROWS, ROWS_MAX)?,
    };
    let total = newest_first.len();
    let rows = newest_first.into_iter().skip((current - 1).saturating_mul(size)).take(size).collect();
    Ok(json!({ "total": total, "rows": call.page(rows, size) }).to_string())
}

fn interest(call: &Call<'_>) -> Answer {
    let (margin, pair) = asked_for(call)?;
    let (from, to) = window(call.params, call.now_ms)?;
    let asset = call.params.symbol("asset")?;
    let all = margin.map(|margin| margin.interest_until(call.now_ms)).unwrap_or_default();
    let found = all.iter().rev().filter(|interest| {
        (from..=to).contains(&interest.time_ms) && asset.is_none_or(|asset| asset == interest.asset)
    });
    page(call, found.map(|interest| interest_row(interest, pair)).collect())
}

pub(crate) fn interest_row(interest: &Interest, pair: Option<&str>) -> Value {
    let row = json!({
        "txId": interest.id,
        "interestAccuredTime": interest.time_ms,
        "asset": interest.asset,
        "rawAsset": interest.asset,
        "principal": interest.principal.to_string(),
        "interest": interest.amount.to_string(),
        "interestRate": "0.00005400",
        "type": if interest.on_borrow { "ON_BORROW" } else { "PERIODIC" },
    });
    of(row, pair)
}

/// Rows of a pair name it.
fn of(row: Value, pair: Option<&str>) -> Value {
    match pair {
        Some(pair) => with(row, "isolatedSymbol", pair.into()),
        None => row,
    }
}

fn loans(call: &Call<'_>) -> Answer {
    let (margin, pair) = asked_for(call)?;
    let repaid = match call.params.required("type")? {
        "BORROW" => false,
        "REPAY" => true,
        _ => return Err(Refusal::value("type")),
    };
    let (from, to) = window(call.params, call.now_ms)?;
    let asset = call.params.symbol("asset")?;
    let found = margin.iter().flat_map(|margin| margin.loans.iter().rev()).filter(|loan| {
        loan.repaid == repaid
            && (from..=to).contains(&loan.time_ms)
            && asset.is_none_or(|asset| asset == loan.asset)
    });
    page(call, found.map(|loan| loan_row(loan, pair)).collect())
}

pub(crate) fn loan_row(loan: &Loan, pair: Option<&str>) -> Value {
    let row = json!({
        "txId": loan.id,
        "timestamp": loan.time_ms,
        "asset": loan.asset,
        "amount": loan.principal.plus(loan.interest).to_string(),
        "principal": loan.principal.to_string(),
        "interest": loan.interest.to_string(),
        "status": "CONFIRMED",
        "type": "MANUAL",
    });
    of(row, pair)
}

/// The venue never sold anything here.
fn liquidations(call: &Call<'_>) -> Answer {
    asked_for(call)?;
    window(call.params, call.now_ms)?;
    page(call, Vec::new())
}
