//! The transport against a raw server on loopback: retries, answers that break off, never come or never end, and a
//! silent log.
#![cfg(test)]

mod server;

use exchange::{Method, Refusal, SharedMarkets, Task, Venue, VenueError};
use protocol::{Credentials, Secret};
use server::{Act, Asker, HandClock, PATH, Server, answer, good, once, run};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn failures_are_tried_again_five_times_with_growing_waits() {
    let failures = |count| vec![answer(503, "", "x"); count];
    let (outcome, requests, passed_ms) = once(failures(5), Task::Collect).await;
    assert_eq!((outcome, requests), (Ok(()), 6));
    assert!((3875..=7750).contains(&passed_ms), "{passed_ms}");
    let (outcome, requests, _) = once(failures(6), Task::Collect).await;
    assert_eq!((outcome, requests), (Err(VenueError::Retry), 6));
}

#[tokio::test]
async fn whoever_is_busy_and_says_for_how_long_is_left_alone_for_so_long() {
    for (header, at_least) in [
        ("retry-after: 9\r\n", 9_000),
        ("date: Fri, 31 Dec 1999 23:59:59 GMT\r\nretry-after: Sat, 01 Jan 2000 00:00:29 GMT\r\n", 30_000),
        ("retry-after: 0\r\n", 125),
    ] {
        let (outcome, requests, passed_ms) = once([answer(503, header, "x")], Task::Collect).await;
        assert_eq!((outcome, requests), (Ok(()), 2), "{header}");
        assert!((at_least..at_least + 1_000).contains(&passed_ms), "{header}: {passed_ms}");
    }
}

#[tokio::test]
async fn answers_that_break_off_are_tried_again() {
    for broken in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 O",
        "HTTP/1.1 OK\r\n\r\n",
        "",
    ] {
        let (outcome, requests, passed_ms) = once([Act::SayAndClose(broken.into())], Task::Collect).await;
        assert_eq!((outcome, requests), (Ok(()), 2), "{broken:?}");
        assert!(passed_ms >= 125, "{broken:?}: not at once");
    }
}

#[tokio::test]
async fn a_refusal_is_final() {
    let (outcome, requests, _) = once([answer(401, "", "{}")], Task::Collect).await;
    assert_eq!((outcome, requests), (Err(VenueError::Permanent(Refusal::Credentials)), 1));
}

