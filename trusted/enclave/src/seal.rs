//! What is written to disk, sealed by the platform's own secret (ATTESTATION.md section 13): AES-256-GCM under a key
//! that is derived anew for each purpose, epoch and sequence, with the header as associated data.
//!
//! Sealing hides and fixes what was written; it does not say that it is the latest. Not here: files (`keys.rs`).

use crate::random;
use aes_gcm::{Aes256Gcm, KeyInit as _, aead::Aead as _, aead::Payload};
use attestation::SealRoot;
use hkdf::Hkdf;
use protocol::wire;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

const KEY_LABEL: &[u8] = b"perf-aggregator/seal/v1";
const ROOT_LABEL: &[u8] = b"perf-aggregator/seal-root/v1";
const HEADER_DOMAIN: &[u8] = b"perf-aggregator/sealed/v1\0";

/// What a seal is for, and which one of its kind it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// What is inside.
    pub(crate) purpose: &'static str,
    /// The program that sealed it.
    pub(crate) measurement: [u8; 32],
    /// The epoch it was sealed in.
    pub(crate) epoch: u64,
    /// Grows with each seal of a file.
    pub(crate) sequence: u64,
}

/// Why a seal does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SealError {
    /// Not in the form that this program writes.
    Form,
    /// Sealed by a program of another measurement.
    OtherProgram,
    /// Sealed on another machine, before an update of its microcode, or changed since.
    NotOurs,
}

/// As it is written. What the transparency log adds stands empty until there is one (section 17).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    #[serde(rename = "type")]
    kind: String,
    purpose: String,
    measurement: String,
    epoch: u64,
    sequence: u64,
    log: Option<()>,
    nonce: String,
    ciphertext: String,
}

const TYPE: &str = "perf-aggregator.sealed.v1";

/// 256 bits of a platform's own, shorter secret, which is used for nothing else.
pub(crate) fn widened(platform_secret: &[u8], kind: &[u8]) -> Zeroizing<[u8; 32]> {
    derived(platform_secret, ROOT_LABEL, &[kind])
}

/// HKDF-SHA256 with a label and length-prefixed context (section 12).
pub(crate) fn derived(secret: &[u8], label: &[u8], context: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut info = label.to_vec();
    context.iter().for_each(|part| prefixed(&mut info, part));
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(None, secret)
        .expand(&info, key.as_mut_slice())
        .expect("32 bytes are fewer than HKDF's 8160");
    key
}

/// A part and, before it, its length: no two lists of parts give the same bytes.
pub(crate) fn prefixed(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(part);
}

impl Header {
    /// Canonical bytes, destructured in full: a new field does not compile until someone decides how it is bound.
    fn encoded(&self) -> Vec<u8> {
        let Self { purpose, measurement, epoch, sequence } = self;
        let mut bytes = HEADER_DOMAIN.to_vec();
        let (log_size, log_root) = (0_u64.to_be_bytes(), []);
        for part in [
            purpose.as_bytes(),
            measurement,
            &epoch.to_be_bytes(),
            &sequence.to_be_bytes(),
            &log_size,
            &log_root,
        ] {
            prefixed(&mut bytes, part);
        }
        bytes
    }

    fn cipher(&self, root: &SealRoot) -> Aes256Gcm {
        let context = [self.purpose.as_bytes(), &self.epoch.to_be_bytes(), &self.sequence.to_be_bytes()];
        Aes256Gcm::new((&*derived(root.secret.as_slice(), KEY_LABEL, &context)).into())
    }
}

/// Seals, as one line of JSON.
pub(crate) fn seal(root: &SealRoot, header: &Header, plaintext: &[u8]) -> anyhow::Result<String> {
    // A host that puts an older file back makes a sequence come twice: the nonce is random, so no key and nonce do.
    let nonce = random::bytes::<12>();
    let payload = Payload { msg: plaintext, aad: &header.encoded() };
    let ciphertext = header
        .cipher(root)
        .encrypt((&nonce).into(), payload)
        .map_err(|_| anyhow::anyhow!("it could not be sealed"))?;
    let Header { purpose, measurement, epoch, sequence } = *header;
    let sealed = Sealed {
        kind: TYPE.to_owned(),
        purpose: purpose.to_owned(),
        measurement: wire::encode(&measurement),
        epoch,
        sequence,
        log: None,
        nonce: wire::encode(&nonce),
        ciphertext: wire::encode(&ciphertext),
    };
    Ok(serde_json::to_string(&sealed)? + "\n")
}

/// Opens what this program sealed for this purpose on this machine.
pub(crate) fn open(
    root: &SealRoot,
    purpose: &'static str,
    text: &[u8],
) -> Result<(Header, Zeroizing<Vec<u8>>), SealError> {
    let sealed: Sealed = serde_json::from_slice(text).map_err(|_| SealError::Form)?;
    if sealed.kind != TYPE || sealed.purpose != purpose {
        return Err(SealError::Form);
    }
    let measurement = wire::decode_array(&sealed.measurement).ok_or(SealError::Form)?;
    let nonce: [u8; 12] = wire::decode_array(&sealed.nonce).ok_or(SealError::Form)?;
    let ciphertext = wire::decode(&sealed.ciphertext).ok_or(SealError::Form)?;
    if measurement != root.measurement {
        return Err(SealError::OtherProgram);
    }
    let header = Header { purpose, measurement, epoch: sealed.epoch, sequence: sealed.sequence };
    let payload = Payload { msg: &ciphertext, aad: &header.encoded() };
    let plaintext = header.cipher(root).decrypt((&nonce).into(), payload).map_err(|_| SealError::NotOurs)?;
    Ok((header, Zeroizing::new(plaintext)))
}

#[cfg(test)]
mod tests;
