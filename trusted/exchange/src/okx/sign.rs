//! Signed requests (https://www.okx.com/docs-v5/en/#overview-rest-authentication): `OK-ACCESS-SIGN` is the HMAC-SHA256 in
//! base64 of *timestamp + method + path with query + body*; the timestamp is UTC with milliseconds, as it is sent.

use crate::dialect::{hmac_sha256, instant};
use base64ct::{Base64, Encoding as _};
use ledger::Timestamp;
use protocol::{Credentials, Secret};
use zeroize::Zeroizing;

/// The headers of a signed read; `None`: the passphrase is missing, or the secret cannot sign.
pub(super) fn headers(
    key: &Credentials,
    at: Timestamp,
    path: &str,
    query: &str,
) -> Option<Vec<(&'static str, Zeroizing<String>)>> {
    let at = instant(at.millis());
    let mark = if query.is_empty() { "" } else { "?" };
    let text = Zeroizing::new(format!("{at}GET{path}{mark}{query}"));
    let shown = |text: &str| Zeroizing::new(text.trim().to_owned());
    Some(vec![
        ("ok-access-key", shown(key.api_key.expose())),
        ("ok-access-passphrase", shown(key.passphrase.as_ref()?.expose())),
        ("ok-access-timestamp", Zeroizing::new(at)),
        ("ok-access-sign", Zeroizing::new(signature(&key.secret, &text)?)),
    ])
}

fn signature(secret: &Secret, text: &str) -> Option<String> {
    hmac_sha256(secret, &[text]).map(|mac| Base64::encode_string(&mac))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{assert_shared_signatures, secret};

    #[test]
    fn a_signature_equals_that_of_openssl() {
        // printf %s 2025-01-01T00:00:00.007ZGET/api/v5/account/balance?ccy=BTC | openssl dgst -sha256 -hmac
        // aPlainSecret -binary | base64
        let at = instant(1_735_689_600_007);
        let signed =
            signature(&secret(" aPlainSecret\n"), &format!("{at}GET/api/v5/account/balance?ccy=BTC"));
        assert_eq!(signed.unwrap(), "7ChUyOR9awqJfPQ0nJKA62Z2LqlQ7LZUtBTwd2KFSCg=");
    }

    #[test]
    fn without_a_passphrase_nothing_is_signed() {
        let key = Credentials { api_key: secret("key"), secret: secret("secret"), passphrase: None };
        assert!(headers(&key, Timestamp::from_millis(0), "/api/v5/account/config", "").is_none());
    }

    #[test]
    fn the_shared_signatures_are_met() {
        assert_shared_signatures("okx", signature);
    }
}
