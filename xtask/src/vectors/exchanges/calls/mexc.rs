//! MEXC: 90 days of contracts, 500 candles of spot.

use super::{Asking, Call, duration_ms};
use exchange::Need;

const WORDS: [&str; 5] = ["type", "until", "network", "defaultType", "paginate"];
/// 90 days, less a millisecond.
const CONTRACT_WINDOW_MS: i64 = 90 * 86_400_000 - 1;

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let contract = call.symbol.as_deref().is_some_and(|symbol| symbol.contains(':'))
        || matches!(call.word("type").or_else(|| call.word("defaultType")), Some("swap" | "future"));
    let mut asking = call.with_params(&WORDS)?;
    if contract {
        asking.market = "futures".to_owned();
    } else if !matches!(asking.market.as_str(), "wallet" | "futures") {
        asking.market = "spot".to_owned();
    }
    let (until, futures) =
        (call.params.get("until").and_then(|until| until.as_i64()), asking.market == "futures");
    Ok(match call.need {
        Need::Fills if futures => {
            let told = call.params.contains_key("end_time");
            asking.to_ms = asking.from_ms.filter(|_| !told).map(|from| from + CONTRACT_WINDOW_MS);
            asking
        }
        Need::Fills => Asking { to_ms: until, ..asking },
        // Of these the library asks neither for a time nor, of contracts, for a symbol.
        Need::Funding => Asking { from_ms: None, ..asking },
        Need::Positions => Asking { symbol: None, ..asking },
        Need::Transfers => {
            let account = |asking: &mut Asking, name: &str| {
                for (own, value) in &mut asking.with {
                    if own == name {
                        *value = place(value).to_owned();
                    }
                }
            };
            account(&mut asking, "fromAccountType");
            account(&mut asking, "toAccountType");
            let from_ms = asking.from_ms.filter(|_| !futures);
            Asking { from_ms, currency: None, ..asking }
        }
        Need::Deposits | Need::Withdrawals => {
            let network = call.word("network").filter(|_| call.need == Need::Deposits);
            if let (Some(coin), Some(network)) = (&asking.currency, network) {
                asking.currency = Some(format!("{coin}-{network}"));
            }
            asking
        }
        Need::Prices if call.unified.as_deref() == Some("fetch_tickers") => {
            let one = call.symbols == 1;
            Asking { symbol: asking.symbol.clone().filter(|_| one), ..asking }
        }
        Need::Klines if futures => contract_candles(call, asking, until)?,
        Need::Klines => spot_candles(call, asking, until, clock_ms)?,
        _ => asking,
    })
}

fn place(kind: &str) -> &str {
    match kind {
        "spot" | "margin" => "SPOT",
        "swap" | "future" | "futures" => "FUTURES",
        other => other,
    }
}

fn contract_candles(call: &Call, mut asking: Asking, until: Option<i64>) -> anyhow::Result<Asking> {
    let interval = call.interval.as_deref().unwrap_or("1m");
    let step_ms = duration_ms(interval)?;
    asking.to_ms = until;
    let span_ms = i64::from(asking.limit.unwrap_or(2000)) * step_ms;
    asking.from_ms = asking.from_ms.or_else(|| until.map(|until| until - span_ms));
    asking.limit = None;
    Ok(asking.with(
        "interval",
        match interval {
            "1m" => "Min1",
            "5m" => "Min5",
            "15m" => "Min15",
            "30m" => "Min30",
            "1h" => "Min60",
            "4h" => "Hour4",
            "8h" => "Hour8",
            "1d" => "Day1",
            "1w" => "Week1",
            "1M" => "Month1",
            other => other,
        },
    ))
}

fn spot_candles(
    call: &Call,
    mut asking: Asking,
    until: Option<i64>,
    clock_ms: i64,
) -> anyhow::Result<Asking> {
    let interval = call.interval.as_deref().unwrap_or("1m");
    let step_ms = duration_ms(interval)?;
    // The end is not within.
    asking.to_ms = match (asking.from_ms, until) {
        (_, Some(until)) => Some(until + 1),
        (Some(from), None) if from < clock_ms - 500 * step_ms => Some(from + 500 * step_ms),
        (Some(_), None) => Some(clock_ms),
        (None, None) => None,
    };
    let span_ms = i64::from(asking.limit.unwrap_or(500)) * step_ms;
    asking.from_ms = asking.from_ms.or_else(|| until.map(|until| until - span_ms));
    let interval = match interval {
        "1h" => "60m",
        "1w" => "1W",
        other => other,
    };
    Ok(asking.with("interval", interval))
}
