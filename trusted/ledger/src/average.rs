//! Average cost, beside FIFO (METRICS.md section 8, Lot matching): what is open is one pool, and a closing fill takes its
//! part of the pool's cost and fees. For inverse contracts the cost is in base, so the average is the harmonic mean.
//!
//! ```text
//! cost taken = cost · closed / open       realised gross = value of what is closed - cost taken, a short with the other sign
//! ```
//! Nothing of this is kept: it is made of a book's fills when it is asked for, which needs no lots and is quick. The last part
//! takes the remainder. Whenever a book is flat, its gross is that of FIFO but for rounded quotients.

use crate::{
    Decimal, Direction, InstrumentKind, Measured, NumberError, Reason,
    fee::Divided,
    fills::Fills,
    reason::{add, sum},
    terms::{Conversion, Next, Terms},
};

/// What is open, as one pool, and what was realised from it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pool {
    /// Without sign.
    pub(crate) quantity: Decimal,
    /// Notional at entry.
    pub(crate) cost: Decimal,
    /// Fees of the entries; `None`: one could not be valued.
    fees: Option<Decimal>,
    pub(crate) settled: Realized,
    /// Zero where the settlement asset is the reporting currency.
    pub(crate) reported: Realized,
}

/// Sums over what was closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Realized {
    pub(crate) gross: Measured<Decimal>,
    pub(crate) fees: Measured<Decimal>,
}

impl Default for Realized {
    fn default() -> Self {
        Self { gross: Ok(Decimal::ZERO), fees: Ok(Decimal::ZERO) }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            quantity: Decimal::ZERO,
            cost: Decimal::ZERO,
            fees: Some(Decimal::ZERO),
            settled: Realized::default(),
            reported: Realized::default(),
        }
    }
}

/// A part of the pool is closed.
struct Part {
    direction: Direction,
    quantity: Decimal,
    price: Decimal,
    /// The closing fill's fee for it.
    fee: Option<Decimal>,
}

impl Pool {
    /// What all fills of a book made.
    pub(crate) fn of(terms: &Terms, fills: &Fills) -> Result<Self, NumberError> {
        let (mut pool, mut open) = (Self::default(), Direction::Long);
        for next in fills.positions().filter_map(|at| Next::of(fills, terms.converts, at)) {
            let direction = next.direction();
            let fee = next.fee.valued(terms.kind, next.price)?;
            let mut moving = Divided::new(next.fee.moved(terms.kind, next.side, next.quantity)?, fee);
            if !pool.quantity.is_zero() && open != direction {
                let quantity = moving.left.min(pool.quantity);
                let (price, fee) = (next.price, moving.take(quantity)?);
                pool.close(terms, next.conversion, &Part { direction: open, quantity, price, fee })?;
            }
            let is_unmatched = terms.kind == InstrumentKind::Spot && direction == Direction::Short;
            if !moving.left.is_zero() && !is_unmatched {
                open = direction;
                pool.open(terms, moving.left, next.price, moving.fee_left)?;
            }
        }
        Ok(pool)
    }

    fn open(
        &mut self,
        terms: &Terms,
        quantity: Decimal,
        price: Decimal,
        fee: Option<Decimal>,
    ) -> Result<(), NumberError> {
        self.quantity.accumulate(quantity)?;
        self.cost.accumulate(terms.notional(quantity, price)?)?;
        self.fees = match (self.fees, fee) {
            (Some(fees), Some(fee)) => Some(fees.checked_add(fee)?),
            _ => None,
        };
        Ok(())
    }

    fn close(&mut self, terms: &Terms, conversion: Conversion, part: &Part) -> Result<(), NumberError> {
        let value = terms.notional(part.quantity, part.price)?;
        let (cost, fees) = self.take(part.quantity)?;
        let rise = if terms.inverse() { cost.checked_sub(value)? } else { value.checked_sub(cost)? };
        let gross = if part.direction == Direction::Long { rise } else { rise.negated() };
        let fees = match (fees, part.fee) {
            (Some(open), Some(close)) => Ok(open.checked_add(close)?),
            _ => Err(Reason::FeeUnvalued),
        };
        add(&mut self.settled.gross, Ok(gross))?;
        add(&mut self.settled.fees, fees)?;
        if conversion != Conversion::Same {
            add(&mut self.reported.gross, conversion.apply(Ok(gross))?)?;
            add(&mut self.reported.fees, conversion.apply(fees)?)?;
        }
        Ok(())
    }

    /// The part's cost and fees leave the pool.
    fn take(&mut self, quantity: Decimal) -> Result<(Decimal, Option<Decimal>), NumberError> {
        if quantity == self.quantity {
            self.quantity = Decimal::ZERO;
            let fees = self.fees.replace(Decimal::ZERO);
            return Ok((core::mem::take(&mut self.cost), fees));
        }
        let share = |of: Decimal| {
            if of.is_zero() {
                return Ok(of);
            }
            of.share(quantity, self.quantity)
        };
        let cost = share(self.cost)?;
        let fees = self.fees.map(share).transpose()?;
        self.quantity = self.quantity.checked_sub(quantity)?;
        self.cost = self.cost.checked_sub(cost)?;
        if let (Some(left), Some(taken)) = (&mut self.fees, fees) {
            *left = left.checked_sub(taken)?;
        }
        Ok((cost, fees))
    }
}

/// Figures by average cost (METRICS.md section 8), beside those by FIFO. Of several books, the sums of theirs.
#[derive(Clone, Debug, PartialEq)]
pub struct AverageCost {
    /// Profit before fees.
    pub realized_gross: Measured<Decimal>,
    /// The fees of that.
    pub realized_fees: Measured<Decimal>,
    /// Profit after fees.
    pub realized_net: Measured<Decimal>,
    /// Cost of what is open, in the settlement asset; `no_price` over books that settle in several.
    pub open_cost: Measured<Decimal>,
    /// Average entry price of what is open, for inverse contracts the harmonic mean; `insufficient_data` when nothing is,
    /// or over several symbols.
    pub average_entry: Measured<Decimal>,
}

impl AverageCost {
    pub(crate) fn new(
        realized: &Realized,
        open_cost: Measured<Decimal>,
        average_entry: Measured<Decimal>,
    ) -> Self {
        let net = || Ok(realized.gross?.checked_sub(realized.fees?)?);
        Self {
            realized_gross: realized.gross,
            realized_fees: realized.fees,
            realized_net: net(),
            open_cost,
            average_entry,
        }
    }
}

impl Realized {
    /// Both together.
    pub(crate) fn and(self, other: &Self) -> Self {
        Self { gross: sum(self.gross, other.gross), fees: sum(self.fees, other.fees) }
    }
}
