//! One budget for everybody (EXCHANGES.md section 1, rule 10; section 2, Budgets).
//!
//! A budget counts the weight sent in the venue's minute. The venue's own count, in its answers, overrules ours
//! when it is higher: others may share the address. Who waits stands in line and has one request in it, so all of one
//! class take turns. Classes have lines of their own, and a share that they never pass: what first collections and
//! keys that are still to be checked leave of our address's budgets is for accounts that are read already.
//!
//! Only a venue that tells what is used up counts by the minute. Others count in windows of seconds, or let a counter fall,
//! and send away, or ban, whoever spends a minute at once: there requests are spread over it.

use crate::{Clock, Request, VenueError, clock::within, request::Cost, retry};
use ledger::Timestamp;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Mutex as Line;

/// What is used of our address's budgets; the rest is for what we do not know of.
const SHARED_PERCENT: u32 = 90;
/// What is used of an account's own budget.
const OWN_PERCENT: u32 = 100;
/// What is used at an even pace: whole requests fit into a window whose edges we do not know.
const EVEN_PERCENT: u32 = 90;
/// What keys that are not accepted yet may use: strangers' junk must not starve those who are.
const NEWCOMERS_PERCENT: u32 = 20;
/// What first collections may use of our address's budgets. With newcomers at their most a ninth of what is used at all is
/// left for everybody else, and a third without them.
const BACKFILL_PERCENT: u32 = 60;
/// How much of an even pace may be spent at once: little where a venue allows more than one request a second, and may count by
/// the second, and three quarters of a minute where it does not, as a counter that falls does (Kraken's is 15 high).
const AHEAD_US: (i64, i64) = (100_000, 45_000_000);
/// Up to which weight a minute a venue counts by no shorter time.
const SLOW_PER_MINUTE: u32 = 60;
/// A new minute of the venue is trusted only so long after it began by our reckoning.
const MARGIN_MS: i64 = 500;
/// Budgets of accounts that nobody uses are dropped beyond this many.
const BUDGETS_MAX: usize = 4096;
const MINUTE_MS: i64 = 60_000;

/// For what somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// News of an account whose history is read.
    Live,
    /// The history of an account.
    Backfill,
    /// What a key may do that is not accepted yet.
    Newcomer,
}

/// Whoever asks: by which clock, until when, and for what.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) clock: &'a dyn Clock,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) class: Class,
}

impl Asker<'_> {
    /// Waits, unless the asker would be gone by then.
    pub(crate) async fn wait_until(&self, at: Timestamp, otherwise: VenueError) -> Result<(), VenueError> {
        if self.deadline.is_some_and(|deadline| at > deadline) {
            return Err(otherwise);
        }
        self.clock.sleep_until(at).await;
        Ok(())
    }
}

type Key = (&'static str, &'static str, u64);

/// All budgets.
#[derive(Default)]
pub(crate) struct Paces {
    budgets: Mutex<BTreeMap<Key, Arc<Budget>>>,
    hosts: Mutex<BTreeMap<&'static str, Host>>,
}

#[derive(Clone, Copy, Default)]
struct Host {
    /// Venue time minus ours: its minutes begin by it.
    offset_ms: i64,
    banned_until_ms: i64,
}

#[derive(Default)]
struct Budget {
    /// Those of one class hold up nobody of another.
    lines: ByClass<Line<()>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    minute: i64,
    used: u32,
    used_by: ByClass<u32>,
    in_flight: u32,
    blocked_until_ms: i64,
    /// Until when the weight reaches that was taken, at an even pace; microseconds.
    paced_until_us: i64,
}

/// One of each class.
#[derive(Default)]
struct ByClass<T> {
    live: T,
    backfill: T,
    newcomer: T,
}

impl<T> ByClass<T> {
    fn of(&self, class: Class) -> &T {
        match class {
            Class::Live => &self.live,
            Class::Backfill => &self.backfill,
            Class::Newcomer => &self.newcomer,
        }
    }

    fn of_mut(&mut self, class: Class) -> &mut T {
        match class {
            Class::Live => &mut self.live,
            Class::Backfill => &mut self.backfill,
            Class::Newcomer => &mut self.newcomer,
        }
    }
}

/// Leave to send one request. Dropped unsent, it gives the weight back.
pub(crate) struct Ticket {
    budget: Arc<Budget>,
    weight: u32,
    class: Class,
    minute: i64,
    /// Whether time passed meanwhile, so that a signature has aged.
    pub(crate) waited: bool,
    sent: bool,
}

impl Paces {
    /// Waits for room in the request's budget.
    pub(crate) async fn admit(&self, request: &Request, asker: Asker<'_>) -> Result<Ticket, VenueError> {
        let cost = request.cost;
        let budget = self.budget(request.host, cost);
        let line = budget.lines.of(asker.class);
        let mut waited = false;
        let _turn = match (line.try_lock(), asker.deadline) {
            (Ok(turn), _) => turn,
            (Err(_), None) => line.lock().await,
            (Err(_), Some(deadline)) => within(asker.clock, deadline, line.lock())
                .await
                .ok_or(VenueError::BackOff { retry_after_ms: Some(retry::UNTOLD_MS) })?,
        };
        loop {
            let now_ms = asker.clock.now().millis();
            let host = locked(&self.hosts).get(request.host).copied().unwrap_or_default();
            let Err(until_ms) = budget.take(cost, asker.class, now_ms, host) else {
                let minute = (now_ms + host.offset_ms).div_euclid(MINUTE_MS);
                let (weight, class) = (cost.weight, asker.class);
                return Ok(Ticket {
                    budget: Arc::clone(&budget),
                    weight,
                    class,
                    minute,
                    waited,
                    sent: false,
                });
            };
            let left_ms = u64::try_from(until_ms - now_ms).unwrap_or(0);
            let busy = VenueError::BackOff { retry_after_ms: Some(left_ms) };
            if left_ms > retry::TOLD_MS_MAX {
                return Err(busy);
            }
            asker.wait_until(Timestamp::from_millis(until_ms), busy).await?;
            waited = true;
        }
    }

