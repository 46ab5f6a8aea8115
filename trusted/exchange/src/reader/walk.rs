//! A list, window by window and page by page.

use super::List;
use crate::Question;
use std::collections::VecDeque;

/// A span of time, bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Window {
    /// In pieces no longer than that, the oldest first.
    pub(crate) fn split(self, length_ms: i64) -> impl Iterator<Item = Self> {
        let length_ms = length_ms.max(1);
        let mut next_ms = (self.from_ms <= self.to_ms).then_some(self.from_ms);
        core::iter::from_fn(move || {
            let from_ms = next_ms?;
            let to_ms = from_ms.saturating_add(length_ms - 1).min(self.to_ms);
            next_ms = (to_ms < self.to_ms).then(|| to_ms + 1);
            Some(Self { from_ms, to_ms })
        })
    }
}

/// Where in a list one is.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) list: &'static List,
    windows: VecDeque<Window>,
    /// Rows of this window that were taken.
    taken: usize,
}

/// More rows of one span than are held at once, or the venue repeats itself.
const ROWS_MAX: usize = 4_000_000;

impl Walk {
    pub(crate) fn new(list: &'static List, span: Window) -> Self {
        Self { list, windows: span.split(list.window_ms).collect(), taken: 0 }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.windows.is_empty()
    }

    /// Windows that are left.
    pub(crate) fn left(&self) -> usize {
        self.windows.len()
    }

    pub(crate) fn question(&self) -> Option<Question<'static>> {
        let window = self.windows.front()?;
        let List { need, market, with, paging, .. } = self.list;
        let mut question = Question::of(*need, market);
        (question.from_ms, question.to_ms) = (Some(window.from_ms), Some(window.to_ms));
        question.limit = u32::try_from(paging.rows).ok();
        question.with.extend(with.iter().map(|(name, value)| (*name, (*value).to_owned())));
        if self.taken > 0 {
            question.with.push((paging.offset, self.taken.to_string()));
        }
        Some(question)
    }

    /// A page was taken. `false`: there are more than are held at once.
    pub(crate) fn took(&mut self, rows: usize) -> bool {
        self.taken = self.taken.saturating_add(rows);
        let within = self.taken <= ROWS_MAX;
        // The last page may be full: then the next one is empty.
        if rows < self.list.paging.rows {
            self.windows.pop_front();
            self.taken = 0;
        }
        within
    }
}
