//! A collection: what to read next, until nothing is left to read.

use super::{
    Digest, Each, List, Markets, Plan, Rows, Told,
    held::{balances, open_positions},
    known::Known,
    walk::{Asking, Cursor, Step, Subject, Walk, Window},
};
use crate::{Finding, Holding, Position, Progress, Question, Reach, Said, VenueError, prices::earliest};
use ledger::{Asset, Timestamp, record::Gap};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

/// Lists that were read until then are as new as balances.
const FRESH_MS: i64 = 120_000;
/// Lists are read on so often at most; then they are as new as they can be.
const PLANS_MAX: u32 = 4;
/// What is read again of a list that was read in this very round.
const SHORT_OVERLAP_MS: i64 = 600_000;
/// A round that read so many rows of a long history, or asked so often, ends there, so that what it read is kept.
const ROWS_A_ROUND: usize = 5_000;
const ANSWERS_A_ROUND: u32 = 500;
/// Where a history is not sliced by time, a round that asked so often ends between two things of which nothing was read before, or
/// in the midst of a list that goes on by time: the next one asks little again, and has always something new.
const PAGES_A_ROUND: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Balances: an account that cannot be read at all is no long walk.
    Opening,
    /// The lists.
    Walking,
    /// Balances, which show what the lists told.
    Closing,
    /// Open contracts.
    Positions,
    Finished,
}

/// One round.
pub(crate) struct Collect {
    stage: Stage,
    /// Questions of balances or positions.
    asking: Asking,
    holdings: Vec<Holding>,
    wallets: BTreeSet<String>,
    came: BTreeSet<Asset>,
    positions: Vec<Position>,
    /// The lists that are still to be read in this slice, the next one last, and what is read of the one before them.
    lists: Vec<&'static List>,
    walks: VecDeque<Walk>,
    /// Until when lists are read, and until when in this slice.
    planned: Timestamp,
    slice_to_ms: i64,
    slice_ms: i64,
    /// How often the lists were planned, and slices begun.
    plans: u32,
    slices: u32,
    done: u32,
    rows: Rows,
    /// Whether it ended before all lists were read.
    stopped: bool,
    /// Lists that the venue refused to tell, as a whole or of one thing, and those that the system does not have.
    refused: BTreeSet<(&'static str, Option<Arc<str>>)>,
    absent: BTreeSet<&'static str>,
}

/// Where an answer is read: what is known, and what the venue lists.
pub(crate) struct Desk<'a> {
    pub(crate) plan: &'static dyn Plan,
    pub(crate) known: &'a mut Known,
    pub(crate) markets: &'a Markets,
    /// The venue's names of wallets that the answer tells.
    pub(crate) wallets: Vec<String>,
    /// The venue's time.
    pub(crate) now: Timestamp,
}

impl Collect {
    pub(crate) fn new(plan: &dyn Plan) -> Self {
        Self {
            stage: Stage::Opening,
            asking: Asking::of(plan.balances()),
            holdings: Vec::new(),
            wallets: BTreeSet::new(),
            came: BTreeSet::new(),
            positions: Vec::new(),
            lists: Vec::new(),
            walks: VecDeque::new(),
            planned: Timestamp::from_millis(i64::MIN),
            slice_to_ms: i64::MIN,
            slice_ms: first_slice_ms(plan),
            plans: 0,
            slices: 0,
            done: 0,
            rows: Rows::default(),
            stopped: false,
            refused: BTreeSet::new(),
            absent: BTreeSet::new(),
        }
    }

    /// A coin moved from or to an account that tells it itself.
    pub(crate) fn came(&mut self, asset: Asset) {
        self.came.insert(asset);
    }

