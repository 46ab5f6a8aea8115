//! The trust budget: how much code must be believed. It may fall freely; a rise is accepted in the commit that
//! explains it.

use super::boundaries;
use crate::{report::Checked, workspace};
use anyhow::{Context as _, bail};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

const HEAD: &str = "\
# The trust budget: what must be believed. `cargo xtask check` compares; a rise fails until
# `cargo xtask check --accept-budget` writes it here, in the commit that says why.
#
# lines:   of trusted/*/src: neither empty, nor only a comment, nor in a test module or a tests.rs
# crates:  that the enclave links as released, ours included, for x86_64-unknown-linux-gnu; no proc-macros
# crate:   each that anything in trusted/ reaches, with its development feature too
";

/// What is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) lines: BTreeMap<String, usize>,
    pub(crate) crates: usize,
    pub(crate) reached: BTreeSet<String>,
}

impl Budget {
    /// As things stand.
    pub(crate) fn now() -> anyhow::Result<Self> {
        let mut lines = BTreeMap::new();
        let trusted = workspace::root().join("trusted");
        for entry in fs::read_dir(&trusted).context("trusted")? {
            let package = entry?.path();
            if package.is_dir() {
                let counted = count(&package.join("src"))?;
                lines.insert(
                    package.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                    counted,
                );
            }
        }
        let linked = boundaries::reached(&["-p", "enclave", "--target", "x86_64-unknown-linux-gnu"])?;
        let mut reached = BTreeSet::new();
        for package in lines.keys() {
            let all = boundaries::reached(&[
                "-p",
                package,
                "--all-features",
                "--target",
                "x86_64-unknown-linux-gnu",
            ])?;
            reached.extend(all.iter().filter_map(|line| Some(line.split(' ').next()?.to_owned())));
        }
        Ok(Self { lines, crates: linked.len(), reached })
    }

    /// In all of `trusted/`.
    pub(crate) fn lines_in_all(&self) -> usize {
        self.lines.values().sum()
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut budget = Self::default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["lines", package, count] => {
                    budget.lines.insert(package.to_owned(), count.parse().context(line.to_owned())?);
                }
                ["crates", count] => budget.crates = count.parse().context(line.to_owned())?,
                ["crate", name] => {
                    budget.reached.insert(name.to_owned());
                }
                _ => bail!("trust-budget.txt: what is this: {line}"),
            }
        }
        Ok(budget)
    }

    fn text(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for (package, count) in &self.lines {
            text.push_str(&format!("lines {package} {count}\n"));
        }
        text.push_str(&format!("\ncrates {}\n\n", self.crates));
        for name in &self.reached {
            text.push_str(&format!("crate {name}\n"));
        }
        text
    }

    /// Where `self` is more than `kept`.
    fn rises(&self, kept: &Self) -> Vec<String> {
        let mut rises = Vec::new();
        for (package, count) in &self.lines {
            let before = kept.lines.get(package).copied().unwrap_or(0);
            if *count > before {
                rises.push(format!("lines of {package}: {before} -> {count}"));
            }
        }
        if self.crates > kept.crates {
            rises.push(format!("crates that the enclave links: {} -> {}", kept.crates, self.crates));
        }
        rises.extend(
            self.reached.difference(&kept.reached).map(|name| format!("a crate is new in trusted/: {name}")),
        );
        rises
    }
}

/// Compares with the file, or writes it.
pub(super) fn check(accept: bool) -> anyhow::Result<Checked> {
    let file = file();
    let now = Budget::now()?;
    let note =
        format!("{} lines in trusted/, {} crates linked by the enclave", now.lines_in_all(), now.crates);
    if accept {
        fs::write(&file, now.text()).context("trust-budget.txt")?;
        return Ok(Checked::Good(format!("{note}; accepted")));
    }
    let kept = Budget::parse(
        &fs::read_to_string(&file).context("trust-budget.txt: cargo xtask check --accept-budget makes it")?,
    )?;
    let rises = now.rises(&kept);
    if !rises.is_empty() {
        bail!(
            "{}\nIf it must be: cargo xtask check --accept-budget, and say why in the commit",
            rises.join("\n")
        );
    }
    let lower = if now == kept { "" } else { "; lower than accepted: --accept-budget keeps it so" };
    Ok(Checked::Good(format!("{note}{lower}")))
}

fn file() -> PathBuf {
    workspace::root().join("trust-budget.txt")
}

fn count(source: &Path) -> anyhow::Result<usize> {
    let files = workspace::files(source, &["rs"])?;
    let mut lines = 0_usize;
    for file in files.iter().filter(|file| {
        !file.ends_with("tests.rs") && !file.components().any(|part| part.as_os_str() == "tests")
    }) {
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        lines = lines.saturating_add(code_lines(&text));
    }
    Ok(lines)
}

/// Lines that are neither empty, nor a comment, nor in the test module, which stands last in a file.
fn code_lines(text: &str) -> usize {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_what_is_neither_empty_nor_a_comment_nor_a_test() {
        let text = "//! Head.\n\nuse a;\n\n/// Doc.\nfn b() {\n    // Why.\n    c(); // and this counts\n}\n\n#[cfg(test)]\nmod tests {\n    fn d() {}\n}\n";
        assert_eq!(code_lines(text), 4);
    }

    #[test]
    fn a_budget_survives_its_file() {
        let budget = Budget {
            lines: BTreeMap::from([("ledger".to_owned(), 10)]),
            crates: 3,
            reached: BTreeSet::from(["ring".to_owned()]),
        };
        assert_eq!(Budget::parse(&budget.text()).unwrap(), budget);
        assert!(Budget::parse("nonsense 1 2 3").is_err());
    }

    #[test]
    fn only_a_rise_is_a_complaint() {
        let kept = Budget::parse("lines ledger 10\nlines protocol 5\ncrates 3\ncrate ring\n").unwrap();
        let fallen = Budget::parse("lines ledger 9\ncrates 2\n").unwrap();
        assert!(fallen.rises(&kept).is_empty() && kept.rises(&kept).is_empty());
        let risen =
            Budget::parse("lines ledger 9\nlines protocol 6\ncrates 4\ncrate ring\ncrate tokio\n").unwrap();
        assert_eq!(
            risen.rises(&kept),
            [
                "lines of protocol: 5 -> 6",
                "crates that the enclave links: 3 -> 4",
                "a crate is new in trusted/: tokio"
            ]
        );
    }
}
