//! Exact decimals (METRICS.md section 1, Numbers): sums, differences and products lose nothing; what does not fit
//! is an error. What rounds says so in its name or is a division: half-even, to at least 28 significant digits.
//!
//! Not here: what a number means. Prices and quantities are types of their own.

mod float;
mod num;
mod quotient;
mod squares;
mod sum;
mod text;
mod unit;
mod wide;

pub(crate) use num::Num;
pub(crate) use squares::SquareSum;
pub use unit::{Price, Quantity};
pub(crate) use wide::raised;

use core::{cmp::Ordering, fmt, hash};
use ethnum::{I256, U256};
use wide::{
    DIGITS_MAX, LIMIT, digits, long_quotient, narrow_power, narrow_product, power, product, product_divided,
    tenfold,
};

/// Decimals of any number.
const SCALE_MAX: u8 = DIGITS_MAX;

/// Why a text or a result is not a number of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Not a plain decimal.
    Malformed,
    /// Does not fit.
    Overflow,
    /// Division by zero.
    DivisionByZero,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a decimal number",
            Self::Overflow => "a number does not fit",
            Self::DivisionByZero => "division by zero",
        })
    }
}

impl core::error::Error for NumberError {}

/// An exact decimal: `mantissa / 10^scale`, of at most 76 digits. Equal values are equal, whatever their zeros.
///
/// Almost every mantissa fits 128 bits, and then the upper half is only its sign. What does not fit goes the long way, which
/// gives the same numbers.
///
/// Packed, since ledgers hold millions of them: 40 bytes instead of 48.
#[derive(Clone, Copy)]
#[repr(Rust, packed(8))]
pub struct Decimal {
    low: i128,
    /// The upper half of the mantissa.
    high: i128,
    scale: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self::narrow(0, 0);
    /// One.
    pub const ONE: Self = Self::narrow(1, 0);

    #[inline]
    const fn narrow(low: i128, scale: u8) -> Self {
        Self { low, high: low >> 127, scale }
    }

    const fn new(mantissa: I256, scale: u8) -> Self {
        let (high, low) = mantissa.into_words();
        Self { low, high, scale }
    }

    /// The mantissa in 128 bits, if it fits.
    #[inline]
    const fn short_mantissa(&self) -> Option<i128> {
        if self.is_short() { Some(self.low) } else { None }
    }

    #[inline(always)]
    const fn is_short(&self) -> bool {
        self.high == self.low >> 127
    }

    /// Below zero.
    #[inline]
    pub const fn is_negative(&self) -> bool {
        self.high < 0
    }

    /// Zero.
    #[inline]
    pub const fn is_zero(&self) -> bool {
        self.low == 0 && self.high == 0
    }

    /// Above zero.
    #[inline]
    pub const fn is_positive(&self) -> bool {
        !self.is_negative() && !self.is_zero()
    }

    /// Exact sum.
    ///
    /// # Errors
    /// If it does not fit.
    #[inline]
    pub fn checked_add(self, other: Self) -> Result<Self, NumberError> {
        if self.is_like(&other)
            && let Some(sum) = self.low.checked_add(other.low)
        {
            return Ok(Self::narrow(sum, self.scale));
        }
        let mut sum = self;
        sum.accumulate_unlike(&other)?;
        Ok(sum)
    }

    /// Both fit 128 bits and have one scale.
    #[inline(always)]
    const fn is_like(&self, other: &Self) -> bool {
        self.scale == other.scale && self.is_short() && other.is_short()
    }

    /// The sum of numbers of any length.
    #[cold]
    #[inline(never)]
    fn wide_add(self, other: Self) -> Result<Self, NumberError> {
        let exact = |a: Self, b: Self| {
            let (a, b, scale) = aligned(a, b)?;
            // Both are below 10^76: their sum fits 256 bits.
            Self::fitting(a.wrapping_add(b), scale)
        };
        exact(self, other).or_else(|| exact(self.trimmed(), other.trimmed())).ok_or(NumberError::Overflow)
    }

