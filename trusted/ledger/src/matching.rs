//! Matching (METRICS.md sections 2.3 to 2.6): what the next fill of a book does to its lots and sums. Everything that a
//! book knows is a few logs, which only grow, and a [`Cursor`], which is small: a copy of the cursor is a place to return
//! to ([`Checkpoint`]).
//!
//! Not here: the order of fills and what happens to a late one (`book.rs`), which lot is next (`lots.rs`).

use crate::{
    Decimal, Direction, Instrument, InstrumentKind, Liquidity, Measured, NumberError, Reason, Side,
    Timestamp,
    amount::Num,
    fee::Divided,
    fills::Fills,
    lots::{LotRule, Lots, LotsMark},
    metrics::{Activity, Closing, Months, MonthsMark},
    outcomes::{Closed, Outcomes, OutcomesMark},
    terms::{Conversion, Next, Terms, direction, fee_of},
    watch::{Closes, Seen, SeenClosing, Watch},
};
use alloc::vec::Vec;

/// What follows from the fills of a book.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) terms: Terms,
    /// Most fills of this book may go the short way (`short.rs`).
    is_short: bool,
    pub(crate) cursor: Cursor,
    pub(crate) lots: Lots,
    pub(crate) months: Months,
    pub(crate) trades: Outcomes,
    pub(crate) trips: Outcomes,
}

/// What changes with every fill, and is no log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    /// How many fills of the order are applied.
    pub(crate) applied: u32,
    /// Raw fees by the asset's index in the book.
    pub(crate) fees: Vec<Decimal>,
    /// The same of those that could not be valued.
    pub(crate) fees_unvalued: Vec<Option<Decimal>>,
    pub(crate) unmatched_quantity: Decimal,
    pub(crate) unmatched_proceeds: Decimal,
    /// Without sign, of all open lots.
    pub(crate) open: Decimal,
    trip: Option<Trip>,
}

impl Cursor {
    /// A fee was paid, in the book's asset of that index.
    #[inline]
    pub(crate) fn paid(&mut self, asset: u16, amount: Num) -> Result<(), NumberError> {
        if amount.is_zero() {
            return Ok(());
        }
        match self.fees.get_mut(usize::from(asset)) {
            Some(sum) => sum.take_in(amount),
            None => self.add_fee(asset, amount.decimal(), true),
        }
    }

    /// The same of any length, also where it could not be valued.
    #[cold]
    fn add_fee(&mut self, asset: u16, amount: Decimal, is_valued: bool) -> Result<(), NumberError> {
        if amount.is_zero() {
            return Ok(());
        }
        let place = usize::from(asset);
        if self.fees.len() <= place {
            self.fees.resize(place.saturating_add(1), Decimal::ZERO);
            self.fees_unvalued.resize(place.saturating_add(1), None);
        }
        if let Some(sum) = self.fees.get_mut(place) {
            sum.accumulate(amount)?;
        }
        if !is_valued && let Some(sum) = self.fees_unvalued.get_mut(place) {
            *sum = Some(sum.unwrap_or_default().checked_add(amount)?);
        }
        Ok(())
    }
}

/// A round trip that is not over.
#[derive(Clone, Copy, Debug)]
struct Trip {
    opened: Timestamp,
    net: Measured<Decimal>,
    reported_net: Measured<Decimal>,
}

/// A place to return to.
#[derive(Clone, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) cursor: Cursor,
    lots: LotsMark,
    months: MonthsMark,
    trades: OutcomesMark,
    trips: OutcomesMark,
}

impl State {
    pub(crate) fn new(instrument: &Instrument, converts: bool, rule: LotRule) -> Self {
        let terms = Terms::of(instrument, converts);
        Self {
            is_short: !terms.inverse() && terms.multiplier.is_none() && !converts && rule == LotRule::FirstIn,
            terms,
            cursor: Cursor::default(),
            lots: Lots::new(rule),
            months: Months::new(converts),
            trades: Outcomes::new(converts),
            trips: Outcomes::new(converts),
        }
    }

    pub(crate) fn checkpoint(&mut self) -> Checkpoint {
        Checkpoint {
            cursor: self.cursor.clone(),
            lots: self.lots.mark(),
            months: self.months.mark(),
            trades: self.trades.mark(),
            trips: self.trips.mark(),
        }
    }

    /// Returns to a checkpoint, which must be of this state's own past.
    pub(crate) fn rewind(&mut self, to: &Checkpoint, fills: &Fills) {
        self.cursor = to.cursor.clone();
        self.lots.rewind(to.lots);
        self.months.rewind(&to.months);
        self.trades.rewind(to.trades, fills);
        self.trips.rewind(to.trips, fills);
    }

    /// Returns to the beginning, also where no checkpoint could be.
    pub(crate) fn restart(&mut self, instrument: &Instrument, rule: LotRule, fills: &Fills) {
        let mut first = Self::new(instrument, self.terms.converts, rule);
        let checkpoint = first.checkpoint();
        self.lots = first.lots;
        self.rewind(&checkpoint, fills);
    }

