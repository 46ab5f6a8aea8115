//! What is handed over, as bytes: the keys of the rows, the result key, the epochs.
//!
//! ```text
//! secrets = "perf-aggregator/shared-keys/v1" 0x00 ‖ prefixed parts: ring, result key, count of epochs, and of each number,
//!           begin, key, TLS: nothing, or secret, born, certified until, count of certificates, each of them
//! ```
//!
//! `prefixed` is the length (u32be) and then the bytes; numbers are u64be, 0 for a certificate that the key signed itself.

use crate::{
    identity::{EpochParts, IdentityParts},
    seal,
    store::KeyRing,
    tls::Parts,
};
use zeroize::Zeroizing;

const DOMAIN: &[u8] = b"perf-aggregator/shared-keys/v1\0";
/// Epochs that are in use at once: the previous, the present and the next.
const EPOCHS_MAX: u64 = 3;
/// A chain of certificates, as bundles bound theirs, and more than enough for anything else.
const CERTIFICATES_MAX: u64 = 8;
/// The most that all of it may have: what is larger is nobody's keys.
const BYTES_MAX: usize = 256 * 1024;

/// All keys that enclaves of one deployment share.
pub(super) struct Secrets {
    pub(super) ring: KeyRing,
    pub(super) identity: IdentityParts,
}

/// Bytes of keys and what is shared beside them.
pub(super) fn encode(ring: &[u8], identity: &IdentityParts) -> Zeroizing<Vec<u8>> {
    let IdentityParts { result_key, epochs } = identity;
    // As much as can come at once: a vector that grows leaves copies of keys behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES_MAX));
    bytes.extend_from_slice(DOMAIN);
    seal::prefixed(&mut bytes, ring);
    seal::prefixed(&mut bytes, result_key.as_slice());
    seal::prefixed(&mut bytes, &count(epochs.len()));
    for EpochParts { number, begins_at_s, key, tls } in epochs {
        seal::prefixed(&mut bytes, &number.to_be_bytes());
        seal::prefixed(&mut bytes, &begins_at_s.to_be_bytes());
        seal::prefixed(&mut bytes, key.as_slice());
        let Some(Parts { secret, born_at_s, certified_until_s, certificates }) = tls else {
            seal::prefixed(&mut bytes, &[]);
            continue;
        };
        seal::prefixed(&mut bytes, secret.as_slice());
        seal::prefixed(&mut bytes, &born_at_s.to_be_bytes());
        seal::prefixed(&mut bytes, &certified_until_s.unwrap_or(0).to_be_bytes());
        seal::prefixed(&mut bytes, &count(certificates.len()));
        certificates.iter().for_each(|certificate| seal::prefixed(&mut bytes, certificate));
    }
    bytes
}

fn count(of: usize) -> [u8; 8] {
    u64::try_from(of).unwrap_or(u64::MAX).to_be_bytes()
}

/// Exactly what [`encode`] writes, or nothing.
pub(super) fn decode(bytes: &[u8]) -> Option<Secrets> {
    let mut parts = Reader(bytes.strip_prefix(DOMAIN).filter(|_| bytes.len() <= BYTES_MAX)?);
    let ring = KeyRing::decode(parts.next()?)?;
    let result_key = parts.key()?;
    let mut epochs = Vec::new();
    for _ in 0..parts.number().filter(|count| *count <= EPOCHS_MAX)? {
        let (number, begins_at_s, key) = (parts.number()?, parts.number()?, parts.key()?);
        epochs.push(EpochParts { number, begins_at_s, key, tls: parts.tls()? });
    }
    let identity = IdentityParts { result_key, epochs };
    parts.0.is_empty().then_some(Secrets { ring, identity })
}

/// Parts that are prefixed with their lengths.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(part)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.next()?.try_into().ok()?))
    }

    fn key(&mut self) -> Option<Zeroizing<[u8; 32]>> {
        Some(Zeroizing::new(self.next()?.try_into().ok()?))
    }

    /// None if it has another form; nothing in it where no TLS ends.
    #[expect(clippy::option_option, reason = "wrong and absent differ")]
    fn tls(&mut self) -> Option<Option<Parts>> {
        let secret = self.next()?;
        if secret.is_empty() {
            return Some(None);
        }
        let secret = Zeroizing::new(secret.try_into().ok()?);
        let (born_at_s, until_s, count) = (self.number()?, self.number()?, self.number()?);
        if count > CERTIFICATES_MAX {
            return None;
        }
        let certificates: Option<Vec<_>> = (0..count).map(|_| self.next().map(<[u8]>::to_vec)).collect();
        let certified_until_s = (until_s > 0).then_some(until_s);
        Some(Some(Parts { secret, born_at_s, certified_until_s, certificates: certificates? }))
    }
}

#[cfg(test)]
pub(super) fn fuzz_secrets(data: &[u8]) {
    if let Some(Secrets { ring, identity }) = decode(data) {
        assert_eq!(encode(&ring.encode(), &identity).as_slice(), data, "there is one encoding");
    }
}
