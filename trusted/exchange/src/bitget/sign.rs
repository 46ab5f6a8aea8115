//! Signed requests (https://www.bitget.com/api-doc/common/signature): the header `ACCESS-SIGN` is
//! base64 of HMAC-SHA256 over *timestamp + METHOD + path + `?` + query + body*. The query is signed as it reads decoded.

use crate::dialect::hmac_sha256;
use base64ct::{Base64, Encoding as _};
use protocol::Secret;

/// What is signed of a GET; a query that is empty leaves its `?` out.
pub(super) fn text(timestamp_ms: i64, path: &str, query: &str) -> String {
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{timestamp_ms}GET{path}{mark}{query}")
}

/// The signature; `None` if the secret cannot sign.
pub(super) fn signature(secret: &Secret, text: &str) -> Option<String> {
    hmac_sha256(secret, &[text]).map(|mac| Base64::encode_string(&mac))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{assert_shared_signatures, secret};

    #[test]
    fn signatures_equal_those_of_openssl() {
        // printf %s "$text" | openssl dgst -sha256 -hmac aPlainSecret -binary | base64
        let text = text(1_795_305_600_000, "/api/v2/spot/trade/fills", "limit=100&symbol=币USDT");
        assert_eq!(text, "1795305600000GET/api/v2/spot/trade/fills?limit=100&symbol=币USDT");
        assert_eq!(
            signature(&secret("aPlainSecret"), &text).unwrap(),
            "6XvM81vO+AMmcCRgF2IbE98QwXsSfyIH94zCytbqLpQ="
        );
        assert_eq!(signature(&secret(" \n"), &text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        assert_shared_signatures("bitget", signature);
    }
}
