//! The venues' names of instruments, of the unified ones: `BTC/USDT`, `BTC/USDT:USDT`, `BTC/USD:BTC`, and with what ends
//! them: `ETH/USD:ETH-210430`, `BTC/USD:BTC-230526-26000-C`.

use anyhow::{Context as _, bail};

pub(super) fn native(exchange: &str, symbol: &str) -> anyhow::Result<String> {
    let (base, rest) = symbol.split_once('/').context("a symbol without a quote")?;
    let (quote, settle) = rest.split_once(':').map_or((rest, None), |(quote, settle)| (quote, Some(settle)));
    let (settle, end) = match settle.and_then(|settle| settle.split_once('-')) {
        Some((settle, end)) => (Some(settle), Some(end)),
        None => (settle, None),
    };
    if let Some(end) = end {
        return match exchange {
            "okx" => Ok(format!("{base}-{quote}-{end}")),
            _ => bail!("{symbol} has no name at {exchange}"),
        };
    }
    Ok(match (exchange, settle) {
        ("binance", None) | ("mexc" | "bitget" | "bybit", None) => format!("{base}{quote}"),
        ("binance", Some(settle)) if settle == quote => format!("{base}{quote}"),
        ("binance", Some(_)) => format!("{base}{quote}_PERP"),
        ("bybit" | "bitget", Some("USDC")) => format!("{base}PERP"),
        ("bybit" | "bitget", Some(_)) => format!("{base}{quote}"),
        ("mexc", Some(_)) | ("gate", _) => format!("{base}_{quote}"),
        ("okx", None) | ("kucoin" | "coinbase", None) => format!("{base}-{quote}"),
        ("okx", Some(_)) => format!("{base}-{quote}-SWAP"),
        ("kucoin", Some(_)) => format!("{}{quote}M", if base == "BTC" { "XBT" } else { base }),
        ("deribit", Some(settle)) if settle == base => format!("{base}-PERPETUAL"),
        ("deribit", _) => format!("{base}_{quote}"),
        ("hyperliquid", Some(_)) => base.to_owned(),
        ("alpaca" | "hyperliquid", None) => symbol.to_owned(),
        ("kraken", None) => match (kraken_asset(base), kraken_asset(quote)) {
            // Pairs of two old assets have their long names.
            (long, other) if long != kraken_short(base) && other != quote => format!("{long}{other}"),
            _ => format!("{}{}", kraken_short(base), kraken_short(quote)),
        },
        ("kraken", Some(settle)) => {
            format!("{}_{}{quote}", if settle == base { "PI" } else { "PF" }, kraken_short(base))
        }
        _ => bail!("{symbol} has no name at {exchange}"),
    })
}

/// Kraken's name of an asset, which some have had from its beginning.
pub(super) fn kraken_asset(ours: &str) -> &str {
    match ours {
        "BTC" => "XXBT",
        "DOGE" => "XXDG",
        "ETH" => "XETH",
        "ETC" => "XETC",
        "LTC" => "XLTC",
        "XLM" => "XXLM",
        "XMR" => "XXMR",
        "XRP" => "XXRP",
        "ZEC" => "XZEC",
        "USD" => "ZUSD",
        "EUR" => "ZEUR",
        "GBP" => "ZGBP",
        "CAD" => "ZCAD",
        "JPY" => "ZJPY",
        "AUD" => "ZAUD",
        other => other,
    }
}

fn kraken_short(ours: &str) -> &str {
    match ours {
        "BTC" => "XBT",
        "DOGE" => "XDG",
        other => other,
    }
}
