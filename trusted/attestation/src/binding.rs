//! The attested binding v1 (ATTESTATION.md section 3): ten fields in one canonical byte string, whose SHA-512 is the
//! report data. Encoded by hand, parsed so strictly that only the canonical encoding is accepted.
//!
//! Not here: whether the values are the wanted ones; that is `verify.rs`.

use crate::evidence::{Tee, limits};
use sha2::{Digest, Sha512};

const DOMAIN: &[u8] = b"perf-aggregator/attested-binding/v1\0";
const KEYSET_DOMAIN: &[u8] = b"perf-aggregator/keyset/v1\0";
/// DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM: the only suite of v1, so a downgrade cannot be said.
const HPKE_SUITE: [u8; 6] = [0x00, 0x20, 0x00, 0x01, 0x00, 0x02];

/// When the enclave means its keys to be used, Unix seconds by its own untrusted clock. Advisory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First second.
    pub not_before: u64,
    /// Last second.
    pub not_after: u64,
}

/// What evidence vouches for. Fields stand in the order of their tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The kind of evidence; without it development evidence could stand for production.
    pub tee: Tee,
    /// The generation of keys; clients refuse to go back.
    pub epoch: u64,
    /// The raw X25519 public key that credentials are sealed to.
    pub hpke: [u8; 32],
    /// The Ed25519 key that signs results.
    pub result_key: [u8; 32],
    /// SHA-256 of the TLS key's SubjectPublicKeyInfo, if TLS ends inside the TEE.
    pub tls_spki: Option<[u8; 32]>,
    /// SHA-256 of the public configuration document in its canonical form.
    pub config: [u8; 32],
    /// SHA-256 of the audit log's verifier key.
    pub log: Option<[u8; 32]>,
    /// Advisory dates.
    pub validity: Validity,
    /// The root of the nonce tree, or none for unchallenged evidence.
    pub challenge: Option<[u8; 32]>,
    /// The TLS exporter value.
    pub channel: Option<[u8; 32]>,
}

impl Binding {
    /// The canonical bytes.
    pub fn encode(&self) -> Vec<u8> {
        // In full, so that a new field does not compile until someone decides how it is bound.
        let Self { tee, epoch, hpke, result_key, tls_spki, config, log, validity, challenge, channel } = self;
        let _in_keyset_fields = (tee, epoch, hpke, result_key, tls_spki, config, log);
        let mut bytes = DOMAIN.to_vec();
        bytes.extend_from_slice(&self.keyset_fields());
        let mut dates = [0; 16];
        let (before, after) = dates.split_at_mut(8);
        before.copy_from_slice(&validity.not_before.to_be_bytes());
        after.copy_from_slice(&validity.not_after.to_be_bytes());
        field(&mut bytes, 8, &dates);
        field(&mut bytes, 9, optional(challenge));
        field(&mut bytes, 10, optional(channel));
        bytes
    }

    /// Parses canonical bytes; anything else is nothing (class `malformed`).
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > limits::BINDING {
            return None;
        }
        let mut fields = Fields { rest: bytes.strip_prefix(DOMAIN)? };
        let binding = Self {
            tee: Tee::from_name(core::str::from_utf8(fields.next(1)?).ok()?)?,
            epoch: u64::from_be_bytes(fields.exact(2)?),
            hpke: fields.next(3)?.strip_prefix(&HPKE_SUITE)?.try_into().ok()?,
            result_key: fields.exact(4)?,
            tls_spki: fields.optional(5)?,
            config: fields.exact(6)?,
            log: fields.optional(7)?,
            validity: parse_validity(fields.exact(8)?),
            challenge: fields.optional(9)?,
            channel: fields.optional(10)?,
        };
        fields.rest.is_empty().then_some(binding)
    }

    /// SHA-512 of the binding: fills the report data exactly.
    pub fn report_data(&self) -> [u8; 64] {
        Sha512::digest(self.encode()).into()
    }

    /// Names the epoch's keys everywhere else; leaves out what changes with every quote.
    pub fn keyset_hash(&self) -> [u8; 64] {
        Sha512::new().chain_update(KEYSET_DOMAIN).chain_update(self.keyset_fields()).finalize().into()
    }

    /// Sets the challenge for a nonce that is answered alone.
    pub fn answer(&mut self, nonce: &crate::Nonce) {
        self.challenge = Some(crate::nonce_tree::leaf(nonce));
    }

    /// field(1) ... field(7)
    fn keyset_fields(&self) -> Vec<u8> {
        let Self { tee, epoch, hpke, result_key, tls_spki, config, log, .. } = self;
        let mut bytes = Vec::with_capacity(256);
        field(&mut bytes, 1, tee.name().as_bytes());
        field(&mut bytes, 2, &epoch.to_be_bytes());
        field(&mut bytes, 3, &[&HPKE_SUITE[..], hpke].concat());
        field(&mut bytes, 4, result_key);
        field(&mut bytes, 5, optional(tls_spki));
        field(&mut bytes, 6, config);
        field(&mut bytes, 7, optional(log));
        bytes
    }
}

/// field(tag) = tag:u16be  length:u32be  value
fn field(bytes: &mut Vec<u8>, tag: u16, value: &[u8]) {
    bytes.extend_from_slice(&tag.to_be_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "every value is at most 38 bytes")]
    bytes.extend_from_slice(&(value.len() as u32).to_be_bytes());
    bytes.extend_from_slice(value);
}

fn optional(value: &Option<[u8; 32]>) -> &[u8] {
    value.as_ref().map_or(&[], |hash| hash)
}

fn parse_validity(dates: [u8; 16]) -> Validity {
    let both = u128::from_be_bytes(dates);
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a 16-byte field")]
    let (not_before, not_after) = ((both >> 64) as u64, both as u64);
    Validity { not_before, not_after }
}

struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn next(&mut self, tag: u16) -> Option<&'a [u8]> {
        let rest = self.rest.strip_prefix(&tag.to_be_bytes())?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (value, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(value)
    }

    fn exact<const N: usize>(&mut self, tag: u16) -> Option<[u8; N]> {
        self.next(tag)?.try_into().ok()
    }

    #[expect(clippy::option_option, reason = "the outer one is malformed, the inner one is the empty field")]
    fn optional(&mut self, tag: u16) -> Option<Option<[u8; 32]>> {
        match self.next(tag)? {
            [] => Some(None),
            value => Some(Some(value.try_into().ok()?)),
        }
    }
}
