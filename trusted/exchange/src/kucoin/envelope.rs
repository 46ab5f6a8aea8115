//! What all answers have in common: their envelope, their several forms of a list, their times and their names of assets.

use crate::{
    Board, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Asset, Timestamp};

/// `data` of the envelope.
pub(super) fn data<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Cell<'a>, VenueError> {
    Cell::whole(endpoint, body)?.row()?.cell("data")
}

/// The rows in `data`: they are it, or stand in a page of it, or it is one of them.
pub(super) fn rows<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Vec<Row<'a>>, VenueError> {
    // No rows may be no `data` at all.
    let Some(data) = Cell::whole(endpoint, body)?.row()?.maybe("data") else { return Ok(Vec::new()) };
    if let Ok(rows) = data.rows() {
        return Ok(rows);
    }
    let page = data.row()?;
    let list = ["items", "dataList", "list", "ticker"].into_iter().find_map(|name| page.maybe(name));
    match list {
        Some(list) => list.rows(),
        None => Ok(vec![page]),
    }
}

/// The first of these fields that is there: the two interfaces differ in names.
pub(super) fn either<'a>(row: &Row<'a>, names: &[&'static str]) -> Result<Cell<'a>, VenueError> {
    let found = names.iter().find_map(|name| row.maybe(name));
    found.ok_or_else(|| row.wrong(names.first().copied().unwrap_or_default()))
}

/// An instant. Seconds, milliseconds and nanoseconds are all used, by one endpoint and another, and their length tells them
/// apart.
pub(super) fn instant(cell: Cell<'_>) -> Result<Timestamp, VenueError> {
    let digits = cell.text()?.split('.').next().map_or(0, str::len);
    cell.time(match digits {
        0..=11 => Unit::Seconds,
        12..=14 => Unit::Millis,
        15..=17 => Unit::Micros,
        _ => Unit::Nanos,
    })
}

/// Futures have a name of their own for one of them.
pub(super) fn asset(name: &str) -> Asset {
    Asset::from(if name == "XBT" { "BTC" } else { name })
}

/// Pairs have a dash, contracts none.
pub(super) fn board(symbol: &str) -> Board {
    if symbol.contains('-') { Board::Spot } else { Board::Contract }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_number_tells_its_unit() {
        for number in ["1547026472", "1547026472000", "\"1547026472000000\"", "1547026472000000123"] {
            let body = format!("{{\"data\":{number}}}");
            let read = data("", body.as_bytes()).and_then(instant).unwrap();
            assert_eq!(read.millis(), 1_547_026_472_000, "{number}");
        }
        assert!(data("", b"{\"data\":7}").and_then(instant).is_err());
    }

    #[test]
    fn rows_come_in_pages_lists_or_alone() {
        for (body, expected) in [
            ("{\"data\":[{},{}]}", 2),
            ("{\"data\":{\"items\":[{}]}}", 1),
            ("{\"data\":{\"dataList\":[],\"hasMore\":false}}", 0),
            ("{\"data\":{\"symbol\":\"XBTUSDM\"}}", 1),
            ("{\"data\":null}", 0),
        ] {
            assert_eq!(rows("", body.as_bytes()).unwrap().len(), expected, "{body}");
        }
        assert_eq!(rows("", b"{\"data\":[{}").err(), Some(VenueError::Retry));
        assert!(rows("", b"{\"data\":7}").is_err());
    }
}
