//! Gate (EXCHANGES.md section 9; https://www.gate.com/docs/developers/apiv4/en/): `/api/v4`.
//!
//! Markets: `spot`, `margin` (isolated), `cross-margin`, `unified`, `funding`, `usdt-futures`, `btc-futures`, `wallet`.

mod capability;
mod sign;
mod ask;
mod errors;
mod rights;
mod fills;
mod wallet;
mod bookings;
mod market;
#[cfg(test)]
mod tests;

pub(crate) use capability::CAPABILITY;

use crate::{
    Asked, Board, Dialect, Listings, Method, Moment, Need, Question, Refusal, Reply, Request, Said,
    VenueError,
    dialect::{Cell, Row, Unit, endpoint},
};
use ledger::{Asset, Decimal, Timestamp};
use protocol::Credentials;

/// The dialect.
pub(crate) struct Gate;

impl Dialect for Gate {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &ask::CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        ask::request(question, key, moment)
    }

    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError> {
        errors::error(reply, now)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let answer = Cell::whole(endpoint(&ask::CALLS, asked.path), &reply.body)?;
        let mut said = match asked.need {
            Need::Time => Said::Time(answer.row()?.time("server_time", Unit::Millis)?),
            Need::Permission => Said::Rights(rights::rights(&answer.row()?)?),
            Need::Balances => Said::Balances(wallet::balances(answer)?),
            Need::Fees => Said::Fees(market::rates(&answer.row()?, asked)?),
            Need::Klines => Said::Klines(market::klines(answer)?),
            Need::Fills => Said::Fills(fills::fills(&listed(answer)?, asked, listings)?),
            Need::Deposits | Need::Withdrawals => {
                Said::Crossings(wallet::crossings(&listed(answer)?, asked.need == Need::Deposits)?)
            }
            Need::Ledger => Said::Ledger(bookings::bookings(&listed(answer)?, asked)?),
            Need::Funding => Said::Funding(bookings::funding(&listed(answer)?, asked, listings)?),
            Need::Positions => Said::Positions(market::positions(&listed(answer)?)?),
            Need::Prices => Said::Prices(market::tickers(&listed(answer)?, asked)?),
            Need::Conversions | Need::Transfers | Need::Request | Need::Listings | Need::SubAccounts => {
                return Err(VenueError::Permanent(Refusal::Request { code: 0 }));
            }
        };
        let currency = asked.currency.map(named);
        Asked { currency: currency.as_ref().map(Asset::as_str), ..asked }.narrow(&mut said);
        Ok(said)
    }
}

/// The rows of a list; one object is a list of one.
fn listed(answer: Cell<'_>) -> Result<Vec<Row<'_>>, VenueError> {
    if answer.is_list() { answer.rows() } else { Ok(vec![answer.row()?]) }
}

/// What is above this many counts milliseconds, what is below seconds: year 5138 of the one, 1973 of the other.
const SECONDS_MAX: i64 = 100_000_000_000;

/// An instant, in seconds or milliseconds and with or without a fraction, as endpoints and their versions please.
fn time(cell: Cell<'_>) -> Result<Timestamp, VenueError> {
    let unit = if cell.decimal()? > Decimal::from(SECONDS_MAX) { Unit::Millis } else { Unit::Seconds };
    cell.time(unit)
}

/// An instant, if it is there.
fn maybe_time(row: &Row<'_>, fields: &[&'static str]) -> Result<Option<Timestamp>, VenueError> {
    let Some(cell) = row.maybe_first(fields) else { return Ok(None) };
    if cell.decimal()?.is_zero() { Ok(None) } else { time(cell).map(Some) }
}

fn is_contract(market: &str) -> bool {
    market.ends_with("-futures")
}

/// An asset by the venue's name. Points that pay fees are the venue's own, and other assets have their name.
fn named(currency: &str) -> Asset {
    match currency.to_uppercase().as_str() {
        "POINT" => Asset::from("GATEPOINT"),
        other => Asset::from(other),
    }
}

/// What contracts of a market settle in: `usdt` of `usdt-futures`. The path says it as well.
fn settle(asked: Asked<'_>) -> Option<&str> {
    let told = asked.path.split_once("/futures/").and_then(|(_, rest)| rest.split('/').next());
    told.filter(|settle| !settle.starts_with('{')).or_else(|| asked.market.strip_suffix("-futures"))
}

/// What a contract settles in.
fn settles_in(
    row: &Row<'_>,
    contract: &str,
    asked: Asked<'_>,
    listings: &Listings,
) -> Result<Asset, VenueError> {
    let listed = listings.find(contract, Board::Contract).and_then(|listing| listing.settle.clone());
    let told = listed.or_else(|| settle(asked).map(|settle| Asset::from(settle.to_uppercase())));
    told.ok_or_else(|| row.wrong("contract"))
}
