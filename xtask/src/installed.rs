//! What others make and tests or pages need: packages of npm and Python, in directories of their own, and a browser.
//! Installed once; a stamp says what was installed. What is missing for it is told in a line.

use crate::{
    children::{Stop, succeeds},
    workspace,
};
use anyhow::Context as _;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// What is there, or what is missing for it.
pub(crate) type There<T> = anyhow::Result<Result<T, String>>;

/// Browsers of Chromium's family, as they are called.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// What to say when Node or npm is not there.
pub(crate) fn node_is_missing(program: &str) -> Option<String> {
    (!workspace::is_there(program)).then(|| {
        format!("{program} is missing: install Node 20 or later, from nodejs.org or your system's packages")
    })
}

/// The packages that the lockfile of a directory names, in its `node_modules`.
pub(crate) fn npm(directory: &Path, stop: &Stop) -> There<()> {
    if let Some(missing) = node_is_missing("node").or_else(|| node_is_missing("npm")) {
        return Ok(Err(missing));
    }
    let lockfile = directory.join("package-lock.json");
    let wanted = fs::read_to_string(&lockfile).with_context(|| lockfile.display().to_string())?;
    let stamp = directory.join("node_modules/.installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Ok(()));
    }
    eprintln!("installing the packages of {}", workspace::shown(directory));
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    if !succeeds("npm", npm.current_dir(directory), stop)? {
        return Ok(Err("npm ci failed, see above; it needs the network once".to_owned()));
    }
    fs::write(&stamp, wanted).context("the stamp of what npm installed")?;
    Ok(Ok(()))
}

/// The same of a folder of ours, in a directory of its own under `target/`.
pub(crate) fn npm_of(folder: &str, name: &str, stop: &Stop) -> There<PathBuf> {
    let (source, target) = (workspace::root().join(folder), workspace::target()?.join(name));
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    for name in ["package.json", "package-lock.json"] {
        fs::copy(source.join(name), target.join(name))
            .with_context(|| format!("cannot write into {}", target.display()))?;
    }
    Ok(npm(&target, stop)?.map(|()| target))
}

/// A Python that has what the file of requirements names.
pub(crate) fn python(directory: &Path, requirements: &Path, stop: &Stop) -> There<PathBuf> {
    let venv = directory.join("venv");
    let python = venv.join("bin/python");
    let wanted = fs::read_to_string(requirements).with_context(|| requirements.display().to_string())?;
    let stamp = directory.join("installed.txt");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Ok(python));
    }
    if !workspace::is_there("python3") {
        return Ok(Err("python3 is missing: install Python 3.11 or later".to_owned()));
    }
    eprintln!("installing Python's packages of {}", workspace::shown(requirements));
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let mut make = Command::new("python3");
    if !succeeds("python3", make.args(["-m", "venv", "--clear"]).arg(&venv), stop)? {
        return Ok(Err("python3 cannot make a venv: install python3-venv".to_owned()));
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--prefer-binary"]);
    if !succeeds("pip", pip.arg("--requirement").arg(requirements), stop)? {
        return Ok(Err("pip install failed, see above; it needs the network once".to_owned()));
    }
    fs::write(&stamp, wanted).context("the stamp of what pip installed")?;
    Ok(Ok(python))
}

/// A browser. Where there is none, the superuser of a Debian gets its package.
pub(crate) fn chromium(stop: &Stop) -> There<PathBuf> {
    let found = || BROWSERS.iter().find_map(|name| on_path(name));
    if let Some(browser) = found() {
        return Ok(Ok(browser));
    }
    if let Err(missing) = apt("chromium", stop)? {
        return Ok(Err(format!("no Chromium: {missing}")));
    }
    Ok(found().ok_or_else(|| "apt-get installed no chromium".to_owned()))
}

/// A package of a Debian, for its superuser.
pub(crate) fn apt(package: &str, stop: &Stop) -> There<()> {
    let root = workspace::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root || on_path("apt-get").is_none() {
        return Ok(Err("install it from your system's packages".to_owned()));
    }
    eprintln!("installing {package}");
    for arguments in
        [&["update", "-qq"][..], &["install", "-qq", "--yes", "--no-install-recommends", package]]
    {
        let mut apt = Command::new("apt-get");
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        // A list that is not refreshed may still do.
        if !succeeds("apt-get", &mut apt, stop)? && arguments.contains(&"install") {
            return Ok(Err(format!("apt-get cannot install {package}, see above")));
        }
    }
    Ok(Ok(()))
}

/// A program that can be run by its name alone.
#[expect(clippy::disallowed_methods, reason = "where programs are is nobody's setting of ours")]
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}
