//! Who this enclave is: keys born here, their epochs, and the evidence that vouches for them
//! (ATTESTATION.md sections 3, 9 and 12).
//!
//! Envelope keys live in memory only: an envelope sealed before a restart can never be opened again. The result
//! key may outlive a process; `keys.rs` says how.

use crate::{
    failure::Failure,
    keys::ResultKey,
    random,
    tls::{CertificateError, Loaded, Tls},
};
use attestation::{
    Backend, BackendError, Binding, Bundle, ChallengeProof, Config, EnclaveTime, Nonce, Tee, Validity,
};
use ledger::Timestamp;
use protocol::{
    Code, EnvelopeKey,
    countersign::{self, Countersignature},
    limits,
    signed::{Headers, Message, Tag},
};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Keys of one epoch.
pub(crate) struct Epoch {
    /// Opens envelopes.
    pub(crate) key: EnvelopeKey,
    binding: Binding,
    keyset_hash: [u8; 64],
    ends_at_s: u64,
}

/// The enclave's identity.
pub(crate) struct Identity {
    backend: Box<dyn Backend>,
    config: Config,
    result_key: ResultKey,
    /// Where TLS ends here. Its lock is taken inside that of the epochs.
    tls: Option<Arc<Tls>>,
    epochs: RwLock<Epochs>,
}

struct Epochs {
    current: Arc<Epoch>,
    /// Opens late envelopes for one hour after it was replaced.
    previous: Option<Arc<Epoch>>,
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
        let bound = bound(backend.as_ref(), &config, &result_key, tls.as_deref());
        let current = Arc::new(Epoch::new(bound, number, seconds(now)));
        let epochs = RwLock::new(Epochs { current, previous: None });
        Ok(Self { backend, config, result_key, tls, epochs })
    }

    /// Replaces the epoch's keys when their day is over, and wipes those of the day before when their hour is.
    pub(crate) fn turn(&self, now: Timestamp) {
        let now_s = seconds(now);
        let mut epochs = self.epochs.write().unwrap_or_else(PoisonError::into_inner);
        if now_s >= epochs.current.ends_at_s {
            if let Some(tls) = &self.tls {
                tls.turn(now_s);
            }
            self.begin(&mut epochs, now_s);
        }
        if epochs
            .previous
            .as_ref()
            .is_some_and(|previous| now_s >= previous.ends_at_s + limits::EPOCH_GRACE_S)
        {
            epochs.previous = None;
        }
    }

    fn begin(&self, epochs: &mut Epochs, now_s: u64) {
        let number = now_s.max(epochs.current.binding.epoch.saturating_add(1));
        let bound = bound(self.backend.as_ref(), &self.config, &self.result_key, self.tls.as_deref());
        let next = Arc::new(Epoch::new(bound, number, now_s));
        self.result_key.remember(number);
        epochs.previous = Some(core::mem::replace(&mut epochs.current, next));
        tracing::info!("the keys of a new epoch were made");
    }

    /// A request for a certificate over the TLS key that is to be, PEM. None where no TLS ends here.
    pub(crate) fn certificate_request(&self, now: Timestamp) -> Option<anyhow::Result<String>> {
        self.tls.as_ref().map(|tls| tls.request(seconds(now)))
    }

    /// Takes the certificate that an authority made. A key that it is the first for begins a new epoch: the binding
    /// names the key.
    pub(crate) fn certify(&self, pem: &[u8], now: Timestamp) -> Option<Result<(), CertificateError>> {
        let tls = self.tls.as_ref()?;
        let mut epochs = self.epochs.write().unwrap_or_else(PoisonError::into_inner);
        let loaded = tls.load(pem, seconds(now));
        if loaded == Ok(Loaded::Next) {
            self.begin(&mut epochs, seconds(now));
        }
        Some(loaded.map(|_| ()))
    }

    /// The epoch of a keyset, if its key may still open envelopes.
    pub(crate) fn epoch(&self, keyset_hash: &[u8; 64], now: Timestamp) -> Result<Arc<Epoch>, Code> {
        self.turn(now);
        let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
        [Some(&epochs.current), epochs.previous.as_ref()]
            .into_iter()
            .flatten()
            .find(|epoch| epoch.keyset_hash == *keyset_hash)
            .map(Arc::clone)
            .ok_or(Code::EnvelopeKeyUnknown)
    }

    /// Fresh evidence over the current keys, the configuration and the nonce.
    pub(crate) fn bundle(
        &self,
        nonce: Option<Nonce>,
        now: Timestamp,
        venue_times: &BTreeMap<String, u64>,
    ) -> Result<String, Failure> {
        self.turn(now);
        let mut binding = {
            let epochs = self.epochs.read().unwrap_or_else(PoisonError::into_inner);
            epochs.current.binding.clone()
        };
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
}

