//! What Coinbase says when it will not: v3 an error by name, number and message, v2 a list of ids and messages, and to a token
//! that is not right one bare word.
//! See <https://docs.cdp.coinbase.com/coinbase-app/api-architecture/error-messages>.

use crate::http::Reply;
use serde_json::json;

/// A request that is not answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The token is not right. It is not said why.
    Unauthorized,
    /// The key may not.
    Permission,
    /// Too many requests; mostly it is not told for how long.
    Limited { wait_s: Option<i64> },
    /// A parameter, and what is wrong with it.
    Argument { name: String, words: &'static str },
    /// No such thing.
    NotFound,
    /// Something broke.
    Internal,
    /// Not now.
    Unavailable,
    /// For a key that may trade: this venue never takes an order.
    NoOrders,
    /// For a key that may transfer: this venue never moves a coin.
    NoTransfers,
}

impl Refusal {
    pub(crate) fn argument(name: &str, words: &'static str) -> Self {
        Self::Argument { name: name.to_owned(), words }
    }

    /// As the interface of a path says it.
    pub(crate) fn reply(&self, path: &str) -> Reply {
        if *self == Self::Unauthorized {
            let content_type = "text/plain; charset=utf-8";
            let body = "Unauthorized\n".to_owned();
            return Reply { status: 401, headers: Vec::new(), content_type, body };
        }
        if *self == Self::NoOrders {
            let error =
                json!({ "error": "UNSUPPORTED_ORDER_CONFIGURATION", "message": "", "error_details": "" });
            return Reply::json(200, json!({ "success": false, "error_response": error }));
        }
        let Told { status, error, code, id, message } = self.told();
        let body = if path.starts_with(super::PREFIX_V2) {
            json!({ "errors": [{ "id": id, "message": message }] })
        } else {
            json!({ "error": error, "code": code, "message": message, "details": [] })
        };
        let reply = Reply::json(status, body);
        match self {
            Self::Limited { wait_s: Some(wait_s) } => reply.with("retry-after", wait_s),
            _ => reply,
        }
    }

    fn told(&self) -> Told {
        let told = |status, error, code, id, message: &str| Told {
            status,
            error,
            code,
            id,
            message: message.to_owned(),
        };
        match self {
            Self::Unauthorized | Self::NoOrders => {
                told(401, "UNAUTHENTICATED", 16, "authentication_error", "")
            }
            Self::Permission => told(403, "PERMISSION_DENIED", 7, "invalid_scope", "Missing required scopes"),
            Self::Limited { .. } => {
                told(429, "RESOURCE_EXHAUSTED", 8, "rate_limit_exceeded", "Too many requests")
            }
            Self::Argument { name, words } => {
                told(400, "INVALID_ARGUMENT", 3, "invalid_request", &format!("{name}: {words}"))
            }
            Self::NotFound => told(404, "NOT_FOUND", 5, "not_found", "Not found"),
            Self::Internal => told(500, "INTERNAL", 13, "internal_server_error", "Internal error"),
            Self::Unavailable => told(503, "UNAVAILABLE", 14, "internal_server_error", "Service unavailable"),
            Self::NoTransfers => {
                told(400, "FAILED_PRECONDITION", 9, "invalid_request", "transfers are closed")
            }
        }
    }
}

struct Told {
    status: u16,
    error: &'static str,
    code: u8,
    id: &'static str,
    message: String,
}
