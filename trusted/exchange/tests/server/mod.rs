//! A raw server on loopback that acts by a script, a clock that tests move by hand, and a connector that asks one thing.
#![allow(dead_code, reason = "each test file uses its part")]

use exchange::{
    Clock, Cost, ExchangeConnector, Finding, Hosts, Method, Next, Progress, Refusal, Reply, Request, Task,
    Transport, VenueError, Wait,
};
use ledger::Timestamp;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
};

pub(crate) const START_MS: i64 = 1_795_305_600_000;

pub(crate) const PATH: &str = "/api/v3/account";

/// Time that passes only when a test says so, or, if told to hurry, as soon as somebody waits for it.
pub(crate) struct HandClock {
    pub(crate) now_ms: watch::Sender<i64>,
    pub(crate) hurries: bool,
    pub(crate) waits: Mutex<Vec<i64>>,
}

impl HandClock {
    pub(crate) fn new(hurries: bool) -> Arc<Self> {
        Arc::new(Self { now_ms: watch::Sender::new(START_MS), hurries, waits: Mutex::default() })
    }

    pub(crate) fn advance(&self, ms: i64) {
        self.now_ms.send_modify(|now_ms| *now_ms += ms);
    }

    pub(crate) fn passed_ms(&self) -> i64 {
        *self.now_ms.borrow() - START_MS
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(*self.now_ms.borrow())
    }

    fn sleep_until(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            self.waits.lock().unwrap().push(at.millis() - START_MS);
            // The limit of an answer, 20 s, is not hurried to: answers come at once.
            if self.hurries && at.millis() - *self.now_ms.borrow() != 20_000 {
                self.now_ms.send_modify(|now_ms| *now_ms = (*now_ms).max(at.millis()));
            }
            let mut now_ms = self.now_ms.subscribe();
            let _ = now_ms.wait_for(|now_ms| *now_ms >= at.millis()).await;
        })
    }
}

/// What the server does with a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes these bytes and keeps the connection.
    Say(Vec<u8>),
    /// Writes these bytes and closes it.
    SayAndClose(Vec<u8>),
    /// Nothing, ever.
    Hang,
}

pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Act {
    Act::Say(
        format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).into_bytes(),
    )
}

pub(crate) fn good() -> Act {
    answer(200, "", "{}")
}

/// A server that acts by a script, and what it was asked.
pub(crate) struct Server {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) script: Arc<Mutex<VecDeque<Act>>>,
    pub(crate) heard: Arc<Mutex<Vec<String>>>,
    pub(crate) connections: Arc<Mutex<u32>>,
    pub(crate) came: Arc<Notify>,
}

impl Server {
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a test's own server on loopback")]
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            heard: Arc::default(),
            connections: Arc::default(),
            came: Arc::default(),
        };
        let (script, heard) = (Arc::clone(&server.script), Arc::clone(&server.heard));
        let (connections, came) = (Arc::clone(&server.connections), Arc::clone(&server.came));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *connections.lock().unwrap() += 1;
                tokio::spawn(act(stream, Arc::clone(&script), Arc::clone(&heard), Arc::clone(&came)));
            }
        });
        server
    }

    pub(crate) fn transport(&self) -> Transport {
        Transport::new(Hosts::dangerous_development(self.address).unwrap(), 1)
    }

    pub(crate) fn requests(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// Returns when so many requests came.
    pub(crate) async fn heard(&self, count: usize) {
        while self.requests() < count {
            self.came.notified().await;
        }
    }
}

pub(crate) async fn act(
    stream: TcpStream,
    script: Arc<Mutex<VecDeque<Act>>>,
    heard: Arc<Mutex<Vec<String>>>,
    came: Arc<Notify>,
) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await.unwrap_or(0) == 0 {
                return;
            }
        }
        heard.lock().unwrap().push(head);
        came.notify_one();
        let next = script.lock().unwrap().pop_front().unwrap_or_else(good);
        match next {
            Act::Say(bytes) => drop(stream.write_all(&bytes).await),
            Act::SayAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Act::Hang => drop(stream.read_u8().await),
        }
    }
}

