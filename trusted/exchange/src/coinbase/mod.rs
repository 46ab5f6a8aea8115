//! Coinbase: Advanced Trade (`/api/v3/brokerage`) and the wallets behind it (`/v2`), EXCHANGES.md section 6.
//! <https://docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis>.
//!
//! Markets: `spot`; `wallet`, the `/v2` accounts with their transactions; `fiat`, their deposits and withdrawals of money.
//! A question about one account of `/v2` names it in `segment`. A key sees one portfolio.
//!
//! Not here: what a conversion's two sides come to: each stands in its own account, and both have one id.

mod capability;
mod sign;
mod endpoint;
mod errors;
mod rights;
mod money;
mod trading;
mod wallet;
mod market;
pub(crate) mod plan;

pub(crate) use capability::CAPABILITY;

use crate::dialect::{Asked, Cell, Dialect, Listings, Moment, Need, Question, Said, key_hash, wrong};
use crate::{Cost, Method, Refusal, Reply, Request, VenueError};
use endpoint::{Budget, Endpoint};
use ledger::Timestamp;
use protocol::Credentials;
use zeroize::Zeroizing;

/// The version of `/v2` that answers are read of.
const VERSION: &str = "2018-05-30";

/// The dialect of Coinbase.
pub(crate) struct Coinbase;

impl Dialect for Coinbase {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &endpoint::CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, moment: Moment) -> Result<Request, Refusal> {
        let endpoint = endpoint::of(question).ok_or(Refusal::Request { code: 0 })?;
        let start = endpoint.parameters(question);
        // A product stands in the path, whichever way it is named.
        let (named, with): (Vec<_>, Vec<_>) = question
            .with
            .iter()
            .cloned()
            .partition(|(name, _)| *name == "product_id" && endpoint.path.contains("{product_id}"));
        let query = start.and(&with);
        let segment = match endpoint.path.split_once('{') {
            None => None,
            Some((_, rest)) if rest.starts_with("product_id") => {
                question.symbol.or_else(|| named.first().map(|(_, product)| product.as_str()))
            }
            Some(_) => question.segment,
        };
        let mut request = Request {
            method: Method::Get,
            host: endpoint::HOST,
            path: endpoint.path,
            segment: segment.map(str::to_owned),
            query: query.encoded(),
            headers: Vec::new(),
            body: Zeroizing::default(),
            cost: cost(endpoint, key),
        };
        if endpoint.signed {
            let target = request.target().ok_or(Refusal::Request { code: 0 })?;
            let path = target.split('?').next().unwrap_or(&target);
            let uri = format!("GET {}{path}", endpoint::HOST);
            let token = sign::token(key, &uri, moment).ok_or(Refusal::Credentials)?;
            request.headers = vec![
                ("authorization", Zeroizing::new(format!("Bearer {}", *token))),
                ("cb-version", Zeroizing::new(VERSION.to_owned())),
            ];
        }
        Ok(request)
    }

    fn error(&self, reply: &Reply, now: Timestamp) -> Option<VenueError> {
        errors::error(reply, now)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, listings: &Listings) -> Result<Said, VenueError> {
        let body = &reply.body;
        match asked.need {
            Need::Fills => trading::fills(asked, body, listings),
            Need::Balances => trading::balances(body),
            Need::Fees => trading::fees(asked, body, listings),
            Need::Ledger => wallet::bookings(asked, body),
            Need::Deposits | Need::Withdrawals => wallet::crossings(asked, body),
            Need::Transfers => wallet::transfers(body),
            Need::Listings => market::listings(body),
            Need::Prices => market::prices(asked, body, listings),
            Need::Klines => market::klines(body),
            Need::Time => market::time(body),
            Need::SubAccounts => rights::portfolios(body).map(Said::SubAccounts),
            Need::Permission => rights::rights(body).map(Said::Rights),
            _ => Err(VenueError::Permanent(Refusal::Request { code: 0 })),
        }
    }

    fn wallets(&self, _: Asked<'_>, reply: &Reply) -> Result<Vec<String>, VenueError> {
        trading::wallets(&reply.body)
    }

    /// `cursor` of v3, empty on the last page; of v2 `next_uri`, of which only the id is taken: no address is followed that
    /// an answer names.
    fn next_page(
        &self,
        asked: Asked<'_>,
        reply: &Reply,
    ) -> Result<Option<(&'static str, String)>, VenueError> {
        let answer = Cell::whole("a page", &reply.body)?.row()?;
        if !asked.path.starts_with("/v2/") {
            let more = answer.maybe_flag("has_next")?.unwrap_or(true);
            return Ok(answer.maybe_string("cursor")?.filter(|_| more).map(|cursor| ("cursor", cursor)));
        }
        let Some(pagination) = answer.maybe("pagination") else { return Ok(None) };
        let Some(uri) = pagination.row()?.maybe_string("next_uri")? else { return Ok(None) };
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let after = query.split('&').find_map(|pair| pair.strip_prefix("starting_after="));
        let is_id =
            |id: &&str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let after = after.filter(is_id).ok_or_else(|| wrong("a page", "next_uri"))?;
        Ok(Some(("starting_after", after.to_owned())))
    }
}

fn cost(endpoint: &Endpoint, key: &Credentials) -> Cost {
    let (budget, account, limit_per_minute) = match endpoint.budget {
        Budget::Private => ("private", key_hash(&key.api_key), 1800),
        Budget::Public => ("public", 0, 600),
        // 10000 an hour.
        Budget::Wallet => ("v2", key_hash(&key.api_key), 166),
    };
    Cost { budget, account, weight: 1, limit_per_minute, used_header: "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next_page(path: &str, body: &str) -> Result<Option<(&'static str, String)>, VenueError> {
        let asked =
            Asked { need: Need::Ledger, market: "wallet", path, symbol: None, currency: None, account: None };
        Coinbase.next_page(asked, &Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn the_page_after_is_asked_for_by_its_id_and_never_by_an_address() {
        let v2 = "/v2/accounts/1/transactions";
        let of = |uri: &str| next_page(v2, &format!(r#"{{"pagination":{{"next_uri":{uri}}},"data":[]}}"#));
        let next =
            r#""/v2/accounts/1/transactions?limit=25&starting_after=4117f7d6-5694-5b36-bc8f-847509850ea4""#;
        let id = "4117f7d6-5694-5b36-bc8f-847509850ea4".to_owned();
        assert_eq!(of(next), Ok(Some(("starting_after", id))));
        assert_eq!(of("null"), Ok(None));
        assert_eq!(next_page(v2, r#"{"data":[]}"#), Ok(None));
        for odd in [r#""https://example.org""#, r#""?starting_after=a%2Fb""#, r#""?starting_after=""#] {
            assert_eq!(of(odd), Err(wrong("a page", "next_uri")), "{odd}");
        }
        let v3 = "/api/v3/brokerage/accounts";
        assert_eq!(next_page(v3, r#"{"cursor":"789100"}"#), Ok(Some(("cursor", "789100".to_owned()))));
        assert_eq!(next_page(v3, r#"{"cursor":""}"#), Ok(None));
        assert_eq!(next_page(v3, r#"{"cursor":"789100","has_next":false}"#), Ok(None));
    }
}
