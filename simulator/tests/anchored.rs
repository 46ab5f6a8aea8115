//! A store that a witness watches, with the real programs: what is anchored, what is said while the witness is not there, and
//! that an older copy of the store is refused though no client remembers anything.

#![cfg(test)]

mod stack;
mod witness;

use serde_json::Value;
use stack::{Stack, http, patiently, wait_until};
use std::{fs, path::Path, process::Command};
use witness::{Mood, Witness};

/// A minute and what begins the next one.
const MINUTE_MS: i64 = 61_000;

/// A stack whose enclave has a witness.
struct Watched {
    stack: Stack,
    witness: Witness,
}

impl Watched {
    /// The enclave is there; the witness does not know its log yet.
    fn unknown(name: &str) -> Option<Self> {
        let mut stack = Stack::start(stack::binaries()?, name, &[]);
        stack.enclave.terminate();
        let _ = fs::remove_dir_all(stack.directory.join("data"));
        let mut watched = Self { stack, witness: Witness::start() };
        watched.start();
        Some(watched)
    }

    /// The witness knows its log, and has confirmed the store.
    fn known(name: &str) -> Option<Self> {
        let watched = Self::unknown(name)?;
        watched.witness.watch(&watched.log());
        watched.becomes_ready();
        Some(watched)
    }

    /// A new process on what is in the directory now. It says that it serves when it listens.
    fn start(&mut self) {
        let stack = &self.stack;
        let port = stack.enclave.address().port();
        let with_witness = |command: &mut Command| {
            command.env("ENCLAVE_PORT", port.to_string());
            command.env("WITNESS_URL", &self.witness.url).env("WITNESS_KEY", self.witness.key());
        };
        let enclave = stack.try_enclave(&stack.simulator.url, &stack.directory, with_witness);
        self.stack.enclave = enclave.unwrap_or_else(|log| panic!("it does not start: {log}"));
    }

    fn log(&self) -> String {
        http(self.stack.enclave.operator(), "GET", "/log.vkey", &[], "").text()
    }

    /// The status and the code of readiness.
    fn ready(&self) -> (u16, String) {
        let reply = http(self.stack.enclave.address(), "GET", "/health/ready", &[], "");
        (reply.status, reply.json()["code"].as_str().unwrap_or_default().to_owned())
    }

    fn becomes_ready(&self) {
        wait_until("it is ready", || (self.ready() == (200, String::new())).then_some(()));
    }

    fn is_unproven(&self) {
        assert_eq!(self.ready(), (503, "STORE_UNAVAILABLE".to_owned()));
    }

    /// Something that has to do with the witness is in the log of the enclave.
    fn complains(&self, words: &str) {
        wait_until(words, || {
            String::from_utf8_lossy(&self.stack.enclave.log()).contains(words).then_some(())
        });
    }

    fn is_rolled_back(&self) {
        wait_until("it is noticed", || (self.ready() == (503, "STATE_ROLLED_BACK".to_owned())).then_some(()));
        self.complains("state-rolled-back");
    }

    fn register(&self, session: &str) -> Value {
        self.stack.register(session, &self.stack.enclave.url, &["--ttl", "7d", "--lease", "30d"])
    }

    /// What a session reads, once the enclave heard its venue's time.
    fn summary(&self, session: &str) -> Value {
        // A machine that is busy looks more often than it may.
        let codes = ["CLOCK_UNTRUSTED", "RATE_LIMITED"];
        patiently(&codes, || self.stack.perfagg(session, &["--json", "summary"]))
    }

    fn is_anchored(&self, session: &str) -> bool {
        self.summary(session)["checkpoint"]["anchored"].as_bool().unwrap()
    }

    /// How often the store was anchored since the enclave started.
    fn anchorings(&self) -> u64 {
        let text = http(self.stack.enclave.operator(), "GET", "/metrics", &[], "").text();
        let line = "perfagg_anchorings_total{outcome=\"ok\"} ";
        text.lines().find_map(|said| said.strip_prefix(line)).map_or(0, |count| count.parse().unwrap())
    }

    /// In a minute, or in a few if the account changes meanwhile. The number of the change that is.
    fn becomes_anchored(&self, session: &str) -> u64 {
        for _ in 0..20 {
            let read = self.summary(session);
            if read["checkpoint"]["anchored"] == true {
                return seq(&read);
            }
            let before = self.anchorings();
            self.stack.advance(MINUTE_MS);
            wait_until("there is an anchoring", || (self.anchorings() > before).then_some(()));
        }
        panic!("it is never anchored");
    }

