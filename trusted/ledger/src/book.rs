//! The book of one account and symbol: its fills in order, and what follows from them. Lots never cross books.
//!
//! A fill that comes last is applied to what is there. One that comes late, or a rate that becomes known, makes this
//! book, and no other, start again from its first fill.

use crate::{
    Asset, Decimal, Direction, Fill, FillId, Instrument, InstrumentKind, LedgerError, Lot, Match, Measured,
    NumberError, Reason, Side, Timestamp, ledger::Currency, lot::notional, matching::State, metrics::Monthly,
};
use alloc::{
    boxed::Box,
    collections::{BTreeMap, btree_map::Entry},
};

/// The order of fills in a book (METRICS.md section 2.1): time, the venue's sequence number, id, buy before sell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) time: Timestamp,
    pub(crate) sequence: u64,
    pub(crate) id: FillId,
    pub(crate) side: Side,
}

impl Place {
    pub(crate) fn of(fill: &Fill) -> Self {
        Self { time: fill.time, sequence: fill.sequence.unwrap_or(0), id: fill.id.clone(), side: fill.side }
    }
}

/// Time and sequence number: what a place has beside id and side.
type Moment = (Timestamp, u64);

/// What became of a fill.
pub(crate) enum Inserted {
    /// It was not known.
    New(Place),
    /// It was known. If it brought a rate that was not: where, and the fill without it.
    Copy(Option<(Place, Box<Fill>)>),
}

/// Fills of a book, and what follows from them.
#[derive(Clone, Debug)]
pub struct Book {
    pub(crate) instrument: Instrument,
    pub(crate) fills: BTreeMap<Place, Fill>,
    moments: BTreeMap<(FillId, Side), Moment>,
    pub(crate) state: State,
}

impl Book {
    pub(crate) fn new(instrument: Instrument) -> Self {
        Self { instrument, fills: BTreeMap::new(), moments: BTreeMap::new(), state: State::default() }
    }

    /// Puts a fill in its place, or finds the copy that is there already. The state does not know of it yet.
    pub(crate) fn insert(&mut self, fill: Fill) -> Result<Inserted, LedgerError> {
        let mut place = Place::of(&fill);
        match self.moments.entry((fill.id.clone(), fill.side)) {
            Entry::Vacant(entry) => {
                entry.insert((place.time, place.sequence));
                self.fills.insert(place.clone(), fill);
                return Ok(Inserted::New(place));
            }
            // The copy that is held may stand elsewhere: then the two contradict each other.
            Entry::Occupied(entry) => (place.time, place.sequence) = *entry.get(),
        }
        let Some(known) = self.fills.get_mut(&place).filter(|known| same_execution(known, &fill)) else {
            return Err(LedgerError::DuplicateConflict);
        };
        let fee_rate = merged(known.fee_rate, fill.fee_rate)?;
        let reporting_rate = merged(known.reporting_rate, fill.reporting_rate)?;
        if (fee_rate, reporting_rate) == (known.fee_rate, known.reporting_rate) {
            return Ok(Inserted::Copy(None));
        }
        let before = Box::new(known.clone());
        (known.fee_rate, known.reporting_rate) = (fee_rate, reporting_rate);
        Ok(Inserted::Copy(Some((place, before))))
    }

    /// Where a fill stands.
    pub(crate) fn place(&self, id: &FillId, side: Side) -> Option<Place> {
        let key = (id.clone(), side);
        let (time, sequence) = *self.moments.get(&key)?;
        Some(Place { time, sequence, id: key.0, side })
    }

    /// Undoes an insertion: the fill is what it was `before`, or not here. The state does not know of that either.
    pub(crate) fn take_back(&mut self, place: Place, before: Option<Box<Fill>>) {
        match before {
            Some(fill) => {
                self.fills.insert(place, *fill);
            }
            None => {
                self.fills.remove(&place);
                self.moments.remove(&(place.id, place.side));
            }
        }
    }

    /// Applies the fills from a place on, which the state has not seen. On an error it must be replayed.
    pub(crate) fn follow(&mut self, first: &Place, reporting: &Asset) -> Result<(), NumberError> {
        for (place, fill) in self.fills.range(first..) {
            self.state.apply(&self.instrument, reporting, place, fill)?;
        }
        Ok(())
    }

    /// Starts again from the first fill. On an error the state is what it was.
    pub(crate) fn replay(&mut self, reporting: &Asset) -> Result<(), NumberError> {
        let mut state = State::default();
        for (place, fill) in &self.fills {
            state.apply(&self.instrument, reporting, place, fill)?;
        }
        self.state = state;
        Ok(())
    }

    /// The sums in a currency, by month.
    pub(crate) fn monthly(&self, currency: Currency, reporting: &Asset) -> &Monthly {
        match currency {
            Currency::Reporting if self.instrument.settlement() != reporting => &self.state.reported,
            Currency::Reporting | Currency::Settlement => &self.state.settled,
        }
    }

    /// What is traded here.
    pub fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    /// Open lots, oldest first.
    pub fn open_lots(&self) -> impl Iterator<Item = &Lot> {
        self.state.lots.iter()
    }

