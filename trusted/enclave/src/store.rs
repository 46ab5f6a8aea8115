//! What must outlive a call, cut at the seal (DESIGN.md section 6): rows go in and come out as ciphertext, and a store knows
//! neither keys nor meanings. One trait, three stores: memory, one file, PostgreSQL.
//!
//! ```text
//! Vault (seals and opens, bound to table, key and version) ─► Store: memory | embedded | postgres
//! ```
//!
//! A store is trusted for availability only. What it can do is withhold rows, or put older ones back; what is done about
//! that stands in the rows themselves (`account`), not here.

mod envelopes;
mod claims;
mod memory;
mod embedded;
mod ring;
mod ring_file;
mod vault;
mod migrations;
mod postgres;
mod opened;
mod latency;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod scratch;

pub(crate) use embedded::Embedded;
pub(crate) use envelopes::UsedEnvelopes;
pub(crate) use memory::Memory;
pub(crate) use migrations::{found, migrate};
pub(crate) use opened::{OpenStore, is_due, keep_keys, open, seal_anew};
pub(crate) use postgres::{Address, Postgres, Trust};
pub(crate) use ring::KeyRing;
pub(crate) use ring_file::RingFile;
pub(crate) use vault::{Opened, Vault, Writes};

use core::{fmt, future::Future, pin::Pin};

/// What a store answers, when it does.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The kinds of rows. Numbers and names are part of what is written: they never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Table {
    /// What there is one of.
    Meta,
    /// Sessions, by the keyed hash of their id.
    Session,
    /// Credential leases that outlive the process, by session.
    Lease,
    /// What is known of an account, in short, by the keyed hash of the venue's id.
    Account,
    /// Pieces of an account's ledger: its key, a kind and a number.
    Part,
    /// Records and tombstones, by the keyed hash of the holder's key.
    Record,
    /// Checkpoints that were anchored.
    Anchor,
    /// What enclaves that share a database say to each other before one has the keys of its rows (`replicas.rs`). Not
    /// sealed as rows, and nowhere but in a database.
    Join,
}

impl Table {
    /// All that are sealed.
    pub(crate) const ALL: [Self; 7] =
        [Self::Meta, Self::Session, Self::Lease, Self::Account, Self::Part, Self::Record, Self::Anchor];

    /// Its name in files and databases.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Session => "session",
            Self::Lease => "lease",
            Self::Account => "account",
            Self::Part => "part",
            Self::Record => "record",
            Self::Anchor => "anchor",
            Self::Join => "join",
        }
    }
}

/// A row as a store has it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Of the key that sealed it.
    pub(crate) generation: u32,
    /// How often the row was written; bound into the seal.
    pub(crate) version: u64,
    /// Nonce and ciphertext.
    pub(crate) sealed: Vec<u8>,
}

/// What must be so for a change to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// There is no such row.
    Absent,
    /// It has this version.
    Version(u64),
    /// It has this version and was sealed in this generation. Sealing anew expects this: a row that was deleted and made
    /// again meanwhile has version 1 again.
    Sealed { generation: u32, version: u64 },
    /// Nothing. Of deletions only: what is deleted may be gone already.
    Any,
}

impl Expect {
    /// Whether it is so, of a row with this generation and version, or of none.
    pub(crate) fn is_met_by(self, row: Option<(u32, u64)>) -> bool {
        match self {
            Self::Absent => row.is_none(),
            Self::Version(version) => row.is_some_and(|(_, found)| found == version),
            Self::Sealed { generation, version } => row == Some((generation, version)),
            Self::Any => true,
        }
    }
}

/// One change of a batch.
#[derive(Clone)]
pub(crate) struct Change {
    pub(crate) table: Table,
    pub(crate) key: Vec<u8>,
    pub(crate) expect: Expect,
    /// The new row; `None` deletes it.
    pub(crate) row: Option<Stored>,
}

/// The right to write for an account, which another enclave may have taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The key of the account.
    pub(crate) account: [u8; 32],
    /// Grows each time the account changes hands.
    pub(crate) token: u64,
}

/// Changes that are made all or none, and last once they were made.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    pub(crate) changes: Vec<Change>,
    /// Claims that must still hold.
    pub(crate) fences: Vec<Claim>,
}

