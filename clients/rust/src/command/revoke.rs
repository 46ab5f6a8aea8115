//! `perfagg revoke`: ends the session, then forgets it.

use super::{Journey, place::Place};
use crate::{arguments::Revoke, complaint::Complaint, figure, output::plain};

/// Revokes. The session file goes only after the enclave's own receipt.
pub(super) async fn run(journey: &Journey, asked: &Revoke) -> Result<(), Complaint> {
    let Revoke { save, force, reading } = asked;
    let place = save.as_deref().map(|path| Place::new(path, *force, "--save")).transpose()?;
    let (receipt, kept) = match place {
        None => (journey.read(reading, async |client, id| client.revoke(id).await).await?.1, Ok(())),
        Some(place) => {
            let (_, (receipt, saved)) =
                journey.read(reading, async |client, id| client.revoke_with_receipt(id).await).await?;
            (receipt, place.fill(saved.to_json().as_bytes()))
        }
    };
    journey.session_file()?.remove().map_err(|error| journey.complain(error))?;
    if journey.output.json {
        journey.output.result(receipt.json())?;
        return kept;
    }
    let (at, note) = (figure::time(&receipt.body.at), plain(&receipt.body.note));
    journey.output.result(&format!("Session revoked at {at}.\n{note}\nThe session file was removed."))?;
    kept
}
