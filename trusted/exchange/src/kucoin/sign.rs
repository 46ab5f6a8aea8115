//! Signed requests (<https://www.kucoin.com/docs-new/authentication>): the signature is base64 HMAC-SHA256 of *timestamp +
//! method + path with query + body* under the secret, and the passphrase is sent as base64 HMAC-SHA256 of it under the secret,
//! which is what keys of versions 2 and 3 want.

use super::endpoint::Endpoint;
use crate::{Method, Refusal, Request, saved::short_hash};
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger::Timestamp;
use protocol::Credentials;
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_VERSION: &str = "2";

/// The request of an endpoint with its query, signed if it is about an account.
pub(super) fn request(
    endpoint: &'static Endpoint,
    query: String,
    key: &Credentials,
    at: Timestamp,
) -> Result<Request, Refusal> {
    let mut headers = Vec::new();
    let mut account = 0;
    if endpoint.is_private() {
        account = short_hash(key.api_key.expose().as_bytes());
        headers = signed(endpoint.path, &query, key, at).ok_or(Refusal::Credentials)?;
    }
    Ok(Request {
        method: Method::Get,
        host: endpoint.host,
        path: endpoint.path,
        segment: None,
        query: Zeroizing::new(query),
        headers,
        body: Zeroizing::new(Vec::new()),
        cost: endpoint.cost(account),
    })
}

/// `None`: there is no passphrase, without which nothing is answered.
fn signed(
    path: &str,
    query: &str,
    key: &Credentials,
    at: Timestamp,
) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
    let secret = key.secret.expose().trim();
    let passphrase = key.passphrase.as_ref()?.expose().trim();
    let stamp = at.millis().to_string();
    let separator = if query.is_empty() { "" } else { "?" };
    let signature = mac(secret, &[&stamp, "GET", path, separator, query])?;
    Some(vec![
        ("kc-api-key", Zeroizing::new(key.api_key.expose().trim().to_owned())),
        ("kc-api-sign", signature),
        ("kc-api-timestamp", Zeroizing::new(stamp)),
        ("kc-api-passphrase", mac(secret, &[passphrase])?),
        ("kc-api-key-version", Zeroizing::new(KEY_VERSION.to_owned())),
    ])
}

fn mac(secret: &str, parts: &[&str]) -> Option<Zeroizing<String>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    for part in parts {
        mac.update(part.as_bytes());
    }
    Some(Zeroizing::new(Base64::encode_string(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Secret;
    use serde_json::Value;

    fn key(secret: &str, passphrase: Option<&str>) -> Credentials {
        let secret_of = |text: &str| Secret::new(text.to_owned());
        let passphrase = passphrase.map(secret_of);
        Credentials { api_key: secret_of("key"), secret: secret_of(secret), passphrase }
    }

    #[test]
    fn a_signature_equals_that_of_openssl() {
        // printf '%s' '1735689600123GET/api/v1/fills?symbol=BTC-USDT' | openssl dgst -sha256 -hmac aSecret -binary | base64
        let at = Timestamp::from_millis(1_735_689_600_123);
        let headers =
            signed("/api/v1/fills", "symbol=BTC-USDT", &key(" aSecret\n", Some("aWord")), at).unwrap();
        let header = |name| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
        assert_eq!(header("kc-api-sign"), Some("uCmH8xfXSfBmIWzKpU5zLeVD8qmOGkIoVXTd7Hflwoc="));
        assert_eq!(header("kc-api-passphrase"), Some("gt8sYtCf1SfrF1QiGWGCwLk/PyDtYYxYLAkIJ/zVhs0="));
    }

    #[test]
    fn without_a_passphrase_nothing_is_signed() {
        assert!(signed("/", "", &key("aSecret", None), Timestamp::from_millis(0)).is_none());
    }

    #[test]
    fn the_shared_signatures_are_met() {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
        let Some(shared) = std::env::var_os("PERFAGG_VECTORS") else {
            println!("skipped: PERFAGG_VECTORS is not set, exchanges/kucoin/request.json is not read");
            return;
        };
        let file = std::path::Path::new(&shared).join("exchanges/kucoin/request.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut seen = 0;
        for case in vectors["cases"].as_array().unwrap().iter().filter(|case| case["sign"].is_object()) {
            let (key, sign) = (&vectors["test_keys"][text(&case["key"])], &case["sign"]);
            let secret = text(&key["secret"]);
            let signature = mac(&secret, &[&text(&sign["string_to_sign"])]).unwrap();
            assert_eq!(*signature, text(&sign["signature"]), "{}", case["id"]);
            let passphrase = mac(&secret, &[&text(&key["password"])]).unwrap();
            assert_eq!(*passphrase, text(&sign["passphrase"]["value"]), "{}", case["id"]);
            seen += 1;
        }
        assert!(seen > 5, "{seen} signatures");
    }
}
