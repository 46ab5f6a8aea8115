//! The library's habits at Coinbase.

use super::{Asking, Call};
use exchange::Need;

/// The library's own words.
const WORDS: [&str; 9] =
    ["account_id", "accountId", "currencyType", "v3", "type", "usePrivate", "until", "till", "paginate"];

/// Candles that it asks for at once.
const CANDLES: i64 = 300;

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let mut asking = call.with_params(&WORDS)?;
    asking.segment = call.word("account_id").or_else(|| call.word("accountId")).map(str::to_owned);
    asking.to_ms =
        call.params.get("until").or_else(|| call.params.get("till")).and_then(serde_json::Value::as_i64);
    Ok(match call.need {
        Need::Fills => {
            asking.limit = asking.limit.or(Some(100)).filter(|_| call.unified.is_some());
            asking
        }
        Need::Balances if call.unified.is_some() => {
            asking.limit = Some(if asking.market == "wallet" { 100 } else { 250 });
            asking
        }
        Need::Fees => {
            let kind = if call.word("type").is_none_or(|kind| kind == "spot") { "SPOT" } else { "FUTURE" };
            asking.with("product_type", kind)
        }
        Need::Ledger | Need::Deposits | Need::Withdrawals => {
            asking.limit = asking.limit.or(Some(100));
            asking
        }
        Need::Klines => candles(call, asking, clock_ms),
        _ => asking,
    })
}

fn candles(call: &Call, mut asking: Asking, clock_ms: i64) -> Asking {
    let (granularity, seconds) = match call.interval.as_deref().unwrap_or("1m") {
        "5m" => ("FIVE_MINUTE", 300),
        "15m" => ("FIFTEEN_MINUTE", 900),
        "30m" => ("THIRTY_MINUTE", 1800),
        "1h" => ("ONE_HOUR", 3600),
        "2h" => ("TWO_HOUR", 7200),
        "6h" => ("SIX_HOUR", 21_600),
        "1d" => ("ONE_DAY", 86_400),
        _ => ("ONE_MINUTE", 60),
    };
    let count = asking.limit.take().map_or(CANDLES, i64::from).min(CANDLES);
    let span_ms = count.saturating_mul(seconds).saturating_mul(1000);
    let from_ms = asking.from_ms.unwrap_or_else(|| clock_ms.saturating_sub(span_ms));
    asking.from_ms = Some(from_ms);
    asking.to_ms = asking.to_ms.or_else(|| Some(from_ms.saturating_add(span_ms)));
    asking.with("granularity", granularity)
}