/// What the bindings of an epoch vouch for, but for its own key, number and dates.
struct Bound {
    tee: Tee,
    result_key: [u8; 32],
    tls_spki: Option<[u8; 32]>,
    config: [u8; 32],
}

fn bound(backend: &dyn Backend, config: &Config, result_key: &ResultKey, tls: Option<&Tls>) -> Bound {
    Bound {
        tee: backend.tee(),
        result_key: result_key.public(),
        tls_spki: tls.map(Tls::spki_sha256),
        config: config.sha256(),
    }
}

impl Epoch {
    fn new(bound: Bound, number: u64, now_s: u64) -> Self {
        let Bound { tee, result_key, tls_spki, config } = bound;
        let key = EnvelopeKey::generate(&mut random::system());
        let ends_at_s = now_s + limits::EPOCH_LIFE_S;
        let binding = Binding {
            tee,
            epoch: number,
            hpke: *key.public(),
            result_key,
            tls_spki,
            config,
            log: None,
            validity: Validity { not_before: now_s, not_after: ends_at_s },
            challenge: None,
            channel: None,
        };
        let keyset_hash = binding.keyset_hash();
        Self { key, binding, keyset_hash, ends_at_s }
    }
}

/// Unix seconds, as evidence and certificates have them.
pub(crate) fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use attestation::{Expected, Policy, Roots, VerifiedEnclave, development::DevelopmentBackend, verify};

    const NONCE: Nonce = [9; 32];
    const START_S: i64 = 1_795_305_600;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis((START_S + i64::try_from(seconds).unwrap()) * 1000)
    }

    fn identity() -> (Identity, Roots) {
        let backend = DevelopmentBackend::new([1; 32], [2; 32]).unwrap();
        let roots = Roots::dangerous_development(backend.root_der()).unwrap();
        let key = ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap();
        let configuration = crate::service::configuration("development", "process", 86_400, 604_800);
        (Identity::new(Box::new(backend), &configuration, key, None, at(0)).unwrap(), roots)
    }

    /// As a client sees it, over a fresh nonce.
    fn seen(identity: &Identity, roots: &Roots, now: Timestamp) -> VerifiedEnclave {
        let bundle = identity.bundle(Some(NONCE), now, &BTreeMap::new()).unwrap();
        let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
        let expected = Expected { nonce: Some(NONCE), asked_at: seconds(now), ..Expected::default() };
        verify(&bundle, &Policy::dangerous_development(), roots, &expected, seconds(now)).unwrap()
    }

    #[test]
    fn keys_turn_after_a_day_and_the_old_one_opens_for_an_hour_more() {
        let (identity, roots) = identity();
        let first = seen(&identity, &roots, at(0));
        let of_first = first.keyset_hash();
        assert_eq!(seen(&identity, &roots, at(86_399)).keyset_hash(), of_first, "the whole day");
        let second = seen(&identity, &roots, at(86_400));
        assert_ne!(second.hpke_public_key(), first.hpke_public_key());
        assert_ne!(second.keyset_hash(), of_first);
        assert!(second.epoch() > first.epoch());
        assert_eq!(second.result_key(), first.result_key(), "results stay verifiable");
        assert!(identity.epoch(&of_first, at(86_400 + 3599)).is_ok());
        assert_eq!(identity.epoch(&of_first, at(86_400 + 3600)).err(), Some(Code::EnvelopeKeyUnknown));
        assert!(identity.epoch(&second.keyset_hash(), at(86_400 + 3600)).is_ok());
    }

    #[test]
    fn evidence_without_a_nonce_is_given_and_no_client_takes_it_for_fresh() {
        let (identity, roots) = identity();
        let bundle = identity.bundle(None, at(0), &BTreeMap::new()).unwrap();
        let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
        let expected = Expected { nonce: Some(NONCE), asked_at: seconds(at(0)), ..Expected::default() };
        let refused = verify(&bundle, &Policy::dangerous_development(), &roots, &expected, seconds(at(0)));
        assert_eq!(refused.unwrap_err().class, attestation::Class::Freshness);
    }
}
