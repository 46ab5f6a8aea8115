//! Programs that we start, and that never outlive us.
//!
//! Each runs in a process group of its own, so that a Ctrl-C reaches us alone and we stop them in order, and on a
//! leash: a shell that reads from a pipe of ours and asks the group to stop when the pipe closes. It closes when we
//! say so, and also when we die in a way that lets us say nothing.

use anyhow::{Context as _, bail};
use serde_json::Value;
use signal_hook::{consts, flag};
use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

const LEASH: &str = r#"read -r _ || kill -s TERM -- "-$0" 2>/dev/null"#;
/// How often we look whether something happened.
const LOOK: Duration = Duration::from_millis(20);
/// Looks until a program that was asked to stop is made to: 15 s.
const LOOKS_UNTIL_KILLED: u32 = 750;
/// Looks until a program must have said where it listens: 30 s.
const LOOKS_UNTIL_READY: u32 = 1500;
/// Looks until something that downloads is given up: 10 min.
const LOOKS_UNTIL_GIVEN_UP: u32 = 30_000;
/// Lines of a log that are shown when its program ended early.
const LINES_SHOWN: usize = 15;

/// Whether we were asked to stop: Ctrl-C, a closed terminal, or a SIGTERM.
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on those signals end nothing by themselves.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [consts::SIGINT, consts::SIGTERM, consts::SIGHUP] {
            flag::register(signal, Arc::clone(&asked)).context("cannot listen for signals")?;
        }
        Ok(Self(asked))
    }

    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error if we were asked to stop.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if self.asked() { Err(Interrupted.into()) } else { Ok(()) }
    }
}

/// We were asked to stop.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl core::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// A program under way. It is stopped when this is dropped, with all that it started.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    leash: Child,
    log: Option<PathBuf>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command.process_group(0).spawn().with_context(|| format!("{name} does not start"))?;
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH, &child.id().to_string()]).process_group(0);
        leash.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        match leash.spawn() {
            Ok(leash) => Ok(Self { name, child, leash, log: None }),
            Err(error) => {
                let mut child = child;
                let _ = child.kill();
                let _ = child.wait();
                Err(error).context("sh does not start")
            }
        }
    }

    /// Starts a service, which says in one JSON line where it listens; all else that it says goes into `log`.
    pub(crate) fn start_service(
        name: &'static str,
        command: &mut Command,
        log: &Path,
        stop: &Stop,
    ) -> anyhow::Result<(Self, Value)> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file);
        let mut running = Self::start(name, command)?;
        running.log = Some(log.to_owned());
        let mut stdout = BufReader::new(running.child.stdout.take().context("a pipe")?);
        let (sender, first_line) = mpsc::channel();
        thread::spawn(move || {
            let mut line = String::new();
            let _ = stdout.read_line(&mut line);
            let _ = sender.send(line);
            io::copy(&mut stdout, &mut io::sink())
        });
        for _ in 0..LOOKS_UNTIL_READY {
            stop.check()?;
            match first_line.recv_timeout(LOOK) {
                Ok(line) if line.is_empty() => bail!("{} did not start{}", name, running.end_of_log()),
                Ok(line) => {
                    let ready = serde_json::from_str(&line)
                        .with_context(|| format!("{name}: no JSON line: {line}"))?;
                    return Ok((running, ready));
                }
                Err(_) => {}
            }
        }
        bail!("{name} does not say that it is ready{}", running.end_of_log())
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot watch {}", self.name))
    }

    /// An error, with the end of its log, if it ended although it should run.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.ended()? {
            None => Ok(()),
            Some(status) => bail!("{} ended early ({status}){}", self.name, self.end_of_log()),
        }
    }

    /// Waits for its end; meanwhile looks after the rest of the world.
    pub(crate) fn wait(
        &mut self,
        mut meanwhile: impl FnMut() -> anyhow::Result<()>,
    ) -> anyhow::Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            meanwhile()?;
            pause();
        }
    }

    /// What it writes to a piped standard output, to its end.
    pub(crate) fn stdout(&mut self) -> Option<impl io::Read + Send + use<>> {
        self.child.stdout.take()
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn end_of_log(&self) -> String {
        let text = self.log.as_ref().and_then(|log| fs::read(log).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        match last_lines(&text, LINES_SHOWN) {
            "" => "; its log is empty".to_owned(),
            lines => format!("; its log ends:\n{lines}"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Letting go of the pipe pulls the leash.
        drop(self.leash.stdin.take());
        let _ = self.leash.wait();
        for _ in 0..LOOKS_UNTIL_KILLED {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            pause();
        }
        eprintln!("{} does not stop: it is killed", self.name);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs something that may download, in bounded time; whether it succeeds. A program that is not there does not. What it
/// says goes where cargo's words go.
pub(crate) fn succeeds(name: &'static str, command: &mut Command, stop: &Stop) -> anyhow::Result<bool> {
    command.stdin(Stdio::null()).stdout(io::stderr());
    let Ok(mut running) = Running::start(name, command) else { return Ok(false) };
    let mut looks = 0_u32;
    loop {
        if let Some(status) = running.ended()? {
            return Ok(status.success());
        }
        stop.check()?;
        looks = looks.saturating_add(1);
        if looks > LOOKS_UNTIL_GIVEN_UP {
            eprintln!("{name} was given up after ten minutes");
            return Ok(false);
        }
        pause();
    }
}

/// Lets a moment pass.
pub(crate) fn pause() {
    thread::sleep(LOOK);
}

/// The last lines of a text.
pub(crate) fn last_lines(text: &str, lines: usize) -> &str {
    let text = text.trim_end();
    let start =
        text.rmatch_indices('\n').nth(lines.saturating_sub(1)).map_or(0, |(at, _)| at.saturating_add(1));
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    #[test]
    fn a_program_that_is_let_go_is_stopped_with_all_that_it_started() {
        // The inner shell holds the pipe open as long as it lives: the pipe's end tells that both are gone.
        let mut running = Running::start("sh", &mut shell("sh -c 'echo up; exec sleep 600' & wait")).unwrap();
        let mut stdout = BufReader::new(running.stdout().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "up\n");
        drop(running);
        assert_eq!(stdout.read_line(&mut line).unwrap(), 0);
    }

    #[test]
    fn a_program_that_ends_early_is_named_with_the_end_of_its_log() {
        let log = std::env::temp_dir().join(format!("xtask-children-{}.log", std::process::id()));
        let stop = Stop(Arc::new(AtomicBool::new(false)));
        let started =
            Running::start_service("a service", &mut shell("echo the reason >&2; exit 3"), &log, &stop);
        let error = started.err().unwrap().to_string();
        assert_eq!(error, "a service did not start; its log ends:\nthe reason");
        let (mut running, ready) = Running::start_service(
            "a service",
            &mut shell("echo '{\"listening\":1}'; echo later >&2"),
            &log,
            &stop,
        )
        .unwrap();
        assert_eq!(ready["listening"], 1);
        running.wait(|| Ok(())).unwrap();
        let error = running.check().unwrap_err().to_string();
        assert_eq!(error, "a service ended early (exit status: 0); its log ends:\nlater");
        fs::remove_file(log).unwrap();
    }

    #[test]
    fn last_lines_are_the_last_ones() {
        assert_eq!(last_lines("a\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines("a\nb", 5), "a\nb");
        assert_eq!(last_lines("", 5), "");
    }
}
