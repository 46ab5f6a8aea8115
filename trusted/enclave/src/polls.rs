//! Who polls: at most one task an account, with the key of one of its leases, as long as there is one and as long as no other
//! enclave does it (DESIGN.md section 6: accounts are taken by lease, with a fencing token that guards every write).
//!
//! There is a task while an account is polled. While it rests it is an entry of the schedule, and [`drive`] hands it out
//! again when it is due and there is a seat.
//!
//! Not here: what a round does (`poll.rs`), and how long an account rests (`poll/rhythm.rs`).

mod calls;
mod seats;
mod schedule;
mod state;

pub(crate) use state::{Held, Rested, Turn};

use crate::{
    account::{AccountKey, StopReason},
    lease::Lease,
    poll::{self, Strain},
    service::Service,
    session::SessionKey,
    store::{Claim, Instance, StoreError, Table},
};
use ledger::Timestamp;
use seats::Seats;
use state::{Interrupted, Stage, State, stopped};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// Leases, and who uses them when.
pub(crate) struct Polls {
    /// This process, as a holder of claims.
    pub(crate) instance: Instance,
    state: Mutex<State>,
    seats: Seats,
    endings: Semaphore,
    /// Told when something may be due earlier than it was, or a seat is free.
    changed: Arc<Notify>,
}

/// Accounts that are taken over at once.
const CLAIMS_AT_ONCE: usize = 256;
/// Leases that are read at once.
const LEASES_AT_ONCE: usize = 256;
/// Accounts whose last lease is over are written as such by so many at once: each comes into memory for it.
const ENDINGS_AT_ONCE: usize = 16;

impl Polls {
    /// Nobody polls yet.
    pub(crate) fn new(instance: Instance) -> Self {
        let changed = Arc::<Notify>::default();
        let (seats, endings) = (Seats::new(Arc::clone(&changed)), Semaphore::new(ENDINGS_AT_ONCE));
        Self { instance, state: Mutex::default(), seats, endings, changed }
    }

    /// A lease was given: its account is polled with it, or with one that is there already.
    pub(crate) fn grant(&self, service: &Service, account: AccountKey, lease: Lease, claim: Option<Claim>) {
        let mut state = self.lock();
        let polled = state.accounts.entry(account).or_default();
        polled.leases.retain(|known| known.session != lease.session);
        polled.leases.push(Arc::new(lease));
        polled.token = claim.map(|claim| claim.token).or(polled.token);
        state.begin(account, service.clock.now());
        drop(state);
        self.changed.notify_one();
    }

    /// The account of leases that were read was claimed, and is due then.
    pub(crate) fn claimed(&self, claim: Claim, due: Timestamp) {
        let mut state = self.lock();
        let Some(polled) = state.accounts.get_mut(&claim.account) else { return };
        polled.token = Some(claim.token);
        state.begin(claim.account, due);
        drop(state);
        self.changed.notify_one();
    }

    /// The lease to use, of `session` while that lasts and else the one that lasts longest, and the right to write.
    pub(crate) fn best(
        &self,
        account: &AccountKey,
        session: Option<SessionKey>,
        now: Timestamp,
    ) -> Option<(Arc<Lease>, Claim)> {
        let mut state = self.lock();
        let polled = state.accounts.get_mut(account)?;
        polled.leases.retain(|lease| !lease.is_over(now));
        let used = polled.leases.iter().find(|lease| Some(lease.session) == session);
        let best = used.or_else(|| polled.leases.iter().max_by_key(|lease| (lease.until, lease.session)));
        best.map(Arc::clone).zip(polled.claim(account))
    }

    /// The right to write for an account.
    pub(crate) fn claim(&self, account: &AccountKey) -> Option<Claim> {
        self.lock().accounts.get(account).and_then(|polled| polled.claim(account))
    }

    /// Whether a key for this account is here.
    pub(crate) fn has(&self, account: &AccountKey) -> bool {
        self.lock().accounts.get(account).is_some_and(|polled| !polled.leases.is_empty())
    }

    /// Somebody wants to know of an account: if it rests for long, it does no more. Whether it is polled here.
    pub(crate) fn wanted(&self, account: AccountKey) -> bool {
        let mut state = self.lock();
        let Some(polled) = state.accounts.get_mut(&account) else { return false };
        let is_here = polled.token.is_some();
        let Stage::Resting(rest) = &mut polled.stage else { return is_here };
        if rest.soonest < rest.due {
            let before = *rest;
            rest.due = rest.soonest;
            let rest = *rest;
            state.schedule.take(account, before);
            state.schedule.put(account, rest);
        }
        is_here
    }

