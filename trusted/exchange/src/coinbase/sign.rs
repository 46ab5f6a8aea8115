//! A JSON Web Token for each request (RFC 7515, RFC 7519), which names the call without its query:
//!
//! ```text
//! token     = base64url(header) . base64url(claims) . base64url(signature of the two before)
//! header    = {"alg","typ":"JWT","kid": key name,"nonce": 32 hex digits}
//! claims    = {"iss","nbf","exp": nbf + 120,"sub": key name,"uri":"GET api.coinbase.com/…"}, and of ES256 "aud","iat"
//! signature = ES256, r ‖ s (RFC 7518 section 3.4), or EdDSA (RFC 8037)
//! ```
//!
//! <https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication>. A secret is an EC
//! private key in PEM (SEC 1 or PKCS #8), or an Ed25519 seed with its public key in base64.

use crate::dialect::Moment;
use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;
use protocol::Credentials;
use serde_json::json;
use zeroize::Zeroizing;

/// How long a token holds.
const SECONDS: i64 = 120;

enum Key {
    Es256(p256::ecdsa::SigningKey),
    EdDsa(ed25519_dalek::SigningKey),
}

/// The token for `uri`; `None`: the secret is no key that can sign.
pub(super) fn token(key: &Credentials, uri: &str, moment: Moment) -> Option<Zeroizing<String>> {
    let signer = Key::of(key.secret.expose())?;
    let (name, now) = (key.api_key.expose().trim(), moment.at.millis().div_euclid(1000));
    let until = now.checked_add(SECONDS)?;
    // Each kind of key has an issuer of its own.
    let (algorithm, claims) = match &signer {
        Key::Es256(_) => (
            "ES256",
            json!({
                "aud": ["retail_rest_api_proxy"], "iss": "coinbase-cloud", "nbf": now, "exp": until, "sub": name, "iat": now,
                "uri": uri,
            }),
        ),
        Key::EdDsa(_) => {
            ("EdDSA", json!({ "iss": "cdp", "nbf": now, "exp": until, "sub": name, "uri": uri }))
        }
    };
    let header = json!({ "alg": algorithm, "typ": "JWT", "kid": name, "nonce": hex::encode(moment.random) });
    let encoded = |text: String| Base64UrlUnpadded::encode_string(text.as_bytes());
    let mut token =
        Zeroizing::new(format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string())));
    let signature = match signer {
        Key::Es256(key) => {
            let signature: p256::ecdsa::Signature =
                p256::ecdsa::signature::Signer::sign(&key, token.as_bytes());
            Base64UrlUnpadded::encode_string(&signature.to_bytes())
        }
        Key::EdDsa(key) => Base64UrlUnpadded::encode_string(&key.sign(token.as_bytes()).to_bytes()),
    };
    token.push('.');
    token.push_str(&signature);
    Some(token)
}

impl Key {
    fn of(secret: &str) -> Option<Self> {
        // Copied out of a JSON file, a PEM has its line ends spelt out.
        let secret = Zeroizing::new(secret.replace("\\n", "\n"));
        let Some(pem) = secret.trim().strip_prefix("-----BEGIN ") else { return Self::ed25519(&secret) };
        let (label, rest) = pem.split_once("-----")?;
        let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
        let der = decoded(body)?;
        let key = match label {
            "EC PRIVATE KEY" => p256::SecretKey::from_sec1_der(&der).ok()?,
            "PRIVATE KEY" => p256::SecretKey::from_pkcs8_der(&der).ok()?,
            _ => return None,
        };
        Some(Self::Es256(key.into()))
    }

    /// 32 bytes of the private key, mostly with the 32 of the public one behind them.
    fn ed25519(secret: &str) -> Option<Self> {
        let bytes = decoded(secret)?;
        let seed: Zeroizing<[u8; 32]> = Zeroizing::new(bytes.get(..32)?.try_into().ok()?);
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let public = bytes.get(32..)?;
        (public.is_empty() || public == key.verifying_key().as_bytes()).then_some(Self::EdDsa(key))
    }
}

