//! One object of an answer: its figures, and in `why` the reason of each that does not exist.

use crate::rfc3339;
use alloc::{
    borrow::ToOwned,
    collections::BTreeMap,
    format,
    string::{String, ToString},
};
use ledger::{Asset, Decimal, Measured, Reason, Timestamp};
use serde_json::{Map, Value};

/// Figures of one object, and why some do not exist.
#[derive(Default)]
pub(super) struct Sheet {
    pub(super) shown: Map<String, Value>,
    pub(super) why: Map<String, Value>,
}

impl Sheet {
    /// A figure that always exists.
    pub(super) fn put(&mut self, field: &str, value: impl Into<Value>) {
        self.shown.insert(field.to_owned(), value.into());
    }

    /// An amount, or a ratio of amounts: decimal text.
    pub(super) fn amount(&mut self, field: &str, value: Measured<Decimal>) {
        self.measured(field, value.map(|value| value.to_string().into()));
    }

    /// A ratio of returns: a number in the shortest form that reads back the same.
    pub(super) fn ratio(&mut self, field: &str, value: Measured<f64>) {
        self.measured(field, value.and_then(number));
    }

    /// A count that may not exist.
    pub(super) fn count(&mut self, field: &str, value: Measured<usize>) {
        self.measured(field, value.map(Value::from));
    }

    pub(super) fn measured(&mut self, field: &str, value: Measured<Value>) {
        if let Err(reason) = value {
            self.missing(field, reason.as_str());
        } else {
            self.put(field, value.unwrap_or_default());
        }
    }

    /// A figure that does not exist.
    pub(super) fn missing(&mut self, field: &str, why: &str) {
        self.put(field, Value::Null);
        self.why.insert(field.to_owned(), why.into());
    }

    pub(super) fn by_asset(&mut self, field: &str, amounts: &BTreeMap<Asset, Measured<Decimal>>) {
        let mut inner = Self::default();
        for (asset, sum) in amounts {
            inner.amount(asset.as_str(), *sum);
        }
        self.why.extend(inner.why.into_iter().map(|(asset, why)| (format!("{field}.{asset}"), why)));
        self.put(field, inner.shown);
    }

    pub(super) fn time(&mut self, field: &str, at: Option<Timestamp>) {
        self.put(field, at.map(rfc3339));
    }

    /// The fields of another sheet, as if they had been put here.
    pub(super) fn join(&mut self, mut other: Self) {
        self.shown.append(&mut other.shown);
        self.why.append(&mut other.why);
    }

    /// The fields of another sheet under a name; its reasons stand here, under their paths.
    pub(super) fn nest(&mut self, field: &str, inner: Self) {
        self.why.extend(inner.why.into_iter().map(|(name, why)| (format!("{field}.{name}"), why)));
        self.put(field, inner.shown);
    }

    /// The object, with its `why`.
    pub(super) fn finished(mut self) -> Map<String, Value> {
        self.shown.insert("why".to_owned(), self.why.into());
        self.shown
    }
}

/// JSON has no way to say that a double is no number; none of our figures is one, and none is ever shown as one.
fn number(value: f64) -> Measured<Value> {
    serde_json::Number::from_f64(value).map(Value::Number).ok_or(Reason::Overflow)
}
