//! Decimals that the numbers of a book have. Venues quote an instrument in ticks and lots, so that almost all of its
//! quantities have the same decimals, and almost all of its prices: written on this grid they add up as whole numbers.
//!
//! What is off the grid has the same value and takes the long way.

/// 10^0 to 10^18.
const POWERS: [i64; 19] = powers();
/// No quantity or price of the grid has more.
const SCALE_MAX: u8 = 18;
/// No amount of the grid has more: shares have 30, and are never shorter.
const AMOUNT_SCALE_MAX: u8 = 28;

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which refuses what is out of bounds"
)]
const fn powers() -> [i64; 19] {
    let mut powers = [1_i64; 19];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
}

/// The decimals of a book: the most that were seen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Grid {
    pub(crate) quantity: u8,
    pub(crate) price: u8,
    /// Of notionals and fee values: no fewer than those of quantity and price together.
    pub(crate) amount: u8,
}

/// The same number with `to` decimals, if it fits a word.
#[inline(always)]
pub(crate) fn lifted(mantissa: i64, scale: u8, to: u8) -> Option<i64> {
    if scale == to {
        return Some(mantissa);
    }
    mantissa.checked_mul(*POWERS.get(usize::from(to.checked_sub(scale)?))?)
}

/// Makes room for these decimals, and writes the number with as many as there are.
#[inline(always)]
fn settle(room: &mut u8, mantissa: &mut i64, scale: &mut u8) {
    if *scale == *room {
        return;
    }
    if *scale > *room {
        *room = if *scale <= SCALE_MAX { *scale } else { *room };
    } else if let Some(more) = lifted(*mantissa, *scale, *room) {
        (*mantissa, *scale) = (more, *room);
    }
}

impl Grid {
    #[inline]
    pub(crate) fn settle_quantity(&mut self, mantissa: &mut i64, scale: &mut u8) {
        settle(&mut self.quantity, mantissa, scale);
    }

    #[inline]
    pub(crate) fn settle_price(&mut self, mantissa: &mut i64, scale: &mut u8) {
        settle(&mut self.price, mantissa, scale);
    }

    /// Makes room for quantities with these decimals.
    pub(crate) fn widen_quantity(&mut self, scale: u8) {
        if scale > self.quantity && scale <= SCALE_MAX {
            self.quantity = scale;
        }
    }

    /// Makes room for amounts with these decimals, and for notionals.
    #[inline]
    pub(crate) fn widen_amount(&mut self, scale: u8) {
        for scale in [scale, self.quantity.saturating_add(self.price)] {
            if scale > self.amount && scale <= AMOUNT_SCALE_MAX {
                self.amount = scale;
            }
        }
    }
}
