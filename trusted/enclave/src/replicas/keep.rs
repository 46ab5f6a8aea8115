//! While an enclave runs: it gives keys to who proves what it is, and has those of the next epoch before that begins. With
//! the next epoch go the keys of the rows, and once a month a new one among them, which seals from then on.

use super::{
    epoch_row::{self, Last},
    giver::Giver,
    newcomer::{Asked, ask},
};
use crate::{
    random,
    service::Service,
    store::{self, RingFile, StoreError},
};
use attestation::Roots;
use ledger::Timestamp;
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinHandle, time};

/// Between two looks at the database.
const ROUND: Duration = Duration::from_secs(1);
/// After somebody refused, or did.
const REFUSED: Duration = Duration::from_secs(10);

/// What keeps the keys of this enclave those of all.
pub(crate) struct Keeper {
    service: Arc<Service>,
    file: Arc<RingFile>,
    roots: Roots,
}

impl Keeper {
    pub(crate) fn new(service: Arc<Service>, file: Arc<RingFile>, roots: Roots) -> Arc<Self> {
        Arc::new(Self { service, file, roots })
    }

    /// Until this enclave is one of them no more: it was not given the keys of an epoch that the others have.
    pub(crate) async fn keep(self: Arc<Self>) {
        let (mut giver, mut asking, mut sealing) = (Giver::default(), None, None);
        // The epoch in which this enclave began to seal with the keys that it has.
        let mut since = self.service.identity.present().number();
        loop {
            let Service { vault, identity, clock, .. } = &*self.service;
            let given = giver.round(vault, identity, &self.roots, clock.now()).await;
            let kept = self.keep_epoch(&mut asking).await;
            match given.and(kept) {
                Ok(is_behind) if is_behind && identity.is_over(clock.now()) => {
                    tracing::error!(
                        code = "keys-withheld",
                        "the others have keys that they did not give to this enclave, whose own are over: it stops"
                    );
                    return;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the database does not say which keys are in use; it is tried again");
                }
            }
            let present = identity.present().number();
            // What may be an older copy is left as it is.
            if self.service.anchors.admit().is_err() {
                time::sleep(ROUND).await;
                continue;
            }
            if identity.newest() == present && vault.seal_with_newest().await {
                since = present;
            }
            // A whole epoch later nobody seals with older keys any more.
            if present > since && sealing.as_ref().is_none_or(JoinHandle::is_finished) {
                since = present;
                sealing = Some(tokio::spawn(Arc::clone(&self).seal_anew()));
            }
            time::sleep(ROUND).await;
        }
    }

    async fn seal_anew(self: Arc<Self>) {
        if let Err(error) = store::seal_anew(&self.service.vault, &self.file).await {
            tracing::error!(
                "rows could not be sealed anew; it is tried again with the next epoch: {error:#}"
            );
        }
    }

    /// Founds the next epoch when it is time, or asks for the one that another enclave founded. Whether that is missing.
    async fn keep_epoch(
        self: &Arc<Self>,
        asking: &mut Option<JoinHandle<Result<(), StoreError>>>,
    ) -> Result<bool, StoreError> {
        let (identity, now) = (&self.service.identity, self.service.clock.now());
        let last = epoch_row::read(&self.service.vault, identity).await?.ok_or(StoreError::Corrupt)?;
        let newest = identity.newest();
        if last.number > newest {
            if last.is_ours && asking.as_ref().is_none_or(JoinHandle::is_finished) {
                *asking = Some(tokio::spawn(Arc::clone(self).fetch(last)));
            }
        } else if newest > last.number {
            // A certificate began it, or the database was put back.
            self.publish(&last, newest, None).await?;
        } else if identity.wants_next(now) {
            let keys = self.next_keys(now).await?;
            let number = identity.plan(last.number, now);
            self.publish(&last, number, keys).await?;
        }
        Ok(last.number > newest)
    }

    /// New keys for the rows, if it is time: they go to the others with the next epoch.
    async fn next_keys(&self, now: Timestamp) -> Result<Option<u32>, StoreError> {
        let vault = &self.service.vault;
        if !store::is_due(vault, now).await? {
            return Ok(None);
        }
        let added = vault.add_keys(random::bytes(), |ring| self.file.save(ring)).await;
        Ok(added.unwrap_or_else(|error| {
            tracing::error!("the keys of the store could not be replaced: {error:#}");
            None
        }))
    }

    /// Says that there is a next epoch; takes all of it back if another enclave was faster.
    async fn publish(&self, last: &Last, number: u64, keys: Option<u32>) -> Result<(), StoreError> {
        let Service { vault, identity, .. } = &*self.service;
        let written = epoch_row::write(vault, identity, Some(last), number).await;
        if written != Err(StoreError::Conflict) {
            return written;
        }
        identity.withdraw(number);
        if let Some(keys) = keys
            && let Err(error) = vault.drop_unused(keys, |ring| self.file.save(ring)).await
        {
            tracing::error!("new keys of the store could not be taken back: {error:#}");
        }
        Ok(())
    }

    /// Asks for the epoch that another enclave founded. Where nobody has it any more, founds the one after it.
    async fn fetch(self: Arc<Self>, last: Last) -> Result<(), StoreError> {
        let Service { vault, identity, clock, .. } = &*self.service;
        match ask(vault.store().as_ref(), identity, &self.roots, clock.as_ref()).await? {
            Asked::Given(secrets) => {
                // The rows' keys first: another enclave seals with them once the epoch has begun.
                match vault.take_keys(secrets.ring, |ring| self.file.save(ring)).await {
                    Ok(true) if identity.learn(secrets.identity) => {
                        tracing::info!("the keys of the next epoch came from another enclave");
                    }
                    Ok(_) => {}
                    Err(error) => tracing::error!("the keys of the store could not be kept: {error:#}"),
                }
            }
            Asked::Nobody => {
                let number = identity.plan(last.number, clock.now());
                self.publish(&last, number, None).await?;
            }
            Asked::Refused => time::sleep(REFUSED).await,
        }
        Ok(())
    }
}