impl Batch {
    /// Whether it says one thing of each row, and of each row that it writes what was there. What is expected is judged
    /// before anything is changed, in every store alike; a batch that is not sound is a `Conflict`.
    pub(crate) fn is_sound(&self) -> bool {
        let mut rows: Vec<_> =
            self.changes.iter().map(|change| (change.table, change.key.as_slice())).collect();
        rows.sort_unstable();
        rows.windows(2).all(|pair| pair.first() != pair.last())
            && self.changes.iter().all(|change| change.row.is_none() || change.expect != Expect::Any)
    }
}

/// Names a process: the holder of claims.
pub(crate) type Instance = [u8; 16];

/// Where rows are kept.
pub(crate) trait Store: Send + Sync {
    /// A row.
    fn get<'a>(&'a self, table: Table, key: &'a [u8]) -> Answer<'a, Option<Stored>>;

    /// Rows whose key begins with `prefix` and comes after `after`, in the order of their keys.
    fn scan<'a>(
        &'a self,
        table: Table,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
        at_most: usize,
    ) -> Answer<'a, Vec<(Vec<u8>, Stored)>>;

    /// Makes all changes, or none. When this returns they outlive a loss of power.
    fn commit(&self, batch: Batch) -> Answer<'_, ()>;

    /// An account is to be polled until an instant (Unix seconds), by whoever claims it. Says so again with another instant.
    fn enroll(&self, account: [u8; 32], until_s: u64) -> Answer<'_, ()>;

    /// An account is polled no more.
    fn withdraw(&self, account: [u8; 32]) -> Answer<'_, ()>;

    /// Claims enrolled accounts that nobody holds, or whose holder was not heard of for [`CLAIM_S`], at most so many.
    fn claim(&self, by: Instance, at_most: usize) -> Answer<'_, Vec<Claim>>;

    /// Claims one account, if it is free.
    fn claim_one(&self, by: Instance, account: [u8; 32]) -> Answer<'_, Option<Claim>>;

    /// Says that a holder lives. What it still holds.
    fn renew(&self, by: Instance) -> Answer<'_, Vec<Claim>>;

    /// Whether another holder lives.
    fn others(&self, _by: Instance) -> Answer<'_, bool> {
        Box::pin(core::future::ready(Ok(false)))
    }

    /// Gives one claim back, or all.
    fn release(&self, by: Instance, account: Option<[u8; 32]>) -> Answer<'_, ()>;

    /// Marks the id of an envelope as used, among all enclaves that share the store; `false` if it was. `expires_s` is when
    /// its header ends, Unix seconds; it is forgotten after that.
    fn use_envelope(&self, id: [u8; 16], expires_s: u64) -> Answer<'_, bool>;

    /// Whether other processes write to it: what was read a moment ago may have changed.
    fn is_shared(&self) -> bool;
}

/// A claim lasts so long after its holder was heard of.
pub(crate) const CLAIM_S: u64 = 15;
/// How often a holder says that it lives.
pub(crate) const RENEW_S: u64 = 5;

/// Why a store does not do what it was asked. Its text is safe in logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreError {
    /// It does not answer, or the connection broke: whether the change was made is not known.
    Unavailable,
    /// No room is left.
    Full,
    /// It cannot be written.
    ReadOnly,
    /// What is there is not what was written.
    Corrupt,
    /// A row is not in the version that was expected: somebody else wrote it.
    Conflict,
    /// Another enclave has taken the account over.
    Fenced,
    /// Another process has the file.
    InUse,
    /// A later release wrote it.
    Newer,
    /// The file was never a store.
    NotAStore,
}

impl StoreError {
    /// As it stands in counters.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::Full => "full",
            Self::ReadOnly => "read_only",
            Self::Corrupt => "corrupt",
            Self::Conflict => "conflict",
            Self::Fenced => "fenced",
            Self::InUse => "in_use",
            Self::Newer => "newer",
            Self::NotAStore => "not_a_store",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the store does not answer",
            Self::Full => "the store is full",
            Self::ReadOnly => "the store cannot be written",
            Self::Corrupt => "the store holds something that this program did not write",
            Self::Conflict => "somebody else wrote the row meanwhile",
            Self::Fenced => "another enclave has taken the account over",
            Self::InUse => "another process has the store open",
            Self::Newer => "a later release wrote the store",
            Self::NotAStore => "the file is not a store",
        })
    }
}

impl std::error::Error for StoreError {}
