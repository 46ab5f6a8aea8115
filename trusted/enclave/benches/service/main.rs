//! The figures of the service, each beside its peer: `cargo bench -p enclave --features development --bench service`. It
//! measures, and judges nothing. The first argument that is a number says how many sessions (100,000 without one).
//!
//! ```text
//! rows ─► the program itself: memory, restart     the same code by the clock of a release: memory, reads
//!                                                 in this process: registrations, claims
//!                                                 in one of its own: what idle accounts cost (`idle 100000` alone)
//! ```
//!
//! The program is the development build in the release profile, since a release refuses to start without hardware. Its
//! clock asks the simulator before each call, and its limits let one source read ten times a second: what is held against
//! a peer runs here, from the same modules, by the clock of a release and without those limits.
//!
//! Lines that begin with `figure` are for machines: `figure <name> <value> <unit>`.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::duplicate_mod,
    reason = "a measurement, not the product"
)]

/// The measured program. A module's `crate::…` is found here by the glob below.
#[path = "../../src"]
#[allow(unused, reason = "all of the program, its tests too, of which a bench uses a part")]
mod program {
    pub(crate) mod account;
    pub(crate) mod accounts;
    pub(crate) mod checkpoint;
    pub(crate) mod clock;
    pub(crate) mod counters;
    pub(crate) mod environment;
    pub(crate) mod erase;
    pub(crate) mod events;
    pub(crate) mod failure;
    pub(crate) mod holder;
    pub(crate) mod http;
    pub(crate) mod identity;
    pub(crate) mod intake;
    pub(crate) mod kept;
    pub(crate) mod keys;
    pub(crate) mod lease;
    pub(crate) mod memory;
    pub(crate) mod platform;
    pub(crate) mod poll;
    pub(crate) mod polls;
    pub(crate) mod publish;
    pub(crate) mod random;
    pub(crate) mod replicas;
    pub(crate) mod restatements;
    pub(crate) mod seal;
    pub(crate) mod sealed_file;
    pub(crate) mod service;
    pub(crate) mod session;
    pub(crate) mod settings;
    pub(crate) mod snapshots;
    pub(crate) mod store;
    pub(crate) mod tls;
    pub(crate) mod witness;
}
use program::*;

/// The clock of a release, which a development build leaves out.
#[path = "../../src/platform/system_clock.rs"]
#[allow(unused_imports, reason = "its tests")]
mod system_clock;
#[path = "../../src/store/postgres/tests/server.rs"]
#[allow(dead_code, reason = "tests break servers; a bench does not")]
mod server;

mod claims;
mod composed;
mod idle;
mod load;
mod peer;
mod processes;
mod reads;
mod registrations;
mod rows;
mod venue;

use std::{fs, path::PathBuf};

/// As `main.rs` has them.
const WORKERS: usize = 4;
const BLOCKING: usize = 16;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("serve") => runtime().block_on(composed::serve(&arguments[1..])),
        Some("idle") => {
            idle::measure(arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(100_000))
        }
        Some("sign") => runtime().block_on(peer::sign(&arguments[1..])),
        _ => measure(arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(100_000)),
    }
}

/// As `main.rs` makes it.
fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(WORKERS).max_blocking_threads(BLOCKING).enable_all().build().unwrap()
}

fn measure(sessions: u64) {
    // What the program says costs it a little.
    tracing_subscriber::fmt().with_writer(std::io::sink).init();
    let directory = Scratch::new();
    let runtime = runtime();
    let venue = runtime.block_on(venue::start());
    let data = directory.0.join("data");
    runtime.block_on(rows::sessions(&data, venue, sessions));
    processes::without_keys(&data, venue);
    runtime.block_on(rows::leases(&data, venue, sessions));
    processes::restart(&data, venue);
    reads::measure(&directory.0, &data, venue);
    runtime.block_on(registrations::measure(&directory.0, venue));
    runtime.block_on(claims::measure());
    processes::idle(sessions);
}

fn figure(name: &str, value: impl std::fmt::Display, unit: &str) {
    println!("figure {name} {value} {unit}");
}

/// The one in the middle.
fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A directory on the disk that cargo builds on: one in memory would not sync.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let name = format!("service-{}", std::process::id());
        let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&directory).unwrap();
        Self(directory)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
