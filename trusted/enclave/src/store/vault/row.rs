//! One row: padded, sealed, opened.

use super::Opened;
use crate::{
    random, seal as sealing,
    store::{KeyRing, StoreError, Stored, Table},
};
use aes_gcm::{Aes256Gcm, KeyInit as _, aead::Aead as _, aead::Payload};
use zeroize::Zeroizing;

const ROW_DOMAIN: &[u8] = b"perf-aggregator/row/v1\0";
/// Lengths of rows are multiples of this, so that they tell little.
const PADDED_TO: usize = 256;
const LENGTH_BYTES: usize = 4;

/// Where a row is: what its seal is bound to.
struct Place<'a> {
    table: Table,
    key: &'a [u8],
    version: u64,
    generation: u32,
}

impl Place<'_> {
    /// Canonical bytes, destructured in full: a new field does not compile until someone decides how it is bound.
    fn encoded(&self) -> Vec<u8> {
        let Self { table, key, version, generation } = self;
        let mut bytes = ROW_DOMAIN.to_vec();
        for part in [table.name().as_bytes(), key, &version.to_be_bytes(), &generation.to_be_bytes()] {
            sealing::prefixed(&mut bytes, part);
        }
        bytes
    }

    fn cipher(&self, ring: &KeyRing) -> Option<Aes256Gcm> {
        Some(Aes256Gcm::new((&*ring.row_key(self.generation, self.table)?).into()))
    }
}

/// Seals a row in the current generation.
pub(super) fn seal(
    ring: &KeyRing,
    table: Table,
    key: &[u8],
    version: u64,
    bytes: &[u8],
) -> Result<Stored, StoreError> {
    let generation = ring.current();
    let place = Place { table, key, version, generation };
    let nonce = random::bytes::<12>();
    let padded = padded(bytes).ok_or(StoreError::Full)?;
    let payload = Payload { msg: &padded, aad: &place.encoded() };
    let cipher = place.cipher(ring).expect("the current generation is in the ring");
    // What does not fit into one seal fits nowhere.
    let ciphertext = cipher.encrypt((&nonce).into(), payload).map_err(|_| StoreError::Full)?;
    Ok(Stored { generation, version, sealed: [&nonce[..], &ciphertext].concat() })
}

/// Opens a row that this program sealed for this place.
pub(super) fn open(ring: &KeyRing, table: Table, key: &[u8], stored: &Stored) -> Result<Opened, StoreError> {
    let Stored { generation, version, sealed } = stored;
    let place = Place { table, key, version: *version, generation: *generation };
    let plaintext = || {
        let (nonce, ciphertext) = sealed.split_first_chunk::<12>()?;
        let payload = Payload { msg: ciphertext, aad: &place.encoded() };
        let padded = place.cipher(ring)?.decrypt(nonce.into(), payload).ok().map(Zeroizing::new)?;
        unpadded(&padded)
    };
    Ok(Opened { version: *version, bytes: plaintext().ok_or(StoreError::Corrupt)? })
}

fn padded_length(length: usize) -> Option<usize> {
    length.checked_add(LENGTH_BYTES)?.checked_next_multiple_of(PADDED_TO)
}

fn padded(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(bytes.len()).ok()?;
    let full = padded_length(bytes.len())?;
    // As much as is needed at once: a vector that grows leaves copies behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(full));
    padded.extend_from_slice(&length.to_be_bytes());
    padded.extend_from_slice(bytes);
    padded.resize(full, 0);
    Some(padded)
}

fn unpadded(padded: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (length, rest) = padded.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (bytes, zeros) = rest.split_at_checked(length)?;
    let exact = padded_length(length) == Some(padded.len()) && zeros.iter().all(|byte| *byte == 0);
    exact.then(|| Zeroizing::new(bytes.to_vec()))
}
