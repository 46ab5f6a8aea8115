//! What a fee is worth, what it moves, and how it is divided (METRICS.md sections 2.3 and 2.4).
//!
//! A fee without a value is `None` here, and stays so in every share of it.

use crate::{Decimal, InstrumentKind, NumberError, Side};

/// What a fee was paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeeIn {
    /// The asset that the instrument settles in.
    Settlement,
    /// The other of base and quote.
    Other,
    /// Neither base nor quote.
    Third,
}

/// A fee, where it was paid.
#[derive(Clone, Copy)]
pub(crate) struct Fee {
    pub(crate) amount: Decimal,
    pub(crate) paid_in: FeeIn,
    /// Value of one unit of a third asset in the settlement asset.
    pub(crate) rate: Option<Decimal>,
}

impl Fee {
    /// Its value in the settlement asset; `None` for a third asset without a rate.
    #[inline]
    pub(crate) fn valued(
        &self,
        kind: InstrumentKind,
        price: Decimal,
    ) -> Result<Option<Decimal>, NumberError> {
        if self.amount.is_zero() {
            return Ok(Some(Decimal::ZERO));
        }
        match (self.paid_in, kind) {
            (FeeIn::Settlement, _) => Ok(Some(self.amount)),
            (FeeIn::Other, InstrumentKind::Spot | InstrumentKind::Linear) => {
                self.amount.checked_mul(price).map(Some)
            }
            (FeeIn::Other, InstrumentKind::Inverse) => self.amount.amount_div(price).map(Some),
            (FeeIn::Third, _) => self.rate.map(|rate| self.amount.checked_mul(rate)).transpose(),
        }
    }

    /// What a fill moves: on spot a fee in base takes from a buy and adds to a sale.
    #[inline]
    pub(crate) fn moved(
        &self,
        kind: InstrumentKind,
        side: Side,
        quantity: Decimal,
    ) -> Result<Decimal, NumberError> {
        if kind != InstrumentKind::Spot || self.paid_in != FeeIn::Other {
            return Ok(quantity);
        }
        match side {
            Side::Buy => quantity.checked_sub(self.amount),
            Side::Sell => quantity.checked_add(self.amount),
        }
    }
}

/// A fee, and the quantity it was paid for, of which parts are taken until nothing is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Divided {
    pub(crate) whole: Decimal,
    pub(crate) left: Decimal,
    pub(crate) fee: Option<Decimal>,
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
        self.left = if last { Decimal::ZERO } else { self.left.checked_sub(part)? };
        let (Some(fee), Some(fee_left)) = (self.fee, self.fee_left) else { return Ok(None) };
        let share = if last || fee.is_zero() { fee_left } else { fee.share(part, self.whole)? };
        self.fee_left = Some(if last { Decimal::ZERO } else { fee_left.checked_sub(share)? });
        Ok(Some(share))
    }

    /// Takes `part` where nobody asks for its share of the fee; the last part takes all of it.
    #[inline]
    pub(crate) fn pass(&mut self, part: Decimal) -> Result<Option<Decimal>, NumberError> {
        if part == self.left {
            self.left = Decimal::ZERO;
            self.fee_left = self.fee_left.map(|_| Decimal::ZERO);
        } else {
            self.left = self.left.checked_sub(part)?;
        }
        Ok(None)
    }
}
