//! Pages: newest first, from where the page before ended. A cursor names the last row that was told, so that what comes new
//! shifts nothing. Rows of one instant stand in no order that means anything.

use super::{Call, query::Window, refusal::Refusal};
use crate::faults::{Disorder, disturb};
use serde_json::{Value, json};

/// How many rows of the page before may come once more, where there is room for them.
const REPEATED_ROWS: usize = 10;

/// What lists are made of.
pub(super) trait Row {
    /// When, and what stands for its place among rows of that instant.
    fn place(&self) -> (i64, u64);
    /// From when on it is told.
    fn found_ms(&self) -> i64;
}

/// Some rows, and how to go on.
pub(super) struct Page<'a, T> {
    pub(super) rows: Vec<&'a T>,
    pub(super) cursor: String,
}

/// The page of a window that `cursor` asks for, of rows that stand in the order of their places.
pub(super) fn page<'a, T: Row>(
    call: &Call<'_>,
    all: &'a [T],
    (from_ms, to_ms): Window,
    limit: usize,
    is_wanted: impl Fn(&T) -> bool,
) -> Result<Page<'a, T>, Refusal> {
    let first = all.partition_point(|row| row.place().0 < from_ms);
    let last = all.partition_point(|row| row.place().0 <= to_ms.min(call.now_ms));
    let window = all.get(first..last).unwrap_or_default();
    let is_told = |row: &&T| row.found_ms() <= call.now_ms && is_wanted(row);
    let found: Vec<&T> = window.iter().rev().filter(is_told).collect();
    let begin = match call.query.text("cursor") {
        None => 0,
        Some(text) => {
            let after = parse(text).ok_or_else(|| Refusal::parameter("cursor is invalid"))?;
            found.partition_point(|row| row.place() >= after)
        }
    };
    let end = begin.saturating_add(limit).min(found.len());
    let cursor = match found.get(end.saturating_sub(1)) {
        Some(row) if end < found.len() => text(row.place()),
        _ => String::new(),
    };
    let again = match call.disorder {
        Some((Disorder::Repeated, _)) => REPEATED_ROWS.min(limit - (end - begin.min(end))),
        _ => 0,
    };
    let mut rows = found.get(begin.saturating_sub(again)..end).unwrap_or_default().to_vec();
    if let Some((disorder @ (Disorder::Shuffled | Disorder::Twice), detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    Ok(Page { rows, cursor })
}

/// It is told percent-encoded, and is sent as it was told.
fn text((at_ms, tie): (i64, u64)) -> String {
    format!("{at_ms}%3A{tie}%2C{at_ms}%3A{tie}")
}

fn parse(text: &str) -> Option<(i64, u64)> {
    let (first, second) = text.split_once(',')?;
    let (at_ms, tie) = first.split_once(':').filter(|_| first == second)?;
    Some((at_ms.parse().ok()?, tie.parse().ok()?))
}

impl<T> Page<'_, T> {
    /// The result of a list, under the name that it has there.
    pub(super) fn result(&self, name: &str, row: impl Fn(&T) -> Value) -> Value {
        let rows: Value = self.rows.iter().map(|one| row(one)).collect();
        json!({ name: rows, "nextPageCursor": self.cursor })
    }
}
