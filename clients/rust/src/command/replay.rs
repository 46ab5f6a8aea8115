//! `perfagg replay`: saved ledgers into figures, offline: those of the service, if the file is.

use super::metrics::{Metrics, people};
use crate::{
    complaint::Complaint,
    figure,
    output::{Output, lines, plain},
};
use protocol::{
    ledger_file::{LedgerFile, MergeError, merge, read},
    rfc3339, statement,
};
use serde::Deserialize as _;
use serde_json::Value;
use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// A ledger is never longer: an account has at most two million fills, of some hundred bytes each.
const BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How wide a note below the page is.
const NOTE_COLUMNS: usize = 96;

/// Reads ledgers and shows what follows from them.
pub(super) fn run(output: Output, paths: &[PathBuf]) -> Result<(), Complaint> {
    let files = paths.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let instants: Vec<_> = files.iter().map(|file| file.as_of).collect();
    let file = merge(files).map_err(|error| apart(&error))?;
    let LedgerFile { frame, record, as_of } = &file;
    let metrics = Value::Object(statement::metrics(frame, record, &record.figures(*as_of)));
    if output.json {
        return output.result(&metrics.to_string());
    }
    // Our own answer has our own shape.
    let metrics = Metrics::deserialize(&metrics)
        .map_err(|error| Complaint::internal(&io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let count = match paths.len() {
        1 => "a file".to_owned(),
        count => format!("{count} files"),
    };
    let mut note = format!(
        "Computed here from {count}. A ledger file is not signed: this is what follows from it, and no proof of who \
         made it."
    );
    if instants.iter().any(|at| at != as_of) {
        note.push_str(&format!(
            " The files are of different instants: equity and returns are as of {}, the last midnight that all of them \
             cover, and realised figures up to the end of each. An account that was registered after it is not in the \
             total yet.",
            figure::time(&rfc3339(*as_of))
        ));
    }
    let note = lines(&note, NOTE_COLUMNS).join("\n");
    output.result(&format!("{}\n{note}\n", people(&metrics)))
}

fn open(path: &Path) -> Result<LedgerFile, Complaint> {
    let name = if path == Path::new("-") { "stdin".to_owned() } else { plain(&path.display().to_string()) };
    let mut bytes = Vec::new();
    let outcome = if path == Path::new("-") {
        io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| {
            bytes.reserve(usize::try_from(file.metadata()?.len().min(BYTES_MAX)).unwrap_or(0));
            file.take(BYTES_MAX + 1).read_to_end(&mut bytes)
        })
    };
    outcome.map_err(|error| {
        let title = format!("{name} cannot be read: {}", error.kind());
        Complaint::usage(
            &title,
            "perfagg export --out FILE saves a ledger; replay takes such files, or - for stdin.",
        )
    })?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err(Complaint::usage(
            &format!("{name} is longer than any ledger"),
            "Name the file that perfagg export wrote.",
        ));
    }
    read(&bytes).map_err(|error| Complaint::ledger_file(&format!("{name}, {error}")))
}

/// Files that do not make one record.
fn apart(error: &MergeError) -> Complaint {
    let detail = match error {
        MergeError::AccountTwice(..) => {
            "Give the newer of the two files only: it has all that the older one has."
        }
        MergeError::Differ(_) => "Replay them one by one.",
        MergeError::Ledger(_) => "One of them was changed, or they are of different enclaves: export again.",
        MergeError::Nothing => "Name at least one file.",
    };
    Complaint::usage(&error.to_string(), detail)
}
