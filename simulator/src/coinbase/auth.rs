//! A token for each request (RFC 7515, RFC 7519): ES256 over the bytes of header and claims as they came. It names the key
//! twice, the call without its query, and two minutes at most; its nonce is good once.
//! See <https://docs.cdp.coinbase.com/coinbase-app/authentication-authorization/api-key-authentication>.

use super::{held, refusal::Refusal};
use crate::http::Incoming;
use base64ct::{Base64, Base64UrlUnpadded, Encoding as _};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey, signature::Verifier as _};
use serde_json::Value;
use std::{collections::BTreeMap, sync::Mutex};

/// A token names the venue's host, whatever it was sent to.
const HOST: &str = "api.coinbase.com";
const ISSUERS: [&str; 2] = ["coinbase-cloud", "cdp"];
/// How long a token may hold.
const SECONDS_MAX: i64 = 120;
/// How far ahead a client's clock may be.
const AHEAD_MS: i64 = 1_000;

/// The key that is known here, and the nonces that came with it, each until its token has expired.
pub(crate) struct Keys {
    name: String,
    key: Option<VerifyingKey>,
    seen: Mutex<BTreeMap<String, i64>>,
}

impl Keys {
    /// The private key is of SEC 1, in PEM.
    pub(crate) fn new(name: &str, pem: &str) -> Self {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let secret = Base64::decode_vec(&body).ok().and_then(|der| p256::SecretKey::from_sec1_der(&der).ok());
        let key = secret.map(|secret| *SigningKey::from(secret).verifying_key());
        Self { name: name.to_owned(), key, seen: Mutex::default() }
    }

    /// Whether a request is signed as it must be. A nonce is used up only by a token that is right.
    pub(crate) fn check(&self, request: &Incoming, now_ms: i64) -> Result<(), Refusal> {
        let (nonce, expires_s) = self.verified(request, now_ms).ok_or(Refusal::Unauthorized)?;
        let mut seen = held(&self.seen);
        seen.retain(|_, expires_s| *expires_s * 1000 > now_ms);
        match seen.insert(nonce, expires_s) {
            None => Ok(()),
            Some(_) => Err(Refusal::Unauthorized),
        }
    }

    /// The nonce of a token that is right, and when it expires.
    fn verified(&self, request: &Incoming, now_ms: i64) -> Option<(String, i64)> {
        let token = request.header("authorization")?.strip_prefix("Bearer ")?;
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let bytes = |text: &str| Base64UrlUnpadded::decode_vec(text).ok();
        let json = |text: &str| serde_json::from_slice::<Value>(&bytes(text)?).ok();
        let (header, claims) = (json(header)?, json(claims)?);
        let signature = Signature::from_slice(&bytes(signature)?).ok()?;
        self.key.as_ref()?.verify(signed.as_bytes(), &signature).ok()?;

        let is = |value: &Value, expected: &str| value.as_str() == Some(expected);
        let text = |from: &Value, name: &str| from.get(name).cloned().unwrap_or_default();
        let kind = text(&header, "typ");
        let named = is(&text(&header, "kid"), &self.name) && is(&text(&claims, "sub"), &self.name);
        let formed = is(&text(&header, "alg"), "ES256") && (kind.is_null() || is(&kind, "JWT"));
        let issued = ISSUERS.iter().any(|issuer| is(&text(&claims, "iss"), issuer));
        let call = format!("{} {HOST}{}", request.method, request.path);
        let (from_s, to_s) = (claims.get("nbf")?.as_i64()?, claims.get("exp")?.as_i64()?);
        let timely = to_s > from_s
            && to_s - from_s <= SECONDS_MAX
            && from_s.checked_mul(1000)? <= now_ms + AHEAD_MS
            && to_s.checked_mul(1000)? > now_ms;
        let nonce = header.get("nonce")?.as_str().filter(|nonce| !nonce.is_empty())?;
        let right = named && formed && issued && timely && is(&text(&claims, "uri"), &call);
        right.then(|| (nonce.to_owned(), to_s))
    }
}
