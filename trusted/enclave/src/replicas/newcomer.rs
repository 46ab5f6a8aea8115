//! The side that has no keys yet: at the start, and each day for the next epoch's.

use super::{
    epoch_row::{self, Last},
    message::{self, Ask, Evidence, Id, Keys, Offer, Step},
    peer,
    secrets::{self, Secrets},
};
use crate::{
    identity::{Epoch, Identity, seconds},
    random,
    store::{CLAIM_S, Instance, KeyRing, RingFile, Store, StoreError, Table, Vault},
};
use anyhow::Context as _;
use attestation::{Roots, VerifiedEnclave};
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use exchange::Clock;
use protocol::handover::Handover;
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};
use tokio::time::{self, Instant};

/// So long an answer is waited for: who died is not counted among the living after it.
const PATIENCE: Duration = Duration::from_secs(CLAIM_S);
/// How often the database is looked at while somebody waits.
const LOOK: Duration = Duration::from_millis(250);
/// Between two tries to be given keys that nobody gives.
const RETRY: Duration = Duration::from_secs(10);

/// What came of asking.
pub(super) enum Asked {
    Given(Box<Secrets>),
    /// Somebody answered, and one of the two does not accept the other.
    Refused,
    /// Nobody answered in time.
    Nobody,
}

/// The start of an enclave that shares a database.
pub(crate) struct Start<'a> {
    pub(crate) store: Arc<dyn Store>,
    /// Where the keys of the rows are while no process runs.
    pub(crate) file: &'a RingFile,
    pub(crate) roots: &'a Roots,
    /// This process, among the holders of claims.
    pub(crate) instance: Instance,
    pub(crate) clock: &'a dyn Clock,
}