fn decoded(base64: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut plain = Zeroizing::new(String::with_capacity(base64.len()));
    plain.extend(base64.chars().filter(|char| !char.is_ascii_whitespace()));
    Some(Zeroizing::new(Base64::decode_vec(&plain).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Timestamp;
    use p256::ecdsa::signature::Verifier as _;
    use protocol::Secret;
    use serde_json::Value;

    const MOMENT: Moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [0xab; 16] };

    fn made(secret: &str, uri: &str) -> Option<String> {
        let secret_of = |text: &str| Secret::new(text.to_owned());
        let key = Credentials { api_key: secret_of("a/key"), secret: secret_of(secret), passphrase: None };
        token(&key, uri, MOMENT).map(|token| token.to_string())
    }

    /// What is signed, and the header, the claims and the signature in it.
    fn parts(token: &str) -> (String, Value, Value, Vec<u8>) {
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, claims) = signed.split_once('.').unwrap();
        let bytes = |text: &str| Base64UrlUnpadded::decode_vec(text).unwrap();
        let json = |text: &str| serde_json::from_slice(&bytes(text)).unwrap();
        (signed.to_owned(), json(header), json(claims), bytes(signature))
    }

    /// openssl ecparam -name prime256v1 -genkey -noout, as it is and through pkcs8 -topk8 -nocrypt.
    const SEC1: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIS11z2KqdJxwRBjcCc6/aclaJUWUJ402R+tN6GFCOjboAoGCCqGSM49\nAwEHoUQDQgAEYxkM5gyxLd4YCELlG9VH+pnWZmNVov/rXiGA3rNpeL6qj46TttFr\nYMOo++CLdXoebtdJ+Tz+2t9LoJ+HRN2Duw==\n-----END EC PRIVATE KEY-----\n";
    const PKCS8: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQghLXXPYqp0nHBEGNw\nJzr9pyVolRZQnjTZH603oYUI6NuhRANCAARjGQzmDLEt3hgIQuUb1Uf6mdZmY1Wi\n/+teIYDes2l4vqqPjpO20Wtgw6j74It1eh5u10n5PP7a30ugn4dE3YO7\n-----END PRIVATE KEY-----\n";

    #[test]
    fn an_ec_key_signs_the_same_from_either_form() {
        let token = made(SEC1, "GET api.coinbase.com/v2/accounts").unwrap();
        assert_eq!(made(PKCS8, "GET api.coinbase.com/v2/accounts").as_ref(), Some(&token));
        assert_eq!(made(&SEC1.replace('\n', "\\n"), "GET api.coinbase.com/v2/accounts"), Some(token.clone()));
        // openssl ec -pubout -conv_form uncompressed
        let public = hex::decode("0463190ce60cb12dde180842e51bd547fa99d6666355a2ffeb5e2180deb36978beaa8f8e93b6d16b60c3a8fbe08b757a1e6ed749f93cfedadf4ba09f8744dd83bb").unwrap();
        let (signed, header, claims, signature) = parts(&token);
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&public).unwrap();
        key.verify(signed.as_bytes(), &p256::ecdsa::Signature::from_slice(&signature).unwrap()).unwrap();
        assert_eq!(header, json!({ "alg": "ES256", "typ": "JWT", "kid": "a/key", "nonce": "ab".repeat(16) }));
        assert_eq!(claims["exp"], 1_735_689_720);
    }

    #[test]
    fn an_ed25519_key_signs_both_parts_of_its_token() {
        // The key of RFC 8032 section 7.1, test 1, and its public one.
        assert_eq!(
            made(ED25519.get(..60).unwrap(), "GET api.coinbase.com/v2/accounts"),
            None,
            "not 64 bytes"
        );
        let token = made(ED25519, "GET api.coinbase.com/v2/accounts").unwrap();
        let (signed, header, claims, signature) = parts(&token);
        assert_eq!((&header["alg"], &claims["iss"]), (&json!("EdDSA"), &json!("cdp")));
        assert_eq!(claims["uri"], "GET api.coinbase.com/v2/accounts");
        let public: [u8; 32] = Base64::decode_vec(ED25519).unwrap()[32..].try_into().unwrap();
        let public = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
        let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        public.verify_strict(signed.as_bytes(), &signature).unwrap();
    }

    const ED25519: &str =
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/tPJZAc6DuFy89qmIyWvAhpo9wdRGg==";

    #[test]
    fn a_secret_that_is_no_key_signs_nothing() {
        for secret in [
            String::new(),
            "c2hvcnQ=".to_owned(),
            SEC1.replace("EC PRIVATE", "RSA PRIVATE"),
            SEC1.replace("-----END", "----END"),
            SEC1.replace("MHcC", "MHcD"),
            format!("-----BEGIN PRIVATE KEY-----{}", SEC1),
        ] {
            assert_eq!(made(&secret, "GET api.coinbase.com/v2/accounts"), None, "{secret}");
        }
    }

    #[test]
    fn the_shared_tokens_are_met() {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
        let Some(shared) = std::env::var_os("PERFAGG_VECTORS") else {
            println!("skipped: PERFAGG_VECTORS is not set, exchanges/coinbase/request.json is not read");
            return;
        };
        let file = std::path::Path::new(&shared).join("exchanges/coinbase/request.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut seen = 0;
        for case in vectors["cases"].as_array().unwrap().iter().filter(|case| case["sign"].is_object()) {
            let key = &vectors["test_keys"][text(&case["key"])];
            let secret = |field: &str| Secret::new(text(&key[field]));
            let key = Credentials { api_key: secret("apiKey"), secret: secret("secret"), passphrase: None };
            let (claims, header) = (&case["sign"]["jwt_claims"], &case["sign"]["jwt_header"]);
            let token = token(&key, &text(&claims["uri"]), MOMENT).unwrap();
            let (signed, own_header, own_claims, signature) = parts(&token);
            assert_eq!((&own_header, &own_claims), (header, claims), "{}", case["id"]);
            let Some(Key::Es256(signer)) = Key::of(key.secret.expose()) else { panic!("{}", case["id"]) };
            let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
            signer.verifying_key().verify(signed.as_bytes(), &signature).unwrap();
            // Another implementation's token, by the same key.
            let theirs = text(&case["http"]["headers"]["Authorization"]);
            let (signed, _, _, signature) = parts(theirs.strip_prefix("Bearer ").unwrap());
            let signature = p256::ecdsa::Signature::from_slice(&signature).unwrap();
            signer.verifying_key().verify(signed.as_bytes(), &signature).unwrap();
            seen += 1;
        }
        assert!(seen > 5, "{seen} tokens");
    }
}
