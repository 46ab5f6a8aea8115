//! The side that has the keys: answers who asks, verifies it, and hands the keys over.

use super::{
    message::{self, Ask, Evidence, Id, Keys, Nonce, Offer, Refusal, Step},
    peer, secrets,
};
use crate::{
    identity::{Identity, seconds},
    random,
    store::{StoreError, Vault},
};
use attestation::{Roots, VerifiedEnclave};
use ledger::Timestamp;
use protocol::handover::Handover;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::Instant;

/// What nobody went on with is removed after so long.
const STALE: Duration = Duration::from_secs(120);
/// Evidence that is made in one round: the platform is not kept busy by whoever fills the database.
const OFFERS_AT_ONCE: usize = 2;

/// Handovers that this enclave has to do with.
#[derive(Default)]
pub(super) struct Giver {
    offered: BTreeMap<Id, Offered>,
    /// When each was seen first.
    seen: BTreeMap<Id, Instant>,
}

/// What this enclave offered.
struct Offered {
    /// Names the keys that its evidence was over.
    keyset: [u8; 64],
    answered: Nonce,
    nonce: Nonce,
    asked_at: u64,
}

impl Giver {
    /// One round: answers what is there, and removes what is old.
    pub(super) async fn round(
        &mut self,
        vault: &Vault,
        identity: &Identity,
        roots: &Roots,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = vault.store().as_ref();
        let all = message::all(store).await?;
        self.seen.retain(|id, _| all.contains_key(id));
        self.offered.retain(|id, _| all.contains_key(id));
        let mut offers = 0;
        for (id, steps) in all {
            if self.seen.entry(id).or_insert_with(Instant::now).elapsed() > STALE {
                message::remove(store, &id).await?;
            } else if steps.contains(&Step::Evidence) && !steps.contains(&Step::Keys) {
                if let Some(offered) = self.offered.remove(&id) {
                    Self::give(vault, identity, roots, &id, &offered, now).await?;
                }
            } else if steps == BTreeSet::from([Step::Ask]) && offers < OFFERS_AT_ONCE {
                offers += 1;
                self.offer(vault, identity, &id, now).await?;
            }
        }
        Ok(())
    }

    async fn offer(
        &mut self,
        vault: &Vault,
        identity: &Identity,
        id: &Id,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = vault.store().as_ref();
        let ask: Option<Ask> = message::get(store, id, Step::Ask).await?;
        let Some(answered) = ask.and_then(|ask| ask.nonce()) else { return Ok(()) };
        let nonce = random::bytes();
        let Some((bundle, epoch)) = peer::evidence(identity, answered, now) else { return Ok(()) };
        match message::put(store, id, Step::Offer, &Offer::new(&nonce, bundle)).await {
            Ok(()) => {
                let keyset = *epoch.keyset_hash();
                self.offered.insert(*id, Offered { keyset, answered, nonce, asked_at: seconds(now) });
                Ok(())
            }
            // Another enclave was faster.
            Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn give(
        vault: &Vault,
        identity: &Identity,
        roots: &Roots,
        id: &Id,
        offered: &Offered,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let store = vault.store().as_ref();
        let evidence: Option<Evidence> = message::get(store, id, Step::Evidence).await?;
        let Some(Evidence { bundle }) = evidence else { return Ok(()) };
        let newcomer = match peer::verified(identity, roots, &bundle, offered.nonce, offered.asked_at, now) {
            Ok(newcomer) => newcomer,
            Err(distrust) => {
                distrust.log("newcomer");
                return message::put(store, id, Step::Refusal, &Refusal {}).await;
            }
        };
        if let Some(keys) = sealed(vault, identity, id, offered, &newcomer).await {
            message::put(store, id, Step::Keys, &keys).await?;
            tracing::info!("another enclave proved what it is and was given the keys");
        }
        Ok(())
    }
}

async fn sealed(
    vault: &Vault,
    identity: &Identity,
    id: &Id,
    offered: &Offered,
    newcomer: &VerifiedEnclave,
) -> Option<Keys> {
    let handover = Handover {
        id: *id,
        giver_answered: offered.answered,
        newcomer_answered: offered.nonce,
        newcomer: newcomer.keyset_hash(),
        giver: offered.keyset,
    };
    let secrets = secrets::encode(&vault.ring_bytes().await, &identity.parts());
    let sealed = handover.seal(newcomer.hpke_public_key(), &secrets, &mut random::system())?;
    Some(Keys::new(&sealed, &identity.sign(&handover.signed_bytes(&sealed))))
}
