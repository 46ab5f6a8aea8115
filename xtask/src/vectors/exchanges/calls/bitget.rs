//! Bitget: windows of 90 days (30 of unified accounts) where the venue wants both ends, and candles by their number.

use super::{Asking, Call, duration_ms};
use exchange::Need;

const DAY_MS: i64 = 86_400_000;
/// The library's own words.
const WORDS: [&str; 12] = [
    "uta",
    "type",
    "subType",
    "productType",
    "category",
    "marginMode",
    "until",
    "till",
    "symbol",
    "fromAccount",
    "useHistoryEndpoint",
    "paginate",
];

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    let unified = call.market.starts_with("unified") || call.params.get("uta").is_some_and(|uta| uta == true);
    let product = product(call)?;
    let mut asking = Asking { market: market(call, unified, &product), ..call.with_params(&WORDS)? };
    asking.to_ms = ["until", "till"].iter().find_map(|word| call.params.get(*word)?.as_i64());
    let category = |asking: Asking| match unified {
        true => asking.with("category", product.to_uppercase()),
        false => asking,
    };
    Ok(match call.need {
        // What a unified account traded is asked for as a whole.
        Need::Fills if unified => Asking { symbol: None, ..asking },
        Need::Fills if matches!(asking.market.as_str(), "margin" | "isolated") => {
            asking.from_ms = asking.from_ms.or(Some(clock_ms - 90 * DAY_MS));
            asking
        }
        Need::Deposits | Need::Withdrawals => {
            let window_ms = if unified { 30 * DAY_MS } else { 90 * DAY_MS };
            asking.from_ms = asking.from_ms.or(Some(clock_ms - window_ms));
            asking.to_ms = asking.to_ms.or(Some(clock_ms));
            asking
        }
        Need::Conversions => {
            asking.from_ms = asking.from_ms.or(Some(clock_ms - DAY_MS));
            asking.to_ms = asking.to_ms.or(Some(clock_ms));
            asking.currency = None;
            asking
        }
        Need::Transfers => {
            let from = call.word("fromAccount").or_else(|| call.word("type")).unwrap_or("spot").to_owned();
            asking.with("fromType", place(&from))
        }
        Need::Ledger => {
            asking.symbol = match call.word("symbol") {
                Some(symbol) => Some(super::symbols::native(&call.exchange, symbol)?),
                None => None,
            };
            if asking.market == "unified-funding" { asking } else { category(asking) }
        }
        Need::Funding if unified => {
            asking.symbol = None;
            asking.currency = settle(call);
            category(asking)
        }
        Need::Funding => match settle(call) {
            Some(settle) => asking.with("marginCoin", settle),
            None => asking,
        },
        Need::Positions if unified => category(Asking { symbol: None, ..asking }),
        Need::Positions => {
            asking.symbol = None;
            asking.currency =
                settle(call).or_else(|| product.split_once('-').map(|(coin, _)| coin.to_uppercase()));
            asking
        }
        Need::Fees if call.unified.as_deref() == Some("fetch_trading_fees") => asking,
        Need::Fees => category(asking),
        Need::Prices => {
            // Of all tickers the library picks those it wants.
            let one = unified && call.symbols == 1;
            if call.unified.as_deref() == Some("fetch_tickers") && !one {
                asking.symbol = None;
            }
            category(asking)
        }
        Need::Klines => category(candles(call, asking, unified, clock_ms)?),
        _ => asking,
    })
}

fn settle(call: &Call) -> Option<String> {
    Some(call.symbol.as_ref()?.split_once(':')?.1.to_owned())
}

/// `spot`, `margin`, or a kind of futures.
fn product(call: &Call) -> anyhow::Result<String> {
    if let Some(told) = call.word("productType").or_else(|| call.word("category")) {
        return Ok(told.to_lowercase());
    }
    let symbol = call.symbol.as_deref().or_else(|| call.word("symbol"));
    let settle = symbol.and_then(|symbol| symbol.split_once(':')).map(|(_, settle)| settle);
    Ok(match settle {
        Some("USDT") => "usdt-futures",
        Some("USDC") => "usdc-futures",
        Some(_) => "coin-futures",
        None if call.params.contains_key("marginMode") => "margin",
        None if symbol.is_none() && call.word("subType") == Some("inverse") => "coin-futures",
        None if symbol.is_none() && matches!(call.word("type"), Some("swap" | "future")) => "usdt-futures",
        None if symbol.is_none() && call.market.ends_with("-futures") => &call.market,
        None => "spot",
    }
    .to_owned())
}