/// Asks one thing so many times, and reads answers by their status alone.
pub(crate) struct Asker {
    pub(crate) left: u32,
    pub(crate) task: Option<Task>,
    pub(crate) path: &'static str,
    /// What it asks instead when half a minute has passed.
    pub(crate) later_path: &'static str,
    pub(crate) host: &'static str,
    pub(crate) method: Method,
    pub(crate) weight: u32,
    pub(crate) account: u64,
    pub(crate) limit: u32,
    /// Where the venue tells what is used up.
    pub(crate) used_header: &'static str,
    pub(crate) signed_at: Vec<i64>,
    pub(crate) answered_at: Vec<i64>,
    /// What each answer tells of the venue's clock, minus ours.
    pub(crate) skew_ms: Option<i64>,
}

impl Asker {
    pub(crate) fn new(times: u32) -> Self {
        let (host, path, method) = ("api.binance.com", PATH, Method::Get);
        Self {
            left: times,
            task: None,
            path,
            later_path: path,
            host,
            method,
            weight: 1,
            account: 0,
            limit: 1000,
            used_header: "x-mbx-used-weight-1m",
            signed_at: Vec::new(),
            answered_at: Vec::new(),
            skew_ms: None,
        }
    }
}

impl ExchangeConnector for Asker {
    fn start(&mut self, task: Task) {
        self.task = Some(task);
    }

    fn next(&mut self, now: Timestamp) -> Next {
        if self.left == 0 {
            return Next::Finished;
        }
        self.signed_at.push(now.millis() - START_MS);
        Next::Ask(Request {
            method: self.method,
            host: self.host,
            path: if now.millis() - START_MS < 30_000 { self.path } else { self.later_path },
            segment: None,
            query: "signature=PLANTEDsignature&symbol=PLANTEDsymbol".to_owned().into(),
            headers: vec![("x-mbx-apikey", "PLANTEDkey".to_owned().into())],
            body: Vec::new().into(),
            cost: Cost {
                budget: "test",
                account: self.account,
                weight: self.weight,
                limit_per_minute: self.limit,
                used_header: self.used_header,
            },
        })
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        match reply.status {
            200 => {
                self.left -= 1;
                self.answered_at.push(now.millis() - START_MS);
                let told = |skew_ms| Finding::VenueTime(Timestamp::from_millis(now.millis() + skew_ms));
                Ok(self.skew_ms.map(told).into_iter().collect())
            }
            418 | 429 => {
                let retry_after = reply.header("retry-after").and_then(|text| text.parse::<u64>().ok());
                Err(VenueError::BackOff { retry_after_ms: retry_after.map(|seconds| seconds * 1000) })
            }
            400 => Err(VenueError::FixClock),
            401 => Err(VenueError::Permanent(Refusal::Credentials)),
            _ => Err(VenueError::Retry),
        }
    }

    fn progress(&self) -> Progress {
        Progress { done: 0, total: self.left }
    }

    fn saved(&self) -> Vec<u8> {
        Vec::new()
    }

    fn resume(&mut self, _saved: &[u8]) -> bool {
        false
    }
}

pub(crate) async fn run(
    transport: &Transport,
    asker: &mut Asker,
    clock: &HandClock,
    task: Task,
) -> Result<(), VenueError> {
    transport.converse(asker, clock, task, &mut |_, _| {}).await
}

/// One request against a script: what came of it, how many requests that took, and the time that passed.
pub(crate) async fn once(
    script: impl IntoIterator<Item = Act>,
    task: Task,
) -> (Result<(), VenueError>, usize, i64) {
    let (server, clock) = (Server::start(script).await, HandClock::new(true));
    let outcome = run(&server.transport(), &mut Asker::new(1), &clock, task).await;
    (outcome, server.requests(), clock.passed_ms())
}
