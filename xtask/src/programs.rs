//! Builds with cargo, and finds what was built wherever the user's cargo puts it.

use crate::{
    children::{Running, Stop},
    room, workspace,
};
use anyhow::Context as _;
use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

/// The four programs.
pub(crate) const NAMES: [&str; 4] =
    ["perf-aggregator-enclave", "perf-aggregator-main", "perf-aggregator-simulator", "perfagg"];

/// Something that cargo made and that can be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Executable {
    /// Of the target: `journey`, `perfagg`.
    pub(crate) name: String,
    /// `bin`, `lib`, `test`.
    pub(crate) kind: String,
    /// Whether it is a test harness.
    pub(crate) is_test: bool,
    /// The directory of its package.
    pub(crate) package: PathBuf,
    pub(crate) path: PathBuf,
}

/// What cargo made, and whether all went well.
pub(crate) struct Built {
    pub(crate) executables: Vec<Executable>,
    pub(crate) success: bool,
}

impl Built {
    /// The program of that name.
    pub(crate) fn program(&self, name: &str) -> anyhow::Result<&Path> {
        let found = self.executables.iter().find(|made| !made.is_test && made.name == name);
        Ok(&found.with_context(|| format!("cargo did not build {name}: see its messages above"))?.path)
    }

    /// The test binaries, package by package.
    pub(crate) fn tests(&self) -> Vec<&Executable> {
        let mut tests: Vec<_> = self.executables.iter().filter(|made| made.is_test).collect();
        tests.sort_by_key(|test| (&test.package, &test.kind, &test.name));
        tests
    }
}

/// Builds, as `cargo` is asked to.
pub(crate) fn build(arguments: &[&str], stop: &Stop) -> anyhow::Result<Built> {
    run(workspace::cargo(arguments).arg("--locked"), stop)
}

/// Runs a cargo that builds, and whose messages for people go to stderr.
pub(crate) fn run(command: &mut Command, stop: &Stop) -> anyhow::Result<Built> {
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
    let mut cargo = Running::start("cargo", command)?;
    let stdout = BufReader::new(cargo.stdout().context("a pipe")?);
    let (sender, made) = mpsc::channel();
    thread::spawn(move || {
        for executable in stdout.lines().map_while(Result::ok).filter_map(|line| executable(&line)) {
            let _ = sender.send(executable);
        }
    });
    let status = cargo.wait(|| stop.check())?;
    if !status.success()
        && let Some(why) = room::why_it_failed()
    {
        eprintln!("note: {why}");
    }
    Ok(Built { executables: made.iter().collect(), success: status.success() })
}

/// The four programs, the enclave with its development evidence. One small test is built along, so that cargo takes
/// the dependencies with the features that tests need, and `demo` and `test` share every one of them.
pub(crate) fn build_development(stop: &Stop) -> anyhow::Result<Built> {
    build(&["build", "--workspace", "--bins", "--test", "ccxt", "--features", "enclave/development"], stop)
}

/// What a line of cargo's JSON tells of an executable.
fn executable(line: &str) -> Option<Executable> {
    let message: Value = serde_json::from_str(line).ok()?;
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    // A library for wasm is run too, and cargo names no executable of it.
    let library = || text("/filenames/0").filter(|file| file.ends_with(".wasm"));
    Some(Executable {
        path: text("/executable").or_else(library)?.into(),
        name: text("/target/name")?.to_owned(),
        kind: text("/target/kind/0")?.to_owned(),
        is_test: message.pointer("/profile/test")?.as_bool()?,
        package: Path::new(text("/manifest_path")?).parent()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executables_are_found_in_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","manifest_path":"/w/gateway/Cargo.toml","target":{"kind":["bin"],"name":"perf-aggregator-main"},"profile":{"test":true},"executable":"/t/debug/deps/x"}"#;
        let expected = Executable {
            name: "perf-aggregator-main".to_owned(),
            kind: "bin".to_owned(),
            is_test: true,
            package: "/w/gateway".into(),
            path: "/t/debug/deps/x".into(),
        };
        assert_eq!(executable(line), Some(expected));
        assert_eq!(executable(&line.replace("\"/t/debug/deps/x\"", "null")), None);
        assert_eq!(executable("warning: something"), None);
        let library = line.replace("\"executable\":\"/t/debug/deps/x\"", "\"filenames\":[\"/t/x.wasm\"]");
        assert_eq!(executable(&library).unwrap().path, Path::new("/t/x.wasm"));
    }
}
