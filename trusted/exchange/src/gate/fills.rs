//! Executions: spot and margin, and contracts.

use super::{named, settles_in, time};
use crate::{Asked, Board, Execution, Listings, VenueError, dialect::Row};
use ledger::{Asset, Decimal, Liquidity, Side};

/// Reads `GET /api/v4/spot/my_trades`, `/api/v4/futures/{settle}/my_trades` and `…/my_trades_timerange`, where the sign of `size`
/// is the side. Newer answers write ids and sizes of contracts as texts, and `trade_id` for `id`.
///
/// ```json
/// {"id":"6068816979","create_time":"1691702924","create_time_ms":"1691702924010.071000","currency_pair":"BTC_USDT",
///  "side":"buy","role":"taker","amount":"0.00003","price":"29454.6","order_id":"381068734893","fee":"0.00000006",
///  "fee_currency":"BTC","point_fee":"0","gt_fee":"0"}
/// {"id":121234231,"create_time":1514764800.123,"contract":"BTC_USDT","order_id":"21893289839","size":-100,
///  "price":"100.123","fee":"0.01","point_fee":"0","role":"taker"}
/// ```
pub(super) fn fills(
    rows: &[Row<'_>],
    asked: Asked<'_>,
    listings: &Listings,
) -> Result<Vec<Execution>, VenueError> {
    let mut fills = Vec::with_capacity(rows.len());
    for row in rows {
        let fill = fill(row, asked, listings)?;
        if asked.symbol.is_none_or(|symbol| symbol == fill.symbol) {
            fills.push(fill);
        }
    }
    Ok(fills)
}

fn fill(row: &Row<'_>, asked: Asked<'_>, listings: &Listings) -> Result<Execution, VenueError> {
    let board =
        if row.has("contract") || super::is_contract(asked.market) { Board::Contract } else { Board::Spot };
    let named = match board {
        Board::Spot => "currency_pair",
        Board::Contract => "contract",
    };
    let symbol = match row.maybe_string(named)? {
        Some(symbol) => symbol,
        None => asked.symbol.map(str::to_owned).ok_or_else(|| row.wrong(named))?,
    };
    let quantity = match board {
        Board::Spot => row.decimal("amount")?,
        Board::Contract => row.decimal("size")?,
    };
    let side = match (board, row.maybe_text("side")?.as_deref()) {
        (_, Some("buy")) => Side::Buy,
        (_, Some("sell")) => Side::Sell,
        (Board::Contract, None) if quantity.is_negative() => Side::Sell,
        (Board::Contract, None) => Side::Buy,
        _ => return Err(row.wrong("side")),
    };
    Ok(Execution {
        sequence: None,
        id: row.first(&["id", "trade_id"])?.text()?.into_owned(),
        order_id: row.maybe_string("order_id")?,
        fees: fees(row, &symbol, board, asked, listings)?,
        symbol,
        board,
        side,
        price: row.decimal("price")?,
        quantity: quantity.abs(),
        cost: None,
        liquidity: match row.maybe_text("role")?.as_deref() {
            Some("maker") => Liquidity::Maker,
            Some("taker") => Liquidity::Taker,
            _ => Liquidity::Unknown,
        },
        time: time(row.first(&["create_time_ms", "create_time"])?)?,
    })
}

/// Up to three: in the currency told or settled in, in GT, and in points. Above zero was paid.
fn fees(
    row: &Row<'_>,
    symbol: &str,
    board: Board,
    asked: Asked<'_>,
    listings: &Listings,
) -> Result<Vec<(Asset, Decimal)>, VenueError> {
    let mut fees = Vec::new();
    if let Some(fee) = row.maybe_decimal("fee")?.filter(|fee| !fee.is_zero()) {
        let asset = match (row.maybe_text("fee_currency")?, board) {
            (Some(currency), _) => named(&currency),
            (None, Board::Contract) => settles_in(row, symbol, asked, listings)?,
            (None, Board::Spot) => return Err(row.wrong("fee_currency")),
        };
        fees.push((asset, fee));
    }
    for (field, asset) in [("gt_fee", "GT"), ("point_fee", "POINT")] {
        if let Some(fee) = row.maybe_decimal(field)?.filter(|fee| !fee.is_zero()) {
            fees.push((named(asset), fee));
        }
    }
    Ok(fees)
}
