//! `income`: all that changed a wallet of contracts, oldest first. The id of a row is unique within its kind only: profit
//! and commission of one fill share theirs. USD-M forgets after three months.

use super::{Coinm, Listed, Wing, contracts, limit, list, symbol};
use crate::{
    amount::Amount,
    rest::{Answer, Call, refusal::Refusal},
    world::contracts::{ContractFill, Contracts},
};
use serde_json::{Value, json};

const ROWS: usize = 100;
const ROWS_MAX: usize = 1000;
const DAY_MS: i64 = 86_400_000;
/// What is told without times.
const RECENT_MS: i64 = 7 * DAY_MS;
const KEPT_USDM_MS: i64 = 90 * DAY_MS;
const WINDOW_COINM_MS: i64 = 365 * DAY_MS;
const KINDS: [&str; 17] = [
    "TRANSFER",
    "WELCOME_BONUS",
    "REALIZED_PNL",
    "FUNDING_FEE",
    "COMMISSION",
    "INSURANCE_CLEAR",
    "REFERRAL_KICKBACK",
    "COMMISSION_REBATE",
    "API_REBATE",
    "CONTEST_REWARD",
    "CROSS_COLLATERAL_TRANSFER",
    "OPTIONS_PREMIUM_FEE",
    "OPTIONS_SETTLE_PROFIT",
    "INTERNAL_TRANSFER",
    "AUTO_EXCHANGE",
    "DELIVERED_SETTELMENT",
    "COIN_SWAP_DEPOSIT",
];

/// A row.
struct Income {
    time_ms: i64,
    kind: &'static str,
    symbol: String,
    asset: &'static str,
    amount: Amount,
    id: u64,
    trade_id: Option<u64>,
}

pub(super) fn income(call: &Call<'_>, wing: Wing) -> Answer {
    let contracts = contracts(call)?;
    let params = call.params;
    let symbol = params.symbol("symbol")?;
    if let Some(symbol) = symbol {
        wing.named(call, symbol)?;
    }
    let kind = params.text("incomeType")?;
    if kind.is_some_and(|kind| !KINDS.contains(&kind)) {
        return Err(Refusal::value("incomeType"));
    }
    let (start, end) = (params.time("startTime")?, params.time("endTime")?);
    let limit = limit(params, ROWS, ROWS_MAX)?;
    let page = match params.integer("page")? {
        Some(0) => return Err(Refusal::value("page")),
        page => usize::try_from(page.unwrap_or(1)).unwrap_or(usize::MAX),
    };
    let (from, to) = match (start, end) {
        (None, None) => (call.now_ms - RECENT_MS, call.now_ms),
        (Some(start), end) => (start, end.unwrap_or(call.now_ms)),
        (None, Some(end)) => (end.saturating_sub(RECENT_MS), end),
    };
    if wing == Coinm && to.saturating_sub(from) > WINDOW_COINM_MS {
        return Err(Refusal::days(365));
    }
    let kept_from = if wing == Coinm { 0 } else { call.now_ms - KEPT_USDM_MS };
    let (from, to) = (from.max(kept_from), to.min(call.now_ms));
    let mut found = all(call, contracts, wing);
    found.retain(|row| {
        (from..=to).contains(&row.time_ms)
            && kind.is_none_or(|kind| kind == row.kind)
            && symbol.is_none_or(|symbol| symbol == row.symbol)
    });
    found.sort_by(|a, b| (a.time_ms, a.kind, a.id).cmp(&(b.time_ms, b.kind, b.id)));
    let skipped = (page - 1).saturating_mul(limit);
    let rows = found.into_iter().skip(skipped).take(limit).map(|income| row(&income)).collect();
    list(call.page(rows, limit))
}

/// Everything that can be found now.
fn all(call: &Call<'_>, contracts: &Contracts, wing: Wing) -> Vec<Income> {
    let mut all = Vec::new();
    for moved in contracts.transfers.iter().filter(|moved| wing.settles().contains(&moved.asset)) {
        let amount = if moved.inward { moved.amount } else { moved.amount.negative() };
        let (time_ms, id, asset) = (moved.time_ms, moved.id, moved.asset);
        let (kind, symbol) = ("TRANSFER", String::new());
        all.push(Income { time_ms, kind, symbol, asset, amount, id, trade_id: None });
    }
    let listed = wing.all(contracts);
    for payment in contracts.funding_until(call.now_ms) {
        let Some(listed) = listed.iter().find(|listed| listed.index == payment.market) else { continue };
        all.push(Income {
            time_ms: payment.time_ms,
            kind: "FUNDING_FEE",
            symbol: symbol(listed.market),
            asset: listed.market.settle,
            amount: payment.amount,
            id: payment.id,
            trade_id: None,
        });
    }
    for listed in &listed {
        let fills = contracts.fills.get(listed.index).map(Vec::as_slice).unwrap_or_default();
        let found = fills.iter().filter(|fill| call.is_found(fill.id, fill.time_ms));
        all.extend(found.flat_map(|fill| of_fill(listed, fill)));
    }
    all
}

/// Profit, where something was closed, and commission.
fn of_fill(listed: &Listed<'_>, fill: &ContractFill) -> impl Iterator<Item = Income> {
    let parts = [("REALIZED_PNL", fill.realized), ("COMMISSION", fill.fee.negative())];
    let place = u64::try_from(listed.index).unwrap_or(0) + 1;
    let (time_ms, asset) = (fill.time_ms, listed.market.settle);
    let (symbol, trade_id) = (listed.symbol.clone(), fill.id);
    let id = place * 1_000_000_000_000 + trade_id;
    parts.into_iter().filter(|(_, amount)| *amount != Amount::ZERO).map(move |(kind, amount)| Income {
        time_ms,
        kind,
        symbol: symbol.clone(),
        asset,
        amount,
        id,
        trade_id: Some(trade_id),
    })
}

fn row(income: &Income) -> Value {
    json!({
        "symbol": income.symbol,
        "incomeType": income.kind,
        "income": income.amount.to_string(),
        "asset": income.asset,
        "info": income.trade_id.map_or_else(|| income.kind.to_owned(), |id| id.to_string()),
        "time": income.time_ms,
        "tranId": income.id,
        "tradeId": income.trade_id.map(|id| id.to_string()).unwrap_or_default(),
    })
}
