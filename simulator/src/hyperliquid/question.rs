//! A question: one JSON object, whose `type` says what is asked. A field of another type than documented is refused, a
//! field that nobody knows is passed over.

use super::refusal::Refusal;
use crate::http::Incoming;
use serde_json::{Map, Value};

/// What is asked.
pub(crate) struct Question(Map<String, Value>);

impl Question {
    pub(crate) fn parse(request: &Incoming) -> Result<Self, Refusal> {
        let is_json = request.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        if !is_json {
            return Err(Refusal::MediaType);
        }
        let Ok(Value::Object(object)) = serde_json::from_str(&request.body) else {
            return Err(Refusal::Form);
        };
        match object.get("type") {
            Some(Value::String(_)) => Ok(Self(object)),
            _ => Err(Refusal::Form),
        }
    }

    /// Its `type`.
    pub(crate) fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }

    /// Whom it is about: `0x` and forty hexadecimal digits, in lower case here.
    pub(crate) fn user(&self) -> Result<String, Refusal> {
        let address = self.text("user")?.to_ascii_lowercase();
        let digits = address.strip_prefix("0x").ok_or(Refusal::Form)?;
        let is_address = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_address { Ok(address) } else { Err(Refusal::Form) }
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.0.get(name).and_then(Value::as_str).ok_or(Refusal::Form)
    }

    /// An instant in milliseconds, which must be there.
    pub(crate) fn time(&self, name: &str) -> Result<i64, Refusal> {
        self.maybe_time(name)?.ok_or(Refusal::Form)
    }

    /// An instant in milliseconds, or null, or nothing.
    pub(crate) fn maybe_time(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                value.as_u64().and_then(|ms| i64::try_from(ms).ok()).map(Some).ok_or(Refusal::Form)
            }
        }
    }

    /// A yes or no, which is no if nothing is said.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(value) => value.as_bool().ok_or(Refusal::Form),
        }
    }

    /// The object within it.
    pub(crate) fn inner(&self, name: &str) -> Result<Self, Refusal> {
        match self.0.get(name) {
            Some(Value::Object(object)) => Ok(Self(object.clone())),
            _ => Err(Refusal::Form),
        }
    }
}
