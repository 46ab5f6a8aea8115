//! The routes that a sealed call may name (DESIGN.md section 4). A session id is never part of it: the header
//! of an envelope is public.

use core::fmt;

/// A route as an envelope names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// Register: credentials in, session out.
    Register,
    /// The headline.
    Summary,
    /// Everything.
    Metrics,
    /// The ledger, in pages.
    Ledger,
    /// What happens, as it happens.
    Events,
    /// End a session.
    Revoke,
    /// A holder's own sessions.
    Sessions,
    /// Erase a record.
    Erase,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Register,
        Self::Summary,
        Self::Metrics,
        Self::Ledger,
        Self::Events,
        Self::Revoke,
        Self::Sessions,
        Self::Erase,
    ];

    /// As it stands in a header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Register => "POST /enclave/sessions",
            Self::Summary => "GET /enclave/summary/{session_id}",
            Self::Metrics => "GET /enclave/metrics/{session_id}",
            Self::Ledger => "GET /enclave/ledger/{session_id}",
            Self::Events => "GET /enclave/events/{session_id}",
            Self::Revoke => "DELETE /enclave/sessions/{session_id}",
            Self::Sessions => "GET /enclave/sessions",
            Self::Erase => "DELETE /enclave/record",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|route| route.as_str() == text)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
