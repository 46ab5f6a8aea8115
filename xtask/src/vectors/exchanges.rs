//! Cases of exchanges: what a venue answers and what must be read from it (`<exchange>/response.json`), and what a question
//! must look like on the wire (`<exchange>/request.json`). Both go through `exchange::Dialect`, as connectors do.
//!
//! Not here: what a right answer is. An expectation is taken off a case before anything reads the rest.

mod calls;
mod compare;
mod networks;
mod replies;
mod requests;
mod symbols;

use super::Tally;
use crate::report::say;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

const REPLIES: &str = "response.json";
const REQUESTS: &str = "request.json";

/// The folders of exchanges in a directory, by their names; none: it has other cases.
pub(super) fn folders(directory: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let entries = fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut folders = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        if path.join(REPLIES).is_file() || path.join(REQUESTS).is_file() {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            folders.insert(name, path);
        }
    }
    Ok(folders)
}

/// What is made of a case.
enum Outcome {
    Got(Value),
    /// The venue has no such thing, or we do not ask it.
    Skip(String),
}

/// Answers every case; one line each in `answers.jsonl` of a directory.
pub(super) fn answer(
    folders: &BTreeMap<String, PathBuf>,
    answers: Option<&Path>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    if folders.is_empty() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for (exchange, folder) in folders {
        for file in [REPLIES, REQUESTS] {
            let path = folder.join(file);
            if !path.is_file() {
                continue;
            }
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let document: Value =
                serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))?;
            for case in document.get("cases").and_then(Value::as_array).into_iter().flatten() {
                let line = judged(exchange, file, &document, case.clone(), tally);
                writeln!(lines, "{line}")?;
            }
        }
    }
    if let Some(directory) = answers {
        let to = directory.join("answers.jsonl");
        fs::write(&to, lines).with_context(|| format!("cannot write {}", to.display()))?;
    }
    Ok(())
}

fn judged(exchange: &str, file: &str, document: &Value, mut case: Value, tally: &mut Tally) -> Value {
    let id = case.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let expected = case.as_object_mut().and_then(|case| case.remove("expect"));
    let outcome = match file {
        REPLIES => replies::answer(exchange, document, &case),
        _ => requests::answer(exchange, document, &case),
    };
    match outcome {
        Ok(Outcome::Got(got)) => {
            let found = match (file, &expected) {
                (REPLIES, None) => {
                    tally.unexpected = tally.unexpected.saturating_add(1);
                    return json!({ "id": id, "got": got });
                }
                (REPLIES, Some(expected)) => compare::reply(&case, expected, &got),
                _ => compare::request(document, &case, &got),
            };
            if found.is_empty() {
                tally.passed = tally.passed.saturating_add(1);
            } else {
                tally.fail(&id, &format!("\n  {}", found.join("\n  ")));
            }
            json!({ "id": id, "got": got })
        }
        Ok(Outcome::Skip(why)) => {
            say(&format!("skipped {id}: {why}"));
            json!({ "id": id, "skip": why })
        }
        Err(error) => {
            tally.fail(&id, &format!("{error:#}"));
            json!({ "id": id, "skip": format!("{error:#}") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_answers_and_requests_are_met_but_for_two_that_the_specification_judges_otherwise() {
        #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
        let Some(shared) = std::env::var_os("PERFAGG_VECTORS").map(PathBuf::from) else {
            println!("skipped: PERFAGG_VECTORS is not set, exchanges are not read");
            return;
        };
        let mut tally = Tally::default();
        let folders = folders(&shared.join("exchanges")).unwrap();
        answer(&folders, None, &mut tally).unwrap();
        // A key that may trade in portfolio margin, and a fee that holds the builder's part already: docs/exchanges.md.
        assert_eq!((tally.failed, tally.unexpected), (2, 0));
        assert!(folders.len() == 13 && tally.passed > 380, "{} passed", tally.passed);
    }
}
