//! A general client that knows nothing of us works against the simulator unchanged.
//!
//! `PERFAGG_CCXT_DIR` names a directory in which `npm install` of `ccxt/package.json` was run; `cargo xtask test` does
//! that and sets it. Without it this test says `skipped`.
#![cfg(test)]

mod venue;

use std::process::Command;
use venue::{KEY, SECRET, Venue};

#[test]
fn an_unmodified_ccxt_reads_the_truth() {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the directory over")]
    let Some(directory) = std::env::var_os("PERFAGG_CCXT_DIR") else {
        println!("skipped: PERFAGG_CCXT_DIR is not set; cargo xtask test installs ccxt and sets it");
        return;
    };
    let venue = Venue::start(&[]);
    let output = Command::new("node")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ccxt/check.mjs"))
        .env("CCXT_DIR", directory)
        .env("SIMULATOR_URL", format!("http://{}", venue.address))
        .env("SIMULATOR_KEY", KEY)
        .env("SIMULATOR_SECRET", SECRET)
        .output()
        .expect("node runs the script");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" passed, 0 failed") && !last.starts_with("0 "), "{said}");
}
