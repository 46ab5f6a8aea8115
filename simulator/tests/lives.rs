//! What outlives what, with the real programs: leases their sessions and processes, files a kill, and nothing its own end;
//! and what is said when a store was put back, altered, taken or closed to writing.

#![cfg(test)]

mod stack;

use serde_json::Value;
use stack::{Stack, http, patiently, wait_until};
use std::{
    fs,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

const HOUR_MS: i64 = 3_600_000;
/// A minute and what begins the next one.
const MINUTE_MS: i64 = 61_000;

/// What a session reads, once the enclave heard its venue's time.
fn summary(stack: &Stack, session: &str) -> Value {
    patiently(&["CLOCK_UNTRUSTED"], || stack.perfagg(session, &["--json", "summary"]))
}

/// Why a session does not read, once the enclave heard its venue's time.
fn refused(stack: &Stack, session: &str) -> String {
    wait_until("the session is refused", || {
        let said = stack.refused(session, &["summary"]);
        (!said.contains("CLOCK_UNTRUSTED")).then_some(said)
    })
}

/// Time passes, and one round of the enclave.
fn pass(stack: &Stack, milliseconds: i64) {
    let before = stack.enclave.rounds("ok");
    stack.advance(milliseconds);
    wait_until("a round passes", || (stack.enclave.rounds("ok") > before).then_some(()));
}

/// The enclave starts again where it was, and with what is in its directory now.
fn start_again(stack: &mut Stack) {
    stack.enclave.kill();
    let port = stack.enclave.address().port();
    stack.enclave = stack.enclave_on(&stack.simulator.url, &stack.directory, port);
}

fn copied(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_lease_outlives_its_session_and_the_process_and_its_snapshots_go_on() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "lease", &[]);
    stack.register("short", &stack.enclave.url, &["--ttl", "30m", "--lease", "30d"]);
    // To a minute past each hour: snapshots are due at midnight and at one whole hour of each day.
    pass(&stack, MINUTE_MS);
    for hour in 1..=48 {
        pass(&stack, HOUR_MS);
        if hour == 20 {
            start_again(&mut stack);
            wait_until("it polls again", || (stack.enclave.rounds("ok") > 0).then_some(()));
        }
    }
    let over = refused(&stack, "short");
    assert!(over.contains("SESSION_EXPIRED") || over.contains("SESSION_UNKNOWN"), "{over}");
    // Who reads later sees what was taken while nobody could read.
    stack.register("long", &stack.enclave.url, &["--ttl", "7d"]);
    let read = summary(&stack, "long");
    let snapshots = &read["snapshots"];
    assert_eq!((&snapshots["taken"], &snapshots["missed"]), (&4.into(), &0.into()), "{snapshots}");
    assert_eq!(read["restatements"]["count"], 0, "days that are over stay as they were told");

    // Nobody runs over the next hour of a snapshot and the next midnight.
    stack.enclave.kill();
    stack.advance(24 * HOUR_MS + HOUR_MS / 2);
    start_again(&mut stack);
    wait_until("it polls again", || (stack.enclave.rounds("ok") > 0).then_some(()));
    let read = summary(&stack, "long");
    let snapshots = &read["snapshots"];
    assert_eq!((&read["sync"]["state"], &snapshots["taken"]), (&"live".into(), &4.into()), "{snapshots}");
    let misses = snapshots["misses"].as_array().unwrap();
    assert_eq!(misses.len(), 2, "{snapshots}");
    assert!(misses.iter().all(|miss| miss["cause"] == "enclave_down"), "{snapshots}");
}

#[test]
fn a_key_that_was_not_lent_longer_is_gone_with_the_process() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "not-lent", &[]);
    stack.register("session", &stack.enclave.url, &[]);
    let before = summary(&stack, "session");
    start_again(&mut stack);
    let after = summary(&stack, "session");
    assert_eq!(after["sync"]["state"], "stopped");
    stack.tell("fills", r#"{"count":5}"#);
    stack.advance(10 * MINUTE_MS);
    let later = summary(&stack, "session");
    assert_eq!(later["trades"], before["trades"], "what was read stays, and nothing comes");
    assert_eq!(later["sync"]["state"], "stopped");
    assert_eq!(stack.enclave.rounds("ok") + stack.enclave.rounds("failed"), 0, "nobody asked the venue");
    // A new registration of the same account goes on with it.
    stack.register("again", &stack.enclave.url, &[]);
    let fills = |read: &Value| read["trades"]["fills"].as_u64().unwrap();
    wait_until("the fills come", || (fills(&summary(&stack, "again")) == fills(&before) + 5).then_some(()));
}

