//! The library's habits at OKX: it names the kind of instrument almost everywhere, and asks bookings for what has no
//! endpoint of its own.

use super::{Asking, Call, bybit::length_ms};
use anyhow::Context as _;
use exchange::Need;

/// What the library reads itself and does not send.
const WORDS: [&str; 8] = ["type", "subType", "until", "till", "method", "price", "paginate", "marginMode"];
/// So many candles are recent.
const RECENT: i64 = 1439;

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    if let Some(endpoint) = &call.endpoint {
        return Ok(Asking { market: account(endpoint, &call.market), ..call.with_params(&[])? });
    }
    let said = |name: &str| call.params.contains_key(name);
    let mut asking = call.with_params(&WORDS)?;
    let until = ["until", "till"].iter().find_map(|word| call.params.get(*word)?.as_i64());
    match asking.need {
        Need::Fills => {
            asking.market = kind(call);
            asking.to_ms = until;
            // Only where no beginning was named: a limit would cut off what comes first.
            asking.limit = asking.limit.filter(|_| asking.from_ms.is_none());
        }
        Need::Ledger => {
            // Beginnings are not sent at all.
            asking.from_ms = None;
            let method = call.word("method").unwrap_or("privateGetAccountBills");
            asking.market = account(method, "trading");
            if let Some(until) = until {
                // Under both names.
                asking = asking.with("end", until).with("until", until);
            }
            if !said("instType") {
                let kind = call.word("type").unwrap_or("spot");
                asking = asking.with("instType", kind.to_ascii_uppercase().replace("FUTURE", "FUTURES"));
            }
        }
        Need::Funding => {
            asking.from_ms = None;
            if let Some(symbol) = asking.symbol.take() {
                let inverse = symbol.contains("-USD-");
                let mut coins = symbol.split('-');
                let coin = if inverse { coins.next() } else { coins.nth(1) };
                asking.currency = coin.map(str::to_owned);
                asking = asking
                    .with("ctType", if inverse { "inverse" } else { "linear" })
                    .with("instType", "SWAP");
            }
        }
        Need::Deposits | Need::Withdrawals | Need::Conversions => {
            if let Some(until) = until {
                asking = asking.with("after", until);
            }
            if asking.need == Need::Conversions {
                // Without the millisecond that makes a beginning inclusive.
                asking.from_ms = asking.from_ms.map(|at| at + 1);
            }
        }
        Need::Fees => {
            asking.market = kind(call);
            if asking.market != "spot" {
                let symbol = asking.symbol.take().context("a fee of no instrument")?;
                let family: Vec<&str> = symbol.split('-').take(2).collect();
                asking = asking.with("uly", family.join("-"));
            }
        }
        Need::Positions => asking.market = "any".to_owned(),
        Need::Prices => {
            asking.market = kind(call);
            asking.symbol = asking.symbol.filter(|_| call.unified.as_deref() != Some("fetch_tickers"));
        }
        Need::Klines => asking = candles(call, asking, until, clock_ms)?,
        _ => {}
    }
    Ok(asking)
}

fn candles(call: &Call, mut asking: Asking, until: Option<i64>, clock_ms: i64) -> anyhow::Result<Asking> {
    let interval = call.interval.as_deref().unwrap_or("1m");
    let length_ms = length_ms(interval).context("an interval without a length")?;
    let limit = asking.limit.unwrap_or(100).min(300);
    let recent = asking.from_ms.is_none_or(|at| at >= clock_ms - RECENT * length_ms);
    let recent = call.word("type").map_or(recent, |kind| kind != "HistoryCandles");
    asking.market = if recent { "recent" } else { "history" }.to_owned();
    asking.to_ms = asking.from_ms.map(|at| at + length_ms * i64::from(limit) - 1);
    if let Some(until) = until {
        asking.to_ms = Some(until - 1);
    }
    asking.limit = Some(if !recent && asking.limit.is_none() { 300 } else { limit });
    let (count, unit) = interval.split_at(interval.len().saturating_sub(1));
    let unit = if unit == "m" { unit.to_owned() } else { unit.to_ascii_uppercase() };
    let zone = if length_ms >= 6 * 3_600_000 { "utc" } else { "" };
    Ok(asking.with("bar", format!("{count}{unit}{zone}")))
}

/// The market whose endpoint that is, where a need has several.
fn account(endpoint: &str, market: &str) -> String {
    match endpoint {
        "privateGetAccountBills" => "trading",
        "privateGetAccountBillsArchive" => "archive",
        "privateGetAssetBills" => "funding",
        "privateGetAssetBillsHistory" => "funding-archive",
        "privateGetTradeFills" => "any",
        "privateGetFinanceSavingsBalance" => "savings",
        "privateGetAssetBalances" => "funding",
        "publicGetMarketCandles" => "recent",
        _ => market,
    }
    .to_owned()
}

/// By the instrument, or what was said beside it, or the case.
fn kind(call: &Call) -> String {
    let of_symbol = call.symbol.as_deref().map(|symbol| match symbol.split_once(':') {
        None => "spot",
        Some((_, settle)) if settle.ends_with("-C") || settle.ends_with("-P") => "option",
        Some((_, settle)) if settle.contains('-') => "futures",
        Some(_) => "swap",
    });
    let said = call.word("type").or_else(|| call.word("instType"));
    of_symbol.or(said).unwrap_or(&call.market).to_ascii_lowercase()
}
