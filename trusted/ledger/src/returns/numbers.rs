//! What every statistic here needs: sums that keep what rounding would drop, and the guard that no figure leaves as
//! infinity or NaN.

use super::Parameters;
use crate::{Measured, Reason};

/// A dispersion at or below this is none (METRICS.md section 1, `zero_variance`).
pub(super) const FLAT: f64 = 1e-14;

/// A number as it may be given out: what does not fit a double is an overflow, and zero has no sign.
pub(super) fn finite(value: f64) -> Measured<f64> {
    if value.is_finite() { Ok(value + 0.0) } else { Err(Reason::Overflow) }
}

/// A count among doubles: exact up to 2^53.
pub(super) const fn count(n: usize) -> f64 {
    n as f64
}

/// The figure, if there are at least so many observations.
pub(super) fn from<T>(n: usize, least: usize, figure: impl FnOnce() -> Measured<T>) -> Measured<T> {
    if n < least { Err(Reason::InsufficientData) } else { figure() }
}

/// A running sum, with the low parts that rounding would drop. [Knuth, The Art of Computer Programming, volume 2,
/// section 4.2.2, theorem B]
#[derive(Clone, Copy, Default)]
pub(super) struct Sum {
    high: f64,
    low: f64,
}

impl Sum {
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Self {
        values.fold(Self::default(), |mut sum, value| {
            sum.add(value);
            sum
        })
    }

    pub(super) fn add(&mut self, value: f64) {
        let sum = self.high + value;
        let added = sum - self.high;
        self.low += (self.high - (sum - added)) + (value - added);
        self.high = sum;
    }

    pub(super) fn value(self) -> f64 {
        self.high + self.low
    }
}

impl Parameters {
    /// The risk-free rate of a period: (1 + x)^(1/P) - 1.
    pub(super) fn risk_free(&self) -> f64 {
        per_period(self.risk_free_annual, self.periods_per_year)
    }

    /// The minimum acceptable return of a period.
    pub(super) fn mar(&self) -> f64 {
        per_period(self.mar_annual, self.periods_per_year)
    }

    /// What turns a dispersion of periods into one of a year.
    pub(super) fn root_of_year(&self) -> f64 {
        libm::sqrt(self.periods_per_year)
    }
}

fn per_period(annual: f64, periods: f64) -> f64 {
    // Near zero (1 + x)^(1/P) would round away what is asked for.
    libm::expm1(libm::log1p(annual) / periods)
}
