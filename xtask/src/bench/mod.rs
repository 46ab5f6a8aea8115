//! `cargo xtask bench`: our benches, or one of them, and other libraries in one run, beside what was asked for. It writes a table to
//! standard output and judges nothing: a loaded machine is no failure.
//!
//! A bench says what it measured in lines `figure NAME NUMBER UNIT`; what else it prints is for people. Every bench target
//! of the workspace is run, so that a new one needs no word here to be told, and a row in `table.rs` to be compared.

mod peers;
mod collect;
mod table;

use crate::{
    children::{Interrupted, Running, Stop},
    figures, postgres, programs,
    report::{Checked, say},
    wasm, workspace,
};
use anyhow::{Context as _, ensure};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, ExitCode, Stdio},
    sync::mpsc,
    thread,
};

/// The bench whose fills and returns the other libraries read.
const RACE: &str = "race";
/// The bench that starts PostgreSQL, if it is told where it is.
const SERVICE: &str = "service";

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only this bench of ours: `apply`, `returns`, `race`, `verify`, `service`, `collect`.
    name: Option<String>,
    /// Only ours: no Python and no Node, nothing is fetched.
    #[arg(long)]
    ours: bool,
}

/// What was measured, by name; and what was not, with why.
#[derive(Default)]
struct Measured {
    figures: BTreeMap<String, Figure>,
    skipped: BTreeMap<String, String>,
}

/// A number and its unit.
#[derive(Clone, Debug, PartialEq)]
struct Figure {
    number: f64,
    unit: String,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let stop = Stop::listen()?;
    match measure(options, &stop) {
        Err(error) if error.is::<Interrupted>() => {
            say("interrupted");
            Ok(ExitCode::from(130))
        }
        Err(error) => Err(error),
        Ok(measured) => {
            table::print(&measured, options.name.is_none());
            say(&format!("\nMeasured on {}{}.", figures::machine(), load()));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn measure(options: &Options, stop: &Stop) -> anyhow::Result<Measured> {
    let directory = workspace::target()?.join("bench");
    std::fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let mut measured = Measured::default();
    let is_wanted = |bench: &Bench| options.name.as_ref().is_none_or(|name| bench.name == *name);
    let benches: Vec<_> = benches()?.into_iter().filter(is_wanted).collect();
    ensure!(!benches.is_empty(), "there is no bench of that name");
    for Bench { package, name: bench, features } in benches {
        eprintln!("running {package}'s bench {bench}");
        let mut command = workspace::cargo(&["bench", "--quiet", "--locked", "-p", &package]);
        command.args(["--bench", &bench, "--features", &features]);
        if bench == RACE {
            command.arg("--").arg(&directory);
        }
        if bench == SERVICE
            && let Ok(programs) = postgres::programs(stop)?
        {
            command.env(postgres::VARIABLE, programs);
        }
        let missing = if bench == collect::BENCH {
            collect::prepare(&mut command, &directory, options.ours, stop)?
        } else {
            Vec::new()
        };
        if !read("cargo", &mut command, stop, &mut measured)? {
            measured.skipped.insert(bench, "it does not run: see cargo's messages above".to_owned());
        }
        missing.iter().for_each(|(name, why)| measured.skip(name, why));
    }
    if options.name.is_some() {
        return Ok(measured);
    }
    if options.ours {
        measured.skip_peers("only ours was asked for");
    } else {
        match peers::python(&directory, stop)? {
            Ok(python) => {
                eprintln!("running the other libraries");
                let mut command = Command::new(python);
                command.arg(workspace::root().join(peers::SCRIPT)).arg(&directory);
                if !read("python", &mut command, stop, &mut measured)? {
                    measured.skip_peers("their script fails: see its message above");
                }
            }
            Err(missing) => measured.skip_peers(&missing),
        }
    }
    let digest = wasm::same_digest(&programs::build(&["build", "-p", "ledger-digest"], stop)?, stop);
    stop.check()?;
    match digest {
        Ok(Checked::Good(_)) => measured.add(table::DIGESTS, 1.0, ""),
        Ok(Checked::Skipped(why)) => measured.skip(table::DIGESTS, &why),
        Err(error) => {
            eprintln!("{error:#}");
            measured.add(table::DIGESTS, 0.0, "");
        }
    }
    Ok(measured)
}

/// A bench of ours.
#[derive(Debug)]
struct Bench {
    package: String,
    name: String,
    /// What it cannot be built without, by commas.
    features: String,
}

/// Every bench of ours.
fn benches() -> anyhow::Result<Vec<Bench>> {
    let metadata = workspace::metadata()?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("cargo metadata")?;
    let mut found = Vec::new();
    for package in packages {
        for target in package.get("targets").and_then(Value::as_array).into_iter().flatten() {
            let name = |value: &Value| value.get("name").and_then(Value::as_str).map(str::to_owned);
            if let (Some("bench"), Some(package), Some(bench)) =
                (target.pointer("/kind/0").and_then(Value::as_str), name(package), name(target))
            {
                let features = target.get("required-features").and_then(Value::as_array);
                let features: Vec<_> = features.into_iter().flatten().filter_map(Value::as_str).collect();
                found.push(Bench { package, name: bench, features: features.join(",") });
            }
        }
    }
    Ok(found)
}

/// Runs something that measures, shows what it says as it says it, and keeps its figures; whether it succeeds.
fn read(
    name: &'static str,
    command: &mut Command,
    stop: &Stop,
    measured: &mut Measured,
) -> anyhow::Result<bool> {
    let mut running = Running::start(name, command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let stdout = BufReader::new(running.stdout().context("a pipe")?);
    let (sender, said) = mpsc::channel();
    thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            eprintln!("    {line}");
            let _ = sender.send(line);
        }
    });
    let status = running.wait(|| stop.check())?;
    said.iter().for_each(|line| measured.line(&line));
    Ok(status.success())
}

impl Measured {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["figure", name, number, ref unit @ ..] => {
                if let Ok(number) = number.parse() {
                    self.add(name, number, &unit.join(" "));
                }
            }
            ["skipped", name, ref why @ ..] => self.skip(name, &why.join(" ")),
            _ => {}
        }
    }

    fn add(&mut self, name: &str, number: f64, unit: &str) {
        self.figures.insert(name.to_owned(), Figure { number, unit: unit.to_owned() });
    }

    fn skip(&mut self, name: &str, why: &str) {
        self.skipped.insert(name.to_owned(), why.to_owned());
    }

    fn skip_peers(&mut self, why: &str) {
        for peer in peers::NAMES {
            self.skip(peer, why);
        }
    }
}

