//! Adding to a sum in place: 256 bits at a time, where the sum has the decimals of the amount, or gets them.

use super::{
    Decimal, Num, NumberError,
    wide::{word_power, word_product},
};
use core::cmp::Ordering;

/// Digits of the largest power of ten that fits a word.
const WORD_DIGITS: u8 = 19;

impl Decimal {
    /// Adds to a sum in place.
    #[inline(always)]
    pub(crate) fn accumulate(&mut self, amount: Self) -> Result<(), NumberError> {
        if self.scale == amount.scale && self.add_like(amount.low, amount.high) {
            return Ok(());
        }
        self.accumulate_unlike(&amount)
    }

    /// Adds a short amount to a sum in place.
    #[inline(always)]
    pub(crate) fn take_in(&mut self, amount: Num) -> Result<(), NumberError> {
        if self.scale == amount.scale && self.add_like(amount.low, amount.low >> 127) {
            return Ok(());
        }
        self.accumulate_unlike(&amount.decimal())
    }

    /// Adds a mantissa of the same scale. `false`: the sum may not fit, and nothing has changed.
    #[inline(always)]
    fn add_like(&mut self, low: i128, high: i128) -> bool {
        let (low, carried) = self.low.cast_unsigned().overflowing_add(low.cast_unsigned());
        let high = self.high.wrapping_add(high).wrapping_add(carried.into());
        if is_within(high) {
            (self.low, self.high) = (low.cast_signed(), high);
        }
        is_within(high)
    }

    /// The same where scales differ: a sum of shares has more decimals than most that it is made of.
    #[inline(never)]
    pub(super) fn accumulate_unlike(&mut self, amount: &Self) -> Result<(), NumberError> {
        if let Some((mut sum, amount)) = self.alike(amount)
            && sum.add_like(amount.low, amount.high)
        {
            *self = sum;
            return Ok(());
        }
        *self = self.wide_add(*amount)?;
        Ok(())
    }

    /// Both at the larger scale, if they surely fit.
    #[inline(always)]
    pub(super) fn alike(&self, other: &Self) -> Option<(Self, Self)> {
        Some(match self.scale.cmp(&other.scale) {
            Ordering::Equal => (*self, *other),
            Ordering::Less => (self.raised(other.scale.wrapping_sub(self.scale))?, *other),
            Ordering::Greater => (*self, other.raised(self.scale.wrapping_sub(other.scale))?),
        })
    }

    /// With so many decimals more, if it surely fits.
    #[inline(always)]
    fn raised(&self, by: u8) -> Option<Self> {
        match by.checked_sub(WORD_DIGITS) {
            None | Some(0) => self.raised_once(by),
            Some(more) => self.raised_once(WORD_DIGITS)?.raised_once(more),
        }
    }

    #[inline(always)]
    fn raised_once(&self, by: u8) -> Option<Self> {
        let tens = word_power(by)?;
        let (low, carried) = word_product(self.low.cast_unsigned(), tens);
        // Of less than 2^56 on either side of zero, times one word: no bit is lost.
        let high = self.high.wrapping_mul(tens.into()).wrapping_add(carried.into());
        (self.high >> 56 == self.high >> 127 && is_within(high)).then(|| Self {
            low: low.cast_signed(),
            high,
            scale: self.scale.wrapping_add(by),
        })
    }
}

/// Whether a number with this upper half is certainly below the limit, some 2^252, on either side of zero.
#[inline(always)]
const fn is_within(high: i128) -> bool {
    let top = (high >> 64) as i64;
    top.wrapping_add(1 << 56).cast_unsigned() < 1 << 57
}
