//! `asset/transfer`: what moved between the wallets of the account, by kind of move; seven days if no times are given,
//! and nothing older than six months.

use super::{Answer, Call, margin, refusal::Refusal};
use crate::world::contracts::WalletTransfer;
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const RECENT_MS: i64 = 7 * DAY_MS;
const KEPT_MS: i64 = 183 * DAY_MS;

const WALLETS: [&str; 6] = ["MAIN", "UMFUTURE", "CMFUTURE", "MARGIN", "FUNDING", "OPTION"];

const OTHERS: [&str; 7] = [
    "MAIN_ISOLATED_MARGIN",
    "ISOLATED_MARGIN_MAIN",
    "MARGIN_ISOLATEDMARGIN",
    "ISOLATEDMARGIN_MARGIN",
    "ISOLATEDMARGIN_ISOLATEDMARGIN",
    "MAIN_PORTFOLIO_MARGIN",
    "PORTFOLIO_MARGIN_MAIN",
];

pub(super) fn transfers(call: &Call<'_>) -> Answer {
    let kind = call.params.required("type")?;
    let known = kind
        .split_once('_')
        .filter(|(from, to)| from != to && WALLETS.contains(from) && WALLETS.contains(to));
    if known.is_none() && !OTHERS.contains(&kind) {
        return Err(Refusal::value("type"));
    }
    // Between cross margin and a pair, or two pairs, the pair is to be named.
    for (name, is_needed) in
        [("fromSymbol", kind.starts_with("ISOLATEDMARGIN_")), ("toSymbol", kind.ends_with("_ISOLATEDMARGIN"))]
    {
        if is_needed {
            call.params.required(name)?;
        }
        if call.params.symbol(name)?.is_some_and(|symbol| call.world.market(symbol).is_none()) {
            return Err(Refusal::symbol());
        }
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
    let world = call.world;
    let contracts = || world.contracts.iter().flat_map(|contracts| &contracts.transfers);
    let of_contracts = |asset: &'static str, inward: bool| {
        contracts().filter(move |moved| moved.asset == asset && moved.inward == inward).collect()
    };
    let cross = |inward: bool| {
        let cross = world.margin.iter().flat_map(|wallets| &wallets.cross.transfers);
        cross.filter(move |moved| moved.inward == inward).collect()
    };
    // Those of the pair that the parameter names, or of all.
    let of_pair = |name: &str| {
        let pair = call.params.symbol(name).ok().flatten().and_then(|symbol| world.market(symbol));
        let wallets = world.margin.iter().flat_map(|wallets| &wallets.isolated);
        let is_asked = move |index: usize| pair.is_none_or(|(pair, _)| pair == index);
        wallets.filter(move |(index, _)| is_asked(**index)).map(|(_, margin)| margin)
    };
    match kind {
        "MAIN_UMFUTURE" => of_contracts("USDT", true),
        "UMFUTURE_MAIN" => of_contracts("USDT", false),
        "MAIN_CMFUTURE" => of_contracts("BTC", true),
        "CMFUTURE_MAIN" => of_contracts("BTC", false),
        "MAIN_MARGIN" => cross(true),
        "MARGIN_MAIN" => cross(false),
        "MAIN_ISOLATED_MARGIN" => {
            of_pair("toSymbol").flat_map(|margin| &margin.transfers).filter(|moved| moved.inward).collect()
        }
        "ISOLATED_MARGIN_MAIN" => {
            of_pair("fromSymbol").flat_map(|margin| &margin.transfers).filter(|moved| !moved.inward).collect()
        }
        "MARGIN_ISOLATEDMARGIN" => {
            of_pair("toSymbol").flat_map(|margin| &margin.between).filter(|moved| moved.inward).collect()
        }
        "ISOLATEDMARGIN_MARGIN" => {
            of_pair("fromSymbol").flat_map(|margin| &margin.between).filter(|moved| !moved.inward).collect()
        }
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
