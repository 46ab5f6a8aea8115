//! OKX, API version 5 (EXCHANGES.md section 4; https://www.okx.com/docs-v5/en/).
//!
//! Markets are kinds of instruments: `spot`, `margin`, `swap` (also `linear`, `inverse`), `futures`, `option`; executions of
//! the last three days come of `any` kind. Accounts: `trading` (bookings of a week), `archive` (of three months),
//! `funding` (of a month) and `funding-archive`; balances of `trading`, `cash` (the same without profit that is not
//! realised yet), `settled` (cash, and what of it orders bind), `funding` and `savings`. Candles are those of the history, or `recent`.
//!
//! Every answer is `{"code":"0","msg":"","data":[…]}`. All values are texts, and an empty text is none.
//!
//! A page goes on from its oldest row, wherever that stands: by the id of a booking, or by time where there is nothing else.
//!
//! Not here: the quarterly archive of bookings, a file that must be ordered first.

mod capability;
mod sign;
mod endpoint;
mod errors;
mod rights;
mod answer;
mod fills;
mod ledger;
mod wallet;
mod market;
pub(crate) mod plan;
#[cfg(test)]
mod tests;

pub(crate) use capability::CAPABILITY;

use crate::{
    Method, Refusal, Reply, Request, VenueError,
    dialect::{Asked, Dialect, Listings, Moment, Need, Parameters, Question, Said, key_hash, wrong},
};
use ::ledger::Timestamp;
use answer::Answer;
use endpoint::{
    BILLS, BILLS_ARCHIVE, CALLS, CANDLES, CONVERSIONS, DEPOSITS, Endpoint, FILLS, FILLS_HISTORY,
    FUNDING_BILLS, FUNDING_BILLS_HISTORY, HISTORY_CANDLES, HOST, WITHDRAWALS,
};
use protocol::Credentials;
use zeroize::Zeroizing;

/// How OKX speaks.
pub(crate) struct Okx;

impl Dialect for Okx {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let Question { need, market, symbol, .. } = question;
        let endpoint = endpoint::of(*need, market, symbol.is_some()).ok_or(Refusal::Request { code: 0 })?;
        let query = parameters(endpoint, question);
        let headers = if endpoint.signed {
            sign::headers(key, moment.at, endpoint.path, &query).ok_or(Refusal::Credentials)?
        } else {
            Vec::new()
        };
        Ok(Request {
            query,
            headers,
            ..Request::get(HOST, endpoint.path, endpoint.cost(key_hash(&key.api_key)))
        })
    }

    fn error(&self, reply: &Reply, _now: Timestamp) -> Option<VenueError> {
        errors::error(reply)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, _listings: &Listings) -> Result<Said, VenueError> {
        let endpoint = endpoint::at(asked.path).ok_or_else(|| wrong("okx", "path"))?;
        let answer = Answer::of(endpoint.path, asked, &reply.body)?;
        let mut said = match asked.need {
            Need::Fills => Said::Fills(fills::executions(&answer)?),
            Need::Funding => Said::Funding(ledger::payments(&answer)?),
            Need::Ledger => Said::Ledger(ledger::bookings(&answer, |kind| ledger::unified(endpoint, kind))?),
            Need::Transfers => Said::Transfers(ledger::transfers(&answer)?),
            Need::Conversions => Said::Conversions(wallet::conversions(&answer)?),
            Need::Balances => Said::Balances(wallet::balances(&answer)?),
            Need::Deposits => Said::Crossings(wallet::deposits(&answer)?),
            Need::Withdrawals => Said::Crossings(wallet::withdrawals(&answer)?),
            Need::Fees => Said::Fees(market::fees(&answer)?),
            Need::Positions => Said::Positions(market::positions(&answer)?),
            Need::Prices => Said::Prices(market::tickers(&answer)?),
            Need::Klines => Said::Klines(market::klines(&answer)?),
            Need::Time => Said::Time(market::time(&answer)?),
            Need::Permission => Said::Rights(rights::rights(&answer)?),
            Need::Listings => Said::Listings(market::listings(&answer)?),
            Need::SubAccounts => Said::SubAccounts(market::sub_accounts(&answer)?),
            Need::Request => return Err(wrong("okx", "path")),
        };
        asked.narrow(&mut said);
        Ok(said)
    }

    fn next_page(
        &self,
        asked: Asked<'_>,
        reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        let endpoint = endpoint::at(asked.path).ok_or_else(|| wrong("okx", "path"))?;
        let answer = Answer::of(endpoint.path, asked, &reply.body)?;
        let after = match endpoint {
            _ if by_bill(endpoint) => answer.lowest("billId")?.map(|id| id.to_string()),
            _ if *endpoint == CANDLES || *endpoint == HISTORY_CANDLES => answer.last_candle()?,
            _ if by_time(endpoint) => answer.past_oldest()?.map(|at| at.to_string()),
            _ => None,
        };
        Ok(after.map(|after| ("after", after)))
    }
}

