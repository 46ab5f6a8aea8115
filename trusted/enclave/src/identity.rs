//! Who this enclave is: keys born here, their epochs, and the evidence that vouches for them
//! (ATTESTATION.md sections 3, 9 and 12).
//!
//! Envelope keys live in memory only: an envelope sealed before a restart can never be opened again. The result
//! key may outlive a process; `keys.rs` says how. Enclaves that share a database share both (`replicas.rs`).

mod epoch;

pub(crate) use epoch::{Epoch, EpochParts};

use crate::{
    failure::Failure,
    keys::ResultKey,
    tls::{CertificateError, Loaded, Tls},
};
use anyhow::Context as _;
use attestation::{Backend, BackendError, Bundle, ChallengeProof, Config, EnclaveTime, Nonce};
use epoch::{Bound, Epochs};
use ledger::Timestamp;
use protocol::{
    Code,
    countersign::{self, Countersignature},
    limits,
    signed::{Headers, Message, Tag},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockWriteGuard},
};
use zeroize::Zeroizing;

/// The enclave's identity.
pub(crate) struct Identity {
    backend: Box<dyn Backend>,
    config: Config,
    result_key: ResultKey,
    /// Where TLS ends here. Its lock is taken inside that of the epochs.
    tls: Option<Arc<Tls>>,
    epochs: RwLock<Epochs>,
    /// Whether other enclaves have the same keys. Then an epoch lasts until the next one is there, which all fetch before
    /// it begins.
    shared: bool,
}

/// What enclaves of one deployment have in common.
pub(crate) struct IdentityParts {
    pub(crate) result_key: Zeroizing<[u8; 32]>,
    /// In their order: the last that has begun is the present one.
    pub(crate) epochs: Vec<EpochParts>,
}

impl Identity {
    /// A new identity: the first epoch begins now.
    pub(crate) fn new(
        backend: Box<dyn Backend>,
        config: &Value,
        mut result_key: ResultKey,
        tls: Option<Arc<Tls>>,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let config = Config::from_document(config)
            .ok_or_else(|| anyhow::anyhow!("the configuration document has no canonical form"))?;
        let number = result_key.next_epoch(seconds(now))?;
        let bound = Bound { tee: backend.tee(), result_key: result_key.public(), config: config.sha256() };
        let own = tls.as_ref().map(|tls| tls.shown());
        let epochs = RwLock::new(Epochs::new(bound.epoch(number, seconds(now), own)));
        Ok(Self { backend, config, result_key, tls, epochs, shared: false })
    }

    /// Replaces the epoch's keys when their day is over, and wipes those of the day before when their hour is.
    pub(crate) fn turn(&self, now: Timestamp) {
        let now_s = seconds(now);
        let mut epochs = self.epochs_mut();
        if let Some(next) = epochs.next.take_if(|next| next.begins_at_s() <= now_s) {
            self.enter(&mut epochs, next);
        } else if !self.shared && now_s >= epochs.current.ends_at_s() {
            let own = self.tls.as_ref().map(|tls| tls.due(now_s));
            let next = self.bound().epoch(epochs.number_at(now_s), now_s, own);
            self.enter(&mut epochs, next);
        }
        epochs.previous.take_if(|previous| previous.is_over(now_s));
    }

    fn enter(&self, epochs: &mut Epochs, next: Arc<Epoch>) {
        if let Some((tls, own)) = self.tls.as_ref().zip(next.tls.clone()) {
            tls.show(own);
        }
        self.result_key.remember(next.number());
        epochs.enter(next);
        tracing::info!("the keys of a new epoch are in use");
    }

    fn bound(&self) -> Bound {
        Bound { tee: self.backend.tee(), result_key: self.result_key.public(), config: self.config.sha256() }
    }

    fn epochs_mut(&self) -> RwLockWriteGuard<'_, Epochs> {
        // Whoever panicked with it had either replaced an epoch or not.
        self.epochs.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request for a certificate over the TLS key that is to be, PEM. None where no TLS ends here.
    pub(crate) fn certificate_request(&self, now: Timestamp) -> Option<anyhow::Result<String>> {
        self.tls.as_ref().map(|tls| tls.request(seconds(now)))
    }

