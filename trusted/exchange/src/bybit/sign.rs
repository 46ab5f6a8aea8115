//! Signed requests (https://bybit-exchange.github.io/docs/v5/guide, Authentication): `X-BAPI-SIGN` is the HMAC-SHA256 in
//! lower-case hex of *timestamp + key + receive window + query*, the query as it is sent.
//!
//! RSA keys are not read: the crates at hand would not wipe them from memory.

use hmac::{Hmac, KeyInit as _, Mac as _};
use ledger::Timestamp;
use protocol::Credentials;
use sha2::Sha256;
use zeroize::Zeroizing;

/// For how long after its stamp a request is good, in milliseconds.
const WINDOW_MS: &str = "5000";

/// The headers of a signed request; `None`: the secret cannot sign.
pub(super) fn headers(
    key: &Credentials,
    at: Timestamp,
    query: &str,
) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
    let (api_key, at) = (key.api_key.expose().trim(), at.millis().to_string());
    let text = Zeroizing::new(format!("{at}{api_key}{WINDOW_MS}{query}"));
    Some(vec![
        ("x-bapi-api-key", Zeroizing::new(api_key.to_owned())),
        ("x-bapi-timestamp", Zeroizing::new(at)),
        ("x-bapi-recv-window", Zeroizing::new(WINDOW_MS.to_owned())),
        ("x-bapi-sign", Zeroizing::new(signature(key.secret.expose(), &text)?)),
    ])
}

fn signature(secret: &str, text: &str) -> Option<String> {
    let secret = secret.trim();
    if secret.starts_with("-----BEGIN ") {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_signature_equals_that_of_openssl() {
        // printf %s 1735689600123aKey5000category=spot | openssl dgst -sha256 -hmac aPlainSecret
        let text = "1735689600123aKey5000category=spot";
        let expected = "43aa8138ae529079a2faf535ca8cd8465c71ce13e92ca032c03e1666489c56d6";
        assert_eq!(signature("aPlainSecret", text).unwrap(), expected);
        assert_eq!(signature(" aPlainSecret\n", text).unwrap(), expected, "copied with white space");
        assert_eq!(signature("-----BEGIN PRIVATE KEY-----\nMC4C", text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
        let Some(shared) = std::env::var_os("PERFAGG_VECTORS") else {
            println!("skipped: PERFAGG_VECTORS is not set, exchanges/bybit/request.json is not read");
            return;
        };
        let file = std::path::Path::new(&shared).join("exchanges/bybit/request.json");
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
