//! Figures of past days that were told and changed, as summaries and metrics tell of them (`docs/protocol.md`).

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// How often days that were over were told anew, and the latest of each account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restatements {
    /// The sum of the accounts' last numbers.
    pub count: u64,
    /// In the order of their times.
    pub list: Vec<Restatement>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restatement {
    /// The fingerprint of the account.
    pub account: String,
    /// The account's own, from 1 on without a gap.
    pub number: u64,
    /// When, RFC 3339.
    pub at: String,
    /// The first day that changed.
    pub from: String,
    /// How many days changed.
    pub days: u64,
    /// Why: `movement_read_later`, `fills_read_later`, `history_reach`, `price_read_later`.
    pub cause: String,
}
