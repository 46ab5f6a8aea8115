//! Pages of v2: newest first, from the row after one that was told before.

use super::{Answer, Call, refusal::Refusal};
use crate::faults::disturb;
use serde_json::{Value, json};

const ROWS: usize = 25;
const ROWS_MAX: usize = 300;

/// The page that `limit`, `order`, `starting_after` and `ending_before` ask for, of rows that stand newest first.
pub(super) fn page<T>(
    call: &Call<'_>,
    path: &str,
    mut all: Vec<T>,
    id: impl Fn(&T) -> String,
    row: impl Fn(&T) -> Value,
) -> Answer {
    let query = call.query;
    let limit = query.limit(ROWS, ROWS_MAX)?;
    let order = match query.text("order") {
        None | Some("desc") => "desc",
        Some("asc") => {
            all.reverse();
            "asc"
        }
        Some(_) => return Err(Refusal::argument("order", "is asc or desc")),
    };
    let place = |name: &str| {
        let Some(wanted) = query.text(name) else { return Ok(None) };
        all.iter().position(|one| id(one) == wanted).map(Some).ok_or(Refusal::NotFound)
    };
    let (after, before) = (place("starting_after")?, place("ending_before")?);
    let first = match (after, before) {
        (Some(after), _) => after + 1,
        (None, Some(before)) => before.saturating_sub(limit),
        (None, None) => 0,
    };
    let end = before.unwrap_or(all.len()).min(first + limit).max(first);
    let told = all.get(first..end).unwrap_or_default();
    let last = told.last().filter(|_| end < all.len()).map(&id);
    let next = last.as_ref().map(|last| {
        let order = if order == "asc" { "&order=asc" } else { "" };
        format!("{path}?limit={limit}{order}&starting_after={last}")
    });
    let mut rows: Vec<Value> = told.iter().map(row).collect();
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    Ok(json!({
        "pagination": {
            "ending_before": query.text("ending_before"),
            "starting_after": query.text("starting_after"),
            "previous_ending_before": null,
            "next_starting_after": last,
            "limit": limit,
            "order": order,
            "previous_uri": null,
            "next_uri": next,
        },
        "data": rows,
    }))
}
