//! Binance: the library's accounts, windows and page sizes.

use super::{Asking, Call};
use exchange::Need;
use serde_json::Value;

const DAY_MS: i64 = 86_400_000;

/// What the library takes for itself.
const WORDS: [&str; 14] = [
    "type",
    "subType",
    "marginMode",
    "portfolioMargin",
    "fiat",
    "fiatOnly",
    "useV2",
    "until",
    "internal",
    "fromAccount",
    "toAccount",
    "method",
    "paginate",
    "price",
];

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let mut asking = call.with_params(&WORDS)?;
    asking.market = market(call);
    asking.to_ms = call.params.get("until").and_then(Value::as_i64);
    Ok(match call.need {
        Need::Fills => fills(asking, clock_ms),
        Need::Deposits | Need::Withdrawals if asking.market == "fiat" => {
            Asking { currency: None, limit: None, ..asking }
        }
        Need::Deposits | Need::Withdrawals => {
            let end_ms = asking.from_ms.map(|from_ms| from_ms + 90 * DAY_MS);
            let to_ms = asking.to_ms.into_iter().chain(end_ms).min();
            Asking { to_ms, ..asking }
        }
        Need::Conversions => {
            let from_ms = asking.from_ms.unwrap_or(clock_ms - 30 * DAY_MS);
            let to_ms = asking.to_ms.or(Some(from_ms + 30 * DAY_MS));
            Asking { from_ms: Some(from_ms), to_ms, currency: None, ..asking }
        }
        Need::Transfers if asking.market == "pay" => Asking { currency: None, ..asking },
        Need::Transfers => {
            let asking = Asking { currency: None, ..asking };
            asking.with("type", way(call))
        }
        Need::Ledger => Asking { currency: None, ..asking },
        Need::Positions => Asking { symbol: None, ..asking },
        Need::Klines => klines(asking, call, clock_ms),
        _ => asking,
    })
}

/// The account that the words of a call mean, where the case's own name of it is not enough.
fn market(call: &Call) -> String {
    let flag = |name: &str| call.params.get(name).and_then(Value::as_bool) == Some(true);
    let of = match (call.need, call.market.as_str()) {
        (Need::Fills | Need::Balances, "margin") if call.word("marginMode") == Some("isolated") => "isolated",
        (Need::Ledger, "margin") if call.symbol.is_some() => "isolated",
        (Need::Balances | Need::Positions, "usdm") if flag("useV2") => "usdm-v2",
        (Need::Deposits | Need::Withdrawals, _) if flag("fiat") || flag("fiatOnly") => "fiat",
        (Need::Transfers, _) if flag("internal") => "pay",
        (_, other) => other,
    };
    of.to_owned()
}

fn fills(asking: Asking, clock_ms: i64) -> Asking {
    let linear = matches!(asking.market.as_str(), "usdm" | "papi-um");
    match (asking.from_ms, asking.to_ms) {
        (Some(from_ms), None) if linear && clock_ms - from_ms >= 7 * DAY_MS => {
            Asking { to_ms: Some(clock_ms.min(from_ms + 7 * DAY_MS)), ..asking }
        }
        _ => asking,
    }
}

/// From which account to which, `MAIN_UMFUTURE` if it is not said.
fn way(call: &Call) -> String {
    if let Some(way) = call.word("type") {
        return way.to_owned();
    }
    let from = call.word("fromAccount").unwrap_or("spot");
    let to = call.word("toAccount").unwrap_or(if from == "future" { "spot" } else { "future" });
    let id = |account: &str| match account {
        "spot" | "main" => "MAIN",
        "funding" => "FUNDING",
        "margin" | "cross" => "MARGIN",
        "delivery" | "inverse" => "CMFUTURE",
        "option" => "OPTION",
        _ => "UMFUTURE",
    };
    format!("{}_{}", id(from), id(to))
}

fn klines(asking: Asking, call: &Call, clock_ms: i64) -> Asking {
    let interval = call.interval.clone().unwrap_or_else(|| "1m".to_owned());
    let both = asking.from_ms.is_some() && asking.to_ms.is_some();
    let limit = asking.limit.unwrap_or(if both { 1500 } else { 500 }).min(1500);
    let end_ms = asking.from_ms.filter(|_| asking.market == "coinm").map(|from_ms| {
        let span_ms = i64::from(limit).saturating_mul(length_ms(&interval)).saturating_sub(1);
        clock_ms.min(from_ms.saturating_add(span_ms))
    });
    let to_ms = asking.to_ms.or(end_ms);
    Asking { limit: Some(limit), to_ms, ..asking }.with("interval", interval)
}

/// How long a candle is: `15m`, `4h`, `1d`, `1w`, `1M`.
fn length_ms(interval: &str) -> i64 {
    let (number, unit) = interval.split_at_checked(interval.len().saturating_sub(1)).unwrap_or(("1", "m"));
    let minutes = match unit {
        "h" => 60,
        "d" => 1440,
        "w" => 10_080,
        "M" => 43_200,
        _ => 1,
    };
    number.parse::<i64>().unwrap_or(1) * minutes * 60_000
}
