//! Starts the real simulator on a free port and talks to it as a client of the venue would: signs, sends, reads.
#![allow(dead_code, reason = "each test file uses its part")]

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

pub(crate) const KEY: &str = "aKeyOfThisTestaKeyOfThisTestaKeyOfThisTestaKeyOfThisTest00000001";
pub(crate) const SECRET: &str = "aSecretOfThisTestaSecretOfThisTestaSecretOfThisTest0000000000002";
/// 2026-11-22T00:00:00Z.
pub(crate) const NOW_MS: i64 = 1_795_305_600_000;
pub(crate) const DAY_MS: i64 = 86_400_000;

/// A simulator that is stopped when it is dropped.
pub(crate) struct Venue {
    child: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ready: Value,
}

/// An HTTP answer; `whole` is false when it broke off.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) whole: bool,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Status and the venue's code.
    pub(crate) fn refusal(&self) -> (u16, i64) {
        (self.status, self.json()["code"].as_i64().unwrap_or(0))
    }
}

impl Venue {
    /// Seed 1 at [`NOW_MS`], with time stopped: whatever a test sends is sent at that instant.
    pub(crate) fn still(more: &[&str]) -> Self {
        Self::start(&[&["--seed", "1", "--now", &NOW_MS.to_string(), "--time-rate", "0"], more].concat())
    }

    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_perf-aggregator-simulator"))
            .args(["--port", "0", "--key", KEY, "--secret", SECRET])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no ready line: {line}"));
        let address = ready["url"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        Self { child, address, ready }
    }

    /// A question that needs no key.
    pub(crate) fn public(&self, path_and_query: &str) -> Reply {
        self.send("GET", path_and_query, &[], "")
    }

    /// A question signed now: the path, and the query without timestamp and signature.
    pub(crate) fn signed(&self, path: &str, query: &str) -> Reply {
        self.signed_at("GET", path, query, self.venue_ms())
    }

    pub(crate) fn signed_at(&self, method: &str, path: &str, query: &str, timestamp_ms: i64) -> Reply {
        let joint = if query.is_empty() { "" } else { "&" };
        let query = format!("{query}{joint}timestamp={timestamp_ms}");
        let signature = sign(&query);
        self.with_key(method, &format!("{path}?{query}&signature={signature}"), "")
    }

    /// Whatever stands there, with the key in its header.
    pub(crate) fn with_key(&self, method: &str, path_and_query: &str, body: &str) -> Reply {
        self.send(method, path_and_query, &[("X-MBX-APIKEY", KEY)], body)
    }

    /// Rows of a signed question that must succeed.
    pub(crate) fn rows(&self, path: &str, query: &str) -> Vec<Value> {
        let reply = self.signed(path, query);
        assert_eq!(reply.status, 200, "{path}?{query}: {}", String::from_utf8_lossy(&reply.body));
        reply.json().as_array().expect("rows").clone()
    }

    /// The venue's own time, as it tells it.
    pub(crate) fn venue_ms(&self) -> i64 {
        // A venue with faults does not always tell.
        let told =
            (0..20).map(|_| self.public("/api/v3/time")).find(|reply| reply.status == 200 && reply.whole);
        told.expect("a time").json()["serverTime"].as_i64().unwrap()
    }

    pub(crate) fn tell(&self, route: &str, body: &str) -> Value {
        let reply = self.send("POST", &format!("/simulator/{route}"), &[], body);
        assert_eq!(reply.status, 200, "{route}: {}", String::from_utf8_lossy(&reply.body));
        reply.json()
    }

    pub(crate) fn advance(&self, milliseconds: i64) {
        self.tell("clock", &format!(r#"{{"advance_ms":{milliseconds}}}"#));
    }

    /// The time that the world has, which is nobody's clock.
    pub(crate) fn truth_ms(&self) -> i64 {
        self.public("/simulator/clock").json()["now_ms"].as_i64().unwrap()
    }

    pub(crate) fn truth(&self) -> Value {
        self.public("/simulator/truth").json()
    }

    /// Sends SIGTERM and waits.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap()
    }

    pub(crate) fn send(
        &self,
        method: &str,
        path_and_query: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        let mut request =
            format!("{method} {path_and_query} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let Some(split) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Reply { status: 0, head: String::new(), body: Vec::new(), whole: false };
        };
        let head = String::from_utf8_lossy(&answer[..split]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply { status, head, body: answer[split + 4..].to_vec(), whole: true };
        reply.whole = reply.header("content-length").unwrap().parse() == Ok(reply.body.len());
        reply
    }
}

impl Drop for Venue {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// HMAC-SHA256 in lower-case hex, under the secret of these tests.
pub(crate) fn sign(payload: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
