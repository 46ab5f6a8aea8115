//! A question as a request: the query is built once, signed, and sent unchanged, in the body where the call is a POST.

use super::routes::{MARGIN_FILLS, Route};
use crate::{
    Method, Refusal, Request,
    binance::{RECEIVE_WINDOW_MS, sign::Signer},
    dialect::{Moment, Parameters, Question},
};
use protocol::{Credentials, Secret};
use zeroize::Zeroizing;

const DAY_MS: i64 = 86_400_000;

pub(super) fn request(
    route: &Route,
    question: &Question<'_>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let names = route.names;
    let by_id = is_by_id(route, question);
    let (from_ms, to_ms) = if by_id { (None, None) } else { (question.from_ms, question.to_ms) };
    let stamp = route.signed.then(|| moment.at.millis());
    let start = Parameters::default().maybe("timestamp", stamp);
    let query = route
        .fixed
        .iter()
        .fold(start, |all, (name, value)| all.with(name, value))
        .named(names.symbol, question.symbol)
        .named(names.currency, question.currency)
        .named(names.from, from_ms)
        .named(names.to, to_ms)
        .named(names.limit, question.limit)
        .maybe("fromId", by_id.then_some(0))
        .and(&question.with)
        .maybe("recvWindow", route.signed.then_some(RECEIVE_WINDOW_MS));
    let (mut headers, mut account) = (Vec::new(), 0);
    let mut query = query.encoded();
    if route.signed {
        let copy = |secret: &Secret| Secret::new(secret.expose().to_owned());
        let signer = Signer::new(copy(&key.api_key), copy(&key.secret));
        query = signer.signed(query).ok_or(Refusal::Credentials)?;
        headers.push(signer.header());
        account = signer.key_hash();
    }
    let mut body = Zeroizing::new(Vec::new());
    if route.method == Method::Post {
        body.extend_from_slice(query.as_bytes());
        query = Zeroizing::new(String::new());
        headers.push(("content-type", Zeroizing::new("application/x-www-form-urlencoded".to_owned())));
    }
    Ok(Request {
        method: route.method,
        host: route.host,
        path: route.path,
        segment: None,
        query,
        headers,
        body,
        cost: route.cost(account),
    })
}

/// Fills on margin are told by a day at most, or else from an id on: so a longer span is read from the first one, and a page that
/// follows another from where that ended.
fn is_by_id(route: &Route, question: &Question<'_>) -> bool {
    let span_ms = question.from_ms.zip(question.to_ms).map(|(from, to)| to.saturating_sub(from));
    let goes_on = question.with.iter().any(|(name, _)| *name == "fromId");
    route.path == MARGIN_FILLS && (goes_on || span_ms.is_some_and(|span_ms| span_ms > DAY_MS))
}
