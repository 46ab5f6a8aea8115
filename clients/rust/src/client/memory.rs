//! What a client remembers of stores, and how it judges answers by it: whoever saw a later state is not told an older one.

use super::{Client, Known, Verified, call::Said};
use crate::{
    checkpoint::{Checkpoints, judge},
    failure::Failure,
};
use protocol::{Route, Secret, api::Checkpoint, wire};
use serde::Deserialize;

/// The part of an answer that says how far the store is.
#[derive(Deserialize)]
struct Dated {
    #[serde(default)]
    checkpoint: Option<Checkpoint>,
}

impl Client {
    /// Goes on with a session that was opened elsewhere: says what is known of it.
    pub fn resume(&mut self, session_id: &Secret, known: Known) {
        *self.sessions.entry(session_id) = known;
    }

    /// The last checkpoint that was seen of a session.
    pub fn checkpoint(&self, session_id: &Secret) -> Option<&Checkpoint> {
        self.sessions.known(session_id)?.checkpoint.as_ref()
    }

    /// The last checkpoints that were seen, to be kept and given to the next client.
    pub fn checkpoints(&self) -> &Checkpoints {
        &self.checkpoints
    }

    /// Remembers what an earlier client saw.
    pub fn remember_checkpoints(&mut self, seen: Checkpoints) {
        self.checkpoints.join(seen);
    }

    /// What a call tells of what was seen. A revocation tells nothing: it must succeed at a store that is behind, too.
    pub(super) fn last_seen(&self, route: Route, said: &Said<'_>) -> Option<Checkpoint> {
        let Said::Session(session_id, _) = said else { return None };
        if !matches!(route, Route::Summary | Route::Metrics | Route::Ledger) {
            return None;
        }
        let known = self.sessions.known(session_id)?;
        let remembered = self.remembered(known);
        match (known.checkpoint.clone(), remembered) {
            (Some(own), Some(remembered)) if remembered.seq > own.seq => Some(remembered),
            (own, remembered) => own.or(remembered),
        }
    }

    /// What was seen of the account or the record at the deployment that was verified.
    pub(super) fn remembered(&self, known: &Known) -> Option<Checkpoint> {
        self.checkpoints.last(self.verified.as_ref()?.enclave.result_key(), &known.of()?)
    }

    /// Judges the checkpoint of an answer, if it has one, by what was seen before, and remembers it.
    pub(super) fn notice(&mut self, session_id: &Secret, json: &str) -> Result<(), Failure> {
        let Some(came) = self.judged(session_id, json)? else { return Ok(()) };
        let known = self.sessions.known(session_id).cloned().unwrap_or_default();
        if let (Some(Verified { enclave, .. }), Some(of)) = (&self.verified, known.of()) {
            self.checkpoints.saw(enclave.result_key(), &of, &came);
        }
        self.sessions.entry(session_id).checkpoint = Some(came);
        Ok(())
    }

    /// The same of a registration. A later state says that the store went on, and not from where: one that was put back may have
    /// grown past what was seen. The enclave alone can tell, so what was seen is given to it with a read, before what came takes
    /// its place.
    pub(super) async fn confirm(&mut self, session_id: &Secret, json: &str) -> Result<(), Failure> {
        let came = self.judged(session_id, json)?;
        let seen = self.checkpoint(session_id);
        let stands_still = came.as_ref().zip(seen).is_some_and(|(came, seen)| came.seq == seen.seq);
        if seen.is_none() || stands_still {
            return self.notice(session_id, json);
        }
        let read = self.summary(session_id).await?;
        read.body.checkpoint.map_or(Ok(()), |now| judge(&now, came.as_ref()))
    }

    /// The checkpoint of an answer, if it has one, and if it is not behind what was seen before.
    fn judged(&self, session_id: &Secret, json: &str) -> Result<Option<Checkpoint>, Failure> {
        let dated: Dated = serde_json::from_str(json).map_err(|_| Failure::AnswerForm)?;
        let Some(came) = dated.checkpoint else { return Ok(None) };
        if wire::decode_array::<32>(&came.root).is_none() {
            return Err(Failure::AnswerForm);
        }
        let known = self.sessions.known(session_id).cloned().unwrap_or_default();
        judge(&came, known.checkpoint.as_ref())?;
        judge(&came, self.remembered(&known).as_ref())?;
        Ok(Some(came))
    }
}
