//! Deribit: executions are asked for with the old word for all of them, and candles with both ends.

use super::{Asking, Call};
use exchange::Need;

const WORDS: [&str; 5] = ["until", "paginate", "code", "method", "type"];

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let mut asking = call.with_params(&WORDS)?;
    asking.to_ms = call.params.get("until").and_then(serde_json::Value::as_i64);
    if call.unified.is_none() {
        return Ok(asking);
    }
    Ok(match call.need {
        Need::Fills => {
            let currency = call.word("code").unwrap_or("BTC").to_owned();
            let currency = if asking.symbol.is_none() { Some(currency) } else { None };
            Asking { currency, ..asking }.with("include_old", true)
        }
        Need::Fees => {
            let currency = Some(call.word("code").unwrap_or("BTC").to_owned());
            Asking { currency, ..asking }.with("extended", true)
        }
        Need::Positions => Asking { symbol: None, ..asking },
        Need::Prices if call.unified.as_deref() == Some("fetch_tickers") => {
            Asking { symbol: None, currency: call.word("code").map(str::to_owned), ..asking }
        }
        // It cuts what came before.
        Need::Deposits | Need::Withdrawals | Need::Transfers => Asking { from_ms: None, ..asking },
        Need::Klines => candles(call, asking, clock_ms),
        _ => asking,
    })
}

fn candles(call: &Call, mut asking: Asking, clock_ms: i64) -> Asking {
    let interval = call.interval.as_deref().unwrap_or("1m");
    let (number, unit) = interval.split_at(interval.len().saturating_sub(1));
    let minutes = number.parse::<i64>().unwrap_or(1)
        * match unit {
            "h" => 60,
            "d" => 1440,
            _ => 1,
        };
    let until = asking.to_ms;
    let span_ms = |rows: i64| rows * minutes * 60_000;
    (asking.from_ms, asking.to_ms) = match (asking.from_ms, asking.limit) {
        (None, limit) => {
            let before = limit.map_or(1000, i64::from) - 1;
            (Some(clock_ms - span_ms(before)), Some(clock_ms))
        }
        (Some(from), limit) => {
            let from = (from - 1).max(0);
            (Some(from), Some(limit.map_or(clock_ms, |limit| from + span_ms(limit.into()))))
        }
    };
    asking.to_ms = until.or(asking.to_ms);
    let resolution = if unit == "d" { "1D".to_owned() } else { minutes.to_string() };
    asking.with("resolution", resolution)
}
