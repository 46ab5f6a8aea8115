//! One connector of several: accounts that one key reads and that have books of their own, such as spot and futures. The first
//! part stands for the key and knows prices; the others may not be there, which is said and fails nothing. They are read before
//! it, and each is told what those before it found: what moved between two of them is listed by one.
//!
//! ```text
//! Collect ─► part 1 ─► part 2 ─► … ─► part 0        what they find is Within their account
//! ```
//!
//! A round counts as received when all parts are through and its prices are known. Until then what was told is kept here, and
//! told again by the next round. A part of a long history ends the round: the next one begins with the first part again. Parts
//! that may have one stand before those that hear of moves, but for the first, which hears of them even so.

use crate::{ExchangeConnector, Finding, Next, Progress, Refusal, Reply, Task, VenueError};
use ledger::Timestamp;

const HEAD: &[u8] = b"joined/1\n";
const THOUSAND: u32 = 1000;
/// A round that fails may tell twice what it told at first, and so many findings more.
const TOLD_MORE: usize = if cfg!(test) { 4 } else { 20_000 };

/// One of several accounts.
pub(crate) struct Part {
    /// Its name in the books of the record.
    pub(crate) account: &'static str,
    /// What the coverage calls it.
    pub(crate) called: &'static str,
    /// The account types that it is.
    pub(crate) types: &'static [&'static str],
    pub(crate) connector: Box<dyn ExchangeConnector>,
}

/// All of them.
pub(crate) struct Joined {
    first: Part,
    others: Vec<Part>,
    /// Whose turn it is: 0 is the first.
    turn: usize,
    /// Parts that are through with the round, and how far it got: nothing that turns up later takes it back.
    through: usize,
    furthest: u32,
    collecting: bool,
    /// Whether the part whose turn it is has more to tell than a round is to have.
    more: bool,
    /// Whether all that was told was received.
    whole: bool,
    /// What each part knew when the round began that is not received yet.
    before: Vec<u8>,
    /// What that round told, and how much of it is kept at most: each time it fails, a part is told again.
    told: Vec<Finding>,
    told_max: usize,
    /// Whether the next answer is to be what an earlier round told.
    again: bool,
}

impl Joined {
    pub(crate) fn new(first: Part, others: Vec<Part>) -> Self {
        Self {
            first,
            others,
            turn: 0,
            through: 0,
            furthest: 0,
            collecting: false,
            more: false,
            whole: true,
            before: Vec::new(),
            told: Vec::new(),
            told_max: 0,
            again: false,
        }
    }

    fn part(&mut self) -> &mut Part {
        let other = self.turn.checked_sub(1).and_then(|at| self.others.get_mut(at));
        other.unwrap_or(&mut self.first)
    }

    /// The next part begins; `false`: there is none.
    fn pass_on(&mut self) -> bool {
        if !self.collecting {
            return false;
        }
        self.through = self.through.saturating_add(1);
        if self.turn == 0 {
            return false;
        }
        self.turn = if self.turn < self.others.len() { self.turn.saturating_add(1) } else { 0 };
        self.begin_part();
        true
    }

    fn begin_part(&mut self) {
        let told = core::mem::take(&mut self.told);
        let connector = &mut self.part().connector;
        connector.start(Task::Collect);
        connector.beside(&told);
        self.told = told;
    }

    /// Findings of the part whose turn it is.
    fn found(&mut self, findings: Vec<Finding>) -> Vec<Finding> {
        let (account, is_other) = (self.part().account, self.turn > 0);
        self.more |= findings.contains(&Finding::More);
        let all: Vec<&'static str> = self.parts().flat_map(|part| part.types).copied().collect();
        let within = |finding| match finding {
            // Who is asked whose key it is answers for all.
            Finding::Account { id, .. } if !is_other => Finding::Account { id, types: all.clone() },
            // Who asked for the time does not matter.
            Finding::VenueTime(_) | Finding::Price(..) | Finding::Unread { .. } | Finding::Instrument(_) => {
                finding
            }
            finding if is_other => Finding::Within { account, finding: Box::new(finding) },
            finding => finding,
        };
        // What moved to an account that nobody asked for left what is read.
        let is_read = |finding: &Finding| {
            finding.within().is_none_or(|(account, _)| self.parts().any(|part| part.account == account))
        };
        let findings: Vec<Finding> = findings.into_iter().filter(is_read).map(within).collect();
        if self.collecting {
            let lasting = findings.iter().filter(|finding| !matches!(finding, Finding::VenueTime(_)));
            self.told.extend(lasting.cloned());
        }
        findings
    }

    /// A part that the key may not read, or that was never opened.
    fn is_missing(&self, refusal: Refusal) -> bool {
        self.turn > 0 && matches!(refusal, Refusal::Credentials | Refusal::Request { .. })
    }

