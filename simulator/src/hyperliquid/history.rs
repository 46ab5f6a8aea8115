//! What happened, told from a time on: so many rows at most, oldest first. Who wants more asks again from the time of the
//! last one. Of fills only the newest exist.

use super::{
    Answer, Call,
    book::{FillRow, Told},
    refusal::Refusal,
};
use crate::faults::disturb;
use serde_json::Value;

/// Rows of an answer.
const FILLS_MAX: usize = 2_000;
const ROWS_MAX: usize = 500;
/// So many rows weigh one more.
const ROWS_OF_ONE: usize = 20;

/// The newest fills, newest first.
pub(super) fn newest_fills(call: &Call<'_>) -> Answer {
    refuse_aggregates(call)?;
    let rows: Vec<&FillRow> = kept(call)?.into_iter().rev().take(FILLS_MAX).collect();
    Ok(page(call, rows, FILLS_MAX))
}

/// Fills of a span of time.
pub(super) fn fills_by_time(call: &Call<'_>) -> Answer {
    refuse_aggregates(call)?;
    within(call, kept(call)?, FILLS_MAX)
}

/// What positions paid and received.
pub(super) fn funding(call: &Call<'_>) -> Answer {
    let all: Vec<&Told> = told(call, &call.book.funding)?;
    within(call, all, ROWS_MAX)
}

/// What came, went and moved.
pub(super) fn ledger(call: &Call<'_>) -> Answer {
    let all: Vec<&Told> = told(call, &call.book.ledger)?;
    within(call, all, ROWS_MAX)
}

/// What lists are made of.
pub(super) trait Row: Clone {
    fn time_ms(&self) -> i64;
    /// From when on it is told.
    fn found_ms(&self) -> i64;
    fn json(&self) -> Value;
}

/// Fills of one order at one instant are told one by one here; the venue can add them up, and this one cannot.
fn refuse_aggregates(call: &Call<'_>) -> Result<(), Refusal> {
    if call.question.flag("aggregateByTime")? { Err(Refusal::Form) } else { Ok(()) }
}

/// What can be told of a list of the account, oldest first; of another account nothing.
fn told<'a, T: Row>(call: &Call<'a>, all: &'a [T]) -> Result<Vec<&'a T>, Refusal> {
    let is_ours = call.is_ours()?;
    let is_told = |row: &&T| is_ours && row.time_ms() <= call.now_ms && row.found_ms() <= call.now_ms;
    Ok(all.iter().filter(is_told).collect())
}

/// The fills that exist still.
fn kept<'a>(call: &Call<'a>) -> Result<Vec<&'a FillRow>, Refusal> {
    let mut all = told(call, &call.book.fills)?;
    all.drain(..all.len().saturating_sub(call.fills_kept));
    Ok(all)
}

fn within<T: Row>(call: &Call<'_>, all: Vec<&T>, rows_max: usize) -> Answer {
    let (from_ms, to_ms) = (call.question.time("startTime")?, call.question.maybe_time("endTime")?);
    let is_within = |row: &&T| row.time_ms() >= from_ms && to_ms.is_none_or(|to_ms| row.time_ms() <= to_ms);
    Ok(page(call, all.into_iter().filter(is_within).take(rows_max).collect(), rows_max))
}

fn page<T: Row>(call: &Call<'_>, mut rows: Vec<&T>, rows_max: usize) -> (String, u32) {
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, rows_max, disorder, detail);
    }
    let more = u32::try_from(rows.len() / ROWS_OF_ONE).unwrap_or(u32::MAX);
    (rows.into_iter().map(Row::json).collect::<Value>().to_string(), more)
}
