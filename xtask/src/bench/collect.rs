//! What the bench of collections needs: a simulator as it is released, and ccxt in two languages, in the version that tests
//! of the simulator have.

use crate::{children::Stop, installed, programs, workspace};
use anyhow::Context as _;
use std::{path::Path, process::Command};

/// Its name.
pub(super) const BENCH: &str = "collect";
/// What is installed for Python.
const REQUIREMENTS: &str = "xtask/bench/collect.txt";

/// Tells the bench where everything is. What is not there, and why.
pub(super) fn prepare(
    command: &mut Command,
    directory: &Path,
    ours_alone: bool,
    stop: &Stop,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let built = programs::build(&["build", "--release", "-p", "simulator"], stop)?;
    let simulator = built.program("perf-aggregator-simulator")?;
    command.env("PERFAGG_BIN_DIR", simulator.parent().context("where the simulator was built")?);
    // Whatever the caller has set is of another run.
    command.env_remove("PERFAGG_CCXT_PYTHON").env_remove("PERFAGG_CCXT_DIR");
    let requirements = workspace::root().join(REQUIREMENTS);
    let peers = if ours_alone {
        let left_out = || Err("only ours was asked for".to_owned());
        [("collect_python", "", left_out()), ("collect_node", "", left_out())]
    } else {
        let python = installed::python(&directory.join("ccxt"), &requirements, stop)?;
        [
            ("collect_python", "PERFAGG_CCXT_PYTHON", python),
            ("collect_node", "PERFAGG_CCXT_DIR", installed::npm_of("simulator/tests/ccxt", "ccxt", stop)?),
        ]
    };
    let mut missing = Vec::new();
    for (name, variable, place) in peers {
        match place {
            Ok(place) => drop(command.env(variable, place)),
            Err(why) => missing.push((name, why)),
        }
    }
    Ok(missing)
}
