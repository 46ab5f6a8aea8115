//! The simulator, with so many fills that a collection takes a while, and without limits. It is killed when dropped.

use serde_json::Value;
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const FILLS: u64 = 200_000;
/// 2026-11-22T00:00:00Z: the same fills each time.
pub(crate) const NOW_MS: i64 = 1_795_305_600_000;

pub(crate) struct Simulator {
    child: Child,
    pub(crate) url: String,
    pub(crate) key: String,
    pub(crate) secret: String,
    pub(crate) symbols: Vec<String>,
    pub(crate) fills: u64,
}

impl Simulator {
    pub(crate) fn start(program: &Path) -> Self {
        let mut child = Command::new(program)
            .args(["--port", "0", "--no-limits", "--fills", &FILLS.to_string(), "--now", &NOW_MS.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("it tells where it listens");
        let text = |name: &str| ready[name].as_str().unwrap().to_owned();
        let symbols = ready["symbols"].as_array().unwrap().iter().map(|symbol| symbol.as_str().unwrap());
        Self {
            child,
            url: text("url"),
            key: text("key"),
            secret: text("secret"),
            symbols: symbols.map(str::to_owned).collect(),
            fills: ready["fills"].as_u64().unwrap(),
        }
    }

    /// Moves its time on, so that nothing is counted as used of the minute that begins.
    pub(crate) fn next_minute(&self) {
        let mut stream = TcpStream::connect(self.url.strip_prefix("http://").unwrap()).unwrap();
        let body = r#"{"advance_ms":60000}"#;
        let length = body.len();
        let head = format!(
            "POST /simulator/clock HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}"
        );
        write!(stream, "{head}\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    pub(crate) fn on_core(&self) -> Duration {
        on_core(self.child.id())
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How long the threads of a process were on a core until now, where the system tells (Linux).
pub(crate) fn on_core(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| {
        let told = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(told.sum())
}
