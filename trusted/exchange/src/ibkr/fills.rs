//! Fills: trades of an activity statement, or trade confirmations.

use super::xml::{self, Element};
use crate::{
    VenueError,
    dialect::{Board, Execution, Said},
};
use ledger::{Asset, Decimal, Liquidity, Side, Timestamp};

/// Reads `Trades/Trade` of executions, and `TradeConfirms/TradeConfirm`. Orders, days and closed lots repeat the same trades.
/// Assignments, exercises and expirations are among them, at their price (`transactionType="BookTrade"`).
///
/// ```xml
/// <Trade accountId="U123456" currency="USD" assetCategory="OPT" symbol="VXX   110917C00005000" multiplier="100"
///  tradeID="594763148" transactionID="2381339439" dateTime="2011-08-11;162000" quantity="3" tradePrice="0" tradeMoney="0"
///  ibCommission="-1.5" ibCommissionCurrency="USD" buySell="BUY" ibOrderID="2381339439" levelOfDetail="EXECUTION"/>
/// ```
pub(super) fn fills(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut fills = Vec::new();
    for row in xml::elements(endpoint, body, &["Trade", "TradeConfirm"])? {
        // Older statements have no levels.
        if row.maybe("levelOfDetail").is_none_or(|level| level == "EXECUTION") {
            fills.push(fill(&row)?);
        }
    }
    Ok(Said::Fills(fills))
}

fn fill(row: &Element) -> Result<Execution, VenueError> {
    let quantity = row.decimal("quantity")?;
    let price = match row.maybe_decimal("tradePrice")? {
        None => row.decimal("price")?,
        Some(price) => price,
    };
    let order_id = row.first(&["ibOrderID", "orderID", "brokerageOrderID"]);
    let contract =
        matches!(row.maybe("assetCategory"), Some("OPT" | "FUT" | "FOP" | "FSFOP" | "WAR" | "CFD" | "IOPT"));
    Ok(Execution {
        sequence: None,
        id: id(row)?,
        order_id: order_id.map(str::to_owned),
        symbol: row.text("symbol")?.to_owned(),
        board: if contract { Board::Contract } else { Board::Spot },
        side: side(row, quantity)?,
        price,
        quantity: quantity.abs(),
        cost: Some(cost(row, price, quantity)?),
        fees: fees(row)?,
        liquidity: Liquidity::Unknown,
        time: time(row)?,
    })
}

/// `transactionID` is unique. A currency conversion has none; its order and its instant tell it apart.
fn id(row: &Element) -> Result<String, VenueError> {
    if let Some(id) = row.first(&["transactionID", "tradeID", "ibExecID", "execID"]) {
        return Ok(id.to_owned());
    }
    let order = row.first(&["ibOrderID", "orderID"]).ok_or_else(|| row.wrong("transactionID"))?;
    Ok(format!("{order}/{}", row.first(&["dateTime", "tradeDate"]).unwrap_or_default()))
}

/// `buySell` tells, and `BUY (Ca.)` takes a purchase back; failing that, the sign of the quantity.
fn side(row: &Element, quantity: Decimal) -> Result<Side, VenueError> {
    Ok(match row.maybe("buySell") {
        Some("BUY" | "SELL (Ca.)") => Side::Buy,
        Some("SELL" | "BUY (Ca.)") => Side::Sell,
        None if quantity.is_negative() => Side::Sell,
        None => Side::Buy,
        Some(_) => return Err(row.wrong("buySell")),
    })
}

/// The sum without its sign, as told or from the price.
fn cost(row: &Element, price: Decimal, quantity: Decimal) -> Result<Decimal, VenueError> {
    for field in ["tradeMoney", "proceeds"] {
        if let Some(sum) = row.maybe_decimal(field)? {
            return Ok(sum.abs());
        }
    }
    let multiplier = row.maybe_decimal("multiplier")?.unwrap_or(Decimal::ONE);
    let sum = price.checked_mul(quantity.abs()).and_then(|sum| sum.checked_mul(multiplier));
    sum.map(Decimal::abs).map_err(|_| row.wrong("quantity"))
}

/// Commission and taxes, which are below zero when they were paid.
fn fees(row: &Element) -> Result<Vec<(Asset, Decimal)>, VenueError> {
    let mut fees = Vec::new();
    let commission = match row.maybe_decimal("ibCommission")? {
        None => row.maybe_decimal("commission")?,
        told => told,
    };
    if let Some(commission) = commission.filter(|sum| !sum.is_zero()) {
        let currency = row.first(&["ibCommissionCurrency", "commissionCurrency", "currency"]);
        let currency = currency.ok_or_else(|| row.wrong("ibCommissionCurrency"))?;
        fees.push((Asset::from(currency), commission.negated()));
    }
    for field in ["taxes", "tax"] {
        if let Some(tax) = row.maybe_decimal(field)?.filter(|sum| !sum.is_zero()) {
            fees.push((Asset::from(row.text("currency")?), tax.negated()));
        }
    }
    Ok(fees)
}

/// `dateTime`; older statements have the date and the time apart.
fn time(row: &Element) -> Result<Timestamp, VenueError> {
    match (row.maybe("dateTime"), row.maybe("tradeDate"), row.maybe("tradeTime")) {
        (Some(_), _, _) => row.time("dateTime"),
        (None, Some(date), Some(time)) => {
            super::when::instant(&format!("{date};{time}")).ok_or_else(|| row.wrong("tradeTime"))
        }
        _ => row.time("tradeDate"),
    }
}
