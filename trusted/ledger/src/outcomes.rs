//! Closed trades, or round trips, of a book as statistics see them (METRICS.md section 5), in the order in which they
//! closed, summed up block by block. A trade whose order closes more moves to the end; what it was is kept in a journal
//! for as long as one may have to return to it.

use crate::{
    Currency, Decimal, Direction, Measured, NumberError, Timestamp,
    fills::Fills,
    id::Id,
    index::{Index, mixed, word},
    log::Log,
    metrics::{Sign, Summary},
    packed::Packed,
    reason::add,
    sequence::Placed,
};
use alloc::vec::Vec;
use core::ops::Range;

/// Entries that are summed up together.
const BLOCK: u32 = 256;

/// What a closing fill adds to its trade.
pub(crate) struct Closed {
    /// The closing fill.
    pub(crate) at: u32,
    pub(crate) time: Timestamp,
    /// Its sequence number, or zero.
    pub(crate) tie: u64,
    pub(crate) direction: Direction,
    pub(crate) quantity: Decimal,
    pub(crate) net: Measured<Decimal>,
    pub(crate) reported_net: Measured<Decimal>,
    /// Holding time, of all of it if `held` is none.
    pub(crate) held_ms: u64,
    /// Sum of quantity times holding time, where they differ.
    pub(crate) held: Option<Decimal>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The last closing fill.
    at: u32,
    direction: Direction,
    /// It did not move to the end.
    alive: bool,
    /// The sequence over all books has it.
    published: bool,
    time: Timestamp,
    /// What comes next in the order: of trips the beginning.
    tie: u64,
    /// Holding time of every match so far, or of the last one.
    held_ms: u64,
    /// Sum of quantity times holding time, once they differ.
    held: Option<Decimal>,
    quantity: Decimal,
    net: Measured<Decimal>,
}

/// An entry as it was, and its profit in the reporting currency where that is another.
type Was = (u32, Entry, Option<Measured<Decimal>>);

/// Trades or round trips, with what statistics need of them.
#[derive(Clone, Debug)]
pub(crate) struct Outcomes {
    converts: bool,
    log: Log<Entry>,
    /// Profits of the entries in the reporting currency, where that is another.
    reported: Log<Measured<Decimal>>,
    /// Entries as they were before they changed, of those that a checkpoint knows.
    journal: Vec<Was>,
    /// How many entries the last checkpoint knows.
    known: u32,
    /// Full blocks, in the settlement asset; and in the reporting currency where that is another.
    blocks: Vec<Summary>,
    reported_blocks: Vec<Summary>,
    /// Full blocks that must be summed up again.
    dirty: Vec<u32>,
    /// Where trades of orders stand, of the first `indexed` entries.
    orders: Index,
    indexed: u32,
    /// No order so far has a higher number.
    order_max: Option<u64>,
    /// What the sequence over all books must forget, and what it must learn.
    retracted: Vec<Placed>,
    fresh: Vec<u32>,
}

/// How far the outcomes were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OutcomesMark {
    len: u32,
    journal: usize,
    order_max: Option<u64>,
}

/// An order and a direction.
fn order_hash(order: Option<&Id>, direction: Direction) -> u32 {
    let word = match order {
        Some(Id::Number(number)) => *number,
        Some(Id::Text(text)) => word(text),
        None => 0,
    };
    mixed(word ^ if direction == Direction::Short { 0x9e37_79b9_7f4a_7c15 } else { 0 })
}

impl Entry {
    /// Where it stands; `reported` is its profit in the reporting currency.
    fn placed(&self, reported: Measured<Decimal>) -> Placed {
        let (settled, reported) = (Sign::of(self.net), Sign::of(reported));
        Placed { time: self.time, tie: self.tie, at: self.at, book: 0, signs: [settled, reported] }
    }

    fn held(&self) -> Measured<Decimal> {
        self.held.map_or(Ok(self.held_ms.into()), |held| Ok(held.mean_div(self.quantity)?))
    }

