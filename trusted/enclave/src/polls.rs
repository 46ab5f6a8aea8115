//! Who polls: at most one task an account, with the key of one of its leases, as long as there is one and as long as no other
//! enclave does it (DESIGN.md section 6: accounts are taken by lease, with a fencing token that guards every write).
//!
//! Not here: what a round does (`poll.rs`).

use crate::{
    account::{AccountKey, StopReason},
    lease::Lease,
    poll,
    service::Service,
    session::SessionKey,
    store::{Claim, Instance, StoreError, Table},
};
use ledger::Timestamp;
use protocol::limits;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::JoinHandle,
};

/// Leases and the tasks that use them.
pub(crate) struct Polls {
    /// This process, as a holder of claims.
    pub(crate) instance: Instance,
    all: Mutex<HashMap<AccountKey, Polled>>,
    /// As many accounts are in memory to be polled.
    seats: Semaphore,
}

/// The right to have an account in memory, in turns where there are more accounts than room.
pub(crate) type Seat<'a> = Option<SemaphorePermit<'a>>;

#[derive(Default)]
struct Polled {
    leases: BTreeMap<SessionKey, Arc<Lease>>,
    claim: Option<Claim>,
    task: Option<JoinHandle<()>>,
}

/// Accounts that are taken over at once.
const CLAIMS_AT_ONCE: usize = 256;
/// Leases that are read at once.
const LEASES_AT_ONCE: usize = 256;

impl Polls {
    /// Nobody polls yet.
    pub(crate) fn new(instance: Instance) -> Self {
        let seats = Semaphore::new(limits::ACCOUNTS_IN_MEMORY_MAX);
        Self { instance, all: Mutex::default(), seats }
    }

