//! A release enclave holds nothing of the development build: it is built, and searched for words that the development
//! build has. That the search finds them there proves the search.

use crate::{children::Stop, programs, report::Checked};
use anyhow::{Context as _, bail};
use std::{fs, path::Path};

/// Texts that only the development build has, each from one thing that weakens.
const MARKERS: [(&str, &str); 6] = [
    ("the flag for another venue", "--dangerous-venue-url"),
    ("the test clock", "/simulator/clock"),
    ("the public seed of development evidence", "perf-aggregator PUBLIC dev seed!"),
    ("the keys made from it", "perf-aggregator/development-key/v1"),
    ("the root made from it", "DEV SGX Root CA"),
    ("the crate that makes its certificates", "rcgen"),
];

/// Builds the enclave both ways and searches.
pub(super) fn check() -> anyhow::Result<Checked> {
    let stop = Stop::listen()?;
    let development = bytes(&stop, &["--features", "development"])?;
    let release = bytes(&stop, &[])?;
    let mut complaints = Vec::new();
    for (what, text) in MARKERS {
        if !contains(&development, text) {
            complaints.push(format!(
                "the search proves nothing: {what} ({text}) is not found in the development build"
            ));
        }
        if contains(&release, text) {
            complaints.push(format!("{what} ({text}) is in the release build"));
        }
    }
    if complaints.is_empty() {
        return Ok(Checked::Good(format!("{} markers, in {} KiB", MARKERS.len(), release.len() / 1024)));
    }
    bail!(complaints.join("\n"))
}

/// The enclave in the release profile.
pub(crate) fn release_enclave(stop: &Stop, features: &[&str]) -> anyhow::Result<std::path::PathBuf> {
    let arguments = ["build", "--release", "-p", "enclave", "--bins"];
    let built = programs::build(&[&arguments, features].concat(), stop)?;
    built.program("perf-aggregator-enclave").map(Path::to_owned)
}

fn bytes(stop: &Stop, features: &[&str]) -> anyhow::Result<Vec<u8>> {
    fs::read(release_enclave(stop, features)?).context("the built enclave")
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_wherever_it_stands() {
        assert!(contains(b"\0abc\0", "abc") && contains(b"abc", "abc"));
        assert!(!contains(b"ab\0c", "abc") && !contains(b"", "abc"));
    }
}
