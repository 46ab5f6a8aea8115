//! Instruments and candles.

use super::Text;
use core::fmt;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, SeqAccess, Visitor},
};

/// `GET /api/v3/exchangeInfo`
///
/// ```json
/// {"timezone":"UTC","serverTime":1565246363776,"rateLimits":[],
///  "symbols":[{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC"}]}
/// ```
#[derive(Deserialize)]
pub(crate) struct ExchangeInfo<'a> {
    #[serde(borrow)]
    pub(crate) symbols: Vec<Market<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Market<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Text<'a>,
    #[serde(borrow)]
    pub(crate) base_asset: Text<'a>,
    #[serde(borrow)]
    pub(crate) quote_asset: Text<'a>,
}

/// A row of `GET /api/v3/klines`: open time, open, high, low, close, volume, close time, and five more.
///
/// ```json
/// [1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,
///  "2434.19055334",308,"1756.87402397","28.46694368","0"]
/// ```
pub(crate) struct Kline<'a> {
    pub(crate) open_time: Text<'a>,
    pub(crate) close: Text<'a>,
    pub(crate) close_time: Text<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Kline<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Row;
        impl<'de> Visitor<'de> for Row {
            type Value = Kline<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a candle")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Self::Value, A::Error> {
                let missing = || A::Error::custom("a candle is too short");
                let open_time = row.next_element()?.ok_or_else(missing)?;
                for _ in 0..3 {
                    row.next_element::<IgnoredAny>()?;
                }
                let close = row.next_element()?.ok_or_else(missing)?;
                row.next_element::<IgnoredAny>()?;
                let close_time = row.next_element()?.ok_or_else(missing)?;
                while row.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Kline { open_time, close, close_time })
            }
        }
        deserializer.deserialize_seq(Row)
    }
}
