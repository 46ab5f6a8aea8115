//! What every answer of OKX has around it.

use crate::{
    VenueError,
    dialect::{Asked, Board, Cell, Row, wrong},
};

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

    /// A field of the last row, which is the oldest.
    pub(super) fn last(&self, field: &'static str) -> Result<Option<String>, VenueError> {
        self.rows()?.last().map(|row| row.string(field)).transpose()
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
