//! What a journey may end with: a closed list that says who is at fault. Texts are our own, but for the problem
//! documents, which say whose word they are.

use crate::session_file::SessionFileError;
use core::fmt;
use protocol::{Code, Problem, ledger_file::LedgerFileError};

/// Why a call did not succeed.
#[derive(Debug)]
pub enum Failure {
    /// No answer that is HTTP, within its bounds and time.
    Unreachable(Unreachable),
    /// The evidence was refused; nothing was sent to the service.
    Evidence(Box<attestation::Failure>),
    /// An answer that the enclave did not seal for this call, though it claims success or claims to be sealed.
    NotSealed,
    /// The answer that was to be kept is not signed by the verified enclave, or not for this call.
    NotSigned,
    /// Figures of another environment than the attested and wanted one.
    Environment,
    /// Sealed by the enclave, but not in a form that this version knows.
    AnswerForm,
    /// The ledger that came is not whole, or not in a form that this version knows.
    LedgerFile(Box<LedgerFileError>),
    /// The service's store is older than what this client saw before, or another: how far it came, and how far it is now.
    RolledBack {
        /// The `seq` that was seen.
        seen: u64,
        /// The `seq` that came.
        came: u64,
    },
    /// A session was to be guarded by the holder's key, and the enclave does not do that.
    HolderIgnored,
    /// The enclave said no.
    Refused(Box<Refused>),
    /// Someone said no in clear. That is the word of whoever is on the way, never the enclave's.
    OnTheWay(Box<OnTheWay>),
    /// What was asked does not fit a call.
    CallTooLarge,
    /// The session file cannot be used.
    SessionFile(SessionFileError),
}

/// A problem that the enclave sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What it said.
    pub problem: Problem,
    /// When to try again. Stands outside the seal: advice, not the enclave's word.
    pub retry_after_s: Option<u64>,
}

/// An answer in clear that does not claim success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnTheWay {
    /// The HTTP status.
    pub status: u16,
    /// What it said, if it was in the form of a problem.
    pub problem: Option<Problem>,
    /// When to try again.
    pub retry_after_s: Option<u64>,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// No address for the host.
    Name,
    /// Nobody takes the connection.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// TLS ends at another key than where the evidence came from.
    OtherKey,
    /// The connection broke, or what came was not HTTP.
    Broken,
    /// The answer took too long.
    Timeout,
    /// The answer is larger than one may be.
    TooLarge,
}

impl Unreachable {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "HOST_UNKNOWN",
            Self::Connect => "CONNECTION_REFUSED",
            Self::Tls => "TLS_FAILED",
            Self::OtherKey => "TLS_KEY_CHANGED",
            Self::Broken => "CONNECTION_BROKEN",
            Self::Timeout => "TIMEOUT",
            Self::TooLarge => "ANSWER_TOO_LARGE",
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the host has no address",
            Self::Connect => "nobody takes the connection",
            Self::Tls => "the TLS handshake failed, or no web authority vouches for the host",
            Self::OtherKey => "TLS ends at another key than where the evidence came from",
            Self::Broken => "the connection broke, or its other end does not speak HTTP",
            Self::Timeout => "the answer took too long",
            Self::TooLarge => "the answer is larger than one may be",
        })
    }
}

impl OnTheWay {
    /// The code of its problem.
    pub fn code(&self) -> Option<&str> {
        self.problem.as_ref().map(|problem| problem.code.as_str())
    }
}

