//! Files that are there whole or not at all, and that nobody but their owner reads unless it is said.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// A file that has not taken its place yet. Dropped, it is removed.
#[derive(Debug)]
pub struct Draft {
    path: Option<PathBuf>,
    file: File,
    place: PathBuf,
}

impl Draft {
    /// A file beside `place` that will take it.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn beside(place: &Path) -> io::Result<Self> {
        Self::with(place, private_options())
    }

    /// The same that others may read: it holds nothing that is anybody's own.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn readable_beside(place: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        Self::with(place, options)
    }

    fn with(place: &Path, options: OpenOptions) -> io::Result<Self> {
        if place.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let name = format!(".perfagg-{}", hex::encode(crate::seal::random::<8>()));
        let path = directory(place).join(name);
        let file = options.open(&path)?;
        Ok(Self { path: Some(path), file, place: place.to_owned() })
    }

    /// Writes it and takes the place: readers see the old file or the new one, never a half.
    ///
    /// # Errors
    /// If it could not be written; then the old file stands.
    pub fn save(mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_all()?;
        if let Some(path) = self.path.as_ref() {
            fs::rename(path, &self.place)?;
        }
        self.path = None;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            let _ = fs::remove_file(path);
        }
    }
}

/// Where the file at `place` is.
pub(crate) fn directory(place: &Path) -> &Path {
    match place.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// The directory for a file that is its owner's own; made if it is not there.
pub(crate) fn make_directory(place: &Path) -> io::Result<()> {
    let directory = directory(place);
    if directory.exists() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// The permission bits of a file that others can read. Asked of the open file, so that nobody can exchange it in between.
#[cfg(unix)]
pub(crate) fn exposed(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::MetadataExt as _;
    let mode = file.metadata()?.mode() & 0o777;
    Ok((mode & 0o077 != 0).then_some(mode))
}

/// Elsewhere the directory of a user's own state is private as the system makes it.
#[cfg(not(unix))]
pub(crate) fn exposed(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

/// A new file that its owner alone may read; never one that is there already.
pub(crate) fn create(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private_options().open(place)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        let _ = fs::remove_file(place);
        return written;
    }
    // That its name is on the disk too; not every system lets a directory be asked.
    if let Ok(directory) = File::open(directory(place)) {
        let _ = directory.sync_all();
    }
    Ok(())
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
