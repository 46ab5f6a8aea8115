//! How a command ends that did not succeed: exit code, what happened, what to do next; for people or as JSON.

use crate::output::{lines, plain};
use attestation::verdict::behind_json;
use attestation_wasm::words::{self, Speaker};
use perfagg::{
    Failure, OnTheWay, Refused, Unreachable, holder_file::HolderFileError, session_file::SessionFileError,
};
use protocol::{Code, Problem};
use serde_json::{Map, Value, json};
use std::{
    io::{self, Write as _},
    process::ExitCode,
};

/// The exit codes of `perfagg --help`.
pub(crate) mod exit {
    pub(crate) const INTERNAL: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    /// Of `policy check`.
    pub(crate) const WARNINGS: u8 = 2;
    pub(crate) const NOT_VERIFIED: u8 = 3;
    pub(crate) const REFUSED: u8 = 4;
    pub(crate) const NO_SESSION: u8 = 5;
    pub(crate) const TRY_LATER: u8 = 6;
    pub(crate) const INTERRUPTED: u8 = 130;
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(crate) struct Complaint {
    exit: u8,
    code: String,
    title: String,
    /// What to do.
    detail: String,
    more: Box<Map<String, Value>>,
}

impl Complaint {
    pub(crate) fn new(exit: u8, code: &str, title: &str, detail: &str) -> Self {
        let (code, title, detail) = (plain(code), plain(title), plain(detail));
        Self { exit, code, title, detail, more: Box::default() }
    }

    /// A policy that cannot be used, with the reason.
    pub(crate) fn policy_unusable(file: &str, why: &str) -> Self {
        let title = format!("{file} is no policy that can be used: {why}");
        let detail = "perfagg policy show --json prints one with every field; docs/policy.md describes them.";
        Self::new(exit::USAGE, "POLICY_UNUSABLE", &title, detail)
    }

    /// A policy that refuses, whatever evidence says, what the command is to do.
    pub(crate) fn policy_leaves_out(environment: &str) -> Self {
        let title = format!("the policy does not accept figures of the environment {environment}");
        Self::new(
            exit::USAGE,
            "POLICY_ENVIRONMENT",
            &title,
            "Nobody was called. Its environment must name it; development needs --dangerous-development-root besides.",
        )
    }

    /// A session that was opened under a policy, and none was named now.
    pub(crate) fn policy_missing(sha256: &str) -> Self {
        Self::new(
            exit::USAGE,
            "POLICY_MISSING",
            "the session was opened under a policy that was not named",
            "Nobody was called. Name it again: --policy FILE.",
        )
        .with("policy_sha256", plain(sha256))
    }

    /// Something is missing or cannot be understood.
    pub(crate) fn usage(title: &str, detail: &str) -> Self {
        Self::new(exit::USAGE, "USAGE", title, detail)
    }

    /// A saved ledger that cannot be used, with the reason.
    pub(crate) fn ledger_file(title: &str) -> Self {
        let detail = "Nothing of it was used. A file that was cut or changed cannot be mended: perfagg export saves it \
                      anew while the session lives.";
        Self::new(exit::USAGE, "LEDGER_FILE_REFUSED", title, detail)
    }

    /// The same, as the parser of arguments says it: its first paragraph.
    pub(crate) fn not_understood(error: &clap::Error) -> Self {
        let text = error.to_string();
        let said = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        let title = match error.kind() {
            clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                "there is no command".to_owned()
            }
            _ => lines(said, usize::MAX).concat(),
        };
        Self::usage(&title, "perfagg --help shows what it takes.")
    }

    /// The machine did not do its part.
    pub(crate) fn internal(error: &io::Error) -> Self {
        Self::new(exit::INTERNAL, "INTERNAL", "perfagg cannot go on", &error.to_string())
    }

    /// Its user pressed Ctrl-C.
    pub(crate) fn interrupted(detail: &str) -> Self {
        Self::new(exit::INTERRUPTED, "INTERRUPTED", "interrupted", detail)
    }

    /// Its reader closed the pipe: nothing is left to say, and nothing failed.
    pub(crate) fn unheard() -> Self {
        Self::new(0, "", "", "")
    }

    /// What a judgement offline comes to that is none: 1 proves nothing, 2 is genuine and against the policy.
    pub(crate) fn unverified(exit: u8, class: &str, title: &str, detail: &str) -> Self {
        let code = if exit == 2 { "AGAINST_POLICY" } else { "NOT_VERIFIED" };
        Self::new(exit, code, title, detail).with("class", plain(class))
    }

    /// The same in a command that judges, where 2 would say that something is genuine.
    pub(crate) fn where_two_is_a_verdict(self) -> Self {
        let exit = if self.exit == exit::USAGE { exit::INTERNAL } else { self.exit };
        Self { exit, ..self }
    }

    /// A verdict was printed; only its exit code is left to say.
    pub(crate) fn judged(exit: u8) -> Self {
        Self::new(exit, "", "", "")
    }

    /// A stream that does not come back.
    pub(crate) fn lost(failure: Failure, last: Option<u64>) -> Self {
        let seen = last.map_or_else(String::new, |id| format!(" The last event was {id}."));
        Self::from(failure).and(&format!("perfagg watch goes on when the service is back.{seen}"))
    }

