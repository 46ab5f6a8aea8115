//! The web pages (clients/web), built: the client for scripts and the verifiers that they carry first, then the pages
//! themselves. What is missing for it is said, and is no failure: who has no Node can do everything else.

use crate::{
    children::{Stop, succeeds},
    installed::{self, There},
    verifier, workspace,
};
use anyhow::bail;
use std::{path::PathBuf, process::Command};

/// The folder for `PAGES_DIR`, or what is missing to build it. The first time takes minutes: the verifiers are compiled.
pub(crate) fn build(stop: &Stop) -> There<PathBuf> {
    let clients = workspace::root().join("clients");
    let (library, pages) = (clients.join("typescript"), clients.join("web"));
    let verifiers = match verifier::for_node(stop)? {
        Ok((folder, _)) => folder,
        Err(missing) => return Ok(Err(missing)),
    };
    for package in [&library, &pages] {
        if let Err(missing) = installed::npm(package, stop)? {
            return Ok(Err(missing));
        }
        let mut command = Command::new("node");
        command.arg("build.mjs").current_dir(package).env(verifier::VARIABLE, &verifiers);
        if !succeeds("node", &mut command, stop)? {
            bail!("{} could not be built: see above", workspace::shown(package));
        }
    }
    Ok(Ok(pages.join("dist")))
}
