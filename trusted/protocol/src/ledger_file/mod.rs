//! The ledger file: a [`Record`] with the facts around it as text, so that anyone can compute the figures of the service
//! again, offline (DESIGN.md section 4, `GET /enclave/ledger`). One row a line, described with an example in
//! `docs/protocol.md`.
//!
//! One record has one text. Numbers stand as text and lose nothing; the last row counts the others and has their
//! SHA-256, so that a file that was cut or changed by accident is seen. It proves nothing about who made it.
//!
//! Not here: computing any figure, and opening any file.

mod fault;
mod header;
mod export;
mod scan;
mod read;
mod rows;
mod merge;
mod absorb;
mod fuzz;

pub use absorb::absorb;
pub use export::{Export, ExportError, Page};
pub use fault::{Defect, Flaw, LedgerFileError};
pub use fuzz::fuzz_ledger_file;
pub use merge::{MergeError, merge};
pub use read::{LedgerFile, read};

/// What the first row calls itself. Another form has another number.
pub const FORMAT: &str = "perfagg-ledger/1";

/// A longer line is refused: balances of ten thousand assets take less.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;
/// A longer name, id or number is refused; transactions of chains are the longest, about a hundred bytes.
pub const TEXT_BYTES_MAX: usize = 1024;
/// Nothing happened on an exchange before 2009-01-01.
pub const EARLIEST_MS: i64 = 1_230_768_000_000;
/// The last millisecond of the year 9999: later instants have no RFC 3339 text.
pub const LATEST_MS: i64 = 253_402_300_799_999;
/// Nothing in a file happened later than this after its instant; clocks of venues differ, and a round takes a while.
pub const AHEAD_MS_MAX: i64 = 3_600_000;
/// Accounts of one file.
pub const ACCOUNTS_MAX: usize = 1000;
