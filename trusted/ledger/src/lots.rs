//! The open lots of a book, and which of them a closing fill takes next. A lot is the index of the fill that opened it:
//! only what is left of the one being closed, and lots that a flip through zero opened, are more.
//!
//! First in, first out never changes what stands in the list: closing moves its head. So what a list was is known by a
//! few numbers ([`LotsMark`]), and returning to it costs nothing. A rule that takes elsewhere gives that up, and its books
//! begin again from their first fill.

use crate::{
    fee::Divided,
    log::{count, index},
};
use alloc::vec::Vec;

/// Which lot is closed first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LotRule {
    /// The oldest: what METRICS.md section 2.3 defines.
    #[default]
    FirstIn,
    /// The newest.
    LastIn,
}

/// Says that an entry stands among the split ones.
const SPLIT: u32 = 1 << 31;

/// Open lots, in the order in which they were opened.
#[derive(Clone, Debug)]
pub(crate) struct Lots {
    rule: LotRule,
    log: Vec<u32>,
    /// Lots that are not the whole of a fill.
    split: Vec<(u32, Divided)>,
    /// How many at the beginning are closed.
    head: u32,
    /// What is left of the lot that is next, if a part of it is closed.
    left: Option<Divided>,
}

/// The fill that opened a lot, and what is left of it; `None`: the whole fill.
pub(crate) type OpenLot = (u32, Option<Divided>);

/// What the lots were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LotsMark {
    len: usize,
    split: usize,
    head: u32,
    left: Option<Divided>,
}

impl Lots {
    pub(crate) fn new(rule: LotRule) -> Self {
        Self { rule, log: Vec::new(), split: Vec::new(), head: 0, left: None }
    }

    /// Whether one can return to a mark of these.
    pub(crate) fn has_marks(&self) -> bool {
        self.rule == LotRule::FirstIn
    }

    pub(crate) fn len(&self) -> u32 {
        count(self.log.len()).saturating_sub(self.head)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lot(&self, entry: u32) -> Option<OpenLot> {
        if entry & SPLIT == 0 {
            return Some((entry, None));
        }
        self.split.get(index(entry ^ SPLIT)).map(|(fill, left)| (*fill, Some(*left)))
    }

    /// The lot that is closed next.
    #[inline]
    pub(crate) fn next(&self) -> Option<OpenLot> {
        let entry = match self.rule {
            LotRule::FirstIn => self.log.get(index(self.head)),
            LotRule::LastIn => self.log.last(),
        };
        let (fill, whole) = self.lot(*entry?)?;
        Some((fill, self.left.or(whole)))
    }

    /// The lot that is closed after so many others, first in, first out.
    #[inline]
    pub(crate) fn peek(&self, after: u32) -> Option<(u32, Option<&Divided>)> {
        let entry = *self.log.get(index(self.head.checked_add(after)?))?;
        let (fill, whole) = if entry & SPLIT == 0 {
            (entry, None)
        } else {
            self.split.get(index(entry ^ SPLIT)).map(|(fill, left)| (*fill, Some(left)))?
        };
        Some((fill, if after == 0 { self.left.as_ref().or(whole) } else { whole }))
    }

    /// So many are closed, and of the next one this is left if it is not whole.
    #[inline]
    pub(crate) fn advance(&mut self, closed: u32, left: Option<Divided>) {
        self.head = self.head.saturating_add(closed);
        self.left = left;
    }

    /// That lot has this left.
    #[inline]
    pub(crate) fn closed(&mut self, left: Divided) {
        if !left.left.is_zero() {
            self.left = Some(left);
            return;
        }
        self.left = None;
        match self.rule {
            LotRule::FirstIn => self.head = self.head.saturating_add(1),
            LotRule::LastIn => {
                self.log.pop();
            }
        }
    }

    /// Opens a lot; `part` if it is not the whole of its fill.
    #[inline]
    pub(crate) fn open(&mut self, fill: u32, part: Option<Divided>) {
        if self.rule == LotRule::LastIn
            && let Some(left) = self.left.take()
            && let Some(entry) = self.log.pop()
            && let Some((fill, _)) = self.lot(entry)
        {
            self.push(fill, Some(left));
        }
        self.push(fill, part);
    }

    fn push(&mut self, fill: u32, part: Option<Divided>) {
        let entry = match part {
            None => fill,
            Some(part) => {
                self.split.push((fill, part));
                count(self.split.len()).wrapping_sub(1) | SPLIT
            }
        };
        self.log.push(entry);
    }

    /// Open lots, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = OpenLot> + '_ {
        let next = match self.rule {
            LotRule::FirstIn => index(self.head),
            LotRule::LastIn => self.log.len().saturating_sub(1),
        };
        self.log.iter().enumerate().skip(index(self.head)).filter_map(move |(at, entry)| {
            let (fill, whole) = self.lot(*entry)?;
            Some((fill, if at == next { self.left.or(whole) } else { whole }))
        })
    }

    pub(crate) fn mark(&self) -> LotsMark {
        LotsMark { len: self.log.len(), split: self.split.len(), head: self.head, left: self.left }
    }

    /// Returns to what the lots were.
    pub(crate) fn rewind(&mut self, mark: LotsMark) {
        self.log.truncate(mark.len);
        self.split.truncate(mark.split);
        (self.head, self.left) = (mark.head, mark.left);
    }
}
