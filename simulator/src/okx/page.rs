//! Pages of lists: newest first, a hundred at a time, between two rows or two instants that are left out themselves.

use super::{Call, refusal::Refusal};
use crate::faults::{Disorder, disturb};
use serde_json::Value;

pub(super) const ROWS_MAX: usize = 100;
/// How many rows of the page before a page may begin with: there is progress all the same.
const REPEATED_ROWS: usize = 20;

/// What lists are made of.
pub(super) trait Row {
    fn time_ms(&self) -> i64;
    /// From when on it is told.
    fn found_ms(&self) -> i64 {
        self.time_ms()
    }
    /// Its number in the list, which rises with time.
    fn number(&self) -> i64 {
        self.time_ms()
    }
}

/// By what `after` and `before` name a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Number,
    Time,
}

/// The page that `after`, `before`, `begin`, `end` and `limit` ask for, of rows that stand oldest first and are kept since
/// an instant.
pub(super) fn page<'a, T: Row>(
    call: &Call<'_>,
    all: impl DoubleEndedIterator<Item = &'a T>,
    (by, kept_since_ms): (By, i64),
    is_wanted: impl Fn(&T) -> bool,
) -> Result<Vec<&'a T>, Refusal> {
    let query = call.query;
    let (after, before) = (query.number("after")?, query.number("before")?);
    let (begin, end) = match by {
        By::Number => (query.number("begin")?, query.number("end")?),
        By::Time => (None, None),
    };
    let limit = query.limit(ROWS_MAX, ROWS_MAX)?;
    let place = |row: &T| if by == By::Time { row.time_ms() } else { row.number() };
    let found: Vec<&T> = all
        .rev()
        .filter(|row| (kept_since_ms..=call.now_ms).contains(&row.time_ms()) && row.found_ms() <= call.now_ms)
        .filter(|row| begin.is_none_or(|begin| row.time_ms() >= begin))
        .filter(|row| end.is_none_or(|end| row.time_ms() <= end))
        .filter(|row| is_wanted(row))
        .collect();
    let first = after.map_or(0, |after| found.partition_point(|row| place(row) >= after));
    let last = before.map_or(found.len(), |before| found.partition_point(|row| place(row) > before));
    // What is over begins with nothing.
    let again = if first < last { repeated(call, limit) } else { 0 };
    let first = first.saturating_sub(again).min(last);
    let mut rows: Vec<&T> = found.get(first..last).unwrap_or_default().iter().take(limit).copied().collect();
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    Ok(rows)
}

/// How many rows of the page before come once more, if there is one: fewer than half a page.
fn repeated(call: &Call<'_>, limit: usize) -> usize {
    let is_later = call.query.text("after").is_some();
    let is_repeated = matches!(call.disorder, Some((Disorder::Repeated, _)));
    if is_later && is_repeated { REPEATED_ROWS.min(limit.saturating_sub(1) / 2) } else { 0 }
}

/// A list of rows as an answer tells it.
pub(super) fn told<T>(rows: Vec<&T>, row: impl Fn(&T) -> Value) -> String {
    Value::from(rows.into_iter().map(row).collect::<Vec<_>>()).to_string()
}
