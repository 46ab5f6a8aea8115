//! What runs in Node: the scripts that make our vectors, and ccxt, a client that knows nothing of us.

use crate::{
    children::{Running, Stop},
    report::Checked,
    workspace,
};
use anyhow::{Context as _, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Folders of vectors that have the script that made them.
pub(crate) fn made_vectors() -> anyhow::Result<Vec<String>> {
    let scripts = workspace::files(&workspace::root().join("vectors"), &["mjs"])?;
    let made =
        scripts.iter().filter(|script| script.ends_with("make.mjs")).filter_map(|script| script.parent());
    Ok(made.map(workspace::shown).collect())
}

/// Makes the vectors of a folder again and compares.
pub(crate) fn compare(folder: &str) -> anyhow::Result<Checked> {
    if let Some(missing) = missing("node") {
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
pub(crate) fn ccxt(stop: &Stop) -> anyhow::Result<Result<PathBuf, String>> {
    let source = workspace::root().join("simulator/tests/ccxt");
    let target = workspace::target()?.join("ccxt");
    if !source.join("package.json").exists() {
        return Ok(Err("simulator/tests/ccxt/package.json is not there".to_owned()));
    }
    if let Some(missing) = missing("node").or_else(|| missing("npm")) {
        return Ok(Err(missing));
    }
    // The stamp is what was installed.
    let stamp = target.join("installed.txt");
    let mut wanted = String::new();
    fs::create_dir_all(&target).with_context(|| format!("cannot make {}", target.display()))?;
    for name in ["package.json", "package-lock.json"] {
        if let Ok(text) = fs::read_to_string(source.join(name)) {
            fs::write(target.join(name), &text)
                .with_context(|| format!("cannot write into {}", target.display()))?;
            wanted.push_str(&text);
        }
    }
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(Ok(target));
    }
    eprintln!("installing ccxt into {}", workspace::shown(&target));
    if install(&target, stop)? {
        fs::write(&stamp, wanted).context("the stamp of ccxt")?;
        return Ok(Ok(target));
    }
    Ok(Err("npm install failed, see above; it needs the network once".to_owned()))
}

fn install(target: &Path, stop: &Stop) -> anyhow::Result<bool> {
    let verb = if target.join("package-lock.json").exists() { "ci" } else { "install" };
    let mut command = Command::new("npm");
    command.args([verb, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
    // npm's own words go where cargo's go.
    command.current_dir(target).stdin(Stdio::null()).stdout(std::io::stderr());
    let mut npm = Running::start("npm", &mut command)?;
    Ok(npm.wait(|| stop.check())?.success())
}

/// What to say when Node is not there.
pub(crate) fn missing(program: &str) -> Option<String> {
    (!workspace::is_there(program)).then(|| {
        format!("{program} is missing: install Node 20 or later, from nodejs.org or your system's packages")
    })
}
