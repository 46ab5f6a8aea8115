//! Fills of spot, margin and contracts.

use crate::{
    VenueError,
    dialect::{Board, Execution, Row, Said, Unit, rows},
};
use ledger::{Liquidity, Side};

/// Reads `myTrades` and `userTrades`. A fill's id is unique within its instrument.
///
/// ```json
/// [{"symbol":"BNBBTC","id":28457,"orderId":100234,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012",
///   "commission":"10.10000000","commissionAsset":"BNB","time":1499865549590,"isBuyer":true,"isMaker":false}]
/// [{"symbol":"BTCUSD_200626","id":6,"orderId":28,"pair":"BTCUSD","side":"SELL","price":"8800","qty":"1",
///   "realizedPnl":"0","marginAsset":"BTC","baseQty":"0.01136364","commission":"0.00000454","commissionAsset":"BTC",
///   "time":1590743483586,"positionSide":"BOTH","buyer":false,"maker":false}]
/// ```
pub(super) fn fills(endpoint: &'static str, body: &[u8], board: Board) -> Result<Said, VenueError> {
    let fills: Result<_, _> = rows(endpoint, body)?.iter().map(|row| execution(row, board)).collect();
    fills.map(Said::Fills)
}

fn execution(row: &Row<'_>, board: Board) -> Result<Execution, VenueError> {
    let maker = match row.maybe_flag("isMaker")? {
        None => row.maybe_flag("maker")?,
        told => told,
    };
    // In coin, where a contract is worth a sum in dollars.
    let cost = match row.maybe_decimal("quoteQty")? {
        None => row.maybe_decimal("baseQty")?,
        told => told,
    };
    // Paid above zero, as for spot.
    let fees = match row.maybe_decimal("commission")? {
        Some(paid) if !paid.is_zero() => vec![(row.asset("commissionAsset")?, paid)],
        _ => Vec::new(),
    };
    Ok(Execution {
        sequence: None,
        id: row.string("id")?,
        order_id: row.maybe_string("orderId")?,
        symbol: row.string("symbol")?,
        board,
        side: side(row)?,
        price: row.decimal("price")?,
        quantity: row.decimal("qty")?,
        cost,
        fees,
        liquidity: maker.map_or(
            Liquidity::Unknown,
            |maker| {
                if maker { Liquidity::Maker } else { Liquidity::Taker }
            },
        ),
        time: row.time("time", Unit::Millis)?,
    })
}

fn side(row: &Row<'_>) -> Result<Side, VenueError> {
    if let Some(side) = row.maybe_text("side")? {
        return match &*side {
            "BUY" => Ok(Side::Buy),
            "SELL" => Ok(Side::Sell),
            _ => Err(row.wrong("side")),
        };
    }
    let buyer = match row.maybe_flag("isBuyer")? {
        None => row.flag("buyer")?,
        Some(buyer) => buyer,
    };
    Ok(if buyer { Side::Buy } else { Side::Sell })
}
