//! Signed requests (https://bybit-exchange.github.io/docs/v5/guide, Authentication): `X-BAPI-SIGN` is the HMAC-SHA256 in
//! lower-case hex of *timestamp + key + receive window + query*, the query as it is sent.
//!
//! RSA keys are not read: the crates at hand would not wipe them from memory.

use crate::dialect::hmac_sha256;
use ledger::Timestamp;
use protocol::{Credentials, Secret};
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
        ("x-bapi-sign", Zeroizing::new(signature(&key.secret, &text)?)),
    ])
}

fn signature(secret: &Secret, text: &str) -> Option<String> {
    let is_other = secret.expose().trim().starts_with("-----BEGIN ");
    if is_other { None } else { hmac_sha256(secret, &[text]).map(hex::encode) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{assert_shared_signatures, secret};

    #[test]
    fn a_signature_equals_that_of_openssl() {
        // printf %s 1735689600123aKey5000category=spot | openssl dgst -sha256 -hmac aPlainSecret
        let text = "1735689600123aKey5000category=spot";
        let expected = "43aa8138ae529079a2faf535ca8cd8465c71ce13e92ca032c03e1666489c56d6";
        assert_eq!(signature(&secret("aPlainSecret"), text).unwrap(), expected);
        assert_eq!(signature(&secret(" aPlainSecret\n"), text).unwrap(), expected, "copied with white space");
        assert_eq!(signature(&secret("-----BEGIN PRIVATE KEY-----\nMC4C"), text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        assert_shared_signatures("bybit", signature);
    }
}
