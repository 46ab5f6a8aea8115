//! The other libraries: their Python, in a directory of their own under `target/`, made once for each list of versions.

use crate::{
    children::Stop,
    installed::{self, There},
    workspace,
};
use std::path::{Path, PathBuf};

/// Measures them, on what our own bench wrote.
pub(super) const SCRIPT: &str = "xtask/bench/peers.py";
/// What is installed for it.
const REQUIREMENTS: &str = "xtask/bench/requirements.txt";
/// As the script names them when one does not work.
pub(super) const NAMES: [&str; 4] = ["vectorbt", "accfifo", "quantstats", "empyrical"];

/// A Python that has them; or what is missing for it.
pub(super) fn python(directory: &Path, stop: &Stop) -> There<PathBuf> {
    installed::python(directory, &workspace::root().join(REQUIREMENTS), stop)
}