#[test]
fn an_older_store_is_noticed_by_whoever_saw_more() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "put-back", &[]);
    stack.register("session", &stack.enclave.url, &["--ttl", "7d", "--lease", "30d"]);
    let told = |read: &Value| read["checkpoint"]["seq"].as_u64().unwrap();
    let first = told(&summary(&stack, "session"));
    stack.enclave.terminate();
    let (data, old) = (stack.directory.join("data"), stack.directory.join("old"));
    copied(&data, &old);
    start_again(&mut stack);
    wait_until("it polls again", || (stack.enclave.rounds("ok") > 0).then_some(()));
    stack.tell("fills", r#"{"count":5}"#);
    pass(&stack, MINUTE_MS);
    let seen = wait_until("the change is told", || {
        let told = told(&summary(&stack, "session"));
        (told > first).then_some(told)
    });

    stack.enclave.terminate();
    copied(&old, &data);
    start_again(&mut stack);
    assert!(refused(&stack, "session").contains("STATE_ROLLED_BACK"));
    // Nor does a new session of the same client believe it.
    let url = stack.enclave.url.clone();
    let register = ["register", "--user-id", "demo", "--exchange", "binance", "--service-url", &url];
    assert!(stack.refused("new", &register).contains("STATE_ROLLED_BACK"));
    // It reads the same fills again, and goes another way: what was seen stays undone, however far that leads.
    for _ in 0..4 {
        wait_until("it polls again", || (stack.enclave.rounds("ok") > 0).then_some(()));
        stack.tell("fills", r#"{"count":5}"#);
        pass(&stack, MINUTE_MS);
        assert!(refused(&stack, "session").contains("STATE_ROLLED_BACK"));
    }
    // Nor is a new session taken in, though the store has come further than what was seen.
    assert!(stack.refused("new", &register).contains("STATE_ROLLED_BACK"));
    // Who saw nothing has nothing to hold against it.
    stack.register("elsewhere/new", &url, &[]);
    assert!(told(&summary(&stack, "elsewhere/new")) > seen);
}

#[test]
fn a_lease_that_is_over_is_not_revived_by_an_older_store() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "revived", &[]);
    stack.register("session", &stack.enclave.url, &["--ttl", "30m", "--lease", "30m"]);
    stack.enclave.terminate();
    let (data, old) = (stack.directory.join("data"), stack.directory.join("old"));
    copied(&data, &old);
    start_again(&mut stack);
    wait_until("it polls again", || (stack.enclave.rounds("ok") > 0).then_some(()));
    stack.advance(HOUR_MS / 2);
    wait_until("the lease ends", || (stack.enclave.rounds("stopped") > 0).then_some(()));

    stack.enclave.terminate();
    copied(&old, &data);
    start_again(&mut stack);
    let over = refused(&stack, "session");
    assert!(over.contains("SESSION_EXPIRED"), "{over}");
    stack.advance(10 * MINUTE_MS);
    assert!(refused(&stack, "session").contains("SESSION_EXPIRED"));
    assert_eq!(stack.enclave.rounds("ok") + stack.enclave.rounds("failed"), 0, "nobody asked the venue");
}

