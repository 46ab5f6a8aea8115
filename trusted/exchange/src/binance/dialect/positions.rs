//! Open contracts. In hedge mode a contract has a row for each side, and one for both besides.

use crate::{
    VenueError,
    dialect::{Cell, Position, Row, Said, Unit},
};
use ledger::Side;

/// Reads `positionRisk`, or the positions within an account of contracts. Rows that hold nothing are left out.
///
/// ```json
/// [{"symbol":"BTCUSDT","positionAmt":"0.001","entryPrice":"22185.2","markPrice":"21123.05052574",
///   "unRealizedProfit":"-1.06214947","positionSide":"LONG","notional":"21.12305052","updateTime":1655217461579}]
/// ```
pub(super) fn positions(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let whole = Cell::whole(endpoint, body)?;
    let rows = if endpoint.ends_with("/account") { whole.row()?.rows("positions")? } else { whole.rows()? };
    let mut open = Vec::new();
    for row in &rows {
        open.extend(position(row)?);
    }
    Ok(Said::Positions(open))
}

fn position(row: &Row<'_>) -> Result<Option<Position>, VenueError> {
    let (amount, entry) = (row.decimal("positionAmt")?, row.maybe_decimal("entryPrice")?);
    // What was never opened has no price of entry; some accounts tell only the amount.
    if entry.map_or(amount.is_zero(), |price| price.is_zero()) {
        return Ok(None);
    }
    // The sign tells on both modes: a short side of a hedge is below zero as well. Where it does not, its name does.
    let short = amount.is_negative() || row.maybe_text("positionSide")?.as_deref() == Some("SHORT");
    let side = if short { Side::Sell } else { Side::Buy };
    let unrealized = match row.maybe_decimal("unRealizedProfit")? {
        None => row.maybe_decimal("unrealizedProfit")?,
        told => told,
    };
    Ok(Some(Position {
        symbol: row.string("symbol")?,
        side: (!amount.is_zero()).then_some(side),
        contracts: amount.abs(),
        entry_price: entry,
        mark_price: row.maybe_decimal("markPrice")?,
        unrealized,
        time: row.maybe_time("updateTime", Unit::Millis)?,
    }))
}
