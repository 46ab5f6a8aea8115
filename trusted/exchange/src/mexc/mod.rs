//! MEXC (EXCHANGES.md section 10): spot and wallet by `/api/v3`, contracts by `/api/v1/private` and `/api/v1/contract`
//! (https://www.mexc.com/api-docs/spot-v3/general-info, https://www.mexc.com/api-docs/futures/integration-guide).
//!
//! Markets: `spot`, `wallet`, `futures`, and `key` for what the key itself may do.

mod capability;
mod sign;
mod ask;
mod errors;
mod rights;
mod fills;
mod wallet;
mod market;
#[cfg(test)]
mod tests;

pub(crate) use capability::CAPABILITY;

use crate::{
    Asked, Dialect, Listings, Method, Moment, Need, Question, Refusal, Reply, Request, Said, VenueError,
    dialect::{Cell, Row, endpoint},
};
use ledger::Timestamp;
use protocol::Credentials;

/// The dialect.
pub(crate) struct Mexc;

impl Dialect for Mexc {
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
        let answer = Cell::whole(endpoint(&ask::CALLS, asked.path), &reply.body)?;
        let mut said = match asked.need {
            Need::Time => Said::Time(market::time(&answer.row()?)?),
            Need::Permission => Said::Rights(rights::rights(&answer.row()?)?),
            Need::Fees => Said::Fees(market::rates(&answer.row()?, asked)?),
            Need::Klines => Said::Klines(market::klines(answer)?),
            Need::Fills => Said::Fills(fills::fills(&listed(answer)?, asked)?),
            Need::Balances => Said::Balances(wallet::balances(&listed(answer)?)?),
            Need::Deposits | Need::Withdrawals => {
                Said::Crossings(wallet::crossings(&listed(answer)?, asked.need == Need::Deposits)?)
            }
            Need::Transfers => Said::Transfers(wallet::transfers(&listed(answer)?)?),
            Need::Funding => Said::Funding(market::funding(&listed(answer)?, asked, listings)?),
            Need::Positions => Said::Positions(market::positions(&listed(answer)?)?),
            Need::Prices => Said::Prices(market::tickers(&listed(answer)?, asked)?),
            Need::Conversions | Need::Ledger | Need::Request | Need::Listings | Need::SubAccounts => {
                return Err(VenueError::Permanent(Refusal::Request { code: 0 }));
            }
        };
        // A coin may be asked for with its chain, as it is told.
        let currency = asked.currency.and_then(|coin| coin.split('-').next());
        Asked { currency, ..asked }.narrow(&mut said);
        Ok(said)
    }
}

/// The names that lists have, in the answer or in its `data`.
const LISTS: [&str; 4] = ["resultList", "rows", "balances", "list"];

/// The rows of an answer: a list, an object with a list in it (`null`: an empty one), or one row; of contracts all of that
/// is in `data`.
fn listed(answer: Cell<'_>) -> Result<Vec<Row<'_>>, VenueError> {
    if answer.is_list() {
        return answer.rows();
    }
    let mut row = answer.row()?;
    if row.has("data") {
        match row.maybe("data") {
            None => return Ok(Vec::new()),
            Some(data) if data.is_list() => return data.rows(),
            Some(data) => row = data.row()?,
        }
    }
    match LISTS.into_iter().find(|name| row.has(name)) {
        Some(name) => row.maybe(name).map_or(Ok(Vec::new()), Cell::rows),
        None => Ok(vec![row]),
    }
}

/// Whether an answer is of the venue's contracts.
fn is_contract(asked: Asked<'_>) -> bool {
    asked.market == "futures" || asked.path.starts_with("/api/v1/")
}
