//! Sums of amounts that have the decimals of the book's grid: whole numbers of 128 bits. They are the part of the totals that
//! grows with every fill, and are added to the rest when somebody asks, or when the decimals change.

use crate::{Decimal, amount::Num};

/// Which sum.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Maker = 0,
    Taker = 1,
    Unknown = 2,
    Fees = 3,
    Gross = 4,
    Cost = 5,
    Value = 6,
}

/// Sums of one scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    scale: u8,
    sums: [i128; 7],
}

impl Tally {
    pub(crate) const fn new(scale: u8) -> Self {
        Self { scale, sums: [0; 7] }
    }

    #[inline(always)]
    pub(crate) const fn scale(&self) -> u8 {
        self.scale
    }

    /// Adds to a sum. `false`: it does not fit, and nothing has changed.
    #[inline(always)]
    pub(crate) fn add(&mut self, part: Part, amount: i128) -> bool {
        let Some(held) = self.sums.get_mut(part as usize) else { return false };
        match held.checked_add(amount) {
            Some(sum) => {
                *held = sum;
                true
            }
            None => false,
        }
    }

    /// A sum as a number.
    pub(crate) fn sum(&self, part: Part) -> Decimal {
        let sum = self.sums.get(part as usize).copied().unwrap_or_default();
        Num::new(sum, self.scale).decimal()
    }
}
