//! What Hyperliquid says when it will not.

use crate::http::Reply;
use serde_json::json;

/// A request that is not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Too much was asked this minute.
    Rate,
    /// The question cannot be read.
    Form,
    /// It is not said to be JSON.
    MediaType,
    /// It is no POST.
    Method,
    /// What it names does not exist.
    Unknown,
    /// Something is broken.
    Server,
    /// An order or a transfer: this venue never takes one.
    Order,
}

impl Refusal {
    pub(crate) fn reply(self) -> Reply {
        let words = |status: u16, words: &str| {
            let mut reply = Reply::json(status, words);
            reply.content_type = "text/plain; charset=utf-8";
            reply
        };
        match self {
            Self::Rate => Reply::json(429, "null"),
            Self::Form => words(422, "Failed to deserialize the JSON body into the target type"),
            Self::MediaType => words(415, "Expected request with `Content-Type: application/json`"),
            Self::Method => words(405, ""),
            Self::Unknown | Self::Server => Reply::json(500, "null"),
            Self::Order => {
                let response = "User or API Wallet does not exist.";
                Reply::json(200, json!({ "status": "err", "response": response }))
            }
        }
    }
}
