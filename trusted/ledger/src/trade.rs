//! Closed trades and round trips (METRICS.md section 5): what one closing order closes, per book and direction, and
//! what lies between flat and flat.

use crate::{
    Decimal, Direction, Fill, FillId, Match, Measured, NumberError, OrderId, Timestamp, book::Place,
    reason::add,
};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Everything that one closing order closed, of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Trade {
    /// The order; the fill itself where the venue names none.
    pub order: Arc<str>,
    /// Which way it profited.
    pub direction: Direction,
    /// How much was closed.
    pub quantity: Decimal,
    /// Profit before fees, in the settlement asset.
    pub gross: Decimal,
    /// Profit after fees, in the settlement asset.
    pub net: Measured<Decimal>,
    /// Profit after fees, in the reporting currency.
    pub reported_net: Measured<Decimal>,
    /// Its last closing fill.
    pub closed: Timestamp,
    pub(crate) last: Place,
    /// Sum of quantity times `held_ms`.
    pub(crate) held: Decimal,
}

impl Trade {
    /// Quantity-weighted holding time, in milliseconds.
    ///
    /// # Errors
    /// If it does not fit a number.
    pub fn held_ms(&self) -> Measured<Decimal> {
        Ok(self.held.checked_div(self.quantity)?)
    }
}

/// From flat to flat, or to the flip through zero.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundTrip {
    /// Which way it profited.
    pub direction: Direction,
    /// Its first fill.
    pub opened: Timestamp,
    /// Its last fill.
    pub closed: Timestamp,
    /// How much was closed.
    pub quantity: Decimal,
    /// Profit before fees, in the settlement asset.
    pub gross: Decimal,
    /// Both sides' fees.
    pub fees: Measured<Decimal>,
    /// Profit after fees.
    pub net: Measured<Decimal>,
    /// Profit after fees, in the reporting currency.
    pub reported_net: Measured<Decimal>,
}

impl RoundTrip {
    /// Last minus first fill.
    pub fn held_ms(&self) -> u64 {
        self.closed.since(self.opened)
    }
}

/// A match, with the fill that closed it and its money.
#[derive(Clone, Copy)]
pub(crate) struct Closed<'a> {
    pub(crate) done: &'a Match,
    pub(crate) fill: &'a Fill,
    pub(crate) place: &'a Place,
    pub(crate) fees: Measured<Decimal>,
    pub(crate) net: Measured<Decimal>,
    pub(crate) reported_net: Measured<Decimal>,
}

/// Trades and round trips of a book, kept as matches happen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trades {
    pub(crate) trades: Vec<Trade>,
    by_order: BTreeMap<(Closer, Direction), usize>,
    open_trip: Option<RoundTrip>,
    pub(crate) trips: Vec<RoundTrip>,
}

/// What closes: an order, or a fill of no order. Two name spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closer {
    Order(OrderId),
    Fill(FillId),
}

impl Closer {
    fn of(fill: &Fill) -> Self {
        fill.order_id.clone().map_or_else(|| Self::Fill(fill.id.clone()), Self::Order)
    }

    fn text(&self) -> Arc<str> {
        match self {
            Self::Order(id) => id.text(),
            Self::Fill(id) => id.text(),
        }
    }
}

impl Trades {
    /// A match happened.
    pub(crate) fn closed(&mut self, closed: Closed<'_>) -> Result<(), NumberError> {
        self.trade(closed)?;
        self.trip(closed)
    }

    /// No lot is open: the trip that was open is over.
    pub(crate) fn flat(&mut self) {
        self.trips.extend(self.open_trip.take());
    }

    fn trade(
        &mut self,
        Closed { done, fill, place, net, reported_net, .. }: Closed<'_>,
    ) -> Result<(), NumberError> {
        let closer = Closer::of(fill);
        let order = closer.text();
        let held = done.quantity.checked_mul(done.held_ms().into())?;
        let index = *self.by_order.entry((closer, done.direction)).or_insert(self.trades.len());
        match self.trades.get_mut(index) {
            Some(trade) => {
                trade.quantity = trade.quantity.checked_add(done.quantity)?;
                trade.gross = trade.gross.checked_add(done.gross)?;
                add(&mut trade.net, net)?;
                add(&mut trade.reported_net, reported_net)?;
                trade.held = trade.held.checked_add(held)?;
                trade.closed = done.closed;
                trade.last = place.clone();
            }
            None => self.trades.push(Trade {
                order,
                direction: done.direction,
                quantity: done.quantity,
                gross: done.gross,
                net,
                reported_net,
                closed: done.closed,
                last: place.clone(),
                held,
            }),
        }
        Ok(())
    }

    fn trip(&mut self, Closed { done, fees, net, reported_net, .. }: Closed<'_>) -> Result<(), NumberError> {
        let trip = self.open_trip.get_or_insert(RoundTrip {
            direction: done.direction,
            // Lots close oldest first, so the first match names the trip's first lot.
            opened: done.opened,
            closed: done.closed,
            quantity: Decimal::ZERO,
            gross: Decimal::ZERO,
            fees: Ok(Decimal::ZERO),
            net: Ok(Decimal::ZERO),
            reported_net: Ok(Decimal::ZERO),
        });
        trip.closed = done.closed;
        trip.quantity = trip.quantity.checked_add(done.quantity)?;
        trip.gross = trip.gross.checked_add(done.gross)?;
        add(&mut trip.fees, fees)?;
        add(&mut trip.net, net)?;
        add(&mut trip.reported_net, reported_net)
    }
}