    /// Whether a part of it was read, and may be gone on with after a failure.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.stage, Stage::Walking | Stage::Closing | Stage::Positions)
    }

    /// Whether nothing but what is held was asked for yet.
    pub(crate) fn is_opening(&self) -> bool {
        self.stage == Stage::Opening
    }

    /// Whether the key may be denied what is asked now, and the rest still counts.
    pub(crate) fn may_be_denied(&self) -> bool {
        self.stage == Stage::Walking && self.walks.front().is_some_and(|walk| walk.list.may_be_denied)
    }

    /// What to ask for now, and of which thing.
    pub(crate) fn next(&self) -> Option<(Question<'static>, Subject)> {
        match self.stage {
            Stage::Opening | Stage::Closing | Stage::Positions => Some((self.asking.question()?, None)),
            Stage::Walking => self.walks.front().map(|walk| (walk.question(), walk.subject.clone())),
            Stage::Finished => None,
        }
    }

    pub(crate) fn progress(&self) -> Progress {
        let walks: u32 = self.walks.iter().map(Walk::left).fold(0, u32::saturating_add);
        let more = self.lists.len().saturating_add(usize::from(self.stage != Stage::Finished));
        let left = walks.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        Progress { done: self.done, total: self.done.saturating_add(left) }
    }

    /// Takes the answer to what was asked, and what asks for the page behind it; `None`: the venue refused to tell.
    pub(crate) fn take(
        &mut self,
        mut desk: Desk<'_>,
        said: Option<Said>,
        next: Cursor,
    ) -> Result<Vec<Finding>, VenueError> {
        let mut findings = Vec::new();
        self.wallets.extend(core::mem::take(&mut desk.wallets));
        match (self.stage, said) {
            (Stage::Opening, Some(Said::Balances(rows))) => {
                self.holdings.extend(rows);
                if self.asking.took(next).map_err(VenueError::Permanent)? {
                    self.plan(&mut desk);
                }
            }
            (Stage::Walking, said) => {
                self.take_page(&mut desk, said, next)?;
                findings = self.part(&mut desk);
            }
            (Stage::Closing, Some(Said::Balances(rows))) => {
                self.holdings.extend(rows);
                if self.asking.took(next).map_err(VenueError::Permanent)? {
                    self.ask(Stage::Positions, desk.plan.positions());
                }
            }
            (Stage::Positions, Some(Said::Positions(rows))) => {
                self.positions.extend(rows);
                self.asking.took(next).map_err(VenueError::Permanent)?;
            }
            // What is held is not told in part.
            _ => return Err(VenueError::Retry),
        }
        self.done = self.done.saturating_add(1);
        if self.stage == Stage::Positions && self.asking.question().is_none() {
            if self.is_fresh(desk.now) {
                self.stage = Stage::Finished;
                findings = self.close(&mut desk)?;
            } else {
                self.plan(&mut desk);
            }
        }
        Ok(findings)
    }

    /// There is no such list where the account is; `None`: it is no list that was asked for.
    pub(crate) fn absent(&mut self, mut desk: Desk<'_>) -> Option<Vec<Finding>> {
        let name = self.walks.front().filter(|_| self.stage == Stage::Walking)?.list.name;
        self.absent.insert(name);
        self.leave_out(&mut desk, name);
        self.done = self.done.saturating_add(1);
        Some(self.part(&mut desk))
    }

    fn leave_out(&mut self, desk: &mut Desk<'_>, name: &str) {
        self.walks.retain(|walk| walk.list.name != name);
        self.go_on(desk);
    }

    /// What is told of a long history when a part of it was read.
    fn part(&mut self, desk: &mut Desk<'_>) -> Vec<Finding> {
        if self.stage != Stage::Finished {
            return Vec::new();
        }
        let mut findings = self.digest(desk);
        findings.push(Finding::More);
        findings
    }

    fn ask(&mut self, stage: Stage, questions: Vec<Question<'static>>) {
        (self.stage, self.asking) = (stage, Asking::of(questions));
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        now.millis().saturating_sub(self.planned.millis()) <= FRESH_MS || self.plans >= PLANS_MAX
    }

    /// Plans what is new of each list.
    fn plan(&mut self, desk: &mut Desk<'_>) {
        (self.planned, self.plans) = (desk.now, self.plans.saturating_add(1));
        self.stage = Stage::Walking;
        let read_to = |list: &List| desk.known.span_of(list.name).map(|read| read.to_ms);
        // What was never asked for begins at its own time, whenever it turns up.
        let begins = desk.plan.lists().iter().filter_map(|list| {
            read_to(list).or_else(|| (list.each == Each::All).then(|| list.begin_ms(desk.now)))
        });
        self.slice_to_ms = begins.min().unwrap_or(i64::MIN);
        self.slice(desk);
    }

    /// The next slice of time.
    fn slice(&mut self, desk: &mut Desk<'_>) {
        self.slices = self.slices.saturating_add(1);
        self.slice_to_ms = self.slice_to_ms.saturating_add(self.slice_ms).min(self.planned.millis());
        self.lists = desk.plan.lists().iter().rev().filter(|list| !self.is_left_out(list)).collect();
        self.go_on(desk);
    }

    fn is_left_out(&self, list: &List) -> bool {
        self.refused.contains(&(list.name, None)) || self.absent.contains(list.name)
    }

    /// Cuts a slice in half that begins with a full page, unless it is short. Whether that was so.
    fn halve(&mut self, desk: &mut Desk<'_>, rows: usize) -> bool {
        let Some((shortest_ms, walk)) = desk.plan.slice_ms().zip(self.walks.front()) else { return false };
        let span_ms = walk.span.to_ms.saturating_sub(walk.span.from_ms);
        if !walk.begins_long(rows) || span_ms <= shortest_ms {
            return false;
        }
        self.slice_ms = span_ms / 2;
        self.slice_to_ms = walk.span.from_ms;
        self.walks.clear();
        self.slice(desk);
        true
    }

    /// Plans walks, until there is one; else the slice is over.
    fn go_on(&mut self, desk: &mut Desk<'_>) {
        while self.walks.is_empty() {
            let Some(list) = self.lists.pop() else { return self.end_slice(desk) };
            if list.each == Each::All {
                self.walk(desk, list, None);
                continue;
            }
            let Self { rows, holdings, wallets, came, .. } = &*self;
            let told = Told { rows, holdings, wallets, came, markets: desk.markets };
            let mut subjects = desk.plan.subjects(list, &told);
            subjects.extend(desk.known.subjects_of(list.name));
            let is_known = |name: &String| desk.known.span(&Known::key(list.name, Some(name))).is_some();
            let (known, new): (Vec<_>, Vec<_>) = subjects.into_iter().partition(is_known);
            for subject in new.into_iter().chain(known).map(Arc::from) {
                if !self.refused.contains(&(list.name, Some(Arc::clone(&subject)))) {
                    self.walk(desk, list, Some((list.each, subject)));
                }
            }
        }
    }

    fn end_slice(&mut self, desk: &mut Desk<'_>) {
        if self.slice_to_ms < self.planned.millis() {
            if self.rows.count() >= ROWS_A_ROUND || self.done >= ANSWERS_A_ROUND {
                self.stage = Stage::Finished;
                return;
            }
            if desk.plan.slice_ms() != Some(self.slice_ms) {
                // It may be a quiet time from here on.
                self.slice_ms = self.slice_ms.saturating_mul(2);
            }
            return self.slice(desk);
        }
        // A long history takes hours, and what happened meanwhile must be known before balances show it.
        if self.is_fresh(desk.now) {
            (self.holdings, self.positions) = (Vec::new(), Vec::new());
            self.ask(Stage::Closing, desk.plan.balances());
        } else {
            self.plan(desk);
        }
    }

    /// Plans what is to be read of a list up to the end of the slice, with the overlap.
    fn walk(&mut self, desk: &mut Desk<'_>, list: &'static List, subject: Subject) {
        let begin_ms = list.begin_ms(desk.now);
        let from_ms = match desk.known.span(&key(list, &subject)) {
            None => begin_ms,
            Some(read) if self.slices > 1 => read.to_ms.saturating_sub(SHORT_OVERLAP_MS.min(list.overlap_ms)),
            Some(read) => {
                if read.to_ms < begin_ms {
                    // What happened between is not told any more.
                    desk.known.gaps.insert((read.to_ms, begin_ms));
                }
                let owed_ms = desk.known.owed_since_ms.unwrap_or(i64::MAX);
                owed_ms.min(read.to_ms.saturating_sub(list.overlap_ms)).max(read.from_ms)
            }
        };
        let from_ms = from_ms.max(begin_ms);
        if from_ms <= self.slice_to_ms {
            let span = Window { from_ms, to_ms: self.slice_to_ms };
            self.rows.begin(list.name, from_ms);
            self.walks.push_back(Walk::new(list, subject, span));
        }
    }

    fn take_page(&mut self, desk: &mut Desk<'_>, said: Option<Said>, next: Cursor) -> Result<(), VenueError> {
        let Some(walk) = self.walks.front_mut() else { return Ok(()) };
        let list = walk.list;
        let Some(mut said) = said else {
            let subject = walk.subject.as_ref().map(|(_, name)| Arc::clone(name));
            self.refuse(desk, list.name, subject);
            return Ok(());
        };
        let rows = said.rows().ok_or(VenueError::Retry)?;
        if self.halve(desk, rows) {
            return Ok(());
        }
        let Some(walk) = self.walks.front_mut() else { return Ok(()) };
        let next = if walk.cut(&mut said) { None } else { next };
        self.rows.add(list.name, said);
        match walk.took(rows, next) {
            Ok(Step::More) => {
                let read = walk.reached_ms().map(|to_ms| Window { to_ms, ..walk.span });
                let key = key(list, &walk.subject);
                if let Some(read) = read.filter(|_| self.is_long(desk)) {
                    desk.known.add(&key, read);
                    self.stop(desk);
                }
            }
            Ok(Step::Over) => {
                let key = key(list, &walk.subject);
                let is_new = desk.known.span(&key).is_none();
                desk.known.add(&key, walk.span);
                if walk.is_cut() {
                    let first = self.rows.first_of(list.name).map(Timestamp::millis);
                    desk.known.cut_ms = desk.known.cut_ms.max(first);
                }
                self.walks.pop_front();
                if is_new && self.is_long(desk) && self.is_between(desk) {
                    self.stop(desk);
                } else {
                    self.go_on(desk);
                }
            }
            Err(refusal) => {
                // Nothing of it is gone on with.
                *self = Self::new(desk.plan);
                return Err(VenueError::Permanent(refusal));
            }
        }
        Ok(())
    }

    /// Whether a history that is not sliced by time has kept this round for long.
    fn is_long(&self, desk: &Desk<'_>) -> bool {
        desk.plan.slice_ms().is_none() && self.done >= PAGES_A_ROUND
    }

    /// Whether the next thing is one of which nothing was read before. Which things the lists behind it are asked for, this round
    /// alone may know: then it goes on.
    fn is_between(&self, desk: &Desk<'_>) -> bool {
        let is_last = self.lists.iter().all(|list| list.each == Each::All);
        let next = self.walks.front().map(|walk| key(walk.list, &walk.subject));
        is_last && next.is_some_and(|next| desk.known.span(&next).is_none())
    }

    /// Ends the round where it is, so that what it read is kept. What is still to be asked for is remembered: nobody might name it
    /// again.
    fn stop(&mut self, desk: &mut Desk<'_>) {
        for walk in self.walks.drain(..).filter(|walk| walk.subject.is_some()) {
            desk.known.read.entry(key(walk.list, &walk.subject)).or_insert(Window::EMPTY);
        }
        (self.stage, self.stopped) = (Stage::Finished, true);
    }

    /// Partial, never lower: what the venue refused to tell is said, and the next round asks again from the beginning.
    fn refuse(&mut self, desk: &mut Desk<'_>, list: &'static str, subject: Option<Arc<str>>) {
        let Some(name) = subject else {
            self.refused.insert((list, None));
            return self.leave_out(desk, list);
        };
        self.walks.pop_front();
        let was_read = desk.known.span(&Known::key(list, Some(&name))).is_some();
        if was_read && desk.plan.is_told_otherwise(&name, desk.markets) {
            // It was read while it was listed, and nothing happens to it any more.
            desk.known.retire(list, &name);
        } else {
            self.refused.insert((list, Some(name)));
        }
        self.go_on(desk);
    }

    /// What was read so far comes to.
    fn digest(&mut self, desk: &mut Desk<'_>) -> Vec<Finding> {
        let rows = core::mem::take(&mut self.rows);
        desk.known.first_sign_ms = earliest(desk.known.first_sign_ms, rows.first().map(Timestamp::millis));
        let is_part = self.slice_to_ms < self.planned.millis();
        let at = if is_part { Timestamp::from_millis(self.slice_to_ms) } else { desk.now };
        let Digest { mut findings, held_since } = desk.plan.digest(rows, desk.markets, at);
        let owed_ms = held_since.map(Timestamp::millis);
        // What an earlier part is owed was not read again by one that stopped.
        let before_ms = desk.known.owed_since_ms.filter(|_| self.stopped);
        desk.known.owed_since_ms = earliest(owed_ms, before_ms);
        for (list, subject) in &self.refused {
            desk.known.forget(list, subject.as_deref());
            // Ids of wallets say nothing to anybody.
            let is_by_symbol =
                desk.plan.lists().iter().any(|one| one.name == *list && one.each == Each::Symbol);
            let what = match subject {
                Some(symbol) if is_by_symbol => format!("{list} of {symbol}"),
                _ => (*list).to_owned(),
            };
            findings.push(Finding::Unread { what, why: "the venue refused to list them" });
        }
        findings
    }

    fn close(&mut self, desk: &mut Desk<'_>) -> Result<Vec<Finding>, VenueError> {
        let holdings = core::mem::take(&mut self.holdings);
        let balances = balances(desk.plan, holdings).ok_or(VenueError::Retry)?;
        let positions = open_positions(core::mem::take(&mut self.positions), desk.markets);
        let mut findings = self.digest(desk);
        let (known, now) = (&mut *desk.known, desk.now);
        known.looked_since_ms = known.looked_since_ms.or(Some(now.millis()));
        let is_empty = positions.is_empty()
            && balances.iter().all(|held| held.free.is_zero() && held.locked.is_zero())
            && known.first_sign_ms.is_none();
        if desk.plan.is_beside() && is_empty {
            return Ok(findings);
        }
        findings.push(Finding::Balances { at: now, balances });
        if !desk.plan.positions().is_empty() {
            findings.push(Finding::Positions { at: now, positions });
        }
        let is_missed = |subject: &Option<Arc<str>>| {
            subject.as_ref().is_none_or(|of| !desk.plan.is_told_otherwise(of, desk.markets))
        };
        let refused = self.refused.iter().any(|(_, subject)| is_missed(subject));
        let reach = reach(desk.plan, known, refused, now);
        // Without a list nobody knows what an account had before it was read.
        let since_opening = reach.since_opening && self.absent.is_empty();
        findings.push(Finding::Reach(Reach { since_opening, ..reach }));
        Ok(findings)
    }
}

