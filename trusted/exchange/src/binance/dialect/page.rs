//! Where a list goes on that an answer was too short for. Rows may come in any order.

use super::routes;
use crate::{
    VenueError,
    dialect::{Row, Unit, rows},
};

/// Rows of a full page, of all lists that are read so.
const FULL: usize = 1000;

/// Contracts go on from the time of the last row, inclusive; fills on margin from the id behind it.
pub(super) fn next(
    endpoint: &'static str,
    body: &[u8],
) -> Result<Option<(&'static str, String)>, VenueError> {
    let by_id = endpoint == routes::MARGIN_FILLS;
    let by_time = matches!(
        endpoint,
        "/fapi/v1/userTrades" | "/dapi/v1/userTrades" | "/fapi/v1/income" | "/dapi/v1/income"
    );
    if !by_id && !by_time {
        return Ok(None);
    }
    let rows = rows(endpoint, body)?;
    if rows.len() < FULL {
        return Ok(None);
    }
    let place = |row: &Row<'_>| -> Result<i64, VenueError> {
        if by_id {
            row.string("id")?.parse().map_err(|_| row.wrong("id"))
        } else {
            Ok(row.time("time", Unit::Millis)?.millis())
        }
    };
    let places: Vec<i64> = rows.iter().map(place).collect::<Result<_, _>>()?;
    let last = places.into_iter().max();
    Ok(last.map(|last| {
        if by_id { ("fromId", last.saturating_add(1).to_string()) } else { ("startTime", last.to_string()) }
    }))
}
