//! Runs tests that tell how they went in the Test Anything Protocol: `ok 1 - name`, `not ok 2 - name`,
//! `ok 3 - name # SKIP why`. Node's tests do, and our Python ones.

use super::harness::finish;
use crate::{
    children::{Stop, last_lines},
    report::{Outcome, Report, say},
};
use std::process::Command;

/// Lines that are shown when something failed.
const LINES_SHOWN: usize = 120;

/// Runs them, and counts those whose name is wanted.
pub(super) fn run(
    suite: &str,
    command: &mut Command,
    filter: &[String],
    stop: &Stop,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (status, said, complaints) = finish(command, stop)?;
    let outcomes = outcomes(&said);
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|(_, outcome)| wanted(outcome)).count();
    let passed = count(|outcome| *outcome == Outcome::Passed);
    let failed = count(|outcome| *outcome == Outcome::Failed);
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    // Who died has failed whatever the lines say, and so has who said nothing.
    let whole = !outcomes.is_empty() && status.is_some_and(|status| status.success() == (failed == 0));
    if failed > 0 || !whole {
        let failures = failures(&said);
        let told = if failures.is_empty() { &said } else { &failures };
        let (told, complaints) = (last_lines(told, LINES_SHOWN), last_lines(&complaints, LINES_SHOWN));
        say(&format!("\n---- {suite} ----\n{told}\n{complaints}\n"));
    }
    if !whole {
        report.add(format!("{suite}: the tests ran to their end"), Outcome::Failed);
    }
    let verdict = if failed == 0 && whole { "ok" } else { "FAILED" };
    let remark = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    say(&format!("{verdict:>8}  {suite}: {passed} passed, {failed} failed{remark}"));
    for (name, outcome) in outcomes {
        let name = format!("{suite}: {name}");
        if filter.is_empty() || filter.iter().any(|part| name.contains(part.as_str())) {
            report.add(name, outcome);
        }
    }
    Ok(())
}

/// Each test that failed with what is told of it: the lines up to `...`, which end it. A failure may stand far from the end.
fn failures(text: &str) -> String {
    let mut failures = String::new();
    let mut told = false;
    for line in text.lines() {
        let start = line.trim_start();
        told = (told || start.starts_with("not ok ")) && !start.starts_with("ok ");
        if told {
            failures.push_str(line);
            failures.push('\n');
        }
        told &= start != "...";
    }
    failures
}

/// Each line is a test. Those of a subtest are indented: the test that holds them says how they went.
fn outcomes(text: &str) -> Vec<(String, Outcome)> {
    text.lines()
        .filter_map(|line| {
            let (line, failed) = match line.strip_prefix("not ok ") {
                Some(rest) => (rest, true),
                None => (line.strip_prefix("ok ")?, false),
            };
            let (_, name) = line.split_once(" - ")?;
            let (name, skipped) = match name.split_once(" # SKIP") {
                Some((name, why)) => (name, Some(why.trim().to_owned())),
                None => (name, None),
            };
            let outcome = match (failed, skipped) {
                (true, _) => Outcome::Failed,
                (false, Some(why)) => Outcome::Skipped(why),
                (false, None) => Outcome::Passed,
            };
            Some((name.to_owned(), outcome))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_report_is_one_test() {
        let text = "TAP version 13\n# Subtest: a\n    ok 1 - inside\nok 1 - a\n  ---\n  duration_ms: 1\n  ...\n\
                    not ok 2 - b - c\nok 3 - d # SKIP no verifier\n1..3\n# pass 1\n";
        let expected = [
            ("a".to_owned(), Outcome::Passed),
            ("b - c".to_owned(), Outcome::Failed),
            ("d".to_owned(), Outcome::Skipped("no verifier".to_owned())),
        ];
        assert_eq!(outcomes(text), expected);
    }

    #[test]
    fn what_is_told_of_a_failure_is_found_wherever_it_stands() {
        let text = "# Subtest: a\n    not ok 1 - inside\n      ---\n      error: 'why'\n      ...\n    ok 2 - other\n      ---\n\
                    \x20     duration_ms: 1\n      ...\nnot ok 1 - a\nok 2 - b\n";
        let expected = "    not ok 1 - inside\n      ---\n      error: 'why'\n      ...\nnot ok 1 - a\n";
        assert_eq!(failures(text), expected);
        assert_eq!(failures("ok 1 - a\n"), "");
    }
}
