//! What matching tells to whoever watches, and what it sums up of the lots that one fill closes (METRICS.md section 2.3).

use crate::{Decimal, Direction, Measured, NumberError, Timestamp, fills::Fills};

/// A match, told to whoever watches.
pub(crate) struct Seen {
    pub(crate) open: u32,
    pub(crate) close: u32,
    pub(crate) direction: Direction,
    pub(crate) quantity: Decimal,
    pub(crate) gross: Decimal,
    pub(crate) open_fee: Option<Decimal>,
    pub(crate) close_fee: Option<Decimal>,
}

/// All matches of one closing fill, told together.
pub(crate) struct SeenClosing {
    pub(crate) close: u32,
    pub(crate) direction: Direction,
    /// When the oldest of its lots was opened.
    pub(crate) opened: Timestamp,
    pub(crate) quantity: Decimal,
    /// Sum of quantity times holding time.
    pub(crate) held: Decimal,
    pub(crate) gross: Decimal,
    pub(crate) fees: Measured<Decimal>,
    pub(crate) net: Measured<Decimal>,
    pub(crate) reported_net: Measured<Decimal>,
}

/// Someone who wants to see every match. Nobody keeps them: whoever asks lets the book be replayed.
pub(crate) trait Watch {
    /// Somebody does watch: each match has its share of the closing fee, which the sums do not need.
    const WATCHES: bool = true;
    /// A match happened.
    fn matched(&mut self, _: &Fills, _: &Seen) -> Result<(), NumberError> {
        Ok(())
    }
    /// Those of one closing fill.
    fn closed(&mut self, _: &Fills, _: &SeenClosing) -> Result<(), NumberError> {
        Ok(())
    }
    /// No lot is open any more.
    fn flat(&mut self) {}
}

/// Nobody watches.
pub(crate) struct Unwatched;

impl Watch for Unwatched {
    const WATCHES: bool = false;
}

/// What a fill closes, lot by lot.
pub(crate) struct Closes {
    pub(crate) direction: Direction,
    pub(crate) closed: Timestamp,
    pub(crate) matches: u64,
    pub(crate) quantity: Decimal,
    pub(crate) cost: Decimal,
    /// Of inverse contracts, whose matches are rounded each.
    pub(crate) inverse_gross: Decimal,
    pub(crate) open_fees: Option<Decimal>,
    pub(crate) opened: Timestamp,
    /// Holding time, of all of them while they have the same.
    pub(crate) held_ms: u64,
    /// Sum of quantity times holding time, once they differ.
    pub(crate) held: Option<Decimal>,
    pub(crate) nothing: Nothing,
}

/// Which amounts were nothing in every match, so that they are so in any currency. Only asked for where no rate is known.
pub(crate) struct Nothing {
    pub(crate) gross: bool,
    pub(crate) fees: bool,
    pub(crate) net: bool,
}

impl Nothing {
    pub(crate) fn add(
        &mut self,
        gross: Decimal,
        open_fee: Option<Decimal>,
        close_fee: Option<Decimal>,
    ) -> Result<(), NumberError> {
        self.gross &= gross.is_zero();
        if let (Some(open), Some(close)) = (open_fee, close_fee) {
            let fees = open.checked_add(close)?;
            self.fees &= fees.is_zero();
            self.net &= fees == gross;
        }
        Ok(())
    }
}

impl Closes {
    pub(crate) fn new(side: Direction, closed: Timestamp) -> Self {
        let zero = Decimal::ZERO;
        Self {
            direction: if side == Direction::Long { Direction::Short } else { Direction::Long },
            closed,
            matches: 0,
            quantity: zero,
            cost: zero,
            inverse_gross: zero,
            open_fees: Some(zero),
            opened: closed,
            held_ms: 0,
            held: None,
            nothing: Nothing { gross: true, fees: true, net: true },
        }
    }

    pub(crate) fn add(
        &mut self,
        quantity: Decimal,
        cost: Decimal,
        inverse_gross: Decimal,
        open_fee: Option<Decimal>,
        opened: Timestamp,
    ) -> Result<(), NumberError> {
        let held_ms = self.closed.since(opened);
        if self.matches == 0 {
            self.held_ms = held_ms;
            (self.quantity, self.cost, self.inverse_gross) = (quantity, cost, inverse_gross);
            self.open_fees = open_fee;
        } else {
            if self.held.is_some() || self.held_ms != held_ms {
                let before = self.held.map_or_else(|| self.quantity.checked_mul(self.held_ms.into()), Ok)?;
                self.held = Some(before.checked_add(quantity.checked_mul(held_ms.into())?)?);
            }
            self.quantity.accumulate(quantity)?;
            self.cost.accumulate(cost)?;
            self.inverse_gross.accumulate(inverse_gross)?;
            self.open_fees = match (self.open_fees, open_fee) {
                (Some(sum), Some(fee)) => Some(sum.checked_add(fee)?),
                _ => None,
            };
        }
        self.matches = self.matches.saturating_add(1);
        self.opened = self.opened.min(opened);
        Ok(())
    }
}
