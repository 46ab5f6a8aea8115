//! The library's habits at Bybit: it asks for executions of one kind, and names page sizes of its own.

use super::{Asking, Call};
use anyhow::Context as _;
use exchange::Need;

/// What the library reads itself and does not send.
const WORDS: [&str; 7] = ["type", "subType", "until", "till", "price", "paginate", "marginMode"];

pub(super) fn asking(call: &Call, _clock_ms: i64) -> anyhow::Result<Asking> {
    if let Some(endpoint) = &call.endpoint {
        return Ok(Asking { market: account(endpoint, &call.market), ..call.with_params(&[])? });
    }
    let mut asking = call.with_params(&WORDS)?;
    asking.to_ms = ["until", "till"].iter().find_map(|word| call.params.get(*word)?.as_i64());
    let has = |name: &str| call.params.contains_key(name);
    match asking.need {
        Need::Fills => {
            asking.market = category(call);
            asking = asking.with("execType", "Trade");
        }
        Need::Funding => {
            asking.market = category(call);
            let size = asking.limit.take().unwrap_or(100);
            asking = asking.with("size", size);
        }
        Need::Positions => {
            asking.market = category(call);
            if !has("limit") {
                asking.limit = Some(200);
            }
            let of_one = asking.symbol.is_some() || has("baseCoin") || has("settleCoin");
            if asking.market == "linear" && !of_one {
                asking = asking.with("settleCoin", "USDT");
            }
        }
        Need::Fees => asking.market = category(call),
        Need::Prices => {
            asking.market = category(call);
            asking.symbol = asking.symbol.filter(|_| call.unified.as_deref() != Some("fetch_tickers"));
        }
        Need::Klines => {
            asking.market = category(call);
            let interval = call.interval.as_deref().unwrap_or("1m");
            let length_ms = length_ms(interval).context("an interval without a length")?;
            // To the first candle that opens then or later.
            asking.from_ms = asking
                .from_ms
                .map(|at| at.div_euclid(length_ms) * length_ms + (at % length_ms).signum() * length_ms);
            asking.limit = Some(asking.limit.unwrap_or(200));
            asking = asking.with("interval", native(interval));
        }
        Need::Balances => {
            let funding = matches!(call.word("type"), Some("funding" | "fund"));
            asking.market = if funding { "funding" } else { "unified" }.to_owned();
        }
        Need::Ledger => asking.market = "unified".to_owned(),
        Need::Conversions => asking.from_ms = None,
        _ => {}
    }
    Ok(asking)
}

/// The market whose endpoint that is, where a need has several.
fn account(endpoint: &str, market: &str) -> String {
    match endpoint {
        "privateGetV5AssetDepositQueryInternalRecord" => "internal".to_owned(),
        "privateGetV5AssetTransferQueryUniversalTransferList" => "universal".to_owned(),
        "privateGetV5AccountTransactionLog" => "unified".to_owned(),
        "privateGetV5AccountContractTransactionLog" => "contract".to_owned(),
        "privateGetV5AccountWalletBalance" => "unified".to_owned(),
        "privateGetV5AssetTransferQueryAccountCoinsBalance" => "funding".to_owned(),
        earlier if earlier.starts_with("privateGetV5PreUpgrade") => format!("pre-{market}"),
        _ => market.to_owned(),
    }
}

/// By the instrument, or what was said beside it, or the case.
fn category(call: &Call) -> String {
    let of_symbol = call.symbol.as_deref().map(|symbol| match symbol.split_once(':') {
        None => "spot",
        Some((_, settle)) if settle.ends_with("-C") || settle.ends_with("-P") => "option",
        Some((pair, settle)) => {
            let settle = settle.split('-').next().unwrap_or(settle);
            if pair.ends_with(&format!("/{settle}")) { "linear" } else { "inverse" }
        }
    });
    let said = || match (call.word("type"), call.word("subType")) {
        (Some(kind @ ("spot" | "option")), _) | (_, Some(kind)) => Some(kind),
        (Some(_), None) => Some("linear"),
        (None, None) => None,
    };
    let of_case = match call.market.as_str() {
        kind @ ("spot" | "inverse" | "option") => kind,
        _ => "linear",
    };
    of_symbol.or_else(said).unwrap_or(of_case).to_owned()
}

/// Minutes, or a letter.
fn native(interval: &str) -> String {
    let (count, unit) = interval.split_at(interval.len().saturating_sub(1));
    match (count.parse::<u32>(), unit) {
        (Ok(count), "m") => count.to_string(),
        (Ok(count), "h") => (count * 60).to_string(),
        (_, "d") => "D".to_owned(),
        (_, "w") => "W".to_owned(),
        _ => unit.to_owned(),
    }
}

pub(super) fn length_ms(interval: &str) -> Option<i64> {
    let (count, unit) = interval.split_at_checked(interval.len().checked_sub(1)?)?;
    let unit_ms = match unit {
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "M" => 30 * 86_400_000,
        _ => return None,
    };
    count.parse::<i64>().ok()?.checked_mul(unit_ms)
}
