//! What a holder asks of its own sessions and its record (DESIGN.md section 3): no session id, its key alone.

use super::{Answer, Client, call::Said};
use crate::{failure::Failure, holder::HolderKey, seal};
use attestation_wasm::saved::Saved;
use protocol::{
    Route,
    api::{Erased, HeldSessions},
    signed::Tag,
    wire,
};
use std::sync::Arc;

impl Client {
    /// The sessions that were registered with this key, and its record.
    ///
    /// # Errors
    /// Why they are not told.
    pub async fn sessions(&mut self, holder: &Arc<HolderKey>) -> Result<Answer<HeldSessions>, Failure> {
        self.call(Route::Sessions, &Said::Holder(holder, None)).await
    }

    /// Erases the record of this key, ends its sessions, and brings the receipt that the enclave signed.
    ///
    /// # Errors
    /// Why it may not be erased.
    pub async fn erase(&mut self, holder: &Arc<HolderKey>) -> Result<(Answer<Erased>, Saved), Failure> {
        let nonce = wire::encode(&seal::random::<32>());
        let said = Said::Holder(holder, Some(&nonce));
        let (receipt, saved) = self.signed(Route::Erase, &said, &nonce, Tag::Receipt).await?;
        let receipt: Answer<Erased> = receipt;
        if !receipt.body.erased {
            return Err(Failure::AnswerForm);
        }
        // A record that begins anew counts anew.
        if let Some(enclave) = self.verified.as_ref().map(|verified| &verified.enclave) {
            self.checkpoints.forget(enclave.result_key(), &holder.public_text());
        }
        self.sessions.forget(&holder.public());
        Ok((receipt, saved))
    }
}