/// What is known of a list, or of one thing, stands under this.
fn key(list: &List, subject: &Subject) -> String {
    Known::key(list.name, subject.as_ref().map(|(_, name)| &**name))
}

/// Lists with windows are read in slices of one length; others begin with all there is.
fn first_slice_ms(plan: &dyn Plan) -> i64 {
    let has_windows = plan.lists().iter().any(|list| list.window_ms.is_some());
    plan.slice_ms().filter(|_| has_windows).unwrap_or(i64::MAX)
}

/// From when on everything is known: from the first sign of life where every list is read from its beginning, else from where the
/// list begins that is kept for the shortest time. A list that was refused makes a gap of everything.
fn reach(plan: &dyn Plan, known: &Known, refused: bool, now: Timestamp) -> Reach {
    let begun =
        |list: &List| known.span_of(list.name).map(|read| read.from_ms).filter(|from| *from > list.since_ms);
    let limit_ms = plan.lists().iter().filter_map(begun).chain(known.cut_ms).max();
    let first_ms = known.first_sign_ms.or(known.looked_since_ms);
    // Who did nothing as far as the venue tells is not older for us than our first look.
    let from_ms = if known.first_sign_ms.is_some() { limit_ms.or(first_ms) } else { first_ms };
    let from = from_ms.map_or(now, Timestamp::from_millis);
    let gaps = if refused { vec![Gap { from, to: now.max(from) }] } else { known.gaps_after(from) };
    Reach { from, since_opening: !refused && limit_ms.is_none(), gaps }
}

#[cfg(test)]
mod tests;
