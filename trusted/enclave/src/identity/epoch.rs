//! The keys of one epoch, and the epochs that are in use at once.

use crate::{
    random,
    tls::{Own, Parts},
};
use attestation::{Binding, Tee, Validity};
use protocol::{EnvelopeKey, limits};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Keys of one epoch.
pub(crate) struct Epoch {
    /// Opens envelopes.
    pub(crate) key: EnvelopeKey,
    pub(super) binding: Binding,
    pub(super) keyset_hash: [u8; 64],
    /// What TLS shows from then on, where it ends here.
    pub(super) tls: Option<Own>,
}

/// An epoch as it is handed over.
pub(crate) struct EpochParts {
    pub(crate) number: u64,
    pub(crate) begins_at_s: u64,
    pub(crate) key: Zeroizing<[u8; 32]>,
    pub(crate) tls: Option<Parts>,
}

/// What the bindings of all epochs vouch for.
pub(super) struct Bound {
    pub(super) tee: Tee,
    pub(super) result_key: [u8; 32],
    pub(super) config: [u8; 32],
}

impl Bound {
    /// A new epoch, with a key that is born here.
    pub(super) fn epoch(&self, number: u64, begins_at_s: u64, tls: Option<Own>) -> Arc<Epoch> {
        let key = EnvelopeKey::generate(&mut random::system());
        Arc::new(self.with(key, number, begins_at_s, tls))
    }

    /// An epoch that another enclave made; none if it holds no keys.
    pub(super) fn of_parts(&self, parts: EpochParts) -> Option<Arc<Epoch>> {
        let EpochParts { number, begins_at_s, key, tls } = parts;
        let tls = match tls {
            Some(parts) => Some(Own::of_parts(parts)?),
            None => None,
        };
        Some(Arc::new(self.with(EnvelopeKey::from_bytes(&key).ok()?, number, begins_at_s, tls)))
    }

    fn with(&self, key: EnvelopeKey, number: u64, begins_at_s: u64, tls: Option<Own>) -> Epoch {
        let Self { tee, result_key, config } = *self;
        let ends_at_s = begins_at_s.saturating_add(limits::EPOCH_LIFE_S);
        let binding = Binding {
            tee,
            epoch: number,
            hpke: *key.public(),
            result_key,
            tls_spki: tls.as_ref().map(Own::spki_sha256),
            config,
            log: None,
            validity: Validity { not_before: begins_at_s, not_after: ends_at_s },
            challenge: None,
            channel: None,
        };
        let keyset_hash = binding.keyset_hash();
        Epoch { key, binding, keyset_hash, tls }
    }
}

impl Epoch {
    pub(crate) const fn number(&self) -> u64 {
        self.binding.epoch
    }

    /// Names its keys.
    pub(crate) const fn keyset_hash(&self) -> &[u8; 64] {
        &self.keyset_hash
    }

    pub(super) const fn begins_at_s(&self) -> u64 {
        self.binding.validity.not_before
    }

    pub(super) const fn ends_at_s(&self) -> u64 {
        self.binding.validity.not_after
    }

    /// Whether its hour after its day is over: it opens nothing any more.
    pub(super) const fn is_over(&self, now_s: u64) -> bool {
        now_s >= self.ends_at_s().saturating_add(limits::EPOCH_GRACE_S)
    }

    fn parts(&self) -> EpochParts {
        EpochParts {
            number: self.number(),
            begins_at_s: self.begins_at_s(),
            key: self.key.to_bytes(),
            tls: self.tls.as_ref().map(Own::parts),
        }
    }
}

/// The epochs that are in use.
pub(super) struct Epochs {
    pub(super) current: Arc<Epoch>,
    /// Opens late envelopes for one hour after it was replaced.
    pub(super) previous: Option<Arc<Epoch>>,
    /// Known before it begins, where keys are shared.
    pub(super) next: Option<Arc<Epoch>>,
}

impl Epochs {
    pub(super) const fn new(current: Arc<Epoch>) -> Self {
        Self { current, previous: None, next: None }
    }

    /// Of several in their order, of which one at least has begun.
    pub(super) fn of(epochs: Vec<Arc<Epoch>>, now_s: u64) -> Option<Self> {
        let in_order = epochs.iter().zip(epochs.iter().skip(1)).all(|(one, two)| one.number() < two.number());
        let mut all = epochs.into_iter();
        let mut these = Self::new(all.next().filter(|_| in_order)?);
        for epoch in all {
            if epoch.begins_at_s() <= now_s { these.enter(epoch) } else { these.next = Some(epoch) }
        }
        Some(these)
    }

    pub(super) fn enter(&mut self, next: Arc<Epoch>) {
        self.previous = Some(core::mem::replace(&mut self.current, next));
    }

    /// The number of an epoch that begins then: it never comes twice.
    pub(super) fn number_at(&self, begins_at_s: u64) -> u64 {
        begins_at_s.max(self.newest().saturating_add(1))
    }

    pub(super) fn newest(&self) -> u64 {
        self.next.as_ref().unwrap_or(&self.current).number()
    }

    pub(super) fn parts(&self) -> Vec<EpochParts> {
        let all = [self.previous.as_ref(), Some(&self.current), self.next.as_ref()];
        all.into_iter().flatten().map(|epoch| epoch.parts()).collect()
    }
}
