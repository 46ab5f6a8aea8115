//! What a fee is worth, what it moves, and how it is divided (METRICS.md sections 2.3 and 2.4).
//!
//! A fee without a value is `None` here, and stays so in every share of it.

use crate::{Decimal, Fill, Instrument, InstrumentKind, NumberError, Side};

/// The fee's value in the settlement asset; `None` for a third asset without a rate.
pub(crate) fn valued_fee(instrument: &Instrument, fill: &Fill) -> Result<Option<Decimal>, NumberError> {
    if fill.fee.is_zero() {
        return Ok(Some(Decimal::ZERO));
    }
    if fill.fee_asset == *instrument.settlement() {
        Ok(Some(fill.fee))
    } else if fill.fee_asset == instrument.base || fill.fee_asset == instrument.quote {
        match instrument.kind {
            InstrumentKind::Spot | InstrumentKind::Linear => fill.fee.checked_mul(fill.price.0).map(Some),
            InstrumentKind::Inverse => fill.fee.amount_div(fill.price.0).map(Some),
        }
    } else {
        fill.fee_rate.map(|rate| fill.fee.checked_mul(rate.0)).transpose()
    }
}

/// What a fill moves: on spot a fee in base takes from a buy and adds to a sale.
pub(crate) fn moved_quantity(instrument: &Instrument, fill: &Fill) -> Result<Decimal, NumberError> {
    if instrument.kind != InstrumentKind::Spot || fill.fee_asset != instrument.base {
        return Ok(fill.quantity.0);
    }
    match fill.side {
        Side::Buy => fill.quantity.0.checked_sub(fill.fee),
        Side::Sell => fill.quantity.0.checked_add(fill.fee),
    }
}

/// A fee, and the quantity it was paid for, of which parts are taken until nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Divided {
    whole: Decimal,
    pub(crate) left: Decimal,
    fee: Option<Decimal>,
    pub(crate) fee_left: Option<Decimal>,
}

impl Divided {
    /// Nothing is taken yet.
    pub(crate) const fn new(quantity: Decimal, fee: Option<Decimal>) -> Self {
        Self { whole: quantity, left: quantity, fee, fee_left: fee }
    }

    /// Takes `part` of what is left, and its share of the fee: fee · part / whole. The last part takes the remainder
    /// instead, so that the shares add up to the fee.
    pub(crate) fn take(&mut self, part: Decimal) -> Result<Option<Decimal>, NumberError> {
        let last = part == self.left;
        self.left = self.left.checked_sub(part)?;
        let (Some(fee), Some(fee_left)) = (self.fee, self.fee_left) else { return Ok(None) };
        let share =
            if last || fee.is_zero() { fee_left } else { fee.checked_mul(part)?.amount_div(self.whole)? };
        self.fee_left = Some(fee_left.checked_sub(share)?);
        Ok(Some(share))
    }
}