    /// A place in memory, when there is one: who came first is first.
    pub(crate) async fn seat(&self) -> Seat<'_> {
        // Nobody closes them.
        self.seats.acquire().await.ok()
    }

    /// Whether nobody else may take an account into memory.
    pub(crate) fn are_seats_taken(&self) -> bool {
        self.seats.available_permits() == 0
    }

    /// A lease was given: its account is polled with it, or with one that lasts longer.
    pub(crate) fn grant(
        &self,
        service: &Arc<Service>,
        account: AccountKey,
        lease: Lease,
        claim: Option<Claim>,
    ) {
        let mut all = self.lock();
        let polled = all.entry(account).or_default();
        polled.leases.insert(lease.session, Arc::new(lease));
        polled.claim = claim.or(polled.claim);
        if polled.claim.is_some() {
            polled.begin(service, account);
        }
    }

    /// The account of leases that were read was claimed.
    pub(crate) fn claimed(&self, service: &Arc<Service>, claim: Claim) {
        if let Some(polled) = self.lock().get_mut(&claim.account) {
            polled.claim = Some(claim);
            polled.begin(service, claim.account);
        }
    }

    /// The lease that lasts longest, and the right to write.
    pub(crate) fn best(&self, account: &AccountKey, now: Timestamp) -> Option<(Arc<Lease>, Claim)> {
        let mut all = self.lock();
        let polled = all.get_mut(account)?;
        polled.leases.retain(|_, lease| !lease.is_over(now));
        let best = polled.leases.values().max_by_key(|lease| (lease.until, lease.session));
        best.map(Arc::clone).zip(polled.claim)
    }

    /// Whether a key for this account is here.
    pub(crate) fn has(&self, account: &AccountKey) -> bool {
        self.lock().get(account).is_some_and(|polled| !polled.leases.is_empty())
    }

    /// Ends a lease: returns when no task has its key any more. Whether there was one.
    pub(crate) async fn end(
        &self,
        service: &Arc<Service>,
        account: &AccountKey,
        session: &SessionKey,
    ) -> bool {
        let (task, ended) = {
            let mut all = self.lock();
            let Some(polled) = all.get_mut(account) else { return false };
            let ended = polled.leases.remove(session).is_some();
            (if ended { polled.task.take() } else { None }, ended)
        };
        stopped(task).await;
        let claim = {
            let mut all = self.lock();
            let Some(polled) = all.get_mut(account) else { return ended };
            if !polled.leases.is_empty() {
                if ended && polled.claim.is_some() {
                    polled.begin(service, *account);
                }
                return ended;
            }
            all.remove(account).and_then(|polled| polled.claim)
        };
        if let Some(claim) = claim.filter(|_| ended) {
            poll::stop(service, *account, StopReason::LeaseEnded, claim).await;
        }
        ended
    }

    /// A lease is of no use any more; its task says so itself.
    pub(crate) fn drop_lease(&self, account: &AccountKey, session: &SessionKey) {
        if let Some(polled) = self.lock().get_mut(account) {
            polled.leases.remove(session);
        }
    }

    /// The task of an account ends, for want of leases or of the claim.
    pub(crate) fn ended(&self, account: &AccountKey) {
        let mut all = self.lock();
        if let Some(polled) = all.get_mut(account) {
            polled.task = None;
            if polled.leases.is_empty() {
                all.remove(account);
            }
        }
    }

    /// All tasks end, and keys are wiped: the service stops.
    pub(crate) async fn end_all(&self, service: &Service) {
        let all = core::mem::take(&mut *self.lock());
        for polled in all.into_values() {
            stopped(polled.task).await;
        }
        // Others need not wait until the claims have lapsed.
        if let Err(error) = service.vault.store().release(self.instance, None).await {
            tracing::warn!(%error, "claims could not be given back; they lapse");
        }
    }

    /// How many accounts are polled, and how many leases there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let all = self.lock();
        let tasks = all.values().filter(|polled| polled.task.is_some()).count();
        (tasks, all.values().map(|polled| polled.leases.len()).sum())
    }

    /// Says that this enclave lives; stops what another has taken over, and takes over what nobody holds.
    pub(crate) async fn keep_claims(&self, service: &Arc<Service>) -> Result<(), StoreError> {
        let store = service.vault.store();
        let held: HashMap<AccountKey, Claim> =
            store.renew(self.instance).await?.into_iter().map(|claim| (claim.account, claim)).collect();
        let lost: Vec<_> = {
            let mut all = self.lock();
            let lost = all
                .iter_mut()
                .filter(|(key, polled)| polled.claim.is_some_and(|claim| held.get(*key) != Some(&claim)));
            lost.map(|(_, polled)| {
                polled.claim = None;
                polled.task.take()
            })
            .collect()
        };
        for task in lost {
            stopped(task).await;
        }
        for claim in store.claim(self.instance, CLAIMS_AT_ONCE).await? {
            self.take_over(service, claim).await?;
        }
        Ok(())
    }

    /// Begins to poll an account that was claimed, with what leases there are.
    async fn take_over(&self, service: &Arc<Service>, claim: Claim) -> Result<(), StoreError> {
        let account = claim.account;
        self.read_leases(service, &account).await?;
        if self.has(&account) {
            self.claimed(service, claim);
            return Ok(());
        }
        // Whoever had its key had it in memory only.
        service.vault.store().withdraw(account).await
    }

    /// The leases that were kept, of one account or of all.
    pub(crate) async fn read_leases(
        &self,
        service: &Arc<Service>,
        prefix: &[u8],
    ) -> Result<Vec<AccountKey>, StoreError> {
        let (mut accounts, mut after, now) = (Vec::new(), None, service.clock.now());
        loop {
            let found = service.vault.scan(Table::Lease, prefix, after.as_deref(), LEASES_AT_ONCE).await?;
            let is_last = found.len() < LEASES_AT_ONCE;
            for (key, row) in found {
                let (account, lease) = Lease::read(&key, &row.bytes).ok_or(StoreError::Corrupt)?;
                if !lease.is_over(now) {
                    let mut all = self.lock();
                    all.entry(account)
                        .or_default()
                        .leases
                        .entry(lease.session)
                        .or_insert_with(|| Arc::new(lease));
                    accounts.push(account);
                }
                after = Some(key);
            }
            if is_last {
                accounts.dedup();
                return Ok(accounts);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountKey, Polled>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Polled {
    fn begin(&mut self, service: &Arc<Service>, account: AccountKey) {
        if self.task.as_ref().is_none_or(JoinHandle::is_finished) {
            self.task = Some(tokio::spawn(poll::run(Arc::clone(service), account)));
        }
    }
}

/// Returns when a task is gone, and the key with it.
async fn stopped(task: Option<JoinHandle<()>>) {
    if let Some(task) = task {
        task.abort();
        // Its outcome does not matter: cancelled, finished or panicked, it no longer holds the key.
        let _ = task.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::{future::poll_fn, pin::pin, task::Poll};

    #[tokio::test]
    async fn who_comes_when_all_seats_are_taken_has_the_next_that_is_left() {
        let polls = Polls::new([7; 16]);
        let mut seats = Vec::new();
        for _ in 0..limits::ACCOUNTS_IN_MEMORY_MAX {
            assert!(!polls.are_seats_taken());
            seats.push(polls.seat().await);
        }
        assert!(polls.are_seats_taken());
        let mut next = pin!(polls.seat());
        let waits = poll_fn(|context| Poll::Ready(next.as_mut().poll(context).is_pending())).await;
        assert!(waits);
        seats.pop();
        let seat = next.await;
        assert!(seat.is_some() && polls.are_seats_taken());
    }
}
