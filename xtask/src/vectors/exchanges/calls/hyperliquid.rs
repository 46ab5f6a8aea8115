//! Hyperliquid: neither instrument nor number of rows is asked for, but of candles; the end is a word of the library's.

use super::{Asking, Call};
use exchange::Need;

const WORDS: [&str; 6] = ["type", "until", "marginMode", "address", "dex", "paginate"];

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let mut asking = call.with_params(&WORDS)?;
    asking.to_ms = call.params.get("until").and_then(serde_json::Value::as_i64);
    if let Some(dex) = call.word("dex") {
        asking = asking.with("dex", dex);
    }
    if let Some(address) = call.word("address") {
        asking = asking.with("user", address);
    }
    match call.need {
        Need::Klines => {
            let interval = call.interval.clone().unwrap_or_else(|| "1m".to_owned());
            let to = asking.to_ms.unwrap_or(clock_ms);
            let tail = asking.limit.map(|limit| to - i64::from(limit) * interval_ms(&interval));
            asking.to_ms = Some(to);
            asking.from_ms = Some(asking.from_ms.or(tail).unwrap_or(0).max(0));
            Ok(asking.with("interval", interval))
        }
        // Without a start it asks for the newest, and for an end all the same.
        Need::Fills if asking.from_ms.is_none() => {
            let to = asking.to_ms.take();
            Ok(to.into_iter().fold(asking, |asking, to| asking.with("endTime", to)))
        }
        _ => Ok(asking),
    }
}

fn interval_ms(interval: &str) -> i64 {
    let (number, unit) = interval.split_at(interval.len().saturating_sub(1));
    let unit_ms = match unit {
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        _ => 30 * 86_400_000,
    };
    number.parse::<i64>().unwrap_or(1) * unit_ms
}
