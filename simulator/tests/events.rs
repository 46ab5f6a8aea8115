//! Events as they come, with the real programs: plain and sealed, directly and through the main service, again after a
//! cut, and to the session's end.

#![cfg(test)]

mod stack;

use protocol::sse::{self, Frame};
use serde_json::{Value, json};
use stack::{Stack, http};
use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    process::{Child, ChildStdout},
    time::Duration,
};

/// A plain stream of events. HTTP/1.0, so that the body is sent as it is.
struct Listening {
    stream: TcpStream,
    reader: sse::Reader,
    frames: VecDeque<Frame>,
    head: String,
}

impl Listening {
    /// Opens one. Places of streams that were just given up are free again in a moment, so a full house is asked again.
    fn start(to: SocketAddr, session_id: &str, last: Option<u64>) -> Self {
        let tries = (0..1000).map(|_| Self::try_start(to, session_id, last));
        let open = tries.into_iter().find(|stream| !stream.head.contains(" 429 ")).expect("there is room");
        assert!(open.head.split(' ').nth(1) == Some("200"), "{}", open.head);
        assert!(open.head.contains("content-type: text/event-stream\r\n"), "{}", open.head);
        open
    }

    fn try_start(to: SocketAddr, session_id: &str, last: Option<u64>) -> Self {
        let mut stream = TcpStream::connect(to).unwrap();
        // An event that does not come fails the test instead of stopping it.
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let last = last.map_or(String::new(), |id| format!("last-event-id: {id}\r\n"));
        let request = format!("GET /enclave/events/{session_id} HTTP/1.0\r\nhost: {to}\r\n{last}\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            assert_eq!(stream.read(&mut byte).unwrap(), 1, "no head: {}", String::from_utf8_lossy(&head));
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        Self { stream, reader: sse::Reader::default(), frames: VecDeque::new(), head }
    }

    /// The next event: its name, its id and its data. `None` after the last.
    fn next(&mut self) -> Option<(String, u64, Value)> {
        loop {
            if let Some(Frame { event, id, data }) = self.frames.pop_front() {
                return Some((event, id?.parse().unwrap(), serde_json::from_str(&data).unwrap()));
            }
            let mut bytes = [0; 4096];
            match self.stream.read(&mut bytes).expect("an event comes") {
                0 => return None,
                read => self.frames.extend(self.reader.read(&bytes[..read]).unwrap()),
            }
        }
    }

    fn next_of(&mut self, name: &str) -> (u64, Value) {
        loop {
            let (event, id, data) = self.next().unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event == name {
                return (id, data);
            }
        }
    }

    /// The first new figures after an event.
    fn metrics_after(&mut self, last: u64) -> (u64, Value) {
        loop {
            let (id, data) = self.next_of("metrics");
            if id > last {
                return (id, data);
            }
        }
    }
}

/// `perfagg watch`: the sealed stream, opened.
struct Watching {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Watching {
    fn start(stack: &Stack, session: &str) -> Self {
        let mut child = stack.start_perfagg(session, &["--json", "watch"]);
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// The next event. `None` after the last.
    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        (self.lines.read_line(&mut line).unwrap() > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    fn next_of(&mut self, name: &str) -> Value {
        loop {
            let event = self.next().unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event["event"] == name {
                return event;
            }
        }
    }

    fn metrics_after(&mut self, last: u64) -> (u64, Value) {
        loop {
            let event = self.next_of("metrics");
            if let Some(id) = event["id"].as_u64().filter(|id| *id > last) {
                return (id, event["data"].clone());
            }
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn registered(stack: &Stack, session: &str, ttl: &str) -> String {
    let opened = stack.register(session, &stack.main.url, &["--bearer", "--ttl", ttl]);
    opened["session_id"].as_str().unwrap().to_owned()
}

fn plain_fills(stack: &Stack, id: &str) -> u64 {
    let summary = http(stack.enclave.address(), "GET", &format!("/enclave/summary/{id}"), &[], "").json();
    summary["trades"]["fills"].as_u64().unwrap()
}

#[test]
fn a_new_fill_is_told_as_it_comes_on_every_way_and_a_stream_goes_on_where_it_was() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "events", &[]);
    let id = registered(&stack, "events", "24h");
    let before = plain_fills(&stack, &id);
    let mut plain = [stack.enclave.address(), stack.main.address()].map(|to| Listening::start(to, &id, None));
    let mut sealed = Watching::start(&stack, "events");

    // What holds now, first. Rounds go on meanwhile, so each stream may begin at another one.
    let mut held = 0;
    for stream in &mut plain {
        assert_eq!(stream.next_of("sync").1, json!({ "state": "live", "progress": 1.0 }));
        held = held.max(stream.next_of("metrics").0);
    }
    held = held.max(sealed.metrics_after(0).0);

    stack.tell("fills", r#"{"count":7}"#);
    stack.advance(61_000);
    let (mut told, mut figures) = plain[0].metrics_after(held);
    while plain_fills(&stack, &id) != before + 7 {
        (told, figures) = plain[0].metrics_after(told);
    }
    assert_eq!(plain[1].metrics_after(told - 1), (told, figures.clone()), "a relay changes nothing");
    assert_eq!(sealed.metrics_after(told - 1), (told, figures), "nor does the seal");

    // Who was away is told what it missed, and nothing twice.
    drop(plain);
    stack.advance(61_000);
    let (missed, figures) = sealed.metrics_after(told);
    for to in [stack.enclave.address(), stack.main.address()] {
        let first = Listening::start(to, &id, Some(told)).next();
        assert_eq!(first, Some(("metrics".to_owned(), missed, figures.clone())));
    }
    // Who comes with an id that was never given reads again.
    let mut stranger = Listening::start(stack.enclave.address(), &id, Some(1_000_000));
    assert_eq!(stranger.next().unwrap().0, "reset");
    assert_eq!(stranger.next().unwrap().0, "sync");
    assert_eq!(stranger.next().unwrap().0, "metrics");

    // A session has four streams and no more; the sealed one and this are two of them.
    let _more = [0; 2].map(|_| Listening::start(stack.enclave.address(), &id, None).tapped());
    let path = format!("/enclave/events/{id}");
    let full = http(stack.enclave.address(), "GET", &path, &[], "");
    assert_eq!((full.status, full.json()["code"].as_str()), (429, Some("RATE_LIMITED")));
    let strange = http(stack.enclave.address(), "GET", &path, &[("last-event-id", "-1")], "");
    assert_eq!((strange.status, strange.json()["code"].as_str()), (400, Some("REQUEST_MALFORMED")));
}

impl Listening {
    /// Once its first event was read, the stream surely has its place.
    fn tapped(mut self) -> Self {
        self.next().unwrap();
        self
    }
}

#[test]
fn the_end_of_a_session_is_told_ten_minutes_before_and_when_it_is_there() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "expiry", &[]);
    let id = registered(&stack, "expiry", "30m");
    let mut plain = Listening::start(stack.main.address(), &id, None).tapped();
    let mut sealed = Watching::start(&stack, "expiry");
    sealed.next_of("metrics");

    stack.advance(1_201_000);
    let (_, soon) = plain.next_of("expiry");
    assert_eq!(soon["state"], "soon");
    assert_eq!(sealed.next_of("expiry")["data"], soon);
    stack.advance(600_000);
    let (_, over) = plain.next_of("expiry");
    assert_eq!(over, json!({ "state": "expired", "session_expires": soon["session_expires"] }));
    assert_eq!(plain.next(), None, "and the stream is over");
    assert_eq!(sealed.next_of("expiry")["data"], over);
    assert_eq!(sealed.next(), None);
    let path = format!("/enclave/events/{id}");
    let gone = http(stack.enclave.address(), "GET", &path, &[], "").json();
    assert_eq!(gone["code"], "SESSION_EXPIRED");
}

#[test]
fn streams_end_with_a_revocation_and_with_the_enclave_and_say_which() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "streams-end", &[]);
    let revoked = registered(&stack, "revoked", "24h");
    let kept = registered(&stack, "kept", "24h");
    let sealed_only = stack.register("sealed", &stack.enclave.url, &[]);
    let mut streams =
        [&revoked, &kept].map(|id| Listening::start(stack.enclave.address(), id, None).tapped());
    let mut sealed = Watching::start(&stack, "revoked");
    sealed.next_of("metrics");

    let path = format!("/enclave/events/{}", sealed_only["session_id"].as_str().unwrap());
    let refused = http(stack.enclave.address(), "GET", &path, &[], "").json();
    assert_eq!(refused["code"], "SESSION_UNKNOWN", "plain streams are for bearer sessions");

    http(stack.enclave.address(), "DELETE", &format!("/enclave/sessions/{revoked}"), &[], "");
    assert_eq!(streams[0].next_of("expiry").1["state"], "revoked");
    assert_eq!(streams[0].next(), None);
    assert_eq!(sealed.next_of("expiry")["data"]["state"], "revoked");

    assert!(stack.enclave.terminate().success(), "a stream does not hold up the stop");
    assert_eq!(streams[1].next_of("closing").1, json!({ "why": "stopping" }));
    assert_eq!(streams[1].next(), None);
}
