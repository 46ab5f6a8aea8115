//! A collection: what to read next, until nothing is left to read.

use super::{
    Digest, List, Markets, Plan, Rows,
    known::Known,
    walk::{Step, Walk, Window},
};
use crate::{
    Balance, Finding, Holding, Progress, Question, Reach, Refusal, Said, VenueError, prices::earliest,
};
use ledger::{Asset, Decimal, Timestamp, record::Gap};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Lists that were read until then are as new as balances.
const FRESH_MS: i64 = 120_000;
/// Lists are read on so often at most; then they are as new as they can be.
const PLANS_MAX: u32 = 4;
/// What is read again of a list that was read in this very round.
const SHORT_OVERLAP_MS: i64 = 600_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Balances: an account that cannot be read at all is no long walk.
    Opening,
    /// The lists.
    Walking,
    /// Balances, which show what the lists told.
    Closing,
    Finished,
}

/// One round.
pub(crate) struct Collect {
    stage: Stage,
    walks: VecDeque<Walk>,
    /// How often the lists were planned, and until when they are read.
    plans: u32,
    planned: Timestamp,
    done: u32,
    rows: Rows,
    refused: BTreeSet<&'static str>,
}

impl Collect {
    pub(crate) fn new() -> Self {
        Self {
            stage: Stage::Opening,
            walks: VecDeque::new(),
            plans: 0,
            planned: Timestamp::from_millis(i64::MIN),
            done: 0,
            rows: Rows::default(),
            refused: BTreeSet::new(),
        }
    }

    /// Whether a part of it was read, and may be gone on with after a failure.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Walking | Stage::Closing)
    }

    /// What to ask for now.
    pub(crate) fn next(&self, plan: &dyn Plan) -> Option<Question<'static>> {
        match self.stage {
            Stage::Opening | Stage::Closing => Some(plan.balances()),
            Stage::Walking => self.walks.front().map(Walk::question),
            Stage::Finished => None,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let more = usize::from(self.stage != Stage::Finished);
        let left = u32::try_from(self.walks.len() + more).unwrap_or(u32::MAX);
        Progress { done: self.done, total: self.done.saturating_add(left) }
    }

    /// Takes the answer to what was asked; `None`: the venue refused to tell. `now` is the venue's time.
    pub(crate) fn take(
        &mut self,
        plan: &dyn Plan,
        known: &mut Known,
        markets: &Markets,
        said: Option<Said>,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let mut findings = Vec::new();
        match (self.stage, said) {
            (Stage::Opening, Some(Said::Balances(_))) => self.plan(plan, known, now),
            (Stage::Walking, said) => {
                self.take_page(said)?;
                if self.walks.is_empty() {
                    // A long history takes hours, and what happened meanwhile must be known before balances show it.
                    if self.is_fresh(now) { self.stage = Stage::Closing } else { self.plan(plan, known, now) }
                }
            }
            (Stage::Closing, Some(Said::Balances(rows))) => {
                let balances = balances(plan, rows).ok_or(VenueError::Retry)?;
                if self.is_fresh(now) {
                    self.stage = Stage::Finished;
                    findings = self.close(plan, known, markets, balances, now);
                } else {
                    self.plan(plan, known, now);
                }
            }
            // What is held is not told in part.
            _ => return Err(VenueError::Retry),
        }
        self.done = self.done.saturating_add(1);
        Ok(findings)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        now.millis().saturating_sub(self.planned.millis()) <= FRESH_MS || self.plans >= PLANS_MAX
    }

    /// Plans what is new of each list, with the overlap.
    fn plan(&mut self, plan: &dyn Plan, known: &mut Known, now: Timestamp) {
        for list in plan.lists().iter().filter(|list| !self.refused.contains(list.name)) {
            let List { name, since_ms, overlap_ms, .. } = list;
            let (begin_ms, from_ms) = match known.read.get(*name) {
                None => (*since_ms, *since_ms),
                Some(read) if self.plans > 0 => {
                    (read.from_ms, read.to_ms - SHORT_OVERLAP_MS.min(*overlap_ms))
                }
                Some(read) => {
                    let owed_ms = known.owed_since_ms.unwrap_or(i64::MAX);
                    (read.from_ms, owed_ms.min(read.to_ms - overlap_ms))
                }
            };
            let to_ms = now.millis().max(begin_ms);
            known.read.insert((*name).to_owned(), Window { from_ms: begin_ms, to_ms });
            self.walks.push_back(Walk::new(list, Window { from_ms: from_ms.max(begin_ms), to_ms }));
        }
        (self.planned, self.plans) = (now, self.plans.saturating_add(1));
        self.stage = if self.walks.is_empty() { Stage::Closing } else { Stage::Walking };
    }

    fn take_page(&mut self, said: Option<Said>) -> Result<(), VenueError> {
        let Some(walk) = self.walks.front_mut() else { return Ok(()) };
        let Some(said) = said else {
            // Partial, never lower: it is said, and the next round asks again from the beginning.
            self.refused.insert(walk.list.name);
            self.walks.pop_front();
            return Ok(());
        };
        let rows = self.rows.add(said).ok_or(VenueError::Retry)?;
        match walk.took(rows) {
            Step::More => {}
            Step::Over => drop(self.walks.pop_front()),
            Step::TooMany => {
                let field = "more rows than are held at once";
                let refusal = Refusal::Answer { endpoint: walk.list.name, field };
                // Nothing of it is gone on with.
                *self = Self::new();
                return Err(VenueError::Permanent(refusal));
            }
        }
        Ok(())
    }

    fn close(
        &mut self,
        plan: &dyn Plan,
        known: &mut Known,
        markets: &Markets,
        balances: Vec<Balance>,
        now: Timestamp,
    ) -> Vec<Finding> {
        let rows = core::mem::take(&mut self.rows);
        known.first_sign_ms = earliest(known.first_sign_ms, rows.first().map(Timestamp::millis));
        known.looked_since_ms = known.looked_since_ms.or(Some(now.millis()));
        let Digest { mut findings, held_since } = plan.digest(rows, markets, now);
        known.owed_since_ms = held_since.map(Timestamp::millis);
        for name in &self.refused {
            known.read.remove(*name);
            findings
                .push(Finding::Unread { what: (*name).to_owned(), why: "the venue refused to list them" });
        }
        findings.push(Finding::Balances { at: now, balances });
        findings.push(Finding::Reach(reach(known, !self.refused.is_empty(), now)));
        findings
    }
}

