//! How an account is kept: a head with everything that is short, and the ledger in pieces (DESIGN.md section 6).
//!
//! ```text
//! account | key                 the head: facts, versions, what holds for the last figures only, the chain's head
//! part    | key p seq page      change `seq`: a line of facts, then a piece of the ledger (protocol::ledger_file)
//! part    | key r row           roots of 512 changes; key s row: 64 snapshots; key c: what the connector knows; key t: ties
//! ```
//!
//! A change is written with the head and the root in one transaction. Pieces are joined in their order; when they have grown
//! past the ledger itself it is written whole again, as the piece of one more change. What holds until the next round only
//! (prices of the running minute, the balances of now) stands in the head and makes no change.
//!
//! The first change of an account says nothing but that it was registered: it follows from the head, and neither it nor its
//! root is kept until there is a second one.
//!
//! On reading, every piece is held against the chain: a row that is older than the head, or younger, is noticed.

mod head;
mod load;
mod save;

pub(crate) use head::uses;
pub(crate) use load::{Loaded, glance, load, root_at};
pub(crate) use save::{Saving, delete, put_ties, save, ties};

use crate::{
    account::{Account, AccountKey, account_name},
    store::StoreError,
};
use exchange::Venue;
use ledger::{Timestamp, record::Record};
use protocol::{api, ledger_file::Export, statement::Frame};
use serde::{Deserialize, Serialize};

/// Kinds of parts.
const PIECE: u8 = b'p';
const ROOTS: u8 = b'r';
const SLOTS: u8 = b's';
const CURSOR: u8 = b'c';
const TIES: u8 = b't';
/// A row of snapshots.
const SLOTS_PER_ROW: usize = 64;
/// A page of a piece: many fit a transaction, and one is soon sealed.
const PAGE_BYTES: usize = 256 * 1024;
/// Pages of a piece are numbered below this.
const PAGES_MAX: u64 = 1 << 20;
/// Pieces together may be this much larger than the ledger that they follow, before it is written whole.
const PIECES_BYTES_MIN: u64 = 256 * 1024;

/// The first line of a change.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// What happened: `registered`, `round`, `stopped`, `whole`.
    what: String,
    /// The state of the ledger after it.
    revision: u64,
    /// Minutes whose prices hold for the figures of that round only.
    passing: Vec<i64>,
    /// How many snapshots there are then.
    snapshots: u64,
}

impl Change {
    /// As it is kept.
    fn line(&self) -> Result<String, StoreError> {
        Ok(serde_json::to_string(self).map_err(|_| StoreError::Corrupt)? + "\n")
    }
}

/// The first change of an account that was registered, and of which nothing was read yet.
fn first_change() -> Option<String> {
    let change = Change { what: "registered".to_owned(), revision: 0, passing: Vec::new(), snapshots: 0 };
    change.line().ok()
}

fn part(account: &AccountKey, kind: u8, number: u64) -> Vec<u8> {
    [&account[..], &[kind], &number.to_be_bytes()].concat()
}

/// The number of a page of a piece.
const fn page(seq: u64, page: u64) -> u64 {
    seq.saturating_mul(PAGES_MAX).saturating_add(page)
}

/// A record as text. What stands around it is kept in the head; here only its accounts are named.
fn text(
    record: &Record,
    venue: Venue,
    shown: &api::Account,
    at: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let names = record.accounts.keys().map(ToString::to_string).chain([account_name(venue).to_string()]);
    let accounts = names.map(|name| (name, shown.clone())).collect();
    let frame = Frame { accounts, ..Frame::default() };
    let export = Export::new(record, &frame, at).map_err(|_| StoreError::Corrupt)?;
    Ok(export.pages(PAGE_BYTES).collect())
}

/// The same of something small.
fn small_text(record: &Record, account: &Account, at: Timestamp) -> Result<String, StoreError> {
    Ok(text(record, account.site.venue, &account.shown, at)?.concat())
}
