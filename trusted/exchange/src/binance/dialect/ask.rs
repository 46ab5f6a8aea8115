//! A question as a request: the query is built once, signed, and sent unchanged, in the body where the call is a POST.

use super::routes::Route;
use crate::{
    Method, Refusal, Request,
    binance::{RECEIVE_WINDOW_MS, sign::Signer},
    dialect::{Moment, Parameters, Question},
};
use protocol::{Credentials, Secret};
use zeroize::Zeroizing;

pub(super) fn request(
    route: &Route,
    question: &Question<'_>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let names = route.names;
    let stamp = route.signed.then(|| moment.at.millis());
    let start = Parameters::default().maybe("timestamp", stamp);
    let query = route
        .fixed
        .iter()
        .fold(start, |all, (name, value)| all.with(name, value))
        .named(names.symbol, question.symbol)
        .named(names.currency, question.currency)
        .named(names.from, question.from_ms)
        .named(names.to, question.to_ms)
        .named(names.limit, question.limit)
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
