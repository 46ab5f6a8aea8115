//! Snapshots that the enclave took by itself, and how far its store is, as people read them.

use crate::{figure, output::plain, table::Table};
use protocol::api::{Checkpoint, SnapshotMissed, Snapshots};

/// Misses that are shown; `--json` has more of them.
const MISSES_SHOWN: usize = 5;

/// Adds how many were taken and missed, and the latest misses.
pub(super) fn rows(table: &mut Table, snapshots: &Snapshots) {
    let Snapshots { taken, missed, last, misses } = snapshots;
    let last =
        last.as_ref().map_or_else(String::new, |last| format!("; last taken {}", figure::time(&last.taken)));
    let text = match (taken, missed) {
        (0, 0) => "none was due yet".to_owned(),
        (_, 0) => format!("{} taken, none missed{last}", figure::count(*taken)),
        _ => format!("{} taken, {} missed{last}", figure::count(*taken), figure::count(*missed)),
    };
    table.long_row("Snapshots", &text);
    let shown = misses.iter().rev().take(MISSES_SHOWN);
    for (place, SnapshotMissed { due, cause: why }) in shown.enumerate() {
        let name = if place == 0 { "MISSED" } else { "" };
        table.long_row(name, &format!("{}: {}", figure::time(due), cause(why)));
    }
    let earlier = missed.saturating_sub(u64::try_from(misses.len().min(MISSES_SHOWN)).unwrap_or(0));
    if earlier > 0 {
        table.row(&["", &format!("and {} earlier", figure::count(earlier))]);
    }
}

/// How far the store is.
pub(super) fn store(table: &mut Table, Checkpoint { seq, root: _, anchored }: &Checkpoint) {
    let anchored = match anchored {
        true => "anchored: somebody outside vouches that there is no later one",
        false => "not anchored: what you saw before is what it is held against",
    };
    table.long_row("Store", &format!("state {}, {anchored}", figure::count(*seq)));
}

/// When a record began anew, as a line of its own; nothing of one that did not.
pub(super) fn restarted(at: Option<&str>) -> String {
    at.map_or_else(String::new, |at| {
        format!("The record began anew at {}: its holder erased what was before.\n", figure::time(at))
    })
}

fn cause(code: &str) -> String {
    let words = match code {
        "enclave_down" => "the enclave did not run, or had no key",
        "venue_not_answering" => "the exchange did not answer",
        "store_unavailable" => "what was read could not be stored",
        "sync_in_progress" => "history was still being collected",
        other => return plain(&other.replace('_', " ")),
    };
    words.to_owned()
}
