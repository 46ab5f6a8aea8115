//! The relay between a raw client and a raw backend, on real sockets.

use crate::{
    limits::{CALL, Call},
    log, relay,
    server::{Listener, serve},
};
use core::{net::SocketAddr, time::Duration};
use hyper::{Request, body::Incoming};
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
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
    W: Future<Output = relay::Answer> + Send + 'static,
{
    let listener = Listener::bind(ANY).await.unwrap();
    let (address, (stop, stopping)) = (listener.address().unwrap(), watch::channel(false));
    Running { address, stop, serving: tokio::spawn(serve(listener, stopping, handler)) }
}

async fn start(backend: SocketAddr, bounds: Call) -> Running {
    let relay = Arc::new(relay::Relay::new(backend.to_string().parse().unwrap(), bounds));
    start_with(move |request| {
        let relay = Arc::clone(&relay);
        async move { relay.answer(request).await }
    })
    .await
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
async fn read_request(stream: &mut TcpStream) -> String {
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

#[tokio::test]
async fn a_call_and_its_answer_pass_unchanged() {
    let (enclave, seen) = backend("HTTP/1.1 409 Conflict\r\ncontent-type: application/problem+json\r\ncontent-length: 12\r\n\r\n{\"sealed\": 1}").await;
    let main = start(enclave, CALL).await;
    let answer = post(main.address, r#"{"v":1,"enc":"é"}"#).await;
    assert!(answer.starts_with("HTTP/1.1 409 Conflict\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"sealed\": 1"), "{answer}");
    get(main.address, "/attestation/quote?nonce=abc%20-_").await;
    let seen = seen.lock().unwrap();
    assert!(
        seen[0].starts_with("POST /enclave/sealed HTTP/1.1\r\n") && seen[0].ends_with(r#"{"v":1,"enc":"é"}"#),
        "{seen:?}"
    );
    assert!(seen[1].starts_with("GET /attestation/quote?nonce=abc%20-_ HTTP/1.1\r\n"), "{seen:?}");
}

#[tokio::test]
async fn only_the_headers_that_are_named_pass_in_either_direction() {
    let (enclave, seen) = backend(
        "HTTP/1.1 200 OK\r\nserver: planted\r\nset-cookie: planted\r\nkeep-alive: planted\r\nconnection: close\r\n\
         x-request-id: r1\r\nsignature: s1\r\nsignature-input: i1\r\ncontent-digest: d1\r\nretry-after: 7\r\n\
         cache-control: no-store\r\naccess-control-allow-origin: *\r\naccess-control-expose-headers: signature\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let main = start(enclave, CALL).await;
    let answer = ask(
        main.address,
        "GET /enclave/summary HTTP/1.1\r\nhost: planted\r\nconnection: close, x-planted\r\nx-planted: planted\r\ncookie: planted\r\n\
         x-forwarded-for: planted\r\nuser-agent: planted\r\nte: planted\r\nauthorization: Bearer b1\r\nlast-event-id: 7\r\nperfagg-nonce: n1\r\ncontent-type: c1\r\n\r\n",
    )
    .await;
    for header in [
        "x-request-id: r1",
        "signature: s1",
        "signature-input: i1",
        "content-digest: d1",
        "retry-after: 7",
        "cache-control: no-store",
        "access-control-allow-origin: *",
        "access-control-expose-headers: signature",
    ] {
        assert!(answer.contains(&format!("{header}\r\n")), "{header}: {answer}");
    }
    let seen = seen.lock().unwrap();
    for header in ["authorization: Bearer b1", "last-event-id: 7", "perfagg-nonce: n1", "content-type: c1"] {
        assert!(seen[0].contains(&format!("{header}\r\n")), "{header}: {seen:?}");
    }
    assert!(seen[0].contains(&format!("host: {enclave}\r\n")), "{seen:?}");
    assert!(!seen[0].contains("planted") && !answer.contains("planted"), "{seen:?} {answer}");
}

#[tokio::test]
async fn a_preflight_is_the_enclaves_to_answer() {
    let (enclave, seen) =
        backend("HTTP/1.1 204 No Content\r\naccess-control-allow-methods: GET\r\n\r\n").await;
    let main = start(enclave, CALL).await;
    let answer = ask(
        main.address,
        "OPTIONS /enclave/sealed HTTP/1.1\r\nhost: a\r\norigin: o1\r\naccess-control-request-method: POST\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 204 ") && answer.contains("access-control-allow-methods: GET\r\n"),
        "{answer}"
    );
    let seen = seen.lock().unwrap();
    assert!(
        seen[0].contains("origin: o1") && seen[0].contains("access-control-request-method: POST"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn an_answer_passes_while_it_is_still_being_made() {
    let ((listener, enclave), seen_first) = (listen().await, Arc::new(Notify::new()));
    let go_on = Arc::clone(&seen_first);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            .await
            .unwrap();
        go_on.notified().await;
        stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
    });
    let main = start(enclave, CALL).await;
    let mut stream = connect(main.address).await.unwrap();
    stream
        .write_all(b"GET /enclave/events/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("first") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed before the first piece");
    }
    seen_first.notify_one();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).ends_with("4\r\nlast\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn an_enclave_that_does_not_answer_is_told_as_a_problem() {
    let (listener, nobody) = listen().await;
    drop(listener);
    let main = start(nobody, CALL).await;
    assert_problem(&get(main.address, "/attestation/quote").await, 502, "RELAY_BACKEND_UNREACHABLE");
    for nonsense in [
        "",
        "no HTTP at all\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
        "HTTP/1.1 101 X\r\n\r\n",
    ] {
        let main = start(backend(nonsense).await.0, CALL).await;
        assert_problem(&get(main.address, "/attestation/quote").await, 502, "RELAY_BACKEND_UNREACHABLE");
    }
}

#[tokio::test]
async fn an_enclave_that_takes_too_long_is_told_as_a_problem() {
    // The backend accepts, by its queue, and never answers.
    let (_listener, silent) = listen().await;
    let main = start(silent, Call { answer_timeout: SHORT, ..CALL }).await;
    assert_problem(&post(main.address, "{}").await, 504, "RELAY_TIMEOUT");
}

#[tokio::test]
async fn a_body_may_weigh_as_much_as_a_call_and_no_byte_more() {
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let main = start(enclave, CALL).await;
    let largest = "x".repeat(32 * 1024);
    assert!(post(main.address, &largest).await.ends_with("\r\n\r\nok"));
    assert_problem(&post(main.address, &format!("{largest}x")).await, 413, "RELAY_TOO_LARGE");
    let chunked = format!(
        "POST /enclave/sealed HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n8001\r\n{largest}x\r\n0\r\n\r\n"
    );
    assert_problem(&ask(main.address, &chunked).await, 413, "RELAY_TOO_LARGE");
    assert_eq!(seen.lock().unwrap().len(), 1, "the enclave is not troubled with the rest");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\n\r\n").await;
    let main = start(enclave, Call { request_timeout: SHORT, ..CALL }).await;
    let half = "POST /enclave/sealed HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf";
    assert_problem(&ask(main.address, half).await, 400, "REQUEST_MALFORMED");
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_answer_that_grows_too_large_breaks_off_or_takes_too_long_ends_early() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let bounds = Call { answer_bytes_max: 10, passing_timeout: SHORT, ..CALL };
    for (what, pieces) in
        [("too large", "8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n"), ("broken off", "8\r\n1234")]
    {
        let main = start(backend(format!("{head}{pieces}")).await.0, bounds).await;
        assert!(!get(main.address, "/exchanges").await.ends_with("0\r\n\r\n"), "{what}");
    }
    let (listener, enclave) = listen().await;
    let stuck = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(format!("{head}2\r\nok\r\n").as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await
    });
    let main = start(enclave, bounds).await;
    assert!(!get(main.address, "/exchanges").await.ends_with("0\r\n\r\n"));
    let _ = stuck.await.expect("the enclave's side is let go too");
}

/// A backend that begins a stream with `first`, and goes on when it is told to.
async fn streaming() -> (SocketAddr, Arc<Notify>) {
    let ((listener, address), go_on) = (listen().await, Arc::new(Notify::new()));
    let told = Arc::clone(&go_on);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}5\r\nfirst\r\n").as_bytes()).await.unwrap();
        told.notified().await;
        let _ = stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await;
    });
    (address, go_on)
}