    /// What a lot is, of which nothing was closed.
    pub(crate) fn whole(&self, fills: &Fills, at: u32) -> Result<Divided, NumberError> {
        let Some(fill) = fills.get(at) else { return Ok(Divided::new(Decimal::ZERO, None)) };
        let (fee, kind) = (fee_of(fills, fill), self.terms.kind);
        let moved = fee.moved(kind, fill.side(), fill.quantity(&fills.beside))?;
        Ok(Divided::new(moved, fee.valued(kind, fill.price(&fills.beside))?))
    }

    /// Applies the next fill, by its index. On an error this state must be rewound.
    pub(crate) fn apply<W: Watch>(
        &mut self,
        fills: &Fills,
        at: u32,
        watch: &mut W,
    ) -> Result<(), NumberError> {
        if !W::WATCHES
            && self.is_short
            && let Some(applied) = self.apply_short(fills, at)
        {
            return applied;
        }
        let (Some(fill), Some(next)) = (fills.get(at), Next::of(fills, self.terms.converts, at)) else {
            return Ok(());
        };
        let fee = self.activity(&next, fill.liquidity(), fill.fee_asset)?;
        let mut moving = Divided::new(next.fee.moved(self.terms.kind, next.side, next.quantity)?, fee);
        let is_closing = self.open_direction(fills).is_some_and(|open| open != direction(next.side));
        if is_closing {
            self.close(fills, &next, &mut moving, watch)?;
        }
        self.cursor.applied = self.cursor.applied.saturating_add(1);
        if moving.left.is_zero() { Ok(()) } else { self.rest(&next, moving, is_closing) }
    }

    /// All open lots have one direction: that of the fill that opened the next of them.
    fn open_direction(&self, fills: &Fills) -> Option<Direction> {
        let (opening, _) = self.lots.next()?;
        fills.get(opening).map(|fill| direction(fill.side()))
    }

    /// Volume and fees (sections 2.4 and 2.6). Returns the fee in the settlement asset.
    fn activity(
        &mut self,
        next: &Next,
        liquidity: Liquidity,
        fee_asset: u16,
    ) -> Result<Option<Decimal>, NumberError> {
        let settled = self.terms.notional(next.quantity, next.price)?;
        let volume = if self.terms.inverse() { self.terms.contracts(next.quantity)? } else { settled };
        let fee = next.fee.valued(self.terms.kind, next.price)?;
        let sums = self.months.at(next.time);
        let activity = Activity { time: next.time, volume: Ok(volume), liquidity, fee: fee.map(Ok) };
        sums.settled.fill(&activity)?;
        if next.conversion != Conversion::Same {
            let volume = next.conversion.apply(Ok(settled))?;
            let fee = fee.map(|fee| next.conversion.apply(Ok(fee))).transpose()?;
            sums.reported.fill(&Activity { time: next.time, volume, liquidity, fee })?;
        }
        self.cursor.add_fee(fee_asset, next.fee.amount, fee.is_some())?;
        Ok(fee)
    }

    /// Closes lots with a fill, as far as they and it go.
    fn close<W: Watch>(
        &mut self,
        fills: &Fills,
        next: &Next,
        moving: &mut Divided,
        watch: &mut W,
    ) -> Result<(), NumberError> {
        let before = *moving;
        // Where all of the fill closes something, its matches share all of its fee: no one must know how.
        let is_unknown = next.conversion == Conversion::Unknown;
        let shares = W::WATCHES || is_unknown || self.cursor.open < before.left;
        let mut sums = Closes::new(direction(next.side), next.time);
        while !moving.left.is_zero()
            && let Some((opening, left)) = self.lots.next()
        {
            let Some(opened) = fills.get(opening) else { break };
            let mut lot = left.map_or_else(|| self.whole(fills, opening), Ok)?;
            let quantity = if lot.left <= moving.left { lot.left } else { moving.left };
            let open_price = opened.price(&fills.beside);
            let open_fee = lot.take(quantity)?;
            let close_fee = if shares { moving.take(quantity)? } else { moving.pass(quantity)? };
            self.lots.closed(lot);
            let inverse_gross = if self.terms.inverse() {
                self.terms.profit(sums.direction, quantity, open_price, next.price)?
            } else {
                Decimal::ZERO
            };
            let cost = self.terms.notional(quantity, open_price)?;
            sums.add(quantity, cost, inverse_gross, open_fee, opened.time)?;
            if W::WATCHES || is_unknown {
                let gross = self.terms.profit(sums.direction, quantity, open_price, next.price)?;
                sums.nothing.add(gross, open_fee, close_fee)?;
                let (open, close, direction) = (opening, next.at, sums.direction);
                watch
                    .matched(fills, &Seen { open, close, direction, quantity, gross, open_fee, close_fee })?;
            }
        }
        let fee = match (before.fee_left, moving.fee_left) {
            (Some(before), Some(after)) => {
                Some(if after.is_zero() { before } else { before.checked_sub(after)? })
            }
            _ => None,
        };
        self.closed(fills, next, &sums, fee, watch)
    }

