//! What clippy cannot see: files that say what they are for, vectors that are read, invariants that are tested.

use crate::{report::Checked, workspace};
use anyhow::{Context as _, bail};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A longer file is usually two things.
const LINES_MAX: usize = 500;

/// Rust files open with a module head, and no source is too long.
pub(super) fn files() -> anyhow::Result<Checked> {
    let mut complaints = Vec::new();
    let sources = sources()?;
    for (path, text) in &sources {
        let path = workspace::shown(path);
        if path.ends_with(".rs") && !has_head(text) {
            complaints.push(format!("{path}: no //! at its top that says what it is for"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            complaints.push(format!("{path}: {lines} lines, {LINES_MAX} at most"));
        }
    }
    verdict(complaints, format!("{} files", sources.len()))
}

/// Each folder of vectors has a page and a reader.
pub(super) fn vectors() -> anyhow::Result<Checked> {
    let sources = sources()?;
    let (mut complaints, mut count) = (Vec::new(), 0_usize);
    for entry in fs::read_dir(workspace::root().join("vectors")).context("vectors")? {
        let folder = entry?.path();
        let name = workspace::shown(&folder);
        if !folder.is_dir() {
            continue;
        }
        count = count.saturating_add(1);
        if !folder.join("README.md").exists() {
            complaints.push(format!("{name}: no README.md"));
        }
        let reads = |text: &str| {
            text.contains(&name) || (text.contains("vectors") && text.contains(&in_quotes(&folder)))
        };
        let read =
            sources.iter().any(|(path, text)| path.extension().is_some_and(|rs| rs == "rs") && reads(text));
        if !read {
            complaints.push(format!("{name}: no Rust file reads it"));
        }
    }
    verdict(complaints, format!("{count} folders"))
}

/// The beginning of a text that names a folder, as in `vectors::own("hpke/rfc9180.json")`.
fn in_quotes(folder: &Path) -> String {
    format!("\"{}", folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default())
}

/// The tables whose rows each name a test that exists: what must always be true, and what stops each attacker.
pub(super) fn invariants() -> anyhow::Result<Checked> {
    let tests: BTreeSet<String> = sources()?.iter().flat_map(|(_, text)| tests(text)).collect();
    let (mut complaints, mut counts) = (Vec::new(), Vec::new());
    for (page, heading, what) in [
        ("ARCHITECTURE.md", "## Invariants", "invariants"),
        ("docs/threat-model.md", "## Attackers", "attackers"),
    ] {
        let text = fs::read_to_string(workspace::root().join(page)).context(page)?;
        let rows = tested_rows(&text, heading);
        if rows.is_empty() {
            complaints.push(format!("{page}: no table under \"{heading}\""));
        }
        for (name, named) in &rows {
            if named.is_empty() {
                complaints.push(format!("{name}: no test is named"));
            }
            let missing = named.iter().filter(|test| !tests.contains(*test));
            complaints.extend(missing.map(|test| format!("{name}: there is no test {test}")));
        }
        counts.push(format!("{} {what}", rows.len()));
    }
    verdict(complaints, counts.join(", "))
}

fn verdict(complaints: Vec<String>, note: String) -> anyhow::Result<Checked> {
    if complaints.is_empty() { Ok(Checked::Good(note)) } else { bail!(complaints.join("\n")) }
}

fn sources() -> anyhow::Result<Vec<(PathBuf, String)>> {
    let paths = workspace::files(workspace::root(), &["rs", "mjs"])?;
    paths
        .into_iter()
        .map(|path| {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok((path, text))
        })
        .collect()
}

fn has_head(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.starts_with("//! "))
}

/// Names of test functions: those with an attribute that makes a test.
fn tests(text: &str) -> Vec<String> {
    let mut marked = false;
    let mut names = Vec::new();
    for line in text.lines().map(str::trim) {
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        match function.and_then(|rest| rest.split(['(', '<']).next()) {
            Some(name) if marked => {
                names.push(name.to_owned());
                marked = false;
            }
            Some(_) => marked = false,
            None => marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test"),
        }
    }
    names
}

/// The rows under a heading: a name, and the tests in backticks in the last column.
fn tested_rows(page: &str, heading: &str) -> Vec<(String, Vec<String>)> {
    let section = page.split(heading).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.trim().trim_matches('|').split('|').map(str::trim).collect();
        let is_test = |word: &&str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        let named =
            cells.last()?.split('`').skip(1).step_by(2).map(|word| word.rsplit("::").next().unwrap_or(word));
        Some(((*cells.first()?).to_owned(), named.filter(is_test).map(str::to_owned).collect()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_invariants_is_read_by_rows() {
        let page = "# A\n\n## Invariants\n\nText.\n\n| name | what must always be true | test |\n| --- | --- | --- |\n\
                    | one-key | opens `once` only | `an_envelope_opens_once`, in `trusted/x.rs` |\n| two | b | none |\n\n## Next\n| x | y | `z` |\n";
        let expected = [
            ("one-key".to_owned(), vec!["an_envelope_opens_once".to_owned()]),
            ("two".to_owned(), Vec::new()),
        ];
        assert_eq!(tested_rows(page, "## Invariants"), expected);
        assert!(tested_rows("# A", "## Invariants").is_empty());
    }

    #[test]
    fn only_marked_functions_are_tests() {
        let text = "fn plain() {}\n#[test]\nfn one() {}\nfn two() {}\n#[test]\n#[should_panic]\nfn three() {}\n\
                    #[tokio::test]\nasync fn four() {}\nproptest! {\n    #[test]\n    fn five(x in 0..3) {}\n}\n";
        assert_eq!(tests(text), ["one", "three", "four", "five"]);
    }

    #[test]
    fn a_head_is_the_first_line() {
        assert!(has_head("//! What it is for.\n"));
        assert!(!has_head("use a;\n//! Too late.\n"));
        assert!(!has_head(""));
    }
}
