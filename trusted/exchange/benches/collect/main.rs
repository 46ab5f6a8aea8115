//! How fast a whole account is read over HTTP, beside ccxt for Python and for Node: `cargo xtask bench collect`, which
//! builds the simulator, installs both and says where they are. It measures, and judges nothing.
//!
//! ```text
//! simulator: 200,000 fills, no limits ◄── ours: the real connector and transport, all that they ask for
//!                                     ◄── collect.py, collect.mjs: pages of fills alone, of symbols that they are told
//! ```
//!
//! Each run is a process of its own, in turns, and the middle one counts. What ours asks beside fills (the key's rights,
//! markets, balances, deposits and all else that explains a balance, and the symbols themselves) is part of its time; the
//! others' markets and clock are not part of theirs. All must have read the same fills.
//!
//! Lines that begin with `figure` are for machines: `figure <name> <value> <unit>`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement, not the product"
)]

mod ours;
mod simulator;

use serde_json::Value;
use simulator::Simulator;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

/// Runs of each.
const RUNS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("ours") => ours::run(&arguments[1..]),
        _ => measure(),
    }
}

/// Who collects.
struct Reader {
    name: &'static str,
    program: OsString,
    script: Vec<OsString>,
    runs: Vec<Run>,
}

/// What came of a run.
struct Run {
    told: Value,
    /// How long the simulator was on a core meanwhile.
    served: Duration,
}

fn measure() {
    let Some(programs) = std::env::var_os("PERFAGG_BIN_DIR") else {
        println!("skipped collect_ours PERFAGG_BIN_DIR names no directory with the simulator");
        return;
    };
    let simulator = Simulator::start(&PathBuf::from(programs).join("perf-aggregator-simulator"));
    let mut readers = readers();
    for _ in 0..RUNS {
        for reader in &mut readers {
            let run = reader.run(&simulator);
            println!("{}: {}", reader.name, run.told);
            reader.runs.push(run);
        }
    }
    let read = |run: &Run| (run.told["fills"].as_u64(), run.told["quantity"].as_str().map(str::to_owned));
    let first = read(&readers[0].runs[0]);
    assert_eq!(first.0, Some(simulator.fills), "every fill was read");
    for reader in &readers {
        assert!(reader.runs.iter().all(|run| read(run) == first), "{} read other fills", reader.name);
        figure(&format!("collect_{}", reader.name), reader.rate(simulator.fills, "seconds"), "fills/s");
    }
    let ours = &readers[0];
    figure("collect_ours_pages", ours.rate(simulator.fills, "seconds_of_pages"), "fills/s");
    figure("collect_ours_applied", ours.rate(simulator.fills, "seconds_with_ledger"), "fills/s");
    for reader in &readers {
        // One waits for the other: together, they are what a machine that does nothing else would take.
        figure(
            &format!("collect_{}_core", reader.name),
            reader.rate(simulator.fills, "seconds_on_both"),
            "fills/s",
        );
        let served = middle(reader.runs.iter().map(|run| run.served.as_secs_f64()));
        figure(&format!("collect_{}_served", reader.name), served * 1e3, "ms");
    }
}

/// Ours, and those of the others that are here.
fn readers() -> Vec<Reader> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../xtask/bench");
    let reader = |name, program: OsString, script: OsString| Reader {
        name,
        program,
        script: vec![script],
        runs: Vec::new(),
    };
    let mut readers = vec![reader("ours", std::env::current_exe().unwrap().into(), "ours".into())];
    match std::env::var_os("PERFAGG_CCXT_PYTHON") {
        Some(python) => readers.push(reader("python", python, scripts.join("collect.py").into())),
        None => println!("skipped collect_python PERFAGG_CCXT_PYTHON names no Python that has ccxt"),
    }
    match std::env::var_os("PERFAGG_CCXT_DIR") {
        Some(_) => readers.push(reader("node", "node".into(), scripts.join("collect.mjs").into())),
        None => println!("skipped collect_node PERFAGG_CCXT_DIR names no directory with ccxt"),
    }
    readers
}

impl Reader {
    /// One collection, in a process of its own.
    fn run(&self, simulator: &Simulator) -> Run {
        let mut command = Command::new(&self.program);
        command.args(&self.script).args([&simulator.url, &simulator.key, &simulator.secret]);
        // They are told what ours has to find out.
        command.args(&simulator.symbols).stdin(Stdio::null()).stderr(Stdio::inherit());
        simulator.next_minute();
        let before = simulator.on_core();
        let output = command.output().unwrap();
        let served = simulator.on_core().saturating_sub(before);
        assert!(output.status.success(), "{} fails", self.name);
        let said = String::from_utf8(output.stdout).unwrap();
        let told = said.lines().last().and_then(|line| serde_json::from_str(line).ok());
        let mut told: Value = told.expect("the last line is JSON");
        told["seconds_on_both"] = (told["seconds_on_core"].as_f64().unwrap() + served.as_secs_f64()).into();
        Run { told, served }
    }

    /// Fills in a second, of the run in the middle.
    fn rate(&self, fills: u64, seconds: &str) -> f64 {
        let fills = u32::try_from(fills).unwrap();
        f64::from(fills) / middle(self.runs.iter().map(|run| run.told[seconds].as_f64().unwrap()))
    }
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn figure(name: &str, value: f64, unit: &str) {
    println!("figure {name} {value:.2} {unit}");
}
