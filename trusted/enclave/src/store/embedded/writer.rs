//! The one that writes: it takes all batches that wait, judges each by what it expects, and makes those that hold in one
//! transaction, which costs one sync however many they are.

use super::{
    Shared,
    file::{self, ABOUT, COMMITS, File, definition, encoded, head, trouble},
};
use crate::store::{Batch, StoreError, Table, claims::Claims};
use redb::{ReadableTable as _, WriteTransaction};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, PoisonError},
};
use tokio::sync::{mpsc, oneshot};

/// A batch, and who waits for it.
pub(super) struct Job {
    pub(super) batch: Batch,
    pub(super) answer: oneshot::Sender<Answer>,
}

type Answer = Result<(), StoreError>;
type Rows<'t> = redb::Table<'t, &'static [u8], &'static [u8]>;

/// Batches that share a transaction.
const TOGETHER_MAX: usize = 256;

pub(super) struct Writer {
    shared: Arc<Shared>,
    waiting: mpsc::Receiver<Job>,
    /// What was last said of it in the log.
    told: Option<StoreError>,
    told_lost: bool,
}

/// A transaction that is not made yet.
struct Prepared {
    writing: WriteTransaction,
    /// The answers once it is made.
    answers: Vec<Answer>,
    /// Its number, which is in the file once it is made; `None` when nothing changes.
    number: Option<u64>,
}

impl Writer {
    pub(super) const fn new(shared: Arc<Shared>, waiting: mpsc::Receiver<Job>) -> Self {
        Self { shared, waiting, told: None, told_lost: false }
    }

    /// Until the store is dropped; then the file is closed.
    pub(super) fn run(mut self) {
        let mut jobs = Vec::with_capacity(TOGETHER_MAX);
        while self.waiting.blocking_recv_many(&mut jobs, TOGETHER_MAX) > 0 {
            let (batches, waiting): (Vec<_>, Vec<_>) =
                jobs.drain(..).map(|job| (job.batch, job.answer)).unzip();
            let answers = self.write(&batches).unwrap_or_else(|error| vec![Err(error); batches.len()]);
            for (waiting, answer) in waiting.into_iter().zip(answers) {
                // Who asked may have gone.
                let _ = waiting.send(answer);
            }
        }
        self.close();
    }

    /// The answer to each batch, or why none was made.
    fn write(&mut self, batches: &[Batch]) -> Result<Vec<Answer>, StoreError> {
        self.not_lost()?;
        self.open().inspect_err(|error| self.tell(*error))?;
        self.not_lost()?;
        let shared = Arc::clone(&self.shared);
        let database = shared.database.read().unwrap_or_else(PoisonError::into_inner);
        let file = database.as_ref().ok_or(StoreError::Unavailable)?;
        let (error, made) = match contained(|| prepare(file, &shared.claims, batches)) {
            Ok(Prepared { number: None, answers, .. }) => return Ok(answers),
            Ok(Prepared { writing, answers, number: Some(number) }) => {
                match contained(|| writing.commit().map_err(trouble)) {
                    Ok(()) => {
                        self.tell_recovered();
                        return Ok(answers);
                    }
                    Err(error) => (error, Some((number, answers))),
                }
            }
            Err(error) => (error, None),
        };
        drop(database);
        self.recover(error, made)
    }

    /// After a failure the file is opened again, and the number in it says whether the last transaction was made.
    fn recover(
        &mut self,
        error: StoreError,
        made: Option<(u64, Vec<Answer>)>,
    ) -> Result<Vec<Answer>, StoreError> {
        self.not_lost()?;
        self.tell(error);
        self.close();
        let unknown = if error == StoreError::Corrupt { error } else { StoreError::Unavailable };
        self.open().map_err(|_| unknown)?;
        self.not_lost()?;
        let database = self.shared.database.read().unwrap_or_else(PoisonError::into_inner);
        let file = database.as_ref().ok_or(unknown)?;
        let last = contained(|| file::commits(&file.database)).map_err(|_| unknown)?;
        match made {
            Some((number, answers)) if number == last => Ok(answers),
            _ => Err(error),
        }
    }

    /// After a sync that failed nothing is written any more: what the disk forgot could be what a later commit stands on.
    fn not_lost(&mut self) -> Result<(), StoreError> {
        if !self.shared.watch.lost() {
            return Ok(());
        }
        if !core::mem::replace(&mut self.told_lost, true) {
            tracing::error!(
                code = "store-lost",
                "the disk did not keep what was written: nothing more is written. Check the disk, then start again"
            );
        }
        Err(StoreError::Unavailable)
    }

