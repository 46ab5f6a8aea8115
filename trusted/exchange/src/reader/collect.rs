//! A collection: what to read next, until nothing is left to read.

use super::{
    Digest, Markets, Plan, Rows,
    known::Known,
    walk::{Walk, Window},
};
use crate::{Balance, Finding, Holding, Progress, Question, Reach, Said, VenueError};
use ledger::{Asset, Decimal, Timestamp, record::Gap};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// One question of a round.
#[derive(Clone, Debug)]
pub(crate) enum Asking {
    /// For what is held, in one of the wallets.
    Wallet(usize),
    /// For a page of a list.
    Page(Box<Question<'static>>),
}

impl Asking {
    pub(crate) fn question(&self, plan: &dyn Plan) -> Question<'static> {
        match self {
            Self::Page(question) => (**question).clone(),
            Self::Wallet(at) => {
                // The reader asks for wallets that there are.
                plan.wallets().get(*at).cloned().unwrap_or_else(|| plan.time())
            }
        }
    }
}

/// What is held of each asset: free, and bound.
type Held = BTreeMap<Asset, (Decimal, Decimal)>;

/// What an answer said; `None`: the venue refused to tell.
type Answer = Option<Said>;

/// Lists that were read until then are as new as balances.
const FRESH_MS: i64 = 120_000;
/// Lists are read on so often at most; then they are as new as they can be.
const PLANS_MAX: u32 = 4;
/// What is read again of a list that was read in this very round.
const SHORT_OVERLAP_MS: i64 = 600_000;

/// One round.
pub(crate) struct Collect {
    /// Wallets that are still to be read, once the lists are.
    wallets: VecDeque<usize>,
    held: Held,
    walks: VecDeque<Walk>,
    /// Until when the lists are read, once they were planned.
    planned: Option<Timestamp>,
    plans: u32,
    finished: bool,
    done: u32,
    rows: Rows,
    refused: BTreeSet<&'static str>,
}

impl Collect {
    pub(crate) fn new(plan: &dyn Plan) -> Self {
        Self {
            wallets: (0..plan.wallets().len()).collect(),
            held: Held::new(),
            walks: VecDeque::new(),
            planned: None,
            plans: 0,
            finished: false,
            done: 0,
            rows: Rows::default(),
            refused: BTreeSet::new(),
        }
    }

    /// Whether a part of it was read, and may be gone on with after a failure.
    pub(crate) fn is_under_way(&self) -> bool {
        self.planned.is_some() && !self.finished
    }