#[test]
fn an_altered_byte_of_the_store_is_refused_or_of_no_effect() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "altered", &[]);
    stack.register("session", &stack.enclave.url, &["--ttl", "7d"]);
    let figures = |read: Value| (read["trades"].clone(), read["equity"].clone(), read["as_of"].clone());
    let good = figures(summary(&stack, "session"));
    stack.enclave.terminate();
    let (data, sound) = (stack.directory.join("data"), stack.directory.join("sound"));
    copied(&data, &sound);
    let bytes = fs::read(sound.join("store.redb")).unwrap();
    let (port, mut refusals) = (stack.enclave.address().port(), 0);
    // Spread over the file, where something stands.
    let written: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
    for place in 0..16 {
        let mut altered = bytes.clone();
        altered[written[place * written.len() / 16 + 11 * place]] ^= 1 << (place % 8);
        copied(&sound, &data);
        fs::write(data.join("store.redb"), &altered).unwrap();
        let on_port = |command: &mut Command| {
            command.env("ENCLAVE_PORT", port.to_string());
        };
        match stack.try_enclave(&stack.simulator.url, &stack.directory, on_port) {
            Err(log) => {
                assert!(log.contains("ENCLAVE_DATA_DIR") || log.contains("store"), "{place}: {log}");
                refusals += 1;
            }
            Ok(enclave) => {
                let said = wait_until("it is read or refused", || {
                    let output = stack.perfagg("session", &["--json", "summary"]);
                    let error = String::from_utf8_lossy(&output.stderr).into_owned();
                    (!error.contains("CLOCK_UNTRUSTED")).then_some((output, error))
                });
                match said {
                    (output, _) if output.status.success() => {
                        let read = serde_json::from_slice(&output.stdout).unwrap();
                        assert_eq!(figures(read), good, "byte {place}");
                    }
                    (_, error) => {
                        let named = ["STORE", "INTERNAL", "SESSION_UNKNOWN"];
                        assert!(named.iter().any(|code| error.contains(code)), "byte {place}: {error}");
                        refusals += 1;
                    }
                }
                drop(enclave);
            }
        }
    }
    assert!(refusals > 0, "something was noticed");
    // The sound copy reads on.
    copied(&sound, &data);
    start_again(&mut stack);
    assert_eq!(figures(summary(&stack, "session")), good);
}

#[test]
fn a_directory_that_is_taken_or_cannot_be_written_is_refused_with_the_reason() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "taken", &[]);
    let second = stack.try_enclave(&stack.simulator.url, &stack.directory, |_| {});
    let said = second.err().expect("two processes do not own one store");
    assert!(
        said.contains("ENCLAVE_DATA_DIR") && said.contains("another process has the store open"),
        "{said}"
    );

    stack.enclave.terminate();
    let data = stack.directory.join("data");
    for (file, mode) in [("ring.sealed", 0o444), ("store.redb", 0o444), ("result-key", 0o444), (".", 0o555)] {
        fs::set_permissions(data.join(file), fs::Permissions::from_mode(mode)).unwrap();
    }
    // Rights of files bind everybody but the superuser.
    let is_superuser = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    let closed = stack.try_enclave(&stack.simulator.url, &stack.directory, |command| {
        // These are kept elsewhere here.
        command.env_remove("ENCLAVE_PRIVATE_KEY").env_remove("ENCLAVE_PUBLIC_KEY");
        if is_superuser {
            command.uid(65_534).gid(65_534);
        }
    });
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    let said = closed.err().expect("a store that cannot be written is no store");
    assert!(said.contains("cannot start: ENCLAVE_DATA_DIR"), "{said}");
    assert!(said.contains("cannot be written") || said.contains("Permission denied"), "{said}");
}

#[test]
fn ids_that_were_revoked_expired_or_never_given_are_told_apart_by_nothing_after_the_sweep() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "swept", &[]);
    let url = stack.enclave.url.clone();
    let open = |name: &str, ttl: &str| {
        let opened = stack.register(name, &url, &["--bearer", "--ttl", ttl]);
        opened["session_id"].as_str().unwrap().to_owned()
    };
    let (expired, revoked, kept) = (open("expired", "30m"), open("revoked", "24h"), open("kept", "24h"));
    stack.perfagg_json("revoked", &["revoke"]);
    let never = format!("{}{}", &kept[..kept.len() - 22], "A".repeat(22));
    let read = |stack: &Stack, id: &str| {
        let reply = http(stack.enclave.address(), "GET", &format!("/enclave/summary/{id}"), &[], "");
        let mut body = reply.json();
        body.as_object_mut().unwrap().remove("request_id");
        (reply.status, body)
    };
    assert_eq!(read(&stack, &revoked).1["code"], "SESSION_REVOKED");
    pass(&stack, 2 * HOUR_MS);
    let unknown = read(&stack, &never);
    assert_eq!((unknown.0, unknown.1["code"].as_str()), (401, Some("SESSION_UNKNOWN")));
    for id in [&revoked, &expired] {
        wait_until("the sweep forgets it", || {
            (read(&stack, id).1["code"] == "SESSION_UNKNOWN").then_some(())
        });
        assert_eq!(read(&stack, id), unknown);
    }
    assert_eq!(read(&stack, &kept).0, 200);
    // Nor by a new process.
    start_again(&mut stack);
    summary(&stack, "kept");
    for id in [&revoked, &expired] {
        assert_eq!(read(&stack, id), unknown);
    }
}

