//! Rows in clear on this side, sealed on the other: each under the key of its table and generation, bound to where it is.
//!
//! ```text
//! row        = nonce(12, random) ‖ AES-256-GCM(row key, padded, associated data)
//! padded     = length:u32be ‖ bytes ‖ zeros up to a multiple of 256
//! associated = "perf-aggregator/row/v1" 0x00 ‖ prefixed(table name, key, version:u64be, generation:u32be)
//! ```
//!
//! A row that was moved to another key or table, given another version or changed does not open. An older row that was put
//! back does: what is done about that stands in the rows. A key and a random nonce may meet again after 2^32 rows of one
//! table; a generation is to be followed by the next long before.

mod reseal;
mod row;

use super::{Batch, Change, Claim, Expect, KeyRing, Store, StoreError, Table, latency::Latency, ring::Ids};
use std::sync::Arc;
use tokio::{sync::RwLock, time::Instant};
use zeroize::Zeroizing;

/// A store, and the keys that only this side has.
pub(crate) struct Vault {
    store: Arc<dyn Store>,
    /// Held for reading until what is written is there: a change of keys finds nothing of the old ones under way.
    ring: RwLock<KeyRing>,
    ids: Arc<Ids>,
    latency: Latency,
}

/// A row as it was before it was sealed.
pub(crate) struct Opened {
    /// What the next write of it has to expect.
    pub(crate) version: u64,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

/// Changes to be made all or none.
#[derive(Default)]
pub(crate) struct Writes {
    rows: Vec<Write>,
    fences: Vec<Claim>,
}

struct Write {
    table: Table,
    key: Vec<u8>,
    expect: Expect,
    bytes: Option<Zeroizing<Vec<u8>>>,
}

impl Writes {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Writes a row: version 1 where there was none, the next one where there was this one. `Expect::Any` is a conflict.
    pub(crate) fn put(
        &mut self,
        table: Table,
        key: &[u8],
        expect: Expect,
        bytes: Zeroizing<Vec<u8>>,
    ) -> &mut Self {
        self.rows.push(Write { table, key: key.to_vec(), expect, bytes: Some(bytes) });
        self
    }

    /// Deletes a row.
    pub(crate) fn delete(&mut self, table: Table, key: &[u8], expect: Expect) -> &mut Self {
        self.rows.push(Write { table, key: key.to_vec(), expect, bytes: None });
        self
    }

    /// Only while this claim holds.
    pub(crate) fn fence(&mut self, claim: Claim) -> &mut Self {
        self.fences.push(claim);
        self
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn sealed(self, ring: &KeyRing) -> Result<Batch, StoreError> {
        let Self { rows, fences } = self;
        let changes = rows.into_iter().map(|write| write.sealed(ring)).collect::<Result<_, _>>()?;
        Ok(Batch { changes, fences })
    }
}

impl Write {
    fn sealed(self, ring: &KeyRing) -> Result<Change, StoreError> {
        let Self { table, key, expect, bytes } = self;
        let row = match bytes {
            Some(bytes) => {
                let version = match expect {
                    Expect::Absent => 1,
                    Expect::Version(version) | Expect::Sealed { version, .. } => {
                        version.checked_add(1).ok_or(StoreError::Conflict)?
                    }
                    Expect::Any => return Err(StoreError::Conflict),
                };
                Some(row::seal(ring, table, &key, version, &bytes)?)
            }
            None => None,
        };
        Ok(Change { table, key, expect, row })
    }
}

impl Vault {
    /// What is in this store is sealed by these keys.
    pub(crate) fn new(store: Arc<dyn Store>, ring: KeyRing) -> Self {
        Self { store, ids: ring.ids(), ring: RwLock::new(ring), latency: Latency::default() }
    }

    /// New keys, and a store that ends with the process.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Self {
        Self::new(Arc::new(super::Memory::new()), KeyRing::born(crate::random::bytes))
    }

    /// What a row is found by: a keyed hash of a purpose and parts.
    pub(crate) fn id(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.ids.id(purpose, parts)
    }

    /// Generations of keys before the one that seals.
    pub(crate) async fn older(&self) -> Vec<u32> {
        self.ring.read().await.older()
    }

    /// The keys of the rows, for another enclave and for the file that keeps them.
    pub(crate) async fn ring_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.ring.read().await.encode()
    }

    /// The store behind it, for claims and envelopes.
    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// A row.
    pub(crate) async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Opened>, StoreError> {
        let ring = self.ring.read().await;
        let stored = self.store.get(table, key).await?;
        stored.map(|stored| row::open(&ring, table, key, &stored)).transpose()
    }

    /// Rows whose key begins with `prefix` and comes after `after`, in the order of their keys.
    pub(crate) async fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        at_most: usize,
    ) -> Result<Vec<(Vec<u8>, Opened)>, StoreError> {
        let ring = self.ring.read().await;
        let found = self.store.scan(table, prefix, after, at_most).await?;
        let opened = found.into_iter().map(|(key, stored)| {
            let opened = row::open(&ring, table, &key, &stored)?;
            Ok((key, opened))
        });
        opened.collect()
    }

    /// Makes all changes, or none. When this returns they outlive a loss of power.
    pub(crate) async fn commit(&self, writes: Writes) -> Result<(), StoreError> {
        let ring = self.ring.read().await;
        let (batch, begun) = (writes.sealed(&ring)?, Instant::now());
        let outcome = self.store.commit(batch).await;
        self.latency.took(begun.elapsed());
        outcome
    }

    /// How long commits took.
    pub(crate) const fn latency(&self) -> &Latency {
        &self.latency
    }
}

#[cfg(test)]
mod tests;
