//! A question as a request. Who asks is in two headers, `APCA-API-KEY-ID` and `APCA-API-SECRET-KEY`: no signature, so nothing
//! binds it to the request but TLS. What is public is asked without them.

use super::routes::Route;
use crate::{
    Cost, Request,
    dialect::{Parameters, Question, instant, key_hash},
};
use protocol::{Credentials, Secret};
use zeroize::Zeroizing;

pub(super) fn request(route: &Route, question: &Question<'_>, key: &Credentials) -> Request {
    let names = route.names;
    let query = route
        .fixed
        .iter()
        .fold(Parameters::default(), |all, (name, value)| all.with(name, value))
        .named(names.symbol, question.symbol)
        .named(names.from, question.from_ms.map(instant))
        .named(names.to, question.to_ms.map(instant))
        .named(names.limit, question.limit)
        .and(&question.with);
    let copy = |secret: &Secret| Zeroizing::new(secret.expose().to_owned());
    let (headers, account) = if route.is_public() {
        (Vec::new(), 0)
    } else {
        let secrets = [("apca-api-key-id", &key.api_key), ("apca-api-secret-key", &key.secret)];
        (secrets.map(|(name, secret)| (name, copy(secret))).into(), key_hash(&key.api_key))
    };
    Request {
        query: query.encoded(),
        headers,
        // 200 requests a minute and account. What is left is told, not what is used: that is no count of ours.
        ..Request::get(
            route.host,
            route.path,
            Cost { budget: "requests", account, weight: 1, limit_per_minute: 200, used_header: "" },
        )
    }
}
