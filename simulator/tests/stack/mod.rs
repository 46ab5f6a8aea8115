//! Starts the real programs on free ports, each in a directory of its own, and stops them again.
//!
//! `PERFAGG_BIN_DIR` names the directory with the four binaries, the enclave's built with `development`;
//! `cargo xtask test` builds them and sets it. Without it these tests say `skipped`.
#![allow(dead_code, reason = "each test file uses its part")]

mod http;

use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

#[allow(unused_imports, reason = "each test file uses its part")]
pub(crate) use http::{Reply, http, try_http};

const ENCLAVE: &str = "perf-aggregator-enclave";
pub(crate) const KEY: &str = "PLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTEDkey0001";
pub(crate) const SECRET: &str = "PLANTEDsecretPLANTEDsecretPLANTEDsecretPLANTEDsecretPLANTED00002";
pub(crate) const PASSPHRASE: &str = "PLANTED-passphrase-0003";
/// 2026-11-22T00:00:00Z: the same world in each run.
const NOW_MS: &str = "1795305600000";

/// The directory with the binaries, or nothing and a line that says so.
pub(crate) fn binaries() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the binaries over")]
    let directory = std::env::var_os("PERFAGG_BIN_DIR").map(PathBuf::from);
    if directory.is_none() {
        println!("skipped: PERFAGG_BIN_DIR is not set; cargo xtask test builds the programs and sets it");
    }
    directory
}

/// How many rounds a test takes: `cargo xtask slow` asks for more.
pub(crate) fn rounds(variable: &str, usual: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "how the slow command asks for more")]
    let asked = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    asked.unwrap_or(usual)
}

/// A program that is stopped when it is dropped, and what it said.
pub(crate) struct Program {
    child: Child,
    pub(crate) url: String,
    pub(crate) ready: Value,
    log: Arc<Mutex<Vec<u8>>>,
}

impl Program {
    fn start(command: Command, url_field: &str) -> Self {
        Self::try_start(command, url_field).unwrap_or_else(|log| panic!("no ready line: {log}"))
    }

    /// What it said instead, if it does not serve.
    fn try_start(mut command: Command, url_field: &str) -> Result<Self, String> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let stderr = child.stderr.take().unwrap();
        let told = drain(stderr, Arc::clone(&log));
        stdout.read_line(&mut line).unwrap();
        let Ok(ready) = serde_json::from_str::<Value>(&line) else {
            let _ = child.wait();
            told.join().unwrap();
            return Err(String::from_utf8_lossy(&log.lock().unwrap()).into_owned());
        };
        log.lock().unwrap().extend_from_slice(line.as_bytes());
        drain(stdout, Arc::clone(&log));
        let url = ready[url_field].as_str().expect("an address").to_owned();
        Ok(Self { child, url, ready, log })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        address(&self.url)
    }

    /// Where the operator reads and hands in, for an enclave.
    pub(crate) fn operator(&self) -> SocketAddr {
        address(self.ready["metrics"].as_str().unwrap())
    }

    /// All it wrote so far.
    pub(crate) fn log(&self) -> Vec<u8> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM and waits.
    pub(crate) fn terminate(&mut self) -> std::process::ExitStatus {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap()
    }

    /// Sends SIGKILL and waits: it can neither answer nor write anything any more.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Whether it has not ended yet.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How often an enclave's rounds came to this outcome since it started; 0 if it does not answer.
    pub(crate) fn rounds(&self, outcome: &str) -> u64 {
        let reply = try_http(self.operator(), "GET", "/metrics", &[], "");
        let text = reply.map(|reply| reply.text()).unwrap_or_default();
        let line = format!("perfagg_collections_total{{venue=\"binance\",outcome=\"{outcome}\"}} ");
        text.lines().find_map(|said| said.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(url: &str) -> SocketAddr {
    url.split_once("://").unwrap().1.parse().unwrap()
}

fn drain(mut from: impl Read + Send + 'static, into: Arc<Mutex<Vec<u8>>>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            into.lock().unwrap().extend_from_slice(&buffer[..read]);
        }
    })
}

/// Looks until something is there. Each look is a call of another program; thousands of them are minutes, not forever.
pub(crate) fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(there) = look() {
            return there;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("it never happens that {what}")
}

const LOOKS: u32 = 12_000;

/// The JSON that `perfagg` prints when it succeeds. While it is refused with one of these codes it is called again, as the
/// errors say.
pub(crate) fn patiently(codes: &[&str], call: impl Fn() -> Output) -> Value {
    wait_until("it is answered", || {
        let output = call();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || codes.iter().any(|code| error.contains(code)), "{error}");
        output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("one JSON object"))
    })
}

/// Simulator, enclave and main service, and a directory for what a user keeps.
pub(crate) struct Stack {
    pub(crate) simulator: Program,
    pub(crate) enclave: Program,
    pub(crate) main: Program,
    pub(crate) directory: PathBuf,
    binaries: PathBuf,
}