    /// A session that ended before its history was collected.
    pub(crate) fn collection_stopped(detail: &str) -> Self {
        Self::new(exit::REFUSED, "COLLECTION_STOPPED", "the enclave no longer uses the key", detail)
    }

    /// The same complaint with more advice.
    pub(crate) fn and(mut self, advice: &str) -> Self {
        self.detail = format!("{} {}", self.detail, plain(advice)).trim().to_owned();
        self
    }

    /// The same complaint, about this file.
    pub(crate) fn about(self, file: &str) -> Self {
        self.with("file", plain(file))
    }

    /// Says it on stderr. Nobody may be listening there either.
    pub(crate) fn tell(&self, json: bool) -> ExitCode {
        let Self { exit, code, title, detail, more } = self;
        let text = if json {
            let mut error = Map::from_iter([
                ("code".to_owned(), Value::from(code.as_str())),
                ("title".to_owned(), title.as_str().into()),
                ("detail".to_owned(), detail.as_str().into()),
                ("exit".to_owned(), (*exit).into()),
            ]);
            error.extend(more.as_ref().clone());
            json!({ "error": error }).to_string()
        } else {
            let told = |before: &str, member: &str, after: &str| {
                let text = more.get(member).and_then(Value::as_str);
                text.map(|text| format!("{before}{text}{after}")).unwrap_or_default()
            };
            let (file, request) = (told("  File: ", "file", "\n"), told(", request ", "request_id", ""));
            let detail: String = lines(detail, 96).iter().map(|line| format!("  {line}\n")).collect();
            let step = more.get("step").zip(more.get("step_name").and_then(Value::as_str));
            let (title, step) = match step {
                // A reason may be long; where it was found stands below.
                Some((number, name)) => {
                    let class = told(": ", "class", "");
                    (lines(title, 93).join("\n  "), format!("  Step {number}, {name}{class}\n"))
                }
                None => (title.clone(), String::new()),
            };
            format!("error: {title}\n{step}{detail}{file}  ({code}{request})")
        };
        if !title.is_empty() {
            let _ = writeln!(io::stderr(), "{text}");
        }
        ExitCode::from(*exit)
    }

    pub(crate) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.more.insert(field.to_owned(), value.into());
        self
    }

    fn problem(exit: u8, title: &str, problem: &Problem, retry_after_s: Option<u64>) -> Self {
        let mut complaint = Self::new(exit, &problem.code, title, &problem.detail)
            .with("status", problem.status)
            .with("request_id", plain(&problem.request_id));
        if let Some(seconds) = retry_after_s {
            complaint = complaint.and(&format!("Try again in {seconds} s.")).with("retry_after_s", seconds);
        }
        complaint
    }
}

impl From<Failure> for Complaint {
    fn from(failure: Failure) -> Self {
        let title = failure.to_string();
        match &failure {
            Failure::Evidence(evidence) => refused_evidence(evidence),
            Failure::NotSealed
            | Failure::NotSigned
            | Failure::Environment
            | Failure::AnswerForm
            | Failure::LedgerFile(_) => Self::new(
                exit::NOT_VERIFIED,
                failure.code(),
                &title,
                "Nothing of it was believed. Try again; if it stays so, do not use this service, and ask its operator \
                 whether perfagg is as new as the enclave.",
            ),
            Failure::RolledBack { .. } => {
                Self::new(exit::NOT_VERIFIED, failure.code(), &title, ROLLED_BACK).and(LOST_FOR_GOOD)
            }
            Failure::HolderIgnored => Self::new(
                exit::NOT_VERIFIED,
                failure.code(),
                &title,
                "The session that it opened was revoked, and nothing was kept. Ask the operator for a newer enclave, or register \
                 without --holder.",
            ),
            Failure::Refused(refused) => {
                let Refused { problem, retry_after_s } = refused.as_ref();
                let complaint = Self::problem(exit_of(problem), &title, problem, *retry_after_s);
                if failure.says(Code::StateRolledBack) { complaint.and(LOST_FOR_GOOD) } else { complaint }
            }
            Failure::OnTheWay(answer) => unsigned(&failure, &title, answer),
            Failure::Unreachable(why) => {
                Self::new(exit::TRY_LATER, failure.code(), &title, unreachable(*why))
            }
            Failure::CallTooLarge => Self::new(
                exit::USAGE,
                failure.code(),
                &title,
                "Key, secret, passphrase and labels together must stay under 16 KiB.",
            ),
            Failure::SessionFile(error) => session_file(*error, &title),
        }
    }
}

/// What an older store means, where this client noticed it.
const ROLLED_BACK: &str = "\
The answer was not believed: it leaves out what the enclave told you before. The service runs on an old copy of its data, by \
accident or on purpose. Nothing here changes that: ask its operator to bring back the newest copy, and try again then.";
/// The way out, whoever noticed it: a memory that lies in another folder.
const LOST_FOR_GOOD: &str = "\
If it cannot be brought back, register again with a --session-file in another folder, where nothing is remembered, after its \
operator told you what was lost.";

