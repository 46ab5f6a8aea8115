//! Signed requests (https://github.com/binance/binance-spot-api-docs, `rest-api.md`, SIGNED endpoint security):
//! a signature over the query as it will be sent, as its last parameter.
//!
//! HMAC-SHA256 in hex, or Ed25519 in base64 when the secret is a private key in PEM. RSA keys are not read: the
//! crates at hand would not wipe them from memory.

use crate::saved::short_hash;
use base64ct::{Base64, Encoding as _};
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::Secret;
use sha2::Sha256;
use zeroize::Zeroizing;

/// PKCS #8 of an Ed25519 private key up to its 32 bytes (RFC 8410 section 7).
const ED25519_PREFIX: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// An API key and what signs for it.
pub(crate) struct Signer {
    api_key: Secret,
    key: Key,
}

enum Key {
    Hmac(Secret),
    Ed25519(SigningKey),
    /// A private key of another kind, or not a key.
    Unusable,
}

impl Signer {
    pub(crate) fn new(api_key: Secret, secret: Secret) -> Self {
        let key = match secret.expose().trim().strip_prefix("-----BEGIN ") {
            Some(pem) => ed25519(pem).map_or(Key::Unusable, Key::Ed25519),
            None => Key::Hmac(secret),
        };
        Self { api_key, key }
    }

    /// The header that names the key.
    pub(crate) fn header(&self) -> (&'static str, Zeroizing<String>) {
        ("x-mbx-apikey", Zeroizing::new(self.api_key.expose().to_owned()))
    }

    /// Tells accounts' budgets apart, and tells nothing of the key.
    pub(crate) fn key_hash(&self) -> u64 {
        short_hash(self.api_key.expose().as_bytes())
    }

    /// The query with its signature; `None` if the secret is no key that can sign.
    pub(crate) fn signed(&self, mut query: Zeroizing<String>) -> Option<Zeroizing<String>> {
        let signature = match &self.key {
            Key::Hmac(secret) => {
                let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().trim().as_bytes()).ok()?;
                mac.update(query.as_bytes());
                hex::encode(mac.finalize().into_bytes())
            }
            Key::Ed25519(key) => crate::dialect::percent_encoded(&Base64::encode_string(
                &key.sign(query.as_bytes()).to_bytes(),
            )),
            Key::Unusable => return None,
        };
        query.push_str("&signature=");
        query.push_str(&signature);
        Some(query)
    }
}

fn ed25519(pem: &str) -> Option<SigningKey> {
    let body = pem.strip_prefix("PRIVATE KEY-----")?.split_once("-----END PRIVATE KEY-----")?.0;
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.chars().filter(|char| !char.is_ascii_whitespace()));
    let der = Zeroizing::new(Base64::decode_vec(&base64).ok()?);
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(der.strip_prefix(&ED25519_PREFIX)?.try_into().ok()?);
    Some(SigningKey::from_bytes(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{request_cases, secret, signed_of, text};

    /// The key of RFC 8032 section 7.1, test 1.
    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
        -----END PRIVATE KEY-----\n";

    fn signature(key: &str, query: &str) -> Option<String> {
        let signed = Signer::new(secret("key"), secret(key)).signed(Zeroizing::new(query.to_owned()))?;
        let (sent, signature) = signed.rsplit_once("&signature=").unwrap();
        assert_eq!(sent, query, "the signed bytes are the sent bytes");
        Some(signature.to_owned())
    }

    #[test]
    fn signatures_equal_those_of_openssl() {
        // openssl dgst -sha256 -hmac aPlainSecret
        let query = "symbol=%E5%B8%81USDT&fromId=0&limit=1000&recvWindow=20000&timestamp=1795305600000";
        let hmac = "d935a2b2c45ef3d1674f555964eddf42df9bd5f4a91a89ea2e740796d0604a00";
        assert_eq!(signature("aPlainSecret", query).unwrap(), hmac);
        assert_eq!(signature(" aPlainSecret\n", query).unwrap(), hmac, "copied with white space");
        // openssl pkeyutl -sign -rawin | base64, percent-encoded
        let ed25519 =
            "wX2N8j8ARYN6eIHqhVt4AqkzObKXAVLH3VRoyFiSxmpSHSkMzEFOhhapR9xJeevA9%2BsdnfbEyEL0ZdDy4CksAg%3D%3D";
        assert_eq!(signature(PEM, "timestamp=1795305600000").unwrap(), ed25519);
        assert_eq!(signature(&PEM.replace('\n', "\r\n"), "timestamp=1795305600000").unwrap(), ed25519);
    }

    #[test]
    fn a_private_key_that_cannot_be_used_signs_nothing() {
        for pem in [
            PEM.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
            PEM.replace("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vu"),
            PEM.replace("n9g\n", "n9gAA==\n"),
            PEM.replace("-----END", "----END"),
            "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----".to_owned(),
        ] {
            assert_eq!(signature(&pem, "timestamp=1"), None, "{pem}");
        }
    }

    #[test]
    fn the_shared_signatures_are_met() {
        let Some(vectors) = request_cases("binance") else { return };
        let mut seen = 0;
        for example in vectors["documented_signatures"].as_array().unwrap() {
            let signed = signature(text(&example["key"]), text(&example["string_to_sign"])).unwrap();
            assert_eq!(signed, text(&example["signature"]));
            seen += 1;
        }
        for (case, used) in signed_of(&vectors) {
            let signed = signature(text(&used["secret"]), text(&case["sign"]["string_to_sign"])).unwrap();
            let query = text(&case["http"]["query"]);
            let sent = format!("{query}&{}", case["http"]["body"].as_str().unwrap_or_default());
            assert!(sent.contains(&format!("signature={signed}")), "{}", case["id"]);
            seen += 1;
        }
        assert!(seen > 20, "{seen} signatures");
    }
}
