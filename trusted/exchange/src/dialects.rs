//! Which dialects there are. Not all of them are behind a connector yet: `venue.rs` says which accounts can be read.

use crate::{
    Asked, Capability, Listings, Need, Reply,
    alpaca::{self, Alpaca},
    binance::{self, BinanceDialect},
    bitget::{self, Bitget},
    bybit::{self, Bybit},
    coinbase::{self, Coinbase},
    deribit::{self, Deribit},
    dialect::Dialect,
    gate::{self, Gate},
    hyperliquid::{self, Hyperliquid},
    ibkr::{self, Ibkr},
    kraken::{self, Kraken},
    kucoin::{self, KuCoin},
    mexc::{self, Mexc},
    okx::{self, Okx},
};
use ledger::Timestamp;

/// The dialect of a venue, by the name that registrations use.
pub fn dialect(venue: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().find(|(name, ..)| *name == venue).map(|(_, dialect, _)| *dialect)
}

pub(crate) static DIALECTS: [(&str, &dyn Dialect, &Capability); 13] = [
    ("alpaca", &Alpaca, &alpaca::CAPABILITY),
    ("binance", &BinanceDialect, &binance::CAPABILITY),
    ("bitget", &Bitget, &bitget::CAPABILITY),
    ("bybit", &Bybit, &bybit::CAPABILITY),
    ("coinbase", &Coinbase, &coinbase::CAPABILITY),
    ("deribit", &Deribit, &deribit::CAPABILITY),
    ("gate", &Gate, &gate::CAPABILITY),
    ("hyperliquid", &Hyperliquid, &hyperliquid::CAPABILITY),
    ("ibkr", &Ibkr, &ibkr::CAPABILITY),
    ("kraken", &Kraken, &kraken::CAPABILITY),
    ("kucoin", &KuCoin, &kucoin::CAPABILITY),
    ("mexc", &Mexc, &mexc::CAPABILITY),
    ("okx", &Okx, &okx::CAPABILITY),
];

/// The first four bytes choose dialect, need, account and endpoint; the rest is the answer.
pub fn fuzz_dialect_reply(data: &[u8]) {
    const MARKETS: [&str; 12] = [
        "spot", "margin", "isolated", "usdm", "coinm", "linear", "inverse", "futures", "wallet", "unified",
        "funding", "perp",
    ];
    fn chosen<T: Copy>(of: &[T], by: u8) -> Option<T> {
        of.get(usize::from(by).checked_rem(of.len())?).copied()
    }
    let Some(([which, need, market, call], body)) = data.split_first_chunk() else { return };
    let Some((_, dialect, _)) = chosen(&DIALECTS, *which) else { return };
    let (Some(need), Some(market)) = (chosen(&Need::ALL, *need), chosen(&MARKETS, *market)) else { return };
    let path = chosen(dialect.calls(), *call).map_or("", |(_, _, path)| path);
    let reply = Reply { status: 200, headers: Vec::new(), body: body.to_vec() };
    let asked = Asked { need, market, path, symbol: Some("BTCUSDT"), currency: Some("BTC"), account: None };
    let _ = dialect.error(&reply, Timestamp::from_millis(1_735_689_600_123));
    drop(dialect.next_page(asked, &reply));
    drop(dialect.read(asked, &reply, &Listings::default()));
}

#[cfg(test)]
mod tests;
