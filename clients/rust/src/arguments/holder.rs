//! What the commands about a holder's key, its sessions and its record take.

use clap::{Args, Subcommand};
use std::path::PathBuf;

const NEW: &str = "\
The file holds the private key, for its owner alone; perfagg never prints it and never writes over it.
Keep a copy where you keep what you must not lose: without it the record can be neither continued nor
erased, and nobody has another. Whoever has it can list its sessions and erase the record.

Without --out it is written to the file that PERFAGG_HOLDER names, or to holder.key beside the session
file.";

pub(crate) const SESSIONS: &str = "\
The key alone is asked for, no session: sessions of other machines are listed too. They are named by a
part of a hash, with which nobody can read.";

pub(crate) const ERASE: &str = "\
Erases the record and ends every session of the key, on every machine. What remains is a mark that a
record of this key was erased: a new one says when it began anew. Keys stay valid at the exchange until
you delete them there. The receipt that the enclave signs is kept, with the evidence.";

/// What is to be done with a holder's key.
#[derive(Debug, Subcommand)]
pub(crate) enum Holder {
    /// Make a key in a new file
    #[command(after_help = NEW)]
    New {
        /// Where to [default: PERFAGG_HOLDER, or holder.key beside the session]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Show the public half of a key, never the private one
    Show {
        /// Its file [default: PERFAGG_HOLDER, or holder.key beside the session]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Whose sessions and record, and where.
#[derive(Debug, Args)]
pub(crate) struct Held {
    /// The holder's key [default: that of the session, PERFAGG_HOLDER, or holder.key beside the session]
    #[arg(long, value_name = "FILE")]
    pub(crate) holder: Option<PathBuf>,
    /// Where the enclave or its main service is [default: that of the session]
    #[arg(long, value_name = "URL")]
    pub(crate) service_url: Option<String>,
}

/// What erasing takes.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    #[command(flatten)]
    pub(crate) held: Held,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where the receipt is kept [default: erased-FINGERPRINT.json beside the session]
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, requires = "save")]
    pub(crate) force: bool,
}
