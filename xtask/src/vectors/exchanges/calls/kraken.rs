//! The library's habits at Kraken.

use super::{Asking, Call};
use crate::vectors::exchanges::symbols;
use exchange::Need;

/// The library's own words.
const WORDS: [&str; 6] = ["type", "account", "until", "till", "paginate", "consolidation"];

pub(super) fn asking(call: &Call, _clock_ms: i64) -> anyhow::Result<Asking> {
    // An endpoint that is called directly gets all that was said; `type` is Kraken's own word there.
    if call.unified.is_none() {
        return call.with_params(&[]);
    }
    let mut asking = call.with_params(&WORDS)?;
    let since_ms = asking.from_ms.take();
    let until_ms =
        call.params.get("until").or_else(|| call.params.get("till")).and_then(serde_json::Value::as_i64);
    let limit = asking.limit.take();
    if call.market.starts_with("futures") {
        return Ok(futures(call, asking, since_ms, until_ms, limit));
    }
    asking.currency = asking.currency.map(|currency| symbols::kraken_asset(&currency).to_owned());
    let seconds = |ms: i64| ms.div_euclid(1000);
    let asking = match (call.need, since_ms) {
        (Need::Klines, since_ms) => {
            let minutes = minutes(call.interval.as_deref().unwrap_or("1m"));
            let asking = asking.with("interval", minutes);
            match since_ms {
                Some(ms) => asking.with("since", seconds(ms).saturating_sub(minutes.saturating_mul(60))),
                None => asking,
            }
        }
        (Need::Deposits | Need::Withdrawals, Some(ms)) => asking.with("start", fraction(ms)),
        (_, Some(ms)) => asking.with("start", seconds(ms)),
        (_, None) => asking,
    };
    let asking = match until_ms {
        Some(ms) => asking.with("end", seconds(ms).saturating_add(1)),
        None => asking,
    };
    Ok(match call.need {
        Need::Fees => asking.with("fee-info", "true"),
        Need::Positions => asking.with("docalcs", "true").with("consolidation", "market"),
        _ => asking,
    })
}

/// Two rows of the log belong to one execution, so it asks for twice as many. Fills are asked for without a window.
fn futures(
    call: &Call,
    asking: Asking,
    since_ms: Option<i64>,
    until_ms: Option<i64>,
    limit: Option<u32>,
) -> Asking {
    let mut asking = asking;
    match call.need {
        Need::Ledger | Need::Funding => {
            (asking.from_ms, asking.to_ms) = (since_ms, until_ms);
            let rows = if call.need == Need::Ledger { 2 } else { 1 };
            asking.limit = limit.map(|limit| limit.saturating_mul(rows).min(500));
            if since_ms.is_some() { asking.with("sort", "asc") } else { asking }
        }
        Need::Klines => {
            (asking.from_ms, asking.to_ms) = (since_ms, until_ms);
            asking.with("resolution", call.interval.as_deref().unwrap_or("1m"))
        }
        _ => asking,
    }
}

/// Seconds, with what is left of a second.
fn fraction(ms: i64) -> String {
    let text = format!("{}.{:03}", ms.div_euclid(1000), ms.rem_euclid(1000));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn minutes(interval: &str) -> i64 {
    match interval {
        "5m" => 5,
        "15m" => 15,
        "30m" => 30,
        "1h" => 60,
        "4h" => 240,
        "1d" => 1440,
        "1w" => 10_080,
        "2w" => 21_600,
        _ => 1,
    }
}
