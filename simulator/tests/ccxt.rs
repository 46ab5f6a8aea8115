//! A general client that knows nothing of us works against the simulator unchanged.
//!
//! `PERFAGG_CCXT_DIR` names a directory in which `npm install` of `ccxt/package.json` was run; `cargo xtask test` does
//! that and sets it. Without it this test says `skipped`.
#![cfg(test)]

mod venue;

use std::process::Command;
use venue::{KEY, NOW_MS, SECRET, Venue};

const KRAKEN_KEY: &str = "aKrakenKeyOfThisTest";
const KRAKEN_SECRET: &str =
    "a3Jha2VuIHNlY3JldCBvZiB0aGlzIHRlc3Qga3Jha2VuIHNlY3JldCBvZiB0aGlzIHRlc3QgMDAwMDAwMDAwMg==";

#[test]
fn an_unmodified_ccxt_reads_the_truth() {
    // Its clock must run, and start where the world is known: how often a coin was traded depends on it.
    let venue = Venue::start(&["--now", &NOW_MS.to_string()]);
    check(&venue, "binance.mjs", &[("SIMULATOR_KEY", KEY), ("SIMULATOR_SECRET", SECRET)]);
}

#[test]
fn an_unmodified_ccxt_reads_the_truth_of_contracts() {
    let venue = Venue::start(&["--contracts", "--now", &NOW_MS.to_string()]);
    check(&venue, "binance_contracts.mjs", &[("SIMULATOR_KEY", KEY), ("SIMULATOR_SECRET", SECRET)]);
}

#[test]
fn an_unmodified_ccxt_reads_the_same_truth_from_kraken() {
    let venue = Venue::still(&["--kraken-key", KRAKEN_KEY, "--kraken-secret", KRAKEN_SECRET]);
    check(&venue, "kraken.mjs", &[("KRAKEN_KEY", KRAKEN_KEY), ("KRAKEN_SECRET", KRAKEN_SECRET)]);
}

#[test]
fn an_unmodified_ccxt_reads_the_same_truth_from_coinbase() {
    let venue = Venue::still(&[]);
    let secret = venue.ready["coinbase"]["secret"].as_str().unwrap().to_owned();
    check(&venue, "coinbase.mjs", &[("COINBASE_KEY", KEY), ("COINBASE_SECRET", &secret)]);
}

#[test]
fn an_unmodified_ccxt_reads_the_same_truth_from_okx() {
    let venue = Venue::still(&[]);
    let passphrase = venue.ready["okx"]["passphrase"].as_str().unwrap();
    check(&venue, "okx.mjs", &[("OKX_KEY", KEY), ("OKX_SECRET", SECRET), ("OKX_PASSPHRASE", passphrase)]);
}

#[test]
fn an_unmodified_ccxt_reads_the_same_truth_from_bybit() {
    let venue = Venue::still(&[]);
    check(&venue, "bybit.mjs", &[("SIMULATOR_KEY", KEY), ("SIMULATOR_SECRET", SECRET)]);
}

#[test]
fn an_unmodified_ccxt_reads_the_same_truth_from_hyperliquid() {
    let venue = Venue::still(&["--contracts", "--hyperliquid-fills", "1000000"]);
    let told = |name: &str| venue.ready["hyperliquid"][name].as_str().unwrap().to_owned();
    let (address, key) = (told("address"), told("private_key"));
    let keys = [("HYPERLIQUID_ADDRESS", address.as_str()), ("HYPERLIQUID_PRIVATE_KEY", &key)];
    check(&venue, "hyperliquid.mjs", &keys);
}

fn check(venue: &Venue, script: &str, keys: &[(&str, &str)]) {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the directory over")]
    let Some(directory) = std::env::var_os("PERFAGG_CCXT_DIR") else {
        println!("skipped: PERFAGG_CCXT_DIR is not set; cargo xtask test installs ccxt and sets it");
        return;
    };
    let output = Command::new("node")
        .arg(format!("{}/tests/ccxt/{script}", env!("CARGO_MANIFEST_DIR")))
        .env("CCXT_DIR", directory)
        .env("SIMULATOR_URL", format!("http://{}", venue.address))
        .envs(keys.iter().copied())
        .output()
        .expect("node runs the script");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" passed, 0 failed") && !last.starts_with("0 "), "{said}");
}
