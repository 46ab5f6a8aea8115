//! What is known of an account between two collections.

use super::walk::Window;
use crate::saved::{Form, Instant};
use ledger::{Asset, Decimal};
use std::collections::BTreeMap;

/// Everything that one round hands to the next. A round works on a copy, so that one that fails leaves no trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The span of each list that was read.
    pub(crate) read: BTreeMap<String, Window>,
    /// Spans that a list did not have any more when it was read again.
    pub(crate) gaps: Vec<Window>,
    /// When the account first did anything.
    pub(crate) first_sign_ms: Option<i64>,
    /// When the last round was.
    pub(crate) round_at_ms: Option<i64>,
    /// Since when there is something that could not be told yet, for want of a price or of another list's word.
    pub(crate) owed_since_ms: Option<i64>,
    /// What was held at the end of the last round.
    pub(crate) held: BTreeMap<Asset, Decimal>,
}

impl Known {
    /// Something happened then.
    pub(crate) fn saw(&mut self, at_ms: i64) {
        self.first_sign_ms = Some(self.first_sign_ms.map_or(at_ms, |first| first.min(at_ms)));
    }
}

impl Form for Window {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { from_ms, to_ms } = self;
        Instant(*from_ms).write(out);
        Instant(*to_ms).write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Some(Self { from_ms: Instant::read(left)?.0, to_ms: Instant::read(left)?.0 })
    }
}

impl Form for Known {
    fn write(&self, out: &mut Vec<u8>) {
        // In full: a new field does not compile until somebody decides how it is saved, and raises the version.
        let Self { read, gaps, first_sign_ms, round_at_ms, owed_since_ms, held } = self;
        read.write(out);
        gaps.write(out);
        first_sign_ms.map(Instant).write(out);
        round_at_ms.map(Instant).write(out);
        owed_since_ms.map(Instant).write(out);
        held.write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        // In the order of `write`, which is the order of the fields.
        Some(Self {
            read: Form::read(left)?,
            gaps: Form::read(left)?,
            first_sign_ms: instant(left)?,
            round_at_ms: instant(left)?,
            owed_since_ms: instant(left)?,
            held: Form::read(left)?,
        })
    }
}

fn instant(left: &mut &[u8]) -> Option<Option<i64>> {
    Some(Option::<Instant>::read(left)?.map(|Instant(ms)| ms))
}
