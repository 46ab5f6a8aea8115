//! Builds for `wasm32-unknown-unknown`, and whether the ledger gives the same digest there.
//!
//! The target comes with rustup where rustup may download. Where it may not, Debian's packages of a compiler and the
//! source of its library serve: they are unpacked under `target/`, never installed, and std is built from them once.

use crate::{
    children::{Stop, succeeds},
    programs::{self, Built, Executable},
    report::Checked,
    workspace,
};
use anyhow::{Context as _, bail};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "wasm32-unknown-unknown";
/// What Debian calls a current compiler, the source of its library, and its library for build scripts.
const PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "libstd-rust-web-dev"];
/// What these need, and is of a version that only they know: the compiler's own libraries.
const NEEDED: [&str; 2] = ["libstd-rust-web-", "libllvm"];

/// Builds a package, as `cargo` is asked to; the wasm file, or why there is none.
pub(crate) fn build(package: &str, how: &[&str], stop: &Stop) -> anyhow::Result<Result<PathBuf, String>> {
    let mut command = workspace::cargo(how);
    command.args(["--locked", "--target", TARGET, "-p", package, "--config", &nameless()]);
    if !rustup_has_it(stop)? {
        match debian(stop)? {
            Ok(debian) => debian.compiles(&mut command)?,
            Err(missing) => return Ok(Err(missing)),
        }
    }
    let built = programs::run(&mut command, stop)?;
    // A dependency may be a file of its own as well, and is not what was asked for.
    let ours = |made: &Executable| {
        made.name.replace('_', "-") == package && made.path.extension().is_some_and(|it| it == "wasm")
    };
    let made = built.executables.into_iter().find(ours);
    match made {
        Some(made) if built.success => Ok(Ok(made.path)),
        _ => bail!("{package} does not compile for {TARGET}: see cargo's messages above"),
    }
}

/// What panics name is where a source lies. Nobody's directories belong in a file that others download, and with them it
/// would be another file on each machine.
fn nameless() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "where cargo keeps sources is told by the environment alone"
    )]
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(std::env::home_dir()?.join(".cargo"))).unwrap_or_default();
    let flags = [(workspace::root(), "perf-aggregator"), (&*cargo, "cargo")]
        .map(|(place, name)| format!("{:?}", format!("--remap-path-prefix={}={name}", place.display())));
    format!("target.{TARGET}.rustflags=[{}]", flags.join(","))
}

/// Whether both builds of the ledger give the same digest.
pub(crate) fn same_digest(native: &Built, stop: &Stop) -> anyhow::Result<Checked> {
    let native = workspace::output(&mut Command::new(native.program("ledger-digest")?))?;
    let parts: Vec<(&str, &str)> = native.lines().filter_map(|line| line.split_once(' ')).collect();
    let expected: String = parts.iter().map(|(digest, _)| *digest).collect();
    if let Some(missing) = crate::installed::node_is_missing("node") {
        return Ok(Checked::Skipped(missing));
    }
    let wasm = match build("ledger-digest", &["build", "--release"], stop)? {
        Ok(wasm) => wasm,
        Err(missing) => return Ok(Checked::Skipped(missing)),
    };
    let mut node = Command::new("node");
    node.arg(workspace::root().join("xtask/digest/run.mjs")).arg(wasm);
    let found = workspace::output(node.arg((expected.len() / 2).to_string()))?;
    let found = found.trim_end();
    match differing(&parts, found) {
        None if !parts.is_empty() => Ok(Checked::Good(format!("{} parts", parts.len()))),
        None => bail!("the native build prints no digest"),
        Some(part) => bail!("they differ first in {part}: native {expected}, wasm {found}"),
    }
}

/// The first part that is not the same.
fn differing<'a>(parts: &[(&str, &'a str)], mut found: &str) -> Option<&'a str> {
    for (digest, name) in parts {
        match found.strip_prefix(digest) {
            Some(rest) => found = rest,
            None => return Some(name),
        }
    }
    (!found.is_empty()).then_some("its length")
}

/// Whether rustup's compiler knows the target, now or after it was asked to fetch it.
fn rustup_has_it(stop: &Stop) -> anyhow::Result<bool> {
    let known = sysroot()?.join("lib/rustlib").join(TARGET).join("lib");
    if known.is_dir() {
        return Ok(true);
    }
    // What stands under target/ already need not be asked for again.
    if stamp()?.exists() {
        return Ok(false);
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "0").current_dir(workspace::root());
    Ok(succeeds("rustup", &mut rustup, stop)? && known.is_dir())
}

/// Of the compiler that the workspace uses.
fn sysroot() -> anyhow::Result<PathBuf> {
    let printed =
        workspace::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(workspace::root()))?;
    Ok(printed.trim_end().into())
}

/// Debian's compiler, unpacked.
struct Debian {
    usr: PathBuf,
}

