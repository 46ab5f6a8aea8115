//! Where a holder's key is kept: one file, readable by its owner alone, never written over. Without it a record can be
//! neither read nor erased, and nobody else has a copy.

use crate::{holder::HolderKey, private_file};
use core::fmt;
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A key is some hundred characters.
const BYTES_MAX: u64 = 4096;

/// Why a holder's key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HolderFileError {
    /// There is none.
    Missing,
    /// Others can read it: these permission bits.
    Exposed(u32),
    /// It is not the file of a holder's key, or not whole.
    Malformed,
    /// It is another key than the one that is needed.
    Other,
    /// There is one already.
    Exists,
    /// It cannot be read.
    Read(io::ErrorKind),
    /// It cannot be written.
    Write(io::ErrorKind),
}

impl HolderFileError {
    /// Its stable name.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Missing => "HOLDER_KEY_MISSING",
            Self::Exposed(_) => "HOLDER_KEY_EXPOSED",
            Self::Malformed => "HOLDER_KEY_MALFORMED",
            Self::Other => "HOLDER_KEY_OTHER",
            Self::Exists => "HOLDER_KEY_EXISTS",
            Self::Read(_) => "HOLDER_KEY_UNREADABLE",
            Self::Write(_) => "HOLDER_KEY_UNWRITABLE",
        }
    }
}

impl fmt::Display for HolderFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("the holder's key is not there"),
            Self::Exposed(mode) => write!(f, "others can read the holder's key (its mode is {mode:03o})"),
            Self::Malformed => f.write_str("this is no holder's key, or not a whole one"),
            Self::Other => f.write_str("this is another holder's key than the one that is needed"),
            Self::Exists => f.write_str("there is a file already, and a holder's key is never written over"),
            Self::Read(kind) => write!(f, "the holder's key cannot be read: {kind}"),
            Self::Write(kind) => write!(f, "the holder's key cannot be written: {kind}"),
        }
    }
}

impl std::error::Error for HolderFileError {}

/// The key in the file at `path`.
///
/// # Errors
/// If there is none that may be used.
pub fn read(path: &Path) -> Result<HolderKey, HolderFileError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => HolderFileError::Missing,
        kind => HolderFileError::Read(kind),
    };
    let file = File::open(path).map_err(unreadable)?;
    if let Some(mode) = private_file::exposed(&file).map_err(unreadable)? {
        return Err(HolderFileError::Exposed(mode));
    }
    let mut text = Zeroizing::new(String::with_capacity(4096));
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => HolderFileError::Malformed,
        kind => HolderFileError::Read(kind),
    })?;
    HolderKey::import(&text).ok_or(HolderFileError::Malformed)
}

/// Writes a key into a new file at `path`.
///
/// # Errors
/// If there is one already, or it cannot be written.
pub fn create(path: &Path, key: &HolderKey) -> Result<(), HolderFileError> {
    // In one piece: what grows leaves a copy behind.
    let text = Zeroizing::new([key.export().as_str(), "\n"].concat());
    let written =
        private_file::make_directory(path).and_then(|()| private_file::create(path, text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => HolderFileError::Exists,
        kind => HolderFileError::Write(kind),
    })
}

/// Where a key is kept if nothing else is said: beside the session.
pub fn beside(session_file: &Path) -> PathBuf {
    private_file::directory(session_file).join("holder.key")
}
