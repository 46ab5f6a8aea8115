//! Signed requests: key, signature, nonce. `API-Sign` is the Base64 of HMAC-SHA512 under the decoded secret over
//! *path ‖ SHA256(nonce ‖ body)*, with the body as it came.
//! See <https://docs.kraken.com/api/docs/guides/spot-rest-auth>.

use super::{form::Form, held, refusal::Refusal};
use crate::http::Incoming;
use base64ct::{Base64, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256, Sha512};
use std::sync::Mutex;

const NONCE_DIGITS_MAX: usize = 20;

/// The key that is known here, its secret, and the highest nonce that came with it.
pub(crate) struct Keys {
    key: String,
    secret: Vec<u8>,
    last: Mutex<u64>,
}

impl Keys {
    /// The secret was checked to be Base64 where it was read.
    pub(crate) fn new(key: &str, secret: &str) -> Self {
        Self {
            key: key.to_owned(),
            secret: Base64::decode_vec(secret).unwrap_or_default(),
            last: Mutex::new(0),
        }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn last_nonce(&self) -> u64 {
        *held(&self.last)
    }

    /// Whether a request is signed as it must be. A nonce is used up only by a signature that is right.
    pub(crate) fn check(&self, request: &Incoming, form: &Form) -> Result<(), Refusal> {
        if request.header("api-key") != Some(&self.key) {
            return Err(Refusal::key());
        }
        let text = form.text("nonce").ok_or_else(Refusal::nonce)?;
        let nonce = parse_nonce(text).ok_or_else(Refusal::nonce)?;
        self.verify(request, text)?;
        let mut last = held(&self.last);
        if nonce <= *last {
            return Err(Refusal::nonce());
        }
        *last = nonce;
        Ok(())
    }

    fn verify(&self, request: &Incoming, nonce: &str) -> Result<(), Refusal> {
        let sent = request.header("api-sign").ok_or_else(Refusal::signature)?;
        let sent = Base64::decode_vec(sent).map_err(|_| Refusal::signature())?;
        let digest = Sha256::new().chain_update(nonce).chain_update(&request.body).finalize();
        let mut mac = Hmac::<Sha512>::new_from_slice(&self.secret).map_err(|_| Refusal::signature())?;
        mac.update(request.path.as_bytes());
        mac.update(&digest);
        mac.verify_slice(&sent).map_err(|_| Refusal::signature())
    }
}

/// Up to 64 bits, in digits alone.
fn parse_nonce(text: &str) -> Option<u64> {
    let digits = text.len() <= NONCE_DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the venue's own documentation.
    const SECRET: &str =
        "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
    const SIGNATURE: &str =
        "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==";
    const ORDER: &str = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25";

    fn check(keys: &Keys, body: &str, signature: &str) -> Result<(), Refusal> {
        let headers = [("api-key", keys.key()), ("api-sign", signature)];
        let request = Incoming {
            method: "POST".to_owned(),
            path: "/0/private/AddOrder".to_owned(),
            query: String::new(),
            body: body.to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect(),
        };
        keys.check(&request, &Form::parse(body).unwrap())
    }

    #[test]
    fn the_documented_example_is_right_once() {
        let keys = Keys::new("a key", SECRET);
        assert_eq!(check(&keys, &ORDER.replace("1.25", "1.26"), SIGNATURE), Err(Refusal::signature()));
        assert_eq!(check(&keys, ORDER, SIGNATURE), Ok(()), "a wrong signature uses no nonce up");
        assert_eq!(check(&keys, ORDER, SIGNATURE), Err(Refusal::nonce()));
        assert_eq!(keys.last_nonce(), 1_616_492_376_594);
    }

    #[test]
    fn a_nonce_has_sixty_four_bits_and_digits_alone() {
        assert_eq!(parse_nonce("18446744073709551615"), Some(u64::MAX));
        for text in ["18446744073709551616", "-1", "+1", "1.5", "", "000000000000000000001"] {
            assert_eq!(parse_nonce(text), None, "{text}");
        }
    }
}
