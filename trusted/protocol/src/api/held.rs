//! What a holder asks of its own sessions and its record, and what it is answered.

use super::Account;
use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What a holder asks of its own sessions and its record. The call is signed (`holder.rs`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolderCall {
    /// The public key of the record, 32 bytes in base64url.
    pub holder_key: String,
    /// As in [`super::SessionCall`].
    pub sign: Option<String>,
}

/// A holder's sessions and record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSessions {
    /// Those that were not purged yet, the newest first.
    pub sessions: Vec<HeldSession>,
    /// The record; none before the first registration and after its erasure.
    pub record: Option<HeldRecord>,
}

/// One of a holder's sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSession {
    /// A name for it that lets nobody read: a part of its keyed hash.
    pub session: String,
    /// Whose account.
    pub account: Account,
    /// What the trader called the account.
    pub label: Option<String>,
    /// When it was opened.
    pub created: String,
    /// The beginning of the quarter of an hour in which it was read last; `null` if never.
    pub last_used: Option<String>,
    /// When it ends.
    pub expires: String,
    /// Until when the key may be used; `null`: it is no longer.
    pub lease_until: Option<String>,
    /// `open`, `expired` or `revoked`.
    pub state: String,
}

/// A record as its holder sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRecord {
    /// When its first account was registered.
    pub began: String,
    /// When it began anew after an erasure, if it did.
    pub record_restarted_at: Option<String>,
    /// Its accounts.
    pub accounts: Vec<HeldAccount>,
}

/// An account of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldAccount {
    /// Which.
    pub account: Account,
    /// From when on it counts in the record.
    pub registered: String,
}

/// The receipt of an erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Always true.
    pub erased: bool,
    /// When.
    pub at: String,
    /// How many accounts left the record.
    pub accounts: u32,
    /// How many sessions ended.
    pub sessions: u32,
    /// What is also true.
    pub note: String,
}
