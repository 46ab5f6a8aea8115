//! Signed requests (https://www.gate.com/docs/developers/apiv4/en/#authentication): the header `SIGN` is hex of HMAC-SHA512 over
//! *METHOD \n path \n query \n hex of SHA512(body) \n timestamp in seconds*. The query is signed as it reads decoded.

use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::Secret;
use sha2::{Digest as _, Sha512};

/// What is signed of a GET, which has no body.
pub(super) fn text(timestamp_s: i64, path: &str, query: &str) -> String {
    let body = hex::encode(Sha512::digest(b""));
    format!("GET\n{path}\n{query}\n{body}\n{timestamp_s}")
}

/// The signature; `None` if the secret cannot sign.
pub(super) fn signature(secret: &Secret, text: &str) -> Option<String> {
    let secret = secret.expose().trim();
    if secret.is_empty() {
        return None;
    }
    let mut mac = Hmac::<Sha512>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(hex::encode(mac.finalize().into_bytes()))
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
        // printf 'GET\n/api/v4/spot/my_trades\nlimit=1\n%s\n1795305600' $(printf '' | openssl dgst -sha512 -r | cut -d' ' -f1) |
        //   openssl dgst -sha512 -hmac aPlainSecret
        let text = text(1_795_305_600, "/api/v4/spot/my_trades", "limit=1");
        let expected = "6d105d41dce9a2117bd9678080dd14a4d2fc056df87c965c67fe3d6ae95b89f3\
            4f46bbd8279a2398b41e464e11f01904016928e91658cc73c15b78901bb4c2a2";
        assert_eq!(signed("aPlainSecret", &text).unwrap(), expected);
        assert_eq!(signed(" \n", &text), None);
    }

    #[test]
    fn the_shared_signatures_are_met() {
        let Some(cases) = signed_cases("gate") else { return };
        assert!(cases.len() > 8, "{} signatures", cases.len());
        for case in cases {
            assert_eq!(signed(&case.secret, &case.text).unwrap(), case.signature, "{}", case.id);
        }
    }
}