    /// A turn is over, and the account rests.
    pub(crate) fn rests(&self, account: AccountKey, turn: u64, rested: Rested) {
        let Rested { due, soonest, held, strain } = rested;
        let mut state = self.lock();
        let State { accounts, schedule, held: all_held, .. } = &mut *state;
        // One that was ended meanwhile has nothing to say any more, and its key is wiped here.
        let Some(polled) = accounts.get_mut(&account).filter(|polled| polled.is_in(turn)) else { return };
        polled.strain = (strain != Strain::default()).then(|| Box::new(strain));
        let is_held = held.is_some();
        let is_first = polled.rest(account, due, soonest, is_held, schedule);
        if let (Some(held), Stage::Resting(_)) = (held, &polled.stage) {
            all_held.insert(account, held);
        }
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
    }

    /// Ends a lease: returns when nothing has its key any more. Whether there was one.
    pub(crate) async fn end(
        &self,
        service: &Arc<Service>,
        account: &AccountKey,
        session: &SessionKey,
    ) -> bool {
        let (stopped, ended) = {
            let mut state = self.lock();
            let Some(polled) = state.accounts.get_mut(account) else { return false };
            let before = polled.leases.len();
            polled.leases.retain(|lease| lease.session != *session);
            let ended = polled.leases.len() < before;
            (if ended { state.interrupt(account) } else { Interrupted::default() }, ended)
        };
        stopped.gone().await;
        let claim = {
            let mut state = self.lock();
            let Some(polled) = state.accounts.get(account) else { return ended };
            if !polled.leases.is_empty() {
                if ended {
                    state.begin(*account, service.clock.now());
                    drop(state);
                    self.changed.notify_one();
                }
                return ended;
            }
            let claim = polled.claim(account);
            drop(state.interrupt(account));
            state.accounts.remove(account);
            claim
        };
        if let Some(claim) = claim.filter(|_| ended) {
            poll::stop(service, *account, StopReason::LeaseEnded, claim).await;
        }
        ended
    }

    /// A lease is of no use any more; its task says so itself.
    pub(crate) fn drop_lease(&self, account: &AccountKey, session: &SessionKey) {
        if let Some(polled) = self.lock().accounts.get_mut(account) {
            polled.leases.retain(|lease| lease.session != *session);
        }
    }

