//! Signed requests (https://www.gate.com/docs/developers/apiv4/en/#authentication): the header `SIGN` is hex of HMAC-SHA512 over
//! *METHOD \n path \n query \n hex of SHA512(body) \n timestamp in seconds*. The query is signed as it reads decoded.

use crate::dialect::hmac_sha512;
use protocol::Secret;
use sha2::{Digest as _, Sha512};

/// What is signed of a GET, which has no body.
pub(super) fn text(timestamp_s: i64, path: &str, query: &str) -> String {
    let body = hex::encode(Sha512::digest(b""));
    format!("GET\n{path}\n{query}\n{body}\n{timestamp_s}")
}

/// The signature; `None` if the secret cannot sign.
pub(super) fn signature(secret: &Secret, text: &str) -> Option<String> {
    hmac_sha512(secret, &[text]).map(hex::encode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{assert_shared_signatures, secret};

    #[test]
    fn signatures_equal_those_of_openssl() {
        // printf 'GET\n/api/v4/spot/my_trades\nlimit=1\n%s\n1795305600' $(printf '' | openssl dgst -sha512 -r | cut -d' ' -f1) |
        //   openssl dgst -sha512 -hmac aPlainSecret
        let text = text(1_795_305_600, "/api/v4/spot/my_trades", "limit=1");
        let expected = "6d105d41dce9a2117bd9678080dd14a4d2fc056df87c965c67fe3d6ae95b89f3\
            4f46bbd8279a2398b41e464e11f01904016928e91658cc73c15b78901bb4c2a2";
        assert_eq!(signature(&secret("aPlainSecret"), &text).unwrap(), expected);
        assert_eq!(signature(&secret(" \n"), &text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        assert_shared_signatures("gate", signature);
    }
}
