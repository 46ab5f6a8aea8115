//! Binance's JSON, as documented (https://github.com/binance/binance-spot-api-docs, `rest-api.md`; wallet and
//! convert at https://developers.binance.com/docs). Unknown fields are passed over.
//!
//! Numbers and ids are kept as their text, quoted or not: no float ever holds one.

mod account;
mod market;
mod trade;
mod wallet;

pub(crate) use account::{Account, ServerTime, SubAccounts};
pub(crate) use market::{ExchangeInfo, Kline};
pub(crate) use trade::MyTrade;
pub(crate) use wallet::{
    Convert, Converts, Deposit, Distribution, Distributions, Dribblet, Dribblets, Withdrawal,
};

use crate::{Refusal, VenueError, dialect::is_sane_ms};
use ledger::{Decimal, Timestamp};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The text of a JSON number or string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let text = match raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
            Some(_) => Cow::Owned(serde_json::from_str(raw).map_err(D::Error::custom)?),
            None if raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => {
                Cow::Borrowed(raw)
            }
            None => return Err(D::Error::custom("neither a number nor a text")),
        };
        Ok(Self(text))
    }
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As an exact number; `field` of `endpoint` is at fault otherwise.
    pub(crate) fn decimal(&self, endpoint: &'static str, field: &'static str) -> Result<Decimal, VenueError> {
        self.0.parse().map_err(|_| wrong(endpoint, field))
    }

    /// As a whole number: an id that is counted on from, a status.
    pub(crate) fn whole<T: core::str::FromStr>(
        &self,
        endpoint: &'static str,
        field: &'static str,
    ) -> Result<T, VenueError> {
        self.0.parse().map_err(|_| wrong(endpoint, field))
    }

    /// As an instant: milliseconds, or `2019-10-12 11:12:02` in UTC.
    pub(crate) fn time(&self, endpoint: &'static str, field: &'static str) -> Result<Timestamp, VenueError> {
        let millis = self.0.parse().ok().map(Timestamp::from_millis);
        let at = millis.or_else(|| protocol::parse_rfc3339(&format!("{}Z", self.0.replacen(' ', "T", 1))));
        at.filter(|at| is_sane_ms(at.millis())).ok_or_else(|| wrong(endpoint, field))
    }
}

/// The answer is not what is documented.
pub(crate) fn wrong(endpoint: &'static str, field: &'static str) -> VenueError {
    VenueError::Permanent(Refusal::Answer { endpoint, field })
}

/// Reads an answer. One that breaks off, or is no JSON, was damaged on its way and is asked for again.
pub(crate) fn read<'a, T: Deserialize<'a>>(endpoint: &'static str, body: &'a [u8]) -> Result<T, VenueError> {
    // Once for all of it, not for each text in it.
    let text = core::str::from_utf8(body).map_err(|_| VenueError::Retry)?;
    serde_json::from_str(text).map_err(|error| {
        if !error.is_data() {
            return VenueError::Retry;
        }
        // serde names a missing field in back quotes; its message is not passed on, it may quote the answer.
        let message = error.to_string();
        let field = FIELDS.into_iter().find(|field| message.contains(&format!("`{field}`")));
        wrong(endpoint, field.unwrap_or("of the wrong type"))
    })
}

/// The fields that cannot be done without.
const FIELDS: [&str; 33] = [
    "amount",
    "applyTime",
    "asset",
    "balances",
    "baseAsset",
    "coin",
    "commission",
    "commissionAsset",
    "createTime",
    "divTime",
    "free",
    "fromAmount",
    "fromAsset",
    "id",
    "insertTime",
    "isBuyer",
    "isMaker",
    "list",
    "locked",
    "operateTime",
    "orderId",
    "orderStatus",
    "price",
    "qty",
    "quoteAsset",
    "rows",
    "serverTime",
    "status",
    "subAccounts",
    "symbol",
    "symbols",
    "time",
    "toAmount",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_another_unit_is_named_and_none_of_ours() {
        let at = |told: &str| Text(Cow::Borrowed(told)).time("/api/v3/myTrades", "time");
        let right = Timestamp::from_millis(1_795_305_600_123);
        assert_eq!(at("1795305600123"), Ok(right));
        assert_eq!(at("2026-11-22 00:00:00"), Ok(Timestamp::from_millis(1_795_305_600_000)));
        for wrong_unit in ["1795305600", "1795305600123000", "1795305600123000000", "0", "-1", "1.795e12", ""]
        {
            assert_eq!(at(wrong_unit), Err(wrong("/api/v3/myTrades", "time")), "{wrong_unit}");
        }
    }
}
