//! What a session reads: its account, or the record that its holder's key stands for when that has several.
//!
//! The figures of a record of several accounts are made of what is known of all of them, at the last midnight before the
//! earliest of their instants: rounds are not of one instant, and every account has the prices of a midnight.

use super::{Told, frame, uncollected};
use crate::{
    account::{Account, AccountRecord, Published},
    failure::Failure,
    holder::Record as HolderRecord,
    restatements::Restatement,
    service::Service,
    session::{RecordKey, Session},
    snapshots::Slot,
};
use core::ops::Deref;
use ledger::{Day, Timestamp, record::Record};
use protocol::{
    Code,
    api::{self, Restatements, SnapshotMissed, SnapshotTaken, Snapshots, Sync},
    ledger_file::{self, LedgerFile},
    rfc3339,
    statement::{Frame, Statement},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

/// Misses that are told; `missed` counts all.
const MISSES_TOLD_MAX: usize = 64;

/// What an answer is made of.
pub(super) struct View {
    pub(super) told: Arc<Told>,
    pub(super) sync: Sync,
    pub(super) snapshots: Snapshots,
    pub(super) restatements: Restatements,
    pub(super) restarted_at: Option<String>,
}

/// A record that can be written as a file.
pub(super) struct Exported {
    pub(super) record: Arc<Record>,
    pub(super) frame: Frame,
    pub(super) as_of: Timestamp,
    pub(super) revision: u64,
}

/// Figures of records of several accounts, as they were made last.
#[derive(Default)]
pub(crate) struct Views(Mutex<HashMap<RecordKey, Arc<Together>>>);

/// The accounts of a record together.
struct Together {
    /// Of each account the revision that it was made from.
    of: Vec<([u8; 32], u64)>,
    told: Arc<Told>,
    record: Arc<Record>,
    as_of: Timestamp,
    revision: u64,
}

impl Views {
    /// Forgets the figures of a record.
    pub(crate) fn forget(&self, record: &RecordKey) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(record);
    }
}

/// What a session reads.
pub(super) async fn view(
    service: &Service,
    session: &Session,
    account: &Arc<Account>,
    now: Timestamp,
) -> Result<View, Failure> {
    let record = of_holder(service, session).await?;
    let restarted_at = record.as_ref().and_then(|record| record.restarted_at).map(rfc3339);
    if let Some(record) = record.filter(|record| record.accounts.len() > 1) {
        let (together, accounts) = Box::pin(together(service, session, &record, now)).await?;
        if let Some(together) = together {
            let known: Vec<_> = accounts.iter().map(|account| account.record()).collect();
            let slots = known.iter().flat_map(|known| &known.snapshots);
            let sync = known.iter().map(|known| known.sync(now));
            return Ok(View {
                told: Arc::clone(&together.told),
                sync: sync.max_by_key(|sync| sync.age_seconds.unwrap_or(u64::MAX)).unwrap_or_default(),
                snapshots: snapshots(slots),
                restatements: restatements(accounts.iter().zip(&known)),
                restarted_at,
            });
        }
    }
    let known = account.record();
    let told = match &known.published {
        Some(published) => Arc::clone(&published.told),
        None => {
            let quote = known.record.aggregator.reporting();
            let none = Statement::none(quote, now, uncollected(&known));
            Arc::new(Told::new(none, frame(service.environment, account, &known)))
        }
    };
    let mut sync = known.sync(now);
    if is_unattended(service, account, &known, now) {
        "stopped".clone_into(&mut sync.state);
    }
    let snapshots = snapshots(known.snapshots.iter());
    let restatements = restatements([(account, &known)].into_iter());
    Ok(View { told, sync, snapshots, restatements, restarted_at })
}

/// Whether nobody has a key for an account any more: it went with the process that had it, or its time is over.
fn is_unattended(service: &Service, account: &Account, known: &AccountRecord, now: Timestamp) -> bool {
    let elsewhere = service.vault.store().is_shared() && known.ties.leased_until > now.millis();
    !elsewhere && !service.polls.has(&account.key)
}

/// What a session may write to a file; none while a round changes it.
pub(super) async fn exported(
    service: &Service,
    session: &Session,
    account: &Arc<Account>,
    now: Timestamp,
) -> Result<Option<Exported>, Failure> {
    let record = of_holder(service, session).await?;
    if let Some(record) = record.filter(|record| record.accounts.len() > 1) {
        let (Some(together), _) = Box::pin(together(service, session, &record, now)).await? else {
            return Ok(None);
        };
        let Together { of: _, told, record, as_of, revision } = &*together;
        let (record, frame) = (Arc::clone(record), told.frame().clone());
        return Ok(Some(Exported { record, frame, as_of: *as_of, revision: *revision }));
    }
    let exported = account.record().exported();
    Ok(exported.map(|(published, record)| {
        let Published { told, days: _, as_of, revision, with_under_way: _ } = published;
        Exported { record, frame: told.frame().clone(), as_of, revision }
    }))
}

