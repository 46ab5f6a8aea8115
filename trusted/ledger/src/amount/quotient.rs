//! Quotients (METRICS.md section 1: at least 28 significant digits). Each is rounded once, half-even, to decimals that depend
//! on the values alone and not on how they are written.

use super::{
    Decimal, NumberError, SCALE_MAX, signed,
    wide::{DIGITS_MAX, digits, power, product, product_divided},
};
use ethnum::U256;

/// How much of a quotient is kept.
#[derive(Clone, Copy)]
pub(super) struct Precision {
    /// Decimals, if they fit.
    pub(super) decimals: i32,
    /// Significant digits at least.
    pub(super) digits: i32,
}

/// Enough to be rounded again to the 28 digits of a price.
pub(super) const QUOTIENT: Precision = Precision { decimals: 36, digits: 34 };
/// Short enough that sums of many mostly stay in 128 bits.
pub(super) const AMOUNT: Precision = Precision { decimals: 30, digits: 28 };

/// Of a mean of milliseconds.
pub(super) const MEAN: Precision = Precision { decimals: 18, digits: 28 };

impl Decimal {
    /// Quotient, rounded half-even to 36 decimals where they fit, or to as many more as it takes for 34 significant
    /// digits.
    ///
    /// # Errors
    /// If the divisor is zero, or the quotient does not fit.
    pub fn checked_div(self, other: Self) -> Result<Self, NumberError> {
        self.quotient(other, QUOTIENT)
    }

    /// The same to 30 decimals, or as many more as it takes for 28 significant digits: an amount of a ledger.
    pub(crate) fn amount_div(self, other: Self) -> Result<Self, NumberError> {
        self.quotient(other, AMOUNT)
    }

    /// The same to 18 decimals, or as many more as it takes for 28 significant digits: one of many of which a mean is made.
    pub(crate) fn mean_div(self, other: Self) -> Result<Self, NumberError> {
        self.quotient(other, MEAN)
    }

    /// self · part / whole, rounded once as [`Self::amount_div`] rounds.
    #[inline]
    pub(crate) fn share(self, part: Self, whole: Self) -> Result<Self, NumberError> {
        if let (Some(of), Some(short), Some(divisor)) = (self.num(), part.num(), whole.num())
            && let Some(share) = of.share(short, divisor)
        {
            return Ok(share.decimal());
        }
        self.checked_mul(part)?.amount_div(whole)
    }

    #[inline]
    fn quotient(self, other: Self, precision: Precision) -> Result<Self, NumberError> {
        if let (Some(a), Some(b)) = (self.num(), other.num())
            && let Some(quotient) = a.quotient(b, &precision)
        {
            return Ok(quotient.decimal());
        }
        self.wide_quotient(other, &precision)
    }

    /// Decimals of a quotient of numbers with so many digits. Zeros at the end of either change nothing.
    #[inline]
    pub(super) fn decimals(precision: &Precision, base: i32, a_digits: u8, b_digits: u8) -> i32 {
        let longer = i32::from(b_digits).saturating_sub(a_digits.into());
        precision.decimals.max(base.saturating_add(precision.digits).saturating_add(longer))
    }

    #[cold]
    #[inline(never)]
    fn wide_quotient(self, other: Self, precision: &Precision) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let (a, b) = (self.trimmed(), other.trimmed());
        let [a_digits, b_digits] = [a, b].map(|value| digits(value.magnitude()));
        // quotient = a.mantissa * 10^shift / b.mantissa, with base + shift decimals
        let base = i32::from(a.scale).saturating_sub(b.scale.into());
        let longer = i32::from(b_digits).saturating_sub(a_digits.into());
        let needed = precision.digits.saturating_add(longer);
        let room = longer.saturating_add(75).min(i32::from(SCALE_MAX).saturating_sub(base));
        let decimals = Self::decimals(precision, base, a_digits, b_digits);
        let shift = decimals.saturating_sub(base).min(room);
        let rounded = if shift < 0 {
            // More decimals than wanted: the divisor takes the tens, or is so long that nothing else is left.
            let unit = power(shift.unsigned_abs()).ok_or(NumberError::Overflow)?;
            match product(b.magnitude().as_i256(), unit.as_i256()) {
                Some(divisor) => product_divided(a.magnitude(), U256::ONE, divisor.unsigned_abs()),
                None => Some((U256::ZERO, false)),
            }
        } else {
            // In two steps, since 10^shift alone may be longer than a number.
            let shift_before = shift.min(i32::from(DIGITS_MAX.saturating_sub(a_digits)));
            let [before, after] = [shift_before, shift.saturating_sub(shift_before)]
                .map(|exponent| u32::try_from(exponent).ok().and_then(power));
            let (before, after) = before.zip(after).ok_or(NumberError::Overflow)?;
            product_divided(a.magnitude().wrapping_mul(before), after, b.magnitude())
        };
        let (magnitude, exact) = rounded.ok_or(NumberError::Overflow)?;
        if !exact && shift < needed {
            return Err(NumberError::Overflow);
        }
        let mantissa = signed(magnitude, a.is_negative() != b.is_negative());
        Self::at_scale(mantissa, base.saturating_add(shift))
    }
}
