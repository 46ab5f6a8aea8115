//! An enclave that is killed at any instant, and started again on its files, says in the end what one says that nobody
//! disturbed; and what it had acknowledged before a kill holds after it.
//!
//! Both live in the same simulated world and time, with the same keys of their stores, so that even names of accounts and
//! the hours of snapshots are the same. The disturbed one reaches its venue through a fuse, which counts what the venue
//! says and kills after so much of it; the instant comes from a seed. `PERFAGG_KILLS` asks for more kills.

#![cfg(test)]

mod stack;

use serde_json::Value;
use stack::{Program, Stack, wait_until};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

/// So long is a minute with what begins the next one.
const MINUTE_MS: i64 = 61_000;
/// Kills of one account.
const KILLS_PER_ACCOUNT: u64 = 17;

#[test]
fn killed_at_any_instant_an_enclave_says_in_the_end_what_an_undisturbed_one_says() {
    let Some(binaries) = stack::binaries() else { return };
    let kills = stack::rounds("PERFAGG_KILLS", 50);
    let (mut done, mut phases) = (0, [0; 4]);
    for seed in 1.. {
        if done >= kills {
            break;
        }
        let mut test = Disturbed::start(binaries.clone(), seed);
        let planned = KILLS_PER_ACCOUNT.min(kills - done).max(4);
        test.at_registration(planned / 4);
        test.in_the_first_collection(planned / 4);
        test.in_rounds_with_new_fills(planned - 3 * (planned / 4));
        test.at_revocation(planned / 4);
        println!("world {seed}: {:?} kills", test.kills);
        done += test.kills.iter().sum::<u64>();
        phases.iter_mut().zip(test.kills).for_each(|(all, these)| *all += these);
    }
    println!("kills at registration, in collections, in rounds, at revocation: {phases:?}");
}

/// One account that two enclaves read.
struct Disturbed {
    /// Its own enclave is the undisturbed one.
    stack: Stack,
    enclave: Program,
    fuse: Fuse,
    directory: PathBuf,
    port: u16,
    random: u64,
    /// The last number of a change that was told.
    seq: u64,
    kills: [u64; 4],
    sessions: u64,
}

impl Disturbed {
    fn start(binaries: PathBuf, seed: u64) -> Self {
        let text = seed.to_string();
        let stack = Stack::start(binaries, &format!("crash-{seed}"), &["--seed", &text]);
        stack.register("calm", &stack.enclave.url, &["--lease", "30d", "--ttl", "7d"]);
        let directory = stack.directory.join("disturbed");
        fs::create_dir_all(directory.join("data")).unwrap();
        fs::copy(stack.directory.join("data/ring.sealed"), directory.join("data/ring.sealed")).unwrap();
        let fuse = Fuse::before(stack.simulator.address());
        let enclave = stack.enclave_on(&fuse.url, &directory, 0);
        let port = enclave.address().port();
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let test = Self { stack, enclave, fuse, directory, port, random, seq: 0, kills: [0; 4], sessions: 0 };
        // What the venue allows in a minute is used up by one history.
        test.advance();
        test
    }

    /// A seeded number below `bound`.
    fn draw(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound
    }

    /// The enclave will be killed after one of the next `answers` pieces of what the venue says, and a moment of its own
    /// work.
    fn arm(&mut self, answers: u64) {
        let (left, moment) = (1 + self.draw(answers), Duration::from_micros(self.draw(30_000)));
        self.fuse.arm(self.enclave.pid(), left, moment);
    }

    /// Ends the enclave if the fuse did not, and starts it again on its files and its port.
    fn again(&mut self, phase: usize) {
        self.fuse.disarm();
        self.enclave.kill();
        self.kills[phase] += 1;
        // What the venue counts by the minute begins anew.
        self.advance();
        self.enclave = self.stack.enclave_on(&self.fuse.url, &self.directory, self.port);
    }

    /// A minute passes, and the undisturbed enclave's round of it.
    fn advance(&self) {
        let before = self.stack.enclave.rounds("ok");
        self.stack.advance(MINUTE_MS);
        wait_until("the undisturbed enclave makes its round", || {
            (self.stack.enclave.rounds("ok") > before).then_some(())
        });
    }

