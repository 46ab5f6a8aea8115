//! The fills of a book (METRICS.md section 2.1): each once, and in their order. They stand in a log as they arrived and
//! keep their index; their order is that of the log until one comes late.

use crate::{
    Asset, Fill, FillId, Instrument, InstrumentKind, OrderId, Price, Quantity, Refused, Side, Timestamp,
    grid::Grid,
    id::Id,
    index::{Index, mixed, word},
    log::{Log, count, index},
    packed::{Beside, BesideMark, Packed, Words},
};
use alloc::{sync::Arc, vec::Vec};
use core::cmp::Ordering;

/// The first assets of a book: what it settles in, and the other of base and quote.
pub(crate) const SETTLEMENT: u16 = 0;
/// See [`SETTLEMENT`].
pub(crate) const OTHER: u16 = 1;

/// Fills of one book.
#[derive(Clone, Debug)]
pub(crate) struct Fills {
    log: Log<Packed>,
    pub(crate) beside: Beside,
    /// Indexes of the log in the order of the book; none while that is the order of the log.
    order: Option<Vec<u32>>,
    /// Where an id stands; none while ids are numbers that rise as the log does.
    ids: Option<Index>,
    /// What fees were paid in.
    assets: Vec<Asset>,
    /// A fee in the other asset of base and quote moves quantity.
    is_spot: bool,
    pub(crate) grid: Grid,
}

/// What became of a fill.
pub(crate) enum Inserted {
    /// It was not known.
    New,
    /// It was known.
    Copy,
    /// It was known, and brought a rate that was not: where, and the fill without it.
    Rate(u32, Packed),
}

/// How many fills there were, to return to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FillsMark {
    len: u32,
    beside: BesideMark,
    assets: usize,
}

impl Fills {
    pub(crate) fn new(instrument: &Instrument) -> Self {
        let settlement = instrument.settlement();
        let other = if *settlement == instrument.quote { &instrument.base } else { &instrument.quote };
        Self {
            log: Log::default(),
            beside: Beside::default(),
            order: None,
            ids: None,
            assets: alloc::vec![settlement.clone(), other.clone()],
            is_spot: instrument.kind == InstrumentKind::Spot,
            grid: Grid::default(),
        }
    }

    pub(crate) fn len(&self) -> u32 {
        self.log.len()
    }

    /// By its index in the log.
    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&Packed> {
        self.log.get(at)
    }

    /// The index of the fill at a position of the order.
    #[inline]
    pub(crate) fn at(&self, position: u32) -> Option<u32> {
        match &self.order {
            None => (position < self.log.len()).then_some(position),
            Some(order) => order.get(index(position)).copied(),
        }
    }

    pub(crate) fn asset(&self, at: u16) -> Option<&Asset> {
        self.assets.get(usize::from(at))
    }

