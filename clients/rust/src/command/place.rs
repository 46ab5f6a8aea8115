//! Where a result is kept: asked before anything is fetched, written whole or not at all.

use crate::complaint::Complaint;
use perfagg::private_file::Draft;
use std::{io, path::Path};

/// A file that waits for its bytes.
pub(super) struct Place<'a> {
    path: &'a Path,
    force: bool,
    option: &'static str,
    draft: Draft,
}

impl<'a> Place<'a> {
    /// At this path, which the option named; what cannot be written is not asked for.
    pub(super) fn new(path: &'a Path, force: bool, option: &'static str) -> Result<Self, Complaint> {
        free(path, force)?;
        let draft = Draft::beside(path).map_err(|error| unwritable(path, option, &error))?;
        Ok(Self { path, force, option, draft })
    }

    /// Writes it.
    pub(super) fn fill(self, bytes: &[u8]) -> Result<(), Complaint> {
        let Self { path, force, option, draft } = self;
        // Somebody else may have been quicker.
        free(path, force)?;
        draft.save(bytes).map_err(|error| unwritable(path, option, &error))
    }
}

fn free(path: &Path, force: bool) -> Result<(), Complaint> {
    if force || !path.exists() {
        return Ok(());
    }
    let title = format!("{} is there already", path.display());
    Err(Complaint::usage(&title, "Name another file, or write over this one with --force."))
}

fn unwritable(path: &Path, option: &str, error: &io::Error) -> Complaint {
    let title = format!("{} cannot be written: {}", path.display(), error.kind());
    Complaint::usage(&title, &format!("Check its directory, or name another place with {option} FILE."))
}
