//! What runs in Node: the scripts that make our vectors, and ccxt, a client that knows nothing of us.

use crate::{
    children::Stop,
    installed::{self, There, node_is_missing},
    report::Checked,
    workspace,
};
use anyhow::{Context as _, bail};
use std::{fs, path::PathBuf, process::Command};

/// Folders of vectors that have the script that made them.
pub(crate) fn made_vectors() -> anyhow::Result<Vec<String>> {
    let scripts = workspace::files(&workspace::root().join("vectors"), &["mjs"])?;
    let made =
        scripts.iter().filter(|script| script.ends_with("make.mjs")).filter_map(|script| script.parent());
    Ok(made.map(workspace::shown).collect())
}

/// Makes the vectors of a folder again and compares.
pub(crate) fn compare(folder: &str) -> anyhow::Result<Checked> {
    if let Some(missing) = node_is_missing("node") {
        return Ok(Checked::Skipped(missing));
    }
    let folder = workspace::root().join(folder);
    let made = workspace::output(Command::new("node").arg("make.mjs").current_dir(&folder))?;
    let kept = fs::read_to_string(folder.join("cases.json")).context("cases.json")?;
    if made == kept {
        return Ok(Checked::good());
    }
    bail!("cases.json is not what make.mjs makes: node make.mjs > cases.json, and look at the difference")
}

/// The directory in which ccxt is installed, once; or what is missing for it.
pub(crate) fn ccxt(stop: &Stop) -> There<PathBuf> {
    installed::npm_of("simulator/tests/ccxt", "ccxt", stop)
}
