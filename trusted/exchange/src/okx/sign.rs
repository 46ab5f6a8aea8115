//! Signed requests (https://www.okx.com/docs-v5/en/#overview-rest-authentication): `OK-ACCESS-SIGN` is the HMAC-SHA256 in
//! base64 of *timestamp + method + path with query + body*; the timestamp is UTC with milliseconds, as it is sent.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger::Timestamp;
use protocol::{Credentials, rfc3339};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The headers of a signed read; `None`: the passphrase is missing, or the secret cannot sign.
pub(super) fn headers(
    key: &Credentials,
    at: Timestamp,
    path: &str,
    query: &str,
) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
    let at = stamp(at);
    let mark = if query.is_empty() { "" } else { "?" };
    let text = Zeroizing::new(format!("{at}GET{path}{mark}{query}"));
    let shown = |text: &str| Zeroizing::new(text.trim().to_owned());
    Some(vec![
        ("ok-access-key", shown(key.api_key.expose())),
        ("ok-access-passphrase", shown(key.passphrase.as_ref()?.expose())),
        ("ok-access-timestamp", Zeroizing::new(at)),
        ("ok-access-sign", Zeroizing::new(signature(key.secret.expose(), &text)?)),
    ])
}

/// `2025-01-01T00:00:00.123Z`
fn stamp(at: Timestamp) -> String {
    let whole = rfc3339(at);
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), at.millis().rem_euclid(1000))
}

fn signature(secret: &str, text: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.trim().as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(Base64::encode_string(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_signature_equals_that_of_openssl() {
        // printf %s 2025-01-01T00:00:00.007ZGET/api/v5/account/balance?ccy=BTC | openssl dgst -sha256 -hmac
        // aPlainSecret -binary | base64
        let at = stamp(Timestamp::from_millis(1_735_689_600_007));
        let signed = signature(" aPlainSecret\n", &format!("{at}GET/api/v5/account/balance?ccy=BTC"));
        assert_eq!(signed.unwrap(), "7ChUyOR9awqJfPQ0nJKA62Z2LqlQ7LZUtBTwd2KFSCg=");
    }

    #[test]
    fn without_a_passphrase_nothing_is_signed() {
        let secret = |text: &str| protocol::Secret::new(text.to_owned());
        let key = Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None };
        assert!(headers(&key, Timestamp::from_millis(0), "/api/v5/account/config", "").is_none());
    }

    #[test]
    fn the_shared_signatures_are_met() {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
        let Some(shared) = std::env::var_os("PERFAGG_VECTORS") else {
            println!("skipped: PERFAGG_VECTORS is not set, exchanges/okx/request.json is not read");
            return;
        };
        let file = std::path::Path::new(&shared).join("exchanges/okx/request.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut seen = 0;
        for case in vectors["cases"].as_array().unwrap().iter().filter(|case| case["sign"].is_object()) {
            let secret = &vectors["test_keys"][text(&case["key"])]["secret"];
            let signed = signature(&text(secret), &text(&case["sign"]["string_to_sign"])).unwrap();
            assert_eq!(signed, text(&case["sign"]["signature"]), "{}", case["id"]);
            seen += 1;
        }
        assert!(seen > 10, "{seen} signatures");
    }
}