    /// The next round of the disturbed enclave is over, or it is.
    fn rounds_pass(&mut self, before: u64) {
        let enclave = &mut self.enclave;
        wait_until("a round ends or is ended", || {
            (!enclave.is_running() || enclave.rounds("ok") > before).then_some(())
        });
    }

    /// Registers once more, under a name of its own; whether that was acknowledged.
    fn register(&mut self) -> (String, bool) {
        self.sessions += 1;
        let (name, url) = (format!("session-{}", self.sessions), &self.enclave.url);
        let arguments = ["register", "--user-id", "demo", "--exchange", "binance", "--service-url", url];
        let output =
            self.stack.perfagg(&name, &[&arguments[..], &["--lease", "30d", "--ttl", "7d"]].concat());
        (name, output.status.success())
    }

    /// What a session reads. The store is never behind what was told.
    fn metrics(&mut self, session: &str) -> String {
        let said = wait_until("the session reads", || said(&self.stack, session));
        let seq = value(&said)["checkpoint"]["seq"].as_u64().unwrap();
        assert!(seq >= self.seq, "change {} was told, and now the last one is {seq}", self.seq);
        self.seq = seq;
        said
    }

    /// Both say the same of the same minute.
    fn compare(&mut self, session: &str) {
        let (theirs, ours) = loop {
            let (theirs, ours) = (self.metrics(session), said(&self.stack, "calm").unwrap());
            if value(&theirs)["as_of"] == value(&ours)["as_of"] {
                break (figures(&theirs), figures(&ours));
            }
            // One made its round just before a minute ended, the other just after.
            let before = self.enclave.rounds("ok");
            self.advance();
            self.rounds_pass(before);
        };
        let differs = theirs.bytes().zip(ours.bytes()).position(|(theirs, ours)| theirs != ours);
        let around = |text: &str, at: usize| text[at.saturating_sub(120)..text.len().min(at + 80)].to_owned();
        if let Some(at) = differs {
            panic!("after {:?} kills: {} | {}", self.kills, around(&theirs, at), around(&ours, at));
        }
        assert_eq!(theirs.len(), ours.len(), "after {:?} kills", self.kills);
    }

    fn at_registration(&mut self, kills: u64) {
        for _ in 0..kills {
            self.arm(12);
            let (session, acknowledged) = self.register();
            self.again(0);
            if acknowledged {
                self.metrics(&session);
            }
        }
    }

    fn in_the_first_collection(&mut self, kills: u64) {
        // Nobody waited for the ones before.
        let (session, acknowledged) = self.register();
        assert!(acknowledged);
        for _ in 0..kills {
            self.arm(120);
            let before = self.enclave.rounds("ok");
            self.rounds_pass(before);
            self.again(1);
            self.metrics(&session);
        }
        self.rounds_pass(0);
        self.compare(&session);
    }

