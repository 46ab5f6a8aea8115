//! The file: how it is opened, what it must hold to be ours, how a row is written in it, and what its troubles mean.

use super::watched::{Watch, Watched};
use crate::{
    sealed_file,
    store::{StoreError, Stored, Table},
};
use redb::{
    Database, ReadableDatabase as _, StorageBackend, TableDefinition, TableHandle as _, backends::FileBackend,
};
use std::{fs::OpenOptions, io, os::unix::fs::OpenOptionsExt as _, path::Path, sync::Arc};

/// An open file.
pub(super) struct File {
    pub(super) database: Database,
    pub(super) watch: Arc<Watch>,
    /// Beyond this length a commit saves what opening needs.
    pub(super) checked_bytes_max: u64,
}

/// Opens the file; again after a failure.
pub(super) type Opener = Box<dyn Fn(&Arc<Watch>) -> Result<File, StoreError> + Send + Sync>;

/// What is in the file beside rows: its format, and how many transactions were made.
pub(super) const ABOUT: TableDefinition<'_, &str, u64> = TableDefinition::new("store");
pub(super) const COMMITS: &str = "commits";
const FORMAT: &str = "format";
/// Of the tables and rows in this file; what rows mean has a version of its own (`migrations`).
const FORMAT_NOW: u64 = 1;
/// Pages in memory. What does not fit is in the system's own cache.
const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// Up to this size each page is checked when the file opens (a quarter of a second for 100,000 rows of
/// 600 bytes), so that damage is found
/// before anything is served, and a commit costs one sync. A larger file opens at once, even after a stop without warning,
/// for a second sync in each commit; its pages are judged as they are read.
pub(super) const CHECKED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Name, key and value of a table of rows.
pub(super) const fn definition(table: Table) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
    TableDefinition::new(table.name())
}

/// Opens a file, or makes it.
pub(super) fn open(path: &Path, watch: &Arc<Watch>) -> Result<File, StoreError> {
    let is_new = !path.exists();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(path).map_err(|error| io_trouble(&error))?;
    let file = on(FileBackend::new(file).map_err(foreign)?, watch, CHECKED_BYTES_MAX)?;
    if is_new {
        sealed_file::sync_directory(path).map_err(|error| io_trouble(&error))?;
    }
    Ok(file)
}

/// Opens whatever holds bytes.
pub(super) fn on(
    backend: impl StorageBackend,
    watch: &Arc<Watch>,
    checked_bytes_max: u64,
) -> Result<File, StoreError> {
    let backend = Watched::new(backend, Arc::clone(watch)).map_err(|error| io_trouble(&error))?;
    let database = Database::builder()
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(watch.length() <= checked_bytes_max)
        .create_with_backend(backend)
        .map_err(foreign)?;
    prepare(&database)?;
    Ok(File { database, watch: Arc::clone(watch), checked_bytes_max })
}

/// Makes what a new file needs, and refuses what is not ours.
fn prepare(database: &Database) -> Result<(), StoreError> {
    let reading = database.begin_read().map_err(trouble)?;
    let there: Vec<String> =
        reading.list_tables().map_err(trouble)?.map(|table| table.name().to_owned()).collect();
    if there.is_empty() {
        return begin(database);
    }
    let about = reading.open_table(ABOUT).map_err(|_| StoreError::NotAStore)?;
    let format = about.get(FORMAT).map_err(trouble)?.map(|format| format.value());
    match format {
        Some(FORMAT_NOW) => {}
        Some(later) if later > FORMAT_NOW => return Err(StoreError::Newer),
        _ => return Err(StoreError::NotAStore),
    }
    let all = Table::ALL.iter().all(|table| there.iter().any(|name| name == table.name()));
    if all { Ok(()) } else { Err(StoreError::Corrupt) }
}

fn begin(database: &Database) -> Result<(), StoreError> {
    let writing = database.begin_write().map_err(trouble)?;
    for table in Table::ALL {
        writing.open_table(definition(table)).map_err(trouble)?;
    }
    writing.open_table(ABOUT).map_err(trouble)?.insert(FORMAT, FORMAT_NOW).map_err(trouble)?;
    writing.commit().map_err(trouble)
}

/// How many transactions were made.
pub(super) fn commits(database: &Database) -> Result<u64, StoreError> {
    let about = database.begin_read().map_err(trouble)?.open_table(ABOUT).map_err(trouble)?;
    Ok(about.get(COMMITS).map_err(trouble)?.map_or(0, |commits| commits.value()))
}

/// `generation:u32be ‖ version:u64be ‖ sealed`.
pub(super) fn encoded(row: &Stored) -> Vec<u8> {
    let Stored { generation, version, sealed } = row;
    [&generation.to_be_bytes()[..], &version.to_be_bytes(), sealed].concat()
}

/// A row as it was written.
pub(super) fn decoded(bytes: &[u8]) -> Result<Stored, StoreError> {
    let ((generation, version), sealed) = head(bytes).ok_or(StoreError::Corrupt)?;
    Ok(Stored { generation, version, sealed: sealed.to_vec() })
}

/// Generation and version of a row as it was written, and what is sealed.
pub(super) fn head(bytes: &[u8]) -> Option<((u32, u64), &[u8])> {
    let (generation, rest) = bytes.split_first_chunk::<4>()?;
    let (version, sealed) = rest.split_first_chunk::<8>()?;
    Some(((u32::from_be_bytes(*generation), u64::from_be_bytes(*version)), sealed))
}

/// What an error of the tree means to who asked.
pub(super) fn trouble(error: impl Into<redb::Error>) -> StoreError {
    match error.into() {
        redb::Error::Io(error) => io_trouble(&error),
        redb::Error::DatabaseAlreadyOpen => StoreError::InUse,
        // After an error of the disk nothing is done until the file was opened again.
        redb::Error::PreviousIo | redb::Error::DatabaseClosed => StoreError::Unavailable,
        _ => StoreError::Corrupt,
    }
}

/// The same when the file is opened: what is no tree at all was never a store.
fn foreign(error: redb::DatabaseError) -> StoreError {
    match error.into() {
        redb::Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => StoreError::NotAStore,
        redb::Error::UpgradeRequired(_) => StoreError::NotAStore,
        other => trouble(other),
    }
}

fn io_trouble(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::Full
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => StoreError::ReadOnly,
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => StoreError::Corrupt,
        _ => StoreError::Unavailable,
    }
}
