//! Runs test binaries, one after the other, and tells how each went: a line when all is well, everything that a
//! test said when it failed.

use super::libtest;
use crate::{
    children::{Running, Stop, last_lines},
    programs::Executable,
    report::{Outcome, Report, say},
    workspace,
};
use anyhow::bail;
use std::{
    io::Read,
    process::{Command, ExitStatus, Stdio},
    thread,
};

/// A binary that does not end is given up: an hour of looks. The longest of `slow` takes a third of it.
const LOOKS_MAX: u32 = 180_000;
/// Lines of a binary's output that are shown when it died rather than failed.
const LINES_SHOWN: usize = 40;

/// What every test binary gets.
pub(crate) struct Harness {
    pub(crate) filter: Vec<String>,
    pub(crate) variables: Vec<(String, String)>,
}

impl Harness {
    /// Runs test binaries.
    pub(crate) fn run_all<'a>(
        &self,
        binaries: impl IntoIterator<Item = &'a Executable>,
        note: &str,
        stop: &Stop,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        for binary in binaries {
            let name = name(binary);
            let mut command = Command::new(&binary.path);
            command.arg("--show-output").current_dir(&binary.package);
            // Who asks for `exchange/fuzz` wants all of it.
            if !self.filter.iter().any(|part| name.contains(part.as_str())) {
                command.args(&self.filter);
            }
            self.run(&name, note, &mut command, stop, report)?;
        }
        Ok(())
    }

    /// Runs the examples in the documentation.
    pub(crate) fn run_doc_tests(&self, stop: &Stop, report: &mut Report) -> anyhow::Result<()> {
        let mut command = workspace::cargo(&["test", "--doc", "--workspace", "--no-fail-fast", "--locked"]);
        command.args(["--features", "enclave/development", "--", "--show-output"]).args(&self.filter);
        self.run("doc", "", &mut command, stop, report)
    }

    fn run(
        &self,
        name: &str,
        note: &str,
        command: &mut Command,
        stop: &Stop,
        report: &mut Report,
    ) -> anyhow::Result<()> {
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let (status, output, complaints) = finish(command, stop)?;
        let tests = libtest::parse(&output);
        let (mut passed, mut failed, mut skipped) = (0_usize, 0_usize, 0_usize);
        for test in &tests {
            let count = match &test.outcome {
                Outcome::Passed => &mut passed,
                Outcome::Failed => &mut failed,
                Outcome::Skipped(_) => &mut skipped,
            };
            *count = count.saturating_add(1);
            if test.outcome == Outcome::Failed {
                say(&format!("\n---- {name}: {}{note} ----\n{}", test.name, test.said));
            }
            report.add(format!("{name}: {}", test.name), test.outcome.clone());
        }
        // Who died, or counts otherwise than we do, has failed whatever the lines say.
        let died = failed == 0 && !status.is_some_and(|status| status.success());
        if died || libtest::counted(&output) != tests.len() {
            failed = failed.saturating_add(1);
            let how = status
                .map_or_else(|| "did not end in time".to_owned(), |status| format!("ended with {status}"));
            let (said, complained) = (last_lines(&output, LINES_SHOWN), last_lines(&complaints, LINES_SHOWN));
            say(&format!("\n---- {name}{note} {how} ----\n{said}\n{complained}\n"));
            report.add(format!("{name}: the test binary itself"), Outcome::Failed);
        }
        if passed.saturating_add(failed).saturating_add(skipped) > 0 {
            let verdict = if failed > 0 { "FAILED" } else { "ok" };
            let skipped = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
            say(&format!("{verdict:>8}  {name}{note}: {passed} passed, {failed} failed{skipped}"));
        }
        Ok(())
    }
}

/// `enclave`, or for tests in files of their own `simulator/journey`.
fn name(binary: &Executable) -> String {
    let package =
        binary.package.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let package = if package == "rust" { "perfagg".to_owned() } else { package };
    if binary.kind == "test" {
        format!("{package}/{}", binary.name)
    } else {
        format!("{package} ({})", binary.kind)
    }
}

/// Runs a command to its end; what it printed, and what it complained of. No status: it did not end in time.
pub(super) fn finish(
    command: &mut Command,
    stop: &Stop,
) -> anyhow::Result<(Option<ExitStatus>, String, String)> {
    let (stdout, printing) = std::io::pipe()?;
    let (stderr, complaining) = std::io::pipe()?;
    command.stdin(Stdio::null()).stdout(printing).stderr(complaining);
    let mut running = Running::start("a test binary", command)?;
    // Our copies of the pipes' other ends must go, or they never end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (printed, complained) = (thread::spawn(move || text(stdout)), thread::spawn(move || text(stderr)));
    let mut looks = 0_u32;
    let ended = running.wait(|| {
        stop.check()?;
        looks = looks.saturating_add(1);
        if looks > LOOKS_MAX { bail!(TooLong) } else { Ok(()) }
    });
    let status = match ended {
        Ok(status) => Some(status),
        Err(error) if error.is::<TooLong>() => None,
        Err(error) => return Err(error),
    };
    drop(running);
    Ok((status, printed.join().unwrap_or_default(), complained.join().unwrap_or_default()))
}

fn text(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A binary ran for longer than any may.
#[derive(Debug)]
struct TooLong;

impl core::fmt::Display for TooLong {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("took too long")
    }
}

impl std::error::Error for TooLong {}
