//! What a call may fail with, before it becomes an answer (`http/problem.rs` does that).

use crate::store::StoreError;
use exchange::{Refusal, VenueError};
use protocol::{Code, EnvelopeError, limits};
use std::borrow::Cow;

/// A failed call: its code, what to do, and when to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Which of the closed list.
    pub(crate) code: Code,
    /// What to do. Made of our own words only, never of input.
    pub(crate) detail: Cow<'static, str>,
    /// For `Retry-After`.
    pub(crate) retry_after_s: Option<u64>,
    conflict: bool,
}

impl Failure {
    /// A failure with its own advice.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), retry_after_s: None, conflict: false }
    }

    /// The same, to be tried again after some seconds.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// Whether somebody else wrote what was to be written: the same may succeed now.
    pub(crate) const fn is_conflict(&self) -> bool {
        self.conflict
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let conflict = error == StoreError::Conflict;
        let failure = match error {
            StoreError::Corrupt => Self::new(
                Code::StateRolledBack,
                "What is kept is not what was written last: rows were altered, lost, or put back from an earlier time. Nothing \
                 is served of it. Ask the operator, who finds the reason in the log.",
            ),
            StoreError::Unavailable | StoreError::Conflict | StoreError::Fenced => {
                Self::from(Code::StoreUnavailable).retry_after(limits::STORE_RETRY_S)
            }
            StoreError::Full
            | StoreError::ReadOnly
            | StoreError::InUse
            | StoreError::Newer
            | StoreError::NotAStore => Self::from(Code::StoreUnavailable),
        };
        Self { conflict, ..failure }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::new(code, advice(code))
    }
}

impl From<EnvelopeError> for Failure {
    fn from(error: EnvelopeError) -> Self {
        Self::from(match error {
            EnvelopeError::Malformed => Code::EnvelopeMalformed,
            EnvelopeError::TooLarge => Code::EnvelopeTooLarge,
            EnvelopeError::Rejected => Code::EnvelopeRejected,
        })
    }
}

impl From<VenueError> for Failure {
    fn from(error: VenueError) -> Self {
        match error {
            VenueError::Retry => Self::from(Code::VenueUnreachable).retry_after(30),
            VenueError::BackOff { retry_after_ms } => {
                let seconds = retry_after_ms.map_or(60, |ms| ms.div_ceil(1000));
                Self::from(Code::VenueRateLimited).retry_after(seconds)
            }
            VenueError::FixClock => Self::from(Code::ClockUntrusted).retry_after(60),
            VenueError::Permanent(Refusal::Credentials) => Self::from(Code::CredentialsRefused),
            VenueError::Permanent(Refusal::Address) => Self::from(Code::VenueIpNotAllowed),
            VenueError::Permanent(Refusal::Region) => Self::from(Code::VenueRegionBlocked),
            VenueError::Permanent(Refusal::Request { .. } | Refusal::Answer { .. }) => Self::new(
                Code::VenueUnreachable,
                "The exchange answers in a way that this release does not know. Try again later; if it stays so, tell the operator.",
            )
            .retry_after(300),
        }
    }
}

/// What to do about a code, when there is nothing more particular to say.
fn advice(code: Code) -> &'static str {
    match code {
        Code::EnvelopeMalformed => {
            "Send the JSON of docs/protocol.md: v, header, enc and ciphertext, in base64url without padding."
        }
        Code::EnvelopeTooLarge => "A sealed call has at most 32 KiB, its plaintext at most 16 KiB.",
        Code::EnvelopeKeyUnknown => "Fetch a new quote, verify it, and seal to its keys.",
        Code::EnvelopeExpired => {
            "Seal again, with expires_at at most 600 seconds after the time in the quote."
        }
        Code::EnvelopeReplayed => "Seal again: each envelope opens once.",
        Code::EnvelopeRejected => {
            "Seal to the key in a verified quote, and leave the envelope unchanged on its way."
        }
        Code::ExchangeUnknown => "GET /exchanges lists what can be read.",
        Code::CredentialsInvalid => {
            "Check that key and secret were copied whole, without spaces or line ends."
        }
        Code::KeyNotReadOnly => "Make a key that can only read, and delete this one at the exchange.",
        Code::SandboxUnsupported => "Register without sandbox.",
        Code::CredentialsRefused => {
            "Check key and secret, that the key is active, and that it may read. Then register again."
        }
        Code::VenueRegionBlocked => "Use an enclave in another region; the key is not at fault.",
        Code::VenueIpNotAllowed => {
            "Allow the enclave's address for this key at the exchange, then register again."
        }
        Code::VenueUnreachable => "Nothing was kept. Try again after the time in Retry-After.",
        Code::VenueRateLimited => "Nothing was kept. Try again after the time in Retry-After.",
        Code::SessionUnknown | Code::SessionExpired | Code::SessionRevoked => {
            "Register again for a new session."
        }
        Code::LedgerChanged => "Ask for the first page again: the file is then of one state.",
        Code::RateLimited => "Wait for the time in Retry-After.",
        Code::ClockUntrusted => {
            "The operator must set the clock of the machine right. Nothing is answered until then."
        }
        Code::StateRolledBack => {
            "The enclave's store is behind what you saw before: somebody put an older one in its place. Ask the operator; \
             figures from before remain true, newer ones lack what was lost."
        }
        Code::StoreUnavailable => {
            "The enclave cannot write or read its store now. Try again later, or ask the operator."
        }
        Code::RequestMalformed => "See /openapi.json for what the route takes.",
        Code::NotFound => "See /openapi.json for the routes.",
        Code::MethodNotAllowed => "See /openapi.json for the methods of this route.",
        Code::Internal => "Try again. If it stays so, tell the operator the request_id.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_refusal_of_a_venue_has_its_code() {
        for (error, code, retry) in [
            (VenueError::Retry, Code::VenueUnreachable, true),
            (VenueError::BackOff { retry_after_ms: Some(1500) }, Code::VenueRateLimited, true),
            (VenueError::FixClock, Code::ClockUntrusted, true),
            (VenueError::Permanent(Refusal::Credentials), Code::CredentialsRefused, false),
            (VenueError::Permanent(Refusal::Address), Code::VenueIpNotAllowed, false),
            (VenueError::Permanent(Refusal::Region), Code::VenueRegionBlocked, false),
        ] {
            let failure = Failure::from(error);
            assert_eq!((failure.code, failure.retry_after_s.is_some()), (code, retry), "{error:?}");
        }
        assert_eq!(Failure::from(VenueError::BackOff { retry_after_ms: Some(1500) }).retry_after_s, Some(2));
    }
}
