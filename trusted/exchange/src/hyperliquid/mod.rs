//! Hyperliquid (EXCHANGES.md section 11;
//! <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint>): an exchange on a chain of its own,
//! where everybody may read every account by its address. So there is no key, and nothing is signed: what
//! `Credentials::api_key` holds is the address.
//!
//! That an address belongs to who hands it in is proved by a signature (`challenge.rs`), since public data proves nothing.
//!
//! All questions go to one path, and their `type` says what is asked. One answer may serve several of them: the ledger tells
//! of deposits, withdrawals and transfers too, and each of these needs reads its own rows from it. The markets are `spot` and
//! `perp`, which are two wallets of one address, and `wallet`, which is both as one; builders' own exchanges are asked for by
//! `dex` in `with`.

mod capability;
mod ask;
mod errors;
pub(crate) mod challenge;
mod rights;
mod fills;
mod state;
mod delta;
mod ledger;
mod market;
mod listings;
mod pages;
pub(crate) mod plan;

pub(crate) use capability::CAPABILITY;

use crate::{
    Asked, Dialect, Listings, Method, Moment, Need, Question, Refusal, Reply, Request, Said, VenueError,
};
use ::ledger::Timestamp;
use protocol::Credentials;

/// The only host.
const HOST: &str = "api.hyperliquid.xyz";
/// The only path: its POSTs read, and nothing else is ever sent there.
const INFO: &str = "/info";
/// Both wallets of an address as one: what moves between them changes nothing.
const WALLET: &str = "wallet";
/// The money of the perpetuals, in which every answer without a token is.
const USDC: &str = "USDC";

/// The dialect.
pub(crate) struct Hyperliquid;

impl Dialect for Hyperliquid {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &[(Method::Post, HOST, INFO)]
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, _: Moment) -> Result<Request, Refusal> {
        ask::request(question, key)
    }

    fn error(&self, reply: &Reply, _: Timestamp) -> Option<VenueError> {
        errors::error(reply)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let body = reply.body.as_slice();
        match asked.need {
            Need::Fills => fills::fills(body, listings).map(Said::Fills),
            Need::Balances => state::balances(body, asked.market).map(Said::Balances),
            Need::Positions => state::positions(body).map(Said::Positions),
            Need::Ledger => ledger::bookings(body, asked).map(Said::Ledger),
            Need::Deposits => ledger::crossings(body, asked, true).map(Said::Crossings),
            Need::Withdrawals => ledger::crossings(body, asked, false).map(Said::Crossings),
            Need::Transfers => ledger::shifts(body, asked).map(Said::Transfers),
            Need::Funding => ledger::funding(body).map(Said::Funding),
            Need::Fees => market::fees(body, asked).map(Said::Fees),
            Need::Prices => market::prices(body).map(Said::Prices),
            Need::Klines => market::klines(body).map(Said::Klines),
            Need::Time => market::time(body).map(Said::Time),
            Need::Permission => rights::rights(body).map(Said::Rights),
            Need::Listings => listings::listings(body).map(Said::Listings),
            Need::SubAccounts => rights::sub_accounts(body).map(Said::SubAccounts),
            Need::Conversions | Need::Request => Err(VenueError::Permanent(UNASKED)),
        }
    }

    fn next_page(
        &self,
        asked: Asked<'_>,
        reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        pages::next(asked, &reply.body)
    }
}

/// What this venue has no question for.
const UNASKED: Refusal = Refusal::Request { code: 0 };
