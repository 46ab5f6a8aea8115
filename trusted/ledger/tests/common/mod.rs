//! What the tests of the ledger share.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "test code; each test file uses its part of it"
)]

use proptest::test_runner::{Config, RngSeed};

pub(crate) mod fraction;
pub(crate) mod slow;
pub(crate) mod world;

/// How many times more than usual tests of drawn inputs run: `PERFAGG_FUZZ_ROUNDS`, 1 without it.
pub(crate) fn rounds() -> u32 {
    #[expect(clippy::disallowed_methods, reason = "the one setting of tests: how long they may take")]
    let rounds = std::env::var("PERFAGG_FUZZ_ROUNDS");
    rounds.map_or(1, |rounds| rounds.parse().expect("PERFAGG_FUZZ_ROUNDS is a number"))
}

/// The same inputs in every run.
pub(crate) fn cases(cases: u32) -> Config {
    let rng_seed = RngSeed::Fixed(20_260_101);
    Config { cases: cases * rounds(), rng_seed, failure_persistence: None, ..Config::default() }
}
