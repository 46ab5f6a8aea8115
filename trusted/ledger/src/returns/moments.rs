//! Mean, standard deviation, skewness and kurtosis of a sample.
//!
//! mean m = sum r / n; d_i = r_i - m; s = sqrt(sum d^2 / (n - 1)); m_k = sum d^k / n; g3 = m3 / m2^1.5;
//! g4 = m4 / m2^2. The mean is taken with its own rounding error, so that deviations are right to the last digits even
//! where returns differ by a billionth of themselves.

use super::numbers::{FLAT, Sum, count, finite};
use crate::{Measured, Reason};

/// What is left of a sample when its order is forgotten.
#[derive(Clone, Copy)]
pub(super) struct Moments {
    pub(super) n: usize,
    pub(super) mean: f64,
    pub(super) least: f64,
    pub(super) most: f64,
    /// m2, m3, m4.
    second: f64,
    third: f64,
    fourth: f64,
}

impl Moments {
    pub(super) fn of(values: &[f64]) -> Self {
        let n = values.len();
        let (mut sum, mut least, mut most) = (Sum::default(), f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            sum.add(*value);
            (least, most) = (least.min(*value), most.max(*value));
        }
        let mean = sum.value() / count(n);
        let [mut rest, mut squares, mut cubes, mut fourths] = [Sum::default(); 4];
        for value in values {
            let deviation = value - mean;
            let square = deviation * deviation;
            rest.add(deviation);
            squares.add(square);
            cubes.add(square * deviation);
            fourths.add(square * square);
        }
        // What rounding the mean has dropped is the mean of the deviations from it; the moments move over by so much.
        let [rest, m2, m3, m4] = [rest, squares, cubes, fourths].map(|sum| sum.value() / count(n));
        let second = m2 - rest * rest;
        let third = m3 - 3.0 * rest * m2 + 2.0 * rest * rest * rest;
        let fourth = m4 - 4.0 * rest * m3 + 6.0 * rest * rest * m2 - 3.0 * rest * rest * rest * rest;
        Self { n, mean: mean + rest, least, most, second, third, fourth }
    }

    /// Without any dispersion to divide by.
    pub(super) fn is_flat(&self) -> bool {
        self.most - self.least <= FLAT
    }

    /// Standard deviation with divisor n - 1; zero for a flat sample.
    pub(super) fn deviation(&self) -> f64 {
        if self.is_flat() {
            return 0.0;
        }
        libm::sqrt(self.second * (count(self.n) / (count(self.n) - 1.0)))
    }

    /// (m - f)/s, not annualised.
    pub(super) fn sharpe(&self, risk_free: f64) -> Measured<f64> {
        self.dispersed()?;
        finite((self.mean - risk_free) / self.deviation())
    }

    /// g3, with moments divided by n.
    pub(super) fn g3(&self) -> Measured<f64> {
        self.dispersed()?;
        finite(self.third / (self.second * libm::sqrt(self.second)))
    }

    /// g4, with moments divided by n: 3 for a Normal sample.
    pub(super) fn g4(&self) -> Measured<f64> {
        self.dispersed()?;
        finite(self.fourth / (self.second * self.second))
    }

    fn dispersed(&self) -> Measured<()> {
        if self.is_flat() { Err(Reason::ZeroVariance) } else { Ok(()) }
    }
}