    /// Sums up what a fill closed.
    fn closed<W: Watch>(
        &mut self,
        fills: &Fills,
        next: &Next,
        sums: &Closes,
        fee: Option<Decimal>,
        watch: &mut W,
    ) -> Result<(), NumberError> {
        let value = self.terms.notional(sums.quantity, next.price)?;
        let gross = match (self.terms.inverse(), sums.direction) {
            (true, _) => sums.inverse_gross,
            (false, Direction::Long) => value.checked_sub(sums.cost)?,
            (false, Direction::Short) => sums.cost.checked_sub(value)?,
        };
        let fees = match (sums.open_fees, fee) {
            (Some(open), Some(close)) => Ok(open.checked_add(close)?),
            _ => Err(Reason::FeeUnvalued),
        };
        let net = match fees {
            Ok(fees) => Ok(gross.checked_sub(fees)?),
            Err(why) => Err(why),
        };
        let closing =
            Closing { matches: sums.matches, gross: Ok(gross), fees, cost: Ok(sums.cost), value: Ok(value) };
        let month = self.months.at(next.time);
        month.settled.matched(&closing)?;
        let mut reported_net = net;
        let conversion = next.conversion;
        if conversion != Conversion::Same {
            month.reported.matched(&Closing {
                matches: sums.matches,
                gross: conversion.apply_sum(closing.gross, sums.nothing.gross)?,
                fees: conversion.apply_sum(fees, sums.nothing.fees)?,
                cost: conversion.apply(closing.cost)?,
                value: conversion.apply(closing.value)?,
            })?;
            reported_net = conversion.apply_sum(net, sums.nothing.net)?;
        }
        let direction = sums.direction;
        self.cursor.open = self.cursor.open.checked_sub(sums.quantity)?;
        self.trades.close(
            fills,
            &Closed {
                at: next.at,
                time: next.time,
                tie: fills.get(next.at).and_then(|fill| fills.beside.sequence(fill, next.at)).unwrap_or(0),
                direction,
                quantity: sums.quantity,
                net,
                reported_net,
                held_ms: sums.held_ms,
                held: sums.held,
            },
        )?;
        self.trip(sums.opened, net, reported_net)?;
        if W::WATCHES {
            let held = sums.held.map_or_else(|| sums.quantity.checked_mul(sums.held_ms.into()), Ok)?;
            let (close, opened, quantity) = (next.at, sums.opened, sums.quantity);
            watch.closed(
                fills,
                &SeenClosing { close, direction, opened, quantity, held, gross, fees, net, reported_net },
            )?;
        }
        if self.lots.is_empty() {
            self.flat(next.at, next.time);
            watch.flat();
        }
        Ok(())
    }

    pub(crate) fn trip(
        &mut self,
        opened: Timestamp,
        net: Measured<Decimal>,
        reported_net: Measured<Decimal>,
    ) -> Result<(), NumberError> {
        // A trip begins with the oldest fill that it closes.
        let (none, converts) = (Ok(Decimal::ZERO), self.terms.converts);
        let trip = self.cursor.trip.get_or_insert(Trip { opened, net: none, reported_net: none });
        trip.opened = trip.opened.min(opened);
        crate::reason::add(&mut trip.net, net)?;
        if converts {
            crate::reason::add(&mut trip.reported_net, reported_net)?;
        }
        Ok(())
    }

    /// The same in the only currency there is.
    #[inline(always)]
    pub(crate) fn trip_short(&mut self, opened: Timestamp, net: Decimal) -> Result<(), NumberError> {
        if let Some(trip) = &mut self.cursor.trip {
            trip.opened = trip.opened.min(opened);
            return crate::reason::add(&mut trip.net, Ok(net));
        }
        self.trip(opened, Ok(net), Ok(Decimal::ZERO))
    }

    /// No lot is open: the trip that was open is over.
    pub(crate) fn flat(&mut self, at: u32, time: Timestamp) {
        if let Some(Trip { opened, net, reported_net }) = self.cursor.trip.take() {
            self.trips.over(at, time, opened, net, reported_net);
        }
    }

    /// What closed no lot: it opens one, but a spot sale beyond the inventory has no known cost (section 2.5).
    fn rest(&mut self, next: &Next, rest: Divided, is_part: bool) -> Result<(), NumberError> {
        if self.terms.kind == InstrumentKind::Spot && next.side == Side::Sell {
            let proceeds = rest.left.checked_mul(next.price)?;
            self.cursor.unmatched_quantity.accumulate(rest.left)?;
            self.cursor.unmatched_proceeds.accumulate(proceeds)?;
            let sums = self.months.at(next.time);
            sums.settled.unmatched(Ok(proceeds))?;
            if next.conversion != Conversion::Same {
                sums.reported.unmatched(next.conversion.apply(Ok(proceeds))?)?;
            }
            return Ok(());
        }
        self.cursor.open.accumulate(rest.left)?;
        self.lots.open(next.at, is_part.then(|| Divided::new(rest.left, rest.fee_left)));
        Ok(())
    }
}
