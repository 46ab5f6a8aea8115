//! A user's machine: a home of its own, a service, and the command.

use crate::service::Service;
use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};

pub(crate) const KEY: &str = "PLANTEDkeyPLANTED01";
pub(crate) const SECRET: &str = "PLANTEDsecretPLANTED02";
pub(crate) const PHRASE: &str = "PLANTEDphrase PLANTED03";

/// A user's machine: a home of its own, and the development root.
pub(crate) struct Desk {
    pub(crate) service: Service,
    pub(crate) home: PathBuf,
}

impl Desk {
    pub(crate) fn new() -> Self {
        static DESKS: AtomicUsize = AtomicUsize::new(0);
        let name = format!("perfagg-{}-{}", std::process::id(), DESKS.fetch_add(1, Ordering::SeqCst));
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(&home).unwrap();
        let service = Service::start();
        fs::write(home.join("root.pem"), service.root_pem()).unwrap();
        Self { service, home }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perfagg"));
        command
            .args(arguments)
            .current_dir(&self.home)
            .env_clear()
            .env("HOME", &self.home)
            .envs([("PERFAGG_API_KEY", KEY), ("PERFAGG_API_SECRET", SECRET), ("PERFAGG_PASSPHRASE", PHRASE)])
            .stdin(Stdio::null());
        command
    }

    /// Runs it, and makes sure that nothing tells a credential.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// The same with the development root.
    pub(crate) fn trusting(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["--dangerous-development-root", "root.pem"], arguments].concat())
    }

    pub(crate) fn register(&self, more: &[&str]) -> Ran {
        let url = self.service.url();
        let arguments = ["register", "--user-id", "alice", "--exchange", "binance", "--service-url", &url];
        self.trusting(&[&arguments, more].concat())
    }

    pub(crate) fn session_file(&self) -> PathBuf {
        self.home.join(".local/state/perfagg/session.json")
    }

    pub(crate) fn session(&self) -> Value {
        serde_json::from_slice(&fs::read(self.session_file()).unwrap()).unwrap()
    }

    /// A page without what differs from run to run.
    pub(crate) fn page(&self, text: &str) -> String {
        let text = text.replace(&self.service.address.to_string(), "127.0.0.1:PORT");
        let text = text.replace(self.home.to_str().unwrap(), "HOME");
        let mask = |line: &str| match line.split_once("evidence, SHA-256  ") {
            Some((before, _)) => format!("{before}evidence, SHA-256  (of this answer)\n"),
            None => line.replace("nonce, 1 s old", "nonce, 0 s old"),
        };
        text.split_inclusive('\n').map(mask).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.home);
    }
}

pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let ran =
            Self { exit: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) };
        for secret in [KEY, SECRET, PHRASE] {
            assert!(!format!("{}{}", ran.out, ran.err).contains(secret), "{}{}", ran.out, ran.err);
        }
        ran
    }

    pub(crate) fn well(self) -> Self {
        assert_eq!(self.exit, 0, "{}{}", self.out, self.err);
        self
    }

    /// The error object of `--json`, with its exit code.
    pub(crate) fn error(&self) -> Value {
        assert_eq!(self.out, "", "nothing on stdout");
        let error =
            serde_json::from_str::<Value>(&self.err).unwrap_or_else(|_| panic!("{}", self.err))["error"]
                .take();
        assert_eq!(error["exit"], self.exit);
        for member in ["code", "title", "detail"] {
            assert!(error[member].as_str().is_some_and(|text| text.len() > 3), "{member}: {error}");
        }
        error
    }
}
