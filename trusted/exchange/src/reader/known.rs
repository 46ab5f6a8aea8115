//! What is known of an account between two collections.

use super::walk::Window;
use crate::saved::{Form, Instant};
use ledger::{Timestamp, record::Gap};
use std::collections::{BTreeMap, BTreeSet};

/// Between the name of a list and the thing that it was asked for.
const OF: char = '/';

/// Everything that one round hands to the next. A round works on a copy, so that one that fails leaves no trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// The span of each list that was read, or of each thing that a list was asked for.
    pub(crate) read: BTreeMap<String, Window>,
    /// Spans that a list did not tell any more when it was asked.
    pub(crate) gaps: BTreeSet<(i64, i64)>,
    /// When the account first did anything.
    pub(crate) first_sign_ms: Option<i64>,
    /// When the first round ended.
    pub(crate) looked_since_ms: Option<i64>,
    /// Since when there is something that could not be told yet, for want of a price or of another list's word.
    pub(crate) owed_since_ms: Option<i64>,
    /// Where a list begins of which the venue keeps a number of rows.
    pub(crate) cut_ms: Option<i64>,
}

impl Known {
    pub(super) fn key(list: &str, subject: Option<&str>) -> String {
        subject.map_or_else(|| list.to_owned(), |subject| format!("{list}{OF}{subject}"))
    }

    /// The span that a list was read over, by whatever it was asked for.
    pub(super) fn span_of(&self, list: &str) -> Option<Window> {
        let of = self.read.iter().filter(|(key, _)| is_of(key, list)).map(|(_, read)| *read);
        of.filter(|read| !read.is_empty()).reduce(|all, one| Window {
            from_ms: all.from_ms.min(one.from_ms),
            to_ms: all.to_ms.max(one.to_ms),
        })
    }

    /// What a list was asked for.
    pub(super) fn subjects_of(&self, list: &str) -> BTreeSet<String> {
        let subject = |key: &String| Some(key.strip_prefix(list)?.strip_prefix(OF)?.to_owned());
        self.read.keys().filter_map(subject).collect()
    }

    /// The span that is known of a list, or of one thing.
    pub(super) fn span(&self, key: &str) -> Option<Window> {
        self.read.get(key).copied().filter(|read| !read.is_empty())
    }

    /// More of a list was read, or of one thing.
    pub(super) fn add(&mut self, key: &str, span: Window) {
        let read = self.span(key).unwrap_or(span);
        let read = Window { from_ms: read.from_ms.min(span.from_ms), to_ms: read.to_ms.max(span.to_ms) };
        self.read.insert(key.to_owned(), read);
    }

    /// A list that was refused, or of one thing, is asked again from its beginning. A thing is remembered for that: nobody might
    /// name it again.
    pub(super) fn forget(&mut self, list: &str, subject: Option<&str>) {
        let key = Self::key(list, subject);
        if subject.is_some() {
            self.read.insert(key, Window::EMPTY);
        } else {
            self.read.remove(&key);
        }
    }

    /// A thing is over: it is not asked for again.
    pub(super) fn retire(&mut self, list: &str, subject: &str) {
        self.read.remove(&Self::key(list, Some(subject)));
    }

    pub(super) fn gaps_after(&self, from: Timestamp) -> Vec<Gap> {
        let gaps = self.gaps.iter().filter(|(_, to_ms)| *to_ms > from.millis());
        let gap = |(from_ms, to_ms): &(i64, i64)| Gap {
            from: Timestamp::from_millis(*from_ms).max(from),
            to: Timestamp::from_millis(*to_ms),
        };
        gaps.map(gap).collect()
    }
}

fn is_of(key: &str, list: &str) -> bool {
    key.strip_prefix(list).is_some_and(|rest| rest.is_empty() || rest.starts_with(OF))
}

impl Form for Known {
    fn write(&self, out: &mut Vec<u8>) {
        // In full: a new field does not compile until somebody decides how it is saved, and raises the version.
        let Self { read, gaps, first_sign_ms, looked_since_ms, owed_since_ms, cut_ms } = self;
        read.write(out);
        gaps.write(out);
        for instant in [first_sign_ms, looked_since_ms, owed_since_ms, cut_ms] {
            instant.map(Instant).write(out);
        }
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        // In the order of `write`, which is the order of the fields.
        Some(Self {
            read: Form::read(left)?,
            gaps: Form::read(left)?,
            first_sign_ms: instant(left)?,
            looked_since_ms: instant(left)?,
            owed_since_ms: instant(left)?,
            cut_ms: instant(left)?,
        })
    }
}

fn instant(left: &mut &[u8]) -> Option<Option<i64>> {
    Some(Option::<Instant>::read(left)?.map(|Instant(ms)| ms))
}
