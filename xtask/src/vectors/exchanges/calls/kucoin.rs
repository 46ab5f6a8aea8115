//! KuCoin: which account is meant is said in words of the library's, and candles are asked for with an end.

use super::{Asking, Call};
use exchange::Need;

const WORDS: [&str; 8] = ["hf", "type", "marginMode", "uta", "until", "accountMode", "paginate", "price"];
/// Older deposits and withdrawals are another endpoint's.
const HISTORY_BEFORE_MS: i64 = 1_550_448_000_000;

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let mut asking = call.with_params(&WORDS)?;
    asking.to_ms = call.params.get("until").and_then(serde_json::Value::as_i64);
    let contract = call.symbol.as_deref().is_some_and(|symbol| symbol.contains(':'));
    let unified = call.market == "unified";
    let trade_type = if contract { "FUTURES" } else { "SPOT" };
    Ok(match call.need {
        Need::Fills if unified && call.word("tradeType").is_none() => asking.with("tradeType", trade_type),
        Need::Fills if call.market == "margin" && call.word("tradeType").is_none() => {
            let isolated = call.word("marginMode") == Some("isolated");
            asking.with("tradeType", if isolated { "MARGIN_ISOLATED_TRADE" } else { "MARGIN_TRADE" })
        }
        // A page of it is not asked for.
        Need::Fills if call.market == "spot" => Asking { limit: None, ..asking },
        Need::Balances if !matches!(call.market.as_str(), "futures" | "unified" | "margin" | "isolated") => {
            let hf = call.market == "spot-hf" || call.params.get("hf") == Some(&true.into());
            let account = match call.word("type") {
                Some("main" | "funding") => "main",
                _ if hf => "trade_hf",
                _ => "trade",
            };
            asking.with("type", account)
        }
        Need::Deposits | Need::Withdrawals if asking.from_ms.is_some_and(|from| from < HISTORY_BEFORE_MS) => {
            Asking { market: "history".to_owned(), ..asking }
        }
        Need::Ledger if unified => asking.with("accountType", "UNIFIED"),
        Need::Fees if unified => asking.with("tradeType", trade_type),
        Need::Positions if unified => Asking { symbol: None, ..asking }.with("limit", 200),
        Need::Positions => Asking { symbol: None, ..asking },
        Need::Prices if call.unified.as_deref() == Some("fetch_tickers") => {
            let asking = Asking { symbol: None, ..asking };
            if unified { asking.with("tradeType", trade_type) } else { asking }
        }
        Need::Prices if unified => asking.with("tradeType", trade_type),
        Need::Klines => candles(call, asking, contract, clock_ms),
        _ => asking,
    })
}

fn candles(call: &Call, mut asking: Asking, contract: bool, clock_ms: i64) -> Asking {
    let interval = call.interval.as_deref().unwrap_or("1m");
    let (number, unit) = interval.split_at(interval.len().saturating_sub(1));
    let (minutes, name) = match unit {
        "h" => (60, "hour"),
        "d" => (1440, "day"),
        "w" => (10_080, "week"),
        "M" => (43_200, "month"),
        _ => (1, "min"),
    };
    let minutes = number.parse::<i64>().unwrap_or(1) * minutes;
    let most = if contract && call.market != "unified" { 200 } else { 1500 };
    let span_ms = |limit: Option<u32>| limit.map_or(most, i64::from) * minutes * 60_000;
    match (asking.from_ms, asking.limit) {
        (Some(from), limit) => asking.to_ms = Some(from + span_ms(limit)),
        (None, limit) => {
            asking.from_ms = limit.map(|limit| clock_ms - span_ms(Some(limit)));
            asking.to_ms = Some(clock_ms);
        }
    }
    match (call.market.as_str(), contract) {
        ("unified", true) => asking.with("interval", format!("{number}{name}")).with("tradeType", "FUTURES"),
        ("unified", false) => asking.with("interval", format!("{number}{name}")).with("tradeType", "SPOT"),
        (_, true) => asking.with("granularity", minutes),
        (_, false) => asking.with("type", format!("{number}{name}")),
    }
}
