//! Lease, then exchange, then record, then figures: one task an account, which owns the connector and dies with it.
//!
//! What a round does is in `round.rs`; here stand when there is one, and what ends them.

mod round;

use crate::{
    account::{Account, AccountKey, StopReason, SyncState},
    failure::Failure,
    intake,
    kept::{self, Saving},
    lease::{self, Lease},
    polls::Seat,
    publish,
    service::Service,
    snapshots::Cause,
    store::{Claim, Expect, StoreError, Table, Writes},
};
use exchange::{ExchangeConnector, Finding, KeyRights, Progress, Refusal, Task, VenueError};
use ledger::Timestamp;
use protocol::{Code, limits};
use round::{Round, round};
use std::sync::Arc;

/// Polls an account as long as there is a lease. The keys are in the connectors: they are wiped when this returns or is
/// aborted.
pub(crate) async fn run(service: Arc<Service>, key: AccountKey) {
    let mut last = None;
    while let Some((lease, claim)) = service.polls.best(&key, service.clock.now()) {
        let session = lease.session;
        let reason = {
            // Boxed: while an account rests, its task is small.
            let polling = Box::pin(with_lease(&service, key, &lease, claim));
            tokio::select! {
                reason = polling => reason,
                () = service.clock.sleep_until(lease.until) => Some(StopReason::LeaseEnded),
            }
        };
        // Another enclave has the account.
        let Some(reason) = reason else { return service.polls.ended(&key) };
        service.polls.drop_lease(&key, &session);
        forget(&service, &key, &lease).await;
        last = Some((reason, claim));
    }
    if let Some((reason, claim)) = last {
        stop(&service, key, reason, claim).await;
    }
    service.polls.ended(&key);
}

/// Deletes the row of a lease that is over. If it cannot be, its `until` ends it all the same.
async fn forget(service: &Service, key: &AccountKey, lease: &Lease) {
    let mut writes = Writes::new();
    writes.delete(Table::Lease, &lease::row_key(key, &lease.session), Expect::Any);
    if let Err(error) = service.vault.commit(writes).await {
        tracing::warn!(%error, "the row of a lease that is over could not be deleted; it ends by itself");
    }
}

/// A panic ends the task and wipes the key; what was read stays, and says so.
struct TellsOfPanic<'a>(&'a Account);

impl Drop for TellsOfPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut record = self.0.record_mut();
            record.state = SyncState::Stopped(record.collected_at(), StopReason::Fault);
        }
    }
}

/// An account while it is polled.
pub(crate) struct Polling<'a> {
    pub(crate) service: &'a Service,
    pub(crate) account: Arc<Account>,
    pub(crate) connector: Box<dyn ExchangeConnector>,
    pub(crate) claim: Claim,
    /// Why it may be in memory.
    _seat: Seat<'a>,
}

