//! What is known of an account between two collections.

use super::walk::Window;
use crate::saved::{Form, Instant};
use std::collections::BTreeMap;

/// Everything that one round hands to the next. A round works on a copy, so that one that fails leaves no trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The span of each list that was read.
    pub(crate) read: BTreeMap<String, Window>,
    /// When the account first did anything.
    pub(crate) first_sign_ms: Option<i64>,
    /// When the first round ended.
    pub(crate) looked_since_ms: Option<i64>,
    /// Since when there is something that could not be told yet, for want of a price or of another list's word.
    pub(crate) owed_since_ms: Option<i64>,
}

impl Form for Known {
    fn write(&self, out: &mut Vec<u8>) {
        // In full: a new field does not compile until somebody decides how it is saved, and raises the version.
        let Self { read, first_sign_ms, looked_since_ms, owed_since_ms } = self;
        read.write(out);
        first_sign_ms.map(Instant).write(out);
        looked_since_ms.map(Instant).write(out);
        owed_since_ms.map(Instant).write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        // In the order of `write`, which is the order of the fields.
        Some(Self {
            read: Form::read(left)?,
            first_sign_ms: instant(left)?,
            looked_since_ms: instant(left)?,
            owed_since_ms: instant(left)?,
        })
    }
}

fn instant(left: &mut &[u8]) -> Option<Option<i64>> {
    Some(Option::<Instant>::read(left)?.map(|Instant(ms)| ms))
}