    /// First and last.
    pub(crate) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let time = |position| Some(self.get(self.at(position)?)?.time);
        Some((time(0)?, time(self.len().checked_sub(1)?)?))
    }

    /// Brings the place of an id near, so that [`Self::insert`] does not wait for it.
    #[inline(always)]
    pub(crate) fn expect(&self, fill: &Fill) {
        if let Some(ids) = &self.ids {
            ids.expect(hash(&fill.id.0, fill.side));
        }
    }

    /// Puts a fill at the end of the log, or finds the copy that is there already. `words` are its numbers, where they are
    /// short.
    #[inline(always)]
    pub(crate) fn insert(&mut self, fill: &Fill, words: Option<Words>) -> Result<Inserted, Refused> {
        let fee_asset = self.asset_index(&fill.fee_asset)?;
        let known = match &mut self.ids {
            Some(ids) => {
                let (log, beside) = (&self.log, &self.beside);
                let (id, side) = (&fill.id.0, fill.side);
                let is = |at| log.get(at).is_some_and(|held| held.side() == side && has_id(beside, held, id));
                ids.find_or_insert(hash(id, side), self.log.len(), is)
            }
            None => self.find_or_expect(&fill.id.0, fill.side),
        };
        match known {
            None => {
                self.push(fill, words, fee_asset)?;
                Ok(Inserted::New)
            }
            Some(known) if self.is_copy(known, fill, words) => Ok(Inserted::Copy),
            Some(known) => self.copy(known, fill),
        }
    }

    /// Where an id is that may rise above all others, as most do; where it does not, the table of ids knows it from now on.
    #[inline(always)]
    fn find_or_expect(&mut self, id: &Id, side: Side) -> Option<u32> {
        if self.rises(id, side) {
            return None;
        }
        let known = self.find(id, side);
        if known.is_none() {
            self.build_ids();
            if let Some(ids) = &mut self.ids {
                ids.insert(hash(id, side), self.log.len());
            }
        }
        known
    }

    /// Whether a fill says what is known, with the same rates, in short numbers.
    #[inline(always)]
    fn is_copy(&self, at: u32, fill: &Fill, words: Option<Words>) -> bool {
        let (Some(known), Some(words)) = (self.get(at), words) else { return false };
        let order = match fill.order_id.as_ref().map(|order| &order.0) {
            None => !known.has_order(),
            Some(Id::Number(number)) => known.order_number() == Some(*number),
            Some(Id::Text(_)) => false,
        };
        order
            && words.are_of(known)
            && known.time == fill.time
            && known.side() == fill.side
            && known.liquidity() == fill.liquidity
            && self.asset(known.fee_asset).is_some_and(|asset| asset.is(&fill.fee_asset))
            && self.beside.sequence(known, at) == fill.sequence
    }

    #[inline(never)]
    fn copy(&mut self, at: u32, fill: &Fill) -> Result<Inserted, Refused> {
        let Some(known) = self.get(at).copied().filter(|known| self.same_execution(at, known, fill)) else {
            return Err(Refused::DuplicateConflict);
        };
        let [fee_rate, reporting_rate] =
            [known.fee_rate(&self.beside), known.reporting_rate(&self.beside)].map(|rate| rate.map(Price));
        let told = (merged(fee_rate, fill.fee_rate)?, merged(reporting_rate, fill.reporting_rate)?);
        if told == (fee_rate, reporting_rate) {
            return Ok(Inserted::Copy);
        }
        let with_rates = known.with_rates(told.0, told.1, &mut self.beside);
        self.replace(at, with_rates);
        Ok(Inserted::Rate(at, known))
    }

    /// Puts another version of a fill in its place.
    pub(crate) fn replace(&mut self, at: u32, fill: Packed) {
        if let Some(held) = self.log.get_mut(at) {
            *held = fill;
        }
    }

    #[inline(always)]
    fn push(&mut self, fill: &Fill, words: Option<Words>, fee_asset: u16) -> Result<(), Refused> {
        let at = self.log.len();
        let mut packed = self.beside.pack(at, fill, words, fee_asset);
        let is_spot = self.is_spot;
        packed.settle(&mut self.grid, |packed| {
            let (_, [_, price, fee, rate]) = packed.words();
            let rate = match fee_asset {
                SETTLEMENT => 0,
                OTHER => price,
                _ => rate,
            };
            (if is_spot && fee_asset == OTHER { fee } else { 0 }, fee.saturating_add(rate))
        });
        self.log.push(packed).map(|_| ()).ok_or(Refused::Overflow)
    }

    #[inline(always)]
    fn asset_index(&mut self, asset: &Asset) -> Result<u16, Refused> {
        // Mostly it is one text in memory, too, and one of the first. All of them are looked at, since which it is cannot
        // be foreseen.
        let mut same = 0_u16;
        for (at, known) in (0_u16..8).zip(&self.assets) {
            same |= u16::from(known.is_same(asset)) << at;
        }
        match u16::try_from(same.trailing_zeros()) {
            Ok(at) if same > 0 => Ok(at),
            _ => self.asset_by_name(asset),
        }
    }

    #[inline(never)]
    fn asset_by_name(&mut self, asset: &Asset) -> Result<u16, Refused> {
        let known = self.assets.iter().position(|known| known == asset);
        let at = known.unwrap_or(self.assets.len());
        match self.assets.get_mut(at) {
            // The next one is the same text in memory, most likely.
            Some(known) => known.clone_from(asset),
            None => self.assets.push(asset.clone()),
        }
        u16::try_from(at).map_err(|_| Refused::Overflow)
    }

    /// Whether an id is a number above every id of the log.
    #[inline]
    fn rises(&self, id: &Id, side: Side) -> bool {
        let Id::Number(number) = *id else { return false };
        let key = |last: &Packed| (last.id_number(), last.side()) < (Some(number), side);
        self.log.last().is_none_or(key)
    }

    #[cold]
    fn build_ids(&mut self) {
        let mut ids = Index::default();
        for (at, fill) in (0..).zip(self.log.iter()) {
            ids.insert(hash(&fill.id(&self.beside), fill.side()), at);
        }
        self.ids = Some(ids);
    }

    /// Where the fill of an id and side is.
    pub(crate) fn find(&self, id: &Id, side: Side) -> Option<u32> {
        if let Some(ids) = &self.ids {
            let is =
                |at| self.get(at).is_some_and(|held| held.side() == side && has_id(&self.beside, held, id));
            return ids.find(hash(id, side), is);
        }
        if self.rises(id, side) {
            return None;
        }
        let Id::Number(number) = *id else { return None };
        let (mut low, mut high) = (0, self.log.len());
        while low < high {
            let middle = low.wrapping_add(high.wrapping_sub(low) / 2);
            let held = self.get(middle)?;
            match (held.id_number(), held.side()).cmp(&(Some(number), side)) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => low = middle.wrapping_add(1),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Equal content by value; rates are ours, not the venue's.
    pub(crate) fn same_execution(&self, at: u32, known: &Packed, fill: &Fill) -> bool {
        let beside = &self.beside;
        known.time == fill.time
            && known.side() == fill.side
            && known.liquidity() == fill.liquidity
            && known.quantity(beside) == fill.quantity.0
            && known.price(beside) == fill.price.0
            && known.fee(beside) == fill.fee
            && self.asset(known.fee_asset).is_some_and(|asset| asset.is(&fill.fee_asset))
            && has_id(beside, known, &fill.id.0)
            && known.order(beside) == fill.order_id.as_ref().map(|order| order.0.clone())
            && beside.sequence(known, at) == fill.sequence
    }

    /// The order of two fills: time, the venue's sequence number, id, buy before sell.
    pub(crate) fn compare(&self, a: u32, b: u32) -> Ordering {
        let (Some(x), Some(y)) = (self.get(a), self.get(b)) else { return a.cmp(&b) };
        x.time.cmp(&y.time).then_with(|| self.compare_within_instant(a, self, b))
    }

    /// The order of two fills of one instant, also of different books.
    pub(crate) fn compare_within_instant(&self, a: u32, other: &Self, b: u32) -> Ordering {
        let (Some(x), Some(y)) = (self.get(a), other.get(b)) else { return Ordering::Equal };
        let sequence = |fills: &Self, fill, at| fills.beside.sequence(fill, at).unwrap_or(0);
        let ids = || match (x.id_number(), y.id_number()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => x.id(&self.beside).cmp(&y.id(&other.beside)),
        };
        sequence(self, x, a).cmp(&sequence(other, y, b)).then_with(ids).then_with(|| x.side().cmp(&y.side()))
    }

    /// Brings the fills that came since `from` into the order. Returns the first position that has another fill than
    /// before: all after it may.
    pub(crate) fn sort(&mut self, from: u32) -> u32 {
        let len = self.log.len();
        let mut new: Vec<u32> = Vec::new();
        let last = from.checked_sub(1).and_then(|position| self.at(position));
        let in_order = self.rises_from(last, from);
        if in_order {
            if let Some(order) = &mut self.order {
                order.extend(from..len);
            }
            return from;
        }
        new.extend(from..len);
        new.sort_unstable_by(|a, b| self.compare(*a, *b));
        let order = self.order.take().unwrap_or_else(|| (0..from).collect());
        let Some(first) = new.first().copied() else { return from };
        let kept = order.partition_point(|at| self.compare(*at, first) == Ordering::Less);
        let mut merged = Vec::with_capacity(index(len));
        let (head, tail) = order.split_at_checked(kept).unwrap_or((&order, &[]));
        merged.extend_from_slice(head);
        let (mut old, mut new) = (tail.iter().copied().peekable(), new.into_iter().peekable());
        while let (Some(a), Some(b)) = (old.peek().copied(), new.peek().copied()) {
            let next = if self.compare(a, b) == Ordering::Less { old.next() } else { new.next() };
            merged.extend(next);
        }
        merged.extend(old);
        merged.extend(new);
        self.order = Some(merged);
        count(kept)
    }

    /// Whether the fills from `from` on stand in their order, behind the `last` before them.
    fn rises_from(&self, last: Option<u32>, from: u32) -> bool {
        let mut before = last.and_then(|at| Some((at, self.get(at)?.time)));
        for (at, fill) in (from..).zip(self.log.since(from)) {
            let rises = before.is_none_or(|(before, time)| {
                time < fill.time || (time == fill.time && self.compare(before, at) == Ordering::Less)
            });
            if !rises {
                return false;
            }
            before = Some((at, fill.time));
        }
        true
    }

    /// The position of a fill.
    pub(crate) fn position(&self, at: u32) -> u32 {
        match &self.order {
            None => at,
            Some(order) => count(order.partition_point(|held| self.compare(*held, at) == Ordering::Less)),
        }
    }

    /// The first position of a fill that came since.
    pub(crate) fn first_position_since(&self, mark: FillsMark) -> u32 {
        let since = |at: &u32| *at >= mark.len;
        let ordered = self.order.as_ref().map(|order| order.iter().position(since).unwrap_or(order.len()));
        ordered.map_or(mark.len, count)
    }

    /// How many there are.
    pub(crate) fn mark(&self) -> FillsMark {
        FillsMark { len: self.log.len(), beside: self.beside.mark(), assets: self.assets.len() }
    }

    /// Forgets the fills that came since.
    pub(crate) fn rewind(&mut self, mark: FillsMark) {
        if let Some(ids) = &mut self.ids {
            for (at, fill) in (mark.len..).zip(self.log.since(mark.len)) {
                ids.remove(hash(&fill.id(&self.beside), fill.side()), at);
            }
        }
        if let Some(order) = &mut self.order {
            order.retain(|at| *at < mark.len);
        }
        self.log.truncate(mark.len);
        self.beside.rewind(mark.beside);
        self.assets.truncate(mark.assets);
    }

    /// A fill as it was given.
    pub(crate) fn fill(&self, at: u32, account: &Arc<str>, instrument: &Instrument) -> Option<Fill> {
        let (held, beside) = (self.get(at)?, &self.beside);
        Some(Fill {
            account: Arc::clone(account),
            symbol: instrument.symbol.clone(),
            id: FillId(held.id(beside)),
            order_id: held.order(beside).map(OrderId),
            time: held.time,
            sequence: beside.sequence(held, at),
            side: held.side(),
            quantity: Quantity(held.quantity(beside)),
            price: Price(held.price(beside)),
            fee: held.fee(beside),
            fee_asset: self.asset(held.fee_asset)?.clone(),
            liquidity: held.liquidity(),
            fee_rate: held.fee_rate(beside).map(Price),
            reporting_rate: held.reporting_rate(beside).map(Price),
        })
    }

    /// All, in their order.
    pub(crate) fn positions(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.len()).filter_map(|position| self.at(position))
    }
}

#[inline(always)]
fn has_id(beside: &Beside, held: &Packed, id: &Id) -> bool {
    match (held.id_number(), id) {
        (Some(held), Id::Number(number)) => held == *number,
        (None, Id::Text(_)) => held.id(beside) == *id,
        _ => false,
    }
}

#[inline(always)]
fn hash(id: &Id, side: Side) -> u32 {
    let word = match id {
        Id::Number(number) => *number,
        Id::Text(text) => word(text),
    };
    mixed(word ^ if side == Side::Sell { 0x9e37_79b9_7f4a_7c15 } else { 0 })
}

/// A rate that one copy brings; two different ones contradict each other.
fn merged<T: PartialEq>(known: Option<T>, told: Option<T>) -> Result<Option<T>, Refused> {
    match (known, told) {
        (Some(known), Some(told)) if known != told => Err(Refused::DuplicateConflict),
        (Some(rate), _) | (None, Some(rate)) => Ok(Some(rate)),
        (None, None) => Ok(None),
    }
}
