//! `perfagg revoke`: ends the session, then forgets it.

use super::Journey;
use crate::{arguments::Reading, complaint::Complaint, figure, output::plain};

/// Revokes. The session file goes only after the enclave's own receipt.
pub(super) async fn run(journey: &Journey, reading: &Reading) -> Result<(), Complaint> {
    let (_, receipt) = journey.read(reading, async |client, id| client.revoke(id).await).await?;
    journey.session_file()?.remove().map_err(|error| journey.complain(error))?;
    if journey.output.json {
        return journey.output.result(receipt.json());
    }
    let (at, note) = (figure::time(&receipt.body.at), plain(&receipt.body.note));
    journey.output.result(&format!("Session revoked at {at}.\n{note}\nThe session file was removed."))
}
