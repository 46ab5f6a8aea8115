//! Executions: spot, and contracts.

use super::is_contract;
use crate::{
    Asked, Board, Execution, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Asset, Decimal, Liquidity, Side};

/// Reads `GET /api/v3/myTrades` and `/api/v1/private/order/list/order_deals`, where `side` is 1 to open long, 2 to close short,
/// 3 to open short and 4 to close long:
///
/// ```json
/// {"symbol":"BTCUSDT","id":"133948532984922113","orderId":"133948532531949568","price":"41995.51","qty":"0.0002",
///  "quoteQty":"8.399102","commission":"0.016798204","commissionAsset":"USDT","time":1647718055000,"isBuyer":true,
///  "isMaker":false}
/// {"id":"299444585","symbol":"STEPN_USDT","side":1,"vol":1,"price":2.45455,"feeCurrency":"USDT","fee":0.00147273,
///  "timestamp":1648924557000,"profit":0,"category":1,"orderId":"265307163526610432","positionMode":1,"taker":true}
/// ```
pub(super) fn fills(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Execution>, VenueError> {
    let mut fills = Vec::with_capacity(rows.len());
    for row in rows {
        let fill = if row.has("vol") || is_contract(asked) {
            of_contract(row, asked)?
        } else {
            of_spot(row, asked)?
        };
        if asked.symbol.is_none_or(|symbol| symbol == fill.symbol) {
            fills.push(fill);
        }
    }
    Ok(fills)
}

fn symbol(row: &Row<'_>, asked: Asked<'_>) -> Result<String, VenueError> {
    let told = row.maybe_string("symbol")?;
    told.or_else(|| asked.symbol.map(str::to_owned)).ok_or_else(|| row.wrong("symbol"))
}

/// What was paid; zeros, and what is not told, are left out.
fn fees(
    row: &Row<'_>,
    amount: &'static str,
    asset: &'static str,
) -> Result<Vec<(Asset, Decimal)>, VenueError> {
    let fee = row.maybe_decimal(amount)?.filter(|fee| !fee.is_zero());
    fee.map(|fee| Ok((row.asset(asset)?, fee))).into_iter().collect()
}

fn of_spot(row: &Row<'_>, asked: Asked<'_>) -> Result<Execution, VenueError> {
    Ok(Execution {
        sequence: None,
        id: row.string("id")?,
        order_id: row.maybe_string("orderId")?,
        symbol: symbol(row, asked)?,
        board: Board::Spot,
        side: if row.flag("isBuyer")? { Side::Buy } else { Side::Sell },
        price: row.decimal("price")?,
        quantity: row.decimal("qty")?,
        cost: row.maybe_decimal("quoteQty")?,
        fees: fees(row, "commission", "commissionAsset")?,
        liquidity: match row.maybe_flag("isMaker")? {
            Some(true) => Liquidity::Maker,
            Some(false) => Liquidity::Taker,
            None => Liquidity::Unknown,
        },
        time: row.time("time", Unit::Millis)?,
    })
}

fn of_contract(row: &Row<'_>, asked: Asked<'_>) -> Result<Execution, VenueError> {
    let taker = row.maybe_first(&["isTaker", "taker"]).map_or(Ok(None), Cell::maybe_flag)?;
    Ok(Execution {
        sequence: None,
        id: row.string("id")?,
        order_id: row.maybe_string("orderId")?,
        symbol: symbol(row, asked)?,
        board: Board::Contract,
        side: match &*row.text("side")? {
            "1" | "2" => Side::Buy,
            "3" | "4" => Side::Sell,
            _ => return Err(row.wrong("side")),
        },
        price: row.decimal("price")?,
        quantity: row.decimal("vol")?,
        cost: None,
        fees: fees(row, "fee", "feeCurrency")?,
        liquidity: match taker {
            Some(true) => Liquidity::Taker,
            Some(false) => Liquidity::Maker,
            None => Liquidity::Unknown,
        },
        time: row.time("timestamp", Unit::Millis)?,
    })
}
