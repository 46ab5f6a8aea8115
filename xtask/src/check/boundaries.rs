//! Who may reach whom. Boundaries erode by one line of a Cargo.toml; this is the line that says no.

use crate::{report::Checked, workspace};
use anyhow::{Context as _, bail};
use serde_json::Value;
use std::{collections::BTreeSet, fs};

/// Our crates and which of ours each may use directly, tests apart. Data flows from left to right.
const DIRECTIONS: [(&str, &[&str]); 11] = [
    ("ledger", &[]),
    ("protocol", &["ledger"]),
    ("attestation", &[]),
    ("exchange", &["ledger", "protocol"]),
    ("enclave", &["ledger", "protocol", "attestation", "exchange"]),
    ("gateway", &["protocol"]),
    ("attestation-wasm", &["protocol", "attestation"]),
    ("perfagg", &["ledger", "protocol", "attestation", "attestation-wasm"]),
    ("simulator", &[]),
    ("xtask", &["ledger", "protocol", "exchange"]),
    ("ledger-digest", &["ledger"]),
];

/// Crates that decide without waiting: bytes, time and randomness come as arguments.
const PURE: [&str; 4] = ["ledger", "protocol", "attestation", "attestation-wasm"];

/// Runtimes, HTTP, TLS, sockets: by exact name, or by a prefix that ends in a star.
const IMPURE: [&str; 27] = [
    "actix*",
    "async-std",
    "async-io",
    "axum*",
    "curl*",
    "futures-executor",
    "h2",
    "h3",
    "hyper*",
    "isahc",
    "mio",
    "native-tls",
    "openssl*",
    "polling",
    "quinn*",
    "reqwest*",
    "rustls",
    "s2n*",
    "smol",
    "socket2",
    "surf",
    "tiny_http",
    "tokio*",
    "tonic*",
    "tower*",
    "ureq*",
    "warp",
];

/// Files of `exchange` that wait and open sockets; every other one, each connector first of all, does neither.
const EFFECTS: [&str; 5] = ["transport.rs", "hosts.rs", "pace.rs", "recipient.rs", "simulated_clock.rs"];
/// What a file names when it waits or opens sockets.
const EFFECT_WORDS: [&str; 7] =
    ["tokio::", "hyper::", "hyper_util::", "rustls::", "std::net", "core::net", "std::fs"];

/// Our crates use each other as DIRECTIONS says.
pub(super) fn directions() -> anyhow::Result<Checked> {
    let metadata = workspace::metadata()?;
    let packages =
        metadata.get("packages").and_then(Value::as_array).context("cargo metadata has no packages")?;
    let mut complaints = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(ours, _)| *ours == name) else {
            complaints
                .push(format!("{name} has no row in xtask/src/check/boundaries.rs: say what it may use"));
            continue;
        };
        for dependency in package.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
            let (used, kind) = (text(dependency, "name"), text(dependency, "kind"));
            let ours = DIRECTIONS.iter().any(|(name, _)| *name == used);
            if ours && kind != "dev" && !allowed.contains(&used) {
                complaints.push(format!("{name} uses {used}"));
            }
        }
    }
    verdict(&complaints, &format!("{} crates", packages.len()))
}

/// Nothing that a pure crate reaches waits or talks, with any feature, on any platform.
pub(super) fn purity() -> anyhow::Result<Checked> {
    let mut complaints = Vec::new();
    for package in PURE {
        let reached = reached(&["-p", package, "--all-features", "--target", "all"])?;
        let impure = reached.iter().filter(|name| is_impure(name));
        complaints.extend(
            impure.map(|name| format!("{package} reaches {name}: cargo tree -p {package} -i {name}")),
        );
    }
    for package in ["ledger", "protocol"] {
        let library = workspace::root().join("trusted").join(package).join("src/lib.rs");
        if !fs::read_to_string(&library).context("lib.rs")?.lines().any(|line| line == "#![no_std]") {
            complaints.push(format!("{package} is not no_std"));
        }
    }
    verdict(&complaints, &PURE.join(", "))
}

/// In `exchange`, only the files of EFFECTS wait or open sockets.
pub(super) fn sockets() -> anyhow::Result<Checked> {
    let files = workspace::files(&workspace::root().join("trusted/exchange/src"), &["rs"])?;
    let mut complaints = Vec::new();
    for path in files.iter().filter(|path| !EFFECTS.iter().any(|file| path.ends_with(file))) {
        let text = fs::read_to_string(path).context("a source file")?;
        let code = text.split("[cfg(test)]").next().unwrap_or_default();
        let found = EFFECT_WORDS.iter().filter(|word| code.contains(**word));
        complaints.extend(found.map(|word| format!("{} names {word}", workspace::shown(path))));
    }
    verdict(&complaints, &EFFECTS.join(", "))
}

/// The crates that a build links or uses, ours included, by name and version.
pub(crate) fn reached(options: &[&str]) -> anyhow::Result<BTreeSet<String>> {
    let tree = ["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let text = workspace::output(&mut workspace::cargo(&[&tree, options].concat()))?;
    // `name v1.2.3 (/path) (*)`
    Ok(text
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|line| !line.is_empty())
        .collect())
}

fn is_impure(crate_and_version: &str) -> bool {
    let name = crate_and_version.split(' ').next().unwrap_or_default();
    IMPURE.iter().any(|impure| match impure.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *impure,
    })
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn verdict(complaints: &[String], note: &str) -> anyhow::Result<Checked> {
    if complaints.is_empty() { Ok(Checked::Good(note.to_owned())) } else { bail!(complaints.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impure_crates_are_known_by_name_or_family() {
        for name in
            ["tokio v1.54.1", "tokio-rustls v0.26.0", "rustls v0.23.1", "hyper-util v0.1.0", "mio v1.0.0"]
        {
            assert!(is_impure(name), "{name}");
        }
        for name in ["rustls-pki-types v1.0.0", "ring v0.17.0", "serde v1.0.0", "hpke v0.15.0"] {
            assert!(!is_impure(name), "{name}");
        }
    }

    #[test]
    fn the_check_of_purity_would_find_what_the_transport_uses() {
        let reached = reached(&["-p", "exchange"]).unwrap();
        assert!(reached.iter().any(|name| is_impure(name)), "{reached:?}");
    }
}