impl Failure {
    /// The stable name of what happened: of the service's list (DESIGN.md section 4) if the service said so.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreachable(why) => why.as_str(),
            Self::Evidence(_) => "ATTESTATION_REFUSED",
            Self::NotSealed => "ANSWER_NOT_SEALED",
            Self::NotSigned => "ANSWER_NOT_SIGNED",
            Self::Environment => "ENVIRONMENT_MISMATCH",
            Self::AnswerForm => "ANSWER_UNKNOWN_FORM",
            Self::LedgerFile(_) => "LEDGER_FILE_REFUSED",
            Self::RolledBack { .. } => Code::StateRolledBack.as_str(),
            Self::HolderIgnored => "HOLDER_KEY_IGNORED",
            Self::Refused(refused) => &refused.problem.code,
            Self::OnTheWay(answer) => answer.code().unwrap_or("ANSWER_NOT_SIGNED"),
            Self::CallTooLarge => Code::EnvelopeTooLarge.as_str(),
            Self::SessionFile(error) => error.code(),
        }
    }

    /// True if the same call may succeed later. A store that is behind does not come forward by itself.
    pub fn is_transient(&self) -> bool {
        match self {
            _ if self.says(Code::StateRolledBack) => false,
            Self::Unreachable(why) => *why != Unreachable::TooLarge,
            Self::OnTheWay(answer) => matches!(answer.status, 429 | 500..),
            Self::Refused(refused) => matches!(refused.problem.status, 429 | 500..),
            _ => false,
        }
    }

    /// True if the enclave itself said no with this code.
    pub fn says(&self, code: Code) -> bool {
        matches!(self, Self::Refused(refused) if refused.problem.code == code.as_str())
    }

    /// True if the enclave itself said that the session is over. The same in clear is anybody's word.
    pub fn ends_session(&self) -> bool {
        let Self::Refused(refused) = self else { return false };
        matches!(
            Code::parse(&refused.problem.code),
            Some(Code::SessionUnknown | Code::SessionExpired | Code::SessionRevoked)
        )
    }

    /// Seconds after which to try again, as the answer advised.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::Refused(refused) => refused.retry_after_s,
            Self::OnTheWay(answer) => answer.retry_after_s,
            _ => None,
        }
    }

    /// True if a new quote and a new envelope may help: the keys were replaced, that of TLS among them, or time moved on.
    pub(crate) fn asks_for_a_new_quote(&self) -> bool {
        match self {
            Self::Unreachable(Unreachable::OtherKey) => true,
            Self::OnTheWay(answer) => matches!(
                answer.code().and_then(Code::parse),
                Some(Code::EnvelopeKeyUnknown | Code::EnvelopeExpired)
            ),
            _ => false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(why) => write!(f, "the service cannot be reached: {why}"),
            Self::Evidence(failure) => write!(f, "the evidence was refused: {failure}"),
            Self::NotSealed => f.write_str("the answer was not sealed by the enclave for this call"),
            Self::NotSigned => f.write_str("the answer is not signed by the verified enclave for this call"),
            Self::Environment => f.write_str("the answer is of another environment than the verified one"),
            Self::AnswerForm => f.write_str("the enclave's answer is not in a form that this version knows"),
            Self::LedgerFile(error) => write!(f, "the ledger cannot be used: {error}"),
            Self::RolledBack { seen, came } if seen == came => {
                f.write_str("the service's store is not the one that you saw before: its history is another")
            }
            Self::RolledBack { seen, came } => write!(
                f,
                "the service's store is older than what you saw before: it is at {came} and was at {seen}"
            ),
            Self::HolderIgnored => f.write_str("the enclave does not guard the session by the holder's key"),
            Self::Refused(refused) => f.write_str(&refused.problem.title),
            Self::OnTheWay(answer) => match &answer.problem {
                Some(problem) => write!(f, "{} (not signed by the enclave)", problem.title),
                None => write!(f, "HTTP status {} (not signed by the enclave)", answer.status),
            },
            Self::CallTooLarge => f.write_str(Code::EnvelopeTooLarge.title()),
            Self::SessionFile(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Unreachable> for Failure {
    fn from(why: Unreachable) -> Self {
        Self::Unreachable(why)
    }
}

impl From<attestation::Failure> for Failure {
    fn from(failure: attestation::Failure) -> Self {
        Self::Evidence(Box::new(failure))
    }
}

impl From<SessionFileError> for Failure {
    fn from(error: SessionFileError) -> Self {
        Self::SessionFile(error)
    }
}
