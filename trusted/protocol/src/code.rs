//! The error codes of the service, a closed list (DESIGN.md section 4, Errors), and the problem document that
//! carries one (RFC 9457).

use alloc::{borrow::ToOwned, format, string::String};
use core::fmt;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal, $title:literal;)*) => {
        /// What went wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as clients read it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            /// What happened, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// Not in the form of the protocol.
    EnvelopeMalformed = "ENVELOPE_MALFORMED", 400, "The sealed call is not in the form of the protocol";
    /// Too large.
    EnvelopeTooLarge = "ENVELOPE_TOO_LARGE", 413, "The sealed call is too large";
    /// Sealed to keys that are gone.
    EnvelopeKeyUnknown = "ENVELOPE_KEY_UNKNOWN", 409, "The call is sealed to keys that the enclave no longer has";
    /// Past its time, or claiming to live too long.
    EnvelopeExpired = "ENVELOPE_EXPIRED", 400, "The sealed call has expired or would live too long";
    /// Seen before.
    EnvelopeReplayed = "ENVELOPE_REPLAYED", 409, "This sealed call was already used";
    /// Any failure to open.
    EnvelopeRejected = "ENVELOPE_REJECTED", 400, "The sealed call does not open";
    /// No connector of that name.
    ExchangeUnknown = "EXCHANGE_UNKNOWN", 422, "No connector reads this exchange";
    /// Not in the form that the exchange uses.
    CredentialsInvalid = "CREDENTIALS_INVALID", 422, "The credentials are not in the form that the exchange uses";
    /// The key can do more than read.
    KeyNotReadOnly = "KEY_NOT_READ_ONLY", 422, "The key can do more than read";
    /// The venue has no usable testnet.
    SandboxUnsupported = "SANDBOX_UNSUPPORTED", 422, "This exchange has no sandbox that can be read";
    /// The venue said no.
    CredentialsRefused = "CREDENTIALS_REFUSED", 422, "The exchange refused the credentials";
    /// The venue does not serve our region.
    VenueRegionBlocked = "VENUE_REGION_BLOCKED", 422, "The exchange does not serve the region of this enclave";
    /// The key is bound to other addresses.
    VenueIpNotAllowed = "VENUE_IP_NOT_ALLOWED", 422, "The key is bound to addresses that do not include this enclave's";
    /// No answer from the venue.
    VenueUnreachable = "VENUE_UNREACHABLE", 503, "The exchange does not answer";
    /// Too many requests at the venue.
    VenueRateLimited = "VENUE_RATE_LIMITED", 503, "The exchange asks this enclave to slow down";
    /// No such session.
    SessionUnknown = "SESSION_UNKNOWN", 401, "There is no such session";
    /// Its time is over.
    SessionExpired = "SESSION_EXPIRED", 401, "The session has expired";
    /// Its holder ended it.
    SessionRevoked = "SESSION_REVOKED", 401, "The session was revoked";
    /// The pages of one file must be of one state.
    LedgerChanged = "LEDGER_CHANGED", 409, "The ledger changed between two pages";
    /// Too many calls.
    RateLimited = "RATE_LIMITED", 429, "Too many calls";
    /// Our time and the venues' disagree.
    ClockUntrusted = "CLOCK_UNTRUSTED", 503, "The enclave's clock disagrees with the exchanges'";
    /// The store is older than what a client saw.
    StateRolledBack = "STATE_ROLLED_BACK", 503, "The enclave's state is older than what was seen before";
    /// The store does not answer, or is full.
    StoreUnavailable = "STORE_UNAVAILABLE", 503, "The enclave cannot store anything now";
    /// A plain request that is not one of ours.
    RequestMalformed = "REQUEST_MALFORMED", 400, "The request is not in the form of the protocol";
    /// No such route.
    NotFound = "NOT_FOUND", 404, "There is no such route";
    /// The route takes another method.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405, "The route takes another method";
    /// Our fault.
    Internal = "INTERNAL", 500, "The enclave failed at this request";
}

impl Code {
    /// The code of that text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A problem document, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A name for the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// One of [`Code`], or a relay's own.
    pub code: String,
    /// What to do.
    pub detail: String,
    /// To be quoted when asking the operator.
    pub request_id: String,
}

impl Problem {
    /// The document for `code`; `detail` says what to do and never repeats input.
    pub fn new(code: Code, detail: &str, request_id: &str) -> Self {
        Self {
            kind: format!(
                "urn:perf-aggregator:problem:{}",
                code.as_str().to_ascii_lowercase().replace('_', "-")
            ),
            title: code.title().to_owned(),
            status: code.status(),
            code: code.as_str().to_owned(),
            detail: detail.to_owned(),
            request_id: request_id.to_owned(),
        }
    }
}