impl Stack {
    /// Everything, with the simulator's further arguments.
    pub(crate) fn start(binaries: PathBuf, name: &str, simulator_arguments: &[&str]) -> Self {
        let directory = std::env::temp_dir().join(format!("perfagg-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(directory.join("data")).unwrap();
        let mut command = Command::new(binaries.join("perf-aggregator-simulator"));
        command
            .args(["--port", "0", "--now", NOW_MS, "--key", KEY, "--secret", SECRET])
            .args(if simulator_arguments.contains(&"--seed") { &[][..] } else { &["--seed", "1"] })
            .args(simulator_arguments);
        let simulator = Program::start(command, "url");
        let enclave =
            Program::start(enclave_command(&binaries.join(ENCLAVE), &simulator.url, &directory), "listening");
        let main = main_before(&binaries, &enclave.url);
        Self { simulator, enclave, main, directory, binaries }
    }

    /// A further enclave on the same simulator, which speaks TLS as a release does.
    pub(crate) fn enclave_with_tls(&self, names: &str) -> Program {
        let mut command =
            enclave_command(&self.binaries.join(ENCLAVE), &self.simulator.url, &self.directory.join("tls"));
        fs::create_dir_all(self.directory.join("tls/data")).unwrap();
        command.arg("--tls").env("ENCLAVE_TLS_NAMES", names);
        Program::start(command, "listening")
    }

    /// A further main service, before this enclave.
    pub(crate) fn main_before(&self, enclave: &str) -> Program {
        main_before(&self.binaries, enclave)
    }

    /// A further main service before the enclave, which keeps an access log in this directory.
    pub(crate) fn main_with_log(&self, directory: &Path) -> Program {
        let mut command = main_command(&self.binaries, &self.enclave.url);
        command.env("ACCESS_LOG_DIR", directory);
        Program::start(command, "listening")
    }

    /// The enclave stops and starts again: a new process on the same files.
    pub(crate) fn restart_enclave(&mut self) {
        self.enclave.terminate();
        self.enclave = Program::start(
            enclave_command(&self.binaries.join(ENCLAVE), &self.simulator.url, &self.directory),
            "listening",
        );
    }

    /// An enclave on the files of a directory, with its venue there; what it said, if it does not serve.
    pub(crate) fn try_enclave(
        &self,
        venue: &str,
        directory: &Path,
        change: impl FnOnce(&mut Command),
    ) -> Result<Program, String> {
        fs::create_dir_all(directory.join("data")).unwrap();
        let mut command = enclave_command(&self.enclave_program(), venue, directory);
        change(&mut command);
        Program::try_start(command, "listening")
    }

    /// An enclave that is not started yet: a program in this directory.
    pub(crate) fn enclave_command(&self, program: &Path, directory: &Path) -> Command {
        fs::create_dir_all(directory.join("data")).unwrap();
        enclave_command(program, &self.simulator.url, directory)
    }

    /// The program that the others run.
    pub(crate) fn enclave_program(&self) -> PathBuf {
        self.binaries.join(ENCLAVE)
    }

    /// The same on a port of its own choice or on one that it had before, and it must serve.
    pub(crate) fn enclave_on(&self, venue: &str, directory: &Path, port: u16) -> Program {
        let on_port = |command: &mut Command| {
            command.env("ENCLAVE_PORT", port.to_string());
        };
        self.try_enclave(venue, directory, on_port).unwrap_or_else(|log| panic!("it does not start: {log}"))
    }

    /// The code and the words with which `perfagg` refused.
    pub(crate) fn refused(&self, session: &str, arguments: &[&str]) -> String {
        let output = self.perfagg(session, &[&["--json"], arguments].concat());
        assert!(!output.status.success(), "{arguments:?} is not refused");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// `perfagg` as a user calls it, with the credentials in its environment.
    pub(crate) fn perfagg(&self, session: &str, arguments: &[&str]) -> Output {
        self.perfagg_command(session, arguments).output().unwrap()
    }

    /// The same, left running: what it says is read from its `stdout`.
    pub(crate) fn start_perfagg(&self, session: &str, arguments: &[&str]) -> Child {
        let mut command = self.perfagg_command(session, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn perfagg_command(&self, session: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binaries.join("perfagg"));
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../trusted/attestation/development-root.pem");
        command
            .args(["--session-file", self.directory.join(session).to_str().unwrap()])
            .args(["--dangerous-development-root", root])
            .args(arguments)
            .env_clear()
            .env("HOME", &self.directory)
            .env("PERFAGG_API_KEY", KEY)
            .env("PERFAGG_API_SECRET", SECRET)
            .env("PERFAGG_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null());
        command
    }

    /// The JSON that `perfagg --json` prints when it succeeds.
    pub(crate) fn perfagg_json(&self, session: &str, arguments: &[&str]) -> Value {
        let output = self.perfagg(session, &[&["--json"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("one JSON object")
    }

    /// Registers the demo account at `url` and waits for its history.
    pub(crate) fn register(&self, session: &str, url: &str, more: &[&str]) -> Value {
        let arguments = [
            &["register", "--user-id", "demo", "--exchange", "binance", "--service-url", url, "--wait"],
            more,
        ]
        .concat();
        self.perfagg_json(session, &arguments)
    }

    /// The same of the account by Kraken's API.
    pub(crate) fn register_kraken(&self, session: &str, more: &[&str]) -> Output {
        let key = |field: &str| self.simulator.ready["kraken"][field].as_str().unwrap().to_owned();
        self.register_with("kraken", session, [&key("key"), &key("secret"), ""], more)
    }

    /// The same of any venue, with key, secret and passphrase.
    pub(crate) fn register_with(
        &self,
        venue: &str,
        session: &str,
        [key, secret, passphrase]: [&str; 3],
        more: &[&str],
    ) -> Output {
        let arguments = [
            &["--json", "register", "--user-id", "demo", "--exchange", venue, "--service-url"],
            &[self.enclave.url.as_str()][..],
            more,
        ]
        .concat();
        let mut command = self.perfagg_command(session, &arguments);
        command.env("PERFAGG_API_KEY", key).env("PERFAGG_API_SECRET", secret);
        match passphrase {
            "" => command.env_remove("PERFAGG_PASSPHRASE"),
            passphrase => command.env("PERFAGG_PASSPHRASE", passphrase),
        };
        command.output().unwrap()
    }

    /// Moves the simulator's time.
    pub(crate) fn advance(&self, milliseconds: i64) {
        let body = format!(r#"{{"advance_ms":{milliseconds}}}"#);
        assert_eq!(http(self.simulator.address(), "POST", "/simulator/clock", &[], &body).status, 200);
    }

    /// Tells the simulator something: a route under `/simulator` and a JSON body.
    pub(crate) fn tell(&self, route: &str, body: &str) -> Value {
        let answer = http(self.simulator.address(), "POST", &format!("/simulator/{route}"), &[], body);
        assert_eq!(answer.status, 200, "{route}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }

    /// The simulator's truth, as it is now.
    pub(crate) fn truth(&self) -> Value {
        serde_json::from_slice(&http(self.simulator.address(), "GET", "/simulator/truth", &[], "").body)
            .unwrap()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn main_before(binaries: &Path, enclave: &str) -> Program {
    Program::start(main_command(binaries, enclave), "listening")
}

fn main_command(binaries: &Path, enclave: &str) -> Command {
    let mut command = Command::new(binaries.join("perf-aggregator-main"));
    command.envs([
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("BACKEND_URL", enclave),
        ("MAIN_METRICS_ADDR", "127.0.0.1:0"),
        ("RUST_LOG", "trace"),
    ]);
    command
}

fn enclave_command(program: &Path, simulator: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["--dangerous-venue-url", simulator]).envs([
        ("ENCLAVE_HOST", "127.0.0.1"),
        ("ENCLAVE_PORT", "0"),
        ("ENCLAVE_METRICS_ADDR", "127.0.0.1:0"),
        ("ENCLAVE_DATA_DIR", directory.join("data").to_str().unwrap()),
        ("ENCLAVE_PRIVATE_KEY", directory.join("data/result-key").to_str().unwrap()),
        ("ENCLAVE_PUBLIC_KEY", directory.join("data/result-key.pub").to_str().unwrap()),
        ("ENCLAVE_LOG", "trace"),
    ]);
    command
}

/// Stands between two parties and keeps every byte that passes.
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    pub(crate) fn before(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, seen) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let keep = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(target).unwrap();
                pass(client.try_clone().unwrap(), server.try_clone().unwrap(), Arc::clone(&keep));
                pass(server, client, Arc::clone(&keep));
            }
        });
        Self { address, seen }
    }

    pub(crate) fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, keep: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut buffer = [0; 8192];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            keep.lock().unwrap().extend_from_slice(&buffer[..read]);
            if to.write_all(&buffer[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}

/// Whether a secret stands in some bytes: in clear, in base64 of any alignment, in hex, or percent-encoded.
pub(crate) fn holds(bytes: &[u8], secret: &str) -> bool {
    let contains = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let shifted = |skip: usize| {
        // What base64 makes of the secret's middle, whatever stood before it.
        let encoded = base64(&[vec![0; skip], secret.as_bytes().to_vec()].concat());
        encoded.as_bytes()[4..encoded.len() - 4].to_vec()
    };
    contains(secret.as_bytes()) || contains(hex.as_bytes()) || (0..3).any(|skip| contains(&shifted(skip)))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let word =
                chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
            [18, 12, 6, 0].map(|shift| char::from(LETTERS[(word >> shift & 63) as usize]))
        })
        .collect()
}