/// A stream through the relay, after its first piece.
async fn listening(main: &Running) -> TcpStream {
    let mut stream = connect(main.address).await.unwrap();
    let request =
        b"GET /enclave/events/x HTTP/1.1\r\nhost: a\r\nlast-event-id: 7\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("first") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed before the first piece");
    }
    stream
}

#[tokio::test]
async fn a_stream_of_events_lasts_longer_than_other_answers_but_not_in_silence() {
    let mut rest = String::new();
    let (enclave, go_on) = streaming().await;
    // Any other answer would be cut at once.
    let main = start(enclave, Call { passing_timeout: Duration::ZERO, ..CALL }).await;
    let mut stream = listening(&main).await;
    go_on.notify_one();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with("4\r\nlast\r\n0\r\n\r\n"), "{rest}");

    for bounds in [Call { stream_silence: SHORT, ..CALL }, Call { stream_life: SHORT, ..CALL }] {
        let (enclave, _go_on) = streaming().await;
        let main = start(enclave, bounds).await;
        let mut rest = String::new();
        let _ = listening(&main).await.read_to_string(&mut rest).await;
        assert!(!rest.ends_with("0\r\n\r\n"), "it was cut, and is seen to be: {rest}");
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_streams() {
    let (enclave, _go_on) = streaming().await;
    let main = start(enclave, CALL).await;
    let mut stream = listening(&main).await;
    main.stop.send_replace(true);
    let mut rest = String::new();
    let _ = stream.read_to_string(&mut rest).await;
    assert!(!rest.ends_with("0\r\n\r\n"), "{rest}");
    main.serving.await.unwrap();
}

#[tokio::test]
async fn what_is_not_the_enclaves_is_answered_here() {
    let (listener, nobody) = listen().await;
    drop(listener);
    let main = start(nobody, CALL).await;
    assert!(get(main.address, "/health/live").await.ends_with("\r\n\r\n{\"status\":\"live\"}"));
    assert_problem(&get(main.address, "/metrics").await, 404, "NOT_FOUND");
    let delete = "DELETE /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert_problem(&ask(main.address, delete).await, 405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn a_handler_that_panics_takes_down_one_request() {
    let relay = Arc::new(relay::Relay::new("127.0.0.1:9".parse().unwrap(), CALL));
    let main = start_with(move |request| {
        let relay = Arc::clone(&relay);
        async move {
            assert_ne!(request.uri().path(), "/enclave/panic");
            relay.answer(request).await
        }
    })
    .await;
    let mut stream = connect(main.address).await.unwrap();
    stream.write_all(b"GET /enclave/panic HTTP/1.1\r\nhost: a\r\n\r\nGET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 500 ") && answers.contains("\"INTERNAL\""), "{answers}");
    assert!(answers.ends_with("{\"status\":\"live\"}"), "the next request on the same connection: {answers}");
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_takes_nothing_new() {
    let ((listener, enclave), stopped) = (listen().await, Arc::new(Notify::new()));
    let go_on = Arc::clone(&stopped);
    let asked = Arc::new(Notify::new());
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        told.notify_one();
        go_on.notified().await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast").await.unwrap();
    });
    let main = start(enclave, CALL).await;
    let call = tokio::spawn(get(main.address, "/attestation/quote"));
    asked.notified().await;
    main.stop.send_replace(true);
    // The port is closed once the stop was seen; until then a connection may still be accepted.
    while connect(main.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stopped.notify_one();
    assert!(call.await.unwrap().ends_with("\r\n\r\nlast"));
    main.serving.await.unwrap();
}

#[tokio::test]
async fn the_log_tells_routes_and_statuses_and_nothing_that_a_caller_sent() {
    let (_guard, written) = log::tests::captured("trace,hyper=trace,hyper_util=trace");
    let (enclave, _) =
        backend(format!("HTTP/1.1 401 X\r\nx-request-id: {SESSION}\r\ncontent-length: 42\r\n\r\n{SESSION}"))
            .await;
    let main = start(enclave, CALL).await;
    ask(
        main.address,
        &format!(
            "GET /enclave/summary/{SESSION}?{SESSION} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {SESSION}\r\n\
             content-length: 42\r\n\r\n{SESSION}"
        ),
    )
    .await;
    get(main.address, &format!("/{SESSION}")).await;
    let text = written.text();
    assert!(text.contains("/enclave/summary/{session_id}") && text.contains("status=401"), "{text}");
    assert!(text.contains("NOT_FOUND"), "{text}");
    assert!(!text.contains("PLANTED"), "{text}");
}
