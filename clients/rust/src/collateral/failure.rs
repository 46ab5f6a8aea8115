//! What fetching collateral may end with: a closed list that says whose answer it was. Texts are our own, but for the
//! enclave's words in a refusal, which say whose they are.

use super::pcs::{Defect, Document};
use crate::failure::Unreachable;
use core::fmt;
use std::io;

/// Why there is no new collateral.
#[derive(Debug)]
pub enum FetchError {
    /// No answer that is HTTP, within its bounds and time.
    Unreachable(Whom, Unreachable),
    /// An answer that says no, with its HTTP status.
    Status {
        /// Whose.
        whom: Whom,
        /// The HTTP status.
        status: u16,
        /// When to try again.
        retry_after_s: Option<u64>,
    },
    /// Intel does not know the platform: its FMSPC.
    UnknownPlatform([u8; 6]),
    /// An answer of another form.
    Form(Document, Defect),
    /// What was given as a quote is none of SGX or TDX.
    NoQuote,
    /// Judged with the quote, the collateral does not hold.
    NotVerified(Box<attestation::Failure>),
    /// All of it together is more than an enclave takes.
    TooLarge,
    /// The enclave judged it and did not take it, in its words.
    Refused(String),
    /// It cannot be written.
    Write(io::ErrorKind),
}

/// Whose answer it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// The enclave's operator listener.
    Enclave,
    /// Intel's service, asked for this document.
    Service(Document),
}

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enclave => f.write_str("the enclave's operator listener"),
            Self::Service(document) => write!(f, "the service, asked for {document},"),
        }
    }
}

impl FetchError {
    /// Its stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(Whom::Enclave, _) => "ENCLAVE_UNREACHABLE",
            Self::Unreachable(Whom::Service(_), _) => "PCS_UNREACHABLE",
            Self::Status { whom: Whom::Enclave, .. } => "ENCLAVE_STATUS",
            Self::Status { whom: Whom::Service(_), .. } => "PCS_STATUS",
            Self::UnknownPlatform(_) => "PLATFORM_UNKNOWN",
            Self::Form(..) => "PCS_ANSWER_UNKNOWN_FORM",
            Self::NoQuote => "NO_QUOTE",
            Self::NotVerified(_) => "COLLATERAL_NOT_VERIFIED",
            Self::TooLarge => "COLLATERAL_TOO_LARGE",
            Self::Refused(_) => "COLLATERAL_REFUSED",
            Self::Write(_) => "COLLATERAL_NOT_WRITTEN",
        }
    }

    /// Seconds after which to try again, as the answer advised.
    pub fn retry_after_s(&self) -> Option<u64> {
        if let Self::Status { retry_after_s, .. } = self { *retry_after_s } else { None }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(whom, why) => write!(f, "{whom} cannot be reached: {why}"),
            Self::Status { whom, status, .. } => write!(f, "{whom} answers with HTTP status {status}"),
            Self::UnknownPlatform(fmspc) => {
                write!(f, "the service knows no platform of FMSPC {}", hex::encode(fmspc))
            }
            Self::Form(document, defect) => write!(f, "the answer for {document} {defect}"),
            Self::NoQuote => f.write_str("there is no SGX or TDX quote that names its platform"),
            Self::NotVerified(failure) => {
                write!(f, "what was fetched does not verify the quote: {failure}")
            }
            Self::TooLarge => f.write_str("what was fetched is more than an enclave takes"),
            Self::Refused(words) => write!(f, "the enclave does not take it: {words}"),
            Self::Write(kind) => write!(f, "collateral.json cannot be written: {kind}"),
        }
    }
}

impl std::error::Error for FetchError {}

impl From<attestation::Failure> for FetchError {
    fn from(failure: attestation::Failure) -> Self {
        Self::NotVerified(Box::new(failure))
    }
}
