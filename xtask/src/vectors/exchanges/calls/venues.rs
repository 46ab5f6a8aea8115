//! The library's habits at each exchange.

use super::{
    Asking, Call, alpaca, binance, bitget, bybit, coinbase, deribit, gate, hyperliquid, kraken, kucoin, mexc,
    okx,
};

pub(super) fn asking(call: &Call, clock_ms: i64) -> anyhow::Result<Asking> {
    match call.exchange.as_str() {
        "bybit" => bybit::asking(call, clock_ms),
        "okx" => okx::asking(call, clock_ms),
        "kraken" => kraken::asking(call, clock_ms),
        "coinbase" => coinbase::asking(call, clock_ms),
        "hyperliquid" => hyperliquid::asking(call, clock_ms),
        "deribit" => deribit::asking(call, clock_ms),
        "kucoin" => kucoin::asking(call, clock_ms),
        "binance" => binance::asking(call, clock_ms),
        "alpaca" => alpaca::asking(call, clock_ms),
        "bitget" => bitget::asking(call, clock_ms),
        "gate" => gate::asking(call, clock_ms),
        "mexc" => mexc::asking(call, clock_ms),
        _ => call.with_params(&[]),
    }
}
