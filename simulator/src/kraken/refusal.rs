//! What Kraken says when it will not: severity, category and words, in an HTTP 200.
//! See <https://docs.kraken.com/api/docs/guides/spot-errors>.

use crate::http::Reply;
use serde_json::json;

/// A request that is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal(String);

impl Refusal {
    fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    pub(crate) fn key() -> Self {
        Self::new("EAPI:Invalid key")
    }

    pub(crate) fn signature() -> Self {
        Self::new("EAPI:Invalid signature")
    }

    pub(crate) fn nonce() -> Self {
        Self::new("EAPI:Invalid nonce")
    }

    pub(crate) fn rate() -> Self {
        Self::new("EAPI:Rate limit exceeded")
    }

    pub(crate) fn lockout() -> Self {
        Self::new("EGeneral:Temporary lockout")
    }

    /// Until an instant, in Unix seconds.
    pub(crate) fn throttled(until_s: i64) -> Self {
        Self::new(format!("EService:Throttled: {until_s}"))
    }

    pub(crate) fn permission() -> Self {
        Self::new("EGeneral:Permission denied")
    }

    pub(crate) fn method() -> Self {
        Self::new("EGeneral:Unknown method")
    }

    pub(crate) fn arguments(name: &str) -> Self {
        Self::new(format!("EGeneral:Invalid arguments:{name}"))
    }

    pub(crate) fn asset() -> Self {
        Self::new("EQuery:Unknown asset")
    }

    pub(crate) fn pair() -> Self {
        Self::new("EQuery:Unknown asset pair")
    }

    pub(crate) fn unavailable() -> Self {
        Self::new("EService:Unavailable")
    }

    pub(crate) fn busy() -> Self {
        Self::new("EService:Busy")
    }

    /// For a key that may trade: this venue never takes an order.
    pub(crate) fn no_orders() -> Self {
        Self::new("EService:Market in cancel_only mode")
    }

    /// For a key that may withdraw: this venue never moves a coin.
    pub(crate) fn no_withdrawals() -> Self {
        Self::new("EFunding:Failed")
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(200, json!({ "error": [self.0] }))
    }
}
