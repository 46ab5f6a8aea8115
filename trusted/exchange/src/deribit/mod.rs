//! Deribit (EXCHANGES.md section 12; <https://docs.deribit.com>): JSON-RPC over GET. One account, in which everything is of one
//! market; most lists are by currency.
//!
//! Amounts are as the venue means them: dollars for inverse futures, coins for options, linear contracts and spot. So a
//! contract counts for one of these, whatever size the venue tells of it, and what an execution came to is computed here.
//!
//! Without `historical=true` in `with` the lists of executions hold 24 hours.

mod capability;
mod sign;
mod endpoint;
mod errors;
mod rights;
mod instrument;
mod fills;
mod account;
mod wallet;
mod log;
mod market;

pub(crate) use capability::CAPABILITY;

use crate::{
    Asked, Dialect, Listings, Method, Moment, Need, Question, Refusal, Reply, Request, Said, VenueError,
    dialect::Cell,
};
use ::ledger::Timestamp;
use endpoint::{CALLS, endpoint, query};
use protocol::Credentials;

/// The dialect.
pub(crate) struct Deribit;

impl Dialect for Deribit {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let endpoint = endpoint(question)?;
        sign::request(endpoint, query(endpoint, question), key, moment)
    }

    fn error(&self, reply: &Reply, _: Timestamp) -> Option<VenueError> {
        errors::error(reply)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let body = reply.body.as_slice();
        match asked.need {
            Need::Fills => fills::fills(body, listings).map(Said::Fills),
            Need::Balances => account::balances(body).map(Said::Balances),
            Need::Positions => account::positions(body).map(Said::Positions),
            Need::Fees => account::fees(body, asked, listings).map(Said::Fees),
            Need::Deposits => wallet::crossings(body, true).map(Said::Crossings),
            Need::Withdrawals => wallet::crossings(body, false).map(Said::Crossings),
            Need::Transfers => wallet::shifts(body).map(Said::Transfers),
            Need::Ledger => log::bookings(body).map(Said::Ledger),
            Need::Funding => log::funding(body).map(Said::Funding),
            Need::Prices => market::prices(body).map(Said::Prices),
            Need::Klines => market::klines(body).map(Said::Klines),
            Need::Time => market::time(body).map(Said::Time),
            Need::Permission => rights::rights(body, asked).map(Said::Rights),
            Need::Conversions | Need::Request | Need::Listings | Need::SubAccounts => {
                Err(VenueError::Permanent(UNASKED))
            }
        }
    }
}

/// What this venue has no question for.
const UNASKED: Refusal = Refusal::Request { code: 0 };

/// `result` of an answer.
fn result<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Cell<'a>, VenueError> {
    Cell::whole(endpoint, body)?.row()?.cell("result")
}
