//! What the venue says when it will not: HTTP status, code and message, as its error list has them.

use crate::http::Reply;
use serde_json::json;

/// A request that is not answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into() }
    }

    const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn key_format() -> Self {
        Self::new(-2014, "API-key format invalid.").with_status(401)
    }

    pub(crate) fn key() -> Self {
        Self::new(-2015, "Invalid API-key, IP, or permissions for action.").with_status(401)
    }

    pub(crate) fn signature() -> Self {
        Self::new(-1022, "Signature for this request is not valid.")
    }

    pub(crate) fn late() -> Self {
        Self::new(-1021, "Timestamp for this request is outside of the recvWindow.")
    }

    pub(crate) fn ahead() -> Self {
        Self::new(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    }

    pub(crate) fn receive_window() -> Self {
        Self::new(-1131, "recvWindow must be less than 60000.")
    }

    pub(crate) fn missing(name: &str) -> Self {
        let message = format!("Mandatory parameter '{name}' was not sent, was empty/null, or malformed.");
        Self::new(-1102, message)
    }

    pub(crate) fn empty(name: &str) -> Self {
        Self::new(-1105, format!("Parameter '{name}' was empty."))
    }

    pub(crate) fn illegal(name: &str, legal: &str) -> Self {
        Self::new(-1100, format!("Illegal characters found in parameter '{name}'; legal range is '{legal}'."))
    }

    pub(crate) fn too_many_parameters(expected: usize, sent: usize) -> Self {
        Self::new(-1101, format!("Too many parameters; expected '{expected}' and received '{sent}'."))
    }

    pub(crate) fn duplicate(name: &str) -> Self {
        Self::new(-1101, format!("Duplicate values for parameter '{name}' detected."))
    }

    pub(crate) fn unread(read: usize, sent: usize) -> Self {
        let message =
            format!("Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.");
        Self::new(-1104, message)
    }

    pub(crate) fn symbol() -> Self {
        Self::new(-1121, "Invalid symbol.")
    }

    pub(crate) fn interval() -> Self {
        Self::new(-1120, "Invalid interval.")
    }

    pub(crate) fn hours() -> Self {
        Self::new(-1127, "More than 24 hours between startTime and endTime.")
    }

    pub(crate) fn days(days: i64) -> Self {
        Self::new(-1127, format!("More than {days} days between startTime and endTime."))
    }

    pub(crate) fn week() -> Self {
        Self::new(-4165, "Maximum time interval is 7 days.")
    }

    pub(crate) fn no_margin() -> Self {
        Self::new(-3003, "Margin account does not exist.")
    }

    pub(crate) fn pair() -> Self {
        Self::new(-4141, "Invalid pair.")
    }

    pub(crate) fn wallet_window() -> Self {
        Self::new(-4047, "Time interval must be within 0-90 days.")
    }

    pub(crate) fn combination() -> Self {
        Self::new(-1128, "Combination of optional parameters invalid.")
    }

    pub(crate) fn value(name: &str) -> Self {
        Self::new(-1130, format!("Data sent for parameter '{name}' is not valid."))
    }

    pub(crate) fn no_orders() -> Self {
        Self::new(-2010, "This simulator takes no orders and moves no coins.")
    }

    pub(crate) fn reply(&self) -> Reply {
        Reply::json(self.status, json!({ "code": self.code, "msg": self.message }))
    }
}
