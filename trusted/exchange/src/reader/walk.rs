//! A list, window by window and page by page.

use super::{Each, List, Paging};
use crate::{
    Question, Refusal, Said,
    saved::{Form, Instant},
};
use ledger::Timestamp;
use std::sync::Arc;

/// A span of time, bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Window {
    /// Of what was asked for and never told.
    pub(crate) const EMPTY: Self = Self { from_ms: 0, to_ms: 0 };

    pub(crate) fn is_empty(self) -> bool {
        self == Self::EMPTY
    }
}

/// The next page, by the dialect's word: a parameter and its value.
pub(crate) type Cursor = Option<(&'static str, String)>;

/// The one thing that a list is asked for.
pub(crate) type Subject = Option<(Each, Arc<str>)>;

/// Where in a list one is.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub(crate) list: &'static List,
    pub(crate) subject: Subject,
    pub(crate) span: Window,
    /// The part of the span that is asked for now.
    window: Window,
    /// Rows of the window that were taken, and what asks for the next ones.
    taken: usize,
    cursor: Cursor,
    /// Pages of the window that were taken.
    pages: usize,
    /// Rows of all windows.
    total: usize,
    /// Where pages go on by time: from where the second one does. Long before it may be nothing.
    began_ms: Option<i64>,
}

/// How a page leaves a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    More,
    Over,
}

const ROWS_MAX: usize = 4_000_000;

impl Walk {
    pub(crate) fn new(list: &'static List, subject: Subject, span: Window) -> Self {
        let window = first_of(list, span);
        Self { list, subject, span, window, taken: 0, cursor: None, pages: 0, total: 0, began_ms: None }
    }