#[test]
fn a_holder_reads_lists_erases_and_begins_again_and_a_stolen_session_is_useless() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "holder", &[]);
    let path = |name: &str| stack.directory.join(name).to_str().unwrap().to_owned();
    let (key, other, away) = (path("holder.key"), path("other.key"), path("away.key"));
    let receipt = path("receipt.json");
    stack.perfagg_json("mine", &["holder", "new", "--out", &key]);
    stack.perfagg_json("mine", &["holder", "new", "--out", &other]);
    stack.register("mine", &stack.enclave.url, &["--holder", &key, "--lease", "30d"]);
    let read = summary(&stack, "mine");
    assert_eq!(read["record_restarted_at"], Value::Null);

    // Who has the session and not the key reads nothing, and nor does another key.
    fs::rename(&key, &away).unwrap();
    let output = stack.perfagg("mine", &["summary"]);
    assert!(!output.status.success() && output.stdout.is_empty());
    let output = stack.perfagg("mine", &["summary", "--holder", &other]);
    assert!(!output.status.success() && output.stdout.is_empty());
    fs::rename(&away, &key).unwrap();
    // Nor one who calls without it: the enclave does not say that there is such a session.
    let file = stack.directory.join("mine");
    let mut session: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    session.as_object_mut().unwrap().remove("holder").expect("it says which key");
    let stolen = stack.directory.join("stolen");
    fs::write(&stolen, session.to_string()).unwrap();
    fs::set_permissions(&stolen, fs::Permissions::from_mode(0o600)).unwrap();
    let said = refused(&stack, "stolen");
    assert!(said.contains("SESSION_UNKNOWN"), "{said}");
    let said = stack.refused("stolen", &["revoke"]);
    assert!(said.contains("SESSION_UNKNOWN"), "{said}");
    summary(&stack, "mine");

    // A kill takes nothing of it.
    start_again(&mut stack);
    let held = wait_until("the holder is answered", || {
        let output = stack.perfagg("mine", &["--json", "sessions", "--holder", &key]);
        output.status.success().then(|| serde_json::from_slice::<Value>(&output.stdout).unwrap())
    });
    assert_eq!(held["sessions"].as_array().unwrap().len(), 1, "{held}");
    assert_eq!(held["sessions"][0]["state"], "open");
    assert_eq!(held["record"]["accounts"].as_array().unwrap().len(), 1);
    let url = stack.enclave.url.clone();
    let strange = ["sessions", "--holder", &other, "--service-url", &url];
    let strangers = stack.perfagg_json("nobody", &strange);
    assert_eq!(strangers["sessions"], serde_json::json!([]));

    fs::copy(stack.directory.join("mine"), stack.directory.join("copy")).unwrap();
    let erased = stack.perfagg_json("mine", &["erase", "--yes", "--save", &receipt]);
    assert_eq!(
        (&erased["erased"], &erased["accounts"], &erased["sessions"]),
        (&true.into(), &1.into(), &1.into())
    );
    let judged = stack.perfagg_json("nobody", &["verify", &receipt]);
    assert_eq!(judged["answer"]["erased"], true, "{judged}");
    assert!(refused(&stack, "copy").contains("SESSION_UNKNOWN"));
    let before = stack.enclave.rounds("ok");
    stack.advance(10 * MINUTE_MS);

    // It stays erased over a kill, and begins again with a word about it.
    start_again(&mut stack);
    assert!(refused(&stack, "copy").contains("SESSION_UNKNOWN"));
    assert_eq!(stack.enclave.rounds("ok"), 0, "nobody asked the venue ({before} before)");
    let opened = stack.register("again", &stack.enclave.url, &["--holder", &key]);
    assert!(opened["record"]["record_restarted_at"].is_string(), "{}", opened["record"]);
    assert_eq!(summary(&stack, "again")["record_restarted_at"], opened["record"]["record_restarted_at"]);
}