    /// Exact difference.
    ///
    /// # Errors
    /// If it does not fit.
    #[inline]
    pub fn checked_sub(self, other: Self) -> Result<Self, NumberError> {
        self.checked_add(other.negated())
    }

    /// Exact product.
    ///
    /// # Errors
    /// If it does not fit.
    #[inline]
    pub fn checked_mul(self, other: Self) -> Result<Self, NumberError> {
        if let (Some(a), Some(b)) = (self.short_mantissa(), other.short_mantissa())
            && let Some(mantissa) = narrow_product(a, b)
            && let Some(scale) = self.scale.checked_add(other.scale).filter(|scale| *scale <= SCALE_MAX)
        {
            return Ok(Self::narrow(mantissa, scale));
        }
        self.wide_mul(other)
    }

    /// The product of numbers of any length.
    #[cold]
    #[inline(never)]
    fn wide_mul(self, other: Self) -> Result<Self, NumberError> {
        let exact = |a: Self, b: Self| {
            let scale = a.scale.checked_add(b.scale).filter(|scale| *scale <= SCALE_MAX)?;
            product(a.mantissa(), b.mantissa()).map(|mantissa| Self::new(mantissa, scale))
        };
        exact(self, other).or_else(|| exact(self.trimmed(), other.trimmed())).ok_or(NumberError::Overflow)
    }

