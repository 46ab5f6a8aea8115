//! What every answer of OKX has around it.

use crate::{
    VenueError,
    dialect::{Asked, Board, Cell, Row, wrong},
};

/// Rows of a page that is full, unless fewer were asked for.
const ROWS_MAX: usize = 100;

/// `{"code":"0","msg":"","data":[…]}`
pub(super) struct Answer<'a> {
    pub(super) endpoint: &'static str,
    pub(super) asked: Asked<'a>,
    pub(super) data: Cell<'a>,
}

impl<'a> Answer<'a> {
    pub(super) fn of(endpoint: &'static str, asked: Asked<'a>, body: &'a [u8]) -> Result<Self, VenueError> {
        Ok(Self { endpoint, asked, data: Cell::whole(endpoint, body)?.row()?.cell("data")? })
    }

    pub(super) fn rows(&self) -> Result<Vec<Row<'a>>, VenueError> {
        self.data.rows()
    }

    /// The first row, of answers that have one.
    pub(super) fn first(&self) -> Result<Row<'a>, VenueError> {
        self.rows()?.into_iter().next().ok_or_else(|| wrong(self.endpoint, "data"))
    }

    /// The lowest number of a field, which the oldest row has, wherever that stands.
    pub(super) fn lowest(&self, field: &'static str) -> Result<Option<u64>, VenueError> {
        let mut lowest = None;
        for row in self.rows()? {
            let number: u64 = row.text(field)?.parse().map_err(|_| row.wrong(field))?;
            lowest = Some(lowest.map_or(number, |lowest: u64| lowest.min(number)));
        }
        Ok(lowest)
    }

    /// The instant that asks for the rows from the oldest one of a full page on, it and those of its instant included: a bound
    /// is left out itself, and a page may end between two rows of one instant.
    pub(super) fn past_oldest(&self) -> Result<Option<u64>, VenueError> {
        let is_full = self.rows()?.len() >= ROWS_MAX;
        Ok(self.lowest("ts")?.filter(|_| is_full).map(|oldest| oldest.saturating_add(1)))
    }

    /// When the last candle opened.
    pub(super) fn last_candle(&self) -> Result<Option<String>, VenueError> {
        let Some(last) = self.data.cells()?.pop() else { return Ok(None) };
        let cells = last.cells()?;
        let open_at = cells.first().ok_or_else(|| wrong(self.endpoint, "data"))?;
        Ok(Some(open_at.text()?.into_owned()))
    }
}

/// The board of an instrument: coins have two words in their name, contracts have more.
pub(super) fn board(symbol: &str) -> Board {
    if symbol.split('-').nth(2).is_some() { Board::Contract } else { Board::Spot }
}
