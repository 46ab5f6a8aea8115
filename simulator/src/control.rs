//! How tests and the demo steer the world: its time, its rights, its moods. Never faulty, and no part of the venue.

use crate::{
    args::Rights,
    http::{Incoming, Reply},
    rest::Params,
    truth,
    venue::{Mode, Venue},
};
use clap::ValueEnum as _;
use serde_json::{Value, json};
use std::time::Duration;

/// Everything below is ours.
pub(crate) const PREFIX: &str = "/simulator/";

/// Nobody waits longer for an answer, in real time.
const PATIENCE: Duration = Duration::from_secs(20);
const FILLS_MAX: u64 = 100_000;

/// Answers a request below [`PREFIX`].
pub(crate) async fn answer(venue: &Venue, request: &Incoming) -> Reply {
    let route = request.path.strip_prefix(PREFIX).unwrap_or_default();
    let body: Value = serde_json::from_str(&request.body).unwrap_or(Value::Null);
    match (request.method.as_str(), route) {
        ("GET", "clock") => clock(venue),
        ("POST", "clock") => {
            match body.get("advance_ms").and_then(Value::as_i64).filter(|milliseconds| *milliseconds >= 0) {
                Some(milliseconds) => {
                    venue.clock.advance(milliseconds);
                    clock(venue)
                }
                None => wrong("give advance_ms, a number of milliseconds that is not below zero"),
            }
        }
        ("GET", "clock/wait") => {
            let params = Params::parse(&request.query, "").ok();
            let until = params.and_then(|params| params.integer("until_ms").ok().flatten());
            let Some(until_ms) = until else {
                return wrong("give until_ms, an instant in Unix milliseconds");
            };
            venue.clock.wait_until(until_ms, PATIENCE).await;
            clock(venue)
        }
        ("POST", "fills") => {
            match body.get("count").and_then(Value::as_u64).filter(|count| *count <= FILLS_MAX) {
                Some(count) => {
                    let now_ms = venue.now_ms();
                    let made = venue.world().more_fills(now_ms, count);
                    Reply::json(if made == count { 200 } else { 409 }, json!({ "made": made }))
                }
                None => wrong("give count, a number of fills"),
            }
        }
        ("POST", "mode") => match body.get("mode").and_then(Value::as_str).and_then(mode) {
            Some(mode) => {
                venue.settings().mode = mode;
                Reply::json(200, body)
            }
            None => wrong("give mode: normal, down, key_refused, rate_limited or region_blocked"),
        },
        ("POST", "rights") => match body
            .get("rights")
            .and_then(Value::as_str)
            .and_then(|name| Rights::from_str(name, false).ok())
        {
            Some(rights) => {
                venue.settings().rights = rights;
                Reply::json(200, body)
            }
            None => wrong("give rights: read, trade or withdraw"),
        },
        ("GET", "truth") => {
            let now_ms = venue.clock.now_ms();
            Reply::json(200, truth::document(&venue.world(), now_ms))
        }
        _ => Reply::json(404, json!({ "error": "there is no such control route, or not with this method" })),
    }
}

fn clock(venue: &Venue) -> Reply {
    Reply::json(200, json!({ "now_ms": venue.clock.now_ms(), "rate": venue.clock.rate() }))
}

fn wrong(what: &str) -> Reply {
    Reply::json(400, json!({ "error": what }))
}

fn mode(name: &str) -> Option<Mode> {
    Some(match name {
        "normal" => Mode::Normal,
        "down" => Mode::Down,
        "key_refused" => Mode::KeyRefused,
        "rate_limited" => Mode::RateLimited,
        "region_blocked" => Mode::RegionBlocked,
        _ => return None,
    })
}
