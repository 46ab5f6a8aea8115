//! The web pages (clients/web), built: the client for scripts and the verifiers that they carry first, then the pages
//! themselves. What is missing for it is said, and is no failure: who has no Node can do everything else.

use crate::{
    children::{Running, Stop},
    test::missing,
    verifier, workspace,
};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The folder for `PAGES_DIR`, or what is missing to build it. The first time takes minutes: two verifiers are compiled.
pub(crate) fn build(stop: &Stop) -> anyhow::Result<Result<PathBuf, String>> {
    let clients = workspace::root().join("clients");
    let (library, pages) = (clients.join("typescript"), clients.join("web"));
    if !pages.join("build.mjs").exists() {
        return Ok(Err("clients/web/build.mjs is not there".to_owned()));
    }
    if let Some(missing) = missing("npm") {
        return Ok(Err(missing));
    }
    let verifiers = match verifier::for_node(stop)? {
        Ok((folder, _)) => folder,
        Err(missing) => return Ok(Err(missing)),
    };
    for package in [&library, &pages] {
        if !installed(package, stop)? {
            return Ok(Err("npm ci failed, see above; it needs the network once".to_owned()));
        }
        let mut command = Command::new("node");
        command.arg("build.mjs").current_dir(package).envs([
            ("PERFAGG_VERIFIER_WASM", verifiers.join("verifier.wasm")),
            ("PERFAGG_VERIFIER_DCAP_WASM", verifiers.join("verifier-dcap.wasm")),
        ]);
        if !quietly("node", &mut command, stop)? {
            bail!("{} could not be built: see above", workspace::shown(package));
        }
    }
    Ok(Ok(pages.join("dist")))
}

/// Installs what a package's lockfile names, once for each lockfile.
fn installed(package: &Path, stop: &Stop) -> anyhow::Result<bool> {
    let modules = package.join("node_modules");
    let wanted = fs::read_to_string(package.join("package-lock.json")).context("package-lock.json")?;
    let stamp = modules.join("installed-by-xtask.txt");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(true);
    }
    eprintln!("installing what {} needs", workspace::shown(package));
    let mut command = Command::new("npm");
    command.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(package);
    if !quietly("npm", &mut command, stop)? {
        return Ok(false);
    }
    fs::create_dir_all(&modules).and_then(|()| fs::write(&stamp, wanted)).context("the stamp of npm ci")?;
    Ok(true)
}

/// Runs a program to its end; its words go where cargo's go.
fn quietly(name: &'static str, command: &mut Command, stop: &Stop) -> anyhow::Result<bool> {
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    Ok(Running::start(name, command)?.wait(|| stop.check())?.success())
}
