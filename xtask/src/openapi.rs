//! Writes the descriptions of the API, the enclave's and the main service's, from the code. The tests that make them
//! compare them otherwise, so that a route or a code that changes is seen by its author first.

use crate::{report::say, workspace};
use anyhow::bail;
use std::process::ExitCode;

/// What the tests read: write instead of comparing.
const WRITE: &str = "PERFAGG_WRITE_DESCRIPTION";
/// In this order: the second is made of the first.
const TESTS: [[&str; 6]; 2] = [
    [
        "test",
        "--quiet",
        "--package=enclave",
        "--features=enclave/development",
        "--bins",
        "the_description_is_what_the_code_makes",
    ],
    [
        "test",
        "--quiet",
        "--package=gateway",
        "--no-default-features",
        "--bins",
        "the_description_is_the_enclaves_and_what_is_added_here",
    ],
];

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    for test in TESTS {
        if !workspace::cargo(&test).env(WRITE, "1").status()?.success() {
            bail!("the description could not be made: see above");
        }
    }
    say("trusted/enclave/src/http/openapi.json and gateway/src/openapi.json are what the code makes");
    Ok(ExitCode::SUCCESS)
}
