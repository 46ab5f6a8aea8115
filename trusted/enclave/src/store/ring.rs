//! The keys of the store: one for the keyed hashes that rows are found by, and one a generation that seals rows. A new
//! generation seals from then on; older ones open what they sealed until nothing of theirs is left (`Vault::reseal`).
//!
//! ```text
//! id       = HMAC-SHA256(ids, "perf-aggregator/store-id/v1" 0x00 ‖ prefixed purpose ‖ prefixed parts)
//! row key  = HKDF-SHA256(generation's key, "perf-aggregator/store/v1" ‖ prefixed table name)     (ATTESTATION.md section 12)
//! ring     = "perf-aggregator/key-ring/v1" 0x00 ‖ ids ‖ count ‖ (generation ‖ key) ascending; the last seals
//! ```

use super::Table;
use crate::seal;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use std::{collections::BTreeMap, sync::Arc};
use zeroize::Zeroizing;

const RING_DOMAIN: &[u8] = b"perf-aggregator/key-ring/v1\0";
const ID_DOMAIN: &[u8] = b"perf-aggregator/store-id/v1\0";
const ROW_LABEL: &[u8] = b"perf-aggregator/store/v1";
/// Generations that are kept at once. A row that is not sealed anew by the time that so many came keeps the next from coming.
pub(crate) const GENERATIONS_MAX: usize = 16;

type Key = Zeroizing<[u8; 32]>;

/// The key that rows are found by. It stays the same for the life of a store.
pub(crate) struct Ids(Key);

/// The keys of a store. They are wiped with it; nothing prints or copies them.
pub(crate) struct KeyRing {
    ids: Arc<Ids>,
    generations: BTreeMap<u32, Key>,
    current: u32,
}

impl KeyRing {
    /// New keys; the first generation is 1.
    pub(crate) fn born(mut random: impl FnMut() -> [u8; 32]) -> Self {
        let ids = Arc::new(Ids(Zeroizing::new(random())));
        Self { ids, generations: BTreeMap::from([(1, Zeroizing::new(random()))]), current: 1 }
    }

    /// As it is sealed. Destructured in full: a new field does not compile until someone decides how it is kept.
    pub(crate) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let Self { ids, generations, current: _ } = self;
        // As much as is needed at once: a vector that grows leaves copies of keys behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(encoded_length(generations.len())));
        bytes.extend_from_slice(RING_DOMAIN);
        bytes.extend_from_slice(ids.0.as_slice());
        bytes.extend_from_slice(&u32::try_from(generations.len()).unwrap_or(u32::MAX).to_be_bytes());
        for (generation, key) in generations {
            bytes.extend_from_slice(&generation.to_be_bytes());
            bytes.extend_from_slice(key.as_slice());
        }
        bytes
    }

    /// Exactly what [`Self::encode`] writes, or nothing.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(RING_DOMAIN)?;
        let (ids, rest) = rest.split_first_chunk::<32>()?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        if count == 0 || count > GENERATIONS_MAX || bytes.len() != encoded_length(count) {
            return None;
        }
        let (mut generations, mut current) = (BTreeMap::new(), 0);
        while let Some((generation, after)) = rest.split_first_chunk::<4>() {
            let (key, after) = after.split_first_chunk::<32>()?;
            let generation = u32::from_be_bytes(*generation);
            if generation <= current {
                return None;
            }
            generations.insert(generation, Zeroizing::new(*key));
            (current, rest) = (generation, after);
        }
        Some(Self { ids: Arc::new(Ids(Zeroizing::new(*ids))), generations, current })
    }

    /// A new generation, which seals from now on. `None` when too many older ones are still needed.
    pub(crate) fn rotate(&mut self, key: [u8; 32]) -> Option<u32> {
        let next = self.add(key)?;
        self.current = next;
        Some(next)
    }

    /// A new generation, which only opens for now: others that read the rows are to have it before it seals. `None` as above.
    pub(crate) fn add(&mut self, key: [u8; 32]) -> Option<u32> {
        let key = Zeroizing::new(key);
        let next = self.newest().checked_add(1)?;
        if self.generations.len() >= GENERATIONS_MAX {
            return None;
        }
        self.generations.insert(next, key);
        Some(next)
    }

    /// The newest generation seals from now on.
    pub(crate) fn seal_with_newest(&mut self) {
        self.current = self.newest();
    }

    /// The last generation that was added.
    pub(crate) fn newest(&self) -> u32 {
        self.generations.last_key_value().map_or(self.current, |(newest, _)| *newest)
    }

    /// The generations that another enclave has of the same rows; what seals stays so, if it is still there. `None` if they
    /// are of other rows.
    pub(crate) fn taking(&self, other: Self) -> Option<Self> {
        let Self { ids, generations, current: newest } = other;
        let current = if generations.contains_key(&self.current) { self.current } else { newest };
        (*ids.0 == *self.ids.0).then_some(Self { ids, generations, current })
    }

    /// Forgets a generation; never the one that seals.
    pub(crate) fn retire(&mut self, generation: u32) -> bool {
        generation != self.current && self.generations.remove(&generation).is_some()
    }

    /// The generation that seals.
    pub(crate) const fn current(&self) -> u32 {
        self.current
    }

    /// Those before the one that seals.
    pub(crate) fn older(&self) -> Vec<u32> {
        self.generations.keys().copied().filter(|generation| *generation < self.current).collect()
    }

    /// The key for keyed hashes.
    pub(crate) fn ids(&self) -> Arc<Ids> {
        Arc::clone(&self.ids)
    }

    /// The key that seals the rows of a table, in a generation.
    pub(crate) fn row_key(&self, generation: u32, table: Table) -> Option<Key> {
        let key = self.generations.get(&generation)?;
        Some(seal::derived(key.as_slice(), ROW_LABEL, &[table.name().as_bytes()]))
    }
}

impl Ids {
    /// What a row is found by: says nothing of the parts to who has not the key.
    pub(crate) fn id(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("HMAC takes keys of every length");
        mac.update(ID_DOMAIN);
        // Fed piece by piece: a part may be a session's id, and a buffer that grows leaves copies behind.
        for part in core::iter::once(&purpose.as_bytes()).chain(parts) {
            mac.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

const fn encoded_length(generations: usize) -> usize {
    RING_DOMAIN.len() + 32 + 4 + generations.saturating_mul(36)
}

#[cfg(test)]
mod tests;
