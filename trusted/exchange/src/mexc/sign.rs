//! Signed requests. Spot (https://www.mexc.com/api-docs/spot-v3/general-info): the last parameter `signature` is lower-case
//! hex of HMAC-SHA256 over the query as it is sent. Contracts (https://www.mexc.com/api-docs/futures/integration-guide): the header
//! `Signature` is the same over *key + time + query in the order of its names*.

use crate::dialect::hmac_sha256;
use protocol::Secret;
use zeroize::Zeroizing;

/// What is signed of a GET about contracts; it begins with the key.
pub(super) fn text(api_key: &str, timestamp_ms: i64, query: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("{api_key}{timestamp_ms}{query}"))
}

/// The signature; `None` if the secret cannot sign.
pub(super) fn signature(secret: &Secret, text: &str) -> Option<String> {
    hmac_sha256(secret, &[text]).map(hex::encode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{assert_shared_signatures, secret};

    #[test]
    fn signatures_equal_those_of_openssl() {
        // printf %s "$text" | openssl dgst -sha256 -hmac aPlainSecret
        let text = text("aKey", 1_795_305_600_000, "page_size=100&symbol=BTC_USDT");
        assert_eq!(&*text, "aKey1795305600000page_size=100&symbol=BTC_USDT");
        let expected = "892a89edfa7b18b6d2c026f5babd86741ac1a628f7a2542bdb51079fbf4344e5";
        assert_eq!(signature(&secret("aPlainSecret"), &text).unwrap(), expected);
        assert_eq!(signature(&secret(" \n"), &text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        assert_shared_signatures("mexc", signature);
    }
}
