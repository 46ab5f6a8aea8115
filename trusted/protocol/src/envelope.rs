//! Sealed calls and their sealed answers (ATTESTATION.md section 7, DESIGN.md section 4): HPKE base mode,
//! DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180).
//!
//! Not here: whether a header is timely, fresh and for a living key (the enclave's intake decides), and what
//! the plaintext says (`api.rs`). `docs/protocol.md` has a worked example; `vectors/envelope` the cases.

use crate::{
    answer::{AnswerOpener, AnswerSealer},
    limits,
    route::Route,
    wire,
};
use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256,
    kem::X25519HkdfSha256, setup_receiver, setup_sender_with_rng,
};
use rand_core::CryptoRng;
use serde::Deserialize;
use zeroize::Zeroizing;

/// `info` of the HPKE context, before the keyset hash.
const INFO_LABEL: &[u8] = b"perf-aggregator/call/v1\0";
/// The version of envelopes and answers.
pub(crate) const VERSION: u8 = 1;

/// Why an envelope is refused. Which of the ways to fail an opening took is never told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Not the JSON of an envelope, a field is missing, unknown or of the wrong length.
    Malformed,
    /// Larger than an envelope or a plaintext may be.
    TooLarge,
    /// It does not open: wrong key, or altered.
    Rejected,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the envelope is not in the form of the protocol",
            Self::TooLarge => "the envelope is too large",
            Self::Rejected => "the envelope does not open",
        })
    }
}

impl core::error::Error for EnvelopeError {}

/// The public part of an envelope; the seal covers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Random, unique: an envelope opens once.
    pub envelope_id: [u8; 16],
    /// What is called.
    pub route: Route,
    /// Names the epoch's keys (ATTESTATION.md section 3).
    pub keyset_hash: [u8; 64],
    /// Unix seconds by the enclave's time; not after it.
    pub expires_at: u64,
}

impl Header {
    /// The associated data: RFC 8785 form of version and header. By hand, because all its values are ASCII.
    pub fn associated_data(&self) -> String {
        let Self { envelope_id, route, keyset_hash, expires_at } = self;
        alloc::format!(
            r#"{{"envelope_id":"{}","expires_at":{expires_at},"keyset_hash":"{}","route":"{route}","v":{VERSION}}}"#,
            wire::encode(envelope_id),
            wire::encode(keyset_hash),
        )
    }
}

/// A sealed call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// In clear, but covered.
    pub header: Header,
    enc: [u8; 32],
    ciphertext: Vec<u8>,
}

/// Texts are borrowed unless they are written with escapes, which JSON allows anywhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeJson<'a> {
    v: u8,
    #[serde(borrow)]
    header: HeaderJson<'a>,
    #[serde(borrow)]
    enc: Cow<'a, str>,
    #[serde(borrow)]
    ciphertext: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderJson<'a> {
    #[serde(borrow)]
    envelope_id: Cow<'a, str>,
    #[serde(borrow)]
    route: Cow<'a, str>,
    #[serde(borrow)]
    keyset_hash: Cow<'a, str>,
    expires_at: u64,
}

