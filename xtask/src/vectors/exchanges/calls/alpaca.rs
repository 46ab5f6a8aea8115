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
            let from_ms = asking.from_ms;
            let asking = Asking { from_ms: None, to_ms, ..asking }.with("timeframe", timeframe(interval));
            match from_ms {
                Some(from_ms) => asking.with("start", day(from_ms)),
                None => asking,
            }
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

/// The day of an instant: `2024-01-01`.
fn day(millis: i64) -> String {
    let text = protocol::rfc3339(ledger::Timestamp::from_millis(millis));
    text.get(..10).unwrap_or_default().to_owned()
}
