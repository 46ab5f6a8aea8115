//! Bitget (EXCHANGES.md section 8; https://www.bitget.com/api-doc): classic accounts by `/api/v2`, unified ones by `/api/v3`.
//!
//! Markets: `spot`, `margin` (crossed), `isolated`, `usdt-futures`, `usdc-futures`, `coin-futures`, `funding`, `wallet` and
//! `classic` of a classic account; `unified` and `unified-funding` of a unified one, where the venue's own parameter
//! `category` says which product. With `-history` behind it, a market names the endpoint that reads further back.

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
    dialect::{Cell, Row, endpoint},
};
use ledger::Timestamp;
use protocol::Credentials;

/// The dialect.
pub(crate) struct Bitget;

impl Dialect for Bitget {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &ask::CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        ask::request(question, key, moment)
    }

    fn error(&self, reply: &Reply, _now: Timestamp) -> Option<VenueError> {
        errors::error(reply)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let answer = Cell::whole(endpoint(&ask::CALLS, asked.path), &reply.body)?.row()?;
        let said = match asked.need {
            Need::Time => market::time(&answer).map(Said::Time),
            Need::Permission => rights::rights(&answer).map(Said::Rights),
            Need::Klines => market::klines(&answer, asked, listings).map(Said::Klines),
            need => read_rows(need, asked, &listed(&answer)?),
        };
        let (symbol, currency) = (asked.symbol.map(str::to_uppercase), asked.currency.map(str::to_uppercase));
        let mut said = said?;
        Asked { symbol: symbol.as_deref(), currency: currency.as_deref(), ..asked }.narrow(&mut said);
        Ok(said)
    }
}

fn read_rows(need: Need, asked: Asked<'_>, rows: &[Row<'_>]) -> Result<Said, VenueError> {
    match need {
        Need::Fills => fills::fills(rows, asked).map(Said::Fills),
        Need::Balances => wallet::balances(rows).map(Said::Balances),
        Need::Deposits | Need::Withdrawals => {
            wallet::crossings(rows, need == Need::Deposits).map(Said::Crossings)
        }
        Need::Transfers => wallet::transfers(rows).map(Said::Transfers),
        Need::Conversions => wallet::conversions(rows).map(Said::Conversions),
        Need::Ledger => bookings::bookings(rows, asked).map(Said::Ledger),
        Need::Funding => bookings::funding(rows, asked).map(Said::Funding),
        Need::Fees => market::rates(rows, asked).map(Said::Fees),
        Need::Positions => market::positions(rows).map(Said::Positions),
        Need::Prices => market::tickers(rows, asked).map(Said::Prices),
        Need::Klines | Need::Time | Need::Permission | Need::Request | Need::Listings | Need::SubAccounts => {
            Err(VenueError::Permanent(Refusal::Request { code: 0 }))
        }
    }
}

/// The names that lists have within `data`.
const LISTS: [&str; 8] =
    ["list", "fillList", "fills", "bills", "assets", "dataList", "resultList", "transferList"];

/// The rows of an answer: `data` is a list, an object with a list in it (`null`: an empty one), or one row.
fn listed<'a>(answer: &Row<'a>) -> Result<Vec<Row<'a>>, VenueError> {
    let Some(data) = answer.maybe_first(&["data"]) else {
        return if answer.has("data") { Ok(Vec::new()) } else { Err(answer.wrong("data")) };
    };
    if data.is_list() {
        return data.rows();
    }
    let data = data.row()?;
    match LISTS.into_iter().find(|name| data.has(name)) {
        Some(name) => data.maybe(name).map_or(Ok(Vec::new()), Cell::rows),
        None => Ok(vec![data]),
    }
}

/// On which board a row is about something: unified rows say their category, all others are of the market asked.
fn board(row: &Row<'_>, asked: Asked<'_>) -> Result<Board, VenueError> {
    if let Some(category) = row.maybe_text("category")? {
        let spot = category.eq_ignore_ascii_case("spot") || category.eq_ignore_ascii_case("margin");
        return Ok(if spot { Board::Spot } else { Board::Contract });
    }
    match asked.market {
        market if market.contains("futures") => Ok(Board::Contract),
        market if market.starts_with("unified") => Err(row.wrong("category")),
        _ => Ok(Board::Spot),
    }
}

/// The instrument of a row: names come in lower case, too. Some rows leave it out.
fn symbol(row: &Row<'_>, asked: Asked<'_>) -> Result<String, VenueError> {
    let told = row.maybe_text("symbol")?.map(|symbol| symbol.to_uppercase());
    told.or_else(|| asked.symbol.map(str::to_owned)).ok_or_else(|| row.wrong("symbol"))
}

/// Whether a row is about the instrument that was asked for: what was not asked for is no answer.
fn is_asked(symbol: &str, asked: Asked<'_>) -> bool {
    asked.symbol.is_none_or(|own| own.eq_ignore_ascii_case(symbol))
}