    /// The turn of an account is over for want of leases, or because the claim was lost.
    pub(crate) fn ended(&self, account: AccountKey, turn: u64, lost: bool, now: Timestamp) {
        let mut state = self.lock();
        let Some(polled) = state.accounts.get_mut(&account).filter(|polled| polled.is_in(turn)) else {
            return;
        };
        polled.stage = Stage::Away;
        if polled.leases.is_empty() {
            state.accounts.remove(&account);
        } else if lost {
            polled.token = None;
        } else {
            // One was given meanwhile.
            state.begin(account, now);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// A place among those that write the end of an account's leases.
    pub(crate) async fn ending(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes them.
        self.endings.acquire().await.ok()
    }

    /// All tasks end, and keys are wiped: the service stops.
    pub(crate) async fn end_all(&self, service: &Service) {
        let State { accounts, held, .. } = core::mem::take(&mut *self.lock());
        drop(held);
        for polled in accounts.into_values() {
            if let Stage::Polling { task, .. } = polled.stage {
                stopped(task).await;
            }
        }
        // Others need not wait until the claims have lapsed.
        if let Err(error) = service.vault.store().release(self.instance, None).await {
            tracing::warn!(%error, "claims could not be given back; they lapse");
        }
    }

    /// How many accounts are polled, and how many leases there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        let polled = state.accounts.values().filter(|polled| !matches!(polled.stage, Stage::Away)).count();
        (polled, state.accounts.values().map(|polled| polled.leases.len()).sum())
    }

    /// How many accounts have a lease.
    pub(crate) fn len(&self) -> usize {
        self.lock().accounts.len()
    }

    /// How long ago the account was due that waits longest for its round, or is in it; in whole seconds.
    pub(crate) fn lag_s(&self, now: Timestamp) -> i64 {
        let state = self.lock();
        let since = state.accounts.values().filter_map(|polled| polled.waits_since(now)).min();
        since.map_or(0, |since| now.millis().saturating_sub(since.millis()).max(0) / 1000)
    }

    /// Says that this enclave lives; stops what another has taken over, and takes over what nobody holds.
    pub(crate) async fn keep_claims(&self, service: &Arc<Service>) -> Result<(), StoreError> {
        let store = service.vault.store();
        let held: HashMap<AccountKey, Claim> =
            store.renew(self.instance).await?.into_iter().map(|claim| (claim.account, claim)).collect();
        let lost: Vec<_> = {
            let mut state = self.lock();
            let ours = state.accounts.iter().filter_map(|(key, polled)| polled.claim(key));
            let lost: Vec<_> = ours.filter(|claim| held.get(&claim.account) != Some(claim)).collect();
            let interrupted = lost.iter().map(|claim| {
                let stopped = state.interrupt(&claim.account);
                if let Some(polled) = state.accounts.get_mut(&claim.account) {
                    polled.token = None;
                }
                stopped
            });
            interrupted.collect()
        };
        for stopped in lost {
            stopped.gone().await;
        }
        for claim in store.claim(self.instance, CLAIMS_AT_ONCE).await? {
            self.take_over(service, claim).await?;
        }
        let called = calls::heard(service).await?;
        if !called.is_empty() {
            for account in called {
                self.wanted(account);
            }
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Begins to poll an account that was claimed, with what leases there are.
    async fn take_over(&self, service: &Arc<Service>, claim: Claim) -> Result<(), StoreError> {
        let account = claim.account;
        self.read_leases(service, &account).await?;
        if self.has(&account) {
            self.claimed(claim, poll::resumed(service, &account).await?);
            return Ok(());
        }
        // Whoever had its key had it in memory only.
        service.vault.store().withdraw(account).await
    }

    /// The leases that were kept, of one account or of all.
    pub(crate) async fn read_leases(
        &self,
        service: &Service,
        prefix: &[u8],
    ) -> Result<Vec<AccountKey>, StoreError> {
        let (mut accounts, mut after, now) = (Vec::new(), None, service.clock.now());
        loop {
            let found = service.vault.scan(Table::Lease, prefix, after.as_deref(), LEASES_AT_ONCE).await?;
            let is_last = found.len() < LEASES_AT_ONCE;
            for (key, row) in found {
                let (account, lease) = Lease::read(&key, &row.bytes).ok_or(StoreError::Corrupt)?;
                if !lease.is_over(now) {
                    let mut state = self.lock();
                    let leases = &mut state.accounts.entry(account).or_default().leases;
                    if leases.iter().all(|known| known.session != lease.session) {
                        leases.push(Arc::new(lease));
                    }
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

    /// Gives tasks to those that are due, as long as there are seats. When to look again.
    fn hand_out<F: Future<Output = ()> + Send + 'static>(
        &self,
        service: &Arc<Service>,
        now: Timestamp,
        work: &impl Fn(Arc<Service>, AccountKey, Turn) -> F,
    ) -> Option<Timestamp> {
        let mut left = Vec::new();
        let next = {
            let mut state = self.lock();
            let start = |key: AccountKey, turn: Turn| tokio::spawn(work(Arc::clone(service), key, turn));
            while let Some(key) = state.schedule.over(now) {
                state.start(key, None, now, start);
            }
            while let Some(key) = state.schedule.due(now) {
                let mut seat = None;
                if !state.held.contains_key(&key) {
                    seat = self.seats.take().or_else(|| state.make_room(&mut left));
                    if seat.is_none() {
                        break;
                    }
                }
                state.start(key, seat, now, start);
            }
            state.schedule.next(now)
        };
        // Keys are wiped and histories freed without anybody waiting for it.
        for (key, account) in left {
            drop(account);
            service.accounts.leave(&key, now);
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands out accounts as they come due, for ever. `work` is what is done in a turn.
pub(crate) async fn drive<F: Future<Output = ()> + Send + 'static>(
    service: Arc<Service>,
    work: impl Fn(Arc<Service>, AccountKey, Turn) -> F + Send + Sync,
) {
    loop {
        let mut elsewhere = service.accounts.arrivals();
        elsewhere.retain(|account| !service.polls.wanted(*account));
        if service.vault.store().is_shared() && !elsewhere.is_empty() {
            let service = Arc::clone(&service);
            tokio::spawn(async move { calls::call(&service, &elsewhere).await });
        }
        let next = service.polls.hand_out(&service, service.clock.now(), &work);
        let due = async {
            match next {
                Some(at) => service.clock.sleep_until(at).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = service.polls.changed.notified() => {}
            () = service.accounts.arrived() => {}
        }
    }
}

#[cfg(test)]
mod tests;
