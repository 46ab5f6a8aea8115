//! One round: collect what is new, price what needs a value, apply, ask for the prices that the figures want, and make
//! the figures.
//!
//! They hold as of the beginning of the minute in which the round began, or of the one before where prices are late:
//! everything before it is known, and so are its prices. What is younger waits for the next round, so that no figure depends on when it was read. A fault half-way
//! leaves a record that the next round completes.

mod collection;

use super::{Polling, Trouble, converse, slot_hour};
use crate::{
    account::{Account, AccountRecord, StopReason, SyncState},
    kept::{self, Saving},
    publish,
    restatements::{self, Brought, Days},
    service::Service,
    snapshots::{self, Cause},
    store::{Claim, Writes},
};
use collection::Collection;
use exchange::{AT_PAR, Finding, PriceAt, PriceWanted, Progress, Task, Venue};
use ledger::{Day, Line, Price, PriceSource, Timestamp, minute};
use protocol::{limits, statement::Statement};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Prices that were looked for. `None`: the venue has none; absent: its candle is not closed yet.
type Prices = BTreeMap<PriceWanted, Option<(Price, PriceSource)>>;

/// How a round ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    /// All is known, and the figures are made.
    Whole,
    /// A part of a long history was read: the next one is due at once.
    Part,
}

pub(super) async fn round(polling: &mut Polling<'_>) -> Result<Round, Trouble> {
    let account = Arc::clone(&polling.account);
    let service = polling.service;
    let mut as_of = minute(service.clock.now());
    let mut found = Collection::new(account.site.venue, as_of);
    converse(polling, Task::Collect, &mut |finding, progress| {
        show_progress(&account, (0, 600), progress, service.clock.now());
        found.add(finding, &account.record());
    })
    .await?;

    let wanted = found.prices_wanted(&account.record().record);
    let prices = look_up(polling, wanted, (600, 200)).await?;
    let under_way = core::mem::take(&mut found.under_way);
    let is_part = found.is_part;
    let brought = {
        let mut known = account.record_mut();
        let held = known.held();
        let brought = found.apply(&mut known, &prices);
        if brought != Brought::default() || known.held() != held {
            known.changed_at = service.clock.now();
        }
        brought
    };
    if is_part {
        let cursor = polling.connector.saved();
        return keep_part(service, &account, &cursor, polling.claim).await;
    }
    if !learn(polling, &under_way, as_of).await? {
        // In a thin market a minute may have no candle, and only a minute later it is sure that none is late.
        as_of = Timestamp::from_millis(as_of.millis().saturating_sub(MINUTE_MS));
        learn(polling, &under_way, as_of).await?;
    }

    let record = Arc::clone(&account.record().record);
    // In a thread of its own and under no lock: a long history takes a while.
    let figured = tokio::task::spawn_blocking({
        let under_way = under_way.clone();
        move || {
            let with_under_way = publish::with_under_way(&record, &under_way);
            let figured = with_under_way.as_ref().unwrap_or(&record);
            let figures = figured.figures(as_of);
            let equity = figures.total.1.equity.ok().map(|equity| equity.to_string());
            let days = Arc::new(Days::of(&figures.total.1.days));
            (Statement::of(figured, &figures), days, equity, with_under_way)
        }
    })
    .await;
    let Ok((statement, days, equity, with_under_way)) = figured else {
        return Err(Trouble::Stop(StopReason::Fault));
    };
    {
        let mut known = account.record_mut();
        (known.as_of, known.under_way) = (Some(as_of), under_way);
        settle(polling, &account, &mut known, as_of, equity.as_deref());
        restate(&mut known, &days, brought, as_of);
    }
    // First it is kept, then it is told: what was told is never lost.
    let cursor = polling.connector.saved();
    let saving = Saving {
        what: "round",
        cursor: Some(&cursor),
        claim: Some(polling.claim),
        state: Some(SyncState::Live(service.clock.now())),
        at: service.clock.now(),
    };
    kept::save(&service.vault, &account, saving, Writes::new()).await?;
    let chain = account.record().chain;
    service.anchors.note(account.key, chain);
    let until = statement.as_of().to_owned();
    let revision = publish::publish(service, &account, (statement, days), as_of, with_under_way);
    account.synced(SyncState::Live(service.clock.now()), service.clock.now());
    account.events.figured(&until, revision);
    Ok(Round::Whole)
}

/// Keeps a part of a long history: there are no figures before all of it is there.
async fn keep_part(
    service: &Service,
    account: &Account,
    cursor: &[u8],
    claim: Claim,
) -> Result<Round, Trouble> {
    let at = service.clock.now();
    let saving = Saving { what: "part", cursor: Some(cursor), claim: Some(claim), state: None, at };
    kept::save(&service.vault, account, saving, Writes::new()).await?;
    let chain = account.record().chain;
    service.anchors.note(account.key, chain);
    Ok(Round::Part)
}

