//! The whole journey with the real programs: evidence verified, key sealed, history collected over HTTP,
//! performance out; directly and through the main service, on a good day and on one with every fault.

#![cfg(test)]

mod stack;

use serde_json::Value;
use stack::{Stack, http};
use std::{fs, process::Command};

#[test]
fn the_whole_journey_directly_and_through_the_main_service() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "journey", &[]);

    let attested = stack.perfagg_json("direct", &["attest", &stack.enclave.url]);
    assert_eq!(attested["development"], true, "development evidence is called what it is: {attested}");

    for (session, url) in [("direct", &stack.enclave.url), ("relayed", &stack.main.url)] {
        let opened = stack.register(session, url, &[]);
        assert_eq!(opened["environment"], "development");
        assert_eq!(opened["key_rights"]["verdict"], "read_only");
        assert_eq!(opened["key_rights"]["withdraw"], false);
        let summary = stack.perfagg_json(session, &["summary"]);
        assert_eq!(summary["sync"]["state"], "live", "{summary}");
        assert!(summary["trades"]["fills"].as_u64().unwrap() >= 20_000, "{summary}");
        assert_equals_the_truth(&stack, session);
        assert_the_equity_is_explained(&stack, session);
        assert_the_ledger_replays(&stack, session, opened["session_id"].as_str().unwrap());
    }
    let (direct, relayed) = (figures(&stack, "direct"), figures(&stack, "relayed"));
    assert_eq!(direct, relayed, "a relay changes nothing");

    // New fills are seen within a minute, as long as the session lives.
    let before = stack.perfagg_json("direct", &["summary"])["trades"]["fills"].as_u64().unwrap();
    stack.tell("fills", r#"{"count":7}"#);
    stack.advance(61_000);
    let after = wait_until(|| {
        let summary = stack.perfagg_json("direct", &["summary"]);
        (summary["trades"]["fills"].as_u64() != Some(before))
            .then(|| summary["trades"]["fills"].as_u64().unwrap())
    });
    assert_eq!(after, before + 7);
    // The equity may be of a minute before them: a thin market's price is sure a minute later.
    let as_of = || stack.perfagg_json("direct", &["summary"])["as_of"].as_str().unwrap().to_owned();
    let seen = as_of();
    stack.advance(61_000);
    wait_until(|| (as_of() > seen).then_some(()));
    assert_equals_the_truth(&stack, "direct");

    // What is saved is judged by who was not there, and a changed figure shows.
    let file = stack.directory.join("record.json").to_str().unwrap().to_owned();
    let shown = stack.perfagg_json("direct", &["summary", "--save", &file]);
    let judged = stack.perfagg_json("nobody", &["verify", &file]);
    assert_eq!((&judged["answer"], &judged["development"]), (&shown, &true.into()));
    let text = fs::read_to_string(&file).unwrap();
    let volume = shown["trades"]["volume"].as_str().unwrap();
    fs::write(&file, text.replacen(volume, &format!("9{volume}"), 1)).unwrap();
    assert_eq!(stack.perfagg("nobody", &["verify", &file]).status.code(), Some(1));

    // A revoked session is over at once; the other one goes on.
    let receipt = stack.perfagg_json("direct", &["revoke"]);
    assert_eq!(receipt["revoked"], true);
    let gone = stack.perfagg("direct", &["summary"]);
    assert!(!gone.status.success(), "the session file was removed");
    assert!(stack.perfagg("relayed", &["summary"]).status.success());
}

#[test]
fn with_every_fault_on_the_result_is_identical() {
    let Some(binaries) = stack::binaries() else { return };
    let calm = Stack::start(binaries.clone(), "calm", &[]);
    calm.register("calm", &calm.enclave.url, &[]);
    for seed in 1..=stack::rounds("PERFAGG_FAULT_SEEDS", 2) {
        // Waiting for a venue that says «later» takes simulated time, of which ten seconds are one.
        let (name, seed) = (format!("stormy-{seed}"), seed.to_string());
        let stormy = Stack::start(binaries.clone(), &name, &["--faults", &seed, "--time-rate", "10"]);
        stormy.register("stormy", &stormy.enclave.url, &[]);
        assert_eq!(figures(&stormy, "stormy"), figures(&calm, "calm"), "fault seed {seed}");
    }
}

#[test]
fn a_stop_answers_what_is_under_way_and_ends_cleanly() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "stop", &[]);
    stack.register("stop", &stack.main.url, &[]);
    for program in [&mut stack.main, &mut stack.enclave, &mut stack.simulator] {
        let status = program.terminate();
        assert!(status.success(), "{}: {status}", program.url);
    }
}

