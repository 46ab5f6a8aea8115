//! What every answer of Bybit has around it.

use crate::{
    VenueError,
    dialect::{Asked, Board, Cell, Row, Unit, wrong},
};
use ledger::Timestamp;

use super::endpoint;

/// `{"retCode":0,"retMsg":"OK","result":{…},"retExtInfo":{},"time":1672283754510}`
pub(super) struct Answer<'a> {
    pub(super) endpoint: &'static str,
    pub(super) result: Row<'a>,
    pub(super) asked: Asked<'a>,
    whole: Row<'a>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(endpoint: &'static str, asked: Asked<'a>, body: &'a [u8]) -> Result<Self, VenueError> {
        let whole = Cell::whole(endpoint, body)?.row()?;
        Ok(Self { endpoint, result: whole.row("result")?, asked, whole })
    }

    /// The rows under one of these names; a list that is `null` is empty.
    pub(super) fn rows(&self, names: &[&'static str]) -> Result<Vec<Row<'a>>, VenueError> {
        match names.iter().find_map(|name| self.result.maybe(name)) {
            Some(cell) => cell.rows(),
            None if self.result.all().any(|(name, _)| names.contains(&name)) => Ok(Vec::new()),
            None => Err(wrong(self.endpoint, names.first().copied().unwrap_or("result"))),
        }
    }

    /// Whether it is a list without rows.
    pub(super) fn is_empty(&self) -> bool {
        let rows = ["list", "rows"].into_iter().find_map(|name| self.result.maybe(name));
        rows.is_some_and(|rows| rows.cells().is_ok_and(|rows| rows.is_empty()))
    }

    /// When it was given.
    pub(super) fn time(&self) -> Result<Timestamp, VenueError> {
        match self.whole.maybe_time("time", Unit::Millis)? {
            Some(at) => Ok(at),
            None => self.result.time("timeNano", Unit::Nanos),
        }
    }

    /// Where the next page begins.
    pub(super) fn cursor(&self) -> Result<Option<String>, VenueError> {
        self.result.maybe_string("nextPageCursor")
    }

    /// The category of a row: its own, the answer's, or what was asked for.
    pub(super) fn category(&self, row: &Row<'_>) -> Result<&'static str, VenueError> {
        let told = match row.maybe_text("category")? {
            Some(told) => Some(told),
            None => self.result.maybe_text("category")?,
        };
        let word = told.as_deref().unwrap_or(self.asked.market);
        endpoint::category(word).ok_or_else(|| wrong(self.endpoint, "category"))
    }

    /// The board of a row.
    pub(super) fn board(&self, row: &Row<'_>) -> Result<Board, VenueError> {
        Ok(if self.category(row)? == "spot" { Board::Spot } else { Board::Contract })
    }
}
