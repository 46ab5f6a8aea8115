//! Decimals of 128 bits, for the short way of a fill: everything they do gives the number that [`Decimal`] gives, or
//! nothing at all. They fit registers.

use super::{
    Decimal, SCALE_MAX,
    quotient::{AMOUNT, Precision},
    wide::{long_quotient, narrow_digits, narrow_power, narrow_product, raised},
};

/// `low / 10^scale`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Num {
    pub(super) low: i128,
    pub(super) scale: u8,
}

impl Num {
    pub(crate) const ZERO: Self = Self { low: 0, scale: 0 };

    #[inline(always)]
    pub(crate) const fn new(low: i128, scale: u8) -> Self {
        Self { low, scale }
    }

    #[inline(always)]
    pub(crate) const fn mantissa(self) -> i128 {
        self.low
    }

    #[inline(always)]
    pub(crate) const fn scale(self) -> u8 {
        self.scale
    }

    #[inline(always)]
    pub(crate) const fn decimal(self) -> Decimal {
        Decimal::narrow(self.low, self.scale)
    }

    #[inline(always)]
    pub(crate) const fn is_zero(self) -> bool {
        self.low == 0
    }

    #[inline(always)]
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let scale = self.scale.checked_add(other.scale).filter(|scale| *scale <= SCALE_MAX)?;
        Some(Self { low: narrow_product(self.low, other.low)?, scale })
    }

    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        if self.scale == other.scale {
            return Some(Self { low: self.low.checked_add(other.low)?, scale: self.scale });
        }
        if other.low == 0 {
            return Some(self);
        }
        if self.low == 0 {
            return Some(other);
        }
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { low: a.checked_add(b)?, scale })
    }

    #[inline(always)]
    pub(crate) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { low: other.low.checked_neg()?, scale: other.scale })
    }

    #[inline(always)]
    fn aligned(self, other: Self) -> Option<(i128, i128, u8)> {
        if self.scale < other.scale {
            let low = raised(self.low, other.scale.saturating_sub(self.scale))?;
            return Some((low, other.low, other.scale));
        }
        Some((self.low, raised(other.low, self.scale.saturating_sub(other.scale))?, self.scale))
    }

    /// self · part / whole, as [`Decimal::share`].
    #[inline]
    pub(crate) fn share(self, part: Self, whole: Self) -> Option<Self> {
        if let Some(product) = self.times(part) {
            return product.quotient(whole, &AMOUNT);
        }
        self.long_share(part, whole)
    }

    /// The same where a longer amount meets quantities of one word, and 30 decimals are enough digits.
    #[inline(never)]
    fn long_share(self, part: Self, whole: Self) -> Option<Self> {
        let divisor = u64::try_from(whole.low).ok()?;
        let base = self.scale.checked_add(part.scale)?.checked_sub(whole.scale)?;
        let shift = u8::try_from(AMOUNT.decimals).ok()?.checked_sub(base)?;
        let part = narrow_product(part.low, narrow_power(shift)?)?;
        let low = long_quotient(self.low.unsigned_abs(), part.unsigned_abs(), divisor)?;
        // From 0.1 on, whatever its digits.
        let is_enough = low >= narrow_power(29)?;
        let signed = if (self.low < 0) == (part < 0) { low } else { low.wrapping_neg() };
        is_enough.then_some(Self { low: signed, scale: 30 })
    }

    /// The quotient by a divisor of one word.
    #[inline]
    pub(super) fn quotient(self, other: Self, precision: &Precision) -> Option<Self> {
        let divisor = u64::try_from(other.low.unsigned_abs()).ok().filter(|divisor| *divisor > 0)?;
        let base = i32::from(self.scale).saturating_sub(other.scale.into());
        let magnitude = self.low.unsigned_abs();
        let (a, b) = (narrow_digits(magnitude), narrow_digits(divisor.into()));
        let decimals = Decimal::decimals(precision, base, a, b);
        let scale = u8::try_from(decimals).ok().filter(|scale| *scale <= SCALE_MAX)?;
        let shift = u8::try_from(decimals.saturating_sub(base)).ok()?;
        let low = long_quotient(magnitude, narrow_power(shift)?.unsigned_abs(), divisor)?;
        let signed = if (self.low < 0) == (other.low < 0) { low } else { low.wrapping_neg() };
        Some(Self { low: signed, scale })
    }
}