#[test]
fn after_a_restart_a_session_reads_on_and_a_key_that_was_not_lent_longer_is_gone() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "restart", &[]);
    stack.register("old", &stack.enclave.url, &[]);
    let before = figures(&stack, "old");
    stack.restart_enclave();
    let url = stack.enclave.url.clone();
    let summary = wait_until(|| {
        // Nothing is said before a venue told its time.
        let output = stack.perfagg("old", &["--json", "summary", "--service-url", &url]);
        let said: Option<Value> = serde_json::from_slice(&output.stdout).ok();
        said.filter(|_| output.status.success())
    });
    assert_eq!(summary["sync"]["state"], "stopped", "{summary}");
    assert_eq!(figures_at(&stack, "old", &url), before, "the ledger was kept");
}

/// All figures but those of the very minute: sessions look at their accounts at minutes of their own, and the equity is
/// worth something else in each. The days behind it, and all that follows from them, are the same.
fn figures(stack: &Stack, session: &str) -> Value {
    figures_of(stack.perfagg_json(session, &["metrics"]))
}

fn figures_at(stack: &Stack, session: &str, url: &str) -> Value {
    figures_of(stack.perfagg_json(session, &["metrics", "--service-url", url]))
}

fn figures_of(mut metrics: Value) -> Value {
    let object = metrics.as_object_mut().unwrap();
    for moving in ["as_of", "session_expires", "sync", "accounts", "checkpoint", "snapshots"] {
        object.remove(moving);
    }
    for of_the_minute in ["equity", "returns"] {
        object["total"].as_object_mut().unwrap().remove(of_the_minute);
    }
    // So are their prices.
    object["prices"].as_array_mut().unwrap().retain_mut(|price| {
        price.as_object_mut().unwrap().remove("valuations");
        price["fills"] != 0
    });
    assert!(object["total"]["days"].as_array().unwrap().len() >= 365, "there is something to compare");
    metrics
}

/// A deposit is not profit, and everything is explained: what the service shows of the demo account's equity adds up, and
/// the money in it came from outside.
fn assert_the_equity_is_explained(stack: &Stack, session: &str) {
    let metrics = stack.perfagg_json(session, &["metrics"]);
    let equity = &metrics["total"]["equity"];
    let amount = |of: &Value| units(of.as_str().unwrap_or_else(|| panic!("no amount: {equity}")));
    let explained = equity["explained"].as_object().unwrap();
    let [opening, closing] = ["opening", "closing"].map(|end| amount(&explained[end]));
    let all: i128 = explained.values().map(amount).sum();
    assert_eq!(all - closing, closing, "opening and every line add up to closing: {equity}");
    assert_eq!(closing, amount(&equity["equity"]));
    let flows: i128 =
        ["deposit", "withdrawal", "transfer", "airdrop"].map(|kind| amount(&explained[kind])).iter().sum();
    assert_eq!(flows, amount(&equity["net_flow"]), "{equity}");
    assert_eq!(closing - opening - flows, amount(&equity["gain"]));
    assert_eq!((&equity["residual"], &equity["residual_bps"]), (&"0".into(), &"0".into()), "{equity}");
    // What has no price is left out and named, not guessed.
    for asset in equity["unpriced"].as_array().unwrap() {
        let what = format!("the value of {} that is held", asset["asset"].as_str().unwrap());
        let unread = metrics["coverage"]["unread"].as_array().unwrap();
        assert!(unread.iter().any(|told| told["what"] == *what && told["why"] == "no_price"), "{what}");
    }

    // The account began with a deposit: all of its first day's equity, and no profit.
    let first = &metrics["total"]["days"][0];
    assert!(amount(&first["net_flow"]) > amount(&first["equity"]) / 10 * 9, "{first}");
    assert!(first["return"].as_f64().unwrap().abs() < 0.1, "{first}");
    let twr = metrics["total"]["returns"]["twr"].as_f64().unwrap();
    assert!(twr.abs() < 0.5 && amount(&equity["net_flow"]) > 4 * amount(&equity["gain"]).abs(), "{equity}");
    let summary = stack.perfagg_json(session, &["summary"]);
    for field in ["equity", "net_flow", "gain"] {
        assert!(summary[field].is_string(), "{summary}");
    }
    assert!(summary["return"]["twr"].is_number() && summary["return"]["sharpe"].is_number(), "{summary}");
    assert_eq!(summary["why"]["return.twr_annualized"], "period_under_one_year");
}

