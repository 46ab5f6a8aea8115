//! What OKX says when it will not: a code and words, in an HTTP status that goes with it.
//! See <https://www.okx.com/docs-v5/en/#error-code>.

use crate::http::Reply;
use serde_json::json;

/// A request that is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    code: u32,
    words: String,
}

impl Refusal {
    fn new(status: u16, code: u32, words: impl Into<String>) -> Self {
        Self { status, code, words: words.into() }
    }

    /// A header that must be there is not.
    pub(crate) fn header(code: u32, name: &str) -> Self {
        Self::new(401, code, format!("Request header {name} can not be empty."))
    }

    pub(crate) fn expired() -> Self {
        Self::new(401, 50102, "Timestamp request expired")
    }

    pub(crate) fn passphrase() -> Self {
        Self::new(401, 50105, "Request header OK-ACCESS-PASSPHRASE incorrect.")
    }

    pub(crate) fn key() -> Self {
        Self::new(401, 50111, "Invalid OK-ACCESS-KEY")
    }

    pub(crate) fn timestamp() -> Self {
        Self::new(401, 50112, "Invalid OK-ACCESS-TIMESTAMP")
    }

    pub(crate) fn signature() -> Self {
        Self::new(401, 50113, "Invalid Sign")
    }

    pub(crate) fn method() -> Self {
        Self::new(405, 50115, "Invalid request method.")
    }

    pub(crate) fn permission() -> Self {
        Self::new(401, 50120, "This API key doesn't have permission to use this function")
    }

    pub(crate) fn too_many() -> Self {
        Self::new(429, 50011, "Too Many Requests")
    }

    pub(crate) fn unavailable() -> Self {
        Self::new(503, 50001, "Service temporarily unavailable, please try again later.")
    }

    pub(crate) fn busy() -> Self {
        Self::new(503, 50013, "System is busy, please try again later.")
    }

    pub(crate) fn system() -> Self {
        Self::new(500, 50026, "System error, please try again later.")
    }

    /// It came in time, and what stands behind did not answer.
    pub(crate) fn timeout() -> Self {
        Self::new(
            200,
            50004,
            "Endpoint request timeout (does not mean that the request was successful or failed)",
        )
    }

    pub(crate) fn missing(name: &str) -> Self {
        Self::new(400, 50014, format!("Parameter {name} can not be empty."))
    }

    pub(crate) fn parameter(name: &str) -> Self {
        Self::new(400, 51000, format!("Parameter {name} error"))
    }

    pub(crate) fn instrument() -> Self {
        Self::new(200, 51001, "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")
    }

    pub(crate) fn path() -> Self {
        Self::new(404, 404, "Not Found")
    }

    /// For a key that may trade: this venue never takes an order.
    pub(crate) fn no_orders() -> Self {
        Self::new(200, 51022, "Contract suspended.")
    }

    /// For a key that may withdraw: this venue never moves a coin.
    pub(crate) fn no_withdrawals() -> Self {
        Self::new(200, 58207, "Withdrawal address isn't on the verified address list.")
    }

    pub(crate) fn reply(&self) -> Reply {
        let nothing: [u8; 0] = [];
        Reply::json(self.status, json!({ "code": self.code.to_string(), "msg": self.words, "data": nothing }))
    }
}