fn market(call: &Call, unified: bool, product: &str) -> String {
    match call.need {
        _ if unified && call.word("type") == Some("funding") => "unified-funding",
        _ if unified && !call.market.starts_with("unified") => "unified",
        Need::Fills
        | Need::Fees
        | Need::Balances
        | Need::Ledger
        | Need::Prices
        | Need::Klines
        | Need::Funding
            if !unified =>
        {
            match (call.word("marginMode"), call.market.as_str()) {
                (Some("isolated"), _) => "isolated",
                (Some(_), _) => "margin",
                (None, "funding" | "margin") => &call.market,
                (None, _) => product,
            }
        }
        Need::Positions if !unified => {
            if product == "spot" {
                "usdt-futures"
            } else {
                product
            }
        }
        _ => &call.market,
    }
    .to_owned()
}

fn place(kind: &str) -> &str {
    match kind {
        "funding" => "spot",
        "cross" => "crossed_margin",
        "isolated" => "isolated_margin",
        "swap" => "usdt_futures",
        "usdc_swap" => "usdc_futures",
        "future" => "coin_futures",
        "unified" => "uta",
        other => other,
    }
}

/// From when on, how many, and from which of two endpoints: what is old is at another one.
fn candles(call: &Call, mut asking: Asking, unified: bool, clock_ms: i64) -> anyhow::Result<Asking> {
    let interval = call.interval.as_deref().unwrap_or("1m");
    let spot = call.symbol.as_deref().is_some_and(|symbol| !symbol.contains(':'));
    let (step_ms, until) = (duration_ms(interval)?, asking.to_ms);
    let most = match (interval, spot) {
        ("1d", true) => 300,
        ("3d" | "1w" | "1M", true) => 100,
        ("4h", false) => 540,
        ("6h", false) => 360,
        ("12h", false) => 180,
        ("1d", false) => 90,
        ("3d", false) => 30,
        ("1w", false) => 13,
        ("1M", false) => 4,
        _ => 1000,
    };
    let limit = call.limit.map_or(100, |limit| limit.min(most));
    let span_ms = i64::from(limit) * step_ms;
    let reach_days = match interval {
        "1h" => 60,
        "2h" => 120,
        "4h" => 240,
        "6h" => 360,
        "12h" => 720,
        "1d" => 1440,
        "3d" => 1440 * 3,
        "1w" => 1440 * 7,
        "1M" => 1440 * 30,
        _ => 30,
    };
    let reach_ms = clock_ms - (reach_days - 1) * DAY_MS;
    let from = asking.from_ms;
    let to = match (from, until) {
        (_, Some(until)) => Some(until.min(clock_ms)),
        (Some(from), None) => Some(if from > clock_ms - span_ms { clock_ms } else { from + span_ms }),
        (None, None) => None,
    };
    let begin = from.or_else(|| until.map(|until| until.min(clock_ms) - span_ms));
    let old = begin.is_some_and(|begin| begin <= reach_ms)
        || call.params.get("useHistoryEndpoint").is_some_and(|wanted| wanted == true);
    asking.to_ms = to;
    asking.limit = Some(if call.limit.is_none() && !unified { 1000 } else { limit });
    if old {
        let limit = limit.min(if unified { 100 } else { 200 });
        asking.limit = Some(limit);
        asking.from_ms = to.map(|to| to - i64::from(limit) * step_ms);
        if let (false, Some(begin), Some(to)) = (spot, asking.from_ms, to) {
            asking.to_ms = Some(to.min(begin + 90 * DAY_MS));
        }
        asking.market.push_str("-history");
    }
    Ok(match unified {
        true => asking.with("interval", unified_interval(interval)),
        false if spot => asking.with("granularity", spot_interval(interval)),
        false => asking.with("granularity", contract_interval(interval)),
    })
}

fn spot_interval(interval: &str) -> String {
    match interval.strip_suffix('m') {
        Some(minutes) => format!("{minutes}min"),
        None if matches!(interval, "1h" | "4h") => interval.to_owned(),
        None => contract_interval(interval),
    }
}

fn unified_interval(interval: &str) -> String {
    match interval {
        "1h" | "2h" | "4h" | "6h" | "12h" | "1d" => interval.to_uppercase(),
        other => other.to_owned(),
    }
}

fn contract_interval(interval: &str) -> String {
    match interval {
        "1h" | "2h" | "4h" => interval.to_uppercase(),
        "6h" | "12h" => format!("{}utc", interval.to_uppercase()),
        "1d" | "3d" | "1w" => format!("{}utc", interval.to_uppercase()),
        "1M" => "1Mutc".to_owned(),
        minutes => minutes.to_owned(),
    }
}
