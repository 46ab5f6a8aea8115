//! Why a number does not exist (METRICS.md section 1), and sums of numbers that may not exist.

use crate::{Decimal, NumberError, amount::Num};

/// Why a number does not exist: it is `None` with one of these, never zero, infinity or NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Fewer observations than the metric needs.
    InsufficientData,
    /// A dispersion is the divisor, and there is none.
    ZeroVariance,
    /// A loss measure is the divisor, and there is no loss.
    NoLosses,
    /// Never under water.
    NoDrawdown,
    /// Still under water.
    NotRecovered,
    /// A return over less than a year is never annualised.
    PeriodUnderOneYear,
    /// Nothing was at work in a period that has a gain or a loss.
    NonpositiveCapital,
    /// The money-weighted equation has amounts of one sign only.
    NoSignChange,
    /// The money-weighted equation has no solution.
    NoRoot,
    /// The money-weighted equation has several solutions.
    MultipleRoots,
    /// The Sharpe ratio is not above the one it is held against.
    SharpeNotAboveBenchmark,
    /// The variance of the Sharpe ratio would not be above zero.
    NonpositiveVarianceTerm,
    /// A fee could not be valued.
    FeeUnvalued,
    /// An amount has no price in the currency asked for.
    NoPrice,
    /// A source of the day could not be read.
    Partial,
    /// The venue no longer has it.
    HistoryMissing,
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
            Self::NoDrawdown => "no_drawdown",
            Self::NotRecovered => "not_recovered",
            Self::PeriodUnderOneYear => "period_under_one_year",
            Self::NonpositiveCapital => "nonpositive_capital",
            Self::NoSignChange => "no_sign_change",
            Self::NoRoot => "no_root",
            Self::MultipleRoots => "multiple_roots",
            Self::SharpeNotAboveBenchmark => "sharpe_not_above_benchmark",
            Self::NonpositiveVarianceTerm => "nonpositive_variance_term",
            Self::FeeUnvalued => "fee_unvalued",
            Self::NoPrice => "no_price",
            Self::Partial => "partial",
            Self::HistoryMissing => "history_missing",
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
#[inline(always)]
pub(crate) fn add(sum: &mut Measured<Decimal>, amount: Measured<Decimal>) -> Result<(), NumberError> {
    match (&mut *sum, amount) {
        (Ok(held), Ok(amount)) => held.accumulate(amount)?,
        (Ok(_), Err(why)) => *sum = Err(why),
        (Err(_), _) => {}
    }
    Ok(())
}

/// The same of a short amount.
#[inline(always)]
pub(crate) fn add_short(sum: &mut Measured<Decimal>, amount: Num) -> Result<(), NumberError> {
    match sum {
        Ok(held) => held.take_in(amount),
        Err(_) => Ok(()),
    }
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
