//! What was tried and how it went, each thing counted once.

use std::collections::BTreeMap;

/// How something went. Ordered: a later one wins over an earlier one of the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It could not be tried, for this reason.
    Skipped(String),
    Passed,
    Failed,
}

/// All outcomes by name. What was tried twice, in two builds, counts once: failed if it ever failed.
#[derive(Default)]
pub(crate) struct Report(BTreeMap<String, Outcome>);

impl Report {
    pub(crate) fn add(&mut self, name: impl Into<String>, outcome: Outcome) {
        let known = self.0.entry(name.into()).or_insert_with(|| outcome.clone());
        if outcome > *known {
            *known = outcome;
        }
    }

    /// Adds what another one has.
    pub(crate) fn join(&mut self, other: Self) {
        for (name, outcome) in other.0 {
            self.add(name, outcome);
        }
    }

    /// Adds a check of our own, prints how it went, and what it complains of.
    pub(crate) fn check(&mut self, name: &str, result: anyhow::Result<Checked>) {
        match result {
            Ok(Checked::Good(note)) => {
                say(&format!("{:>8}  {name}{}{note}", "ok", if note.is_empty() { "" } else { ": " }));
                self.add(name, Outcome::Passed);
            }
            Ok(Checked::Skipped(reason)) => {
                say(&format!("{:>8}  {name}: {reason}", "skipped"));
                self.add(name, Outcome::Skipped(reason));
            }
            Err(error) => {
                say(&format!("{:>8}  {name}: {error:#}", "FAILED"));
                self.add(name, Outcome::Failed);
            }
        }
    }

    pub(crate) fn failed(&self) -> Vec<&str> {
        self.named(|outcome| *outcome == Outcome::Failed).map(|(name, _)| name).collect()
    }

    /// Why things were skipped, each reason once, and how many were.
    pub(crate) fn skipped(&self) -> BTreeMap<&str, usize> {
        let mut reasons = BTreeMap::new();
        for (_, outcome) in self.named(|outcome| matches!(outcome, Outcome::Skipped(_))) {
            if let Outcome::Skipped(reason) = outcome {
                let count: &mut usize = reasons.entry(reason.as_str()).or_default();
                *count = count.saturating_add(1);
            }
        }
        reasons
    }

    /// `N passed, N failed`, and `, N skipped` if any was.
    pub(crate) fn last_line(&self) -> String {
        let count = |wanted: fn(&Outcome) -> bool| self.named(wanted).count();
        let passed = count(|outcome| *outcome == Outcome::Passed);
        let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
        let mut line = format!("{passed} passed, {} failed", self.failed().len());
        if skipped > 0 {
            line.push_str(&format!(", {skipped} skipped"));
        }
        line
    }

    /// Says what failed and what was skipped, and the last line; whether nothing failed.
    pub(crate) fn end(&self) -> bool {
        say("");
        for (reason, count) in self.skipped() {
            say(&format!("skipped {count}: {reason}"));
        }
        for name in self.failed() {
            say(&format!("failed: {name}"));
        }
        say(&self.last_line());
        self.failed().is_empty()
    }

    fn named<'a>(
        &'a self,
        wanted: impl Fn(&Outcome) -> bool + 'a,
    ) -> impl Iterator<Item = (&'a str, &'a Outcome)> {
        self.0
            .iter()
            .filter(move |(_, outcome)| wanted(outcome))
            .map(|(name, outcome)| (name.as_str(), outcome))
    }
}

/// A check that did not fail.
pub(crate) enum Checked {
    /// With a note, which may be empty.
    Good(String),
    /// It could not be made, for this reason.
    Skipped(String),
}

impl Checked {
    pub(crate) const fn good() -> Self {
        Self::Good(String::new())
    }
}

/// A line for whoever runs us.
#[expect(clippy::print_stdout, reason = "this program talks to people")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tried_twice_counts_once_and_a_failure_wins() {
        let mut report = Report::default();
        report.add("a", Outcome::Passed);
        report.add("a", Outcome::Passed);
        report.add("b", Outcome::Failed);
        report.add("b", Outcome::Passed);
        report.add("c", Outcome::Skipped("no node".to_owned()));
        report.add("c", Outcome::Passed);
        assert_eq!(report.last_line(), "2 passed, 1 failed");
        report.add("d", Outcome::Skipped("no node".to_owned()));
        report.add("e", Outcome::Skipped("no node".to_owned()));
        assert_eq!(report.last_line(), "2 passed, 1 failed, 2 skipped");
        assert_eq!(report.skipped(), BTreeMap::from([("no node", 2)]));
        assert_eq!(report.failed(), ["b"]);
    }
}
