//! `cargo xtask vectors DIR`: answers every case of METRICS.md section 9 in a directory, or of exchanges, from its inputs alone,
//! and compares where something is expected.
//!
//! Not here: what a right answer is. An expectation is taken off a case before anything reads the rest.

mod inputs;
mod fills;
mod returns;
mod published;
mod cashflows;
mod compare;
mod exchanges;

use crate::report::say;
use anyhow::{Context as _, bail};
use compare::Tolerance;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Which cases, and where answers go.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// A directory with files `returns_*.json`, `fills_*.json` and `cashflows_*.json`, or with folders of exchanges that have
    /// a `response.json` or a `request.json`.
    directory: PathBuf,
    /// Writes the answers to files of the same names in this directory; those of exchanges to its `answers.jsonl`, a line a
    /// case.
    #[arg(long, value_name = "DIRECTORY")]
    answers: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let folders = exchanges::folders(&options.directory)?;
    let paths = if folders.is_empty() { files(&options.directory)? } else { Vec::new() };
    if let Some(answers) = &options.answers {
        fs::create_dir_all(answers).with_context(|| format!("cannot make {}", answers.display()))?;
    }
    let mut tally = Tally::default();
    exchanges::answer(&folders, options.answers.as_deref(), &mut tally)?;
    for path in &paths {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let answers = match read(path) {
            Ok(file) => file.answers(&name, &mut tally),
            Err(error) => {
                tally.fail(&name, &format!("{error:#}"));
                continue;
            }
        };
        if let Some(folder) = &options.answers {
            let to = folder.join(&name);
            let text = serde_json::to_string_pretty(&json!({ "cases": answers }))?;
            fs::write(&to, text + "\n").with_context(|| format!("cannot write {}", to.display()))?;
        }
    }
    Ok(tally.end())
}

fn files(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<BTreeSet<_>>>()?;
    let ours = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        name.ends_with(".json")
            && ["returns_", "fills_", "cashflows_"].iter().any(|kind| name.starts_with(kind))
    };
    let paths: Vec<PathBuf> = paths.into_iter().filter(ours).collect();
    if paths.is_empty() {
        bail!(
            "{} has no returns_*.json, fills_*.json or cashflows_*.json, and no folder with a response.json or request.json",
            directory.display()
        );
    }
    Ok(paths)
}

/// How it went.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    unexpected: usize,
}

impl Tally {
    fn fail(&mut self, place: &str, why: &str) {
        self.failed = self.failed.saturating_add(1);
        say(&format!("FAILED {place}: {why}"));
    }

    fn end(&self) -> ExitCode {
        if self.unexpected > 0 {
            say(&format!("{} answered without an expectation", self.unexpected));
        }
        say(&format!("{} passed, {} failed", self.passed, self.failed));
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// What a case is made of: `kind` of its file.
#[derive(Clone, Copy)]
enum Kind {
    Returns,
    Published,
    /// The `series` of a published file.
    PublishedSeries,
    Fills,
    Cashflows,
    Xirr,
}

struct File {
    tolerance: Value,
    cases: Vec<(Kind, Value)>,
}

fn read(path: &Path) -> anyhow::Result<File> {
    let text = fs::read_to_string(path).context("cannot be read")?;
    let mut file: Map<String, Value> = serde_json::from_str(&text).context("is not a JSON object")?;
    let kind = match file.get("kind").and_then(Value::as_str) {
        Some("returns") => Kind::Returns,
        Some("returns_published") => Kind::Published,
        Some("fills") => Kind::Fills,
        Some("cashflows") => Kind::Cashflows,
        Some("xirr") => Kind::Xirr,
        Some(other) => bail!("kind {other} is none that is known"),
        None => bail!("has no kind"),
    };
    let Some(Value::Array(cases)) = file.remove("cases") else { bail!("has no list of cases") };
    let mut cases: Vec<(Kind, Value)> = cases.into_iter().map(|case| (kind, case)).collect();
    if let (Kind::Published, Some(Value::Array(series))) = (kind, file.remove("series")) {
        cases.extend(series.into_iter().map(|series| (Kind::PublishedSeries, series)));
    }
    Ok(File { tolerance: file.remove("tolerance").unwrap_or_default(), cases })
}

impl File {
    /// Answers by the names of cases; tells what differs from an expectation.
    fn answers(self, file: &str, tally: &mut Tally) -> Map<String, Value> {
        let mut answers = Map::new();
        for (index, (kind, mut case)) in self.cases.into_iter().enumerate() {
            let named = case.get("name").and_then(Value::as_str).map(str::to_owned);
            let place = format!("{file}, {}", named.as_deref().unwrap_or(&format!("case {index}")));
            let expected = case.as_object_mut().and_then(|case| case.remove("expect"));
            let answer = match answer(kind, &case) {
                Ok(answer) => answer,
                Err(error) => {
                    tally.fail(&place, &format!("{error:#}"));
                    continue;
                }
            };
            let Some(name) = named.filter(|name| !answers.contains_key(name)) else {
                tally.fail(&place, "a case needs a name of its own");
                continue;
            };
            match expected {
                None => tally.unexpected = tally.unexpected.saturating_add(1),
                Some(expected) => {
                    let found = differences(kind, &case, &self.tolerance, &expected, &answer);
                    if found.is_empty() {
                        tally.passed = tally.passed.saturating_add(1);
                    } else {
                        tally.fail(&place, &format!("\n  {}", found.join("\n  ")));
                    }
                }
            }
            answers.insert(name, answer);
        }
        answers
    }
}

/// The answer in the shape of the case's `expect`, which is no longer in the case.
fn answer(kind: Kind, case: &Value) -> anyhow::Result<Value> {
    match kind {
        Kind::Returns => returns::answer(case),
        Kind::Published => published::answer(case),
        Kind::PublishedSeries => published::series(case),
        Kind::Fills => fills::answer(case),
        Kind::Cashflows => cashflows::answer(case),
        Kind::Xirr => cashflows::xirr(case),
    }
}

fn differences(kind: Kind, case: &Value, of_file: &Value, expected: &Value, answer: &Value) -> Vec<String> {
    let own = case.get("tolerance").unwrap_or(of_file);
    if matches!(kind, Kind::Fills) {
        compare::fills(case, own, expected, answer)
    } else {
        compare::figures(Tolerance::of(own), expected, answer)
    }
}