    /// Product, exact where it has no more than `decimals` decimals, else rounded half-even to them, once.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn rounded_mul(self, other: Self, decimals: u8) -> Result<Self, NumberError> {
        let (a, b) = (self.trimmed(), other.trimmed());
        let surplus = a.scale.saturating_add(b.scale).saturating_sub(decimals);
        if surplus == 0 {
            return a.checked_mul(b);
        }
        let unit = power(surplus.into()).ok_or(NumberError::Overflow)?;
        let (magnitude, _) =
            product_divided(a.magnitude(), b.magnitude(), unit).ok_or(NumberError::Overflow)?;
        Ok(Self::new(signed(magnitude, a.is_negative() != b.is_negative()), decimals))
    }

    /// The same amount with the other sign.
    #[must_use]
    #[inline]
    pub fn negated(self) -> Self {
        match self.short_mantissa().and_then(i128::checked_neg) {
            Some(low) => Self::narrow(low, self.scale),
            // Below 10^76 on either side of zero: this cannot wrap.
            None => Self::new(self.mantissa().wrapping_neg(), self.scale),
        }
    }

    /// Without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        if self.is_negative() { self.negated() } else { self }
    }

    /// Rounded half-even to `decimals` decimals; unchanged if it has no more.
    #[must_use]
    pub fn rounded(self, decimals: u8) -> Self {
        let surplus = self.scale.saturating_sub(decimals);
        if surplus == 0 {
            return self;
        }
        let magnitude =
            power(surplus.into()).and_then(|unit| product_divided(self.magnitude(), U256::ONE, unit));
        // A quotient by a power of ten is no longer than its dividend.
        let magnitude = magnitude.map_or(U256::ZERO, |(magnitude, _)| magnitude);
        Self::new(signed(magnitude, self.is_negative()), decimals)
    }

    /// Square root, rounded down, to at least 37 significant digits; `None` below zero.
    pub fn sqrt(self) -> Option<Self> {
        if self.is_negative() {
            return None;
        }
        let value = self.trimmed();
        if value.is_zero() {
            return Some(Self::ZERO);
        }
        // As many digits as fit, and an even scale, so that the root has half of both.
        let room = DIGITS_MAX.saturating_sub(digits(value.magnitude()));
        let shift =
            if value.scale.saturating_add(room).is_multiple_of(2) { room } else { room.saturating_sub(1) };
        let odd = value.scale.saturating_add(shift) % 2;
        let radicand = value.magnitude().wrapping_mul(power(shift.into())?);
        // Without room for a zero the odd scale loses its last digit, the 76th.
        let radicand = if odd == 1 { radicand.checked_div(U256::new(10))? } else { radicand };
        let scale = value.scale.saturating_add(shift).saturating_sub(odd) / 2;
        // Newton's iteration from above: it falls until it is the root, rounded down.
        let mut root = power(38)?;
        loop {
            let next = root.wrapping_add(radicand.checked_div(root)?).wrapping_shr(1);
            if next >= root {
                return Some(Self::new(root.as_i256(), scale).trimmed());
            }
            root = next;
        }
    }

    /// The mantissa in 64 bits and the scale, if it fits: how fills are kept.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "it is asked before")]
    pub(crate) const fn short(&self) -> Option<(i64, u8)> {
        if self.is_word() { Some((self.low as i64, self.scale)) } else { None }
    }

    /// In 128 bits, if it fits.
    #[inline(always)]
    pub(crate) fn num(self) -> Option<Num> {
        if self.is_short() { Some(Num { low: self.low, scale: self.scale }) } else { None }
    }

    /// What [`Self::short`] gave.
    #[inline]
    pub(crate) const fn from_short(mantissa: i64, scale: u8) -> Self {
        Self::narrow(mantissa as i128, scale)
    }

    /// Whether it is farther from zero than 10^-decimals.
    #[inline]
    pub(crate) fn is_beyond(&self, decimals: u8) -> bool {
        match (self.short_mantissa(), self.scale.checked_sub(decimals)) {
            (Some(low), None) => low != 0,
            (Some(low), Some(below)) => {
                narrow_power(below).is_some_and(|unit| low.unsigned_abs() > unit.unsigned_abs())
            }
            // A wide one has at least 38 digits.
            (None, _) => self.abs() > Self::narrow(1, decimals),
        }
    }

    /// A whole number as it is.
    pub(crate) fn from_mantissa(mantissa: I256, scale: u8) -> Option<Self> {
        Self::fitting(mantissa, scale)
    }

    /// As a multiple of 10^-decimals, rounded half-even; `None` if that does not fit.
    pub(crate) fn in_units(self, decimals: u8) -> Option<I256> {
        if let (Some(low), Some(shift)) = (self.short_mantissa(), decimals.checked_sub(self.scale))
            && let Some(units) = raised(low, shift)
        {
            return Some(I256::from(units));
        }
        if let (Some(low), Some(surplus)) = (self.short_mantissa(), self.scale.checked_sub(decimals))
            && let Some(unit) = narrow_power(surplus).and_then(|unit| u64::try_from(unit).ok())
            && let Some(units) = long_quotient(low.unsigned_abs(), 1, unit)
        {
            return Some(I256::from(if low < 0 { units.wrapping_neg() } else { units }));
        }
        let rounded = self.rounded(decimals);
        product(rounded.mantissa(), power(decimals.saturating_sub(rounded.scale).into())?.as_i256())
    }

    /// Whether its mantissa fits a word.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "what is cut is compared")]
    pub(crate) const fn is_word(&self) -> bool {
        let word = self.low as i64;
        word as i128 == self.low && self.is_short()
    }

    /// Whether it has no more than so many significant digits.
    #[inline(never)]
    pub(crate) fn has_digits_up_to(self, most: u8) -> bool {
        if let (Some(low), Some(limit)) = (self.short_mantissa(), narrow_power(most))
            && low.unsigned_abs() < limit.unsigned_abs()
        {
            return true;
        }
        digits(self.without_zeros().magnitude()) <= most
    }

    /// Its digits alone, without any zero at the end.
    fn without_zeros(self) -> Self {
        Self { scale: SCALE_MAX, ..self }.trimmed()
    }

    /// In full.
    #[inline]
    fn mantissa(self) -> I256 {
        I256::from_words(self.high, self.low)
    }

    fn magnitude(self) -> U256 {
        self.mantissa().unsigned_abs()
    }

    fn fitting(mantissa: I256, scale: u8) -> Option<Self> {
        (mantissa.unsigned_abs() < LIMIT).then(|| Self::new(mantissa, scale))
    }

    /// `mantissa / 10^scale`, also where the scale is below zero.
    fn at_scale(mantissa: I256, scale: i32) -> Result<Self, NumberError> {
        if mantissa == I256::ZERO {
            return Ok(Self::ZERO);
        }
        if scale >= 0 {
            let scale = u8::try_from(scale).ok().filter(|scale| *scale <= SCALE_MAX);
            return scale.and_then(|scale| Self::fitting(mantissa, scale)).ok_or(NumberError::Overflow);
        }
        let unit = power(scale.unsigned_abs()).ok_or(NumberError::Overflow)?;
        let mantissa = product(mantissa, unit.as_i256()).ok_or(NumberError::Overflow)?;
        Ok(Self::new(mantissa, 0))
    }

    /// Without zeros after the last decimal.
    fn trimmed(self) -> Self {
        // Most numbers are no multiple of ten, and cost no division.
        if self.scale == 0 || !tenfold(self.magnitude()) {
            return self;
        }
        let (mut magnitude, mut scale) = (self.magnitude(), self.scale);
        for step in [64_u8, 32, 16, 8, 4, 2, 1] {
            // 10^n divides nothing that 2^n does not.
            if scale < step || magnitude.trailing_zeros() < step.into() {
                continue;
            }
            let divided = power(step.into()).and_then(|unit| magnitude.checked_div_rem(unit));
            if let Some((quotient, U256::ZERO)) = divided {
                (magnitude, scale) = (quotient, scale.saturating_sub(step));
            }
        }
        Self::new(signed(magnitude, self.is_negative()), scale)
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<u64> for Decimal {
    fn from(whole: u64) -> Self {
        Self::narrow(whole.into(), 0)
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self::narrow(whole.into(), 0)
    }
}

/// A magnitude below the limit, with its sign.
fn signed(magnitude: U256, negative: bool) -> I256 {
    let magnitude = magnitude.as_i256();
    if negative { magnitude.wrapping_neg() } else { magnitude }
}

/// Both mantissas at the larger scale, if that fits.
fn aligned(a: Decimal, b: Decimal) -> Option<(I256, I256, u8)> {
    let raised = |low: I256, by: u8| product(low, power(by.into())?.as_i256());
    match a.scale.cmp(&b.scale) {
        Ordering::Equal => Some((a.mantissa(), b.mantissa(), a.scale)),
        Ordering::Less => {
            Some((raised(a.mantissa(), b.scale.saturating_sub(a.scale))?, b.mantissa(), b.scale))
        }
        Ordering::Greater => {
            Some((a.mantissa(), raised(b.mantissa(), a.scale.saturating_sub(b.scale))?, a.scale))
        }
    }
}

impl PartialEq for Decimal {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        if self.is_like(other) {
            let (a, b) = (self.low, other.low);
            return a.cmp(&b);
        }
        wide_cmp(self, other)
    }
}

#[inline(never)]
fn wide_cmp(one: &Decimal, other: &Decimal) -> Ordering {
    if let Some((one, other)) = one.alike(other) {
        let words = |of: Decimal| (of.high, of.low.cast_unsigned());
        return words(one).cmp(&words(other));
    }
    match aligned(*one, *other) {
        Some((a, b, _)) => a.cmp(&b),
        // Whichever has fewer decimals does not fit at the scale of the other: its magnitude is above any that does.
        None if one.scale < other.scale => one.mantissa().cmp(&I256::ZERO),
        None => I256::ZERO.cmp(&other.mantissa()),
    }
}

impl hash::Hash for Decimal {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        let trimmed = self.trimmed();
        (trimmed.mantissa(), trimmed.scale).hash(state);
    }
}
