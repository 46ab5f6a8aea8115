//! One digest over every figure that the ledger makes of a seeded history. `cargo xtask test` builds it for this machine
//! and for `wasm32-unknown-unknown`, and compares.
//!
//! On this machine it prints a line for each part. In wasm there is nothing to print to, and a function under a name of
//! our own would need `unsafe` (`no_mangle`). A program has `main` without asking, and one thing to say: its exit code.
//! So each call of `main` gives the next byte of the digest, and its caller (`run.mjs`) asks until it has them all.

mod history;
mod fold;

use std::{
    process::ExitCode,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

static ASKED: AtomicUsize = AtomicUsize::new(0);
static DIGEST: OnceLock<Vec<u8>> = OnceLock::new();

fn main() -> ExitCode {
    if cfg!(target_family = "wasm") {
        let bytes = DIGEST
            .get_or_init(|| fold::digest().into_iter().flat_map(|(_, part)| part.to_be_bytes()).collect());
        let next = ASKED.fetch_add(1, Ordering::Relaxed);
        return bytes.get(next).map_or(ExitCode::FAILURE, |byte| ExitCode::from(*byte));
    }
    for (name, part) in fold::digest() {
        #[expect(clippy::print_stdout, reason = "what it is for")]
        {
            println!("{part:016x} {name}");
        }
    }
    ExitCode::SUCCESS
}
