//! Sums of squares, for a variance without loss: profits in units of 10^-30, their squares in 512 bits.

use super::{
    Decimal, NumberError,
    wide::{long_divided, long_product, narrow_square, power},
};
use ethnum::{I256, U256};

/// Decimals of the unit.
const UNIT_DECIMALS: u8 = 30;
/// Decimals of the result.
const RESULT_DECIMALS: u8 = 36;

/// Sum and sum of squares; `None` once they do not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SquareSum(Option<Sums>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    sum: I256,
    /// High half, low half.
    squares: (U256, U256),
}

impl Default for SquareSum {
    fn default() -> Self {
        Self(Some(Sums::default()))
    }
}

#[inline]
fn squared(magnitude: U256) -> (U256, U256) {
    let (high, low) = magnitude.into_words();
    if high == 0 { (U256::ZERO, narrow_square(low)) } else { long_product(magnitude, magnitude) }
}

#[inline]
fn added((a, b): (U256, U256), (c, d): (U256, U256)) -> Option<(U256, U256)> {
    let (low, carried) = b.overflowing_add(d);
    let high = a.checked_add(c)?;
    Some((if carried { high.checked_add(U256::ONE)? } else { high }, low))
}

fn subtracted((a, b): (U256, U256), (c, d): (U256, U256)) -> Option<(U256, U256)> {
    let (low, borrowed) = b.overflowing_sub(d);
    let high = a.checked_sub(c)?;
    Some((if borrowed { high.checked_sub(U256::ONE)? } else { high }, low))
}

/// 512 bits times one word.
fn times((high, low): (U256, U256), word: u64) -> Option<(U256, U256)> {
    let (carry, low) = long_product(low, U256::from(word));
    let (over, high) = long_product(high, U256::from(word));
    (over == U256::ZERO).then_some((high.checked_add(carry)?, low))
}

impl Sums {
    #[inline]
    fn add(&mut self, amount: Decimal) -> Option<()> {
        let units = amount.in_units(UNIT_DECIMALS)?;
        self.sum = self.sum.checked_add(units)?;
        self.squares = added(self.squares, squared(units.unsigned_abs()))?;
        Some(())
    }
}

impl SquareSum {
    /// One more amount.
    pub(crate) fn add(&mut self, amount: Decimal) {
        let Some(sums) = &mut self.0 else { return };
        if sums.add(amount).is_none() {
            self.0 = None;
        }
    }

    /// The amounts of another.
    pub(crate) fn append(&mut self, other: &Self) {
        self.0 = self.0.zip(other.0).and_then(|(a, b)| {
            Some(Sums { sum: a.sum.checked_add(b.sum)?, squares: added(a.squares, b.squares)? })
        });
    }

    /// Mean / standard deviation (divisor n - 1) · sqrt(n), of `count` amounts that are not all the same: with
    /// V = n · sum x² - (sum x)² that is sum x · sqrt((n - 1) / V).
    pub(crate) fn quality(&self, count: u64) -> Result<Decimal, NumberError> {
        let quality = || {
            let Sums { sum, squares } = self.0?;
            let of_sum = long_product(sum.unsigned_abs(), sum.unsigned_abs());
            let (spread, tens) = shortened(subtracted(times(squares, count)?, of_sum)?)?;
            // V = v · 10^(2 · tens), with v between 1 and 100.
            let digits = super::digits(spread);
            let even = digits.saturating_sub(1) & !1;
            let tens = tens.checked_add(even / 2)?;
            let spread = Decimal::from_mantissa(spread.as_i256(), even)?;
            let root = Decimal::from(count.saturating_sub(1)).checked_div(spread).ok()?.sqrt()?;
            Decimal::from_mantissa(sum, tens)?.rounded_mul(root, RESULT_DECIMALS).ok()
        };
        quality().ok_or(NumberError::Overflow)
    }
}

/// A positive number in at most 76 digits, and how many pairs of digits it lost.
fn shortened(mut value: (U256, U256)) -> Option<(U256, u8)> {
    let unit = power(38)?;
    let mut tens = 0_u8;
    while value.0 > U256::ZERO || value.1 >= super::LIMIT {
        let (high, rest) = value.0.checked_div_rem(unit)?;
        let (low, _) = long_divided(rest, value.1, unit)?;
        value = (high, low);
        tens = tens.checked_add(19)?;
    }
    (value.1 > U256::ZERO).then_some((value.1, tens))
}
