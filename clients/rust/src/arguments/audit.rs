//! What `perfagg audit` takes. It is offline: no session, no service.

use super::hash;
use clap::{Args, Subcommand};
use std::path::PathBuf;

const VERIFY: &str = "\
Exit codes of this command: 0 the lines are one chain and nothing is missing that the log knows of,
1 it is no log, or lines were changed or are missing, 2 it is one chain, and says itself that lines
are missing, or the key that was named signed nothing of it, or lines waited for more than an hour
for its next signature. Several FILEs are read in the order in which they are named; a DIR with its
head.json, which must name a line that is there. docs/protocol.md describes the form.";

/// What is audited.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// Judge the access log of a main service
    #[command(subcommand)]
    Log(Log),
}

/// What is done with a log.
#[derive(Debug, Subcommand)]
pub(crate) enum Log {
    /// Check that a log is whole, offline, and say what it does not prove
    #[command(after_help = VERIFY)]
    Verify(Verify),
}

/// What judging a log takes.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The directory of a log, or files of it
    #[arg(required = true, value_name = "DIR|FILE")]
    pub(crate) paths: Vec<PathBuf>,
    /// An enclave's result key, whose countersignature the log must have
    #[arg(long, value_name = "HEX", value_parser = hash::<32>)]
    pub(crate) result_key: Option<[u8; 32]>,
    /// The same from an answer that perfagg --save kept, if its evidence is accepted
    #[arg(long, value_name = "FILE", conflicts_with = "result_key")]
    pub(crate) saved: Option<PathBuf>,
}
