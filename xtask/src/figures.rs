//! Measures what the README states, as a Markdown table, with the machine that it was measured on.

use crate::{
    check::{budget::Budget, symbols},
    children::{Running, Stop},
    programs,
    report::say,
    workspace,
};
use anyhow::Context as _;
use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// Starts that are measured; the middle one is told.
const STARTS: usize = 5;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let stop = Stop::listen()?;
    let budget = Budget::now()?;
    let size = fs::metadata(symbols::release_enclave(&stop, &[])?).context("the built enclave")?.len();
    let programs = programs::build_development(&stop)?;
    let simulator = programs.program("perf-aggregator-simulator")?.to_owned();
    let enclave = symbols::release_enclave(&stop, &["--features", "development"])?;
    let (start, memory_kib) = measure(&simulator, &enclave, &stop)?;

    let each: Vec<String> =
        budget.lines.iter().map(|(package, lines)| format!("{package} {lines}")).collect();
    say("| figure | measured |");
    say("| --- | --- |");
    say(&format!(
        "| lines in `trusted/`, without tests, comments and empty ones | {} ({}) |",
        budget.lines_in_all(),
        each.join(", ")
    ));
    say(&format!("| crates linked by the enclave, ours included | {} |", budget.crates));
    say(&format!("| size of the enclave's release binary | {} |", mebibytes(size)));
    say(&format!(
        "| start-up: from the start to the ready line, middle of {STARTS} | {} ms |",
        start.as_millis()
    ));
    say(&format!(
        "| resident memory, idle | {} |",
        memory_kib.map_or("not known here".to_owned(), |kib| mebibytes(kib.saturating_mul(1024)))
    ));
    say("");
    say(&format!("Measured on {}.", machine()));
    say(
        "Start-up and memory are those of the development build in the release profile: without hardware evidence the",
    );
    say("release build refuses to start.");
    Ok(ExitCode::SUCCESS)
}

/// Start-up time and idle memory of the enclave, beside a simulator.
fn measure(simulator: &Path, enclave: &Path, stop: &Stop) -> anyhow::Result<(Duration, Option<u64>)> {
    let log = workspace::target()?.join(format!("figures-{}.log", std::process::id()));
    let mut command = Command::new(simulator);
    command.args(["--port", "0"]);
    let (_simulator, ready) = Running::start_service("the simulator", &mut command, &log, stop)?;
    let url = ready.get("url").and_then(serde_json::Value::as_str).context("the simulator tells no url")?;
    let (mut times, mut memory) = (Vec::new(), None);
    for _ in 0..STARTS {
        let mut command = Command::new(enclave);
        command.args(["--dangerous-venue-url", url]);
        command.envs([
            ("ENCLAVE_HOST", "127.0.0.1"),
            ("ENCLAVE_PORT", "0"),
            ("ENCLAVE_METRICS_ADDR", "127.0.0.1:0"),
        ]);
        #[expect(clippy::disallowed_methods, reason = "what is measured is this machine's time")]
        let began = Instant::now();
        let (running, _) = Running::start_service("the enclave", &mut command, &log, stop)?;
        times.push(began.elapsed());
        memory = resident_kib(running.id());
    }
    let _ = fs::remove_file(log);
    times.sort();
    Ok((times.get(STARTS / 2).copied().unwrap_or_default(), memory))
}

fn resident_kib(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    field(&status, "VmRSS:")?.split(' ').next()?.parse().ok()
}

/// Processor, number of threads, system.
pub(crate) fn machine() -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        field(&processors, "model name").map_or("a processor", |value| value.trim_start_matches([':', ' ']));
    let threads = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    format!("{model}, {threads} threads, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}

/// What follows a name at the beginning of a line.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim)
}

/// With one decimal.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_the_system_writes_them() {
        assert_eq!(field("Name:\tx\nVmRSS:\t   5120 kB\n", "VmRSS:"), Some("5120 kB"));
        assert_eq!(field("model name\t: A CPU\n", "model name"), Some(": A CPU"));
        assert_eq!(field("", "VmRSS:"), None);
    }

    #[test]
    fn sizes_are_told_in_mebibytes() {
        assert_eq!(mebibytes(5 * 1024 * 1024 + 512 * 1024), "5.5 MiB");
        assert_eq!(mebibytes(0), "0.0 MiB");
    }
}
