//! A list, page by page.

use super::List;
use crate::{
    Question,
    saved::{Form, Instant},
};

/// A span of time, bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

/// Where in a list one is.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) list: &'static List,
    span: Window,
    /// Rows that were taken.
    taken: usize,
}

/// How a page leaves a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    More,
    Over,
    /// More rows than are held at once.
    TooMany,
}

const ROWS_MAX: usize = 4_000_000;

impl Walk {
    pub(crate) const fn new(list: &'static List, span: Window) -> Self {
        Self { list, span, taken: 0 }
    }

    pub(crate) fn question(&self) -> Question<'static> {
        let List { need, market, with, paging, .. } = self.list;
        let mut question = Question::of(*need, market);
        (question.from_ms, question.to_ms) = (Some(self.span.from_ms), Some(self.span.to_ms));
        question.limit = u32::try_from(paging.rows).ok();
        question.with.extend(with.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if self.taken > 0 {
            question.with.push((paging.offset, self.taken.to_string()));
        }
        question
    }

    /// A page was taken.
    pub(crate) fn took(&mut self, rows: usize) -> Step {
        self.taken = self.taken.saturating_add(rows);
        match rows < self.list.paging.rows {
            _ if self.taken > ROWS_MAX => Step::TooMany,
            true => Step::Over,
            // The last page may be full: then the next one is empty.
            false => Step::More,
        }
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