    /// The venue sent us away: nobody uses this budget until then, nor the whole host if it banned us (418).
    pub(crate) fn block(&self, request: &Request, banned: bool, until: Timestamp) {
        if banned {
            let mut hosts = locked(&self.hosts);
            let host = hosts.entry(request.host).or_default();
            host.banned_until_ms = host.banned_until_ms.max(until.millis());
        }
        let budget = self.budget(request.host, request.cost);
        let mut state = locked(&budget.state);
        state.blocked_until_ms = state.blocked_until_ms.max(until.millis());
    }

    /// A host told its time.
    pub(crate) fn heard_time(&self, host: &'static str, venue: Timestamp, ours: Timestamp) {
        locked(&self.hosts).entry(host).or_default().offset_ms = venue.millis() - ours.millis();
    }

    /// The budgets of our address, each with the weight that the running minute has used.
    pub(crate) fn shared(&self) -> Vec<(&'static str, &'static str, u32)> {
        let budgets = locked(&self.budgets);
        let shared = budgets.iter().filter(|((.., account), _)| *account == 0);
        shared.map(|((host, name, _), budget)| (*host, *name, locked(&budget.state).used)).collect()
    }

    fn budget(&self, host: &'static str, cost: Cost) -> Arc<Budget> {
        let mut budgets = locked(&self.budgets);
        if budgets.len() > BUDGETS_MAX {
            budgets.retain(|(.., account), budget| *account == 0 || Arc::strong_count(budget) > 1);
        }
        Arc::clone(budgets.entry((host, cost.budget, cost.account)).or_default())
    }
}

impl Budget {
    /// Takes the weight, or tells when to try again.
    fn take(&self, cost: Cost, class: Class, now_ms: i64, host: Host) -> Result<(), i64> {
        let state = &mut *locked(&self.state);
        let blocked_until_ms = state.blocked_until_ms.max(host.banned_until_ms);
        if now_ms < blocked_until_ms {
            return Err(blocked_until_ms);
        }
        let minute = (now_ms + host.offset_ms).div_euclid(MINUTE_MS);
        if minute != state.minute {
            // What is still under way may be counted in the new minute.
            (state.minute, state.used, state.used_by) = (minute, state.in_flight, ByClass::default());
        }
        let fits = |used: u32, percent: u32| {
            let planned = u64::from(cost.limit_per_minute) * u64::from(percent) / 100;
            used == 0 || u64::from(used) + u64::from(cost.weight) <= planned
        };
        let is_shared = cost.account == 0;
        let planned = if is_shared { SHARED_PERCENT } else { OWN_PERCENT };
        let share = match class {
            Class::Live => planned,
            Class::Backfill if is_shared => BACKFILL_PERCENT,
            Class::Backfill => planned,
            Class::Newcomer => NEWCOMERS_PERCENT,
        };
        let used_by = state.used_by.of_mut(class);
        if !fits(state.used, planned) || !fits(*used_by, share) {
            return Err((minute + 1) * MINUTE_MS - host.offset_ms + MARGIN_MS);
        }
        if let Some(spread_us) = spread_us(cost, planned.min(EVEN_PERCENT)) {
            let now_us = now_ms.saturating_mul(1000);
            let ahead_us = if cost.limit_per_minute <= SLOW_PER_MINUTE { AHEAD_US.1 } else { AHEAD_US.0 };
            let free_us = state.paced_until_us.saturating_sub(ahead_us);
            if free_us > now_us {
                return Err(free_us.saturating_add(999) / 1000);
            }
            state.paced_until_us = state.paced_until_us.max(now_us).saturating_add(spread_us);
        }
        *used_by = used_by.saturating_add(cost.weight);
        state.used = state.used.saturating_add(cost.weight);
        state.in_flight = state.in_flight.saturating_add(cost.weight);
        Ok(())
    }
}

/// For how long a request's weight lasts at an even pace; `None`: the venue counts by the minute, and tells.
fn spread_us(cost: Cost, percent: u32) -> Option<i64> {
    let weight_us = i64::from(cost.weight).saturating_mul(MINUTE_MS * 1000 * 100);
    let planned = i64::from(cost.limit_per_minute).saturating_mul(i64::from(percent));
    weight_us.checked_div(planned).filter(|_| cost.used_header.is_empty())
}

impl Ticket {
    /// The request went out: its weight is spent, whatever becomes of it.
    pub(crate) fn sent(&mut self) {
        self.sent = true;
    }

    /// The answer is here, and in it what the venue counted.
    pub(crate) fn answered(self, told: Option<u32>) {
        let budget = Arc::clone(&self.budget);
        drop(self);
        let mut state = locked(&budget.state);
        state.used = state.used.max(told.unwrap_or(0).saturating_add(state.in_flight));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = locked(&self.budget.state);
        state.in_flight = state.in_flight.saturating_sub(self.weight);
        if !self.sent && state.minute == self.minute {
            state.used = state.used.saturating_sub(self.weight);
            let used_by = state.used_by.of_mut(self.class);
            *used_by = used_by.saturating_sub(self.weight);
        }
    }
}

/// No holder of these locks can leave a half-made change.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
