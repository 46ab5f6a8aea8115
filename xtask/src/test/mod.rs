//! `cargo xtask test`: every test of the project, what they need, and a count that holds each test once.
//!
//! Two builds: everything with the feature `development`, which is how the whole path can be walked, and the enclave
//! again without it. A test in both is one test, and must pass in both.

mod libtest;
mod harness;
mod tap;
mod clients;
mod node;
mod schemathesis;

use crate::{
    check,
    children::{Interrupted, Stop},
    postgres, programs,
    report::{Checked, Outcome, Report, say},
    room, verifier, wasm,
};
use anyhow::bail;
use clients::Given;
use harness::Harness;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

/// Which tests.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Only what has one of these in its name, or in that of its file: `journey`, `exchange/fuzz`.
    filter: Vec<String>,
}

/// How much longer.
#[derive(clap::Args)]
pub(crate) struct SlowOptions {
    #[command(flatten)]
    tests: Options,
    /// Each fuzz target makes so many times its usual rounds.
    #[arg(long, default_value_t = 50)]
    fuzz_rounds: u64,
    /// The journey is walked with the fault seeds from 1 to this.
    #[arg(long, default_value_t = 25)]
    fault_seeds: u64,
    /// Cases of each property.
    #[arg(long, default_value_t = 20_000)]
    property_cases: u64,
    /// Each byte of each sample of evidence takes so many other values: eight are one bit away, 255 are all.
    #[arg(long, default_value_t = 10)]
    flips: u64,
    /// An enclave is killed so often.
    #[arg(long, default_value_t = 500)]
    kills: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    with(options, Vec::new())
}

/// The same tests, which read from the environment how long they go on.
pub(crate) fn slow(options: &SlowOptions) -> anyhow::Result<ExitCode> {
    let variables = [
        ("PERFAGG_FUZZ_ROUNDS", options.fuzz_rounds),
        ("PERFAGG_FAULT_SEEDS", options.fault_seeds),
        ("PROPTEST_CASES", options.property_cases),
        ("PERFAGG_FLIPS", options.flips),
        ("PERFAGG_KILLS", options.kills),
    ];
    with(&options.tests, variables.map(|(name, value)| (name.to_owned(), value.to_string())).to_vec())
}

fn with(options: &Options, variables: Vec<(String, String)>) -> anyhow::Result<ExitCode> {
    let stop = Stop::listen()?;
    let mut report = Report::default();
    match all(&options.filter, variables, &stop, &mut report) {
        Err(error) if error.is::<Interrupted>() => {
            say("\ninterrupted: what follows is not all");
            report.end();
            Ok(ExitCode::from(130))
        }
        Err(error) => Err(error),
        Ok(()) => Ok(if report.end() { ExitCode::SUCCESS } else { ExitCode::FAILURE }),
    }
}

