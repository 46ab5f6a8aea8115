//! Sealed answers, as RFC 9458 section 4.4 does it: keys from the secret that the call's HPKE context exports.
//!
//! An answer is one final chunk: counter 0, associated data `final`. Streams (`stream.rs`) number their chunks by the
//! same rule; a chunk that is not the last has empty associated data, so that a cut is seen.

use crate::{
    envelope::VERSION,
    limits,
    stream::{StreamOpener, StreamSealer},
    wire,
};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{Aead, Payload},
};
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use hkdf::Hkdf;
use serde::Deserialize;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The exporter context of the call.
pub(crate) const EXPORT_LABEL: &[u8] = b"perf-aggregator/response/v1";
pub(crate) const FINAL: &[u8] = b"final";

/// The answer is not what the enclave sealed for this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerError;

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer was not sealed by the enclave for this call")
    }
}

impl core::error::Error for AnswerError {}

/// Seals the one answer to a call.
pub struct AnswerSealer {
    secret: Zeroizing<[u8; 32]>,
    enc: [u8; 32],
}

/// Opens the one answer to a call.
pub struct AnswerOpener {
    secret: Zeroizing<[u8; 32]>,
    enc: [u8; 32],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerJson<'a> {
    v: u8,
    #[serde(borrow)]
    nonce: Cow<'a, str>,
    #[serde(borrow)]
    ciphertext: Cow<'a, str>,
}

impl AnswerSealer {
    pub(crate) fn new(secret: Zeroizing<[u8; 32]>, enc: [u8; 32]) -> Self {
        Self { secret, enc }
    }

    /// The answer as it is sent. `nonce` is random.
    pub fn seal(self, body: &[u8], nonce: [u8; 32]) -> Result<String, AnswerError> {
        let (cipher, base_nonce) = keys(&self.secret, &self.enc, &nonce)?;
        let plaintext = wire::padded(body);
        let ciphertext = cipher
            .encrypt(&base_nonce.into(), Payload { msg: &plaintext, aad: FINAL })
            .map_err(|_| AnswerError)?;
        Ok(serde_json::json!({
            "v": VERSION,
            "nonce": wire::encode(&nonce),
            "ciphertext": wire::encode(&ciphertext),
        })
        .to_string())
    }
}

impl AnswerSealer {
    /// Seals a stream of answers instead of one. `nonce` is random; the stream's first frame carries it.
    pub fn stream(self, nonce: [u8; 32]) -> Result<StreamSealer, AnswerError> {
        let (cipher, base_nonce) = keys(&self.secret, &self.enc, &nonce)?;
        Ok(StreamSealer::new(cipher, base_nonce))
    }
}

impl AnswerOpener {
    pub(crate) fn new(secret: Zeroizing<[u8; 32]>, enc: [u8; 32]) -> Self {
        Self { secret, enc }
    }

    /// What the enclave answered, without padding.
    pub fn open(&self, answer: &[u8]) -> Result<Zeroizing<Vec<u8>>, AnswerError> {
        if answer.len() > limits::ANSWER_BYTES_MAX {
            return Err(AnswerError);
        }
        let json: AnswerJson<'_> = serde_json::from_slice(answer).map_err(|_| AnswerError)?;
        if json.v != VERSION {
            return Err(AnswerError);
        }
        let nonce = wire::decode_array(&json.nonce).ok_or(AnswerError)?;
        let ciphertext = wire::decode(&json.ciphertext).ok_or(AnswerError)?;
        let (cipher, base_nonce) = keys(&self.secret, &self.enc, &nonce)?;
        let opened = cipher
            .decrypt(&base_nonce.into(), Payload { msg: &ciphertext, aad: FINAL })
            .map_err(|_| AnswerError)?;
        Ok(wire::unpadded(opened))
    }

    /// Opens a stream of answers instead of one; `nonce` is what its first frame carries.
    pub fn stream(&self, nonce: &[u8; 32]) -> Result<StreamOpener, AnswerError> {
        let (cipher, base_nonce) = keys(&self.secret, &self.enc, nonce)?;
        Ok(StreamOpener::new(cipher, base_nonce))
    }
}

/// `salt = enc || nonce; prk = Extract(salt, secret); key = Expand(prk, "key", 32); nonce = Expand(prk, "nonce", 12)`
fn keys(secret: &[u8; 32], enc: &[u8; 32], nonce: &[u8; 32]) -> Result<(Aes256Gcm, [u8; 12]), AnswerError> {
    let salt = [*enc, *nonce].concat();
    let prk = Hkdf::<Sha256>::new(Some(&salt), secret);
    let mut key = Zeroizing::new([0; 32]);
    prk.expand(b"key", key.as_mut_slice()).map_err(|_| AnswerError)?;
    let mut base_nonce = [0; 12];
    prk.expand(b"nonce", &mut base_nonce).map_err(|_| AnswerError)?;
    let cipher = Aes256Gcm::new_from_slice(key.as_slice()).map_err(|_| AnswerError)?;
    Ok((cipher, base_nonce))
}

/// For fuzzing: whatever the bytes, opening ends in an error, for no stranger can seal.
#[doc(hidden)]
pub fn fuzz_answer(data: &[u8]) {
    let opener = AnswerOpener::new(Zeroizing::new([1; 32]), [2; 32]);
    assert!(opener.open(data).is_err(), "an answer that nobody sealed opened");
}
