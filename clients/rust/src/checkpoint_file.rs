//! Where the last checkpoints that were seen are kept between calls: one small file beside the sessions, so that a new session
//! of the same account remembers what an old one saw. Without it an older store is noticed within a session only.

use crate::{checkpoint::Checkpoints, private_file};
use core::fmt;
use serde::{Deserialize, Serialize};
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

const VERSION: u8 = 1;
/// Each of the few hundred that are kept takes some two hundred bytes.
const BYTES_MAX: u64 = 1024 * 1024;

/// Why the file cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointFileError {
    /// It is not one of this version.
    Malformed,
    /// It cannot be read.
    Read(io::ErrorKind),
    /// It cannot be written.
    Write(io::ErrorKind),
}

impl fmt::Display for CheckpointFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it is not one of this version"),
            Self::Read(kind) => write!(f, "it cannot be read: {kind}"),
            Self::Write(kind) => write!(f, "it cannot be written: {kind}"),
        }
    }
}

impl std::error::Error for CheckpointFileError {}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    checkpoints: Checkpoints,
}

/// Where it is: beside the session.
pub fn beside(session_file: &Path) -> PathBuf {
    private_file::directory(session_file).join("checkpoints.json")
}

/// What is remembered; nothing if there is no file.
///
/// # Errors
/// If there is one that cannot be used.
pub fn read(path: &Path) -> Result<Checkpoints, CheckpointFileError> {
    let mut text = Vec::new();
    let outcome = File::open(path).and_then(|file| file.take(BYTES_MAX).read_to_end(&mut text));
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Checkpoints::default()),
        Err(error) => return Err(CheckpointFileError::Read(error.kind())),
        Ok(_) => {}
    }
    match serde_json::from_slice(&text) {
        Ok(Kept { v: VERSION, checkpoints }) => Ok(checkpoints),
        _ => Err(CheckpointFileError::Malformed),
    }
}

/// Writes it whole: readers see the old file or the new one.
///
/// # Errors
/// If it could not be written; then the old one stands.
pub fn write(path: &Path, checkpoints: Checkpoints) -> Result<(), CheckpointFileError> {
    // Numbers and texts always serialise.
    let mut text = serde_json::to_vec(&Kept { v: VERSION, checkpoints }).unwrap_or_default();
    text.push(b'\n');
    private_file::make_directory(path)
        .and_then(|()| private_file::Draft::beside(path))
        .and_then(|draft| draft.save(&text))
        .map_err(|error| CheckpointFileError::Write(error.kind()))
}