    /// Matches, in the order they happened.
    pub fn matches(&self) -> &[Match] {
        &self.state.matches
    }

    /// What is open: above zero long, below zero short.
    ///
    /// # Errors
    /// If it does not fit a number.
    pub fn position(&self) -> Measured<Decimal> {
        Open::of([self]).position
    }

    /// Notional of the open lots at their entry, in the settlement asset.
    ///
    /// # Errors
    /// If it does not fit a number.
    pub fn open_cost(&self) -> Measured<Decimal> {
        Open::of([self]).open_cost
    }

    /// Quantity-weighted entry price; for inverse contracts the harmonic mean, which is what they earn.
    ///
    /// # Errors
    /// `insufficient_data` without an open lot.
    pub fn average_entry(&self) -> Measured<Decimal> {
        Open::of([self]).average_entry
    }

    /// Sold without a known lot.
    pub fn unmatched_quantity(&self) -> Decimal {
        self.state.unmatched_quantity
    }

    /// What that brought, in the settlement asset. Its cost is not known.
    pub fn unmatched_proceeds(&self) -> Decimal {
        self.state.unmatched_proceeds
    }
}

/// Equal content by value; rates are ours, not the venue's.
pub(crate) fn same_execution(a: &Fill, b: &Fill) -> bool {
    let Fill {
        account,
        symbol,
        id,
        order_id,
        time,
        sequence,
        side,
        quantity,
        price,
        fee,
        fee_asset,
        liquidity,
        fee_rate: _,
        reporting_rate: _,
    } = a;
    (account, symbol, id, order_id, time, sequence)
        == (&b.account, &b.symbol, &b.id, &b.order_id, &b.time, &b.sequence)
        && (side, quantity, price, fee, fee_asset, liquidity)
            == (&b.side, &b.quantity, &b.price, &b.fee, &b.fee_asset, &b.liquidity)
}

/// A rate that one copy brings; two different ones contradict each other.
fn merged<T: PartialEq>(known: Option<T>, told: Option<T>) -> Result<Option<T>, LedgerError> {
    match (known, told) {
        (Some(known), Some(told)) if known != told => Err(LedgerError::DuplicateConflict),
        (Some(rate), _) | (None, Some(rate)) => Ok(Some(rate)),
        (None, None) => Ok(None),
    }
}

/// What is open of one instrument, and what was sold of it without a known lot (METRICS.md section 2.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Above zero long, below zero short.
    pub position: Measured<Decimal>,
    /// How many lots.
    pub open_lots: u64,
    /// Their notional at entry, in the settlement asset.
    pub open_cost: Measured<Decimal>,
    /// Quantity-weighted entry price; for inverse contracts the harmonic mean.
    pub average_entry: Measured<Decimal>,
    /// Sold without a known lot.
    pub unmatched_quantity: Measured<Decimal>,
}

impl Open {
    /// Of books of one instrument. The average is over all lots, also where one account is long and another short.
    pub(crate) fn of<'a>(books: impl IntoIterator<Item = &'a Book>) -> Self {
        let mut sums = Ok(Sums::default());
        let (mut open_lots, mut unmatched, mut instrument) = (0_u64, Ok(Decimal::ZERO), None);
        for book in books {
            for lot in &book.state.lots {
                open_lots = open_lots.saturating_add(1);
                sums = sums.and_then(|sums| sums.with(&book.instrument, lot));
            }
            unmatched = unmatched.and_then(|sum: Decimal| sum.checked_add(book.state.unmatched_quantity));
            instrument = Some(&book.instrument);
        }
        let entry = |sums: Sums| match instrument {
            Some(instrument) if open_lots > 0 => sums.average_entry(instrument),
            _ => Err(Reason::InsufficientData),
        };
        let sums = sums.map_err(Reason::from);
        Self {
            position: sums.map(|sums| sums.signed),
            open_lots,
            open_cost: sums.map(|sums| sums.cost),
            average_entry: sums.and_then(entry),
            unmatched_quantity: unmatched.map_err(Reason::from),
        }
    }
}

/// Sums over open lots.
#[derive(Clone, Copy, Default)]
struct Sums {
    signed: Decimal,
    quantity: Decimal,
    cost: Decimal,
}

impl Sums {
    fn with(self, instrument: &Instrument, lot: &Lot) -> Result<Self, NumberError> {
        let quantity = lot.quantity();
        let signed = if lot.direction == Direction::Long { quantity } else { quantity.negated() };
        Ok(Self {
            signed: self.signed.checked_add(signed)?,
            quantity: self.quantity.checked_add(quantity)?,
            cost: self.cost.checked_add(notional(instrument, quantity, lot.price)?)?,
        })
    }

    fn average_entry(self, instrument: &Instrument) -> Measured<Decimal> {
        let contracts = self.quantity.checked_mul(instrument.multiplier)?;
        Ok(match instrument.kind {
            InstrumentKind::Spot => self.cost.checked_div(self.quantity)?,
            InstrumentKind::Linear => self.cost.checked_div(contracts)?,
            InstrumentKind::Inverse => contracts.checked_div(self.cost)?,
        })
    }
}
