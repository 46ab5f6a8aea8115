//! Interactive Brokers, the Flex Web Service (EXCHANGES.md section 14;
//! https://www.interactivebrokers.com/campus/ibkr-api-page/flex-web-service/): a statement is asked for, and fetched when it
//! is ready. A token fetches statements that were prepared, and can do nothing else.
//!
//! The credentials are the token and the id of the query. A question for anything but [`Need::Request`] fetches the
//! statement whose `q` it carries in [`Question::with`], from its `url` if one was told.

mod capability;
mod ask;
mod errors;
mod xml;
mod when;
mod fills;
mod cash;
mod holdings;
#[cfg(test)]
mod tests;

pub(crate) use capability::CAPABILITY;

use crate::{
    KeyRights, Method, Refusal, Reply, Request, VenueError, Verdict,
    dialect::{Asked, Dialect, Listings, Moment, Need, Question, Said, wrong},
};
use ledger::Timestamp;
use protocol::Credentials;

/// Interactive Brokers.
pub(crate) struct Ibkr;

const NEWER: &str = "ndcdyn.interactivebrokers.com";
const OLDER: &str = "gdcdyn.interactivebrokers.com";
const SEND: &str = "/AccountManagement/FlexWebService/SendRequest";
const GET: &str = "/AccountManagement/FlexWebService/GetStatement";
const GET_OLDER: &str = "/Universal/servlet/FlexStatementService.GetStatement";

/// Everything that is asked, and the only addresses that are taken from an answer.
static CALLS: [(Method, &str, &str); 5] = [
    (Method::Get, NEWER, SEND),
    (Method::Get, NEWER, GET),
    (Method::Get, OLDER, GET),
    (Method::Get, NEWER, GET_OLDER),
    (Method::Get, OLDER, GET_OLDER),
];

impl Dialect for Ibkr {
    fn calls(&self) -> &'static [(Method, &'static str, &'static str)] {
        &CALLS
    }

    fn ask(&self, question: &Question<'_>, key: &Credentials, _: Moment) -> Result<Request, Refusal> {
        ask::request(question, key)
    }

    fn error(&self, reply: &Reply, _: Timestamp) -> Option<VenueError> {
        errors::error(reply)
    }

    fn read(&self, asked: Asked<'_>, reply: &Reply, _: &Listings) -> Result<Said, VenueError> {
        let call = CALLS.iter().find(|(_, _, path)| *path == asked.path);
        let (_, _, path) = *call.ok_or(VenueError::Permanent(Refusal::Request { code: 0 }))?;
        let body = reply.body.as_slice();
        match asked.need {
            Need::Request | Need::Listings | Need::SubAccounts => reference(path, body),
            Need::Permission => reference(path, body).map(|_| Said::Rights(RIGHTS)),
            Need::Fills => fills::fills(path, body),
            Need::Ledger => cash::bookings(path, body),
            Need::Deposits => cash::crossings(path, body, true),
            Need::Withdrawals => cash::crossings(path, body, false),
            Need::Transfers => cash::transfers(path, body),
            Need::Balances => holdings::balances(path, body),
            Need::Positions => holdings::positions(path, body),
            _ => Err(VenueError::Permanent(Refusal::Request { code: 0 })),
        }
    }
}

/// Of any token that is served.
const RIGHTS: KeyRights = KeyRights {
    read: true,
    trade: Some(false),
    withdraw: Some(false),
    transfer: Some(false),
    ip_restricted: None,
    verdict: Verdict::Accept,
};

/// Reads the answer to `SendRequest`.
///
/// ```xml
/// <FlexStatementResponse timestamp="28 August, 2012 10:37 AM EDT"><Status>Success</Status>
/// <ReferenceCode>1234567890</ReferenceCode>
/// <Url>https://gdcdyn.interactivebrokers.com/AccountManagement/FlexWebService/GetStatement</Url></FlexStatementResponse>
/// ```
fn reference(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let told = xml::texts(endpoint, body)?;
    let text = |field: &'static str| {
        let found = told.iter().find(|(name, _)| name == field).map(|(_, text)| text.clone());
        found.filter(|text| !text.is_empty()).ok_or_else(|| wrong(endpoint, field))
    };
    let (reference, url) = (text("ReferenceCode")?, text("Url")?);
    statement_at(&url).ok_or_else(|| wrong(endpoint, "Url"))?;
    Ok(Said::Reference { reference, url })
}

/// The host and path of an address, if a statement may be fetched there.
fn statement_at(url: &str) -> Option<(&'static str, &'static str)> {
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let call = CALLS.iter().find(|(_, known, known_path)| {
        *known == host && known_path.strip_prefix('/') == Some(path) && *known_path != SEND
    });
    call.map(|(_, host, path)| (*host, *path))
}
