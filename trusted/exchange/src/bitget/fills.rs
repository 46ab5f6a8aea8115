//! Executions: spot, margin, contracts, and those of unified accounts.

use super::{board, is_asked, symbol};
use crate::{
    Asked, Execution, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Asset, Decimal, Liquidity, Side};

/// Reads `GET /api/v2/spot/trade/fills`, `/api/v2/margin/{crossed,isolated}/fills`, where the symbol is left out,
/// `/api/v2/mix/order/fills` and `…/fill-history`, and `/api/v3/trade/fills`:
///
/// ```json
/// {"tradeId":"1098394344974925824","symbol":"BTCUSDT","orderId":"1098394344925597696","side":"sell",
///  "priceAvg":"28467.68","size":"0.0002","amount":"5.693536","tradeScope":"taker","cTime":"1697603539699",
///  "feeDetail":{"deduction":"no","feeCoin":"USDT","totalDeductionFee":"","totalFee":"-0.005693536"}}
/// {"tradeId":"1111468664328269825","symbol":"BTCUSDT","price":"37271.4","baseVolume":"0.001","quoteVolume":"37.2714",
///  "side":"buy","tradeSide":"close","posMode":"hedge_mode","tradeScope":"taker","cTime":"1700720700342",
///  "feeDetail":[{"deduction":"no","feeCoin":"USDT","totalFee":"-0.02236284"}]}
/// {"execId":"1322441401010528257","category":"USDT-FUTURES","symbol":"BTCUSDT","side":"sell","execPrice":"107005.4",
///  "execQty":"0.0001","execValue":"10.7005","tradeScope":"taker","feeDetail":[{"feeCoin":"USDT","fee":"0.00642032"}],
///  "createdTime":"1751020520451"}
/// ```
pub(super) fn fills(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Execution>, VenueError> {
    let mut fills = Vec::with_capacity(rows.len());
    for row in rows {
        let fill = fill(row, asked)?;
        if is_asked(&fill.symbol, asked) {
            fills.push(fill);
        }
    }
    Ok(fills)
}

fn fill(row: &Row<'_>, asked: Asked<'_>) -> Result<Execution, VenueError> {
    Ok(Execution {
        sequence: None,
        id: row.first(&["tradeId", "execId", "fillId"])?.text()?.into_owned(),
        order_id: row.maybe_string("orderId")?,
        symbol: symbol(row, asked)?,
        board: board(row, asked)?,
        side: match row.text("side")?.to_lowercase().as_str() {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            _ => return Err(row.wrong("side")),
        },
        price: row.first(&["priceAvg", "price", "execPrice"])?.decimal()?,
        quantity: row.first(&["baseVolume", "size", "execQty"])?.decimal()?,
        cost: row
            .maybe_first(&["quoteVolume", "amount", "execValue"])
            .map_or(Ok(None), Cell::maybe_decimal)?,
        fees: fees(row)?,
        liquidity: match row.maybe_text("tradeScope")?.map(|scope| scope.to_lowercase()).as_deref() {
            Some("taker" | "t") => Liquidity::Taker,
            Some("maker" | "m") => Liquidity::Maker,
            _ => Liquidity::Unknown,
        },
        time: row.first(&["cTime", "createdTime", "ts"])?.time(Unit::Millis)?,
    })
}

/// `feeDetail` is an object, a list, or either of them as a text.
fn fees(row: &Row<'_>) -> Result<Vec<(Asset, Decimal)>, VenueError> {
    let Some(detail) = row.maybe_first(&["feeDetail"]) else { return Ok(Vec::new()) };
    let text = if detail.is_text() { detail.maybe_text()? } else { None };
    match &text {
        Some(text) => {
            let inner = Cell::whole("fills", text.as_bytes()).map_err(|_| row.wrong("feeDetail"))?;
            fees_in(inner)
        }
        None => fees_in(detail),
    }
}

fn fees_in(detail: Cell<'_>) -> Result<Vec<(Asset, Decimal)>, VenueError> {
    let rows = if detail.is_list() { detail.rows()? } else { vec![detail.row()?] };
    let mut fees = Vec::new();
    for row in rows {
        // What was charged is below zero. Nobody wrote down which sign `fee` of unified accounts has: it is read alike.
        let told = row.maybe_first(&["totalFee", "fee"]).map_or(Ok(None), Cell::maybe_decimal)?;
        if let Some(fee) = told.filter(|fee| !fee.is_zero()) {
            fees.push((Asset::from(row.text("feeCoin")?.to_uppercase()), fee.negated()));
        }
    }
    Ok(fees)
}
