//! Signed requests (https://www.bitget.com/api-doc/common/signature): the header `ACCESS-SIGN` is
//! base64 of HMAC-SHA256 over *timestamp + METHOD + path + `?` + query + body*. The query is signed as it reads decoded.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::Secret;
use sha2::Sha256;

/// What is signed of a GET; a query that is empty leaves its `?` out.
pub(super) fn text(timestamp_ms: i64, path: &str, query: &str) -> String {
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{timestamp_ms}GET{path}{mark}{query}")
}

/// The signature; `None` if the secret cannot sign.
pub(super) fn signature(secret: &Secret, text: &str) -> Option<String> {
    let secret = secret.expose().trim();
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(Base64::encode_string(&mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::signed_cases;

    fn signed(secret: &str, text: &str) -> Option<String> {
        signature(&Secret::new(secret.to_owned()), text)
    }

    #[test]
    fn signatures_equal_those_of_openssl() {
        // printf %s "$text" | openssl dgst -sha256 -hmac aPlainSecret -binary | base64
        let text = text(1_795_305_600_000, "/api/v2/spot/trade/fills", "limit=100&symbol=币USDT");
        assert_eq!(text, "1795305600000GET/api/v2/spot/trade/fills?limit=100&symbol=币USDT");
        assert_eq!(signed("aPlainSecret", &text).unwrap(), "6XvM81vO+AMmcCRgF2IbE98QwXsSfyIH94zCytbqLpQ=");
        assert_eq!(signed(" \n", &text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        let Some(cases) = signed_cases("bitget") else { return };
        assert!(cases.len() > 8, "{} signatures", cases.len());
        for case in cases {
            assert_eq!(signed(&case.secret, &case.text).unwrap(), case.signature, "{}", case.id);
        }
    }
}
