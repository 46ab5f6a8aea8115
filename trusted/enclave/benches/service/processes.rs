//! Processes that are measured: how soon they are ready, what they hold in memory, how long they were on a core.

use crate::{figure, load, middle};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Restarts that are measured.
const STARTS: usize = 5;
/// A process that was on a core less than this share of the time has come to rest.
const RESTING: f64 = 0.03;
/// Until it must have: a loaded machine is no failure.
const PATIENCE: Duration = Duration::from_secs(300);

/// A program that says where it listens. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let told: serde_json::Value = serde_json::from_str(&line).expect("it tells where it listens");
        let address = told["listening"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        Self { child, address }
    }

    /// This bench itself, as one of the processes that it is made of.
    pub(crate) fn own(role: &str, arguments: &[&Path], log: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        Self::start(command.arg(role).args(arguments).stderr(fs::File::create(log).unwrap()))
    }

    pub(crate) fn resident_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// How long it was on a core, in hundredths of a second.
    pub(crate) fn ticks(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum()
    }

    /// Waits until it does nothing any more. How long that took, and the most that it held in memory meanwhile.
    pub(crate) fn rest(&self) -> (Duration, u64) {
        const STEP: Duration = Duration::from_secs(3);
        let (start, mut most, mut quiet) = (Instant::now(), 0, 0);
        while quiet < 2 && start.elapsed() < PATIENCE {
            let before = self.ticks();
            thread::sleep(STEP);
            most = most.max(self.resident_kib());
            let share = (self.ticks() - before) as f64 / 100.0 / STEP.as_secs_f64();
            quiet = if share < RESTING { quiet + 1 } else { 0 };
        }
        (start.elapsed(), most)
    }

    fn signal(&mut self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program itself over a store.
fn program(data: &Path, venue: SocketAddr) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perf-aggregator-enclave"));
    command.args(["--dangerous-venue-url", &format!("http://{venue}")]).stderr(Stdio::null());
    command.envs([
        ("ENCLAVE_HOST", "127.0.0.1"),
        ("ENCLAVE_PORT", "0"),
        ("ENCLAVE_METRICS_ADDR", "127.0.0.1:0"),
        ("ENCLAVE_DATA_DIR", data.to_str().unwrap()),
    ]);
    command
}

/// Sessions and ledgers whose keys ended with the process that had them: nothing of them is in memory until it is read.
pub(crate) fn without_keys(data: &Path, venue: SocketAddr) {
    let process = Process::start(&mut program(data, venue));
    let (_, _) = process.rest();
    figure("sessions_without_keys_memory", process.resident_kib() as f64 / 1024.0, "MiB");
}

/// Idle accounts, in a process that holds nothing else.
pub(crate) fn idle(accounts: u64) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    assert!(command.args(["idle", &accounts.to_string()]).status().unwrap().success());
}

/// From the start to the first 200 of `/health/ready`, after a stop and after a kill.
pub(crate) fn restart(data: &Path, venue: SocketAddr) {
    for (name, signal) in [("restart", "TERM"), ("restart_after_kill", "KILL")] {
        let mut times = Vec::new();
        for _ in 0..=STARTS {
            let start = Instant::now();
            let mut process = Process::start(&mut program(data, venue));
            load::ask(process.address, "/health/ready");
            times.push(start.elapsed().as_secs_f64() * 1000.0);
            process.signal(signal);
        }
        // The first one follows another kind of end.
        figure(name, middle(times.split_off(1)), "ms");
    }
}