    pub(crate) fn question(&self) -> Question<'static> {
        let List { need, market, with, paging, .. } = self.list;
        let mut question = Question::of(*need, market);
        (question.from_ms, question.to_ms) = (Some(self.window.from_ms), Some(self.window.to_ms));
        question.limit = u32::try_from(paging.rows()).ok();
        question.with.extend(with.iter().map(|(name, value)| (*name, (*value).to_owned())));
        match (paging, &self.cursor) {
            (Paging::Offset { parameter, .. }, _) if self.taken > 0 => {
                question.with.push((parameter, self.taken.to_string()));
            }
            (Paging::Numbered { parameter, .. }, _) => {
                question.with.push((parameter, self.pages.saturating_add(1).to_string()));
            }
            (Paging::Cursor { .. } | Paging::Back { .. }, Some(cursor)) => question.with.push(cursor.clone()),
            _ => {}
        }
        question
    }

    /// Windows that are still to be read, this one included, or so many pages as the rest would have at the pace of those before.
    pub(crate) fn left(&self) -> u32 {
        if let Some(began_ms) = self.began_ms {
            let of = |from_ms: i64, to_ms: i64| i128::from(to_ms) - i128::from(from_ms);
            let (passed, left) =
                (of(began_ms, self.window.from_ms), of(self.window.from_ms, self.span.to_ms));
            let pages = i128::try_from(self.pages).unwrap_or(i128::MAX).saturating_sub(1);
            return u32::try_from(pages.saturating_mul(left) / passed.max(1))
                .unwrap_or(u32::MAX)
                .saturating_add(1);
        }
        let Some(window_ms) = self.list.window_ms else { return 1 };
        let left_ms = self.span.to_ms.saturating_sub(self.window.from_ms);
        u32::try_from(left_ms / window_ms.max(1)).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// A page was taken. `next`: what the dialect says of the one that follows.
    ///
    /// # Errors
    /// There is no way on.
    pub(crate) fn took(&mut self, rows: usize, next: Cursor) -> Result<Step, Refusal> {
        self.taken = self.taken.saturating_add(rows);
        self.pages = self.pages.saturating_add(1);
        self.total = self.total.saturating_add(rows);
        let refused = |field| Err(Refusal::Answer { endpoint: self.list.name, field });
        if self.total > ROWS_MAX {
            return refused("more rows than are held at once");
        }
        match self.list.paging {
            // The last page may be full: then the next one is empty.
            Paging::Offset { rows: full, .. } | Paging::Numbered { rows: full, .. } if rows < full => {}
            Paging::Offset { .. } | Paging::Numbered { .. } => return Ok(Step::More),
            Paging::Cursor { .. } | Paging::Back { .. } if next.is_none() => {}
            Paging::Cursor { .. } | Paging::Back { .. } if next == self.cursor => {
                return refused("a page that leads to itself");
            }
            Paging::Cursor { .. } | Paging::Back { .. } => {
                self.cursor = next;
                return Ok(Step::More);
            }
            Paging::Forward { .. } => {
                if let Some((_, from)) = next {
                    let from_ms = from.parse().unwrap_or(i64::MIN);
                    if from_ms <= self.window.from_ms {
                        return refused("a full page of one instant");
                    }
                    self.window.from_ms = from_ms;
                    self.began_ms = self.began_ms.or(Some(from_ms));
                    return Ok(Step::More);
                }
            }
        }
        Ok(self.next_window())
    }

    /// Until when everything was read, and some of that instant, where pages go on by time. Of a list that tells the newest rows
    /// only, nobody would know then how many there were.
    pub(crate) fn reached_ms(&self) -> Option<i64> {
        matches!(self.list.paging, Paging::Forward { newest: None, .. }).then_some(self.window.from_ms)
    }

    /// Whether an answer of so many rows is the first of more, of a span that may be any.
    pub(crate) fn begins_long(&self, rows: usize) -> bool {
        matches!(self.list.paging, Paging::Offset { rows: full, .. } if rows >= full)
            && self.taken == 0
            && self.list.window_ms.is_none()
    }

    /// Leaves out rows of a page that are older than what is asked for, where pages go back. Whether there were some: then
    /// all behind them are older still.
    pub(crate) fn cut(&self, said: &mut Said) -> bool {
        let before = said.rows();
        if matches!(self.list.paging, Paging::Back { .. }) {
            said.keep_from(Timestamp::from_millis(self.window.from_ms));
        }
        said.rows() != before
    }

    /// Whether the list had more rows than it tells.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.list.paging, Paging::Forward { newest: Some(newest), .. } if self.total >= newest)
    }

    fn next_window(&mut self) -> Step {
        if self.window.to_ms >= self.span.to_ms {
            return Step::Over;
        }
        // Bounds belong to both windows: some venues round times to seconds, and what comes twice counts once.
        self.window = first_of(self.list, Window { from_ms: self.window.to_ms, to_ms: self.span.to_ms });
        (self.taken, self.pages, self.cursor) = (0, 0, None);
        Step::More
    }
}

fn first_of(list: &List, span: Window) -> Window {
    let end_ms = list.window_ms.map_or(i64::MAX, |window_ms| span.from_ms.saturating_add(window_ms.max(1)));
    Window { from_ms: span.from_ms, to_ms: span.to_ms.min(end_ms) }
}

/// Questions that are asked one after the other, each page by page.
#[derive(Debug, Default)]
pub(crate) struct Asking {
    left: Vec<Question<'static>>,
    cursor: Cursor,
}

impl Asking {
    /// These, in their order.
    pub(crate) fn of(mut questions: Vec<Question<'static>>) -> Self {
        questions.reverse();
        Self { left: questions, cursor: None }
    }

    /// What to ask now; `None`: all was asked.
    pub(crate) fn question(&self) -> Option<Question<'static>> {
        let mut question = self.left.last()?.clone();
        question.with.extend(self.cursor.clone());
        Some(question)
    }

    /// An answer was taken. Whether all was asked.
    ///
    /// # Errors
    /// There is no way on.
    pub(crate) fn took(&mut self, next: Cursor) -> Result<bool, Refusal> {
        if next.is_some() && next == self.cursor {
            return Err(Refusal::Answer {
                endpoint: "a list in pages",
                field: "a page that leads to itself",
            });
        }
        if next.is_none() {
            self.left.pop();
        }
        self.cursor = next;
        Ok(self.left.is_empty())
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
