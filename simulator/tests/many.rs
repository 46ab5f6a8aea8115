//! Two enclaves with one PostgreSQL: what one opened the other reads, what one left the other takes up, and what ends at one
//! ends at both.
//!
//! `PERFAGG_POSTGRES_BIN` names the directory of PostgreSQL's programs, which `cargo xtask test` finds; without it this says
//! `skipped`.

#![cfg(test)]

mod stack;

use protocol::wire;
use serde_json::Value;
use stack::{Program, Stack, http, patiently, wait_until};
use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::{
        fs::{PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A minute and what begins the next one.
const MINUTE_MS: i64 = 61_000;
const DAY_MS: i64 = 86_400_000;
/// An account that nobody polls any more is polled by another so soon.
const TAKEN_OVER_MS: i64 = 30_000;

/// Ends the server when the pipe to this shell closes, in whatever way we end.
const LEASH: &str = r#""$@" & read -r _; kill -s QUIT $!; wait $!"#;

/// A server in a directory of its own.
struct Server {
    leash: Child,
    url: String,
}

impl Server {
    fn start(directory: &Path) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test's own variable")]
        let Some(programs) = std::env::var_os("PERFAGG_POSTGRES_BIN").map(PathBuf::from) else {
            println!("skipped: PERFAGG_POSTGRES_BIN is not set");
            return None;
        };
        fs::create_dir_all(directory).unwrap();
        // PostgreSQL refuses the superuser; any other number will do.
        let other = chown(directory, Some(65_534), Some(65_534)).is_ok();
        let as_other = |command: &mut Command| {
            if other {
                command.uid(65_534).gid(65_534);
            }
            command.current_dir(directory).env("LC_ALL", "C").stdout(Stdio::null()).stderr(Stdio::null());
        };
        let data = directory.join("data");
        let mut made = Command::new(programs.join("initdb"));
        made.args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "-D"]).arg(&data);
        as_other(&mut made);
        assert!(made.status().unwrap().success(), "initdb");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut leash = Command::new("sh");
        leash.args(["-c", LEASH, "sh"]).arg(programs.join("postgres")).arg("-D").arg(&data);
        leash.arg("-k").arg(directory).args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        // Enclaves are killed here and the server is not: it needs not wait for a disk.
        leash.args(["-c", "fsync=off"]);
        as_other(&mut leash);
        let leash = leash.stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        wait_until("PostgreSQL answers", || TcpStream::connect(("127.0.0.1", port)).ok());
        Some(Self {
            leash,
            url: format!("postgres://postgres:planted-secret@127.0.0.1:{port}/postgres?sslmode=disable"),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.leash.stdin.take());
        let _ = self.leash.wait();
    }
}

/// An enclave in this directory, with the rows of the server.
fn enclave(stack: &Stack, server: &Server, directory: &Path) -> Program {
    wait_until("the enclave serves", || {
        let started = stack.try_enclave(&stack.simulator.url, directory, |command| {
            command.env("DATABASE_URL", &server.url);
        });
        // The server opens its port before it takes calls, and has a few seconds for each: on a busy machine that may be too
        // short, and whoever keeps services running starts it again.
        let late = ["DATABASE_URL", "the store does not answer"];
        started.map_err(|log| assert!(late.iter().any(|said| log.contains(said)), "{log}")).ok()
    })
}

/// What the one session is told at an enclave: to a client all of them are one.
fn told(stack: &Stack, enclave: &Program, arguments: &[&str]) -> Value {
    let arguments = [&["--json"], arguments, &["--service-url", &enclave.url]].concat();
    let codes = ["CLOCK_UNTRUSTED", "STORE_UNAVAILABLE", "RATE_LIMITED"];
    patiently(&codes, || stack.perfagg("session", &arguments))
}

fn read(stack: &Stack, enclave: &Program) -> Value {
    told(stack, enclave, &["summary"])
}

fn register(stack: &Stack, enclave: &Program, more: &[&str]) {
    let register = ["register", "--user-id", "demo", "--exchange", "binance", "--wait", "--ttl", "7d"];
    told(stack, enclave, &[&register, more].concat());
}

