//! What Bybit says when it will not: a code and words, mostly in an HTTP 200.
//! See <https://bybit-exchange.github.io/docs/v5/error>.

use crate::http::Reply;
use serde_json::json;

/// A request that is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: i64,
    words: String,
}

impl Refusal {
    fn new(code: i64, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }

    pub(crate) fn parameter(words: &str) -> Self {
        Self::new(10001, format!("params error: {words}"))
    }

    pub(crate) fn symbol() -> Self {
        Self::parameter("Symbol Is Invalid")
    }

    pub(crate) fn category() -> Self {
        Self::new(10001, "Illegal category")
    }

    pub(crate) fn span() -> Self {
        Self::new(10001, "The time range between startTime and endTime cannot exceed the limit.")
    }

    pub(crate) fn clock(sent_ms: i64, now_ms: i64, window_ms: i64) -> Self {
        Self::new(
            10002,
            format!(
                "invalid request, please check your server timestamp or recv_window param. req_timestamp[{sent_ms}],server_timestamp[{now_ms}],recv_window[{window_ms}]"
            ),
        )
    }

    pub(crate) fn key() -> Self {
        Self::new(10003, "API key is invalid.")
    }

    pub(crate) fn signature() -> Self {
        Self::new(10004, "Error sign, please check your signature generation algorithm.")
    }

    pub(crate) fn permission() -> Self {
        Self::new(10005, "Permission denied, please check your API key permissions.")
    }

    pub(crate) fn too_many() -> Self {
        Self::new(10006, "Too many visits. Exceeded the API Rate Limit.")
    }

    pub(crate) fn too_many_of_the_address() -> Self {
        Self::new(10018, "Exceeded the IP Rate Limit.")
    }

    pub(crate) fn server() -> Self {
        Self::new(10016, "Internal server error.")
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(10000, "Server Timeout")
    }

    pub(crate) fn expired() -> Self {
        Self::new(33004, "Your api key has expired.")
    }

    /// For a key that may trade: this venue never takes an order.
    pub(crate) fn no_orders() -> Self {
        Self::new(170_210, "New order rejected.")
    }

    /// For a key that may withdraw: this venue never moves a coin.
    pub(crate) fn no_withdrawals() -> Self {
        Self::new(131_002, "Withdraw address chain or destination tag are not equal")
    }

    pub(crate) fn reply(&self, now_ms: i64) -> Reply {
        let Self { code, words } = self;
        Reply::json(
            200,
            json!({ "retCode": code, "retMsg": words, "result": {}, "retExtInfo": {}, "time": now_ms }),
        )
    }
}

/// An address that asked too often is shut out: a page, and no code.
pub(crate) fn shut_out() -> Reply {
    Reply::html(403, "access too frequent")
}
