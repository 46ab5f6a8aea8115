//! What is told of a record. It never changes: new figures, or other facts around them, are told anew. So what is written of
//! it once is right as long as it is there.

use protocol::statement::{Frame, Statement};
use serde::Serialize;
use serde_json::{
    Map, Value,
    value::{RawValue, to_raw_value},
};
use std::{collections::BTreeMap, sync::OnceLock};

/// A statement, and what stands around it.
pub(crate) struct Told {
    statement: Statement,
    frame: Frame,
    /// Read far more often than it is made.
    summary: OnceLock<Members>,
}

/// Members of a body by their names, as they are sent.
pub(super) type Members = BTreeMap<String, Box<RawValue>>;

impl Told {
    pub(crate) const fn new(statement: Statement, frame: Frame) -> Self {
        Self { statement, frame, summary: OnceLock::new() }
    }

    /// The same figures with other facts around them.
    pub(super) fn reframed(&self, frame: Frame) -> Self {
        Self::new(self.statement.clone(), frame)
    }

    pub(super) const fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The headline.
    pub(super) fn summary(&self) -> &Members {
        self.summary.get_or_init(|| members(self.statement.summary(&self.frame)))
    }

    /// Everything.
    pub(super) fn metrics(&self) -> Members {
        members(self.statement.metrics(&self.frame))
    }
}

/// A value as it is sent.
fn written(value: impl Serialize) -> Box<RawValue> {
    // Strings, numbers and string-keyed maps always serialise.
    to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn members(body: Map<String, Value>) -> Members {
    body.into_iter().map(|(name, value)| (name, written(value))).collect()
}