/// The keys that clients are told of.
fn keys(enclave: &Program) -> (String, u64) {
    let path = format!("/attestation/quote?nonce={}", wire::encode(&[7; 32]));
    let bundle = http(enclave.address(), "GET", &path, &[], "").json();
    // Bundles have base64 of the other alphabet.
    let binding =
        bundle["binding"].as_str().unwrap().trim_end_matches('=').replace('+', "-").replace('/', "_");
    let binding = wire::decode(&binding).unwrap();
    let binding = attestation::Binding::parse(&binding).unwrap();
    (wire::encode(&binding.keyset_hash()), binding.epoch)
}

fn log(enclave: &Program) -> String {
    String::from_utf8_lossy(&enclave.log()).into_owned()
}

/// New fills, and the round of the enclave that polls.
fn bring(stack: &Stack, polls: &Program, fills: u64) {
    let rounds = polls.rounds("ok");
    stack.tell("fills", &format!(r#"{{"count":{fills}}}"#));
    stack.advance(MINUTE_MS);
    // Its counters are asked, which nobody limits.
    wait_until("a round brings them", || (polls.rounds("ok") > rounds).then_some(()));
}

fn now_ms(stack: &Stack) -> i64 {
    let clock = http(stack.simulator.address(), "GET", "/simulator/clock", &[], "").json();
    clock["now_ms"].as_i64().unwrap()
}

#[test]
fn a_session_is_of_all_enclaves_and_an_account_of_one_at_a_time() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "many", &[]);
    let Some(server) = Server::start(&stack.directory.join("postgres")) else { return };
    let (first, second) = (stack.directory.join("first"), stack.directory.join("second"));
    let mut a = enclave(&stack, &server, &first);
    let b = enclave(&stack, &server, &second);

    register(&stack, &a, &["--lease", "30d"]);
    let at = |enclave: &Program| read(&stack, enclave);
    let fills = |read: &Value| read["trades"]["fills"].as_u64().unwrap();
    let before = at(&a);
    assert_eq!(fills(&at(&b)), fills(&before));
    assert_eq!(at(&b)["sync"]["state"], "live");
    assert_eq!(b.rounds("ok"), 0, "one of them polls");

    // What one brings is read at the other.
    bring(&stack, &a, 3);
    wait_until("the fills come", || (fills(&at(&b)) == fills(&before) + 3).then_some(()));

    a.kill();
    let killed_ms = now_ms(&stack);
    wait_until("the other polls", || (b.rounds("ok") > 0).then_some(()));
    let took_ms = now_ms(&stack) - killed_ms;
    assert!(took_ms < TAKEN_OVER_MS, "it took {took_ms} ms");
    bring(&stack, &b, 4);
    wait_until("the fills come", || (fills(&at(&b)) == fills(&before) + 7).then_some(()));

    // The first is back, and leaves the account where it is.
    let a = enclave(&stack, &server, &first);
    assert_eq!(fills(&at(&a)), fills(&before) + 7);
    let rounds = b.rounds("ok");
    stack.advance(MINUTE_MS);
    wait_until("the other goes on", || (b.rounds("ok") > rounds).then_some(()));
    assert_eq!(a.rounds("ok"), 0, "one of them polls");

    // A revocation here ends the polling there. It takes the session's file along; a thief has a copy.
    fs::copy(stack.directory.join("session"), stack.directory.join("copy")).unwrap();
    assert_eq!(stack.perfagg_json("session", &["revoke", "--service-url", &a.url])["revoked"], true);
    let assert_it_is_over = || {
        for enclave in [&a, &b] {
            let said = stack.refused("copy", &["summary", "--service-url", &enclave.url]);
            assert!(said.contains("SESSION_REVOKED"), "{said}");
        }
    };
    assert_it_is_over();
    stack.advance(MINUTE_MS);
    wait_until("the other stops", || (b.rounds("stopped") > 0).then_some(()));
    let rounds = (a.rounds("ok"), b.rounds("ok"));
    // Longer than a claim lasts: nobody takes it up again.
    stack.advance(10 * MINUTE_MS);
    assert_it_is_over();
    assert_eq!((a.rounds("ok"), b.rounds("ok")), rounds);
}

