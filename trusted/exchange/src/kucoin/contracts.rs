//! Funding and positions of futures.

use super::envelope::{asset, either, instant, rows};
use crate::{FundingPayment, Position, VenueError, dialect::Row};
use ledger::Side;

/// Reads `GET /api/v1/funding-history` and its unified sibling. Above zero it was received.
///
/// ```json
/// {"code":"200000","data":{"dataList":[{"id":36275152660006,"symbol":"XBTUSDM","timePoint":1557918000000,
///  "fundingRate":0.000013,"markPrice":8058.27,"positionQty":10,"positionCost":-0.001241,"funding":-0.00000464,
///  "settleCurrency":"XBT"}],"hasMore":true}}
/// ```
pub(super) fn funding(body: &[u8]) -> Result<Vec<FundingPayment>, VenueError> {
    let payment = |row: &Row<'_>| {
        Ok(FundingPayment {
            id: row.maybe_string("id")?,
            symbol: row.string("symbol")?,
            asset: asset(&row.text("settleCurrency")?),
            amount: either(row, &["funding", "fundingFee"])?.decimal()?,
            time: instant(either(row, &["timePoint", "settlementTime"])?)?,
        })
    };
    rows("/api/v1/funding-history", body)?.iter().map(payment).collect()
}

/// Reads `GET /api/v1/positions` and its unified sibling. Quantities are in lots, below zero if they are owed.
///
/// ```json
/// {"code":"200000","data":[{"id":"5e81…","symbol":"XBTUSDTM","currentTimestamp":1623832488929,"currentQty":1,
///  "isOpen":true,"markPrice":40014.93,"unrealisedPnl":0.00693,"avgEntryPrice":40008.0,"settleCurrency":"USDT"}]}
/// ```
pub(super) fn positions(body: &[u8]) -> Result<Vec<Position>, VenueError> {
    rows("/api/v1/positions", body)?.iter().map(position).collect()
}

fn position(row: &Row<'_>) -> Result<Position, VenueError> {
    let size = either(row, &["currentQty", "size"])?.decimal()?;
    let first = |names: &[&'static str]| names.iter().find_map(|name| row.maybe(name));
    let number = |names| first(names).map_or(Ok(None), |cell| cell.maybe_decimal());
    let told = row.maybe_text("side")?.or(row.maybe_text("positionSide")?);
    let side = match told.map(|side| side.to_ascii_lowercase()).as_deref() {
        Some("long" | "buy") => Side::Buy,
        Some("short" | "sell") => Side::Sell,
        _ if size.is_negative() => Side::Sell,
        _ => Side::Buy,
    };
    Ok(Position {
        symbol: row.string("symbol")?,
        side: (!size.is_zero()).then_some(side),
        contracts: size.abs(),
        entry_price: number(&["avgEntryPrice", "entryPrice", "openPrice"])?,
        mark_price: number(&["markPrice"])?,
        unrealized: number(&["unrealisedPnl", "unrealizedPnL", "unrealizedPnl"])?,
        time: first(&["currentTimestamp", "creationTime"]).map(instant).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_held_or_owed_or_none() {
        let body = "{\"data\":[{\"symbol\":\"XBTUSDTM\",\"currentQty\":-3,\"avgEntryPrice\":4.0e4},\
                    {\"symbol\":\"ETHUSDTM\",\"currentQty\":0},\
                    {\"symbol\":\"SOLUSDTM\",\"size\":\"2\",\"positionSide\":\"SHORT\",\"creationTime\":1768216134336000000}]}";
        let rows = positions(body.as_bytes()).unwrap();
        let sides: Vec<_> = rows.iter().map(|row| row.side).collect();
        assert_eq!(sides, [Some(Side::Sell), None, Some(Side::Sell)]);
        assert_eq!(rows[0].entry_price, Some("40000".parse().unwrap()));
        assert!(positions(b"{\"data\":[{\"symbol\":\"XBTUSDTM\"}]}").is_err());
    }
}
