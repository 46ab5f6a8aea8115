//! Alpaca: the library's names of candles, and what it sorts out for itself.

use super::{Asking, Call};
use exchange::Need;

pub(super) fn asking(call: &Call, _clock_ms: i64) -> anyhow::Result<Asking> {
    let asking = call.with_params(&["until", "loc", "method", "paginate"])?;
    let to_ms = call.params.get("until").and_then(serde_json::Value::as_i64);
    Ok(match call.need {
        // Of all instruments at once.
        Need::Fills => Asking { symbol: None, to_ms, ..asking },
        Need::Deposits | Need::Withdrawals => Asking { currency: None, from_ms: None, limit: None, ..asking },
        Need::Klines => {
            let interval = call.interval.as_deref().unwrap_or("1m");
            Asking { to_ms, ..asking }.with("timeframe", timeframe(interval))
        }
        _ => asking,
    })
}

fn timeframe(interval: &str) -> String {
    match interval.split_at_checked(interval.len().saturating_sub(1)) {
        Some((number, "m")) => format!("{number}min"),
        Some((number, "h")) => format!("{number}H"),
        Some((number, "d")) => format!("{number}D"),
        Some((number, "w")) => format!("{number}W"),
        _ => interval.to_owned(),
    }
}
