//! What steers the simulator: its clock, its modes, its end.
#![cfg(test)]

mod venue;

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};
use venue::{NOW_MS, Venue};

#[test]
fn time_stands_still_or_runs_as_told_and_can_be_moved() {
    let venue = Venue::still(&[]);
    let clock = |venue: &Venue| venue.public("/simulator/clock").json();
    assert_eq!((clock(&venue)["now_ms"].as_i64(), clock(&venue)["rate"].as_i64()), (Some(NOW_MS), Some(0)));
    venue.advance(90_000);
    assert_eq!(clock(&venue)["now_ms"], NOW_MS + 90_000);
    assert_eq!(venue.venue_ms(), NOW_MS + 90_000);
    for wrong in [r#"{"advance_ms":-1}"#, "{}", "no"] {
        assert_eq!(venue.send("POST", "/simulator/clock", &[], wrong).status, 400, "{wrong}");
    }
    let fast = Venue::start(&["--now", &NOW_MS.to_string(), "--time-rate", "100000"]);
    let reached = fast.public(&format!("/simulator/clock/wait?until_ms={}", NOW_MS + 3_600_000)).json();
    assert!(reached["now_ms"].as_i64() >= Some(NOW_MS + 3_600_000), "an hour passes in no time: {reached}");
}

#[test]
fn who_waits_for_an_instant_is_woken_when_it_comes() {
    let venue = Venue::still(&[]);
    let wait = |until: i64| {
        venue.public(&format!("/simulator/clock/wait?until_ms={until}")).json()["now_ms"].as_i64()
    };
    assert_eq!(wait(NOW_MS), Some(NOW_MS), "it is here already");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| wait(NOW_MS + 3_600_000));
        // However late the waiter comes, the last move brings its instant.
        for _ in 0..4 {
            venue.advance(900_000);
        }
        assert_eq!(waiting.join().unwrap(), Some(NOW_MS + 3_600_000));
    });
    assert_eq!(venue.public("/simulator/clock/wait").status, 400);
}

#[test]
fn each_mode_answers_in_its_way_and_normal_ends_it() {
    let venue = Venue::still(&[]);
    let ask = || venue.signed_at("GET", "/api/v3/account", "", NOW_MS);
    let mode = |name: &str| venue.tell("mode", &format!(r#"{{"mode":"{name}"}}"#));
    mode("down");
    let seen: Vec<u16> = (0..4).map(|_| ask().status).collect();
    assert!(seen.contains(&503) && seen.contains(&0), "an error or silence: {seen:?}");
    mode("rate_limited");
    assert_eq!(ask().refusal(), (429, -1003));
    assert!(ask().header("retry-after").is_some());
    mode("region_blocked");
    assert_eq!((ask().status, venue.public("/api/v3/time").status), (451, 451));
    assert!(ask().json()["msg"].as_str().unwrap().contains("restricted location"));
    mode("key_refused");
    assert_eq!((ask().refusal(), venue.public("/api/v3/time").status), ((401, -2015), 200));
    mode("normal");
    assert_eq!(ask().status, 200);
    assert_eq!(venue.send("POST", "/simulator/mode", &[], r#"{"mode":"tired"}"#).status, 400);
    assert_eq!(venue.send("POST", "/simulator/rights", &[], r#"{"rights":"all"}"#).status, 400);
}

#[test]
fn the_first_line_tells_what_is_served_but_no_secret_that_was_given() {
    let venue = Venue::still(&["--faults", "3"]);
    let ready = &venue.ready;
    assert_eq!(
        (ready["venue"].as_str(), ready["now"].as_i64(), ready["seed"].as_i64()),
        (Some("binance"), Some(NOW_MS), Some(1))
    );
    assert_eq!(ready["key"], venue::KEY);
    assert!(ready["symbols"].as_array().unwrap().len() >= 12 && ready["account"]["uid"].is_u64());
    assert!(!ready.to_string().contains(venue::SECRET));
}

#[test]
fn it_ends_when_told_to_even_while_somebody_waits() {
    let mut venue = Venue::still(&[]);
    let mut waiting = TcpStream::connect(venue.address).unwrap();
    waiting.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let until = NOW_MS + 1_000_000;
    write!(waiting, "GET /simulator/clock/wait?until_ms={until} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(venue.terminate().success());
    assert!(matches!(waiting.read(&mut [0; 16]), Ok(0) | Err(_)), "the connection ends with it");
}
