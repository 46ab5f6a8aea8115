//! Kraken, spot and futures (EXCHANGES.md section 5): one account, two venues of it with hosts, keys and signatures of
//! their own. <https://docs.kraken.com/api-reference>.
//!
//! Markets: `spot`; `futures` with its multi-collateral wallet, `futures-cash`, and `futures-` with the name of a
//! single-collateral account (`futures-fi_xbtusd`), which differ in their balances only.
//!
//! Not here: paging. `TradesHistory` and `Ledgers` go by offset, 50 a page; a page that is not full is the last.

mod capability;
mod sign;
mod endpoint;
mod errors;
mod rights;
mod assets;
mod spot;
mod wallet;
mod market;
mod futures;
mod log;
pub(crate) mod plan;

pub(crate) use capability::CAPABILITY;

use crate::dialect::{
    Asked, Cell, Dialect, Listings, Moment, Need, Parameters, Question, Row, Said, key_hash,
};
use crate::{Cost, Method, Refusal, Reply, Request, VenueError};
use endpoint::{Budget, Endpoint, Kind};
use ledger::{Asset, Timestamp};
use protocol::Credentials;
use zeroize::Zeroizing;

/// The dialect of Kraken.
pub(crate) struct Kraken;

impl Dialect for Kraken {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &endpoint::CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let endpoint = endpoint::of(question).ok_or(Refusal::Request { code: 0 })?;
        let start = match endpoint.kind {
            Kind::SpotPrivate => Parameters::default().with("nonce", moment.at.millis()),
            Kind::FuturesPrivate | Kind::Public => Parameters::default(),
        };
        let own = question.with.iter().filter(|(name, _)| *name != endpoint::RESOLUTION);
        let query =
            own.fold(endpoint.parameters(question, start), |query, (name, value)| query.with(name, value));
        let mut request = Request {
            method: endpoint.kind.method(),
            host: endpoint.host(),
            path: endpoint.path,
            segment: question.symbol.filter(|_| endpoint.path.contains('{')).map(str::to_owned),
            query: Zeroizing::default(),
            headers: Vec::new(),
            body: Zeroizing::default(),
            cost: cost(endpoint, key),
        };
        let text = query.encoded();
        let api_key = || Zeroizing::new(key.api_key.expose().trim().to_owned());
        match endpoint.kind {
            Kind::Public => request.query = text,
            Kind::SpotPrivate => {
                let nonce = moment.at.millis().to_string();
                let signature = sign::spot(&key.secret, endpoint.path, &nonce, &text);
                request.headers = vec![
                    ("api-key", api_key()),
                    ("api-sign", signature.ok_or(Refusal::Credentials)?),
                    ("content-type", Zeroizing::new("application/x-www-form-urlencoded".to_owned())),
                ];
                request.body = Zeroizing::new(text.as_bytes().to_vec());
            }
            Kind::FuturesPrivate => {
                let signature = sign::futures(&key.secret, endpoint.path, &text);
                request.headers =
                    vec![("apikey", api_key()), ("authent", signature.ok_or(Refusal::Credentials)?)];
                request.query = text;
            }
        }
        Ok(request)
    }

    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError> {
        errors::error(reply, now)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let body = &reply.body;
        match (asked.need, is_futures(asked.market)) {
            (Need::Fills, true) if asked.path.ends_with("/executions") => futures::executions(asked, body),
            (Need::Fills, true) => futures::fills(asked, body),
            (Need::Balances, true) => futures::balances(asked.market, body),
            (Need::Positions, true) => futures::positions(asked, body),
            (Need::Prices, true) => futures::prices(asked, body),
            (Need::Klines, true) => futures::klines(body),
            (Need::Ledger, true) => log::bookings(asked, body),
            (Need::Funding, true) => log::funding(asked, body),
            (Need::Permission, true) => rights::futures(body).map(Said::Rights),
            (Need::Fills, false) => spot::fills(asked, body, listings),
            (Need::Balances, false) => spot::balances(body),
            (Need::Fees, false) => spot::fees(asked, body, listings),
            (Need::Positions, false) => spot::positions(body),
            (Need::Deposits | Need::Withdrawals, false) if asked.path.ends_with("/Ledgers") => {
                wallet::booked_crossings(asked, body)
            }
            (Need::Deposits | Need::Withdrawals, false) => wallet::crossings(asked, body),
            (Need::Transfers, false) => wallet::transfers(asked, body),
            (Need::Ledger, false) => wallet::bookings(asked, body),
            (Need::Prices, false) => market::prices(body, listings),
            (Need::Klines, false) => market::klines(body),
            (Need::Time, _) => market::time(body),
            (Need::Listings, false) => market::listings(body),
            (Need::Permission, false) => rights::spot(body).map(Said::Rights),
            _ => Err(VenueError::Permanent(Refusal::Request { code: 0 })),
        }
    }

    /// `next_cursor` of the status calls, `continuationToken` of the futures history.
    fn next_page(
        &self,
        asked: Asked<'_>,
        reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        if asked.path.ends_with("/executions") {
            let answer = Cell::whole("executions", &reply.body)?.row()?;
            return Ok(answer.maybe_string("continuationToken")?.map(|token| ("continuation_token", token)));
        }
        if asked.path.ends_with("Status") {
            let answer = result("DepositStatus", &reply.body)?;
            let Ok(page) = answer.row() else { return Ok(None) };
            return Ok(page.maybe_string("next_cursor")?.map(|cursor| ("cursor", cursor)));
        }
        Ok(None)
    }
}

fn cost(endpoint: &Endpoint, key: &Credentials) -> Cost {
    let (budget, account, limit_per_minute) = match endpoint.budget {
        // The counter falls by 0.33 a second for the lowest tier, and by more for others.
        Budget::Spot => ("private", key_hash(&key.api_key), 20),
        Budget::Public => ("public", 0, 60),
        Budget::Derivatives => ("derivatives", key_hash(&key.api_key), 3000),
        // 100 tokens in ten minutes.
        Budget::History => ("history", key_hash(&key.api_key), 10),
    };
    Cost { budget, account, weight: endpoint.weight, limit_per_minute, used_header: "" }
}

fn is_futures(market: &str) -> bool {
    market.starts_with("futures")
}

/// `result` of `{"error":[],"result":…}`.
fn result<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Cell<'a>, VenueError> {
    Cell::whole(endpoint, body)?.row()?.cell("result")
}

/// An object of objects under names that are ids; an empty list stands for an empty one.
fn entries<'a>(cell: Cell<'a>) -> Result<Vec<(String, Row<'a>)>, VenueError> {
    match cell.row() {
        Ok(row) => row.all().map(|(id, cell)| Ok((id.to_owned(), cell.row()?))).collect(),
        Err(error) => match cell.cells() {
            Ok(cells) if cells.is_empty() => Ok(Vec::new()),
            _ => Err(error),
        },
    }
}

/// Whether a row is of the currency that was asked for, if one was.
fn is_wanted(asked: Asked<'_>, asset: &Asset) -> bool {
    asked.currency.is_none_or(|currency| assets::unified(currency) == *asset)
}
