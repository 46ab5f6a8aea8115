//! What an instrument says about money (METRICS.md section 2.2), the next fill in its terms, and how amounts become those of
//! the reporting currency.

use crate::{
    Decimal, Direction, Instrument, InstrumentKind, Measured, NumberError, Reason, Side, Timestamp,
    fee::{Fee, FeeIn},
    fills::{Fills, OTHER, SETTLEMENT},
    packed::Packed,
};

/// Decimals of an amount that was converted: its rate is a price, and may itself be a rounded quotient.
const CONVERTED_DECIMALS: u8 = 48;

/// What an instrument says about money.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) kind: InstrumentKind,
    /// `None`: one.
    pub(crate) multiplier: Option<Decimal>,
    /// The settlement asset is not the reporting currency.
    pub(crate) converts: bool,
}

impl Terms {
    pub(crate) fn of(instrument: &Instrument, converts: bool) -> Self {
        let multiplier = Some(instrument.multiplier).filter(|multiplier| *multiplier != Decimal::ONE);
        Self { kind: instrument.kind, multiplier, converts }
    }

    pub(crate) fn inverse(&self) -> bool {
        self.kind == InstrumentKind::Inverse
    }

    #[inline]
    pub(crate) fn contracts(&self, quantity: Decimal) -> Result<Decimal, NumberError> {
        self.multiplier.map_or(Ok(quantity), |multiplier| quantity.checked_mul(multiplier))
    }

    /// Notional of quantity `q` at price `p` in the settlement asset: q·m·p, and for inverse contracts q·m/p.
    #[inline]
    pub(crate) fn notional(&self, quantity: Decimal, price: Decimal) -> Result<Decimal, NumberError> {
        let contracts = self.contracts(quantity)?;
        if self.inverse() { contracts.amount_div(price) } else { contracts.checked_mul(price) }
    }

    /// Profit of quantity `q` from price `a` to `b`: q·m·(b - a), and for inverse contracts q·m·(1/a - 1/b); a short has
    /// the opposite sign.
    #[inline]
    pub(crate) fn profit(
        &self,
        direction: Direction,
        quantity: Decimal,
        opened: Decimal,
        closed: Decimal,
    ) -> Result<Decimal, NumberError> {
        let difference = match direction {
            Direction::Long => closed.checked_sub(opened)?,
            Direction::Short => opened.checked_sub(closed)?,
        };
        let product = self.contracts(quantity)?.checked_mul(difference)?;
        if !self.inverse() {
            return Ok(product);
        }
        // 1/a - 1/b = (b - a) / (a·b): one rounding instead of two.
        product.amount_div(opened.checked_mul(closed)?)
    }
}

/// The next fill, and what is known of it before it meets a lot.
#[derive(Clone, Copy)]
pub(crate) struct Next {
    pub(crate) at: u32,
    pub(crate) time: Timestamp,
    pub(crate) side: Side,
    pub(crate) quantity: Decimal,
    pub(crate) price: Decimal,
    pub(crate) fee: Fee,
    pub(crate) conversion: Conversion,
}

impl Next {
    pub(crate) fn of(fills: &Fills, converts: bool, at: u32) -> Option<Self> {
        let (fill, beside) = (fills.get(at)?, &fills.beside);
        Some(Self {
            at,
            time: fill.time,
            side: fill.side(),
            quantity: fill.quantity(beside),
            price: fill.price(beside),
            fee: fee_of(fills, fill),
            conversion: Conversion::of(converts, fill.reporting_rate(beside)),
        })
    }

    /// Which way it would open.
    pub(crate) const fn direction(&self) -> Direction {
        direction(self.side)
    }
}

/// The fee of a fill, where it was paid.
pub(crate) fn fee_of(fills: &Fills, fill: &Packed) -> Fee {
    Fee {
        amount: fill.fee(&fills.beside),
        paid_in: match fill.fee_asset {
            SETTLEMENT => FeeIn::Settlement,
            OTHER => FeeIn::Other,
            _ => FeeIn::Third,
        },
        rate: fill.fee_rate(&fills.beside),
    }
}

pub(crate) const fn direction(side: Side) -> Direction {
    match side {
        Side::Buy => Direction::Long,
        Side::Sell => Direction::Short,
    }
}

/// How an amount of a fill becomes one in the reporting currency.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Conversion {
    /// The settlement asset is the reporting currency.
    Same,
    /// Times this rate.
    At(Decimal),
    /// Not at all: nobody knows the rate.
    Unknown,
}

impl Conversion {
    pub(crate) fn of(converts: bool, rate: Option<Decimal>) -> Self {
        if converts { rate.map_or(Self::Unknown, Self::At) } else { Self::Same }
    }

    /// The sum of amounts that, or of which not all, are nothing.
    pub(crate) fn apply_sum(
        self,
        amount: Measured<Decimal>,
        are_nothing: bool,
    ) -> Result<Measured<Decimal>, NumberError> {
        match (self, amount) {
            (Self::Unknown, Ok(_)) if !are_nothing => Ok(Err(Reason::NoPrice)),
            _ => self.apply(amount),
        }
    }

    /// Nothing is nothing in any currency.
    pub(crate) fn apply(self, amount: Measured<Decimal>) -> Result<Measured<Decimal>, NumberError> {
        match (self, amount) {
            (Self::At(rate), Ok(amount)) => amount.rounded_mul(rate, CONVERTED_DECIMALS).map(Ok),
            (Self::Unknown, Ok(amount)) if !amount.is_zero() => Ok(Err(Reason::NoPrice)),
            (_, amount) => Ok(amount),
        }
    }
}
