//! `cargo xtask check`: what must hold of the code itself. Tests say what it does; this says how it stands.

mod tidy;
mod boundaries;
pub(crate) mod budget;
pub(crate) mod symbols;

use crate::{
    report::{Checked, Report},
    workspace,
};
use anyhow::{Context as _, bail};
use std::process::{Command, ExitCode, Stdio};

/// What may be accepted.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Take today's lines and crates as the trust budget; the commit says why they rose.
    #[arg(long)]
    accept_budget: bool,
}

type Check = fn() -> anyhow::Result<Checked>;

/// Those that take a moment: `cargo xtask test` makes them too.
pub(crate) const QUICK: [(&str, Check); 7] = [
    ("every file is formatted", formatted),
    ("every file says what it is for, and is not two things", tidy::files),
    ("every folder of vectors is read by a test", tidy::vectors),
    ("every invariant has its test", tidy::invariants),
    ("our crates depend on each other in one direction", boundaries::directions),
    ("what is pure reaches no runtime, HTTP or TLS", boundaries::purity),
    ("only the transport opens sockets", boundaries::sockets),
];

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    for (name, check) in QUICK {
        report.check(name, check());
    }
    report.check("trust budget", budget::check(options.accept_budget));
    report.check("dependencies have known licences and sources, and come once", dependencies());
    report.check("dependencies have no known flaws", advisories());
    let released =
        ["-p", "attestation", "-p", "exchange", "-p", "enclave", "-p", "perfagg", "-p", "attestation-wasm"];
    report.check("lints of what is released", lints(&released));
    let everything = ["--workspace", "--all-targets", "--features", "enclave/development"];
    report.check("lints of everything", lints(&everything));
    report.check("a release enclave holds nothing of the development build", symbols::check());
    Ok(if report.end() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn formatted() -> anyhow::Result<Checked> {
    let files = workspace::output(&mut workspace::cargo(&["fmt", "--all", "--", "--check", "-l"]));
    files.map(|_| Checked::good()).context("cargo fmt --all would change")
}

fn lints(selection: &[&str]) -> anyhow::Result<Checked> {
    let arguments = [&["clippy", "--locked", "--quiet"], selection, &["--", "-D", "warnings"]].concat();
    let status = workspace::cargo(&arguments).status()?;
    if status.success() { Ok(Checked::good()) } else { bail!("see clippy's messages above") }
}

/// Licences, sources and duplicates, as deny.toml says.
fn dependencies() -> anyhow::Result<Checked> {
    deny(&["bans", "licenses", "sources"])
}

/// Known flaws, from a list that is fetched.
fn advisories() -> anyhow::Result<Checked> {
    deny(&["advisories"]).or_else(|error| {
        match error.to_string().contains("failed to fetch advisory database") {
            true => Ok(Checked::Skipped(
                "the list of advisories cannot be fetched: it needs the network".to_owned(),
            )),
            false => Err(error),
        }
    })
}

fn deny(what: &[&str]) -> anyhow::Result<Checked> {
    let found = Command::new("cargo-deny").arg("--version").stdin(Stdio::null()).output();
    if !found.is_ok_and(|output| output.status.success()) {
        return Ok(Checked::Skipped("cargo-deny is missing: cargo install cargo-deny --locked".to_owned()));
    }
    let deny =
        ["deny", "--all-features", "--locked", "--log-level", "error", "check", "--hide-inclusion-graph"];
    workspace::output(&mut workspace::cargo(&[&deny, what].concat())).map(|_| Checked::good())
}