/// What is held of each asset. `None`: it does not add up to a number.
fn balances(plan: &dyn Plan, rows: Vec<Holding>) -> Option<Vec<Balance>> {
    let mut held: BTreeMap<Asset, (Decimal, Decimal)> = BTreeMap::new();
    for row in rows {
        let (free, bound) = amounts(&row)?;
        let sums = held.entry(plan.own_asset(row.asset)).or_default();
        *sums = (sums.0.checked_add(free).ok()?, sums.1.checked_add(bound).ok()?);
    }
    let each = held.into_iter().map(|(asset, (free, locked))| Balance { asset, free, locked });
    Some(each.collect())
}

/// What is free and what is bound; what is owed is not had. `None`: it does not add up to a number.
fn amounts(row: &Holding) -> Option<(Decimal, Decimal)> {
    let less = |a: Decimal, b: Decimal| a.checked_sub(b).ok();
    let (free, bound) = match (row.free, row.used, row.total) {
        (Some(free), Some(used), _) => (free, used),
        (Some(free), None, Some(total)) => (free, less(total, free)?),
        (None, Some(used), Some(total)) => (less(total, used)?, used),
        (Some(all), None, None) | (None, None, Some(all)) => (all, Decimal::ZERO),
        (None, used, None) => (Decimal::ZERO, used.unwrap_or_default()),
    };
    Some((less(free, row.debt.unwrap_or_default())?, bound))
}

/// From when on everything is known: from the first sign of life, since every list is read from its beginning. A list that
/// was refused makes a gap of everything.
fn reach(known: &Known, refused: bool, now: Timestamp) -> Reach {
    let first_ms = known.first_sign_ms.or(known.looked_since_ms);
    let from = first_ms.map_or(now, Timestamp::from_millis);
    let gaps = if refused { vec![Gap { from, to: now.max(from) }] } else { Vec::new() };
    Reach { from, since_opening: !refused, gaps }
}

impl Rows {
    /// Takes rows in, and says how many; `None`: they are nothing that a list tells.
    fn add(&mut self, said: Said) -> Option<usize> {
        Some(match said {
            Said::Fills(mut rows) => {
                let count = rows.len();
                self.fills.append(&mut rows);
                count
            }
            Said::Ledger(mut rows) => {
                let count = rows.len();
                self.bookings.append(&mut rows);
                count
            }
            _ => return None,
        })
    }

    /// When the first thing happened.
    fn first(&self) -> Option<Timestamp> {
        let Self { fills, bookings } = self;
        fills.iter().map(|row| row.time).chain(bookings.iter().filter_map(|row| row.time)).min()
    }
}
