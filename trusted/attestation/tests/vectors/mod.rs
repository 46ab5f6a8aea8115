//! Where vectors are: this repository's own, and the shared ones that `PERFAGG_VECTORS` names.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::PathBuf;

/// A folder of the shared vectors, or nothing and a line that says so.
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let vectors = std::env::var_os("PERFAGG_VECTORS");
    if vectors.is_none() {
        println!("skipped: PERFAGG_VECTORS is not set, {folder} is not read");
    }
    vectors.map(|vectors| PathBuf::from(vectors).join(folder))
}

/// A folder of this repository's vectors.
pub(crate) fn own(folder: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")).join(folder)
}

/// The folders in a folder of the shared vectors, by name; none where there are no shared vectors.
pub(crate) fn shared_folders(folder: &str) -> Vec<PathBuf> {
    let Some(folder) = shared(folder) else { return Vec::new() };
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}