    fn missing(&mut self) -> Vec<Finding> {
        let what = self.part().called.to_owned();
        self.found(vec![Finding::Unread { what, why: "the key cannot read it, or it was never opened" }])
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        core::iter::once(&self.first).chain(&self.others)
    }

    fn known(&self) -> Vec<u8> {
        let mut bytes = HEAD.to_vec();
        for part in self.parts() {
            let saved = part.connector.saved();
            bytes.extend(u32::try_from(saved.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend(saved);
        }
        bytes
    }
}

impl ExchangeConnector for Joined {
    fn start(&mut self, task: Task) {
        self.collecting = task == Task::Collect;
        (self.through, self.furthest, self.more) = (0, 0, false);
        self.turn = usize::from(self.collecting && !self.others.is_empty());
        if self.collecting {
            if !self.whole && self.told_max == 0 {
                self.told_max = self.told.len().saturating_mul(2).saturating_add(TOLD_MORE);
            } else if !self.whole && self.told.len() > self.told_max {
                // It failed so often that it is less to read it anew.
                let before = core::mem::take(&mut self.before);
                self.whole = self.resume(&before);
                (self.through, self.furthest) = (0, 0);
                self.collecting = true;
                self.turn = usize::from(!self.others.is_empty());
            }
            if self.whole {
                self.told.clear();
                self.told_max = 0;
                self.before = self.known();
            }
            self.again = !self.told.is_empty();
        }
        if matches!(task, Task::Collect | Task::Price(_)) {
            self.whole = false;
        }
        if self.collecting {
            self.begin_part();
        } else {
            self.first.connector.start(task);
        }
    }

    fn next(&mut self, now: Timestamp) -> Next {
        if core::mem::take(&mut self.again) {
            return Next::Found(self.told.clone());
        }
        loop {
            match self.part().connector.next(now) {
                // Those behind it would miss what it has not told yet.
                Next::Finished if !self.more && self.pass_on() => {}
                Next::Finished => {
                    if self.collecting && self.turn > 0 {
                        self.first.connector.beside(&self.told);
                    }
                    self.whole = true;
                    return Next::Finished;
                }
                Next::Failed(refusal) if self.is_missing(refusal) => {
                    let missing = self.missing();
                    self.pass_on();
                    return Next::Found(missing);
                }
                Next::Found(findings) => return Next::Found(self.found(findings)),
                next => return next,
            }
        }
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        let taken = self.part().connector.take(reply, now);
        self.furthest = self.progress().done;
        match taken {
            Err(VenueError::Permanent(refusal)) if self.is_missing(refusal) => {
                let missing = self.missing();
                self.pass_on();
                Ok(missing)
            }
            Err(error) => Err(error),
            Ok(findings) => Ok(self.found(findings)),
        }
    }

    fn absent(&mut self, now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        match self.part().connector.absent(now) {
            Err(refusal) if self.is_missing(refusal) => {
                let missing = self.missing();
                self.pass_on();
                Ok(missing)
            }
            Err(refusal) => Err(refusal),
            Ok(findings) => Ok(self.found(findings)),
        }
    }

    fn progress(&self) -> Progress {
        let all = u32::try_from(self.others.len()).unwrap_or(0).saturating_add(1);
        let through = u32::try_from(self.through).unwrap_or(0).min(all);
        let part = self
            .parts()
            .nth(self.turn)
            .map_or(Progress { done: 1, total: 1 }, |part| part.connector.progress());
        if !self.collecting {
            return part;
        }
        let of_part =
            u64::from(part.done.min(part.total)) * u64::from(THOUSAND) / u64::from(part.total.max(1));
        let done = through.saturating_mul(THOUSAND).saturating_add(u32::try_from(of_part).unwrap_or(0));
        let total = all.saturating_mul(THOUSAND);
        Progress { done: done.max(self.furthest).min(total), total }
    }

    fn saved(&self) -> Vec<u8> {
        if self.whole { self.known() } else { self.before.clone() }
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        let Some(mut left) = saved.strip_prefix(HEAD) else {
            // Of a release that knew the first part only.
            return self.first.connector.resume(saved);
        };
        let mut pieces = Vec::new();
        while let Some((length, rest)) = left.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
            let Some((piece, rest)) = rest.split_at_checked(length) else { return false };
            pieces.push(piece);
            left = rest;
        }
        let mut pieces = pieces.into_iter();
        if !left.is_empty() || !pieces.next().is_some_and(|piece| self.first.connector.resume(piece)) {
            return false;
        }
        for (part, piece) in self.others.iter_mut().zip(pieces) {
            // One that cannot go on begins from nothing, which is slower and as right.
            let _ = part.connector.resume(piece);
        }
        (self.whole, self.collecting, self.turn) = (true, false, 0);
        self.told.clear();
        true
    }
}

#[cfg(test)]
mod tests;