#[test]
fn keys_go_from_one_enclave_to_another_and_outlive_all_but_the_last_machine() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "keys", &[]);
    let Some(server) = Server::start(&stack.directory.join("postgres")) else { return };
    let directories = ["first", "second", "third"].map(|name| stack.directory.join(name));
    let mut a = enclave(&stack, &server, &directories[0]);
    register(&stack, &a, &["--lease", "30d"]);
    let mut b = enclave(&stack, &server, &directories[1]);
    assert_eq!(keys(&b), keys(&a), "the same keys, and no file was copied");
    let result_key = |of: &Path| fs::read_to_string(of.join("data/result-key.pub")).unwrap();
    assert_eq!(result_key(&directories[1]), result_key(&directories[0]));

    // A day later both have the next keys, which one of them made.
    let (_, day_one) = keys(&a);
    stack.advance(DAY_MS);
    wait_until("one has the keys that the other made", || {
        let came = |log: String| log.contains("the keys of the next epoch came from another enclave");
        (came(log(&a)) || came(log(&b))).then_some(())
    });
    let day_two = keys(&a);
    assert!(day_two.1 > day_one);
    assert_eq!(keys(&b), day_two);
    read(&stack, &a);
    read(&stack, &b);

    // Of two, one is enough to give a third what both had.
    a.kill();
    let mut c = enclave(&stack, &server, &directories[2]);
    assert_eq!(keys(&c), day_two);
    read(&stack, &c);

    // When none runs, keys of rows are where they were sealed, and epochs begin anew.
    b.kill();
    c.kill();
    let a = enclave(&stack, &server, &directories[0]);
    let day_three = keys(&a);
    assert!(day_three.1 > day_two.1, "an epoch never comes twice");
    read(&stack, &a);
    let b = enclave(&stack, &server, &directories[1]);
    assert_eq!(keys(&b), day_three);
    read(&stack, &b);
}

#[test]
fn another_program_is_given_no_keys_and_says_so() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "stranger", &[]);
    let Some(server) = Server::start(&stack.directory.join("postgres")) else { return };
    let a = enclave(&stack, &server, &stack.directory.join("first"));
    // One byte more, and it is another program.
    let (program, stranger) = (stack.directory.join("altered"), stack.directory.join("second"));
    let mut altered = fs::read(stack.enclave_program()).unwrap();
    altered.push(0);
    fs::write(&program, altered).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    for (program, settings) in
        [(&program, None), (&stack.enclave_program(), Some(("SESSION_TTL_MAX", "604799")))]
    {
        let said = stack.directory.join("said");
        let mut command = stack.enclave_command(program, &stranger);
        command.env("DATABASE_URL", &server.url).envs(settings);
        command.stdout(Stdio::null()).stderr(fs::File::create(&said).unwrap());
        let mut running = command.spawn().unwrap();
        wait_until("it says that it was given nothing", || {
            fs::read_to_string(&said).unwrap().contains("keys-not-given").then_some(())
        });
        running.kill().unwrap();
        running.wait().unwrap();
        let said = fs::read_to_string(&said).unwrap();
        assert!(said.contains("peer-refused") && !said.contains("serving"), "{said}");
        assert!(!stranger.join("data/ring.sealed").exists());
    }
    assert!(!log(&a).contains("was given the keys"));
}

#[test]
fn two_that_start_at_once_on_an_empty_database_come_to_the_same_keys() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "at once", &[]);
    let Some(server) = Server::start(&stack.directory.join("postgres")) else { return };
    let directories = ["first", "second"].map(|name| stack.directory.join(name));
    let start = || {
        std::thread::scope(|scope| {
            let both =
                directories.each_ref().map(|directory| scope.spawn(|| enclave(&stack, &server, directory)));
            both.map(|one| one.join().unwrap())
        })
    };
    let [mut a, mut b] = start();
    let first = keys(&a);
    assert_eq!(keys(&b), first);
    register(&stack, &a, &[]);
    read(&stack, &b);
    // Both at once again: nobody is there who has the epoch.
    a.kill();
    b.kill();
    let [a, b] = start();
    assert_eq!(keys(&a), keys(&b));
    assert!(keys(&a).1 > first.1);
    read(&stack, &b);
}
