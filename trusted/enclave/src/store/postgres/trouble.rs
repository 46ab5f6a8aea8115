//! What a database says is wrong, in our words. Its own are a stranger's, and are never repeated.

use crate::store::StoreError;
use core::{error::Error as _, fmt};
use std::io;
use tokio_postgres::{Error, error::SqlState};

/// Why a statement did not do what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Two transactions stood in each other's way, and this one was undone: made again, it may succeed.
    Again,
    /// This server takes no writes any more. Another may have taken its place: the connection is closed, and the next one
    /// finds it, or finds that there is none.
    Elsewhere,
    /// The transaction was undone by an earlier statement, which says why.
    Undone,
    /// Anything else.
    Because(StoreError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Because(error)
    }
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        let Some(code) = error.code() else { return Self::Because(StoreError::Unavailable) };
        match code {
            &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Self::Again,
            &SqlState::IN_FAILED_SQL_TRANSACTION => Self::Undone,
            &SqlState::DISK_FULL => Self::Because(StoreError::Full),
            &SqlState::READ_ONLY_SQL_TRANSACTION => Self::Elsewhere,
            &SqlState::INSUFFICIENT_PRIVILEGE => {
                tracing::error!(
                    "the database refuses a right: its user must own what this program makes there"
                );
                Self::Because(StoreError::ReadOnly)
            }
            &SqlState::UNDEFINED_TABLE
            | &SqlState::UNDEFINED_COLUMN
            | &SqlState::DATATYPE_MISMATCH
            | &SqlState::DATA_CORRUPTED
            | &SqlState::INDEX_CORRUPTED => Self::Because(StoreError::Corrupt),
            // What was not foreseen is told, so that it can be.
            code => {
                if !is_foreseen(code.code()) {
                    tracing::warn!(sqlstate = shown(code.code()), "the database refused a statement");
                }
                Self::Because(StoreError::Unavailable)
            }
        }
    }
}

/// Classes that say nothing but that the server cannot now: connections, resources, operators, its own faults.
fn is_foreseen(code: &str) -> bool {
    ["08", "40", "53", "55", "57", "58"].iter().any(|class| code.starts_with(class))
}

/// A SQLSTATE has five digits or capital letters; what does not is not shown.
fn shown(code: &str) -> &str {
    let sound =
        code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if sound { code } else { "malformed" }
}

/// Why there is no connection. Its text is safe in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoConnection {
    Unreachable,
    Silent,
    Certificate,
    Handshake,
    Login,
    NoDatabase,
    ReadOnly,
    Busy,
    Starting,
    Other,
}

impl NoConnection {
    /// What those who need one are told.
    pub(super) const fn error(self) -> StoreError {
        match self {
            Self::ReadOnly => StoreError::ReadOnly,
            _ => StoreError::Unavailable,
        }
    }
}

impl From<&Error> for NoConnection {
    fn from(error: &Error) -> Self {
        if let Some(code) = error.code() {
            return match code {
                &SqlState::INVALID_PASSWORD | &SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::Login,
                &SqlState::INVALID_CATALOG_NAME => Self::NoDatabase,
                &SqlState::TOO_MANY_CONNECTIONS => Self::Busy,
                &SqlState::CANNOT_CONNECT_NOW => Self::Starting,
                _ => Self::Other,
            };
        }
        let Some(cause) = error.source() else { return Self::Other };
        let Some(cause) = cause.downcast_ref::<io::Error>() else { return Self::Handshake };
        match cause.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(_)) => Self::Certificate,
            Some(_) => Self::Handshake,
            // Said by the client library, not by the system, when a server takes no writes.
            None if cause.kind() == io::ErrorKind::PermissionDenied && cause.raw_os_error().is_none() => {
                Self::ReadOnly
            }
            None => Self::Unreachable,
        }
    }
}

impl fmt::Display for NoConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreachable => "no connection to it comes about",
            Self::Silent => "it accepts a connection and says nothing",
            Self::Certificate => {
                "its certificate is for another host, or none that DATABASE_CA_FILE (without it, the web's roots) vouches for"
            }
            Self::Handshake => "TLS with it does not come about: is it on at the server?",
            Self::Login => "it refuses user or password of DATABASE_URL",
            Self::NoDatabase => "it has no database of the name in DATABASE_URL",
            Self::ReadOnly => "it is a replica, or set to be read only",
            Self::Busy => "it has no connection to spare",
            Self::Starting => "it is starting or stopping",
            Self::Other => "it refuses the connection",
        })
    }
}