/// Polls until the key may not be used any more, and says why; `None`: another enclave polls.
async fn with_lease(
    service: &Arc<Service>,
    key: AccountKey,
    lease: &Lease,
    claim: Claim,
) -> Option<StopReason> {
    let mut polling: Option<Polling<'_>> = None;
    let (mut refused_since, mut trouble) = (None, None);
    loop {
        let seat = if polling.is_some() { None } else { service.polls.seat().await };
        // Boxed: what a round needs is there while it runs only.
        let outcome = Box::pin(turn(service, key, lease, claim, seat, &mut polling, trouble)).await;
        let venue = lease.venue.name();
        let wait_s = match outcome {
            Ok(()) => {
                (refused_since, trouble) = (None, None);
                service.counters.collection(venue, "ok");
                limits::POLL_INTERVAL_S
            }
            Err(Trouble::Stop(reason)) => return Some(reason),
            Err(Trouble::Store(StoreError::Fenced)) => {
                tracing::warn!(venue, "another enclave has taken an account over");
                return None;
            }
            Err(Trouble::Venue(VenueError::Permanent(Refusal::Credentials | Refusal::Address))) => {
                // Venues answer the same to a temporary ban: only a second refusal, later, is believed.
                if refused_since.is_some() {
                    return Some(StopReason::Refused);
                }
                refused_since = Some(service.clock.now());
                wait(service, polling.as_ref(), venue, Cause::VenueNotAnswering);
                limits::KEY_REFUSED_RETRY_S
            }
            Err(Trouble::Venue(error)) => {
                wait(service, polling.as_ref(), venue, Cause::VenueNotAnswering);
                match error {
                    VenueError::BackOff { retry_after_ms: Some(ms) } => {
                        ms.div_ceil(1000).max(limits::POLL_INTERVAL_S)
                    }
                    _ => limits::POLL_INTERVAL_S,
                }
            }
            Err(Trouble::Store(error)) => {
                tracing::error!(%error, "an account could not be written; it is read again and tried again");
                service.counters.store_failed(error);
                wait(service, polling.as_ref(), venue, Cause::StoreUnavailable);
                // What is in memory may be ahead of what is written: the next round begins with what is written.
                trouble = left(&mut polling).or(trouble);
                limits::STORE_RETRY_S
            }
        };
        let now = service.clock.now();
        if service.polls.are_seats_taken() {
            // Others may wait for a seat. What this account is comes from its rows again.
            trouble = left(&mut polling).or(trouble);
            service.accounts.leave(&key, now);
        }
        let next = now.millis().saturating_add(ms(wait_s));
        service.clock.sleep_until(Timestamp::from_millis(next)).await;
    }
}

/// A round of an account that is in memory, or comes there.
async fn turn<'a>(
    service: &'a Service,
    key: AccountKey,
    lease: &Lease,
    claim: Claim,
    seat: Seat<'a>,
    polling: &mut Option<Polling<'a>>,
    trouble: Option<(Timestamp, Cause)>,
) -> Result<(), Trouble> {
    let polling = match polling {
        Some(polling) => polling,
        none => {
            let begun = begin(service, key, lease, claim, seat).await?;
            // Rounds may have begun to fail before it was read again.
            begun.account.record_mut().trouble = trouble;
            none.insert(begun)
        }
    };
    once(polling, lease).await
}

/// Lets an account leave memory. When its rounds began to fail, if they do.
fn left(polling: &mut Option<Polling<'_>>) -> Option<(Timestamp, Cause)> {
    polling.take().and_then(|polling| polling.account.record().trouble)
}

async fn begin<'a>(
    service: &'a Service,
    key: AccountKey,
    lease: &Lease,
    claim: Claim,
    seat: Seat<'a>,
) -> Result<Polling<'a>, Trouble> {
    let (account, cursor) = service.accounts.begin(key, service.clock.now()).await?;
    let connector = lease.connector(&service.markets);
    let mut polling = Polling { service, account, connector, claim, _seat: seat };
    if let Some(cursor) = &cursor
        && !polling.connector.resume(cursor)
    {
        // It was read with another key: the venue says whether it is the same account.
        converse(&mut polling, Task::CheckKey, &mut |_, _| {}).await?;
        if !polling.connector.resume(cursor) {
            tracing::warn!(
                venue = lease.venue.name(),
                "what a connector knew cannot be used: it reads all again"
            );
        }
    }
    polling.account.record_mut().trading_accepted = lease.trading_accepted;
    Ok(polling)
}

async fn once(polling: &mut Polling<'_>, lease: &Lease) -> Result<(), Trouble> {
    let account = Arc::clone(&polling.account);
    let _guard = TellsOfPanic(&account);
    let now = polling.service.clock.now();
    if polling.service.vault.store().is_shared()
        && is_revoked(polling.service, &account.key, lease, now).await?
    {
        return Err(Trouble::Stop(StopReason::LeaseEnded));
    }
    let checked = account.record().rights_checked;
    if now.millis().saturating_sub(checked.millis()) >= ms(limits::KEY_CHECK_INTERVAL_S) {
        check_key(polling, lease).await?;
    }
    while round(polling).await? == Round::Part {}
    Ok(())
}

