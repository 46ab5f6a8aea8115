//! Rows in memory: they end with the process. For platforms without a secret to seal with, and for tests.

use super::{
    Answer, Batch, Change, Claim, Expect, Instance, Store, StoreError, Stored, Table, claims::Claims,
};
use core::ops::Bound;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Rows in memory.
#[derive(Default)]
pub(crate) struct Memory {
    rows: Mutex<Rows>,
    claims: Claims,
    /// Only tests share one, between enclaves of one process.
    shared: bool,
}

type Rows = BTreeMap<(Table, Vec<u8>), Stored>;

impl Memory {
    /// Empty.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The same, for several enclaves of a test.
    #[cfg(test)]
    pub(crate) fn shared() -> Self {
        Self { shared: true, ..Self::default() }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All rows of a table.
    #[cfg(test)]
    pub(crate) fn all_of(&self, table: Table) -> Vec<(Vec<u8>, Stored)> {
        let rows = self.rows();
        let of = rows.iter().filter(|((of, _), _)| *of == table);
        of.map(|((_, key), row)| (key.clone(), row.clone())).collect()
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        if !batch.is_sound() {
            return Err(StoreError::Conflict);
        }
        let mut rows = self.rows();
        if !self.claims.hold(&batch.fences) {
            return Err(StoreError::Fenced);
        }
        let keyed: Vec<_> = batch.changes.into_iter().map(keyed).collect();
        for (at, expect, _) in &keyed {
            if !expect.is_met_by(rows.get(at).map(|row| (row.generation, row.version))) {
                return Err(StoreError::Conflict);
            }
        }
        for (at, _, row) in keyed {
            match row {
                Some(row) => drop(rows.insert(at, row)),
                None => drop(rows.remove(&at)),
            }
        }
        Ok(())
    }
}

fn keyed(change: Change) -> ((Table, Vec<u8>), Expect, Option<Stored>) {
    let Change { table, key, expect, row } = change;
    ((table, key), expect, row)
}

/// An answer that is there at once.
fn ready<'a, T: Send + 'a>(answer: Result<T, StoreError>) -> Answer<'a, T> {
    Box::pin(core::future::ready(answer))
}

impl Store for Memory {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Stored>> {
        ready(Ok(self.rows().get(&(table, key.to_vec())).cloned()))
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        at_most: usize,
    ) -> Answer<'a, Vec<(Vec<u8>, Stored)>> {
        let from = match after.filter(|after| *after >= prefix) {
            Some(after) => Bound::Excluded((table, after.to_vec())),
            None => Bound::Included((table, prefix.to_vec())),
        };
        let rows = self.rows();
        let found = rows.range((from, Bound::Unbounded));
        let found = found.take_while(|((of, key), _)| *of == table && key.starts_with(prefix));
        ready(Ok(found.take(at_most).map(|((_, key), row)| (key.clone(), row.clone())).collect()))
    }

    fn commit(&self, batch: Batch) -> Answer<'_, ()> {
        ready(self.apply(batch))
    }

    fn enroll(&self, account: [u8; 32], _until_s: u64) -> Answer<'_, ()> {
        self.claims.enroll(account);
        ready(Ok(()))
    }

    fn withdraw(&self, account: [u8; 32]) -> Answer<'_, ()> {
        self.claims.withdraw(account);
        ready(Ok(()))
    }

    fn claim(&self, by: Instance, at_most: usize) -> Answer<'_, Vec<Claim>> {
        ready(Ok(self.claims.claim(by, at_most)))
    }

    fn claim_one(&self, by: Instance, account: [u8; 32]) -> Answer<'_, Option<Claim>> {
        ready(Ok(self.claims.claim_one(by, account)))
    }

    fn renew(&self, by: Instance) -> Answer<'_, Vec<Claim>> {
        ready(Ok(self.claims.held(by)))
    }

    fn release(&self, by: Instance, account: Option<[u8; 32]>) -> Answer<'_, ()> {
        self.claims.release(by, account);
        ready(Ok(()))
    }

    fn use_envelope(&self, id: [u8; 16], expires_s: u64) -> Answer<'_, bool> {
        ready(self.claims.use_envelope(id, expires_s))
    }

    fn is_shared(&self) -> bool {
        self.shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn memory_keeps_the_contract_of_stores() {
        crate::store::contract::run(Arc::new(Memory::new())).await;
    }
}
