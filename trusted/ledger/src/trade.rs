//! Closed trades and round trips (METRICS.md section 5): what one closing order closes, per book and direction, and
//! what lies between flat and flat. They are made when they are asked for, by replaying their book; statistics need no
//! such lists (`outcomes.rs`).

use crate::{
    Decimal, Direction, FillId, Match, Measured, NumberError, OrderId, Price, Timestamp,
    fills::Fills,
    id::Id,
    reason::add,
    watch::{Seen, SeenClosing, Watch},
};
use alloc::{collections::BTreeMap, string::ToString, sync::Arc, vec::Vec};

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
    /// Sum of quantity times `held_ms`.
    held: Decimal,
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

/// Matches of a book, each with its closing fill.
#[derive(Default)]
pub(crate) struct MatchList(pub(crate) Vec<(u32, Match)>);

impl Watch for MatchList {
    fn matched(&mut self, fills: &Fills, seen: &Seen) -> Result<(), NumberError> {
        let (Some(open), Some(close)) = (fills.get(seen.open), fills.get(seen.close)) else { return Ok(()) };
        let done = Match {
            open: FillId(open.id(&fills.beside)),
            close: FillId(close.id(&fills.beside)),
            direction: seen.direction,
            quantity: seen.quantity,
            open_price: Price(open.price(&fills.beside)),
            close_price: Price(close.price(&fills.beside)),
            gross: seen.gross,
            open_fee: seen.open_fee,
            close_fee: seen.close_fee,
            opened: open.time,
            closed: close.time,
        };
        self.0.push((seen.close, done));
        Ok(())
    }
}

/// What closes: an order, or a fill of no order. Two name spaces.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Closer {
    Order(OrderId),
    Fill(FillId),
}

/// Trades of a book, each with its last closing fill, in the order in which their orders first closed something.
#[derive(Default)]
pub(crate) struct TradeList {
    pub(crate) trades: Vec<(u32, Trade)>,
    by_order: BTreeMap<(Closer, Direction), usize>,
}

impl Watch for TradeList {
    fn closed(&mut self, fills: &Fills, seen: &SeenClosing) -> Result<(), NumberError> {
        let Some(close) = fills.get(seen.close) else { return Ok(()) };
        let id = || Closer::Fill(FillId(close.id(&fills.beside)));
        let closer = close.order(&fills.beside).map_or_else(id, |order| Closer::Order(OrderId(order)));
        let text = |id: &Id| Arc::from(id.to_string());
        let order = match &closer {
            Closer::Order(id) => text(&id.0),
            Closer::Fill(id) => text(&id.0),
        };
        let index = *self.by_order.entry((closer, seen.direction)).or_insert(self.trades.len());
        match self.trades.get_mut(index) {
            Some((last, trade)) => {
                trade.quantity.accumulate(seen.quantity)?;
                trade.gross.accumulate(seen.gross)?;
                add(&mut trade.net, seen.net)?;
                add(&mut trade.reported_net, seen.reported_net)?;
                trade.held.accumulate(seen.held)?;
                (trade.closed, *last) = (close.time, seen.close);
            }
            None => {
                let trade = Trade {
                    order,
                    direction: seen.direction,
                    quantity: seen.quantity,
                    gross: seen.gross,
                    net: seen.net,
                    reported_net: seen.reported_net,
                    closed: close.time,
                    held: seen.held,
                };
                self.trades.push((seen.close, trade));
            }
        }
        Ok(())
    }
}

/// Round trips of a book, in the order in which they closed.
#[derive(Default)]
pub(crate) struct TripList {
    open: Option<RoundTrip>,
    pub(crate) trips: Vec<RoundTrip>,
}

impl Watch for TripList {
    fn closed(&mut self, fills: &Fills, seen: &SeenClosing) -> Result<(), NumberError> {
        let Some(close) = fills.get(seen.close) else { return Ok(()) };
        let (zero, none) = (Decimal::ZERO, Ok(Decimal::ZERO));
        let trip = self.open.get_or_insert(RoundTrip {
            direction: seen.direction,
            opened: seen.opened,
            closed: close.time,
            quantity: zero,
            gross: zero,
            fees: none,
            net: none,
            reported_net: none,
        });
        trip.opened = trip.opened.min(seen.opened);
        trip.closed = close.time;
        trip.quantity.accumulate(seen.quantity)?;
        trip.gross.accumulate(seen.gross)?;
        add(&mut trip.fees, seen.fees)?;
        add(&mut trip.net, seen.net)?;
        add(&mut trip.reported_net, seen.reported_net)
    }

    fn flat(&mut self) {
        self.trips.extend(self.open.take());
    }
}
