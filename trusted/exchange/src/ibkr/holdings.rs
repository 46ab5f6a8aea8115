//! What was held when the statement ends: cash, and positions.

use super::xml::{self, Element};
use crate::{
    VenueError,
    dialect::{Holding, Position, Said},
};
use ledger::{Asset, Side};

/// Reads `CashReport/CashReportCurrency`. The sum of all in the base currency repeats them.
///
/// ```xml
/// <CashReportCurrency accountId="U123456" currency="EUR" levelOfDetail="Currency" startingCash="0" endingCash="123.45"
///  endingSettledCash="123.45"/>
/// ```
pub(super) fn balances(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut held = Vec::new();
    for row in xml::elements(endpoint, body, &["CashReportCurrency"])? {
        let currency = row.text("currency")?;
        if currency == "BASE_SUMMARY" || row.maybe("levelOfDetail") == Some("BaseCurrency") {
            continue;
        }
        held.push(Holding {
            asset: Asset::from(currency),
            free: None,
            used: None,
            total: Some(row.decimal("endingCash")?),
            debt: None,
        });
    }
    Ok(Said::Balances(held))
}

/// Reads `OpenPositions/OpenPosition`. Lots repeat the position that they make up.
///
/// ```xml
/// <OpenPosition accountId="U123456" currency="USD" assetCategory="STK" symbol="AMAG" multiplier="1" reportDate="2011-12-31"
///  position="1600" markPrice="18.91" openPrice="16.1" costBasisPrice="16.2" fifoPnlUnrealized="4336" side="Long"
///  levelOfDetail="SUMMARY"/>
/// ```
pub(super) fn positions(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut open = Vec::new();
    for row in xml::elements(endpoint, body, &["OpenPosition"])? {
        if row.maybe("levelOfDetail") != Some("LOT") {
            open.push(position(&row)?);
        }
    }
    Ok(Said::Positions(open))
}

fn position(row: &Element) -> Result<Position, VenueError> {
    let quantity = row.decimal("position")?;
    let short = quantity.is_negative() || row.maybe("side") == Some("Short");
    let entry = match row.maybe_decimal("openPrice")?.filter(|price| !price.is_zero()) {
        None => row.maybe_decimal("costBasisPrice")?,
        told => told,
    };
    Ok(Position {
        symbol: row.text("symbol")?.to_owned(),
        side: (!quantity.is_zero()).then_some(if short { Side::Sell } else { Side::Buy }),
        contracts: quantity.abs(),
        entry_price: entry,
        mark_price: row.maybe_decimal("markPrice")?,
        unrealized: row.maybe_decimal("fifoPnlUnrealized")?,
        time: row.maybe("reportDate").map(|_| row.time("reportDate")).transpose()?,
    })
}
