//! Systematic snapshots as they stand in answers (DESIGN.md section 5): how many, the last one, and the latest misses.

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What the enclave took by itself, at the end of each UTC day and at a keyed hour of each, while a key may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshots {
    /// How many were taken.
    pub taken: u64,
    /// How many were not.
    pub missed: u64,
    /// The one that was due last of those that were taken.
    pub last: Option<SnapshotTaken>,
    /// The latest that were missed, the earliest first; `missed` counts all.
    pub misses: Vec<SnapshotMissed>,
}

/// A snapshot that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotTaken {
    /// When it was due.
    pub due: String,
    /// When its equity holds.
    pub taken: String,
    /// The equity in the quote currency; `null` where it had no value then.
    pub equity: Option<String>,
}

/// One that was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotMissed {
    /// When it was due.
    pub due: String,
    /// Why: `enclave_down`, `venue_not_answering`, `store_unavailable` or `sync_in_progress`.
    pub cause: String,
}
