//! Rows in one file, without a server: a transactional tree (redb) that one process owns. Reading goes on while somebody
//! writes; all that waits for the disk is off the async threads.
//!
//! ```text
//! commit ─► queue, bounded ─► writer thread: all that wait, in one transaction and one sync ─► each its own answer
//! ```
//!
//! An error other than `Unavailable` says that nothing was changed. Not here: what a row means, or what opens it (`vault`).

#[cfg(test)]
mod disk;
mod file;
mod watched;
mod writer;

use super::{Answer, Batch, Claim, Instance, Store, StoreError, Stored, Table, claims::Claims};
use core::ops::Bound;
use file::{File, Opener, decoded, definition, trouble};
use redb::{ReadTransaction, ReadableDatabase as _};
use std::{
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    thread,
};
use tokio::sync::{mpsc, oneshot};
use watched::Watch;
use writer::{Job, Writer, contained};

/// Batches that wait for the writer; who comes after them waits for a place.
const WAITING_MAX: usize = 1024;

/// A store in one file.
pub(crate) struct Embedded {
    shared: Arc<Shared>,
    /// `None` once it is closed.
    queue: Option<mpsc::Sender<Job>>,
    writer: Option<thread::JoinHandle<()>>,
}

/// What reading and writing have in common.
struct Shared {
    /// Held for reading by whoever uses it, so that it is closed between transactions only. `None` after a failure, until
    /// it opens again.
    database: RwLock<Option<File>>,
    claims: Claims,
    open: Opener,
    watch: Arc<Watch>,
}

impl Embedded {
    /// The store in a file, which is made where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        Self::opened_by(Box::new(move |watch| file::open(&path, watch)))
    }

    fn opened_by(open: Opener) -> Result<Self, StoreError> {
        let watch = Arc::default();
        let database = RwLock::new(Some(contained(|| open(&watch))?));
        let shared = Arc::new(Shared { database, claims: Claims::default(), open, watch });
        let (queue, waiting) = mpsc::channel(WAITING_MAX);
        let writer = Writer::new(Arc::clone(&shared), waiting);
        let writer = thread::Builder::new().name("store".to_owned()).spawn(move || writer.run());
        let writer = writer.map_err(|_| StoreError::Unavailable)?;
        Ok(Self { shared, queue: Some(queue), writer: Some(writer) })
    }

    /// Reads in one snapshot, off the async threads.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&ReadTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || {
            let file = shared.database.read().unwrap_or_else(PoisonError::into_inner);
            let file = file.as_ref().ok_or(StoreError::Unavailable)?;
            read(&file.database.begin_read().map_err(trouble)?)
        });
        match reading.await {
            Ok(read) => read,
            // The tree stumbled over what it found: that is contained here, and said.
            Err(failed) if failed.is_panic() => {
                tracing::error!(code = "store-corrupt", "a page of the store is not as it was written");
                Err(StoreError::Corrupt)
            }
            Err(_) => Err(StoreError::Unavailable),
        }
    }

    async fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(StoreError::Unavailable)?;
        queue.send(Job { batch, answer }).await.map_err(|_| StoreError::Unavailable)?;
        answered.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

impl Drop for Embedded {
    /// What waits is written, and the file is free for the next.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn get(transaction: &ReadTransaction, table: Table, key: &[u8]) -> Result<Option<Stored>, StoreError> {
    let rows = transaction.open_table(definition(table)).map_err(trouble)?;
    let row = rows.get(key).map_err(trouble)?;
    row.map(|row| decoded(row.value())).transpose()
}

fn scan(
    transaction: &ReadTransaction,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    at_most: usize,
) -> Result<Vec<(Vec<u8>, Stored)>, StoreError> {
    let rows = transaction.open_table(definition(table)).map_err(trouble)?;
    let from = match after.filter(|after| *after >= prefix) {
        Some(after) => Bound::Excluded(after),
        None => Bound::Included(prefix),
    };
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>((from, Bound::Unbounded)).map_err(trouble)?.take(at_most) {
        let (key, row) = row.map_err(trouble)?;
        if !key.value().starts_with(prefix) {
            break;
        }
        found.push((key.value().to_vec(), decoded(row.value())?));
    }
    Ok(found)
}

/// What needs no disk.
fn at_once<'a, T: Send + 'a>(answer: Result<T, StoreError>) -> Answer<'a, T> {
    Box::pin(core::future::ready(answer))
}

impl Store for Embedded {
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Stored>> {
        let key = key.to_vec();
        Box::pin(self.read(move |transaction| get(transaction, table, &key)))
    }

    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        at_most: usize,
    ) -> Answer<'a, Vec<(Vec<u8>, Stored)>> {
        let (prefix, after) = (prefix.to_vec(), after.map(<[u8]>::to_vec));
        Box::pin(self.read(move |transaction| scan(transaction, table, &prefix, after.as_deref(), at_most)))
    }

    fn commit(&self, batch: Batch) -> Answer<'_, ()> {
        Box::pin(self.write(batch))
    }

    fn enroll(&self, account: [u8; 32], _until_s: u64) -> Answer<'_, ()> {
        self.shared.claims.enroll(account);
        at_once(Ok(()))
    }

    fn withdraw(&self, account: [u8; 32]) -> Answer<'_, ()> {
        self.shared.claims.withdraw(account);
        at_once(Ok(()))
    }

    fn claim(&self, by: Instance, at_most: usize) -> Answer<'_, Vec<Claim>> {
        at_once(Ok(self.shared.claims.claim(by, at_most)))
    }

    fn claim_one(&self, by: Instance, account: [u8; 32]) -> Answer<'_, Option<Claim>> {
        at_once(Ok(self.shared.claims.claim_one(by, account)))
    }

    fn renew(&self, by: Instance) -> Answer<'_, Vec<Claim>> {
        at_once(Ok(self.shared.claims.held(by)))
    }

    fn release(&self, by: Instance, account: Option<[u8; 32]>) -> Answer<'_, ()> {
        self.shared.claims.release(by, account);
        at_once(Ok(()))
    }

    fn use_envelope(&self, id: [u8; 16], expires_s: u64) -> Answer<'_, bool> {
        at_once(self.shared.claims.use_envelope(id, expires_s))
    }

    fn is_shared(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
