//! Pages of history: between two bounds, newest first, fifty at a time from an offset. Who pages fixes the end, because
//! every row that comes after shifts all others.

use super::{
    Call,
    form::{Bound, Form},
    refusal::Refusal,
};
use crate::faults::{Disorder, disturb};
use serde_json::Value;

const ROWS: usize = 50;
/// How many rows of the page before may come once more, where there is room for them.
const REPEATED_ROWS: usize = 20;

/// What lists are made of.
pub(super) trait Row {
    fn id(&self) -> &str;
    fn time_ms(&self) -> i64;
    /// From when on it is told.
    fn found_ms(&self) -> i64;
}

/// Some rows, and how many there are in all.
pub(super) struct Page<'a, T> {
    pub(super) rows: Vec<&'a T>,
    pub(super) count: usize,
}

/// The page that `start`, `end` and `ofs` ask for, of rows that stand oldest first. The start is exclusive, the end
/// inclusive.
pub(super) fn page<'a, T: Row>(
    call: &Call<'_>,
    all: &'a [T],
    is_wanted: impl Fn(&T) -> bool,
) -> Result<Page<'a, T>, Refusal> {
    let form = call.form;
    // How many rows stand before the first and up to the last.
    let first = place(form, "start", all)?.unwrap_or(0);
    let last = place(form, "end", all)?.unwrap_or(all.len());
    let offset = form.count("ofs")?.unwrap_or(0);
    let window = all.get(first..last).unwrap_or_default();
    let is_told = |row: &&T| row.time_ms() <= call.now_ms && row.found_ms() <= call.now_ms;
    let found: Vec<&T> = window.iter().rev().filter(is_told).filter(|row| is_wanted(row)).collect();
    let end = offset.saturating_add(ROWS).min(found.len());
    let begin = offset.saturating_sub(repeated(call, end.saturating_sub(offset)));
    let mut rows = found.get(begin..end).unwrap_or_default().to_vec();
    if let Some((Disorder::Shuffled, detail)) = call.disorder {
        disturb(&mut rows, ROWS, Disorder::Shuffled, detail);
    }
    Ok(Page { rows, count: found.len() })
}

/// How many rows of the page before come once more. None on a full page: then others would be missing.
fn repeated(call: &Call<'_>, length: usize) -> usize {
    match call.disorder {
        // An object has each name once: a row cannot come twice on one page.
        Some((Disorder::Repeated | Disorder::Twice, _)) if length > 0 => REPEATED_ROWS.min(ROWS - length),
        _ => 0,
    }
}

/// How many rows are not after a bound.
fn place<T: Row>(form: &Form, name: &str, all: &[T]) -> Result<Option<usize>, Refusal> {
    match form.bound(name)? {
        None => Ok(None),
        Some(Bound::At(at_us)) => Ok(Some(all.partition_point(|row| row.time_ms() * 1000 <= at_us))),
        Some(Bound::Row(id)) => {
            let index = all.iter().position(|row| row.id() == id).ok_or_else(|| Refusal::arguments(name))?;
            Ok(Some(index + 1))
        }
    }
}

/// A JSON object whose names stay in their order.
pub(super) fn object(rows: impl Iterator<Item = (String, Value)>) -> String {
    let pairs: Vec<String> = rows.map(|(name, value)| format!("{}:{value}", Value::from(name))).collect();
    format!("{{{}}}", pairs.join(","))
}

/// An instant as history tells it: seconds, with a fraction. Thousandths of seconds of this millennium are exact in it.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
pub(super) fn seconds(at_ms: i64) -> Value {
    Value::from(at_ms as f64 / 1000.0)
}
