//! `perf-aggregator-simulator` as a process of its own, with the account of seed 1, and what it is asked beside what venues are.
//!
//! `PERFAGG_BIN_DIR` names the directory with it; without that tests say `skipped`.
#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::Value;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
};

/// 2026-11-22T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_305_600_000;
pub(crate) const KEY: &str = "simulatedKey";
pub(crate) const SECRET: &str = "simulatedSecret";

/// Stopped when it is dropped.
pub(crate) struct Simulator {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it said when it was ready.
    pub(crate) ready: Value,
}

impl Simulator {
    /// `None`, and a line that says so, if there is no binary.
    pub(crate) fn start(more: &[&str]) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the binaries over")]
        let directory = std::env::var_os("PERFAGG_BIN_DIR");
        let Some(directory) = directory else {
            println!("skipped: PERFAGG_BIN_DIR is not set");
            return None;
        };
        let now = NOW_MS.to_string();
        let mut child = Command::new(std::path::Path::new(&directory).join("perf-aggregator-simulator"))
            .args(["--port", "0", "--seed", "1", "--now", &now, "--key", KEY, "--secret", SECRET])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap();
        let address = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        Some(Self { child, address, ready })
    }

    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let length = body.len();
        write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let head = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        serde_json::from_slice(&answer[head + 4..]).unwrap()
    }

    /// What its world was seeded with.
    pub(crate) fn truth(&self) -> Value {
        self.ask("GET", "/simulator/truth", "")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
