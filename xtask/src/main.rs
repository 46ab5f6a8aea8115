//! The one door: `demo`, `test`, `slow`, `check`, `verifier`, `openapi`, `exchanges`, `figures`, `vectors`, `bench`. CI calls the same commands.

mod workspace;
mod installed;
mod postgres;
mod children;
mod room;
mod programs;
mod ports;
mod demo;
mod report;
mod wasm;
mod verifier;
mod pages;
mod openapi;
mod exchanges;
mod test;
mod check;
mod figures;
mod vectors;
mod bench;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Everything that is done with this project: cargo xtask COMMAND.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole main job on this machine: simulated exchange, enclave, main service, registration, summary.
    Demo(demo::Options),
    /// Every test of the project.
    Test(test::Options),
    /// The tests with more rounds of fuzzing and more fault seeds: for every week rather than every change.
    Slow(test::SlowOptions),
    /// Format, lints, dependencies, tidiness, boundaries, trust budget, and what a release build must not hold.
    Check(check::Options),
    /// Builds the verifier of evidence as one wasm file that imports nothing, and says how large it is.
    Verifier(verifier::Options),
    /// Writes the descriptions of the API (OpenAPI 3.1) from the code.
    Openapi,
    /// Writes what is read of exchanges, for the documents and for the command, from their connectors.
    Exchanges,
    /// Measures what the README states: lines, crates, size, start-up time, memory.
    Figures,
    /// Answers the cases of METRICS.md in a directory, and compares where they expect something.
    Vectors(vectors::Options),
    /// Measures ledger, verification and service beside their peers, against what was asked of them. It judges nothing.
    Bench(bench::Options),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Slow(options) => test::slow(&options),
        Command::Check(options) => check::run(&options),
        Command::Verifier(options) => verifier::run(&options),
        Command::Openapi => openapi::run(),
        Command::Exchanges => exchanges::run(),
        Command::Figures => figures::run(),
        Command::Vectors(options) => vectors::run(&options),
        Command::Bench(options) => bench::run(&options),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