/// A decimal text in units of 1e-24, as long as it has no more digits.
fn units(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 24, "{text}");
    format!("{whole}{part:0<24}").parse().unwrap()
}

/// The ledger comes in pages of one state, sealed only, and what follows from it offline is what the service says.
fn assert_the_ledger_replays(stack: &Stack, session: &str, session_id: &str) {
    let path = stack.directory.join(format!("{session}.ledger"));
    let said = |arguments: &[&str]| {
        let output = stack.perfagg(session, &[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    // A round may come between the two; then they are of different minutes.
    let (metrics, replayed) = wait_until(|| {
        said(&["export", "--force", "--out", path.to_str().unwrap()]);
        let (metrics, replayed) = (said(&["metrics"]), said(&["replay", path.to_str().unwrap()]));
        let as_of = |text: &str| serde_json::from_str::<Value>(text).unwrap()["as_of"].clone();
        (as_of(&metrics) == as_of(&replayed)).then_some((metrics, replayed))
    });
    // As text: no reader of numbers may make two of them one. Members are sorted, so what a session adds is cut out whole.
    let cut = |text: &str, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).expect(from);
        format!("{before}{}", &rest[rest.find(to).expect(to)..])
    };
    let metrics = [("checkpoint", "coverage"), ("record_restarted_at", "symbols"), ("sync", "total")]
        .into_iter()
        .fold(metrics, |text, (from, to)| cut(&text, &format!("\"{from}\":"), &format!("\"{to}\":")));
    assert_eq!(metrics, replayed, "bit for bit");
    let plain = http(stack.enclave.address(), "GET", &format!("/enclave/ledger/{session_id}"), &[], "");
    assert_eq!((plain.status, plain.json()["code"].as_str()), (400, Some("REQUEST_MALFORMED")));
}

/// The service's figures against those that a script in another language computes from the simulator's truth.
fn assert_equals_the_truth(stack: &Stack, session: &str) {
    let (truth, metrics) = (stack.directory.join("truth.json"), stack.directory.join("metrics.json"));
    fs::write(&truth, stack.truth().to_string()).unwrap();
    fs::write(&metrics, stack.perfagg_json(session, &["metrics"]).to_string()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/truth/recompute.mjs");
    let output = Command::new("node").arg(script).arg(&truth).arg("--compare").arg(&metrics).output();
    let output = output.expect("node runs the independent script");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" 0 failed") && !last.starts_with("0 passed"), "{said}");
}

fn wait_until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    // Each look is a whole call; a thousand of them are minutes, not forever.
    (0..1000).find_map(|_| look()).expect("it happens")
}

#[test]
fn plain_reads_are_for_bearer_sessions_and_end_with_them() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "bearer", &[]);
    let sealed_only = stack.register("sealed", &stack.enclave.url, &[]);
    let bearer = stack.register("bearer", &stack.enclave.url, &["--bearer", "--ttl", "30m"]);
    let id = bearer["session_id"].as_str().unwrap();
    let read = |path: &str, headers: &[(&str, &str)]| http(stack.enclave.address(), "GET", path, headers, "");

    let by_path = read(&format!("/enclave/summary/{id}"), &[("perfagg-nonce", "abc")]);
    assert_eq!(by_path.status, 200, "{}", by_path.text());
    assert!(by_path.header("signature-input").unwrap().contains("\"perfagg-nonce\";req"));
    assert_eq!(read("/enclave/summary", &[("authorization", &format!("Bearer {id}"))]).status, 200);
    assert_eq!(read("/enclave/metrics", &[("authorization", &format!("Bearer {id}"))]).status, 200);

    let other = read(&format!("/enclave/summary/{}", sealed_only["session_id"].as_str().unwrap()), &[]);
    assert_eq!((other.status, other.json()["code"].as_str()), (401, Some("SESSION_UNKNOWN")));

    // To the second: one before the end it reads, at the end it does not.
    stack.advance(1_700_000);
    assert_eq!(read(&format!("/enclave/summary/{id}"), &[]).status, 200);
    stack.advance(100_000);
    let over = read(&format!("/enclave/summary/{id}"), &[]);
    assert_eq!((over.status, over.json()["code"].as_str()), (401, Some("SESSION_EXPIRED")));
    // The hourly sweep forgets it.
    stack.advance(3_600_000);
    wait_until(|| {
        (read(&format!("/enclave/summary/{id}"), &[]).json()["code"] == "SESSION_UNKNOWN").then_some(())
    });
}
