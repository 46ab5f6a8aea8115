//! Bybit, API version 5 (EXCHANGES.md section 3; https://bybit-exchange.github.io/docs/v5/guide).
//!
//! Markets are Bybit's categories `spot`, `linear`, `inverse` and `option`, with `pre-` before them for what was before the
//! account became a unified one; accounts are `unified`, `contract` and `funding`, each with a log of its own. Deposits are `wallet` or `internal`,
//! transfers `wallet` (between accounts of one user) or `universal` (between users of one owner). Withdrawals are told on
//! chain only, unless `withdrawType=2` goes with the question.
//!
//! Every answer is `{"retCode":0,"retMsg":"OK","result":{…},"time":…}`.

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
mod digest;
mod words;
#[cfg(test)]
mod tests;

pub(crate) use capability::CAPABILITY;

use crate::{
    Method, Refusal, Reply, Request, VenueError,
    dialect::{
        Asked, Dialect, Listings, Moment, Need, Parameters, Question, Said, key_hash, percent_encoded, wrong,
    },
};
use ::ledger::Timestamp;
use answer::Answer;
use endpoint::{
    CALLS, CONTRACT_TRANSACTIONS, EARLIER_TRANSACTIONS, EXECUTIONS, Endpoint, FUNDING_HISTORY, HOST,
    TRANSACTIONS,
};
use protocol::Credentials;
use zeroize::Zeroizing;

/// How Bybit speaks.
pub(crate) struct Bybit;

impl Dialect for Bybit {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let endpoint = endpoint::of(question.need, question.market).ok_or(Refusal::Request { code: 0 })?;
        let query = parameters(endpoint, question);
        let headers = if endpoint.signed {
            sign::headers(key, moment.at, &query).ok_or(Refusal::Credentials)?
        } else {
            Vec::new()
        };
        Ok(Request {
            query,
            headers,
            ..Request::get(HOST, endpoint.path, endpoint.cost(key_hash(&key.api_key)))
        })
    }

    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError> {
        errors::error(reply, now)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let endpoint = endpoint::at(asked.path).ok_or_else(|| wrong("bybit", "path"))?;
        let answer = Answer::of(endpoint.path, asked, &reply.body)?;
        let mut said = match asked.need {
            Need::Fills => Said::Fills(fills::executions(&answer, listings)?),
            Need::Funding if *endpoint == EXECUTIONS => Said::Funding(fills::payments(&answer, listings)?),
            Need::Funding => Said::Funding(ledger::payments(&answer)?),
            Need::Ledger if *endpoint == FUNDING_HISTORY => Said::Ledger(ledger::funded(&answer)?),
            Need::Ledger => Said::Ledger(ledger::bookings(&answer, ledger::unified)?),
            Need::Conversions => Said::Conversions(wallet::conversions(&answer)?),
            Need::Balances => Said::Balances(wallet::balances(&answer)?),
            Need::Deposits => Said::Crossings(wallet::deposits(&answer)?),
            Need::Withdrawals => Said::Crossings(wallet::withdrawals(&answer)?),
            Need::Transfers => Said::Transfers(wallet::transfers(&answer)?),
            Need::Fees => Said::Fees(market::fees(&answer)?),
            Need::Positions => Said::Positions(market::positions(&answer)?),
            Need::Prices => Said::Prices(market::tickers(&answer)?),
            Need::Klines => Said::Klines(market::klines(&answer)?),
            Need::Time => Said::Time(answer.time()?),
            Need::Permission => Said::Rights(rights::rights(&answer)?),
            Need::Listings => Said::Listings(market::listings(&answer)?),
            Need::SubAccounts => Said::SubAccounts(answer.rows(&["subMembers"])?.len()),
            Need::Request => return Err(wrong("bybit", "path")),
        };
        asked.narrow(&mut said);
        Ok(said)
    }

    fn next_page(
        &self,
        asked: Asked<'_>,
        reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        let endpoint = endpoint::at(asked.path).ok_or_else(|| wrong("bybit", "path"))?;
        let answer = Answer::of(endpoint.path, asked, &reply.body)?;
        // Some lists go on telling a cursor behind their last row.
        let cursor = if answer.is_empty() { None } else { answer.cursor()? };
        Ok(cursor.map(|cursor| (CURSOR, cursor)))
    }
}

const CURSOR: &str = "cursor";

/// What is asked, by Bybit's names at this endpoint.
fn parameters(endpoint: &'static Endpoint, question: &Question<'_>) -> Zeroizing<String> {
    let Question { need, market, symbol, currency, from_ms, to_ms, limit, with, segment: _ } = question;
    let of_log = [&TRANSACTIONS, &CONTRACT_TRANSACTIONS, &EARLIER_TRANSACTIONS].contains(&endpoint);
    let by_seconds = *endpoint == FUNDING_HISTORY;
    let (from, to) = match need {
        Need::Klines => ("start", "end"),
        _ if by_seconds => ("createTimeFrom", "createTimeTo"),
        _ => ("startTime", "endTime"),
    };
    let instant = |at: i64| if by_seconds { at.div_euclid(1000) } else { at }.to_string();
    let fixed = |when: bool, word: &str| when.then(|| word.to_owned());
    let own = [
        ("execType", fixed(*endpoint == EXECUTIONS && *need == Need::Funding, "Funding")),
        ("type", fixed(of_log && *need == Need::Funding, "SETTLEMENT")),
        ("accountType", account(*need, market).map(str::to_owned)),
        ("symbol", symbol.map(str::to_owned)),
        ("category", endpoint::category(market).filter(|_| *need != Need::Balances).map(str::to_owned)),
        (if of_log { "currency" } else { "coin" }, currency.map(str::to_owned)),
        (from, from_ms.map(instant)),
        (to, to_ms.map(instant)),
        ("limit", limit.map(|limit| limit.to_string())),
    ];
    Parameters::default().all(own).and(with).encoded_by(encoded)
}

/// The account whose balances are asked for.
fn account(need: Need, market: &str) -> Option<&'static str> {
    (need == Need::Balances).then_some(match market {
        "funding" => "FUND",
        "contract" => "CONTRACT",
        _ => "UNIFIED",
    })
}

/// A cursor is told percent-encoded, and is sent as it was told.
fn encoded(name: &str, value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
    if name == CURSOR && value.bytes().all(plain) { value.to_owned() } else { percent_encoded(value) }
}
