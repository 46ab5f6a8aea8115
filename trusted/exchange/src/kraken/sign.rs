//! Signatures of Kraken, in base64, keyed with the secret decoded from base64:
//!
//! ```text
//! spot     API-Sign = HMAC-SHA512(path ‖ SHA256(nonce ‖ body))
//! futures  Authent  = HMAC-SHA512(SHA256(query ‖ nonce ‖ path without /derivatives))
//! ```
//!
//! <https://docs.kraken.com/api/docs/guides/spot-rest-auth>, <https://docs.kraken.com/api/docs/guides/futures-rest>. The
//! nonce of futures may be left out, and is: without it requests may arrive in any order.

use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::Secret;
use sha2::{Digest as _, Sha256, Sha512};
use zeroize::Zeroizing;

/// `API-Sign`; `None`: the secret is no base64.
pub(super) fn spot(secret: &Secret, path: &str, nonce: &str, body: &str) -> Option<Zeroizing<String>> {
    let hash = Sha256::new().chain_update(nonce).chain_update(body).finalize();
    signed(secret, &[path.as_bytes(), hash.as_slice()])
}

/// `Authent`; `None`: the secret is no base64.
pub(super) fn futures(secret: &Secret, path: &str, query: &str) -> Option<Zeroizing<String>> {
    let path = path.strip_prefix("/derivatives").unwrap_or(path);
    let hash = Sha256::new().chain_update(query).chain_update(path).finalize();
    signed(secret, &[hash.as_slice()])
}

fn signed(secret: &Secret, parts: &[&[u8]]) -> Option<Zeroizing<String>> {
    let key = Zeroizing::new(Base64::decode_vec(secret.expose().trim()).ok()?);
    let mut mac = Hmac::<Sha512>::new_from_slice(&key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(Zeroizing::new(Base64::encode_string(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{request_cases, secret, signed_of, text};

    #[test]
    fn signatures_equal_those_of_openssl() {
        // printf '%s' "$nonce$body" | openssl dgst -sha256 -binary > h; { printf '%s' "$path"; cat h; } |
        //   openssl dgst -sha512 -mac HMAC -macopt hexkey:… -binary | base64
        let key = secret(" c2VjcmV0IGtleSBvZiBhIHRlc3Q=\n");
        let made =
            spot(&key, "/0/private/Ledgers", "1735689600123", "nonce=1735689600123&type=deposit").unwrap();
        assert_eq!(*made, SPOT);
        let made =
            futures(&key, "/derivatives/api/v3/fills", "lastFillTime=2016-02-25T09%3A45%3A53.818Z").unwrap();
        assert_eq!(*made, FUTURES);
    }

    const SPOT: &str =
        "UQcE4xM2ifHBDfufHaDAfXzy66rSfFtPwEAV//++itlFippoiPtZP8j1S+HhjYq15aRUZOxGreX10xKVgxOVTg==";
    const FUTURES: &str =
        "RkOcfrHu1O0NfsrmumX0pJ3Cc+x7g3uSUMbpgGeByoaiVrxAQGHuWsmxTZ4KQrUn/jWRfTaCYFH71BKAy0zaNA==";

    #[test]
    fn a_secret_that_is_no_base64_signs_nothing() {
        for text in ["no base64!", "YQ", "YQ==="] {
            assert!(spot(&secret(text), "/0/private/Ledgers", "1", "nonce=1").is_none(), "{text}");
            assert!(futures(&secret(text), "/derivatives/api/v3/fills", "").is_none(), "{text}");
        }
    }

    #[test]
    fn the_shared_signatures_are_met() {
        let Some(vectors) = request_cases("kraken") else { return };
        let mut seen = 0;
        for case in vectors["documented_signatures"].as_array().unwrap() {
            let [key, path, nonce, data] =
                ["key", "path", "nonce", "post_data"].map(|name| text(&case[name]));
            assert_eq!(*spot(&secret(key), path, nonce, data).unwrap(), text(&case["signature"]));
            seen += 1;
        }
        for (case, used) in signed_of(&vectors) {
            let key = secret(text(&used["secret"]));
            let (sign, parts) = (&case["sign"], &case["sign"]["parts"]);
            let made = match parts["endpoint_path"].as_str() {
                Some(path) => futures(&key, path, text(&parts["post_data"])),
                None => spot(&key, text(&parts["path"]), text(&parts["nonce"]), text(&parts["post_data"])),
            };
            assert_eq!(*made.unwrap(), text(&sign["signature"]), "{}", case["id"]);
            seen += 1;
        }
        assert!(seen > 10, "{seen} signatures");
    }
}
