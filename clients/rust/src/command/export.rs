//! `perfagg export`: the whole ledger into a file, or to whatever reads stdout.

use super::{Journey, place::Place};
use crate::{arguments::Export, complaint::Complaint, figure};
use ledger::record::Record;
use perfagg::Ledger;
use serde_json::json;
use std::io::{self, IsTerminal as _};

/// Saves the ledger.
pub(super) async fn run(journey: &Journey, asked: &Export) -> Result<(), Complaint> {
    let place = asked.out.as_deref().map(|path| Place::new(path, asked.force, "--out")).transpose()?;
    if place.is_none() && io::stdout().is_terminal() {
        return Err(Complaint::usage(
            "a ledger is not for a terminal",
            "Say where to keep it with --out FILE, or give stdout to a file or a program.",
        ));
    }
    let (_, Ledger { text, file }) =
        journey.read(&asked.reading, async |client, id| client.ledger(id).await).await?;
    let Some((waiting, place)) = place.zip(asked.out.as_deref()) else {
        return journey.output.result(&text);
    };
    waiting.fill(text.as_bytes())?;
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
