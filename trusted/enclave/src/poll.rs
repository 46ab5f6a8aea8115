//! Lease, then exchange, then record, then figures: a turn of an account, which owns the connector and dies with it.
//!
//! What a round does is in `round.rs`, how long an account rests after it in `rhythm.rs`; here stands what ends a turn, and
//! what ends them all.

mod rhythm;
mod round;

use crate::{
    account::{Account, AccountKey, StopReason, SyncState},
    failure::Failure,
    intake,
    kept::{self, Saving},
    lease::{self, Lease},
    polls::{Held, Rested, Turn},
    publish,
    service::Service,
    session::SessionKey,
    snapshots::{self, Cause},
    store::{Claim, Expect, StoreError, Table, Writes},
};
use exchange::{Class, ExchangeConnector, Finding, KeyRights, Progress, Refusal, Task, VenueError};
use ledger::{Day, Timestamp};
use protocol::{Code, limits};
pub(crate) use rhythm::Seen;
use round::{Round, round};
use std::sync::Arc;

/// What the rounds of an account ran into since the last one that came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strain {
    /// When the venue first refused the key.
    refused_since: Option<Timestamp>,
    /// When rounds began to fail, and at what, as long as the account is not in memory.
    trouble: Option<(Timestamp, Cause)>,
    /// How many failed in a row.
    failures: u32,
}

/// A turn of an account: its round, if it is due, and the ends of its leases. The key is in the connector: it is wiped when
/// this returns without it, or is aborted.
pub(crate) async fn run(service: Arc<Service>, key: AccountKey, turn: Turn) {
    let Turn { number, due, held, mut seat, mut strain, ended } = turn;
    let mut last = None;
    for session in ended {
        forget(&service, &key, &session).await;
        last = Some(StopReason::LeaseEnded);
    }
    let mut in_use = held.as_ref().map(|held| held.session);
    let mut known = held.map(|held| {
        seat = Some(held.seat);
        (held.account, held.connector)
    });
    while let Some((lease, claim)) = service.polls.best(&key, in_use, service.clock.now()) {
        if in_use.replace(lease.session) != Some(lease.session) {
            known = None;
        }
        let Some(place) = seat.take() else {
            // A lease ended, and there is another one: the account rests as it did.
            let rested = Rested { due, soonest: due, held: None, strain };
            return service.polls.rests(key, number, rested);
        };
        let outcome = {
            let polling = with_lease(&service, key, &lease, claim, known.take(), &mut strain);
            tokio::select! {
                outcome = polling => outcome,
                () = service.clock.sleep_until(lease.until) => Outcome::Stop(StopReason::LeaseEnded),
            }
        };
        match outcome {
            Outcome::Rest { due, soonest, known } => {
                let held = known.map(|(account, connector)| Held {
                    session: lease.session,
                    account,
                    connector,
                    seat: place,
                });
                return service.polls.rests(key, number, Rested { due, soonest, held, strain });
            }
            // Another enclave has the account.
            Outcome::Lost => return service.polls.ended(key, number, true, service.clock.now()),
            Outcome::Stop(reason) => {
                service.polls.drop_lease(&key, &lease.session);
                forget(&service, &key, &lease.session).await;
                (last, seat, strain) = (Some(reason), Some(place), Strain::default());
            }
        }
    }
    if let Some((reason, claim)) = last.zip(service.polls.claim(&key)) {
        let _place = service.polls.ending().await;
        stop(&service, key, reason, claim).await;
    }
    service.polls.ended(key, number, false, service.clock.now());
}

/// What a turn with a lease comes to.
enum Outcome {
    /// The account rests until then; until `soonest` even if somebody wants it.
    Rest { due: Timestamp, soonest: Timestamp, known: Option<Known> },
    /// The key may not be used any more.
    Stop(StopReason),
    /// Another enclave polls.
    Lost,
}

/// An account in memory, and the connector that has its key.
type Known = (Arc<Account>, Box<dyn ExchangeConnector>);

/// Deletes the row of a lease that is over. If it cannot be, its `until` ends it all the same.
async fn forget(service: &Service, key: &AccountKey, session: &SessionKey) {
    let mut writes = Writes::new();
    writes.delete(Table::Lease, &lease::row_key(key, session), Expect::Any);
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
}

/// One round with a lease.
async fn with_lease(
    service: &Service,
    key: AccountKey,
    lease: &Lease,
    claim: Claim,
    known: Option<Known>,
    strain: &mut Strain,
) -> Outcome {
    let mut polling = known.map(|(account, connector)| Polling { service, account, connector, claim });
    let outcome = turn(service, key, lease, claim, &mut polling, strain).await;
    let venue = lease.site.name();
    let (now, account) = (service.clock.now(), polling.as_ref().map(|polling| Arc::clone(&polling.account)));
    let at_least =
        |ms: u64| Timestamp::from_millis(now.millis().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)));
    let again = |strain: &Strain| match &account {
        Some(account) => seen(service, account, now).again(&key, now, strain.failures),
        None => at_least(limits::POLL_INTERVAL_S.saturating_mul(1000)),
    };
    strain.failures = strain.failures.saturating_add(1);
    let (due, soonest) = match outcome {
        Ok(()) => {
            *strain = Strain::default();
            service.counters.collection(venue, "ok");
            let due = account.as_ref().map_or(now, |account| seen(service, account, now).next(&key, now));
            (due, due.min(at_least(limits::POLL_INTERVAL_S.saturating_mul(1000))))
        }
        Err(Trouble::Stop(reason)) => return Outcome::Stop(reason),
        Err(Trouble::Store(StoreError::Fenced)) => {
            tracing::warn!(venue, "another enclave has taken an account over");
            return Outcome::Lost;
        }
        Err(Trouble::Venue(error)) => {
            wait(service, polling.as_ref(), venue, Cause::VenueNotAnswering);
            let due = match error {
                VenueError::Permanent(Refusal::Credentials | Refusal::Address) => {
                    // Venues answer the same to a temporary ban: only a second refusal, later, is believed.
                    if strain.refused_since.replace(now).is_some() {
                        return Outcome::Stop(StopReason::Refused);
                    }
                    at_least(limits::KEY_REFUSED_RETRY_S.saturating_mul(1000))
                }
                VenueError::BackOff { retry_after_ms: Some(ms) } => again(strain).max(at_least(ms)),
                _ => again(strain),
            };
            (due, due)
        }
        Err(Trouble::Store(error)) => {
            tracing::error!(%error, "an account could not be written; it is read again and tried again");
            service.counters.store_failed(error);
            wait(service, polling.as_ref(), venue, Cause::StoreUnavailable);
            strain.trouble = troubled(polling.as_ref()).or(strain.trouble);
            // What is in memory may be ahead of what is written: the next round begins with what is written.
            polling = None;
            let due = at_least(limits::STORE_RETRY_S.saturating_mul(1000));
            (due, due)
        }
    };
    // It may have to leave memory before its next round.
    strain.trouble = troubled(polling.as_ref()).or(strain.trouble);
    Outcome::Rest { due, soonest, known: polling.map(|polling| (polling.account, polling.connector)) }
}