/// The record of the holder whose session it is.
pub(super) async fn of_holder(service: &Service, session: &Session) -> Result<Option<HolderRecord>, Failure> {
    let Some((_, key)) = &session.terms.holder else { return Ok(None) };
    let Some((record, _)) = service.holders.get(key).await? else { return Ok(None) };
    Ok(Some(record))
}

/// The accounts of a record together, and each of them; none before every one of them was collected.
async fn together(
    service: &Service,
    session: &Session,
    record: &HolderRecord,
    now: Timestamp,
) -> Result<(Option<Arc<Together>>, Vec<Arc<Account>>), Failure> {
    let Some((_, key)) = session.terms.holder else { return Ok((None, Vec::new())) };
    let (mut accounts, mut files, mut of, mut revision) = (Vec::new(), Vec::new(), Vec::new(), 0_u64);
    for (account, registered) in record.accounts() {
        let account = service.accounts.get(account, now).await?;
        if let Some((published, figured)) = account.record().told() {
            of.push((account.key, published.revision));
            revision = revision.saturating_add(published.revision);
            files.push((published, figured, registered));
        }
        accounts.push(account);
    }
    if files.len() < accounts.len() {
        return Ok((None, accounts));
    }
    let known = service.views.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone);
    if let Some(known) = known.filter(|known| known.of == of) {
        return Ok((Some(known), accounts));
    }
    // In a thread of its own: it takes as long as all its accounts together.
    let made = tokio::task::spawn_blocking(move || made(of, files, revision)).await;
    let together = Arc::new(made.ok().flatten().ok_or(Code::Internal)?);
    service.views.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&together));
    Ok((Some(together), accounts))
}

fn made(
    of: Vec<([u8; 32], u64)>,
    files: Vec<(Published, Arc<Record>, Timestamp)>,
    revision: u64,
) -> Option<Together> {
    let files = files.into_iter().map(|(Published { told, as_of, .. }, record, registered)| {
        let mut record = Record::clone(&record);
        for account in record.accounts.values_mut() {
            account.registered = registered;
        }
        LedgerFile { frame: told.frame().clone(), record, as_of }
    });
    let LedgerFile { frame, record, as_of } = ledger_file::merge(files.collect()).ok()?;
    let statement = Statement::of(&record, &record.figures(as_of));
    let told = Arc::new(Told::new(statement, frame));
    Some(Together { of, told, record: Arc::new(record), as_of, revision })
}

/// Snapshots as they stand in answers: how many, the last one, and the latest misses with their causes.
fn snapshots<'a>(slots: impl Iterator<Item = &'a Slot>) -> Snapshots {
    let time = |ms: i64| rfc3339(Timestamp::from_millis(ms));
    let mut slots: Vec<&Slot> = slots.collect();
    slots.sort_by_key(|slot| slot.due);
    let count = |slots: &[&Slot]| u64::try_from(slots.len()).unwrap_or(u64::MAX);
    let (taken, missed): (Vec<&Slot>, Vec<&Slot>) = slots.into_iter().partition(|slot| slot.at.is_some());
    let last = taken.last().and_then(|slot| {
        Some(SnapshotTaken { due: time(slot.due), taken: time(slot.at?), equity: slot.equity.clone() })
    });
    let told = missed.get(missed.len().saturating_sub(MISSES_TOLD_MAX)..).unwrap_or_default();
    let misses = told.iter().filter_map(|slot| {
        let cause = slot.cause?.as_str().to_owned();
        Some(SnapshotMissed { due: time(slot.due), cause })
    });
    Snapshots { taken: count(&taken), missed: count(&missed), last, misses: misses.collect() }
}

/// Restatements as they stand in answers: how many there were, and the latest of each account, by its own numbers.
fn restatements<'a, K: Deref<Target = AccountRecord> + 'a>(
    accounts: impl Iterator<Item = (&'a Arc<Account>, &'a K)>,
) -> Restatements {
    let (mut count, mut list) = (0_u64, Vec::new());
    for (account, known) in accounts {
        count = count.saturating_add(known.restated());
        list.extend(known.restatements.iter().map(|restatement| (account, restatement.clone())));
    }
    list.sort_by_key(|(_, restatement)| restatement.at);
    let told = |(account, Restatement { number, at, from, days, cause }): (&Arc<Account>, Restatement)| {
        api::Restatement {
            account: account.shown.fingerprint.clone(),
            number,
            at: rfc3339(Timestamp::from_millis(at)),
            from: Day::from_number(from).to_string(),
            days,
            cause: cause.as_str().to_owned(),
        }
    };
    Restatements { count, list: list.into_iter().map(told).collect() }
}

impl AccountRecord {
    /// What was published last, and the record that it is of, whatever is being done to it now.
    fn told(&self) -> Option<(Published, Arc<Record>)> {
        let published = self.published.clone()?;
        let record = published.with_under_way.clone().unwrap_or_else(|| Arc::clone(&self.record));
        Some((published, record))
    }
}
