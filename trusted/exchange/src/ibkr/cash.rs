//! What changed the cash, and what was moved between accounts.

use super::xml::{self, Element};
use crate::{
    VenueError,
    dialect::{Board, Booking, Crossing, Said, Shift, Status},
};
use ledger::{Asset, Timestamp};

/// Rows of cash transactions: their sums repeat them.
fn transactions(endpoint: &'static str, body: &[u8]) -> Result<Vec<Element>, VenueError> {
    let mut rows = xml::elements(endpoint, body, &["CashTransaction"])?;
    rows.retain(|row| row.maybe("levelOfDetail") != Some("SUMMARY"));
    Ok(rows)
}

/// Reads `CashTransactions/CashTransaction`: dividends, taxes that were withheld, interest, fees, deposits and withdrawals,
/// by the venue's words.
///
/// ```xml
/// <CashTransaction accountId="U123456" currency="USD" assetCategory="STK" symbol="RHDGF" dateTime="2015-10-06"
///  amount="27800" type="Dividends" tradeID="" transactionID="5767420360" reportDate="2015-10-06"/>
/// ```
pub(super) fn bookings(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let bookings: Result<_, _> = transactions(endpoint, body)?.iter().map(booking).collect();
    bookings.map(Said::Ledger)
}

fn booking(row: &Element) -> Result<Booking, VenueError> {
    Ok(Booking {
        own: None,
        id: row.text("transactionID")?.to_owned(),
        kind: row.text("type")?.to_owned(),
        asset: Asset::from(row.text("currency")?),
        change: row.decimal("amount")?,
        time: Some(time(row)?),
        symbol: row.maybe("symbol").map(|symbol| (symbol.to_owned(), Board::Spot)),
        reference: row.maybe("tradeID").map(str::to_owned),
        fee: None,
    })
}

fn time(row: &Element) -> Result<Timestamp, VenueError> {
    let field = ["dateTime", "date", "reportDate"].into_iter().find(|field| row.maybe(field).is_some());
    row.time(field.unwrap_or("dateTime"))
}

/// Reads the same for what came in or went out, which is one kind with a sign (`Deposits & Withdrawals`,
/// `Deposits/Withdrawals`).
pub(super) fn crossings(endpoint: &'static str, body: &[u8], incoming: bool) -> Result<Said, VenueError> {
    let mut crossings = Vec::new();
    for row in transactions(endpoint, body)? {
        let amount = row.decimal("amount")?;
        if !row.text("type")?.starts_with("Deposits") || amount.is_negative() == incoming {
            continue;
        }
        crossings.push(Crossing {
            id: row.maybe("transactionID").map(str::to_owned),
            transaction: None,
            incoming,
            asset: Asset::from(row.text("currency")?),
            amount: amount.abs(),
            status: Status::Ok,
            time: time(&row)?,
            address: None,
            tag: None,
            network: None,
            internal: None,
            fee: None,
        });
    }
    Ok(Said::Crossings(crossings))
}

/// Reads `Transfers/Transfer`: shares or cash, to or from another account or broker.
///
/// ```xml
/// <Transfer accountId="U123456" currency="USD" symbol="XXXX" date="2011-07-18" type="ACATS" direction="IN" company="--"
///  account="12345678" quantity="226702" transferPrice="0" cashTransfer="0" transactionID="2319540245"/>
/// ```
pub(super) fn transfers(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut rows = xml::elements(endpoint, body, &["Transfer"])?;
    rows.retain(|row| row.maybe("levelOfDetail") != Some("SUMMARY"));
    let shifts: Result<_, _> = rows.iter().map(shift).collect();
    shifts.map(Said::Transfers)
}

fn shift(row: &Element) -> Result<Shift, VenueError> {
    let cash = row.maybe_decimal("cashTransfer")?.filter(|cash| !cash.is_zero());
    let (asset, amount) = match cash {
        Some(cash) => (row.text("currency")?, cash),
        None => (row.text("symbol")?, row.decimal("quantity")?),
    };
    let (own, other) = (row.maybe("accountId"), row.first(&["account", "company"]));
    let (from, to) = match row.maybe("direction") {
        Some("IN" | "In") => (other, own),
        Some("OUT" | "Out") => (own, other),
        None if amount.is_negative() => (own, other),
        None => (other, own),
        Some(_) => return Err(row.wrong("direction")),
    };
    Ok(Shift {
        id: row.maybe("transactionID").map(str::to_owned),
        asset: Asset::from(asset),
        amount: amount.abs(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
        status: Status::Ok,
        time: time(row)?,
    })
}
