//! The change of keys: a new generation seals, a pass over all rows seals anew what older ones sealed, and an older one is
//! forgotten when nothing of it is left. Versions stay, so who writes meanwhile notices nothing.

use super::{Vault, row};
use crate::store::{Batch, Change, Expect, KeyRing, StoreError, Table};

/// How far a pass has come: the last row that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    table: Table,
    key: Option<Vec<u8>>,
}

/// What one step of a pass did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resealed {
    /// Rows that were sealed anew.
    pub(crate) resealed: usize,
    /// Rows that somebody wrote or deleted meanwhile: what they have now is for the next pass to see.
    pub(crate) skipped: usize,
    /// Where to go on; `None` at the end of the last table.
    pub(crate) next: Option<Position>,
}

impl Vault {
    /// A new generation seals from now on, once `keep` has the ring where it outlives the process: a row is never sealed
    /// by a key that could be lost. `None` when too many older ones are still needed.
    pub(crate) async fn rotate<E>(
        &self,
        key: [u8; 32],
        keep: impl FnOnce(&KeyRing) -> Result<(), E>,
    ) -> Result<Option<u32>, E> {
        self.change(|ring| ring.rotate(key), keep).await
    }

    /// The same for rows that other enclaves read: the generation does not seal before [`Vault::seal_with_newest`].
    pub(crate) async fn add_keys<E>(
        &self,
        key: [u8; 32],
        keep: impl FnOnce(&KeyRing) -> Result<(), E>,
    ) -> Result<Option<u32>, E> {
        self.change(|ring| ring.add(key), keep).await
    }

    /// Takes a generation back that never sealed.
    pub(crate) async fn drop_unused<E>(
        &self,
        generation: u32,
        keep: impl FnOnce(&KeyRing) -> Result<(), E>,
    ) -> Result<(), E> {
        let drop =
            |ring: &mut KeyRing| (generation > ring.current() && ring.retire(generation)).then_some(());
        self.change(drop, keep).await.map(|_| ())
    }

    /// Changes the ring once `keep` has what it becomes; not at all where there is nothing to change.
    async fn change<T, E>(
        &self,
        change: impl FnOnce(&mut KeyRing) -> Option<T>,
        keep: impl FnOnce(&KeyRing) -> Result<(), E>,
    ) -> Result<Option<T>, E> {
        let mut ring = self.ring.write().await;
        let mut next = copy(&ring);
        let Some(changed) = change(&mut next) else { return Ok(None) };
        keep(&next)?;
        *ring = next;
        Ok(Some(changed))
    }

    /// Takes the keys that another enclave has of the same rows. Whether they are of these.
    pub(crate) async fn take_keys<E>(
        &self,
        keys: KeyRing,
        keep: impl FnOnce(&KeyRing) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut ring = self.ring.write().await;
        let Some(next) = ring.taking(keys) else { return Ok(false) };
        keep(&next)?;
        *ring = next;
        Ok(true)
    }

    /// The newest generation seals from now on: all that read the rows have it. Whether it is another than before.
    pub(crate) async fn seal_with_newest(&self) -> bool {
        let is_newest = {
            let ring = self.ring.read().await;
            ring.current() == ring.newest()
        };
        if !is_newest {
            self.ring.write().await.seal_with_newest();
        }
        !is_newest
    }

    /// Forgets an older generation, if no row of it is left. Whether it was forgotten.
    pub(crate) async fn retire<E: From<StoreError>>(
        &self,
        generation: u32,
        keep: impl FnOnce(&KeyRing) -> Result<(), E>,
    ) -> Result<bool, E> {
        // Nothing is written from here on. What a caller gave up on may still be in the store's queue: an empty batch
        // behind it comes back when it is made.
        let mut ring = self.ring.write().await;
        self.store.commit(Batch::default()).await?;
        for table in Table::ALL {
            let mut after: Option<Vec<u8>> = None;
            loop {
                let rows = self.store.scan(table, &[], after.as_deref(), PAGE).await?;
                if rows.iter().any(|(_, stored)| stored.generation == generation) {
                    return Ok(false);
                }
                match rows.into_iter().last() {
                    Some((key, _)) => after = Some(key),
                    None => break,
                }
            }
        }
        let mut next = copy(&ring);
        if !next.retire(generation) {
            return Ok(false);
        }
        keep(&next)?;
        *ring = next;
        Ok(true)
    }

    /// One step of a pass: looks at no more than so many rows after a position, and seals anew those of older generations.
    pub(crate) async fn reseal(
        &self,
        after: Option<Position>,
        at_most: usize,
    ) -> Result<Resealed, StoreError> {
        let first = Position { table: Table::Meta, key: None };
        let Position { table, key } = after.unwrap_or(first);
        let ring = self.ring.read().await;
        let rows = self.store.scan(table, &[], key.as_deref(), at_most.max(1)).await?;
        let next = match rows.last() {
            Some((key, _)) => Some(Position { table, key: Some(key.clone()) }),
            None => following(table).map(|table| Position { table, key: None }),
        };
        let mut changes = Vec::new();
        for (key, stored) in rows.into_iter().filter(|(_, stored)| stored.generation != ring.current()) {
            let opened = row::open(&ring, table, &key, &stored)?;
            let anew = row::seal(&ring, table, &key, opened.version, &opened.bytes)?;
            let expect = Expect::Sealed { generation: stored.generation, version: stored.version };
            changes.push(Change { table, key, expect, row: Some(anew) });
        }
        let resealed = self.replace(&changes).await?;
        Ok(Resealed { resealed, skipped: changes.len().saturating_sub(resealed), next })
    }

    /// All at once; one by one when somebody wrote one of them meanwhile. How many.
    async fn replace(&self, changes: &[Change]) -> Result<usize, StoreError> {
        if changes.is_empty() {
            return Ok(0);
        }
        match self.store.commit(Batch { changes: changes.to_vec(), fences: Vec::new() }).await {
            Ok(()) => return Ok(changes.len()),
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
        let mut replaced = 0_usize;
        for change in changes {
            match self.store.commit(Batch { changes: vec![change.clone()], fences: Vec::new() }).await {
                Ok(()) => replaced = replaced.saturating_add(1),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(replaced)
    }
}

/// What becomes the ring once it is kept.
fn copy(ring: &KeyRing) -> KeyRing {
    let copy = KeyRing::decode(&ring.encode()).expect("a ring decodes as it was encoded");
    ring.taking(copy).expect("it has the same ids")
}

const PAGE: usize = 256;

fn following(table: Table) -> Option<Table> {
    Table::ALL.into_iter().skip_while(|other| *other != table).nth(1)
}
