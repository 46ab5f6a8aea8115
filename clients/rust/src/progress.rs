//! How far the collection is, on stderr: a bar that redraws itself if someone watches, a line for each quarter if
//! not, nothing under `--json`.

use crate::output::Output;
use protocol::api::Sync;
use std::io::{self, Write as _};

const WIDTH: usize = 32;

/// Shows progress.
pub(crate) struct Progress {
    output: Output,
    watched: bool,
    shown: Option<String>,
}

impl Progress {
    /// Nothing shown yet.
    pub(crate) fn new(output: Output) -> Self {
        Self { output, watched: output.watched(), shown: None }
    }

    /// Shows a state, if it looks different from the last one.
    pub(crate) fn show(&mut self, sync: &Sync) {
        let text = if self.watched { bar(sync) } else { line(sync) };
        if self.shown.as_ref() == Some(&text) {
            return;
        }
        if self.watched {
            let _ = write!(io::stderr(), "\r{text}\u{1b}[K");
        } else {
            self.output.remark(&text);
        }
        self.shown = Some(text);
    }
}

/// What is written next begins on a line of its own, however the wait ends.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.watched && self.shown.is_some() {
            let _ = writeln!(io::stderr());
        }
    }
}

fn bar(sync: &Sync) -> String {
    let done = (1..=WIDTH).filter(|cell| hundredths(sync) * WIDTH >= cell * 100).count();
    let cells = format!("{}{}", "#".repeat(done), "-".repeat(WIDTH.saturating_sub(done)));
    let remark = if sync.state == "waiting" { "  the exchange does not answer, still trying" } else { "" };
    format!("Collecting history [{cells}] {:3} %{remark}", hundredths(sync))
}

fn line(sync: &Sync) -> String {
    if sync.state == "waiting" {
        return "Collecting history: the exchange does not answer, still trying".to_owned();
    }
    format!("Collecting history: {} %", hundredths(sync) / 25 * 25)
}

fn hundredths(sync: &Sync) -> usize {
    let share = if sync.state == "live" { 1.0 } else { sync.progress };
    // By comparison, because a float may be anything; all of it is done only when the enclave says so.
    let full = if sync.state == "live" { 100 } else { 99 };
    (1..=full).filter(|percent| f64::from(*percent) <= share * 100.0).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sync(state: &str, progress: f64) -> Sync {
        Sync { state: state.to_owned(), progress, age_seconds: None }
    }

    #[test]
    fn a_bar_is_full_only_when_the_history_is_there() {
        assert_eq!(
            bar(&sync("collecting", 0.0)),
            "Collecting history [--------------------------------]   0 %"
        );
        assert_eq!(
            bar(&sync("collecting", 0.5)),
            "Collecting history [################----------------]  50 %"
        );
        assert_eq!(
            bar(&sync("collecting", 1.0)),
            "Collecting history [###############################-]  99 %"
        );
        assert_eq!(bar(&sync("live", 1.0)), "Collecting history [################################] 100 %");
    }

    #[test]
    fn progress_that_is_no_number_is_none() {
        for progress in [f64::NAN, f64::NEG_INFINITY, -1.0] {
            assert_eq!(hundredths(&sync("collecting", progress)), 0);
        }
        assert_eq!(hundredths(&sync("collecting", f64::INFINITY)), 99);
    }

    #[test]
    fn a_log_gets_a_line_for_each_quarter() {
        assert_eq!(line(&sync("collecting", 0.26)), "Collecting history: 25 %");
        assert_eq!(line(&sync("collecting", 0.49)), "Collecting history: 25 %");
        assert_eq!(line(&sync("live", 1.0)), "Collecting history: 100 %");
        assert!(line(&sync("waiting", 0.4)).contains("does not answer"));
    }
}