    /// Takes the certificate that an authority made. A key that it is the first for begins a new epoch: the binding
    /// names the key. Where others share the keys, it begins once they had the time to fetch it.
    pub(crate) fn certify(&self, pem: &[u8], now: Timestamp) -> Option<Result<(), CertificateError>> {
        let tls = self.tls.as_ref()?;
        let now_s = seconds(now);
        Some(tls.load(pem, now_s).map(|(own, loaded)| {
            let mut epochs = self.epochs_mut();
            match loaded {
                Loaded::Present => tls.show(own),
                Loaded::Next if self.shared => {
                    let begins_at_s = now_s.saturating_add(limits::EPOCH_LEAD_S);
                    let number = epochs.number_at(begins_at_s);
                    epochs.next = Some(self.bound().epoch(number, begins_at_s, Some(own)));
                }
                Loaded::Next => {
                    let next = self.bound().epoch(epochs.number_at(now_s), now_s, Some(own));
                    self.enter(&mut epochs, next);
                }
            }
        }))
    }

    /// The epoch of a keyset, if its key may still open envelopes.
    pub(crate) fn epoch(&self, keyset_hash: &[u8; 64], now: Timestamp) -> Result<Arc<Epoch>, Code> {
        self.turn(now);
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        // The next one too: where keys are shared, another enclave's clock may be ahead of ours.
        [Some(&epochs.current), epochs.previous.as_ref(), epochs.next.as_ref()]
            .into_iter()
            .flatten()
            .find(|epoch| epoch.keyset_hash == *keyset_hash && !epoch.is_over(seconds(now)))
            .map(Arc::clone)
            .ok_or(Code::EnvelopeKeyUnknown)
    }

