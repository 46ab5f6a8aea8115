//! Reads what Rust's test harness prints with `--show-output`.

use crate::report::Outcome;
use std::collections::BTreeMap;

/// One test and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    /// What it printed, and why it failed.
    pub(crate) said: String,
}

/// The tests of one run. A test that passed but printed a line that begins with `skipped:` was skipped.
pub(crate) fn parse(output: &str) -> Vec<Test> {
    let said = sections(output);
    // Between the announcement and the summary; what tests print may look the same.
    let mut running = false;
    let results = output.lines().filter(|line| {
        running = line.starts_with("running ") || (running && !matches!(*line, "successes:" | "failures:"));
        running
    });
    results
        .filter_map(|line| line.strip_prefix("test ")?.rsplit_once(" ... "))
        .filter_map(|(name, result)| {
            // `name - should panic`, `src/lib.rs - item (line 3) - compile`: the harness adds how it is tried.
            let name = name.strip_suffix(" - should panic").unwrap_or(name).to_owned();
            let said = said.get(name.as_str()).cloned().unwrap_or_default();
            let reason = said.lines().find_map(|line| line.strip_prefix("skipped:"));
            let outcome = match (result.split([',', ' ']).next()?, reason) {
                ("ok", None) => Outcome::Passed,
                ("ok", Some(reason)) => Outcome::Skipped(reason.trim().to_owned()),
                ("ignored", _) => Outcome::Skipped("marked as ignored".to_owned()),
                ("FAILED", _) => Outcome::Failed,
                _ => return None,
            };
            Some(Test { name, outcome, said })
        })
        .collect()
}

/// How many tests the harness itself counts, in `test result:` lines.
pub(crate) fn counted(output: &str) -> usize {
    let results = output.lines().filter_map(|line| line.strip_prefix("test result: "));
    results
        .flat_map(|line| line.split([';', '.']))
        .filter_map(|part| {
            let (count, what) = part.trim().split_once(' ')?;
            matches!(what, "passed" | "failed" | "ignored").then(|| count.parse::<usize>().ok())?
        })
        .sum()
}

/// What each test printed: `---- NAME stdout ----` and what follows it.
fn sections(output: &str) -> BTreeMap<&str, String> {
    let mut sections = BTreeMap::new();
    let mut current: Option<&str> = None;
    for line in output.lines() {
        let heading = line.strip_prefix("---- ").and_then(|rest| rest.strip_suffix(" ----"));
        if let Some(name) = heading.and_then(|heading| heading.rsplit_once(' ')) {
            current = Some(name.0);
        } else if matches!(line, "successes:" | "failures:") || line.starts_with("test result: ") {
            current = None;
        } else if let Some(name) = current {
            let section: &mut String = sections.entry(name).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "
running 5 tests
test tests::reads_vectors ... ok
test tests::adds ... ok
test tests::slow_one ... ignored, takes an hour
test tests::divides_by_zero - should panic ... ok
test tests::subtracts ... FAILED

successes:

---- tests::reads_vectors stdout ----
skipped: PERFAGG_VECTORS is not set

---- tests::adds stdout ----
1 + 1 = 2
test of nothing ... ok, said in passing


successes:
    tests::adds
    tests::reads_vectors

failures:

---- tests::subtracts stdout ----
thread 'tests::subtracts' panicked at src/lib.rs:1:1:
left: 1


failures:
    tests::subtracts

test result: FAILED. 3 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.10s
";

    #[test]
    fn each_test_has_its_outcome_and_what_it_said() {
        let tests = parse(OUTPUT);
        let outcomes: Vec<_> = tests.iter().map(|test| (test.name.as_str(), test.outcome.clone())).collect();
        let skipped = |reason: &str| Outcome::Skipped(reason.to_owned());
        assert_eq!(
            outcomes,
            [
                ("tests::reads_vectors", skipped("PERFAGG_VECTORS is not set")),
                ("tests::adds", Outcome::Passed),
                ("tests::slow_one", skipped("marked as ignored")),
                ("tests::divides_by_zero", Outcome::Passed),
                ("tests::subtracts", Outcome::Failed),
            ]
        );
        assert!(tests[4].said.contains("left: 1") && !tests[4].said.contains("test result"));
    }

    #[test]
    fn the_harness_counts_for_itself() {
        assert_eq!(counted(OUTPUT), 5);
        assert_eq!(counted("killed before the end"), 0);
    }

    #[test]
    fn doc_tests_are_tests() {
        let tests = parse(
            "running 2 tests\ntest trusted/ledger/src/lib.rs - (line 9) ... ok\ntest src/a.rs - A::b (line 3) - compile ... ok\n",
        );
        assert_eq!(tests.len(), 2);
        assert_eq!(tests[0].name, "trusted/ledger/src/lib.rs - (line 9)");
    }
}
