//! Gate: windows of 30 days for the wallet, and candles by their number.

use super::{Asking, Call, duration_ms};
use exchange::Need;

const WORDS: [&str; 11] = [
    "type",
    "subType",
    "settle",
    "marginMode",
    "account",
    "unifiedAccount",
    "until",
    "till",
    "symbol",
    "price",
    "paginate",
];

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let mut asking = Asking { market: market(call), ..call.with_params(&WORDS)? };
    asking.to_ms = ["until", "till"].iter().find_map(|word| call.params.get(*word)?.as_i64());
    Ok(match call.need {
        Need::Deposits | Need::Withdrawals => {
            asking.to_ms = asking.to_ms.or_else(|| asking.from_ms.map(|from| from + 30 * 86_400_000));
            asking
        }
        Need::Positions => Asking { symbol: None, ..asking },
        Need::Balances => {
            let pair = call.word("symbol").map(|symbol| super::symbols::native(&call.exchange, symbol));
            Asking { symbol: pair.transpose()?, ..asking }
        }
        Need::Prices if call.unified.as_deref() == Some("fetch_tickers") => {
            Asking { symbol: None, ..asking }.with("timezone", "utc0")
        }
        Need::Ledger if asking.market.ends_with("-futures") => Asking { currency: None, ..asking },
        Need::Klines => candles(call, asking, clock_ms)?,
        _ => asking,
    })
}

fn market(call: &Call) -> String {
    let settle = call.symbol.as_deref().and_then(|symbol| symbol.split_once(':')).map(|(_, settle)| settle);
    let kind = call.word("type");
    let mode = call.word("marginMode").or_else(|| call.word("account"));
    match (settle, kind, mode) {
        _ if matches!(call.need, Need::Deposits | Need::Withdrawals | Need::Permission | Need::Time) => {
            call.market.clone()
        }
        (Some(settle), _, _) => format!("{}-futures", settle.to_lowercase()),
        (None, Some("swap"), _) => {
            format!("{}-futures", call.word("settle").unwrap_or("usdt").to_lowercase())
        }
        (None, Some("funding"), _) => "funding".to_owned(),
        _ if call.params.get("unifiedAccount").is_some_and(|unified| unified == true) => "unified".to_owned(),
        (None, _, Some("cross" | "cross_margin")) => "cross-margin".to_owned(),
        (None, _, Some("isolated" | "margin")) => "margin".to_owned(),
        _ => call.market.clone(),
    }
}

fn candles(call: &Call, mut asking: Asking, clock_ms: i64) -> anyhow::Result<Asking> {
    let interval = match call.interval.as_deref().unwrap_or("1m") {
        "1w" => "7d",
        other => other,
    };
    let most = if asking.market.ends_with("-futures") { 1999 } else { 1000 };
    let limit = call.limit.map_or(most, |limit| limit.min(most));
    asking.limit = None;
    if let (Some(price), Some(contract)) = (call.word("price"), &asking.symbol) {
        asking.symbol = Some(format!("{price}_{contract}"));
    }
    match asking.from_ms {
        Some(from) => {
            let last = (from + i64::from(limit.saturating_sub(1)) * duration_ms(interval)?).min(clock_ms);
            asking.to_ms = Some(asking.to_ms.map_or(last, |until| until.min(last)));
        }
        None => asking.limit = Some(limit),
    }
    Ok(asking.with("interval", interval))
}