/// How busy the machine is: what was measured beside other work is told as such.
fn load() -> String {
    let load = std::fs::read_to_string(Path::new("/proc/loadavg")).unwrap_or_default();
    load.split(' ').next().filter(|load| !load.is_empty()).map_or_else(String::new, |load| {
        format!("; load over the last minute {load}, of which this run is about 1")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_lines_that_say_figure() {
        let mut measured = Measured::default();
        for line in [
            "figure in_order 3100000 fills/s",
            "200000 matches",
            "figure broken x ms",
            "skipped accfifo no such module",
            "figure bytes_an_open_lot 88",
        ] {
            measured.line(line);
        }
        let figure = |number, unit: &str| Figure { number, unit: unit.to_owned() };
        assert_eq!(measured.figures.len(), 2);
        assert_eq!(measured.figures["in_order"], figure(3_100_000.0, "fills/s"));
        assert_eq!(measured.figures["bytes_an_open_lot"], figure(88.0, ""));
        assert_eq!(measured.skipped["accfifo"], "no such module");
    }

    #[test]
    fn our_benches_are_found() {
        let benches = benches().unwrap();
        for (package, name, features) in [
            ("ledger", "apply", ""),
            ("attestation", "verify", "development"),
            ("ledger-digest", RACE, ""),
            ("enclave", SERVICE, "development"),
            ("exchange", collect::BENCH, ""),
        ] {
            let is =
                |found: &Bench| found.package == package && found.name == name && found.features == features;
            assert!(benches.iter().any(is), "{benches:?}");
        }
    }
}