impl From<HolderFileError> for Complaint {
    fn from(error: HolderFileError) -> Self {
        let (exit, detail) = match error {
            HolderFileError::Missing => {
                (exit::USAGE, "Check the path, and bring the key back from its copy.")
            }
            HolderFileError::Exposed(_) => (
                exit::USAGE,
                "Whoever has it can list its sessions and erase the record. chmod 600 makes it yours alone; if someone may have seen it, \
                 erase the record and begin anew with a new key.",
            ),
            HolderFileError::Malformed => (exit::USAGE, "Name its file, or bring it back from its copy."),
            HolderFileError::Other => {
                (exit::USAGE, "Name the file of the right one; perfagg holder show tells them apart.")
            }
            HolderFileError::Exists => (
                exit::USAGE,
                "perfagg holder show shows its public half. Name another place with --out FILE for another key.",
            ),
            HolderFileError::Read(_) => (exit::USAGE, "Check its permissions."),
            HolderFileError::Write(_) => {
                (exit::INTERNAL, "Check its directory, or name another place with --out FILE.")
            }
        };
        Self::new(exit, error.code(), &error.to_string(), detail)
    }
}

impl From<SessionFileError> for Complaint {
    fn from(error: SessionFileError) -> Self {
        Failure::from(error).into()
    }
}

/// What a problem that the enclave sealed means for whoever called.
fn exit_of(problem: &Problem) -> u8 {
    match Code::parse(&problem.code) {
        Some(Code::SessionUnknown | Code::SessionExpired | Code::SessionRevoked) => exit::NO_SESSION,
        Some(Code::StateRolledBack) => exit::NOT_VERIFIED,
        Some(Code::LedgerChanged) => exit::TRY_LATER,
        _ if matches!(problem.status, 429 | 500..) => exit::TRY_LATER,
        _ => exit::REFUSED,
    }
}

/// The word of whoever is on the way. It moves nobody to give up a session or a key: it is as if nobody had answered.
fn unsigned(failure: &Failure, title: &str, answer: &OnTheWay) -> Complaint {
    let complaint = match &answer.problem {
        Some(problem) => Complaint::problem(exit::TRY_LATER, title, problem, answer.retry_after_s),
        None => {
            let advice = match answer.status {
                300..=399 => "Redirects are not followed: give the address that serves the enclave itself.",
                404 | 405 => "Check that the address is that of an enclave or its main service.",
                _ => "Try again later; if it stays so, ask the operator.",
            };
            Complaint::new(exit::TRY_LATER, failure.code(), title, advice).with("status", answer.status)
        }
    };
    complaint
        .and("This is not signed by the enclave: it may be the word of a relay, or of anyone on the way.")
        .with("signed", false)
}

fn refused_evidence(failure: &attestation::Failure) -> Complaint {
    let detail = words::advice(failure, Speaker::Command);
    let passed: Vec<Value> = failure
        .passed
        .iter()
        .map(
            |passed| json!({ "step": passed.step.number(), "name": passed.step.name(), "seen": passed.seen }),
        )
        .collect();
    let complaint = Complaint::new(
        exit::NOT_VERIFIED,
        "ATTESTATION_REFUSED",
        &format!("the evidence was refused: {}", failure.text),
        &format!("Nothing was sent. {detail}"),
    )
    .with("class", failure.class.as_str())
    .with("step", failure.step.number())
    .with("step_name", failure.step.name())
    .with("passed", passed);
    match &failure.behind {
        Some(behind) => complaint.with("behind", behind_json(behind)),
        None => complaint,
    }
}

fn unreachable(why: Unreachable) -> &'static str {
    match why {
        Unreachable::Name => "Check the host in the service URL, and your network.",
        Unreachable::Connect => "Check host and port of the service URL, and that the service runs.",
        Unreachable::Tls => "Check host and port of the service URL, and that it speaks TLS there.",
        Unreachable::OtherKey => "Try again. If it stays so, somebody is on the way: perfagg attest tells.",
        Unreachable::Broken => "Check that the service URL has the right scheme and port; then try again.",
        Unreachable::Timeout => "Try again later.",
        Unreachable::TooLarge => "Check that the address is that of an enclave or its main service.",
    }
}

fn session_file(error: SessionFileError, title: &str) -> Complaint {
    let (exit, detail) = match error {
        SessionFileError::Missing => (
            exit::NO_SESSION,
            "perfagg register opens a session; --session-file PATH names one that is kept elsewhere.",
        ),
        SessionFileError::Exposed(_) => (
            exit::NO_SESSION,
            "Its holder can read the account. chmod 600 makes it yours alone; if someone may have seen it, revoke the \
             session then.",
        ),
        SessionFileError::Malformed => {
            (exit::NO_SESSION, "Name another one with --session-file, or remove it and register again.")
        }
        SessionFileError::Read(_) => {
            (exit::NO_SESSION, "Check its permissions, or name another one with --session-file.")
        }
        SessionFileError::Write(_) => {
            (exit::INTERNAL, "Check its directory, or name another place with --session-file.")
        }
    };
    Complaint::new(exit, Failure::from(error).code(), title, detail)
}
