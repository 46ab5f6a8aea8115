//! Exact decimals (METRICS.md section 1, Numbers): sums, differences and products lose nothing; what does not fit
//! is an error. What rounds says so in its name or is a division: half-even, to at least 28 significant digits.
//!
//! Not here: what a number means. Prices and quantities are types of their own.

mod text;
mod wide;

use core::{cmp::Ordering, fmt, hash, str::FromStr};
use ethnum::{I256, U256};
use wide::{DIGITS_MAX, LIMIT, digits, narrow, power, product, product_divided, tenfold};

/// How much of a quotient is kept.
struct Precision {
    /// Decimals, if they fit.
    decimals: i32,
    /// Significant digits at least.
    digits: i32,
}

/// Enough to be rounded again to the 28 digits of a price.
const QUOTIENT: Precision = Precision { decimals: 36, digits: 34 };
/// Short enough that sums of many mostly stay in 128 bits.
const AMOUNT: Precision = Precision { decimals: 30, digits: 28 };

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
/// Packed, since ledgers hold millions of them: 40 bytes instead of 48, and 48 instead of 64 where one may not exist.
#[derive(Clone, Copy)]
#[repr(Rust, packed(8))]
pub struct Decimal {
    mantissa: I256,
    scale: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: I256::ZERO, scale: 0 };
    /// One.
    pub const ONE: Self = Self { mantissa: I256::ONE, scale: 0 };

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa().is_negative()
    }

    /// Zero.
    pub fn is_zero(&self) -> bool {
        self.mantissa() == I256::ZERO
    }

    /// Above zero.
    pub fn is_positive(&self) -> bool {
        self.mantissa().is_positive()
    }

    /// Exact sum.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, NumberError> {
        if self.scale == other.scale
            && let Some(sum) =
                narrow(self.mantissa).zip(narrow(other.mantissa)).and_then(|(a, b)| a.checked_add(b))
        {
            return Ok(Self { mantissa: I256::from(sum), scale: self.scale });
        }
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
    pub fn checked_sub(self, other: Self) -> Result<Self, NumberError> {
        self.checked_add(other.negated())
    }

    /// Exact product.
    ///
    /// # Errors
    /// If it does not fit.
    pub fn checked_mul(self, other: Self) -> Result<Self, NumberError> {
        let exact = |a: Self, b: Self| {
            let scale = a.scale.checked_add(b.scale).filter(|scale| *scale <= SCALE_MAX)?;
            product(a.mantissa, b.mantissa).map(|mantissa| Self { mantissa, scale })
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
        Ok(Self { mantissa: signed(magnitude, a.is_negative() != b.is_negative()), scale: decimals })
    }

    /// Quotient, rounded half-even to 36 decimals where they fit, or to as many more as it takes for 34 significant
    /// digits; exact where it ends before.
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

    fn quotient(self, other: Self, precision: Precision) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivisionByZero);
        }
        let (a, b) = (self.trimmed(), other.trimmed());
        let [a_digits, b_digits] = [a, b].map(|value| i32::from(digits(value.magnitude())));
        // quotient = a.mantissa * 10^shift / b.mantissa, with base + shift decimals
        let base = i32::from(a.scale).saturating_sub(b.scale.into());
        let longer = b_digits.saturating_sub(a_digits);
        let needed = precision.digits.saturating_add(longer);
        let room = longer.saturating_add(75).min(i32::from(SCALE_MAX).saturating_sub(base));
        let shift = precision.decimals.saturating_sub(base).max(needed).min(room).max(0);
        // In two steps, since 10^shift alone may be longer than a number.
        let shift_before = shift.min(i32::from(DIGITS_MAX).saturating_sub(a_digits));
        let [before, after] = [shift_before, shift.saturating_sub(shift_before)]
            .map(|exponent| u32::try_from(exponent).ok().and_then(power));
        let (before, after) = before.zip(after).ok_or(NumberError::Overflow)?;
        let (magnitude, exact) = product_divided(a.magnitude().wrapping_mul(before), after, b.magnitude())
            .ok_or(NumberError::Overflow)?;
        if !exact && shift < needed {
            return Err(NumberError::Overflow);
        }
        let mantissa = signed(magnitude, a.is_negative() != b.is_negative());
        let quotient = Self::at_scale(mantissa, base.saturating_add(shift))?;
        Ok(if exact { quotient.trimmed() } else { quotient })
    }

    /// The same amount with the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        // Below 10^76 on either side of zero: this cannot wrap.
        Self { mantissa: self.mantissa().wrapping_neg(), scale: self.scale }
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
        Self { mantissa: signed(magnitude, self.is_negative()), scale: decimals }
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
                return Some(Self { mantissa: root.as_i256(), scale }.trimmed());
            }
            root = next;
        }
    }

    /// A copy: what is packed cannot be pointed to.
    fn mantissa(self) -> I256 {
        self.mantissa
    }

    fn magnitude(self) -> U256 {
        self.mantissa().unsigned_abs()
    }

    fn fitting(mantissa: I256, scale: u8) -> Option<Self> {
        (mantissa.unsigned_abs() < LIMIT).then_some(Self { mantissa, scale })
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
        Ok(Self { mantissa, scale: 0 })
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
        Self { mantissa: signed(magnitude, self.is_negative()), scale }
    }
}

impl Default for Decimal {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<u64> for Decimal {
    fn from(whole: u64) -> Self {
        Self { mantissa: I256::from(whole), scale: 0 }
    }
}

impl From<i64> for Decimal {
    fn from(whole: i64) -> Self {
        Self { mantissa: I256::from(whole), scale: 0 }
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
        Ordering::Equal => Some((a.mantissa, b.mantissa, a.scale)),
        Ordering::Less => Some((raised(a.mantissa, b.scale.saturating_sub(a.scale))?, b.mantissa, b.scale)),
        Ordering::Greater => {
            Some((a.mantissa, raised(b.mantissa, a.scale.saturating_sub(b.scale))?, a.scale))
        }
    }
}

impl PartialEq for Decimal {
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
    fn cmp(&self, other: &Self) -> Ordering {
        match aligned(*self, *other) {
            Some((a, b, _)) => a.cmp(&b),
            // Whichever has fewer decimals does not fit at the scale of the other: its magnitude is above any that does.
            None if self.scale < other.scale => self.mantissa().cmp(&I256::ZERO),
            None => I256::ZERO.cmp(&other.mantissa()),
        }
    }
}

impl hash::Hash for Decimal {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        let trimmed = self.trimmed();
        (trimmed.mantissa(), trimmed.scale).hash(state);
    }
}

macro_rules! unit {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub Decimal);

        impl FromStr for $type {
            type Err = NumberError;
            fn from_str(text: &str) -> Result<Self, NumberError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

unit!(
    /// A price: quote for one unit of base.
    Price
);
unit!(
    /// A quantity of base, or of contracts.
    Quantity
);
