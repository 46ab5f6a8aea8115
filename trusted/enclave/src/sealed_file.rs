//! Files that hold a seal (`seal.rs`): read in bounds, written whole or not at all, put aside when they do not open.
//! For the result key (`keys.rs`) and the keys of the store (`store/ring_file.rs`).

use anyhow::Context as _;
use std::{
    fs::{self, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A seal of keys has some hundred bytes, or two thousand with every generation of the store's.
const FILE_BYTES_MAX: u64 = 4096;
/// Seals that are kept aside.
const ASIDE_MAX: u32 = 16;

/// Moves files that belong together aside, all under the same number: what was put aside before may open again some day.
/// Those that are not there do not matter, but for the last, which is the one that did not open: it goes last, so that a
/// stop half-way is gone on with at the next start.
pub(crate) fn put_aside(files: &[&Path]) -> anyhow::Result<()> {
    let number = (1..=ASIDE_MAX)
        .find(|number| files.iter().all(|file| !file.exists() || !aside(file, *number).exists()))
        .context("too many seals that do not open were put aside: remove them")?;
    for file in files.iter().filter(|file| file.exists()) {
        fs::rename(file, aside(file, number)).context("the file cannot be moved aside")?;
        sync_directory(file).context("the file cannot be moved aside")?;
    }
    Ok(())
}

fn aside(file: &Path, number: u32) -> PathBuf {
    file.with_extension(format!("unopened-{number}"))
}

/// All of a file; none if it is not there.
pub(crate) fn read(file: &Path) -> anyhow::Result<Option<Zeroizing<Vec<u8>>>> {
    // As much as can come at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(FILE_BYTES_MAX).unwrap_or(0)));
    let opened = match fs::File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.context("the file cannot be read")?,
    };
    opened.take(FILE_BYTES_MAX).read_to_end(&mut bytes).context("the file cannot be read")?;
    Ok(Some(bytes))
}

/// Written beside and renamed, so that a stop half-way leaves the old file whole. When this returns it outlives a loss of
/// power.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let beside = file.with_extension("new");
    let mut options = OpenOptions::new();
    let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    fs::rename(&beside, file)?;
    sync_directory(file)
}

/// A name outlives a loss of power once its directory is written.
pub(crate) fn sync_directory(file: &Path) -> io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    fs::File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}
