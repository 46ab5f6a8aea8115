//! `asset/transfer`: what moved between the wallets of the account, by kind of move; seven days if no times are given,
//! and nothing older than six months.

use super::{Answer, Call, margin, refusal::Refusal};
use crate::world::contracts::WalletTransfer;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const RECENT_MS: i64 = 7 * DAY_MS;
const KEPT_MS: i64 = 183 * DAY_MS;

const WALLETS: [&str; 6] = ["MAIN", "UMFUTURE", "CMFUTURE", "MARGIN", "FUNDING", "OPTION"];

pub(super) fn transfers(call: &Call<'_>) -> Answer {
    let kind = call.params.required("type")?;
    let known = kind
        .split_once('_')
        .filter(|(from, to)| from != to && WALLETS.contains(from) && WALLETS.contains(to));
    let isolated = kind.contains("ISOLATEDMARGIN") || kind.starts_with("PORTFOLIO_MARGIN_");
    if known.is_none() && !isolated {
        return Err(Refusal::value("type"));
    }
    let (start, end) = (call.params.time("startTime")?, call.params.time("endTime")?);
    let (from, to) = match (start, end) {
        (Some(start), end) => (start, end.unwrap_or(call.now_ms)),
        (None, end) => {
            let end = end.unwrap_or(call.now_ms);
            (end.saturating_sub(RECENT_MS), end)
        }
    };
    let (from, to) = (from.max(call.now_ms - KEPT_MS), to.min(call.now_ms));
    let mut found: Vec<&WalletTransfer> = moved(call, kind);
    found.retain(|moved| (from..=to).contains(&moved.time_ms));
    found.sort_by_key(|moved| (-moved.time_ms, moved.id));
    margin::page(call, found.into_iter().map(|moved| row(kind, moved)).collect())
}

/// Moves of a kind.
fn moved<'a>(call: &Call<'a>, kind: &str) -> Vec<&'a WalletTransfer> {
    let contracts = call.world.contracts.iter().flat_map(|contracts| &contracts.transfers);
    let of_contracts = |asset: &'static str, inward: bool| {
        contracts.clone().filter(move |moved| moved.asset == asset && moved.inward == inward).collect()
    };
    let margin = call.world.margin.iter().flat_map(|margin| &margin.transfers);
    match kind {
        "MAIN_UMFUTURE" => of_contracts("USDT", true),
        "UMFUTURE_MAIN" => of_contracts("USDT", false),
        "MAIN_CMFUTURE" => of_contracts("BTC", true),
        "CMFUTURE_MAIN" => of_contracts("BTC", false),
        "MAIN_MARGIN" => margin.filter(|moved| moved.inward).collect(),
        "MARGIN_MAIN" => margin.filter(|moved| !moved.inward).collect(),
        _ => Vec::new(),
    }
}

fn row(kind: &str, moved: &WalletTransfer) -> Value {
    json!({
        "asset": moved.asset,
        "amount": moved.amount.short(),
        "type": kind,
        "status": "CONFIRMED",
        "tranId": moved.id,
        "timestamp": moved.time_ms,
    })
}