impl Envelope {
    /// Reads an envelope as it came.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > limits::ENVELOPE_BYTES_MAX {
            return Err(EnvelopeError::TooLarge);
        }
        let json: EnvelopeJson<'_> = serde_json::from_slice(bytes).map_err(|_| EnvelopeError::Malformed)?;
        if json.v != VERSION {
            return Err(EnvelopeError::Malformed);
        }
        let header = Header {
            envelope_id: wire::decode_array(&json.header.envelope_id).ok_or(EnvelopeError::Malformed)?,
            route: Route::parse(&json.header.route).ok_or(EnvelopeError::Malformed)?,
            keyset_hash: wire::decode_array(&json.header.keyset_hash).ok_or(EnvelopeError::Malformed)?,
            expires_at: json.header.expires_at,
        };
        let enc = wire::decode_array(&json.enc).ok_or(EnvelopeError::Malformed)?;
        let ciphertext = wire::decode(&json.ciphertext).ok_or(EnvelopeError::Malformed)?;
        if ciphertext.len() > limits::PLAINTEXT_BYTES_MAX + 16 {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(Self { header, enc, ciphertext })
    }

    /// The envelope as it is sent.
    pub fn to_json(&self) -> String {
        let Self { header, enc, ciphertext } = self;
        let Header { envelope_id, route, keyset_hash, expires_at } = header;
        serde_json::json!({
            "v": VERSION,
            "header": {
                "envelope_id": wire::encode(envelope_id),
                "route": route.to_string(),
                "keyset_hash": wire::encode(keyset_hash),
                "expires_at": expires_at,
            },
            "enc": wire::encode(enc),
            "ciphertext": wire::encode(ciphertext),
        })
        .to_string()
    }

    /// Opens the envelope: its plaintext without padding, and what seals the answer to it.
    pub fn open(&self, key: &EnvelopeKey) -> Result<(Zeroizing<Vec<u8>>, AnswerSealer), EnvelopeError> {
        let reject = |_| EnvelopeError::Rejected;
        let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&self.enc).map_err(reject)?;
        let mut context = setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &key.secret,
            &enc,
            &info(&self.header.keyset_hash),
        )
        .map_err(reject)?;
        let opened =
            context.open(&self.ciphertext, self.header.associated_data().as_bytes()).map_err(reject)?;
        let mut plaintext = Zeroizing::new(opened);
        let len = wire::unpadded_len(&plaintext);
        plaintext.truncate(len);
        let mut secret = Zeroizing::new([0; 32]);
        context.export(crate::answer::EXPORT_LABEL, secret.as_mut_slice()).map_err(reject)?;
        Ok((plaintext, AnswerSealer::new(secret, self.enc)))
    }
}

/// The enclave's key of one epoch: born in memory, wiped when dropped.
pub struct EnvelopeKey {
    secret: <X25519HkdfSha256 as Kem>::PrivateKey,
    public: [u8; 32],
}

impl EnvelopeKey {
    /// A new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let (secret, public) = X25519HkdfSha256::gen_keypair_with_rng(rng);
        Self { secret, public: public.to_bytes().into() }
    }

    /// The key of 32 secret bytes.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, EnvelopeError> {
        let secret =
            <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(bytes).map_err(|_| EnvelopeError::Malformed)?;
        let public = X25519HkdfSha256::sk_to_pk(&secret).to_bytes().into();
        Ok(Self { secret, public })
    }

    /// What clients seal to.
    pub fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// The secret bytes, for another enclave of the same program (`handover.rs`).
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes().into())
    }

    pub(crate) fn secret(&self) -> &<X25519HkdfSha256 as Kem>::PrivateKey {
        &self.secret
    }
}

impl fmt::Debug for EnvelopeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvelopeKey(…)")
    }
}

/// Seals `body` to the enclave's key under `header`, with a fresh key of ours. Also what opens the answer.
pub fn seal(
    recipient: &[u8; 32],
    header: Header,
    body: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Envelope, AnswerOpener), EnvelopeError> {
    let plaintext = wire::padded(body);
    if plaintext.len() > limits::PLAINTEXT_BYTES_MAX {
        return Err(EnvelopeError::TooLarge);
    }
    let reject = |_| EnvelopeError::Rejected;
    let recipient = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(recipient).map_err(reject)?;
    let (enc, mut context) = setup_sender_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &recipient,
        &info(&header.keyset_hash),
        rng,
    )
    .map_err(reject)?;
    let enc: [u8; 32] = enc.to_bytes().into();
    let ciphertext = context.seal(&plaintext, header.associated_data().as_bytes()).map_err(reject)?;
    let mut secret = Zeroizing::new([0; 32]);
    context.export(crate::answer::EXPORT_LABEL, secret.as_mut_slice()).map_err(reject)?;
    Ok((Envelope { header, enc, ciphertext }, AnswerOpener::new(secret, enc)))
}

fn info(keyset_hash: &[u8; 64]) -> Vec<u8> {
    [INFO_LABEL, keyset_hash].concat()
}

/// For fuzzing: whatever the bytes, parsing and opening end in a value or an error.
#[doc(hidden)]
pub fn fuzz_envelope(data: &[u8]) {
    if let (Ok(envelope), Ok(key)) = (Envelope::parse(data), EnvelopeKey::from_bytes(&[7; 32])) {
        let again = Envelope::parse(envelope.to_json().as_bytes());
        assert_eq!(again.as_ref(), Ok(&envelope), "an envelope survives its own encoding");
        let _ = envelope.open(&key);
    }
}
