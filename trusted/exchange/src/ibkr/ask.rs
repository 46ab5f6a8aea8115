//! A question as a request. The token travels in the query: nothing is signed.

use super::{GET, NEWER, SEND, statement_at};
use crate::{
    Cost, Refusal, Request,
    dialect::{Need, Parameters, Question, key_hash},
};
use ledger::Timestamp;
use protocol::Credentials;
use zeroize::Zeroizing;

/// A version of the service: the one of today.
const VERSION: u32 = 3;

pub(super) fn request(question: &Question<'_>, key: &Credentials) -> Result<Request, Refusal> {
    let start = Parameters::default().with("t", key.api_key.expose());
    let (mut host, mut path) = (NEWER, SEND);
    let query = if matches!(question.need, Need::Request | Need::Permission) {
        let query = start.with("q", key.secret.expose());
        query.maybe("fd", question.from_ms.map(day)).maybe("td", question.to_ms.map(day))
    } else {
        path = GET;
        let told = |name: &str| question.with.iter().find(|(own, _)| *own == name).map(|(_, value)| value);
        if let Some(url) = told("url") {
            (host, path) = statement_at(url).ok_or(Refusal::Answer { endpoint: SEND, field: "Url" })?;
        }
        start.with("q", told("q").ok_or(Refusal::Request { code: 0 })?)
    };
    Ok(Request {
        query: query.with("v", VERSION).encoded(),
        // The service serves nobody without a name.
        headers: vec![("user-agent", Zeroizing::new("perf-aggregator".to_owned()))],
        // Ten a minute and token; how many are used up is not told.
        ..Request::get(
            host,
            path,
            Cost {
                budget: "flex",
                account: key_hash(&key.api_key),
                weight: 1,
                limit_per_minute: 10,
                used_header: "",
            },
        )
    })
}

/// `20240801`
fn day(millis: i64) -> String {
    let text = protocol::rfc3339(Timestamp::from_millis(millis));
    text.chars().take(10).filter(char::is_ascii_digit).collect()
}
