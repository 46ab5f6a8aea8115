//! How Binance is asked and what it answers, for all its account types (EXCHANGES.md section 2;
//! https://github.com/binance/binance-spot-api-docs and https://developers.binance.com/docs): spot, margin, wallet,
//! USD-M (`usdm`), COIN-M (`coinm`) and portfolio margin (`papi`, `papi-margin`, `papi-um`, `papi-cm`).
//!
//! The connector beside it reads spot accounts; signature, errors and key rights are the same for both.

mod routes;
mod ask;
mod errors;
mod fills;
mod conversions;
mod balances;
mod wallet;
mod transfers;
mod ledger;
mod positions;
mod market;
mod listings;
mod page;
#[cfg(test)]
mod tests;

use super::rights;
use crate::{
    KeyRights, Method, Refusal, Reply, Request, VenueError,
    dialect::{Asked, Board, Cell, Dialect, Listings, Moment, Need, Question, Said},
};
use ::ledger::Timestamp;
use protocol::Credentials;
use routes::{ROUTES, Route};
use std::sync::LazyLock;

/// Binance.
pub(crate) struct BinanceDialect;

/// The calls that the wallets beside the spot account are read by. All of them read.
pub(crate) static WALLET_CALLS: [(&str, &str); 17] = [
    ("fapi.binance.com", "/fapi/v1/time"),
    ("fapi.binance.com", "/fapi/v1/exchangeInfo"),
    ("fapi.binance.com", "/fapi/v1/income"),
    ("fapi.binance.com", "/fapi/v1/userTrades"),
    ("fapi.binance.com", "/fapi/v3/balance"),
    ("fapi.binance.com", "/fapi/v3/positionRisk"),
    ("dapi.binance.com", "/dapi/v1/time"),
    ("dapi.binance.com", "/dapi/v1/exchangeInfo"),
    ("dapi.binance.com", "/dapi/v1/income"),
    ("dapi.binance.com", "/dapi/v1/userTrades"),
    ("dapi.binance.com", "/dapi/v1/balance"),
    ("dapi.binance.com", "/dapi/v1/positionRisk"),
    ("api.binance.com", "/sapi/v1/margin/account"),
    ("api.binance.com", routes::ISOLATED),
    ("api.binance.com", routes::MARGIN_FILLS),
    ("api.binance.com", routes::INTEREST),
    ("api.binance.com", "/sapi/v1/asset/transfer"),
];

static CALLS: LazyLock<Vec<(Method, &'static str, &'static str)>> =
    LazyLock::new(|| ROUTES.iter().map(|route| (route.method, route.host, route.path)).collect());

impl Dialect for BinanceDialect {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let of = |route: &&Route| route.need == question.need && route.market == question.market;
        let route = ROUTES.iter().find(of).ok_or(Refusal::Request { code: 0 })?;
        ask::request(route, question, key, moment)
    }

    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError> {
        errors::error(reply, now)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, _: &Listings) -> Result<Said, VenueError> {
        let route = ROUTES.iter().find(|route| route.path == asked.path);
        let path = route.ok_or(VenueError::Permanent(Refusal::Request { code: 0 }))?.path;
        let (body, board) = (reply.body.as_slice(), board(path));
        match asked.need {
            Need::Fills => fills::fills(path, body, board),
            Need::Conversions if path == routes::DUST => conversions::dust(path, body),
            Need::Conversions => conversions::converts(path, body),
            Need::Balances => balances::balances(path, body, asked.market),
            Need::Deposits => wallet::crossings(path, body, true),
            Need::Withdrawals => wallet::crossings(path, body, false),
            Need::Transfers => transfers::transfers(path, body),
            Need::Ledger if path == routes::DIVIDENDS => ledger::dividends(path, body),
            Need::Ledger if path == routes::INTEREST => ledger::interest(path, body),
            Need::Ledger => ledger::income(path, body),
            Need::Funding => ledger::funding(path, body),
            Need::Fees => market::fees(path, body, board),
            Need::Positions => positions::positions(path, body),
            Need::Prices => market::prices(path, body, board),
            Need::Klines => market::klines(path, body),
            Need::Time => market::time(path, body),
            Need::Permission if path == routes::ACCOUNT => undecided(path, body),
            Need::Permission => rights::rights(path, body).map(Said::Rights),
            Need::Listings => listings::listings(path, body),
            Need::Request | Need::SubAccounts => Err(VenueError::Permanent(Refusal::Request { code: 0 })),
        }
    }

    fn wallets(&self, asked: Asked<'_>, reply: &Reply) -> Result<Vec<String>, VenueError> {
        if asked.path == routes::ISOLATED { balances::isolated_pairs(&reply.body) } else { Ok(Vec::new()) }
    }

    fn next_page(
        &self,
        asked: Asked<'_>,
        reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        let route = ROUTES.iter().find(|route| route.path == asked.path);
        route.map_or(Ok(None), |route| page::next(route.path, &reply.body))
    }
}

/// Spot and contracts share names: `BTCUSDT` is on both boards.
fn board(path: &str) -> Board {
    let contract = path.starts_with("/fapi/")
        || path.starts_with("/dapi/")
        || path.starts_with("/papi/v1/um/")
        || path.starts_with("/papi/v1/cm/");
    if contract { Board::Contract } else { Board::Spot }
}

/// An account was read, so the key reads; `canTrade` and `canWithdraw` there speak of the account, not of the key.
fn undecided(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    Cell::whole(endpoint, body)?.row()?.cell("balances")?;
    Ok(Said::Rights(KeyRights::untold()))
}
