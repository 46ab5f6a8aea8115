//! The web pages (clients/web), built: the client for scripts and the verifiers that they carry first, then the pages
//! themselves. What is missing for it is said, and is no failure: who has no Node can do everything else.

use crate::{
    children::{Running, Stop},
    installed::{self, There},
    verifier, workspace,
};
use anyhow::bail;
use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

/// The folder for `PAGES_DIR`, or what is missing to build it. The first time takes minutes: two verifiers are compiled.
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
        if !quietly("node", &mut command, stop)? {
            bail!("{} could not be built: see above", workspace::shown(package));
        }
    }
    Ok(Ok(pages.join("dist")))
}

/// Runs a program to its end; its words go where cargo's go.
fn quietly(name: &'static str, command: &mut Command, stop: &Stop) -> anyhow::Result<bool> {
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    Ok(Running::start(name, command)?.wait(|| stop.check())?.success())
}
