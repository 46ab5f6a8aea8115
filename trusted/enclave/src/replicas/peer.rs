//! Evidence between enclaves: made here, and judged as `Policy::of_peers` says.

use super::message::Nonce;
use crate::identity::{Epoch, Identity, seconds};
use attestation::{Bundle, Class, Expected, Policy, Roots, VerifiedEnclave, verify};
use ledger::Timestamp;
use std::{collections::BTreeMap, sync::Arc};
use tokio::task;

/// Why a peer is not taken for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// This enclave's own evidence cannot be judged, so no other can be measured by it.
    Own(Option<Class>),
    /// The other's evidence was refused.
    Other(Class),
}

/// Evidence of this enclave over a nonce, as clients get it, and the epoch that it is over. May take a moment.
pub(super) fn evidence(identity: &Identity, nonce: Nonce, now: Timestamp) -> Option<(String, Arc<Epoch>)> {
    let epoch = identity.present();
    let made = || identity.bundle_of(&epoch, Some(nonce), now, &BTreeMap::new());
    let bundle = task::block_in_place(made).ok()?;
    Some((bundle, epoch))
}

/// Verifies that a bundle is fresh evidence of an enclave like this one. `asked_at` is when the nonce was sent.
pub(super) fn verified(
    identity: &Identity,
    roots: &Roots,
    bundle: &str,
    nonce: Nonce,
    asked_at: u64,
    now: Timestamp,
) -> Result<VerifiedEnclave, Distrust> {
    let expected = Expected { nonce: Some(nonce), asked_at, ..Expected::default() };
    let policy = policy(identity, roots, now)?;
    let other = Bundle::parse(bundle.as_bytes());
    other
        .and_then(|other| verify(&other, &policy, roots, &expected, seconds(now)))
        .map_err(|failure| Distrust::Other(failure.class))
}

/// What this enclave asks of its peers: by its own evidence, as it is now.
fn policy(identity: &Identity, roots: &Roots, now: Timestamp) -> Result<Policy, Distrust> {
    let nonce = crate::random::bytes();
    let (own, _) = evidence(identity, nonce, now).ok_or(Distrust::Own(None))?;
    let expected = Expected { nonce: Some(nonce), asked_at: seconds(now), ..Expected::default() };
    let judged = |policy: &Policy| {
        Bundle::parse(own.as_bytes()).and_then(|own| verify(&own, policy, roots, &expected, seconds(now)))
    };
    let own =
        judged(&Policy::dangerous_claims_only()).map_err(|failure| Distrust::Own(Some(failure.class)))?;
    let policy = Policy::of_peers(&own);
    // Who would not be taken by its own kind asks nobody and gives nothing.
    judged(&policy).map_err(|failure| Distrust::Own(Some(failure.class)))?;
    Ok(policy)
}

impl Distrust {
    /// For the operator of this enclave.
    pub(super) fn log(self, who: &'static str) {
        match self {
            Self::Own(class) => tracing::error!(
                code = "peer-own-evidence",
                class = class.map_or("", |class| class.as_str()),
                "this enclave's own evidence does not verify, so it can neither give keys to another enclave nor be given \
                 any: docs/operations.md says what to do"
            ),
            Self::Other(class) => tracing::error!(
                code = "peer-refused",
                who,
                class = class.as_str(),
                "another enclave on this database did not prove that it is the same program in the same configuration on a \
                 platform that is no worse: no keys pass between the two"
            ),
        }
    }
}
