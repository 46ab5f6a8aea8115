//! The examples, one a client, run as their heads say against the real programs: the same journey, the same figures.
//!
//! `cargo xtask test` builds them and says where they are; what is not there is `skipped`.
#![cfg(test)]

mod stack;

use stack::{KEY, SECRET, Stack, binaries, holds};
use std::{path::Path, process::Command};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Runs an example, and compares what it says with what `perfagg` reads of the same account.
fn check(name: &str, example: impl Fn(&Path) -> Option<Command>) {
    let Some(binaries) = binaries() else { return };
    let Some(mut command) = example(&binaries) else { return };
    let stack = Stack::start(binaries.clone(), name, &[]);
    // Where perfagg is for who calls it by its name.
    #[expect(clippy::disallowed_methods, reason = "an example is found as its user's programs are")]
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = [&binaries].into_iter().cloned().chain(std::env::split_paths(&others));
    let path = std::env::join_paths(path).unwrap();
    command
        .env("SERVICE_URL", &stack.main.url)
        .env("DEVELOPMENT_ROOT", format!("{ROOT}/trusted/attestation/development-root.pem"))
        .env("HOME", &stack.directory)
        .env("PATH", path)
        .envs([("BINANCE_API_KEY", KEY), ("BINANCE_SECRET", SECRET)])
        .envs([("PERFAGG_API_KEY", KEY), ("PERFAGG_API_SECRET", SECRET)]);
    let ran = command.output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{said}\n{complained}");

    stack.register("reference", &stack.main.url, &[]);
    let summary = stack.perfagg_json("reference", &["summary"]);
    let metrics = stack.perfagg_json("reference", &["metrics"]);
    let text = |member: &str| summary[member].as_str().unwrap().to_owned();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    assert!(lines[0].starts_with("binance: key is read_only, session until 2026-"), "{said}");
    let fills = &summary["trades"]["fills"];
    assert_eq!(lines[1], format!("equity {} {}, {fills} fills", text("equity"), text("quote_currency")));
    let months = metrics["months"].as_array().map_or(0, Vec::len);
    assert!(months >= 12, "{months} months");
    assert_eq!(lines[2], format!("environment {}, {months} months", text("environment")));
    assert!(lines[3].contains("exchange"), "{said}");
    for secret in [KEY, SECRET] {
        assert!(!holds(&ran.stdout, secret) && !holds(&ran.stderr, secret));
    }
}

#[test]
fn the_rust_example_walks_the_journey() {
    check("example-rust", |binaries| {
        let example = binaries.join("examples/journey");
        if !example.is_file() {
            println!("skipped: the example is not built; cargo xtask test builds it");
            return None;
        }
        Some(Command::new(example))
    });
}

#[test]
fn the_javascript_example_walks_the_journey() {
    check("example-js", |_| {
        let package = Path::new(ROOT).join("clients/typescript");
        #[expect(clippy::disallowed_methods, reason = "how the test command says that the package is built")]
        if std::env::var_os("PERFAGG_SECURE_CLIENT").is_none() {
            println!(
                "skipped: PERFAGG_SECURE_CLIENT is not set; cargo xtask test builds the package and sets it"
            );
            return None;
        }
        let mut node = Command::new("node");
        node.arg(package.join("examples/journey.mjs"));
        Some(node)
    });
}

#[test]
fn the_curl_example_walks_the_journey() {
    check("example-curl", |_| {
        let curl = Command::new("curl").arg("--version").output();
        if !curl.is_ok_and(|output| output.status.success()) {
            println!("skipped: curl is missing: install it from your system's packages");
            return None;
        }
        Some(Command::new(Path::new(ROOT).join("docs/examples/journey.sh")))
    });
}
