//! The order of trades, or of round trips, over all books, and the runs of wins and losses in it (METRICS.md section 5):
//! the one statistic that books cannot give each for itself. Entries stand in blocks, each with its runs: one more at the
//! end costs nothing, and one elsewhere its block.

use crate::{
    Currency, Timestamp,
    metrics::{Runs, Sign},
};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// A block of more entries is divided.
const BLOCK_MAX: usize = 512;

/// Where a trade or round trip stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) time: Timestamp,
    /// What comes next in the order.
    pub(crate) tie: u64,
    /// The last closing fill, in its book.
    pub(crate) at: u32,
    pub(crate) book: u32,
    /// In the settlement asset, and in the reporting currency.
    pub(crate) signs: [Sign; 2],
}

impl Placed {
    /// The order; `tied` decides where time and tie are the same.
    pub(crate) fn compare(&self, other: &Self, tied: impl Fn(&Self, &Self) -> Ordering) -> Ordering {
        (self.time, self.tie).cmp(&(other.time, other.tie)).then_with(|| tied(self, other))
    }
}

#[derive(Clone, Debug, Default)]
struct Block {
    entries: Vec<Placed>,
    runs: [Runs; 2],
    dirty: bool,
}

impl Block {
    fn push(&mut self, placed: Placed) {
        self.entries.push(placed);
        for (runs, sign) in self.runs.iter_mut().zip(placed.signs) {
            runs.push(sign);
        }
    }

    fn refresh(&mut self) {
        if core::mem::take(&mut self.dirty) {
            self.runs = [Runs::default(); 2];
            for placed in &self.entries {
                for (runs, sign) in self.runs.iter_mut().zip(placed.signs) {
                    runs.push(sign);
                }
            }
        }
    }
}

/// All trades, or all round trips, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    blocks: Vec<Block>,
}

const fn of(currency: Currency) -> usize {
    match currency {
        Currency::Settlement => 0,
        Currency::Reporting => 1,
    }
}

impl Sequence {
    /// The block that an entry belongs to: the last that begins with it or before.
    fn block(&self, placed: &Placed, tied: impl Fn(&Placed, &Placed) -> Ordering) -> usize {
        let begins = |block: &Block| {
            block.entries.first().is_none_or(|first| first.compare(placed, &tied) != Ordering::Greater)
        };
        if self.blocks.last().is_some_and(begins) {
            return self.blocks.len().saturating_sub(1);
        }
        self.blocks.partition_point(begins).saturating_sub(1)
    }

    /// Puts an entry in its place.
    pub(crate) fn insert(&mut self, placed: Placed, tied: impl Fn(&Placed, &Placed) -> Ordering) {
        let at = self.block(&placed, &tied);
        let is_last = at.saturating_add(1) >= self.blocks.len();
        let Some(block) = self.blocks.get_mut(at) else {
            self.start(placed);
            return;
        };
        let after = |held: &Placed| held.compare(&placed, &tied) == Ordering::Less;
        if block.entries.last().is_none_or(after) {
            if is_last && block.entries.len() >= BLOCK_MAX {
                self.start(placed);
                return;
            }
            block.push(placed);
        } else {
            let place = block.entries.partition_point(after);
            block.entries.insert(place, placed);
            block.dirty = true;
        }
        if block.entries.len() > BLOCK_MAX {
            let entries = block.entries.split_off(BLOCK_MAX / 2);
            block.dirty = true;
            let second = Block { entries, dirty: true, ..Block::default() };
            self.blocks.insert(at.saturating_add(1), second);
        }
    }

    fn start(&mut self, placed: Placed) {
        let mut block = Block::default();
        block.push(placed);
        self.blocks.push(block);
    }

    /// Removes an entry that is there.
    pub(crate) fn remove(&mut self, placed: &Placed, tied: impl Fn(&Placed, &Placed) -> Ordering) {
        let at = self.block(placed, &tied);
        let Some(block) = self.blocks.get_mut(at) else { return };
        let found = block.entries.binary_search_by(|held| held.compare(placed, &tied));
        if let Ok(place) = found {
            block.entries.remove(place);
            block.dirty = true;
        }
        debug_assert!(found.is_ok(), "what is forgotten was learnt before");
        if block.entries.is_empty() {
            self.blocks.remove(at);
        }
    }

    /// Finds the runs of the blocks that changed.
    pub(crate) fn refresh(&mut self) {
        self.blocks.iter_mut().for_each(Block::refresh);
    }

    /// Runs of everything.
    pub(crate) fn runs(&self, currency: Currency) -> Runs {
        let mut all = Runs::default();
        for runs in self.blocks.iter().filter_map(|block| block.runs.get(of(currency))) {
            all.append(runs);
        }
        all
    }

    /// Runs of some books alone: this reads every entry.
    pub(crate) fn runs_of(&self, currency: Currency, is_of: impl Fn(u32) -> bool) -> Runs {
        let mut all = Runs::default();
        for placed in self.blocks.iter().flat_map(|block| &block.entries).filter(|placed| is_of(placed.book))
        {
            if let Some(sign) = placed.signs.get(of(currency)) {
                all.push(*sign);
            }
        }
        all
    }
}