/// Whether another enclave ended the session that the key was given with.
async fn is_revoked(
    service: &Service,
    polled: &AccountKey,
    lease: &Lease,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(match service.sessions.get(lease.session).await? {
        Some(session) => session.state(now) == Err(Code::SessionRevoked),
        // Purged: either it expired, and the key may be used for longer, or its record was erased.
        None => service.vault.get(Table::Lease, &lease::row_key(polled, &lease.session)).await?.is_none(),
    })
}

/// Why a round did not come to its end.
pub(crate) enum Trouble {
    Venue(VenueError),
    Store(StoreError),
    Stop(StopReason),
}

impl From<VenueError> for Trouble {
    fn from(error: VenueError) -> Self {
        Self::Venue(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

fn wait(service: &Service, polling: Option<&Polling<'_>>, venue: &'static str, cause: Cause) {
    tracing::warn!(venue, "an account could not be collected; it is tried again");
    service.counters.collection(venue, "failed");
    let Some(Polling { account, .. }) = polling else { return };
    let now = service.clock.now();
    let collected_at = {
        let mut known = account.record_mut();
        known.trouble.get_or_insert((now, cause));
        known.collected_at()
    };
    account.synced(SyncState::Waiting(collected_at), now);
}

/// No key is used any more.
pub(crate) async fn stop(service: &Service, key: AccountKey, reason: StopReason, claim: Claim) {
    let now = service.clock.now();
    let outcome: Result<(), Failure> = async {
        let account = service.accounts.get(key, now).await?;
        tracing::warn!(venue = account.venue.name(), ?reason, "a key is no longer used");
        service.counters.collection(account.venue.name(), "stopped");
        let collected_at = account.record().collected_at();
        account.synced(SyncState::Stopped(collected_at, reason), now);
        // What the key may do is part of what is published.
        publish::republish(service, &account);
        let (mut ties, version) = kept::ties(&service.vault, &key).await?;
        ties.end(now);
        let mut writes = Writes::new();
        kept::put_ties(&key, &ties, version, &mut writes);
        let saving = Saving { what: "stopped", cursor: None, claim: Some(claim), state: None, at: now };
        kept::save(&service.vault, &account, saving, writes).await?;
        let chain = {
            let mut known = account.record_mut();
            known.ties = ties;
            known.chain
        };
        service.anchors.note(key, chain);
        service.vault.store().withdraw(key).await?;
        Ok(())
    }
    .await;
    if let Err(failure) = outcome {
        tracing::error!(code = failure.code.as_str(), "the end of a lease could not be written");
    }
}

async fn check_key(polling: &mut Polling<'_>, lease: &Lease) -> Result<(), Trouble> {
    let mut rights: Option<KeyRights> = None;
    let account = Arc::clone(&polling.account);
    converse(polling, Task::CheckKey, &mut |finding, _| {
        if let Finding::Rights(found) = finding {
            rights = Some(found);
        }
    })
    .await?;
    let Some(rights) = rights else { return Ok(()) };
    if intake::judge(&rights, lease.trading_accepted).is_err() {
        return Err(Trouble::Stop(StopReason::RightsWidened));
    }
    let mut record = account.record_mut();
    record.rights = rights;
    record.rights_checks = record.rights_checks.saturating_add(1);
    record.rights_checked = polling.service.clock.now();
    Ok(())
}

async fn converse(
    polling: &mut Polling<'_>,
    task: Task,
    on_finding: &mut (dyn FnMut(Finding, Progress) + Send),
) -> Result<(), VenueError> {
    let (service, venue) = (polling.service, polling.account.venue.name());
    service
        .transport
        .converse(polling.connector.as_mut(), service.clock.as_ref(), task, &mut |findings, progress| {
            for finding in findings {
                if let Finding::VenueTime(at) = finding {
                    service.venue_times.heard(venue, at, service.clock.now());
                } else {
                    on_finding(finding, progress);
                }
            }
        })
        .await
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}