    /// Whether the present epoch is over and its hour too: another enclave has the next one, and did not give it.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.present().is_over(seconds(now))
    }

    /// The present epoch.
    pub(crate) fn present(&self) -> Arc<Epoch> {
        Arc::clone(&self.epochs.read().unwrap_or_else(PoisonError::into_inner).current)
    }

    /// Fresh evidence over the current keys, the configuration and the nonce.
    pub(crate) fn bundle(
        &self,
        nonce: Option<Nonce>,
        now: Timestamp,
        venue_times: &BTreeMap<String, u64>,
    ) -> Result<String, Failure> {
        self.turn(now);
        self.bundle_of(&self.present(), nonce, now, venue_times)
    }

    /// The same over the keys of an epoch.
    pub(crate) fn bundle_of(
        &self,
        epoch: &Epoch,
        nonce: Option<Nonce>,
        now: Timestamp,
        venue_times: &BTreeMap<String, u64>,
    ) -> Result<String, Failure> {
        let mut binding = epoch.binding.clone();
        if let Some(nonce) = &nonce {
            binding.answer(nonce);
        }
        let evidence = self.backend.evidence(binding.report_data(), seconds(now)).map_err(|error| {
            tracing::error!(code = error.code(), "no evidence: {error}");
            Failure::new(
                Code::Internal,
                "The platform of this enclave gives no evidence now. Ask the operator.",
            )
        })?;
        let proof = nonce.map(|_| ChallengeProof::lone());
        let time = EnclaveTime { enclave: seconds(now), venues: venue_times.clone() };
        Ok(Bundle::encode(&binding, proof, evidence, &self.config, time))
    }

    /// What signs an answer, or a receipt: the result key, which is named by its 32 bytes in base64url.
    pub(crate) fn signed(&self, message: &Message<'_>, tag: Tag, now: Timestamp) -> Headers {
        let key_id = protocol::wire::encode(&self.result_key.public());
        message.sign(tag, now.seconds(), &key_id, |base| self.result_key.sign(base))
    }

    /// A signature over the head of a log, and when it was made.
    pub(crate) fn countersigned(&self, head: &[u8; 32], now: Timestamp) -> Countersignature {
        let created = seconds(now);
        let signature = self.result_key.sign(&countersign::bytes(head, created));
        let (encode, key) = (protocol::wire::encode, self.result_key.public());
        Countersignature { head: encode(head), created, keyid: encode(&key), signature: encode(&signature) }
    }

    /// What the backend does by the clock alone. May block for a moment.
    pub(crate) fn upkeep(&self, now: Timestamp) {
        self.backend.upkeep(seconds(now));
        if let Some(code) = self.tls.as_ref().and_then(|tls| tls.warning(seconds(now))) {
            tracing::warn!(code, "docs/operations.md says what to do");
        }
    }

    /// Evidence over nothing of a client's, for whoever fetches collateral.
    pub(crate) fn sample(&self) -> Result<Vec<u8>, BackendError> {
        self.backend.sample()
    }

    /// Collateral that the operator hands in; kept only if it verifies.
    pub(crate) fn offer(&self, collateral: &[u8], now: Timestamp) -> Result<(), BackendError> {
        self.backend.offer(collateral, seconds(now))
    }

    /// From now on other enclaves have the same keys. The present epoch is numbered after `last`, the last one that this
    /// deployment is known to have had.
    pub(crate) fn found(&mut self, last: u64, now: Timestamp) {
        self.shared = true;
        let now_s = seconds(now);
        let bound = self.bound();
        let own = self.tls.as_ref().map(|tls| tls.shown());
        let epochs = self.epochs.get_mut().unwrap_or_else(PoisonError::into_inner);
        if epochs.current.number() <= last {
            *epochs = Epochs::new(bound.epoch(last.saturating_add(1).max(now_s), now_s, own));
        }
        self.result_key.remember(epochs.current.number());
    }

    /// Takes the keys that another enclave has, in place of those that were born here.
    pub(crate) fn join(&mut self, parts: IdentityParts, now: Timestamp) -> anyhow::Result<()> {
        let IdentityParts { result_key, epochs } = parts;
        self.result_key.replace(&result_key)?;
        let bound = self.bound();
        let epochs: Option<Vec<_>> = epochs.into_iter().map(|parts| bound.of_parts(parts)).collect();
        let epochs = epochs.and_then(|epochs| Epochs::of(epochs, seconds(now)));
        let epochs = epochs.context("the epochs that another enclave gave")?;
        let shown = self.tls.as_ref().zip(epochs.current.tls.clone());
        // Both end TLS, or none does: else clients would be told of a key that nobody shows.
        anyhow::ensure!(
            self.tls.is_some() == epochs.current.tls.is_some(),
            "the other enclaves end TLS elsewhere than this one: start all alike"
        );
        if let Some((tls, own)) = shown {
            tls.show(own);
        }
        self.result_key.remember(epochs.newest());
        *self.epochs.get_mut().unwrap_or_else(PoisonError::into_inner) = epochs;
        self.shared = true;
        Ok(())
    }

    /// The number of the last epoch whose keys are here.
    pub(crate) fn newest(&self) -> u64 {
        self.epochs.read().unwrap_or_else(PoisonError::into_inner).newest()
    }

    /// Whether the next epoch is to be made now, because the present one ends soon.
    pub(crate) fn wants_next(&self, now: Timestamp) -> bool {
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        let ahead_s = seconds(now).saturating_add(limits::EPOCH_LEAD_S);
        epochs.next.is_none() && ahead_s >= epochs.current.ends_at_s()
    }

    /// Makes the next epoch, for all that share the keys; its number, which is above `last`.
    pub(crate) fn plan(&self, last: u64, now: Timestamp) -> u64 {
        let mut epochs = self.epochs_mut();
        let begins_at_s = epochs.current.ends_at_s().max(seconds(now));
        let number = epochs.number_at(begins_at_s).max(last.saturating_add(1));
        let own = self.tls.as_ref().map(|tls| tls.due(begins_at_s));
        epochs.next = Some(self.bound().epoch(number, begins_at_s, own));
        number
    }

    /// Another enclave made the next epoch.
    pub(crate) fn withdraw(&self, number: u64) {
        self.epochs_mut().next.take_if(|next| next.number() == number);
    }

    /// Takes an epoch that another enclave made; nothing of keys that are not this deployment's.
    pub(crate) fn learn(&self, parts: IdentityParts) -> bool {
        let IdentityParts { result_key, epochs } = parts;
        if !self.result_key.is(&result_key) {
            return false;
        }
        let bound = self.bound();
        let mut here = self.epochs_mut();
        let newest = here.newest();
        let learned = epochs.into_iter().filter(|parts| parts.number > newest);
        for parts in learned {
            let Some(epoch) = bound.of_parts(parts) else { return false };
            here.next = Some(epoch);
        }
        here.newest() > newest
    }

    /// What is handed to another enclave.
    pub(crate) fn parts(&self) -> IdentityParts {
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        IdentityParts { result_key: self.result_key.secret(), epochs: epochs.parts() }
    }

    /// Signs what only enclaves of this deployment say to each other.
    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.result_key.sign(bytes)
    }

    /// SHA-256 of the configuration document.
    pub(crate) fn config(&self) -> [u8; 32] {
        self.config.sha256()
    }
}

/// Unix seconds, as evidence and certificates have them.
pub(crate) fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests;
