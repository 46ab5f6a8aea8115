//! The program as a process: what it announces, what a kill in the middle of writing leaves of its access log, and that
//! nothing which a caller sent is found in anything it writes.
#![cfg(test)]

use ed25519_dalek::{Signer as _, SigningKey};
use perfagg::access_log::{AccessLog, Head, LogError, LogVerdict};
use protocol::{
    countersign::{self, CountersignCall, Countersignature},
    wire,
};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

struct Program {
    child: Child,
    stdout: BufReader<ChildStdout>,
    announced: serde_json::Value,
    stderr: PathBuf,
}

impl Program {
    fn start(directory: &Path, settings: &[(&str, &str)]) -> Self {
        let stderr = directory.join("stderr.txt");
        let log = fs::OpenOptions::new().create(true).append(true).open(&stderr).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_perf-aggregator-main"))
            .env_clear()
            .envs([
                ("HOST", "127.0.0.1"),
                ("PORT", "0"),
                ("MAIN_METRICS_ADDR", "127.0.0.1:0"),
                ("RUST_LOG", "trace"),
            ])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line)
            .unwrap_or_else(|_| panic!("{line} {}", fs::read_to_string(&stderr).unwrap()));
        Self { child, stdout, announced, stderr }
    }

    fn address(&self, member: &str) -> SocketAddr {
        self.announced[member].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Ends it as an operator does, and gives all that it wrote.
    fn terminate(mut self) -> String {
        assert!(Command::new("kill").arg(self.child.id().to_string()).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        format!("{}{rest}{}", self.announced, fs::read_to_string(&self.stderr).unwrap())
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A directory of a test's own, gone with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn log(&self) -> String {
        self.0.join("log").to_str().unwrap().to_owned()
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.log()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).collect();
        files.sort();
        files
    }

    fn judged(&self) -> Result<LogVerdict, LogError> {
        let head = Head::parse(&fs::read(self.0.join("log/head.json")).unwrap()).unwrap();
        let mut log = AccessLog::new(Some(head));
        self.files().iter().try_for_each(|path| log.read(BufReader::new(fs::File::open(path).unwrap())))?;
        log.finish()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn ask(to: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(to)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn get(to: SocketAddr, path: &str) -> std::io::Result<String> {
    ask(to, &format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
}

#[test]
fn a_kill_in_the_middle_of_writing_leaves_a_chain_that_goes_on() {
    let directory = Directory::new("killed");
    let log = directory.log();
    for round in 1..=3 {
        let program = Program::start(&directory.0, &[("ACCESS_LOG_DIR", &log)]);
        let (to, answered, stop) =
            (program.address("listening"), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let (answered, stop) = (Arc::clone(&answered), Arc::clone(&stop));
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) && get(to, "/health/live").is_ok() {
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        while answered.load(Ordering::Relaxed) < 200 {
            thread::yield_now();
        }
        program.kill();
        stop.store(true, Ordering::Relaxed);
        callers.into_iter().for_each(|caller| caller.join().unwrap());
        let verdict = directory.judged().unwrap();
        assert_eq!((verdict.starts, verdict.stops, verdict.heads_lost), (round, 0, 0));
        assert!(verdict.calls > 0, "{verdict:?}");
        // Where the kill did not hit a line, one is left unfinished by hand.
        if verdict.unfinished_bytes == 0 {
            let last = directory.files().pop().unwrap();
            let text = fs::read_to_string(&last).unwrap();
            let line = text.lines().last().unwrap();
            fs::write(&last, format!("{text}{}", &line[..line.len() / 2])).unwrap();
        }
        let unfinished = directory.judged().unwrap();
        assert!(unfinished.unfinished_bytes > 0 && !unfinished.is_complete());
    }
    let program = Program::start(&directory.0, &[("ACCESS_LOG_DIR", &log)]);
    // Nobody else writes there meanwhile.
    let second = Command::new(env!("CARGO_BIN_EXE_perf-aggregator-main"))
        .env_clear()
        .envs([("PORT", "0"), ("MAIN_METRICS_ADDR", "127.0.0.1:0"), ("ACCESS_LOG_DIR", &log)])
        .output()
        .unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8(second.stderr).unwrap().contains("another process writes the log there"));
    program.terminate();
    let verdict = directory.judged().unwrap();
    assert_eq!((verdict.starts, verdict.stops, verdict.torn_lines, verdict.unfinished_bytes), (4, 1, 3, 0));
}

#[test]
fn what_a_caller_sent_is_found_in_nothing_that_the_program_writes() {
    let directory = Directory::new("planted");
    let log = directory.log();
    // A backend that says it all again.
    let enclave = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", enclave.local_addr().unwrap());
    thread::spawn(move || {
        for stream in enclave.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let body = "PLANTED answer";
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nx-request-id: PLANTED\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let program = Program::start(&directory.0, &[("ACCESS_LOG_DIR", &log), ("BACKEND_URL", &url)]);
    assert_eq!(
        (&program.announced["access_log"], &program.announced["backend"]),
        (&true.into(), &url.as_str().into())
    );
    let to = program.address("listening");
    let session = "session_1770000000_PLANTEDplantedPLANTED01";
    for path in [
        format!("/enclave/summary/{session}"),
        format!("/{session}?{session}"),
        "/enclave/x?apiKey=PLANTED".to_owned(),
    ] {
        get(to, &path).unwrap();
    }
    for body in [r#"{"apiKey":"PLANTED","secret":"PLANTED"}"#, r#"{"v":1,"enc":"PLANTED"}"#, "PLANTED"] {
        let length = body.len();
        let answer = ask(
            to,
            &format!("POST /enclave/sealed HTTP/1.1\r\nhost: PLANTED\r\nconnection: close\r\nauthorization: Bearer PLANTED\r\ncontent-length: {length}\r\n\r\n{body}"),
        )
        .unwrap();
        assert_eq!(
            answer.contains("PLANTED"),
            !body.contains("apiKey"),
            "only the enclave's answer: {answer}"
        );
    }
    let metrics = get(program.address("metrics"), "/metrics").unwrap();
    assert!(
        metrics.contains("perfagg_main_calls_total{route=\"/enclave/sealed\",status=\"422\"} 1\n"),
        "{metrics}"
    );
    let written = program.terminate();
    assert_eq!(directory.judged().unwrap().calls, 6);
    let mut all = format!("{metrics}{written}");
    for entry in fs::read_dir(&log).unwrap() {
        all.push_str(&fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    assert!(all.contains("RELAY_CLEAR_CREDENTIALS") && all.contains("\"status\":422"), "{all}");
    assert!(!all.contains("PLANTED") && !all.contains("planted"), "{all}");
}

#[test]
fn without_a_log_it_says_so() {
    let directory = Directory::new("unlogged");
    let program = Program::start(&directory.0, &[("ACCESS_LOG_DIR", " ")]);
    assert_eq!(program.announced["access_log"], false);
    let written = program.terminate();
    assert!(written.contains("no access log is kept: ACCESS_LOG_DIR is not set"), "{written}");
}

#[test]
fn pages_are_served_from_a_folder_and_a_wrong_folder_is_told_at_the_start() {
    let directory = Directory::new("pages");
    let pages = directory.0.join("dist");
    fs::create_dir_all(&pages).unwrap();
    fs::write(pages.join("index.html"), "<!doctype html>front").unwrap();
    fs::write(pages.join("verifier.wasm"), vec![7; 700_000]).unwrap();
    let program = Program::start(&directory.0, &[("PAGES_DIR", pages.to_str().unwrap())]);
    assert_eq!(program.announced["pages"], 2);
    let to = program.address("listening");
    // The folder may go: what was read at the start is served.
    fs::remove_dir_all(&pages).unwrap();
    assert!(get(to, "/").unwrap().ends_with("\r\n\r\n<!doctype html>front"));
    let wasm = get(to, "/verifier.wasm").unwrap();
    assert!(wasm.contains("content-type: application/wasm\r\n"), "{}", &wasm[..500]);
    assert_eq!(wasm.split_once("\r\n\r\n").unwrap().1.len(), 700_000);
    program.terminate();

    let refused = Command::new(env!("CARGO_BIN_EXE_perf-aggregator-main"))
        .env_clear()
        .envs([("PORT", "0"), ("MAIN_METRICS_ADDR", "127.0.0.1:0"), ("PAGES_DIR", pages.to_str().unwrap())])
        .output()
        .unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && said.contains("PAGES_DIR cannot be read"), "{said}");
}

/// An enclave that does nothing but sign heads, and breaks its signature if it is told to.
fn signer(key: SigningKey, is_honest: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"}") {
                let mut piece = [0; 1024];
                match stream.read(&mut piece) {
                    Ok(read @ 1..) => request.extend_from_slice(&piece[..read]),
                    _ => break,
                }
            }
            let text = String::from_utf8(request).unwrap();
            assert!(text.starts_with("POST /attestation/countersign HTTP/1.1\r\n"), "{text}");
            let body = text.split_once("\r\n\r\n").unwrap().1;
            // The head, and nothing else of the log.
            let CountersignCall { head } = serde_json::from_str(body).unwrap();
            let (created, of) = (1_795_521_600, wire::decode_array::<32>(&head).unwrap());
            let mut signature = key.sign(&countersign::bytes(&of, created)).to_bytes();
            signature[0] ^= u8::from(!is_honest);
            let (keyid, signature) =
                (wire::encode(&key.verifying_key().to_bytes()), wire::encode(&signature));
            let answer = Countersignature { head, created, keyid, signature };
            let answer = serde_json::to_string(&answer).unwrap();
            let length = answer.len();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{answer}"
            );
        }
    });
    url
}

#[test]
fn the_head_is_countersigned_at_the_start_and_at_the_stop() {
    let directory = Directory::new("countersigned");
    let key = SigningKey::from_bytes(&[5; 32]);
    let url = signer(key.clone(), true);
    let settings = [("ACCESS_LOG_DIR", directory.log()), ("BACKEND_URL", url)];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let program = Program::start(&directory.0, &settings);
    let written =
        || directory.files().iter().map(|file| fs::read_to_string(file).unwrap()).collect::<String>();
    while !written().contains(r#""type":"countersign""#) {
        thread::yield_now();
    }
    for _ in 0..5 {
        get(program.address("listening"), "/health/live").unwrap();
    }
    let metrics = get(program.address("metrics"), "/metrics").unwrap();
    assert!(metrics.contains("perfagg_main_countersigns_total{outcome=\"signed\"} 1\n"), "{metrics}");
    program.terminate();
    let verdict = directory.judged().unwrap();
    let by = &verdict.countersigned[&key.verifying_key().to_bytes()];
    let last = verdict.last.as_ref().unwrap().seq;
    assert_eq!((by.count, by.seq, verdict.calls, verdict.countersigns_missed), (2, last - 2, 5, 0));
    assert!(verdict.is_complete());
}

#[test]
fn without_a_countersignature_calls_go_on_and_the_log_says_so() {
    for (enclave, why) in [
        ("http://127.0.0.1:9".to_owned(), "unreachable"),
        // One whose line would break the log for its readers.
        (signer(SigningKey::from_bytes(&[6; 32]), false), "invalid"),
    ] {
        let directory = Directory::new(why);
        let settings = [("ACCESS_LOG_DIR", directory.log()), ("BACKEND_URL", enclave)];
        let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
        let program = Program::start(&directory.0, &settings);
        let metrics = || get(program.address("metrics"), "/metrics").unwrap();
        while !metrics().contains("perfagg_main_countersigns_total{outcome=\"missed\"} 1\n") {
            thread::yield_now();
        }
        assert!(get(program.address("listening"), "/health/live").unwrap().starts_with("HTTP/1.1 200 "));
        let written = program.terminate();
        assert!(written.contains("access-log-unsigned"), "{written}");
        let verdict = directory.judged().unwrap();
        // At the start; the one at the stop, minutes later at most, is no news.
        assert_eq!((verdict.countersigns_missed, verdict.calls), (1, 1));
        assert!(verdict.is_complete() && verdict.countersigned.is_empty());
        let text = fs::read_to_string(directory.files().pop().unwrap()).unwrap();
        assert!(text.contains(&format!(r#""note":"countersign-missed","why":"{why}"}}"#)), "{text}");
    }
}
