//! Alpaca (EXCHANGES.md section 13; https://docs.alpaca.markets/reference): shares and crypto of one account.
//!
//! The secret itself travels, in a header: nothing is signed. Fills carry no fees; those of crypto are bookings of their own
//! (`CFEE`), and which instrument's "last" is meant is that of its latest trade.

mod capability;
mod routes;
mod ask;
mod errors;
mod activities;
mod account;
mod wallet;
mod market;
#[cfg(test)]
mod tests;

pub(crate) use capability::CAPABILITY;

use crate::{
    Method, Refusal, Reply, Request, VenueError,
    dialect::{Asked, Dialect, Listings, Moment, Need, Question, Said},
};
use ledger::Timestamp;
use protocol::Credentials;
use routes::{ROUTES, Route};
use std::sync::LazyLock;

/// Alpaca.
pub(crate) struct Alpaca;

static CALLS: LazyLock<Vec<(Method, &'static str, &'static str)>> =
    LazyLock::new(|| ROUTES.iter().map(|route| (Method::Get, route.host, route.path)).collect());

impl Dialect for Alpaca {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, _: Moment) -> Result<Request, Refusal> {
        let of = |market: &str| {
            ROUTES.iter().find(|route: &&Route| route.need == question.need && route.market == market)
        };
        let route = of(question.market).or_else(|| of("")).ok_or(Refusal::Request { code: 0 })?;
        Ok(ask::request(route, question, key))
    }

    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError> {
        errors::error(reply, now)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, _: &Listings) -> Result<Said, VenueError> {
        let route = ROUTES.iter().find(|route| route.path == asked.path);
        let path = route.ok_or(VenueError::Permanent(Refusal::Request { code: 0 }))?.path;
        let body = reply.body.as_slice();
        let said = match asked.need {
            Need::Fills => activities::fills(path, body, asked.symbol),
            Need::Ledger => activities::bookings(path, body),
            Need::Deposits if path == routes::ACTIVITIES => activities::cash(path, body, true),
            Need::Withdrawals if path == routes::ACTIVITIES => activities::cash(path, body, false),
            Need::Deposits => wallet::crossings(path, body, true),
            Need::Withdrawals => wallet::crossings(path, body, false),
            Need::Balances if path == routes::ACCOUNT => account::cash(path, body),
            Need::Balances => account::holdings(path, body),
            Need::Positions => account::positions(path, body),
            Need::Permission => account::rights(path, body),
            Need::Prices => market::prices(path, body),
            Need::Klines => market::klines(path, body, asked.symbol),
            Need::Time => market::time(path, body),
            Need::Conversions
            | Need::Transfers
            | Need::Funding
            | Need::Fees
            | Need::Request
            | Need::Listings
            | Need::SubAccounts => Err(VenueError::Permanent(Refusal::Request { code: 0 })),
        };
        let mut said = said?;
        // Fills are told apart where they are read: a pair has two names.
        Asked { symbol: None, ..asked }.narrow(&mut said);
        Ok(said)
    }
}