/// Pages of these begin after a booking.
fn by_bill(endpoint: &Endpoint) -> bool {
    [&FILLS, &FILLS_HISTORY, &BILLS, &BILLS_ARCHIVE].contains(&endpoint)
}

/// Pages of these begin before an instant: `after` is older than, `before` is newer than.
fn by_time(endpoint: &Endpoint) -> bool {
    [
        &DEPOSITS,
        &WITHDRAWALS,
        &CONVERSIONS,
        &FUNDING_BILLS,
        &FUNDING_BILLS_HISTORY,
        &CANDLES,
        &HISTORY_CANDLES,
    ]
    .contains(&endpoint)
}

/// What is asked, by OKX's names at this endpoint.
fn parameters(endpoint: &'static Endpoint, question: &Question<'_>) -> Zeroizing<String> {
    let Question { need, market, symbol, currency, from_ms, to_ms, limit, with, segment: _ } = question;
    // What lies exactly at `before` and `after` is left out.
    let (from, to) = if by_time(endpoint) {
        let (from, to) = (from_ms.map(|at| at.saturating_sub(1)), to_ms.map(|at| at.saturating_add(1)));
        (("before", from), ("after", to))
    } else {
        (("begin", *from_ms), ("end", *to_ms))
    };
    let (instrument, symbol) = instrument(*need, market, *symbol);
    let kind = match (need, instrument) {
        (Need::Fills | Need::Fees | Need::Positions | Need::Listings, _) => endpoint::kind(market),
        (Need::Prices, _) if symbol.is_none() => endpoint::kind(market),
        _ => None,
    };
    let word = match (need, by_bill(endpoint)) {
        (Need::Funding, true) => Some("8"),
        (Need::Transfers, true) => Some("1"),
        _ => None,
    };
    let own = [
        ("type", word.map(str::to_owned)),
        ("instType", kind.map(str::to_owned)),
        (instrument, symbol.map(str::to_owned)),
        ("ccy", currency.map(str::to_owned)),
        (from.0, from.1.map(|at| at.max(0).to_string())),
        (to.0, to.1.map(|at| at.to_string())),
        ("limit", limit.map(|limit| limit.to_string())),
    ];
    Parameters::default().all(own).and(with).encoded()
}

/// Fee rates of contracts are those of a family: `BTC-USDT` of `BTC-USDT-SWAP`.
fn instrument<'a>(need: Need, market: &str, symbol: Option<&'a str>) -> (&'static str, Option<&'a str>) {
    if need != Need::Fees || matches!(market, "spot" | "margin") {
        return ("instId", symbol);
    }
    let family = |symbol: &'a str| match symbol.match_indices('-').nth(1) {
        Some((at, _)) => symbol.get(..at).unwrap_or(symbol),
        None => symbol,
    };
    ("instFamily", symbol.map(family))
}