fn all(
    filter: &[String],
    variables: Vec<(String, String)>,
    stop: &Stop,
    report: &mut Report,
) -> anyhow::Result<()> {
    let wanted = |name: &str| filter.is_empty() || filter.iter().any(|part| name.contains(part.as_str()));
    for (name, check) in check::QUICK {
        if wanted(name) {
            report.check(name, check());
        }
    }
    for vectors in node::made_vectors()? {
        let name = format!("{vectors} are what their script makes");
        if wanted(&name) {
            report.check(&name, node::compare(&vectors));
        }
    }

    room::note()?;
    let everything = [
        "build",
        "--workspace",
        "--bins",
        "--tests",
        "--examples",
        "--keep-going",
        "--features",
        "enclave/development",
    ];
    let built = build("everything", &everything, stop, report)?;
    let mut harness = Harness { filter: filter.to_vec(), variables };
    match programs::NAMES.into_iter().find(|name| built.program(name).is_err()) {
        Some(missing) => {
            say(&format!("    note  {missing} was not built: tests that start the programs are skipped"))
        }
        None => {
            let directory = built.program(programs::NAMES[0])?.parent().unwrap_or(Path::new("."));
            harness.variables.push(("PERFAGG_BIN_DIR".to_owned(), directory.display().to_string()));
        }
    }
    others(&mut harness, stop)?;
    let digests = "native and wasm builds of the ledger give the same digest";
    if wanted(digests) {
        report.check(digests, wasm::same_digest(&built, stop));
        stop.check()?;
    }
    let needed =
        wanted("verifier/wasm") || clients::SUITES.iter().any(|suite| clients::wanted(suite, filter));
    let verifier = if needed { verifier(stop, report)? } else { None };
    if let Some(folder) = &verifier {
        harness.variables.push((verifier::VARIABLE.to_owned(), folder.display().to_string()));
    }
    let given = Given { variables: harness.variables.clone(), filter, stop };
    let has_client = given.build_client(report)?;
    if has_client {
        harness.variables.push(("PERFAGG_SECURE_CLIENT".to_owned(), "built".to_owned()));
    }
    side_by_side(&built, &given, has_client, &harness, report)?;

    // The same selection, so that all but the enclave is built already.
    let built = build(
        "the enclave without development",
        &["build", "--workspace", "--tests", "--keep-going"],
        stop,
        report,
    )?;
    harness.variables.retain(|(name, _)| name != "PERFAGG_BIN_DIR");
    let enclave = built.tests().into_iter().filter(|test| test.package.ends_with("trusted/enclave"));
    harness.run_all(enclave, ", without development", stop, report)
}

/// Tells tests where programs of others are; a test that needs one that is not there is skipped.
fn others(harness: &mut Harness, stop: &Stop) -> anyhow::Result<()> {
    for (variable, what, there) in [
        ("PERFAGG_CCXT_DIR", "the test of ccxt is", node::ccxt(stop)?),
        (postgres::VARIABLE, "the tests on PostgreSQL are", postgres::programs(stop)?),
    ] {
        match there {
            Ok(directory) => harness.variables.push((variable.to_owned(), directory.display().to_string())),
            Err(missing) => say(&format!("    note  {what} skipped: {missing}")),
        }
    }
    Ok(())
}

/// Our tests and those of what is not Rust, side by side: a browser and other people's clients wait more than they compute.
fn side_by_side(
    built: &programs::Built,
    given: &Given<'_>,
    has_client: bool,
    harness: &Harness,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Given { filter, stop, .. } = given;
    let judged = filter.is_empty() || filter.iter().any(|part| schemathesis::WHAT.contains(part.as_str()));
    let mut of_others = Report::default();
    let ended = thread::scope(|scope| {
        let others = scope.spawn(|| {
            if judged {
                of_others.check(schemathesis::WHAT, schemathesis::check(built, stop));
                stop.check()?;
            }
            given.run(has_client, &mut of_others)
        });
        let ours = harness
            .run_all(built.tests(), "", stop, report)
            .and_then(|()| harness.run_doc_tests(stop, report));
        let others = others.join();
        ours.and(others.unwrap_or_else(|_| bail!("the tests that are not Rust did not come to their end")))
    });
    report.join(of_others);
    ended
}

/// The folder with the verifier's wasm files, if they can be built.
fn verifier(stop: &Stop, report: &mut Report) -> anyhow::Result<Option<PathBuf>> {
    let built = verifier::for_node(stop);
    stop.check()?;
    let (result, folder) = match built {
        Ok(Ok((folder, note))) => (Ok(Checked::Good(note)), Some(folder)),
        Ok(Err(missing)) => (Ok(Checked::Skipped(missing)), None),
        Err(error) => (Err(error), None),
    };
    report.check(verifier::WHAT, result);
    Ok(folder)
}

/// Builds tests. What does not compile is one failure, with cargo's message; the rest is still run.
fn build(
    what: &str,
    arguments: &[&str],
    stop: &Stop,
    report: &mut Report,
) -> anyhow::Result<programs::Built> {
    eprintln!("building {what}");
    let built = programs::build(arguments, stop)?;
    if !built.success {
        say(&format!("{:>8}  {what} does not compile: see cargo's messages above", "FAILED"));
        report.add(format!("{what} compiles"), Outcome::Failed);
    }
    Ok(built)
}
