//! The relay between a raw client and a raw backend, on real sockets.

mod relay;
mod stream;
mod serving;
mod clear;
mod tls;
mod access;
mod counters;
mod pages;
mod description;

use crate::{
    access::{AccessLog, Book},
    counters::Counters,
    limits::{CALL, Call},
    log,
    relay::{Answer, Relay},
    server::{Listener, serve},
    settings::Settings,
};
use core::{net::SocketAddr, time::Duration};
use hyper::{Request, body::Incoming};
use perfagg::access_log::{self, Head, LogError, LogVerdict};
use std::{
    fs,
    io::BufReader,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{Notify, watch},
    task::JoinHandle,
};

const ANY: SocketAddr = SocketAddr::new(core::net::IpAddr::V4(core::net::Ipv4Addr::LOCALHOST), 0);
const SESSION: &str = "session_1770000000_PLANTEDplantedPLANTED01";
/// Long enough that it never decides a test, unless nothing else can end it.
const SHORT: Duration = Duration::from_millis(30);

struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

async fn start_with<F, W>(handler: F) -> Running
where
    F: Fn(Request<Incoming>) -> W + Clone + Send + 'static,
    W: Future<Output = Answer> + Send + 'static,
{
    let listener = Listener::bind(ANY).await.unwrap();
    let (address, (stop, stopping)) = (listener.address().unwrap(), watch::channel(false));
    Running { address, stop, serving: tokio::spawn(serve(listener, stopping, handler)) }
}

async fn start(backend: SocketAddr, bounds: Call) -> Running {
    start_relay(relay(&[("BACKEND_URL", &format!("http://{backend}"))], bounds)).await
}

/// A relay by its settings, which keeps no access log.
fn relay(settings: &[(&str, &str)], bounds: Call) -> Relay {
    let counters = Arc::new(Counters::default());
    let log = AccessLog::off(now, Arc::clone(&counters));
    Relay::new(read(settings).backend, bounds, counters, Arc::new(log)).unwrap()
}

fn read(settings: &[(&str, &str)]) -> Settings {
    let value =
        |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    Settings::read(value).unwrap()
}

async fn start_relay(relay: Relay) -> Running {
    let relay = Arc::new(relay);
    start_with(move |request| {
        let relay = Arc::clone(&relay);
        async move { relay.answer(request).await }
    })
    .await
}

/// Noon of a day.
fn now() -> u64 {
    1_795_521_600
}

/// A directory of a test's own, gone with it.
pub(crate) struct Directory(pub(crate) PathBuf);

impl Directory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("perfagg-access-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    /// The files of the log, oldest first.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
        files.sort();
        files
    }

    pub(crate) fn text(&self) -> String {
        self.files().iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// What the verifier says of it.
    pub(crate) fn judged(&self) -> Result<LogVerdict, LogError> {
        let head = Head::parse(&fs::read(self.0.join("head.json")).unwrap()).unwrap();
        let mut log = access_log::AccessLog::new(Some(head));
        self.files().iter().try_for_each(|path| log.read(BufReader::new(fs::File::open(path).unwrap())))?;
        log.finish()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// xorshift64, so that a failure comes back.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own listener")]
async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(ANY).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[expect(clippy::disallowed_methods, reason = "a test's own client")]
async fn connect(to: SocketAddr) -> std::io::Result<TcpStream> {
    TcpStream::connect(to).await
}

/// A backend that gives the same bytes to every request, and what it was asked.
async fn backend(answer: impl Into<Vec<u8>>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let ((listener, address), answer, seen) =
        (listen().await, answer.into(), Arc::new(Mutex::new(Vec::new())));
    let keep = Arc::clone(&seen);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_request(&mut stream).await;
            keep.lock().unwrap().push(request);
            let _ = stream.write_all(&answer).await;
        }
    });
    (address, seen)
}

/// Head and body of one request, as they came.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |n| n.parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

/// Sends raw bytes and gives all that comes back until the connection closes.
async fn ask(to: SocketAddr, request: &str) -> String {
    let mut stream = connect(to).await.unwrap();
    // Who refuses a body early may close before all of it was sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(to: SocketAddr, path: &str) -> String {
    ask(to, &format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).await
}

async fn post(to: SocketAddr, body: &str) -> String {
    let length = body.len();
    ask(to, &format!("POST /enclave/sealed HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")).await
}

/// A problem document of the relay's own, in the form of RFC 9457.
fn assert_problem(answer: &str, status: u16, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    for header in [
        "content-type: application/problem+json",
        "access-control-allow-origin: *",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "{header}: {head}");
    }
    assert!(!head.contains("signature"), "{head}");
    let problem: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(u64::from(status))));
    assert!(problem["detail"].as_str().unwrap().contains("no enclave signed it"), "{problem}");
}