    fn in_rounds_with_new_fills(&mut self, kills: u64) {
        let (session, acknowledged) = self.register();
        assert!(acknowledged);
        for _ in 0..kills {
            let before = self.enclave.rounds("ok");
            let count = 1 + self.draw(40);
            self.stack.tell("fills", &format!(r#"{{"count":{count}}}"#));
            self.arm(30);
            self.advance();
            self.rounds_pass(before);
            self.again(2);
            self.rounds_pass(0);
            self.compare(&session);
        }
    }

    fn at_revocation(&mut self, kills: u64) {
        for _ in 0..kills {
            let (session, acknowledged) = self.register();
            assert!(acknowledged);
            let kept = self.stack.directory.join(format!("{session}-kept"));
            fs::copy(self.stack.directory.join(&session), &kept).unwrap();
            let kept = kept.file_name().unwrap().to_str().unwrap().to_owned();
            let moment = Duration::from_micros(self.draw(120_000));
            self.fuse.after(self.enclave.pid(), moment);
            let revoked = self.stack.perfagg(&session, &["revoke"]).status.success();
            self.again(3);
            self.rounds_pass(0);
            // Once it is said that a session is over, no kill brings it back; and nothing else goes with it.
            if revoked {
                let said = wait_until("it is said why", || {
                    let said = self.stack.refused(&kept, &["metrics"]);
                    (!said.contains("CLOCK_UNTRUSTED")).then_some(said)
                });
                assert!(said.contains("SESSION_REVOKED") || said.contains("SESSION_UNKNOWN"), "{said}");
            } else {
                wait_until("it is one or the other", || {
                    let output = self.stack.perfagg(&kept, &["--json", "metrics"]);
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    (output.status.success() || said.contains("SESSION_REVOKED")).then_some(())
                });
            }
        }
        let (session, acknowledged) = self.register();
        assert!(acknowledged);
        self.compare(&session);
    }
}

/// What `perfagg metrics` prints, if it does.
fn said(stack: &Stack, session: &str) -> Option<String> {
    let output = stack.perfagg(session, &["--json", "metrics"]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || error.contains("CLOCK_UNTRUSTED"), "{session} does not read: {error}");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// As text: no reader of numbers may make two of them one. Members are sorted; what belongs to a session, a process or a
/// store's way here is cut out, and so is how late a midnight was seen at worst: that is not of the account but of who looks.
fn figures(text: &str) -> String {
    let cut = |text: String, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).expect(from);
        format!("{before}{}", &rest[rest.find(to).expect(to)..])
    };
    let text = [("checkpoint", "coverage"), ("record_restarted_at", "symbols"), ("sync", "total")]
        .into_iter()
        .fold(text.to_owned(), |text, (from, to)| cut(text, &format!("\"{from}\":"), &format!("\"{to}\":")));
    let mut parts = text.split("\"lateness_ms_max\":");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once(',').map_or("", |(_, rest)| rest))
}

/// Stands between an enclave and its venue, and burns.
struct Fuse {
    url: String,
    lit: Arc<Mutex<Option<Lit>>>,
}

/// Which process, after how many pieces, and how much later.
struct Lit {
    pid: u32,
    left: u64,
    moment: Duration,
}

impl Fuse {
    fn before(venue: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lit: Arc<Mutex<Option<Lit>>> = Arc::default();
        let counted = Arc::clone(&lit);
        thread::spawn(move || {
            for enclave in listener.incoming().flatten() {
                let venue = TcpStream::connect(venue).unwrap();
                let (to, from) = (venue.try_clone().unwrap(), enclave.try_clone().unwrap());
                pass(from, to, None);
                pass(venue, enclave, Some(Arc::clone(&counted)));
            }
        });
        Self { url, lit }
    }

    fn arm(&self, pid: u32, left: u64, moment: Duration) {
        *self.lit.lock().unwrap() = Some(Lit { pid, left, moment });
    }

    fn disarm(&self) {
        *self.lit.lock().unwrap() = None;
    }

    /// Kills so much later, whatever the venue says meanwhile.
    fn after(&self, pid: u32, moment: Duration) {
        self.arm(pid, 0, moment);
        let lit = Arc::clone(&self.lit);
        thread::spawn(move || {
            thread::sleep(moment);
            if let Some(Lit { pid, .. }) = lit.lock().unwrap().take() {
                kill(pid);
            }
        });
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, fuse: Option<Arc<Mutex<Option<Lit>>>>) {
    thread::spawn(move || {
        let mut buffer = [0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
            if let Some(fuse) = &fuse {
                burn(fuse);
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

/// One piece more; after the last one the enclave works for a moment and is killed.
fn burn(fuse: &Arc<Mutex<Option<Lit>>>) {
    let mut lit = fuse.lock().unwrap();
    let Some(burning) = lit.as_mut().filter(|lit| lit.left > 0) else { return };
    burning.left -= 1;
    if burning.left > 0 {
        return;
    }
    // Under the lock: who disarms knows that nothing is killed any more, and the number may be another's then.
    let Lit { pid, moment, .. } = lit.take().unwrap();
    thread::sleep(moment);
    kill(pid);
}

fn kill(pid: u32) {
    let _ = Command::new("kill").args(["-s", "KILL", &pid.to_string()]).output();
}