    /// New fills were read and written.
    fn changes(&self, session: &str) {
        let before = seq(&self.summary(session));
        self.stack.tell("fills", r#"{"count":3}"#);
        for _ in 0..20 {
            let rounds = self.stack.enclave.rounds("ok");
            self.stack.advance(MINUTE_MS);
            wait_until("a round passes", || (self.stack.enclave.rounds("ok") > rounds).then_some(()));
            if seq(&self.summary(session)) > before {
                return;
            }
        }
        panic!("the change is never told");
    }

    fn refused(&self, session: &str, code: &str) {
        let url = &self.stack.enclave.url;
        let register = ["register", "--user-id", "demo", "--exchange", "binance", "--service-url", url];
        for arguments in [&["summary"][..], &["revoke"], &register] {
            let name = if arguments.len() > 1 { "elsewhere/new" } else { session };
            let said = self.stack.refused(name, arguments);
            assert!(said.contains(code), "{arguments:?}: {said}");
        }
    }

    /// Nobody asked the venue for an account.
    fn nobody_polls(&self) {
        let enclave = &self.stack.enclave;
        assert_eq!(enclave.rounds("ok") + enclave.rounds("failed") + enclave.rounds("stopped"), 0);
    }

    fn copy(&self, from: &str, to: &str) {
        copied(&self.stack.directory.join(from), &self.stack.directory.join(to));
    }

    /// The last call that the witness heard and its status, once there are more than so many.
    fn heard(&self, before: usize) -> (String, u16) {
        wait_until("the witness is asked", || self.witness.calls().get(before).cloned())
    }
}

fn seq(read: &Value) -> u64 {
    read["checkpoint"]["seq"].as_u64().unwrap()
}

fn copied(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn nothing_is_served_before_the_witness_knows_the_log_and_then_checkpoints_are_anchored() {
    let Some(watched) = Watched::unknown("anchored") else { return };
    watched.complains("the witness does not know this log");
    watched.is_unproven();
    let enclave = watched.stack.enclave.address();
    assert_eq!(http(enclave, "GET", "/health/live", &[], "").status, 200);
    let nonce = "A".repeat(43);
    let bundle = http(enclave, "GET", &format!("/attestation/quote?nonce={nonce}"), &[], "").json();
    let config: Value = serde_json::from_str(bundle["config"].as_str().unwrap()).unwrap();
    assert_eq!(config["witness"], serde_json::json!({ "key": watched.witness.key() }));
    watched.witness.watch(&watched.log());
    watched.becomes_ready();

    let opened = watched.register("session");
    assert_ne!(opened["checkpoint"]["anchored"], true, "{opened}");
    watched.becomes_anchored("session");
    watched.changes("session");
    watched.becomes_anchored("session");
    // What an observer sees of it: sizes and hashes.
    let calls = watched.witness.calls();
    assert!(calls.iter().any(|(_, status)| *status == 404), "before it knew the log");
    for (size, (call, _)) in calls.iter().filter(|(_, status)| *status == 200).enumerate() {
        let lines: Vec<&str> = call.lines().collect();
        assert_eq!(lines[0], format!("old {size}"));
        let note = lines.iter().position(|line| line.is_empty()).unwrap() + 1;
        assert_eq!(lines.len(), note + 5, "three lines, an empty one and a signature: {call}");
        assert_eq!(lines[note + 1], (size + 1).to_string());
        assert!(lines[1..note - 1].iter().all(|hash| hash.len() == 44), "{call}");
    }
    let sizes = watched.witness.size();
    assert!(sizes >= 3, "at the start, and for each change");
}

#[test]
fn a_kill_between_the_store_and_the_witness_is_no_rollback() {
    let Some(mut watched) = Watched::known("between") else { return };
    watched.register("session");
    watched.becomes_anchored("session");
    for mood in [Mood::Stalls, Mood::Mute, Mood::Stalls, Mood::Mute] {
        let (calls, size) = (watched.witness.calls().len(), watched.witness.size());
        watched.witness.be(mood);
        watched.changes("session");
        watched.stack.advance(MINUTE_MS);
        // It is written, and on its way: heard or not.
        watched.heard(calls);
        watched.stack.enclave.kill();
        assert_eq!(watched.witness.size(), size + u64::from(mood == Mood::Mute), "{mood:?}");
        watched.witness.be(Mood::Normal);
        watched.start();
        watched.becomes_ready();
        // The one that was pending, and one of its own.
        assert_eq!(watched.witness.size(), size + 2, "{mood:?}");
        assert!(!watched.is_anchored("session"), "of before the start nothing is remembered");
        watched.becomes_anchored("session");
    }
}

#[test]
fn an_older_copy_is_refused_though_no_client_remembers_anything() {
    let Some(mut watched) = Watched::known("older") else { return };
    watched.register("session");
    watched.becomes_anchored("session");
    watched.stack.enclave.terminate();
    watched.copy("data", "old");
    // A client that knows of nothing later.
    fs::create_dir_all(watched.stack.directory.join("forgetful")).unwrap();
    let session = watched.stack.directory.join("session");
    fs::copy(&session, watched.stack.directory.join("forgetful/session")).unwrap();
    watched.start();
    watched.becomes_ready();
    watched.changes("session");
    watched.becomes_anchored("session");
    watched.stack.enclave.terminate();
    watched.copy("data", "latest");

    for (older, why) in [("old", "an older copy"), ("store.redb", "the store without its rows")] {
        watched.copy("latest", "data");
        let data = watched.stack.directory.join("data");
        match older {
            "old" => watched.copy("old", "data"),
            file => fs::remove_file(data.join(file)).unwrap(),
        }
        watched.start();
        watched.is_rolled_back();
        watched.refused("forgetful/session", "STATE_ROLLED_BACK");
        watched.stack.advance(10 * MINUTE_MS);
        watched.nobody_polls();
        assert_eq!(watched.ready().0, 503, "{why}: it stays so");
        watched.stack.enclave.kill();
    }

    watched.copy("latest", "data");
    watched.start();
    watched.becomes_ready();
    watched.becomes_anchored("session");
}

#[test]
fn of_two_enclaves_on_copies_of_a_store_the_second_stops() {
    let Some(mut watched) = Watched::known("fork") else { return };
    watched.register("session");
    watched.becomes_anchored("session");
    watched.stack.enclave.terminate();
    watched.copy("data", "fork/data");
    watched.start();
    watched.becomes_ready();
    wait_until("it polls again", || (watched.stack.enclave.rounds("ok") > 0).then_some(()));
    // The other one is confirmed, for the witness sees that it continues: and the first is left behind.
    let fork = watched.stack.directory.join("fork");
    let with_witness = |command: &mut Command| {
        command.env("WITNESS_URL", &watched.witness.url).env("WITNESS_KEY", watched.witness.key());
    };
    let other = watched.stack.try_enclave(&watched.stack.simulator.url, &fork, with_witness).unwrap();
    let said = wait_until("it is confirmed or refused", || {
        let reply = http(other.address(), "GET", "/health/ready", &[], "");
        (reply.json()["code"] != "STORE_UNAVAILABLE").then(|| reply.json())
    });
    assert_eq!(said["code"], "STATE_ROLLED_BACK", "the first one has gone on since the copy");
    assert_eq!(watched.ready().0, 200);
    watched.becomes_anchored("session");
}

#[test]
fn while_the_witness_is_down_at_the_start_nothing_old_is_served_and_no_key_is_used() {
    let Some(mut watched) = Watched::known("down-first") else { return };
    watched.register("session");
    watched.stack.enclave.kill();
    watched.witness.be(Mood::Down);
    watched.start();
    watched.complains("not-anchored");
    watched.is_unproven();
    watched.refused("session", "STORE_UNAVAILABLE");
    for mood in [Mood::Forges, Mood::Mistakes, Mood::Redirects, Mood::Babbles] {
        let calls = watched.witness.calls().len();
        watched.witness.be(mood);
        watched.stack.advance(MINUTE_MS);
        watched.heard(calls);
        watched.is_unproven();
    }
    watched.nobody_polls();
    watched.witness.be(Mood::Normal);
    watched.stack.advance(MINUTE_MS);
    watched.becomes_ready();
    watched.becomes_anchored("session");
    wait_until("it polls again", || (watched.stack.enclave.rounds("ok") > 0).then_some(()));
}

#[test]
fn when_the_witness_goes_away_later_the_service_goes_on_and_says_that_it_is_not_anchored() {
    let Some(watched) = Watched::known("down-later") else { return };
    watched.register("session");
    let mut anchored = watched.becomes_anchored("session");
    for mood in [Mood::Down, Mood::Stalls, Mood::Forges] {
        watched.witness.be(mood);
        let read = watched.summary("session");
        let stays = read["checkpoint"]["anchored"] == true || seq(&read) > anchored;
        assert!(stays, "what was anchored stays so: {}", read["checkpoint"]);
        watched.changes("session");
        watched.stack.advance(MINUTE_MS);
        assert!(!watched.is_anchored("session"), "{mood:?}");
        watched.changes("session");
        assert!(!watched.is_anchored("session"), "{mood:?}");
        assert_eq!(watched.ready().0, 200, "{mood:?}");
        watched.witness.be(Mood::Normal);
        anchored = watched.becomes_anchored("session");
    }
    // One that has lost its memory cannot say that there is nothing later.
    watched.changes("session");
    watched.witness.be(Mood::Forgets);
    watched.stack.advance(MINUTE_MS);
    watched.complains("the witness has forgotten what it cosigned");
    assert!(!watched.is_anchored("session"));
}

#[test]
fn a_witness_that_saw_more_stops_a_service_that_runs() {
    let Some(watched) = Watched::known("saw-more") else { return };
    watched.register("session");
    watched.becomes_anchored("session");
    watched.witness.be(Mood::Exaggerates);
    watched.stack.tell("fills", r#"{"count":3}"#);
    // The round that reads them may take longer than a minute of the simulator.
    wait_until("the witness is asked about them", || {
        watched.stack.advance(MINUTE_MS);
        (watched.ready().0 == 503).then_some(())
    });
    watched.is_rolled_back();
    watched.refused("session", "STATE_ROLLED_BACK");
    let rounds = watched.stack.enclave.rounds("ok");
    watched.stack.advance(10 * MINUTE_MS);
    watched.refused("session", "STATE_ROLLED_BACK");
    assert_eq!(watched.stack.enclave.rounds("ok"), rounds, "no key is used any more");
}