#[tokio::test]
async fn a_clock_error_is_repeated_once() {
    let (outcome, requests, passed_ms) = once([answer(400, "", "{}")], Task::Collect).await;
    assert_eq!((outcome, requests, passed_ms), (Ok(()), 2, 0));
    let (outcome, requests, _) = once(vec![answer(400, "", "{}"); 2], Task::Collect).await;
    assert_eq!((outcome, requests), (Err(VenueError::FixClock), 2));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_after_twenty_seconds() {
    let (server, clock) = (Server::start([Act::Hang]).await, HandClock::new(false));
    let (transport, mut asker) = (server.transport(), Asker::new(1));
    let asking = run(&transport, &mut asker, &clock, Task::Collect);
    let moving = async {
        server.heard(1).await;
        clock.advance(19_999);
        tokio::task::yield_now().await;
        assert_eq!(server.requests(), 1);
        clock.advance(1);
        // The wait before the next attempt.
        while server.requests() < 2 {
            clock.advance(250);
            tokio::task::yield_now().await;
        }
    };
    let (outcome, ()) = tokio::join!(asking, moving);
    assert_eq!((outcome, server.requests()), (Ok(()), 2));
}

#[tokio::test]
async fn checking_a_key_ends_within_a_registrations_patience() {
    let server = Server::start(vec![Act::Hang; 9]).await;
    let clock = HandClock::new(false);
    let (transport, mut asker) = (server.transport(), Asker::new(1));
    let asking = run(&transport, &mut asker, &clock, Task::CheckKey);
    let moving = async {
        server.heard(1).await;
        for _ in 0..400 {
            clock.advance(100);
            tokio::task::yield_now().await;
        }
    };
    let (outcome, ()) = tokio::join!(asking, moving);
    assert_eq!((outcome, server.requests()), (Err(VenueError::Retry), 2));

    let (outcome, requests, passed_ms) =
        once([answer(429, "retry-after: 60\r\n", "{}")], Task::CheckKey).await;
    assert_eq!((outcome, requests), (Err(VenueError::BackOff { retry_after_ms: Some(60_000) }), 1));
    assert_eq!(passed_ms, 0, "nobody waits for what cannot come in time");
}

#[tokio::test]
async fn an_answer_without_end_is_refused() {
    let mut long = b"HTTP/1.1 200 OK\r\ncontent-length: 33554433\r\n\r\n".to_vec();
    long.resize(long.len() + 33_554_433, b' ');
    let (outcome, requests, _) = once([Act::Say(long)], Task::Collect).await;
    assert!(
        matches!(outcome, Err(VenueError::Permanent(Refusal::Answer { endpoint: PATH, .. }))),
        "{outcome:?}"
    );
    assert_eq!(requests, 1);
}

#[tokio::test]
async fn what_is_not_in_the_allow_list_is_not_sent() {
    let server = Server::start([]).await;
    let (transport, clock) = (server.transport(), HandClock::new(true));
    for (method, host, path) in [
        (Method::Get, "api.binance.com", "/api/v3/order"),
        (Method::Get, "api.binance.com", "/sapi/v1/capital/withdraw/apply"),
        (Method::Get, "api.binance.com", "/api/v3/account/"),
        (Method::Get, "api.binance.com.example.org", PATH),
        (Method::Get, "evil.example.org", PATH),
        (Method::Post, "api.binance.com", PATH),
    ] {
        let mut asker = Asker::new(1);
        (asker.method, asker.host, asker.path) = (method, host, path);
        let refused = run(&transport, &mut asker, &clock, Task::Collect).await;
        assert_eq!(
            refused,
            Err(VenueError::Permanent(Refusal::Request { code: 0 })),
            "{method:?} {host}{path}"
        );
    }
    assert_eq!((server.requests(), *server.connections.lock().unwrap()), (0, 0));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let to = answer(302, "location: http://127.0.0.1:1/\r\n", "");
    let (outcome, requests, _) = once(vec![to; 6], Task::Collect).await;
    assert_eq!((outcome, requests), (Err(VenueError::Retry), 6), "an answer like any other");
}

#[tokio::test]
async fn connections_are_kept_and_a_closed_one_costs_no_retry() {
    let server = Server::start([
        good(),
        good(),
        good(),
        Act::SayAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".into()),
    ])
    .await;
    let (transport, clock) = (server.transport(), HandClock::new(true));
    assert_eq!(run(&transport, &mut Asker::new(6), &clock, Task::Collect).await, Ok(()));
    assert_eq!((*server.connections.lock().unwrap(), clock.passed_ms()), (2, 0));
}

/// A log that keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_paths_and_statuses_and_nothing_that_is_secret() {
    let kept = Kept::default();
    let writer = kept.clone();
    let log = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(log);
    let secret = r#"{"code":-1,"msg":"PLANTEDbody"}"#;
    let server = Server::start([
        answer(503, "", secret),
        answer(400, "", secret),
        Act::SayAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nPLANTED".into()),
        answer(429, "retry-after: 1\r\nx-planted: PLANTEDheader\r\n", secret),
        answer(200, "", secret),
        answer(401, "", secret),
    ])
    .await;
    let (transport, clock) = (server.transport(), HandClock::new(true));
    let refused = run(&transport, &mut Asker::new(2), &clock, Task::Collect).await;
    assert_eq!(refused, Err(VenueError::Permanent(Refusal::Credentials)));
    assert!(server.heard.lock().unwrap()[0].contains("PLANTEDsignature"), "it was sent");
    let mut real = Venue::Binance.connector_sharing(
        Credentials {
            api_key: Secret::new("PLANTEDkey".to_owned()),
            secret: Secret::new("PLANTEDsecret".to_owned()),
            passphrase: Some(Secret::new("PLANTEDphrase".to_owned())),
        },
        &SharedMarkets::default(),
        &["spot"],
    );
    let failed = transport.converse(real.as_mut(), &*clock, Task::Collect, &mut |_, _| {}).await;
    assert!(failed.is_err(), "the server knows no time");
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains(PATH) && log.contains("status=429") && log.contains("/api/v3/time"), "{log}");
    assert!(!log.contains("PLANTED") && !log.contains("signature") && !log.contains("127.0.0.1"), "{log}");
}
