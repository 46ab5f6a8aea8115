//! The running enclave and main service against their descriptions, by schemathesis: a tool that knows nothing of us
//! makes calls that fit the description and calls that do not, and judges every answer by it.

use crate::{
    children::{Running, Stop},
    installed,
    programs::Built,
    report::Checked,
    workspace,
};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// How it stands in a report.
pub(super) const WHAT: &str = "enclave and main service answer as described, says schemathesis";
/// A failure comes back with it.
const SEED: &str = "1";
/// Calls that are made up of each route; and as many more as the description's borders need.
const EXAMPLES: &str = "25";

/// Checks both, on free ports.
pub(super) fn check(built: &Built, stop: &Stop) -> anyhow::Result<Checked> {
    let directory = workspace::target()?.join("schemathesis");
    let requirements = workspace::root().join("xtask/schemathesis/requirements.txt");
    let tool = match installed::python(&directory, &requirements, stop)? {
        Ok(python) => python.with_file_name("schemathesis"),
        Err(missing) => return Ok(Checked::Skipped(missing)),
    };
    let log = |name: &str| directory.join(format!("{name}.log"));
    let mut command = Command::new(built.program("perf-aggregator-simulator")?);
    command.args(["--port", "0", "--seed", "1"]);
    let (_simulator, exchange) =
        Running::start_service("the simulator", &mut command, &log("simulator"), stop)?;
    let mut command = Command::new(built.program("perf-aggregator-enclave")?);
    command.args(["--dangerous-venue-url", said(&exchange, "url")?]).envs([
        ("ENCLAVE_HOST", "127.0.0.1"),
        ("ENCLAVE_PORT", "0"),
        ("ENCLAVE_METRICS_ADDR", "127.0.0.1:0"),
    ]);
    let (_enclave, ready) = Running::start_service("the enclave", &mut command, &log("enclave"), stop)?;
    let enclave = said(&ready, "listening")?.to_owned();
    let mut command = Command::new(built.program("perf-aggregator-main")?);
    command.envs([
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("MAIN_METRICS_ADDR", "127.0.0.1:0"),
        ("BACKEND_URL", &enclave),
    ]);
    let (_main, ready) = Running::start_service("the main service", &mut command, &log("main"), stop)?;
    register(built, &enclave, &exchange, &directory, stop)?;
    for url in [&enclave, said(&ready, "listening")?] {
        judge(&tool, url, &directory, stop)?;
    }
    Ok(Checked::good())
}

/// An account is registered: until it heard a venue, an enclave does not trust its time, and says so with 503.
fn register(
    built: &Built,
    enclave: &str,
    exchange: &Value,
    directory: &Path,
    stop: &Stop,
) -> anyhow::Result<()> {
    let (session, root) =
        (directory.join("session.json"), workspace::root().join("trusted/attestation/development-root.pem"));
    // An earlier run's, whose enclave is gone.
    let _ = fs::remove_file(&session);
    let mut command = Command::new(built.program("perfagg")?);
    command.arg("--session-file").arg(session).arg("--dangerous-development-root").arg(root);
    command.args([
        "register",
        "--user-id",
        "demo",
        "--exchange",
        "binance",
        "--service-url",
        enclave,
        "--wait",
    ]);
    command.envs([
        ("PERFAGG_API_KEY", said(exchange, "key")?),
        ("PERFAGG_API_SECRET", said(exchange, "secret")?),
    ]);
    command.stdin(Stdio::null()).stdout(std::io::stderr());
    if !Running::start("perfagg", &mut command)?.wait(|| stop.check())?.success() {
        bail!("perfagg register failed: see above");
    }
    Ok(())
}

/// One service, all its routes, all checks but those that the configuration names.
fn judge(tool: &Path, url: &str, directory: &Path, stop: &Stop) -> anyhow::Result<()> {
    let configuration = workspace::root().join("xtask/schemathesis/schemathesis.toml");
    let mut command = Command::new(tool);
    command.arg("--config-file").arg(configuration).arg("run").arg(format!("{url}/openapi.json"));
    command.args(["--seed", SEED, "--max-examples", EXAMPLES, "--max-time", "60"]);
    command.args(["--no-color", "--generation-database", "none", "--suppress-health-check", "all"]);
    command.args(["--warnings", "off"]).current_dir(directory).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut running = Running::start("schemathesis", &mut command)?;
    let said =
        running.stdout().map(|mut stdout| std::thread::spawn(move || std::io::read_to_string(&mut stdout)));
    let status = running.wait(|| stop.check())?;
    let text = match said.map(std::thread::JoinHandle::join) {
        Some(Ok(text)) => text.context("schemathesis' output")?,
        _ => String::new(),
    };
    if !status.success() {
        bail!("schemathesis found this ({status}):\n{text}");
    }
    Ok(())
}

fn said<'a>(ready: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    ready.get(field).and_then(Value::as_str).with_context(|| format!("a service does not tell its {field}"))
}