    /// Opens the file if a failure closed it.
    fn open(&self) -> Result<(), StoreError> {
        let mut database = self.shared.database.write().unwrap_or_else(PoisonError::into_inner);
        if database.is_none() {
            *database = Some(contained(|| (self.shared.open)(&self.shared.watch))?);
        }
        Ok(())
    }

    fn close(&self) {
        let open = self.shared.database.write().unwrap_or_else(PoisonError::into_inner).take();
        // What closing stumbles over is found again when it is opened.
        let _ = contained(|| {
            drop(open);
            Ok(())
        });
    }

    /// Says what is wrong, once.
    fn tell(&mut self, error: StoreError) {
        if self.told.replace(error) == Some(error) {
            return;
        }
        match error {
            StoreError::Full => {
                tracing::error!(code = "store-full", "the disk of the store is full: make room")
            }
            StoreError::ReadOnly => {
                tracing::error!(
                    code = "store-read-only",
                    "the store's file cannot be written: make it writable"
                );
            }
            StoreError::Corrupt => tracing::error!(
                code = "store-corrupt",
                "the store's file is not as it was written: put a whole copy in its place, or move it away to start empty"
            ),
            other => tracing::error!(code = "store-unavailable", "{other}"),
        }
    }

    fn tell_recovered(&mut self) {
        if self.told.take().is_some() {
            tracing::info!(code = "store-recovered", "the store is written again");
        }
    }
}

/// A tree that stumbles over what it found ends one transaction, not the process.
pub(super) fn contained<T>(attempt: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or(Err(StoreError::Corrupt))
}

fn prepare(file: &File, claims: &Claims, batches: &[Batch]) -> Result<Prepared, StoreError> {
    let mut writing = file.database.begin_write().map_err(trouble)?;
    writing.set_quick_repair(file.watch.length() > file.checked_bytes_max);
    let mut answers = Vec::with_capacity(batches.len());
    let mut changes = false;
    let number = {
        let mut rows = BTreeMap::new();
        for batch in batches {
            let answer = judged(&writing, &mut rows, claims, batch)?;
            if answer.is_ok() {
                apply(&mut rows, batch)?;
                changes |= !batch.changes.is_empty();
            }
            answers.push(answer);
        }
        if changes { Some(count(&writing)?) } else { None }
    };
    Ok(Prepared { writing, answers, number })
}

/// Whether a batch holds, after those before it.
fn judged<'t>(
    writing: &'t WriteTransaction,
    rows: &mut BTreeMap<Table, Rows<'t>>,
    claims: &Claims,
    batch: &Batch,
) -> Result<Answer, StoreError> {
    if !batch.is_sound() {
        return Ok(Err(StoreError::Conflict));
    }
    if !claims.hold(&batch.fences) {
        return Ok(Err(StoreError::Fenced));
    }
    for change in &batch.changes {
        let rows = match rows.entry(change.table) {
            Entry::Occupied(opened) => opened.into_mut(),
            Entry::Vacant(place) => {
                place.insert(writing.open_table(definition(change.table)).map_err(trouble)?)
            }
        };
        let row = rows.get(change.key.as_slice()).map_err(trouble)?;
        let found = match row {
            Some(row) => Some(head(row.value()).ok_or(StoreError::Corrupt)?.0),
            None => None,
        };
        if !change.expect.is_met_by(found) {
            return Ok(Err(StoreError::Conflict));
        }
    }
    Ok(Ok(()))
}

/// Makes the changes of a batch that holds; its tables were opened when it was judged.
fn apply(rows: &mut BTreeMap<Table, Rows<'_>>, batch: &Batch) -> Result<(), StoreError> {
    for change in &batch.changes {
        let rows = rows.get_mut(&change.table).ok_or(StoreError::Unavailable)?;
        let key = change.key.as_slice();
        match &change.row {
            Some(row) => drop(rows.insert(key, encoded(row).as_slice()).map_err(trouble)?),
            None => drop(rows.remove(key).map_err(trouble)?),
        }
    }
    Ok(())
}

fn count(writing: &WriteTransaction) -> Result<u64, StoreError> {
    let mut about = writing.open_table(ABOUT).map_err(trouble)?;
    let last = about.get(COMMITS).map_err(trouble)?.map_or(0, |commits| commits.value());
    let number = last.saturating_add(1);
    about.insert(COMMITS, number).map_err(trouble)?;
    Ok(number)
}
