//! Why a number does not exist, or a batch was refused (METRICS.md section 1), and sums of numbers that may not exist.

use crate::{Decimal, NumberError};
use core::fmt;

/// Why a number does not exist: it is `None` with one of these, never zero, infinity or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Fewer observations than the metric needs.
    InsufficientData,
    /// A dispersion is the divisor, and there is none.
    ZeroVariance,
    /// A loss measure is the divisor, and there is no loss.
    NoLosses,
    /// A fee could not be valued.
    FeeUnvalued,
    /// An amount has no price in the currency asked for.
    NoPrice,
    /// The exact result does not fit a number.
    Overflow,
}

impl Reason {
    /// As it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InsufficientData => "insufficient_data",
            Self::ZeroVariance => "zero_variance",
            Self::NoLosses => "no_losses",
            Self::FeeUnvalued => "fee_unvalued",
            Self::NoPrice => "no_price",
            Self::Overflow => "overflow",
        }
    }
}

impl From<NumberError> for Reason {
    fn from(_: NumberError) -> Self {
        Self::Overflow
    }
}

/// A number, or why there is none.
pub type Measured<T> = Result<T, Reason>;

/// Adds to a running sum, which stays the first reason why there is none. That a sum does not fit is an error.
pub(crate) fn add(sum: &mut Measured<Decimal>, amount: Measured<Decimal>) -> Result<(), NumberError> {
    *sum = match (*sum, amount) {
        (Ok(sum), Ok(amount)) => Ok(sum.checked_add(amount)?),
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    Ok(())
}

/// The sum, or the first reason why there is none. That it does not fit is a reason too.
pub(crate) fn sum(a: Measured<Decimal>, b: Measured<Decimal>) -> Measured<Decimal> {
    Ok(a?.checked_add(b?)?)
}

/// a / b; `insufficient_data` where there is nothing to divide by.
pub(crate) fn ratio(a: Measured<Decimal>, b: Measured<Decimal>) -> Measured<Decimal> {
    let (a, b) = (a?, b?);
    if b.is_zero() { Err(Reason::InsufficientData) } else { Ok(a.checked_div(b)?) }
}

/// Why a batch of fills was refused. Nothing of it was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerError {
    /// A quantity, price or rate is not above zero, or a base fee leaves nothing of a spot fill.
    InvalidFill,
    /// Two fills with one id differ.
    DuplicateConflict,
    /// A fill of a symbol that no instrument was given for.
    InstrumentUnknown,
    /// The instrument of a symbol that has fills was given differently before.
    InstrumentConflict,
    /// A contract multiplier is not above zero, or not 1 on spot.
    InstrumentInvalid,
    /// An exact result does not fit a number.
    Overflow,
}

impl LedgerError {
    /// As clients and operators read it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidFill => "INVALID_FILL",
            Self::DuplicateConflict => "DUPLICATE_CONFLICT",
            Self::InstrumentUnknown => "INSTRUMENT_UNKNOWN",
            Self::InstrumentConflict => "INSTRUMENT_CONFLICT",
            Self::InstrumentInvalid => "INSTRUMENT_INVALID",
            Self::Overflow => "OVERFLOW",
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidFill => {
                "a fill has a quantity, price or rate that is not above zero, or a fee that eats it up"
            }
            Self::DuplicateConflict => "two fills with one id differ",
            Self::InstrumentUnknown => "a fill belongs to an instrument that is not known",
            Self::InstrumentConflict => "an instrument with fills was given differently before",
            Self::InstrumentInvalid => {
                "an instrument has a multiplier that is not above zero, or not 1 on spot"
            }
            Self::Overflow => "an exact result does not fit a number",
        })
    }
}

impl core::error::Error for LedgerError {}

impl From<NumberError> for LedgerError {
    fn from(_: NumberError) -> Self {
        Self::Overflow
    }
}