/// A round of an account that is in memory, or comes there.
async fn turn<'a>(
    service: &'a Service,
    key: AccountKey,
    lease: &Lease,
    claim: Claim,
    polling: &mut Option<Polling<'a>>,
    strain: &Strain,
) -> Result<(), Trouble> {
    let polling = match polling {
        Some(polling) => polling,
        none => {
            let begun = begin(service, key, lease, claim).await?;
            // Rounds may have begun to fail before it was read again.
            begun.account.record_mut().trouble = strain.trouble;
            none.insert(begun)
        }
    };
    once(polling, lease).await
}

/// When the rounds of an account in memory began to fail, if they do.
fn troubled(polling: Option<&Polling<'_>>) -> Option<(Timestamp, Cause)> {
    polling.and_then(|polling| polling.account.record().trouble)
}

/// What of an account decides how long it rests.
fn seen(service: &Service, account: &Account, now: Timestamp) -> Seen {
    let (key, known) = (&account.key, account.record());
    let read_at = service.accounts.read_at(key);
    Seen {
        changed_at: known.changed_at,
        read_at: if account.events.is_heard() { Some(now) } else { read_at },
        slot: next_slot(service, key, known.settled_until, now),
        key_check: key_check(known.rights_checked),
        accounts: service.polls.len(),
    }
}

/// The first slot of an account that can still be taken, of those that are not settled.
pub(crate) fn next_slot(
    service: &Service,
    key: &AccountKey,
    settled_until: Timestamp,
    now: Timestamp,
) -> Timestamp {
    let late = Timestamp::from_millis(now.millis().saturating_sub(snapshots::LATE_MS_MAX));
    snapshots::next(settled_until.max(late), &|day| slot_hour(service, key, day))
}

/// The hour of a day at which there is a slot that nobody can foresee.
fn slot_hour(service: &Service, key: &AccountKey, day: Day) -> u8 {
    snapshots::hour(&service.vault.id("snapshot", &[key, &day.number().to_be_bytes()]))
}

fn key_check(checked: Timestamp) -> Timestamp {
    Timestamp::from_millis(checked.millis().saturating_add(ms(limits::KEY_CHECK_INTERVAL_S)))
}

/// When an account is due whose polling begins here, by what was written of it.
pub(crate) async fn resumed(service: &Service, key: &AccountKey) -> Result<Timestamp, StoreError> {
    let now = service.clock.now();
    let Some(found) = kept::glance(&service.vault, key).await? else { return Ok(now) };
    let seen = Seen {
        changed_at: found.changed_at,
        read_at: service.accounts.read_at(key),
        slot: next_slot(service, key, found.settled_until, now),
        key_check: key_check(found.rights_checked),
        accounts: service.polls.len(),
    };
    Ok(seen.resumed(key, now, found.collected_at))
}

async fn begin<'a>(
    service: &'a Service,
    key: AccountKey,
    lease: &Lease,
    claim: Claim,
) -> Result<Polling<'a>, Trouble> {
    let (account, cursor) = service.accounts.begin(key, service.clock.now()).await?;
    let connector = lease.connector(&service.markets);
    let mut polling = Polling { service, account, connector, claim };
    if let Some(cursor) = &cursor
        && !polling.connector.resume(cursor)
    {
        // It was read with another key: the venue says whether it is the same account.
        converse(&mut polling, Task::CheckKey, &mut |_, _| {}).await?;
        if !polling.connector.resume(cursor) {
            tracing::warn!(
                venue = lease.site.name(),
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
        tracing::warn!(venue = account.site.name(), ?reason, "a key is no longer used");
        service.counters.collection(account.site.name(), "stopped");
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
    let (service, site) = (polling.service, polling.account.site);
    let class = match (&task, polling.account.record().published.is_some()) {
        (Task::CheckKey, _) => Class::Newcomer,
        (_, true) => Class::Live,
        (_, false) => Class::Backfill,
    };
    service
        .transport
        .converse_as(
            class,
            polling.connector.as_mut(),
            service.clock.as_ref(),
            task,
            &mut |findings, progress| {
                for finding in findings {
                    if let Finding::VenueTime(at) = finding {
                        service.heard_time(site, at);
                    } else {
                        on_finding(finding, progress);
                    }
                }
            },
        )
        .await
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}