impl Start<'_> {
    /// The rows of the database, and an identity that is the deployment's: with the keys of another enclave where one runs;
    /// with those that were kept where none does; with new ones where there never was one. `kept` are the keys of the rows
    /// that this machine has.
    pub(crate) async fn join(
        &self,
        kept: Option<KeyRing>,
        identity: &mut Identity,
    ) -> anyhow::Result<Arc<Vault>> {
        let mut ours = kept.map(|ring| self.vault(ring));
        loop {
            // Said before others are counted: of two that start at once, each knows of the other.
            self.store.renew(self.instance).await?;
            let somebody_has_keys = self.store.get(Table::Meta, epoch_row::KEY).await?.is_some();
            if !somebody_has_keys {
                let vault = ours.take().unwrap_or_else(|| self.vault(KeyRing::born(random::bytes)));
                self.file.save(&KeyRing::decode(&vault.ring_bytes().await).context("the keys")?)?;
                if self.found(&vault, identity, None).await? {
                    return Ok(vault);
                }
                ours = Some(vault);
                continue;
            }
            let Some(vault) = &ours else {
                if let Some(vault) = self.be_given(identity).await? {
                    return Ok(vault);
                }
                tracing::warn!(
                    code = "keys-not-given",
                    "the rows of this database are sealed, and no enclave that has the keys gives them. Start one that has \
                     them, of the same release and with the same settings; if none is left, nobody can read these rows: \
                     point DATABASE_URL at an empty database"
                );
                time::sleep(RETRY).await;
                continue;
            };
            match epoch_row::read(vault, identity).await {
                Ok(last) => {
                    let last = last.context("the row of the last epoch")?;
                    let vault = Arc::clone(vault);
                    if let Some(vault) = self.resume(vault, last, identity).await? {
                        return Ok(vault);
                    }
                }
                Err(StoreError::Corrupt) => {
                    tracing::warn!(
                        code = "store-keys-of-another-database",
                        "the keys in ENCLAVE_DATA_DIR are not those of this database: they were moved aside"
                    );
                    self.file.put_aside()?;
                    ours = None;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn vault(&self, ring: KeyRing) -> Arc<Vault> {
        Arc::new(Vault::new(Arc::clone(&self.store), ring))
    }

    /// With keys that were kept: asks those that run for the epochs, and founds one where none runs.
    async fn resume(
        &self,
        vault: Arc<Vault>,
        last: Last,
        identity: &mut Identity,
    ) -> anyhow::Result<Option<Arc<Vault>>> {
        if self.store.others(self.instance).await? {
            if !last.is_ours {
                tracing::error!(
                    code = "peers-of-another-configuration",
                    "enclaves with other settings run on this database: give all the same, or stop those first"
                );
                time::sleep(RETRY).await;
                return Ok(None);
            }
            match ask(self.store.as_ref(), identity, self.roots, self.clock).await? {
                Asked::Given(secrets) => return Ok(Some(self.take(*secrets, identity)?)),
                Asked::Refused => {
                    time::sleep(RETRY).await;
                    return Ok(None);
                }
                // They have just started too, or are gone.
                Asked::Nobody => {}
            }
            // Waiting took as long as a word lasts: who finds that this one was faster must not take it for gone.
            self.store.renew(self.instance).await?;
        }
        Ok(self.found(&vault, identity, Some(&last)).await?.then_some(vault))
    }

    /// Without keys: only others have them.
    async fn be_given(&self, identity: &mut Identity) -> anyhow::Result<Option<Arc<Vault>>> {
        match ask(self.store.as_ref(), identity, self.roots, self.clock).await? {
            Asked::Given(secrets) => Ok(Some(self.take(*secrets, identity)?)),
            Asked::Refused | Asked::Nobody => Ok(None),
        }
    }

    fn take(&self, secrets: Secrets, identity: &mut Identity) -> anyhow::Result<Arc<Vault>> {
        let Secrets { ring, identity: parts } = secrets;
        self.file.save(&ring)?;
        identity.join(parts, self.clock.now())?;
        tracing::info!("another enclave gave its keys: this one serves the same sessions");
        Ok(self.vault(ring))
    }

    /// Makes an epoch that others ask for; false if another enclave was faster.
    async fn found(
        &self,
        vault: &Vault,
        identity: &mut Identity,
        last: Option<&Last>,
    ) -> anyhow::Result<bool> {
        identity.found(last.map_or(0, |last| last.number), self.clock.now());
        match epoch_row::write(vault, identity, last, identity.newest()).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Asks whoever has the keys.
pub(super) async fn ask(
    store: &dyn Store,
    identity: &Identity,
    roots: &Roots,
    clock: &dyn Clock,
) -> Result<Asked, StoreError> {
    let id = random::bytes();
    let asked = converse(store, identity, roots, clock, &id).await;
    message::remove(store, &id).await?;
    asked
}

async fn converse(
    store: &dyn Store,
    identity: &Identity,
    roots: &Roots,
    clock: &dyn Clock,
    id: &Id,
) -> Result<Asked, StoreError> {
    let (nonce, asked_at, until) = (random::bytes(), seconds(clock.now()), Instant::now() + PATIENCE);
    message::put(store, id, Step::Ask, &Ask::new(&nonce)).await?;
    let offer: Option<Offer> = answer(store, id, Step::Offer, until).await?;
    let Some((offer, answered)) = offer.and_then(|offer| offer.nonce().map(|nonce| (offer, nonce))) else {
        return Ok(Asked::Nobody);
    };
    let giver = match peer::verified(identity, roots, &offer.bundle, nonce, asked_at, clock.now()) {
        Ok(giver) => giver,
        Err(distrust) => {
            distrust.log("giver");
            return Ok(Asked::Refused);
        }
    };
    let Some((bundle, epoch)) = peer::evidence(identity, answered, clock.now()) else {
        return Ok(Asked::Refused);
    };
    message::put(store, id, Step::Evidence, &Evidence { bundle }).await?;
    let keys: Option<Keys> = answer(store, id, Step::Keys, until).await?;
    let Some(keys) = keys else {
        let refused: Option<message::Refusal> = message::get(store, id, Step::Refusal).await?;
        return Ok(if refused.is_some() { Asked::Refused } else { Asked::Nobody });
    };
    let handover = Handover {
        id: *id,
        giver_answered: nonce,
        newcomer_answered: answered,
        newcomer: *epoch.keyset_hash(),
        giver: giver.keyset_hash(),
    };
    let opened = opened(&handover, &giver, &epoch, &keys);
    if opened.is_none() {
        tracing::error!(
            code = "keys-not-ours",
            "what came as keys was not given by the enclave that offered them"
        );
    }
    Ok(opened.map_or(Asked::Refused, |secrets| Asked::Given(Box::new(secrets))))
}

/// The keys, if the verified giver signed them for this handover and they are its own.
fn opened(handover: &Handover, giver: &VerifiedEnclave, epoch: &Epoch, keys: &Keys) -> Option<Secrets> {
    let (sealed, signature) = keys.opened()?;
    let key = VerifyingKey::from_bytes(giver.result_key()).ok()?;
    key.verify_strict(&handover.signed_bytes(&sealed), &Signature::from_bytes(&signature)).ok()?;
    let secrets = secrets::decode(&handover.open(&epoch.key, &sealed)?)?;
    let public = SigningKey::from_bytes(&secrets.identity.result_key).verifying_key();
    (public == key).then_some(secrets)
}

/// A message, once it is there; none after `until`, or once the handover was refused.
async fn answer<T: DeserializeOwned>(
    store: &dyn Store,
    id: &Id,
    step: Step,
    until: Instant,
) -> Result<Option<T>, StoreError> {
    while Instant::now() < until {
        if let Some(message) = message::get(store, id, step).await? {
            return Ok(Some(message));
        }
        if message::get::<message::Refusal>(store, id, Step::Refusal).await?.is_some() {
            break;
        }
        time::sleep(LOOK).await;
    }
    Ok(None)
}