/// Takes the snapshots that are due, and tells of those that were missed.
fn settle(
    polling: &Polling<'_>,
    account: &Account,
    known: &mut AccountRecord,
    as_of: Timestamp,
    equity: Option<&str>,
) {
    let service = polling.service;
    let hour_of = |day: Day| slot_hour(service, &account.key, day);
    let ties = &known.ties;
    let is_leased = |slot: &Timestamp| {
        slot.millis() >= ties.leased_from || ties.leased_before.is_some_and(|until| slot.millis() <= until)
    };
    let mut slots = snapshots::due(known.settled_until, as_of, &hour_of);
    slots.retain(is_leased);
    let (started, trouble) = (service.started_at, known.trouble);
    let was_read = known.published.is_some();
    let cause = |slot: Timestamp| match trouble {
        Some((since, cause)) if since <= slot => cause,
        _ if slot < started => Cause::EnclaveDown,
        Some((_, cause)) => cause,
        None if was_read => Cause::EnclaveDown,
        None => Cause::SyncInProgress,
    };
    let settled = snapshots::settle(slots, as_of, equity, &cause);
    settled.iter().for_each(|slot| service.counters.snapshot(slot));
    known.snapshots.extend(settled);
    known.settled_until = known.settled_until.max(as_of);
    known.trouble = None;
}

/// Notes that days which were told are told anew.
fn restate(known: &mut AccountRecord, days: &Days, brought: Brought, as_of: Timestamp) {
    let Some((before, last)) = known.published.as_ref().map(|published| published.days.clone()) else {
        return;
    };
    // A round that could not be kept told nobody: what it restated is restated now, or not at all.
    known.restatements.retain(|restatement| restatement.number <= last);
    if let Some(restatement) = before.restated(days, brought, last, as_of) {
        known.restatements.push(restatement);
        let over = known.restatements.len().saturating_sub(restatements::KEPT_MAX);
        known.restatements.drain(..over);
    }
}

/// Asks for what the figures want until there is nothing more, or for this round enough. `false`: what is held now cannot
/// be valued at this instant yet.
async fn learn(polling: &mut Polling<'_>, under_way: &[Line], as_of: Timestamp) -> Result<bool, Trouble> {
    let account = Arc::clone(&polling.account);
    let mut asked = BTreeSet::new();
    for _ in 0..limits::PRICE_ROUNDS_MAX {
        let wanted: BTreeSet<PriceWanted> = {
            let record = Arc::clone(&account.record().record);
            let record = publish::with_under_way(&record, under_way).unwrap_or(record);
            let wanted = record.wanted(as_of);
            wanted.iter().flat_map(|wanted| PriceWanted::of_record(wanted, record.prices.quote())).collect()
        };
        // What was asked for and not told may have a candle that is late; asking again in this round would not help.
        let fresh: BTreeSet<PriceWanted> = wanted.difference(&asked).cloned().collect();
        if fresh.is_empty() {
            return Ok(!wanted.iter().any(|wanted| is_of_the_minute(wanted, as_of)));
        }
        let prices = look_up(polling, fresh.clone(), (800, 200)).await?;
        asked.extend(fresh);
        remember(&mut account.record_mut(), account.site.venue, prices, as_of);
    }
    Ok(true)
}

/// Prices that were looked up become known: for good, or for the figures of this round.
fn remember(known: &mut AccountRecord, venue: Venue, prices: Prices, as_of: Timestamp) {
    if prices.values().flatten().any(|(_, source)| source.path == [AT_PAR]) {
        known.gap("a price of the dollar in its stablecoins", AT_PAR);
    }
    let AccountRecord { record, waiting, unsaved, .. } = known;
    let record = &mut Arc::make_mut(record).prices;
    for (PriceWanted { asset, at, .. }, price) in prices {
        match at {
            PriceAt::EndOf(day) => {
                unsaved.day(venue, asset.clone(), day, price.clone());
                record.learn_day(asset, day, price);
            }
            PriceAt::Instant(at) | PriceAt::Minute(at) => {
                let age_ms = as_of.millis().saturating_sub(at.millis());
                // A candle may be late, and coarser ones follow: that there is none yet is no last word.
                if age_ms <= MINUTE_MS || (price.is_none() && age_ms <= DAY_MS) {
                    waiting.passing.entry(at).or_default().push((asset.clone(), price.clone()));
                } else {
                    unsaved.minute(venue, asset.clone(), at, price.clone());
                }
                record.learn_at(asset, at, price);
            }
        }
    }
}

/// Whether a price values what is held now.
fn is_of_the_minute(wanted: &PriceWanted, as_of: Timestamp) -> bool {
    match wanted.at {
        PriceAt::Minute(at) => at.millis() >= as_of.millis().saturating_sub(MINUTE_MS),
        PriceAt::Instant(_) | PriceAt::EndOf(_) => false,
    }
}

async fn look_up(
    polling: &mut Polling<'_>,
    wanted: BTreeSet<PriceWanted>,
    part: (u32, u32),
) -> Result<Prices, Trouble> {
    let (account, service) = (Arc::clone(&polling.account), polling.service);
    let mut prices = Prices::new();
    if !wanted.is_empty() {
        let task = Task::Price(wanted.into_iter().collect());
        converse(polling, task, &mut |finding, progress| {
            show_progress(&account, part, progress, service.clock.now());
            if let Finding::Price(wanted, price) = finding {
                prices.insert(wanted, price);
            }
        })
        .await?;
    }
    Ok(prices)
}

/// The first collection is the one that takes long; later ones show nothing.
fn show_progress(account: &Account, (from, share): (u32, u32), progress: Progress, now: Timestamp) {
    let SyncState::Collecting(shown) = account.record().state else { return };
    let done =
        u64::from(share) * u64::from(progress.done.min(progress.total)) / u64::from(progress.total.max(1));
    // More may be discovered on the way; a bar that goes back would only confuse.
    let state = SyncState::Collecting(shown.max(from + u32::try_from(done).unwrap_or(0)));
    account.synced(state, now);
}

#[cfg(test)]
mod tests;
