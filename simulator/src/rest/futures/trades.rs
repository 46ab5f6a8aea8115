//! `userTrades`: seven days if no times are given, seven days at most if they are, and nothing older than six months.

use super::{Coinm, Listed, Usdm, contracts, limit, list};
use crate::{
    rest::{Answer, Call, refusal::Refusal},
    world::contracts::{ContractFill, ContractMarket},
};
use serde_json::{Value, json};

const ROWS_USDM: usize = 500;
const ROWS_COINM: usize = 50;
const ROWS_MAX: usize = 1000;
const DAY_MS: i64 = 86_400_000;
const WINDOW_MS: i64 = 7 * DAY_MS;
const KEPT_MS: i64 = 183 * DAY_MS;

/// USD-M: by symbol.
pub(super) fn by_symbol(call: &Call<'_>) -> Answer {
    contracts(call)?;
    let listed = Usdm.required(call)?;
    fills(call, &[listed], ROWS_USDM)
}

/// COIN-M: by symbol, or by pair of all its contracts, and then from no id on.
pub(super) fn by_symbol_or_pair(call: &Call<'_>) -> Answer {
    let contracts = contracts(call)?;
    match (call.params.symbol("symbol")?, call.params.symbol("pair")?) {
        (Some(_), None) => fills(call, &[Coinm.required(call)?], ROWS_COINM),
        (None, Some(pair)) => {
            if call.params.has("fromId") || call.params.has("orderId") {
                return Err(Refusal::combination());
            }
            let mut all = Coinm.all(contracts);
            all.retain(|listed| listed.market.symbol == pair);
            if all.is_empty() { Err(Refusal::pair()) } else { fills(call, &all, ROWS_COINM) }
        }
        (Some(_), Some(_)) => Err(Refusal::combination()),
        (None, None) => Err(Refusal::missing("symbol")),
    }
}

/// A first id or a start gives the oldest from there, else the newest count; always oldest first.
fn fills(call: &Call<'_>, wanted: &[Listed<'_>], default: usize) -> Answer {
    let params = call.params;
    let (order, from_id) = (params.integer("orderId")?, params.integer("fromId")?);
    let (start, end) = (params.time("startTime")?, params.time("endTime")?);
    let limit = limit(params, default, ROWS_MAX)?;
    if from_id.is_some() && (start.is_some() || end.is_some()) {
        return Err(Refusal::combination());
    }
    let (from, to) = match (start, end) {
        (Some(start), Some(end)) if end.saturating_sub(start) > WINDOW_MS => return Err(Refusal::week()),
        (Some(start), end) => (start, end.unwrap_or(start.saturating_add(WINDOW_MS))),
        (None, Some(end)) => (end.saturating_sub(WINDOW_MS), end),
        // An id is looked for in all that is kept.
        (None, None) if from_id.is_some() || order.is_some() => (0, call.now_ms),
        (None, None) => (call.now_ms - WINDOW_MS, call.now_ms),
    };
    let (from, to) = (from.max(call.now_ms - KEPT_MS), to.min(call.now_ms));
    let mut found: Vec<(&Listed<'_>, &ContractFill)> = Vec::new();
    for listed in wanted {
        let all = contracts(call)?.fills.get(listed.index).map(Vec::as_slice).unwrap_or_default();
        let here = all
            .iter()
            .filter(|fill| (from..=to).contains(&fill.time_ms) && call.is_found(fill.id, fill.time_ms))
            .filter(|fill| order.is_none_or(|order| i64::try_from(fill.order_id) == Ok(order)));
        found.extend(here.map(|fill| (listed, fill)));
    }
    found.sort_by_key(|(_, fill)| (fill.time_ms, fill.sequence));
    let first = match from_id {
        Some(first) => {
            let place = found.partition_point(|(_, fill)| i64::try_from(fill.id).is_ok_and(|id| id < first));
            place.saturating_sub(call.repeated(limit))
        }
        None if start.is_some() => 0,
        None => found.len().saturating_sub(limit),
    };
    let rows = found.into_iter().skip(first).take(limit).map(|(listed, fill)| row(listed, fill)).collect();
    list(call.page(rows, limit))
}

fn row(listed: &Listed<'_>, fill: &ContractFill) -> Value {
    let market = listed.market;
    let mut row = json!({
        "symbol": listed.symbol,
        "id": fill.id,
        "orderId": fill.order_id,
        "side": if fill.buyer { "BUY" } else { "SELL" },
        "price": fill.price.short(),
        "qty": fill.quantity.short(),
        "realizedPnl": fill.realized.to_string(),
        "commission": fill.fee.to_string(),
        "commissionAsset": market.settle,
        "time": fill.time_ms,
        "positionSide": "BOTH",
        "buyer": fill.buyer,
        "maker": fill.maker,
    });
    if let Value::Object(fields) = &mut row {
        for (name, value) in worth(market, fill) {
            fields.insert(name.to_owned(), value.into());
        }
    }
    row
}

/// What a fill is worth: in the quote, or in the coin where a contract is a sum of the quote.
fn worth(market: &ContractMarket, fill: &ContractFill) -> Vec<(&'static str, String)> {
    let value = market.value(fill.quantity, fill.price);
    if market.inverse {
        vec![
            ("pair", market.symbol.to_owned()),
            ("marginAsset", market.settle.to_owned()),
            ("baseQty", value.to_string()),
        ]
    } else {
        vec![("quoteQty", value.short())]
    }
}
