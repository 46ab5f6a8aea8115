//! A question as a request: the query is built once, signed, and sent unchanged, in the body where the call is a POST.

use super::routes::Route;
use crate::{
    Method, Refusal, Request,
    binance::{RECEIVE_WINDOW_MS, sign::Signer},
    dialect::{Moment, Query, Question},
};
use protocol::{Credentials, Secret};
use zeroize::Zeroizing;

pub(super) fn request(
    route: &Route,
    question: &Question<'_>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let mut query = Query::default();
    if route.signed {
        query.push("timestamp", moment.at.millis());
    }
    for (name, value) in route.fixed {
        query.push(name, value);
    }
    let names = route.names;
    for (name, value) in [(names.symbol, question.symbol), (names.currency, question.currency)] {
        query.push_named(name, value);
    }
    for (name, value) in [(names.from, question.from_ms), (names.to, question.to_ms)] {
        query.push_named(name, value);
    }
    query.push_named(names.limit, question.limit);
    for (name, value) in &question.with {
        query.push(name, value);
    }
    let (mut headers, mut account) = (Vec::new(), 0);
    if route.signed {
        query.push("recvWindow", RECEIVE_WINDOW_MS);
    }
    let mut query = query.text();
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
