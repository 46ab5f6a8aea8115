//! A question as a request. Who asks is in two headers, `APCA-API-KEY-ID` and `APCA-API-SECRET-KEY`: no signature, so nothing
//! binds it to the request but TLS. What is public is asked without them.

use super::routes::Route;
use crate::{
    Cost, Method, Request,
    dialect::{Query, Question},
};
use ledger::Timestamp;
use protocol::{Credentials, Secret};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub(super) fn request(route: &Route, question: &Question<'_>, key: &Credentials) -> Request {
    let mut query = Query::default();
    for (name, value) in route.fixed {
        query.push(name, value);
    }
    let names = route.names;
    query.push_named(names.symbol, question.symbol);
    query.push_named(names.from, question.from_ms.map(instant));
    query.push_named(names.to, question.to_ms.map(instant));
    query.push_named(names.limit, question.limit);
    for (name, value) in &question.with {
        query.push(name, value);
    }
    let copy = |secret: &Secret| Zeroizing::new(secret.expose().to_owned());
    let (headers, account) = if route.is_public() {
        (Vec::new(), 0)
    } else {
        let secrets = [("apca-api-key-id", &key.api_key), ("apca-api-secret-key", &key.secret)];
        (secrets.map(|(name, secret)| (name, copy(secret))).into(), hash(&key.api_key))
    };
    Request {
        method: Method::Get,
        host: route.host,
        path: route.path,
        segment: None,
        query: query.text(),
        headers,
        body: Zeroizing::default(),
        // 200 requests a minute and account. What is left is told, not what is used: that is no count of ours.
        cost: Cost { budget: "requests", account, weight: 1, limit_per_minute: 200, used_header: "" },
    }
}

/// Tells accounts' budgets apart, and tells nothing of the key. 0 is nobody's.
fn hash(key: &Secret) -> u64 {
    let digest = Sha256::digest(key.expose().as_bytes());
    digest.iter().take(8).fold(0, |hash: u64, byte| (hash << 8) | u64::from(*byte)).max(1)
}

/// `2024-01-01T00:00:00.000Z`
fn instant(millis: i64) -> String {
    let seconds = protocol::rfc3339(Timestamp::from_millis(millis));
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), millis.rem_euclid(1000))
}