    fn add(&mut self, closed: &Closed) -> Result<(), NumberError> {
        if self.held.is_some() || closed.held.is_some() || self.held_ms != closed.held_ms {
            let sum = |held: Option<Decimal>, quantity: Decimal, held_ms: u64| {
                held.map_or_else(|| quantity.checked_mul(held_ms.into()), Ok)
            };
            let mut held = sum(self.held, self.quantity, self.held_ms)?;
            held.accumulate(sum(closed.held, closed.quantity, closed.held_ms)?)?;
            self.held = Some(held);
        }
        self.quantity.accumulate(closed.quantity)?;
        add(&mut self.net, closed.net)?;
        (self.at, self.time, self.tie) = (closed.at, closed.time, closed.tie);
        Ok(())
    }
}

impl Outcomes {
    pub(crate) fn new(converts: bool) -> Self {
        Self {
            converts,
            log: Log::default(),
            reported: Log::default(),
            journal: Vec::new(),
            known: 0,
            blocks: Vec::new(),
            reported_blocks: Vec::new(),
            dirty: Vec::new(),
            orders: Index::default(),
            indexed: 0,
            order_max: None,
            retracted: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// A round trip is over.
    pub(crate) fn over(
        &mut self,
        at: u32,
        time: Timestamp,
        opened: Timestamp,
        net: Measured<Decimal>,
        reported_net: Measured<Decimal>,
    ) {
        let entry = Entry {
            at,
            direction: Direction::Long,
            alive: true,
            published: false,
            time,
            // Below zero comes before, also without a sign.
            tie: opened.millis().cast_unsigned() ^ (1 << 63),
            held_ms: time.since(opened),
            held: None,
            quantity: Decimal::ZERO,
            net,
        };
        self.push(entry, reported_net);
    }

    /// A fill closed something: it belongs to the trade of its order, or of the fill itself.
    pub(crate) fn close(&mut self, fills: &Fills, closed: &Closed) -> Result<(), NumberError> {
        let Some(slot) = self.find(fills, closed) else {
            let number = fills.get(closed.at).and_then(Packed::order_number);
            self.order_max = self.order_max.max(number);
            let entry = Entry {
                at: closed.at,
                direction: closed.direction,
                alive: true,
                published: false,
                time: closed.time,
                tie: closed.tie,
                held_ms: closed.held_ms,
                held: closed.held,
                quantity: closed.quantity,
                net: closed.net,
            };
            self.push(entry, closed.reported_net);
            return Ok(());
        };
        let slot = if slot.checked_add(1) == Some(self.log.len()) {
            self.remember(slot);
            slot
        } else {
            self.move_to_end(fills, slot)
        };
        if let Some(entry) = self.log.get_mut(slot) {
            entry.add(closed)?;
        }
        if let Some(reported) = self.reported.get_mut(slot) {
            add(reported, closed.reported_net)?;
        }
        Ok(())
    }

    #[inline]
    fn push(&mut self, entry: Entry, reported: Measured<Decimal>) -> u32 {
        let slot = self.log.len();
        if self.log.push(entry).is_some() {
            self.fresh.push(slot);
            if self.converts {
                self.reported.push(reported);
            }
        }
        slot
    }

    /// A trade stands where its last fill closed something. Returns where it is now.
    fn move_to_end(&mut self, fills: &Fills, slot: u32) -> u32 {
        let Some(entry) = self.log.get(slot).copied() else { return slot };
        let reported = self.reported(slot);
        self.remember(slot);
        if let Some(entry) = self.log.get_mut(slot) {
            entry.alive = false;
        }
        if slot < self.indexed {
            self.orders.remove(self.order_hash_of(fills, slot), slot);
        }
        self.push(Entry { published: false, ..entry }, reported)
    }

    /// The profit of an entry in the reporting currency.
    fn reported(&self, slot: u32) -> Measured<Decimal> {
        let settled = || self.log.get(slot).map_or(Ok(Decimal::ZERO), |entry| entry.net);
        self.reported.get(slot).copied().unwrap_or_else(settled)
    }

    /// An entry is about to change: what it was is kept, where somebody may ask for it.
    #[inline]
    fn remember(&mut self, slot: u32) {
        if slot < self.known {
            self.journal
                .extend(self.log.get(slot).map(|held| (slot, *held, self.reported.get(slot).copied())));
        }
        self.unpublish(slot);
    }

    /// The sequence over all books, and sums of blocks, know this entry as it was.
    #[inline]
    fn unpublish(&mut self, slot: u32) {
        let reported = self.reported(slot);
        if let Some(held) = self.log.get_mut(slot)
            && core::mem::take(&mut held.published)
        {
            self.retracted.push(held.placed(reported));
            self.fresh.push(slot);
        }
        if crate::log::index(slot / BLOCK) < self.blocks.len() {
            self.dirty.push(slot / BLOCK);
        }
    }

    fn order_hash_of(&self, fills: &Fills, slot: u32) -> u32 {
        let entry = self.log.get(slot);
        let order = entry.and_then(|entry| fills.get(entry.at)).and_then(|fill| fill.order(&fills.beside));
        order_hash(order.as_ref(), entry.map_or(Direction::Long, |entry| entry.direction))
    }

    /// The trade that a match belongs to, if it is there.
    fn find(&mut self, fills: &Fills, closed: &Closed) -> Option<u32> {
        let last = self.log.len().checked_sub(1)?;
        let held = self.log.last()?;
        let same_direction = held.alive && held.direction == closed.direction;
        if same_direction && held.at == closed.at {
            return Some(last);
        }
        let fill = fills.get(closed.at)?;
        if !fill.has_order() {
            return None;
        }
        let number = fill.order_number();
        if number.is_some() && same_direction && fills.get(held.at)?.order_number() == number {
            return Some(last);
        }
        // Orders mostly close one after the other: a number above all others is a new one.
        if number.is_some() && number > self.order_max {
            return None;
        }
        self.look_up(fills, closed)
    }

    fn look_up(&mut self, fills: &Fills, closed: &Closed) -> Option<u32> {
        for slot in self.indexed..self.log.len() {
            let Some(entry) = self.log.get(slot) else { break };
            if entry.alive && fills.get(entry.at).is_some_and(|fill| fill.has_order()) {
                self.orders.insert(self.order_hash_of(fills, slot), slot);
            }
        }
        self.indexed = self.log.len();
        let order = fills.get(closed.at)?.order(&fills.beside)?;
        let is = |slot| {
            self.log.get(slot).is_some_and(|held| {
                held.alive
                    && held.direction == closed.direction
                    && fills.get(held.at).and_then(|fill| fill.order(&fills.beside)).as_ref() == Some(&order)
            })
        };
        self.orders.find(order_hash(Some(&order), closed.direction), is)
    }

    /// How far the outcomes are. What changes from here on is kept in the journal.
    pub(crate) fn mark(&mut self) -> OutcomesMark {
        self.known = self.log.len();
        OutcomesMark { len: self.log.len(), journal: self.journal.len(), order_max: self.order_max }
    }

    /// Returns to what the outcomes were.
    pub(crate) fn rewind(&mut self, mark: OutcomesMark, fills: &Fills) {
        // Short of reading all of it, no one knows what the table holds of what is cut.
        let is_short = self.indexed.saturating_sub(mark.len) < mark.len / 2;
        if is_short {
            for slot in mark.len..self.indexed {
                if self.log.get(slot).is_some_and(|entry| entry.alive) {
                    self.orders.remove(self.order_hash_of(fills, slot), slot);
                }
            }
            self.indexed = self.indexed.min(mark.len);
        } else {
            self.orders.clear();
            self.indexed = 0;
        }
        for (slot, entry) in (mark.len..).zip(self.log.since(mark.len)) {
            if entry.published && entry.alive {
                self.retracted.push(entry.placed(self.reported(slot)));
            }
        }
        self.fresh.retain(|slot| *slot < mark.len);
        self.log.truncate(mark.len);
        self.reported.truncate(mark.len);
        while self.journal.len() > mark.journal {
            let Some(was) = self.journal.pop() else { break };
            self.restore(was, fills);
        }
        self.known = mark.len;
        self.order_max = mark.order_max;
        let full = crate::log::index(mark.len / BLOCK);
        self.blocks.truncate(full);
        self.reported_blocks.truncate(full);
    }

    fn restore(&mut self, (slot, entry, reported): Was, fills: &Fills) {
        self.unpublish(slot);
        let Some(held) = self.log.get_mut(slot) else { return };
        let returns = !held.alive;
        *held = Entry { published: false, ..entry };
        if let (Some(held), Some(reported)) = (self.reported.get_mut(slot), reported) {
            *held = reported;
        }
        self.fresh.push(slot);
        if returns && slot < self.indexed {
            self.orders.insert(self.order_hash_of(fills, slot), slot);
        }
    }

    /// Sums up what is full, or has changed.
    pub(crate) fn refresh(&mut self) {
        let full = self.log.len() / BLOCK;
        let mut dirty = core::mem::take(&mut self.dirty);
        let summed = crate::log::count(self.blocks.len());
        dirty.retain(|block| *block < summed);
        dirty.sort_unstable();
        dirty.dedup();
        for block in dirty.iter().copied().chain(summed..full) {
            let entries = block.saturating_mul(BLOCK)..block.saturating_add(1).saturating_mul(BLOCK);
            let of = |currency| self.summed(entries.clone(), currency);
            let (settled, reported) =
                (of(Currency::Settlement), self.converts.then(|| of(Currency::Reporting)));
            put(&mut self.blocks, block, settled);
            if let Some(reported) = reported {
                put(&mut self.reported_blocks, block, reported);
            }
        }
        dirty.clear();
        self.dirty = dirty;
    }

    fn summed(&self, entries: Range<u32>, currency: Currency) -> Summary {
        let mut summary = Summary::default();
        for (slot, entry) in entries.clone().zip(self.log.since(entries.start)) {
            if entry.alive {
                let net = match currency {
                    Currency::Settlement => entry.net,
                    Currency::Reporting => self.reported(slot),
                };
                summary.push(net, entry.held());
            }
        }
        summary
    }

    /// All of it, summed up.
    pub(crate) fn summary(&self, currency: Currency) -> Summary {
        let blocks = match currency {
            Currency::Reporting if self.converts => &self.reported_blocks,
            Currency::Reporting | Currency::Settlement => &self.blocks,
        };
        let mut all = Summary::default();
        blocks.iter().for_each(|block| all.append(block));
        let tail = crate::log::count(blocks.len()).saturating_mul(BLOCK);
        all.append(&self.summed(tail..self.log.len(), currency));
        all
    }

    /// What the sequence over all books must forget.
    pub(crate) fn retracted(&mut self) -> impl Iterator<Item = Placed> + '_ {
        self.retracted.drain(..)
    }

    /// What it must learn.
    pub(crate) fn published(&mut self, mut learn: impl FnMut(Placed)) {
        for slot in self.fresh.drain(..) {
            let Some(entry) = self.log.get_mut(slot).filter(|entry| entry.alive && !entry.published) else {
                continue;
            };
            entry.published = true;
            let reported = self.reported.get(slot).copied().unwrap_or(entry.net);
            learn(entry.placed(reported));
        }
    }
}

/// Puts a block in its place, which is at the end or before.
fn put(blocks: &mut Vec<Summary>, block: u32, summary: Summary) {
    match blocks.get_mut(crate::log::index(block)) {
        Some(held) => *held = summary,
        None => blocks.push(summary),
    }
}
