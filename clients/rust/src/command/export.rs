//! `perfagg export`: the whole ledger into a file, or to whatever reads stdout.

use super::Journey;
use crate::{arguments::Export, complaint::Complaint, figure};
use ledger::record::Record;
use perfagg::{Ledger, private_file::Draft};
use serde_json::json;
use std::{
    io::{self, IsTerminal as _},
    path::Path,
};

/// Saves the ledger.
pub(super) async fn run(journey: &Journey, asked: &Export) -> Result<(), Complaint> {
    let draft = asked.out.as_deref().map(|place| draft(place, asked.force)).transpose()?;
    if draft.is_none() && io::stdout().is_terminal() {
        return Err(Complaint::usage(
            "a ledger is not for a terminal",
            "Say where to keep it with --out FILE, or give stdout to a file or a program.",
        ));
    }
    let (_, Ledger { text, file }) =
        journey.read(&asked.reading, async |client, id| client.ledger(id).await).await?;
    let Some((draft, place)) = draft.zip(asked.out.as_deref()) else {
        return journey.output.result(&text);
    };
    refuse_to_write_over(place, asked.force)?;
    draft.save(text.as_bytes()).map_err(|error| unwritable(place, &error))?;
    let Record { aggregator, lines, .. } = &file.record;
    let (fills, others) = (aggregator.len(), lines.len());
    if journey.output.json {
        let saved = json!({
            "file": place.display().to_string(), "bytes": text.len(), "as_of": protocol::rfc3339(file.as_of),
            "fills": fills, "lines": others,
        });
        return journey.output.result(&saved.to_string());
    }
    let count = |number: usize| figure::count(u64::try_from(number).unwrap_or(u64::MAX));
    journey.output.result(&format!(
        "Saved in {}: {} fills and {} other lines, {} bytes, as of {}.\nIts checksum is right. It holds every fill and \
         balance: keep it like a secret.\nNext: perfagg replay {} computes all figures from it, offline.",
        place.display(),
        count(fills),
        count(others),
        count(text.len()),
        figure::time(&protocol::rfc3339(file.as_of)),
        place.display(),
    ))
}

/// A file beside the place: what cannot be written is not asked for.
fn draft(place: &Path, force: bool) -> Result<Draft, Complaint> {
    refuse_to_write_over(place, force)?;
    Draft::beside(place).map_err(|error| unwritable(place, &error))
}

fn refuse_to_write_over(place: &Path, force: bool) -> Result<(), Complaint> {
    if force || !place.exists() {
        return Ok(());
    }
    let title = format!("{} is there already", place.display());
    Err(Complaint::usage(&title, "Name another file, or write over this one with --force."))
}

fn unwritable(place: &Path, error: &io::Error) -> Complaint {
    let title = format!("{} cannot be written: {}", place.display(), error.kind());
    Complaint::usage(&title, "Check its directory, or name another place with --out FILE.")
}
