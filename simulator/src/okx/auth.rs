//! Signed requests: key, passphrase, timestamp, signature. `OK-ACCESS-SIGN` is the Base64 of HMAC-SHA256 under the secret
//! over *timestamp ‖ method ‖ path with its query ‖ body*, as they came.
//! See <https://www.okx.com/docs-v5/en/#overview-rest-authentication>.

use super::refusal::Refusal;
use crate::{calendar, http::Incoming};
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How far a timestamp may be from the venue's time.
const STALE_MS: i64 = 30_000;

/// The key that is known here, its secret and its passphrase.
pub(crate) struct Keys {
    key: String,
    secret: String,
    passphrase: String,
}

impl Keys {
    pub(crate) fn new(key: &str, secret: &str, passphrase: &str) -> Self {
        Self { key: key.to_owned(), secret: secret.to_owned(), passphrase: passphrase.to_owned() }
    }

    /// Whether a request is signed as it must be.
    pub(crate) fn check(&self, request: &Incoming, now_ms: i64) -> Result<(), Refusal> {
        let header = |code: u32, name: &str| request.header(name).ok_or_else(|| Refusal::header(code, name));
        let key = header(50103, "OK-ACCESS-KEY")?;
        let passphrase = header(50104, "OK-ACCESS-PASSPHRASE")?;
        let signature = header(50106, "OK-ACCESS-SIGN")?;
        let timestamp = header(50107, "OK-ACCESS-TIMESTAMP")?;
        let stamped_ms = instant(timestamp).ok_or_else(Refusal::timestamp)?;
        if stamped_ms.abs_diff(now_ms) > STALE_MS.unsigned_abs() {
            return Err(Refusal::expired());
        }
        if key != self.key {
            return Err(Refusal::key());
        }
        self.verify(request, timestamp, signature)?;
        if passphrase == self.passphrase { Ok(()) } else { Err(Refusal::passphrase()) }
    }

    fn verify(&self, request: &Incoming, timestamp: &str, signature: &str) -> Result<(), Refusal> {
        let sent = Base64::decode_vec(signature).map_err(|_| Refusal::signature())?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).map_err(|_| Refusal::signature())?;
        let mark = if request.query.is_empty() { "" } else { "?" };
        for part in [timestamp, &request.method, &request.path, mark, &request.query, &request.body] {
            mac.update(part.as_bytes());
        }
        mac.verify_slice(&sent).map_err(|_| Refusal::signature())
    }
}

/// `2020-12-08T09:08:57.715Z`, and nothing shorter: whole seconds are no timestamp here.
fn instant(text: &str) -> Option<i64> {
    let is_whole = text.len() == "2020-12-08T09:08:57.715Z".len() && text.ends_with('Z');
    calendar::parse_instant(text).ok().filter(|_| is_whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_735_689_600_007;

    fn check(signature: &str, query: &str, timestamp: &str, passphrase: &str) -> Result<(), Refusal> {
        let headers = [
            ("ok-access-key", "a key"),
            ("ok-access-passphrase", passphrase),
            ("ok-access-sign", signature),
            ("ok-access-timestamp", timestamp),
        ];
        let request = Incoming {
            method: "GET".to_owned(),
            path: "/api/v5/account/balance".to_owned(),
            query: query.to_owned(),
            body: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect(),
        };
        Keys::new("a key", "aPlainSecret", "a phrase").check(&request, NOW_MS)
    }

    #[test]
    fn a_signature_of_openssl_is_right_for_the_bytes_it_was_made_over() {
        // printf %s 2025-01-01T00:00:00.007ZGET/api/v5/account/balance?ccy=BTC | openssl dgst -sha256 -hmac aPlainSecret
        // -binary | base64
        let right = "7ChUyOR9awqJfPQ0nJKA62Z2LqlQ7LZUtBTwd2KFSCg=";
        let at = "2025-01-01T00:00:00.007Z";
        assert_eq!(check(right, "ccy=BTC", at, "a phrase"), Ok(()));
        assert_eq!(check(right, "ccy=%42TC", at, "a phrase"), Err(Refusal::signature()));
        assert_eq!(check("no base64", "ccy=BTC", at, "a phrase"), Err(Refusal::signature()));
        assert_eq!(check(right, "ccy=BTC", at, "another"), Err(Refusal::passphrase()));
        assert_eq!(check(right, "ccy=BTC", "2025-01-01T00:00:00Z", "a phrase"), Err(Refusal::timestamp()));
        assert_eq!(check(right, "ccy=BTC", "1735689600007", "a phrase"), Err(Refusal::timestamp()));
        for late in ["2025-01-01T00:00:30.008Z", "2024-12-31T23:59:30.006Z"] {
            assert_eq!(check(right, "ccy=BTC", late, "a phrase"), Err(Refusal::expired()), "{late}");
        }
    }
}