impl Debian {
    /// Lets a `cargo build` use it. Our own cargo drives it, and our own linker links.
    fn compiles(&self, command: &mut Command) -> anyhow::Result<()> {
        let programs = sysroot()?.join("lib/rustlib").join(host()?).join("bin");
        command.args(["-Z", "build-std=std,panic_abort", "--target-dir"]).arg(folder()?.join("target"));
        command.envs([
            ("RUSTC", self.usr.join("bin/rustc")),
            ("LD_LIBRARY_PATH", libraries(&self.usr)?),
            ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", programs.join("rust-lld")),
        ]);
        // What building std takes, of a compiler that is no nightly.
        command.env("RUSTC_BOOTSTRAP", "1");
        Ok(())
    }
}

/// Unpacks Debian's compiler, once; or what is missing for it.
fn debian(stop: &Stop) -> anyhow::Result<Result<Debian, String>> {
    let (root, stamp) = (folder()?.join("root"), stamp()?);
    let debian = Debian { usr: root.join("usr") };
    if stamp.exists() {
        return Ok(Ok(debian));
    }
    let missing = |why: &str| Ok(Err(format!("{TARGET} is missing: rustup cannot fetch it, and {why}")));
    for program in ["apt-get", "dpkg-deb"] {
        if !workspace::is_there(program) {
            return missing(&format!("there is no {program}"));
        }
    }
    let packages = folder()?.join("packages");
    for folder in [&packages, &root] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    eprintln!("unpacking Debian's rustc into {}", workspace::shown(&root));
    // Only root may bring the lists up to date; they may be so already.
    succeeds("apt-get", Command::new("apt-get").args(["-qq", "update"]), stop)?;
    let mut wanted: Vec<String> = PACKAGES.map(str::to_owned).to_vec();
    let mut unpacked = Vec::new();
    while let Some(package) = wanted.pop() {
        if unpacked.contains(&package) {
            continue;
        }
        let mut download = Command::new("apt-get");
        download.args(["-qq", "-o", "APT::Sandbox::User=root", "download", &package]).current_dir(&packages);
        let file = match succeeds("apt-get", &mut download, stop)? {
            true => downloaded(&packages, &package)?,
            false => return missing(&format!("Debian's {package} cannot be fetched")),
        };
        let depends = workspace::output(Command::new("dpkg-deb").arg("--field").arg(&file).arg("Depends"))?;
        wanted.extend(needed(&depends));
        workspace::output(Command::new("dpkg-deb").arg("--extract").arg(&file).arg(&root))?;
        fs::remove_file(file).context("a package")?;
        unpacked.push(package);
        stop.check()?;
    }
    let mut asked = Command::new(debian.usr.join("bin/rustc"));
    workspace::output(asked.arg("--version").env("LD_LIBRARY_PATH", libraries(&debian.usr)?))
        .context("Debian's rustc does not run")?;
    fs::write(stamp, unpacked.join("\n")).context("the stamp of Debian's rustc")?;
    Ok(Ok(debian))
}

/// Of the packages that one depends on, those that we unpack too.
fn needed(depends: &str) -> Vec<String> {
    let names = depends.split(',').filter_map(|dependency| dependency.split_whitespace().next());
    let ours = |name: &&str| NEEDED.iter().any(|prefix| name.starts_with(prefix));
    names.filter(ours).map(str::to_owned).collect()
}

/// `NAME_VERSION_ARCHITECTURE.deb`.
fn downloaded(packages: &Path, package: &str) -> anyhow::Result<PathBuf> {
    let begins = format!("{package}_");
    let mut entries =
        fs::read_dir(packages)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&begins)));
    entries.pop().with_context(|| format!("apt-get says that it fetched {package}, and it is not there"))
}

/// Where Debian keeps libraries of this machine's kind: `usr/lib/x86_64-linux-gnu`.
fn libraries(usr: &Path) -> anyhow::Result<PathBuf> {
    let host = host()?;
    let kind = host.replace("-unknown", "");
    Ok(usr.join("lib").join(kind))
}

/// `x86_64-unknown-linux-gnu`.
fn host() -> anyhow::Result<String> {
    let said = workspace::output(Command::new("rustc").arg("-vV").current_dir(workspace::root()))?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc tells no host")?.to_owned())
}

fn folder() -> anyhow::Result<PathBuf> {
    Ok(workspace::target()?.join("wasm"))
}

/// Stands when everything is unpacked, and says what.
fn stamp() -> anyhow::Result<PathBuf> {
    Ok(folder()?.join("unpacked.txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_part_that_differs_is_named() {
        let parts = [("00ff", "fills"), ("1234", "returns")];
        assert_eq!(differing(&parts, "00ff1234"), None);
        assert_eq!(differing(&parts, "00ff1235"), Some("returns"));
        assert_eq!(differing(&parts, "00"), Some("fills"));
        assert_eq!(differing(&parts, "00ff123400"), Some("its length"));
    }

    #[test]
    fn of_what_a_package_depends_on_only_the_compilers_own_libraries_are_unpacked() {
        let depends = "libc6 (>= 2.36), libllvm22 (>= 1:22.1.0), libstd-rust-web-1.96 (= 1.96.0), gcc";
        assert_eq!(needed(depends), ["libllvm22", "libstd-rust-web-1.96"]);
    }
}
