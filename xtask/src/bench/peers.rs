//! The other libraries: their Python, in a directory of their own under `target/`, made once for each list of versions.

use crate::{
    children::{Running, Stop},
    workspace,
};
use anyhow::Context as _;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Measures them, on what our own bench wrote.
pub(super) const SCRIPT: &str = "xtask/bench/peers.py";
/// What is installed for it.
const REQUIREMENTS: &str = "xtask/bench/requirements.txt";
/// As the script names them when one does not work.
pub(super) const NAMES: [&str; 4] = ["vectorbt", "accfifo", "quantstats", "empyrical"];

/// A Python that has them; or what is missing for it.
pub(super) fn python(directory: &Path, stop: &Stop) -> anyhow::Result<Result<PathBuf, String>> {
    let venv = directory.join("venv");
    let python = venv.join("bin/python");
    let wanted = fs::read_to_string(workspace::root().join(REQUIREMENTS)).context(REQUIREMENTS)?;
    // The stamp is what was installed.
    let stamp = directory.join("installed.txt");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Ok(python));
    }
    if !workspace::is_there("python3") {
        return Ok(Err("python3 is missing: install Python 3.11 or later".to_owned()));
    }
    eprintln!("installing the other libraries into {}", workspace::shown(&venv));
    let mut make = Command::new("python3");
    if !succeeds("python3", make.args(["-m", "venv", "--clear"]).arg(&venv), stop)? {
        return Ok(Err("python3 cannot make a venv: install python3-venv".to_owned()));
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary"]);
    pip.arg("--requirement").arg(workspace::root().join(REQUIREMENTS));
    if !succeeds("pip", &mut pip, stop)? {
        return Ok(Err("pip install failed, see above; it needs the network once".to_owned()));
    }
    fs::write(&stamp, wanted).context("the stamp of the other libraries")?;
    Ok(Ok(python))
}

fn succeeds(name: &'static str, command: &mut Command, stop: &Stop) -> anyhow::Result<bool> {
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    Ok(Running::start(name, command)?.wait(|| stop.check())?.success())
}
