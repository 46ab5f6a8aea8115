//! KuCoin, spot, margin and futures (EXCHANGES.md section 7; <https://www.kucoin.com/docs-new>), by the classic API and by the
//! unified one that stands beside it.
//!
//! The markets are `spot` (accounts as they were), `spot-hf`, `margin`, `isolated`, `futures`, `unified`, `wallet`, and
//! `history` for deposits and withdrawals before 2019. All answers come in an envelope `{"code":"200000","data":…}`.

mod capability;
mod sign;
mod endpoint;
mod errors;
mod rights;
mod envelope;
mod fills;
mod wallet;
mod ledger;
mod contracts;
mod market;

pub(crate) use capability::CAPABILITY;

use crate::{
    Asked, Dialect, Listings, Method, Moment, Need, Question, Refusal, Reply, Request, Said, VenueError,
};
use ::ledger::{Asset, Timestamp};
use endpoint::{CALLS, endpoint, query};
use protocol::Credentials;

/// The dialect.
pub(crate) struct KuCoin;

impl Dialect for KuCoin {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let endpoint = endpoint(question)?;
        sign::request(endpoint, query(endpoint, question), key, moment.at)
    }

    fn error(&self, reply: &Reply, _: Timestamp) -> Option<VenueError> {
        errors::error(reply)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let body = reply.body.as_slice();
        let said = match asked.need {
            Need::Fills => fills::fills(body, listings).map(Said::Fills),
            Need::Balances => wallet::balances(body, asked).map(Said::Balances),
            Need::Deposits => wallet::crossings(body, true).map(Said::Crossings),
            Need::Withdrawals => wallet::crossings(body, false).map(Said::Crossings),
            Need::Ledger => ledger::bookings(body).map(Said::Ledger),
            Need::Transfers => ledger::shifts(body).map(Said::Transfers),
            Need::Funding => contracts::funding(body).map(Said::Funding),
            Need::Positions => contracts::positions(body).map(Said::Positions),
            Need::Fees => market::fees(body, asked).map(Said::Fees),
            Need::Prices => market::prices(body, asked).map(Said::Prices),
            Need::Klines => market::klines(body).map(Said::Klines),
            Need::Time => market::time(body).map(Said::Time),
            Need::Permission => rights::rights(body).map(Said::Rights),
            Need::Conversions | Need::Request | Need::Listings | Need::SubAccounts => {
                Err(VenueError::Permanent(UNASKED))
            }
        };
        let currency = asked.currency.map(envelope::asset);
        let mut said = said?;
        Asked { currency: currency.as_ref().map(Asset::as_str), ..asked }.narrow(&mut said);
        Ok(said)
    }
}

/// What this venue has no question for.
const UNASKED: Refusal = Refusal::Request { code: 0 };
