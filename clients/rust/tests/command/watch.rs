//! Following a session: one line an event, taken up where it was cut, and no word of a stranger believed.

use crate::{
    desk::Desk,
    service::{Response, events, refuses, well},
};
use protocol::{Code, Route};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A service whose streams are these, one after the other. Returns what was asked for them.
fn streams(desk: &Desk, streams: Vec<(u16, Value)>) -> Arc<Mutex<Vec<Value>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (noted, mut streams) = (Arc::clone(&asked), streams.into_iter());
    desk.service.answers(move |route, body| {
        if route != Route::Events {
            return well(route, body);
        }
        noted.lock().unwrap().push(body["after"].clone());
        streams.next().expect("no more streams than are asked for")
    });
    asked
}

fn part(from: usize, to: usize) -> Value {
    Value::from(events().as_array().unwrap()[from..to].to_vec())
}

#[test]
fn a_stream_that_was_cut_is_taken_up_at_its_last_event() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let whole = desk.trusting(&["watch"]).well().out;
    let closing = json!({ "id": 42, "event": "closing", "data": { "why": "time" } });
    let mut closed = part(2, 3);
    closed.as_array_mut().unwrap().push(closing);
    let asked = streams(&desk, vec![(200, part(0, 2)), (200, closed), (200, part(3, 6))]);
    let ran = desk.trusting(&["watch"]).well();
    assert_eq!(*asked.lock().unwrap(), [Value::Null, json!(41), json!(42)]);
    let lines: Vec<&str> = ran.out.lines().filter(|line| !line.contains("closing")).collect();
    assert_eq!(lines, whole.lines().collect::<Vec<_>>(), "nothing is missing and nothing is told twice");
}

#[test]
fn a_session_that_is_over_ends_the_watch() {
    let desk = Desk::new();
    desk.register(&[]).well();
    streams(&desk, vec![(200, part(0, 1)), refuses(Code::SessionRevoked)]);
    let ran = desk.trusting(&["watch"]);
    assert_eq!(ran.exit, 5);
    assert_eq!(ran.out.lines().count(), 1);
}

#[test]
fn what_was_not_sealed_by_the_enclave_ends_the_watch() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let forged = |change: fn(&str) -> String| {
        desk.service.passes(move |asked, response| {
            if asked.method != "POST" {
                return response;
            }
            let body = change(core::str::from_utf8(&response.body).unwrap());
            Response { body: body.into_bytes(), ..response }
        });
        desk.trusting(&["--json", "watch"])
    };
    for (what, change) in [
        (
            "moved",
            (|body: &str| {
                let mut all: Vec<&str> = body.split_inclusive("\n\n").collect();
                all.swap(2, 4);
                all.concat()
            }) as fn(&str) -> String,
        ),
        ("repeated", |body| {
            let all: Vec<&str> = body.split_inclusive("\n\n").collect();
            [&all[..3], &all[2..]].concat().concat()
        }),
        ("an end forged", |body| body.replacen("event: sealed", "event: final", 1)),
        ("another nonce", |body| body.replacen("data: CQkJ", "data: CQkK", 1)),
        ("no beginning", |body| body.replacen("event: opened", "event: sealed", 1)),
    ] {
        let ran = forged(change);
        let error: Value = serde_json::from_str(ran.err.lines().last().unwrap()).unwrap();
        assert_eq!((ran.exit, &error["error"]["code"]), (3, &json!("ANSWER_NOT_SEALED")), "{what}");
    }
    // Comments and frames of strangers say nothing, and change nothing.
    let ran = forged(|body| body.replacen("\n\n", "\n\n:hello\n\nevent: expiry\ndata: {}\n\n", 1)).well();
    assert_eq!(ran.out.lines().count(), 5);
}