    /// What to ask for now.
    pub(crate) fn next(&self) -> Option<Asking> {
        match (self.walks.front(), self.wallets.front()) {
            (Some(walk), _) => walk.question().map(|question| Asking::Page(Box::new(question))),
            (None, Some(wallet)) => Some(Asking::Wallet(*wallet)),
            (None, None) => None,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let windows = self.walks.iter().map(Walk::left).sum::<usize>();
        let left = windows + self.wallets.len() + usize::from(self.planned.is_none() && !self.finished);
        Progress { done: self.done, total: self.done.saturating_add(u32::try_from(left).unwrap_or(u32::MAX)) }
    }

    /// Takes the answer to what was asked. `now` is the venue's time.
    pub(crate) fn take(
        &mut self,
        plan: &dyn Plan,
        known: &mut Known,
        markets: &Markets,
        asking: Asking,
        answer: Answer,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        match asking {
            Asking::Page(_) => self.take_page(answer)?,
            // What is held is not told in part.
            Asking::Wallet(_) => match answer {
                Some(Said::Balances(rows)) => self.hold(plan, rows)?,
                _ => return Err(VenueError::Retry),
            },
        }
        self.done = self.done.saturating_add(1);
        if !self.walks.is_empty() {
            return Ok(Vec::new());
        }
        // A long history takes hours, and what happened meanwhile must be known before balances show it.
        let age_ms = self.planned.map(|at| now.millis().saturating_sub(at.millis()));
        let fresh = age_ms.is_some_and(|age_ms| age_ms <= FRESH_MS) || self.plans >= PLANS_MAX;
        match (self.wallets.is_empty(), fresh) {
            (true, true) => {
                self.finished = true;
                self.close(plan, known, markets, now)
            }
            (false, true) => Ok(Vec::new()),
            // Before the first plan all wallets are read: an account that cannot be read at all is no long walk.
            (false, false) if self.planned.is_none() => Ok(Vec::new()),
            (_, false) => {
                self.planned = Some(now);
                self.walks = plan_walks(plan, known, (&self.refused, self.plans > 0), now);
                self.plans = self.plans.saturating_add(1);
                self.wallets = (0..plan.wallets().len()).collect();
                self.held.clear();
                Ok(Vec::new())
            }
        }
    }

    fn hold(&mut self, plan: &dyn Plan, rows: Vec<Holding>) -> Result<(), VenueError> {
        let mut held = self.held.clone();
        for row in rows {
            let (free, bound) = amounts(&row).ok_or(VenueError::Retry)?;
            let sums = held.entry(plan.own_asset(row.asset)).or_default();
            sums.0 = sums.0.checked_add(free).map_err(|_| VenueError::Retry)?;
            sums.1 = sums.1.checked_add(bound).map_err(|_| VenueError::Retry)?;
        }
        self.wallets.pop_front();
        self.held = held;
        Ok(())
    }

    fn take_page(&mut self, answer: Answer) -> Result<(), VenueError> {
        let Some(walk) = self.walks.front_mut() else { return Ok(()) };
        let Some(said) = answer else {
            // Partial, never lower: it is said, and the next round asks again from the beginning.
            self.refused.insert(walk.list.name);
            self.walks.pop_front();
            return Ok(());
        };
        let rows = self.rows.add(said).ok_or(VenueError::Retry)?;
        if !walk.took(rows) {
            return Err(VenueError::Retry);
        }
        if walk.is_over() {
            self.walks.pop_front();
        }
        Ok(())
    }

    fn close(
        &mut self,
        plan: &dyn Plan,
        known: &mut Known,
        markets: &Markets,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let rows = core::mem::take(&mut self.rows);
        if let Some(first) = rows.first() {
            known.saw(first.millis());
        }
        let Digest { mut findings, held_since } = plan.digest(rows, markets)?;
        known.owed_since_ms = held_since.map(Timestamp::millis);
        known.round_at_ms = Some(now.millis());
        for list in plan.lists().iter().filter(|list| self.refused.contains(list.name)) {
            known.read.remove(list.name);
            findings
                .push(Finding::Unread { what: list.name.to_owned(), why: "the venue refused to list them" });
        }
        let balances: Vec<Balance> = core::mem::take(&mut self.held)
            .into_iter()
            .map(|(asset, (free, locked))| Balance { asset, free, locked })
            .collect();
        known.held = balances
            .iter()
            .filter_map(|balance| {
                Some((balance.asset.clone(), balance.free.checked_add(balance.locked).ok()?))
            })
            .filter(|(_, held)| !held.is_zero())
            .collect();
        findings.push(Finding::Balances { at: now, balances });
        findings.push(Finding::Reach(reach(plan, known, now)));
        Ok(findings)
    }
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

/// What is new of each list, with the overlap.
fn plan_walks(
    plan: &dyn Plan,
    known: &mut Known,
    (refused, again): (&BTreeSet<&'static str>, bool),
    now: Timestamp,
) -> VecDeque<Walk> {
    let now_ms = now.millis();
    let mut walks = VecDeque::new();
    for list in plan.lists().iter().filter(|list| !refused.contains(list.name)) {
        let kept_ms = list.kept_ms.map_or(list.since_ms, |kept_ms| now_ms.saturating_sub(kept_ms));
        let begin_ms = list.since_ms.max(kept_ms).min(now_ms);
        let (from_ms, span) = match known.read.get(list.name) {
            None => (begin_ms, Window { from_ms: begin_ms, to_ms: now_ms }),
            Some(read) => {
                if read.to_ms.saturating_add(1) < begin_ms {
                    known.gaps.push(Window { from_ms: read.to_ms.saturating_add(1), to_ms: begin_ms - 1 });
                }
                let overlap_ms = if again { list.overlap_ms.min(SHORT_OVERLAP_MS) } else { list.overlap_ms };
                let owed_ms = known.owed_since_ms.filter(|_| !again).unwrap_or(now_ms);
                let again_ms = read.to_ms.saturating_sub(overlap_ms).min(owed_ms).max(read.from_ms);
                (again_ms.max(begin_ms), Window { from_ms: read.from_ms, to_ms: now_ms })
            }
        };
        known.read.insert(list.name.to_owned(), span);
        walks.push_back(Walk::new(list, Window { from_ms: from_ms.min(now_ms), to_ms: now_ms }));
    }
    walks
}

/// From when on, and with which gaps, everything is known.
fn reach(plan: &dyn Plan, known: &Known, now: Timestamp) -> Reach {
    let begins = plan.lists().iter().filter_map(|list| known.read.get(list.name).map(|read| read.from_ms));
    let lists_ms = begins.max().unwrap_or(now.millis());
    let all_read = plan.lists().iter().all(|list| known.read.contains_key(list.name));
    let all_kept = plan.lists().iter().all(|list| list.kept_ms.is_none());
    let first_ms = known.first_sign_ms.unwrap_or(now.millis());
    let from = Timestamp::from_millis(first_ms.max(if all_kept { i64::MIN } else { lists_ms }));
    let mut gaps: Vec<Gap> = known
        .gaps
        .iter()
        .map(|gap| Gap { from: Timestamp::from_millis(gap.from_ms), to: Timestamp::from_millis(gap.to_ms) })
        .collect();
    if !all_read {
        gaps.push(Gap { from, to: now.max(from) });
    }
    gaps.sort();
    Reach { from, since_opening: all_read && all_kept, gaps }
}

impl Rows {
    /// Takes rows in, and says how many; `None`: they are nothing that a list tells.
    fn add(&mut self, said: Said) -> Option<usize> {
        fn all<T>(to: &mut Vec<T>, mut rows: Vec<T>) -> usize {
            let count = rows.len();
            to.append(&mut rows);
            count
        }
        Some(match said {
            Said::Fills(rows) => all(&mut self.fills, rows),
            Said::Conversions(rows) => all(&mut self.conversions, rows),
            Said::Crossings(rows) => all(&mut self.crossings, rows),
            Said::Ledger(rows) => all(&mut self.bookings, rows),
            Said::Funding(rows) => all(&mut self.funding, rows),
            _ => return None,
        })
    }

    /// When the first thing happened.
    fn first(&self) -> Option<Timestamp> {
        let Self { fills, conversions, crossings, bookings, funding } = self;
        let fills = fills.iter().map(|row| row.time);
        let others = conversions.iter().map(|row| row.time).chain(crossings.iter().map(|row| row.time));
        let booked = bookings.iter().filter_map(|row| row.time).chain(funding.iter().map(|row| row.time));
        fills.chain(others).chain(booked).min()
    }
}
