//! Signed requests (<https://www.kucoin.com/docs-new/authentication>): the signature is base64 HMAC-SHA256 of *timestamp +
//! method + path with query + body* under the secret, and the passphrase is sent as base64 HMAC-SHA256 of it under the secret,
//! which is what keys of versions 2 and 3 want.

use super::endpoint::Endpoint;
use crate::{
    Refusal, Request,
    dialect::{hmac_sha256, key_hash},
};
use base64ct::{Base64, Encoding as _};
use ledger::Timestamp;
use protocol::{Credentials, Secret};
use zeroize::Zeroizing;

const KEY_VERSION: &str = "2";

/// The request of an endpoint with its query, signed if it is about an account.
pub(super) fn request(
    endpoint: &'static Endpoint,
    query: Zeroizing<String>,
    key: &Credentials,
    at: Timestamp,
) -> Result<Request, Refusal> {
    let mut headers = Vec::new();
    let mut account = 0;
    if endpoint.is_private() {
        account = key_hash(&key.api_key);
        headers = signed(endpoint.path, &query, key, at).ok_or(Refusal::Credentials)?;
    }
    Ok(Request { query, headers, ..Request::get(endpoint.host, endpoint.path, endpoint.cost(account)) })
}

/// `None`: there is no passphrase, without which nothing is answered.
fn signed(
    path: &str,
    query: &str,
    key: &Credentials,
    at: Timestamp,
) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
    let secret = &key.secret;
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

fn mac(secret: &Secret, parts: &[&str]) -> Option<Zeroizing<String>> {
    hmac_sha256(secret, parts).map(|mac| Zeroizing::new(Base64::encode_string(&mac)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{request_cases, secret, signed_of, text};

    fn key(of_it: &str, passphrase: Option<&str>) -> Credentials {
        Credentials { api_key: secret("key"), secret: secret(of_it), passphrase: passphrase.map(secret) }
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
        let Some(vectors) = request_cases("kucoin") else { return };
        let mut seen = 0;
        for (case, key) in signed_of(&vectors) {
            let (sign, secret) = (&case["sign"], secret(text(&key["secret"])));
            let signature = mac(&secret, &[text(&sign["string_to_sign"])]).unwrap();
            assert_eq!(*signature, text(&sign["signature"]), "{}", case["id"]);
            let passphrase = mac(&secret, &[text(&key["password"])]).unwrap();
            assert_eq!(*passphrase, text(&sign["passphrase"]["value"]), "{}", case["id"]);
            seen += 1;
        }
        assert!(seen > 5, "{seen} signatures");
    }
}
