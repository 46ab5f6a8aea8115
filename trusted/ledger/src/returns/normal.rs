//! The standard Normal distribution.
//!
//! phi(x) = exp(-x^2/2) / sqrt(2 pi); Phi(x) = erfc(-x / sqrt 2) / 2, which keeps both tails; the quantile starts from
//! Abramowitz & Stegun 26.2.23 (right to 4.5e-4) and is refined by Halley's iteration, which triples the digits.

use core::f64::consts::{FRAC_1_SQRT_2, PI};

/// phi(x).
pub(super) fn density(x: f64) -> f64 {
    libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * PI)
}

/// Phi(x).
pub(super) fn cumulative(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The x with Phi(x) = p; NaN outside of 0 < p < 1. Where p is near 1, ask for 1 - p and change the sign: the
/// distribution is symmetric, and small numbers keep their digits.
pub(super) fn quantile(p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return f64::NAN;
    }
    if p > 0.5 {
        // 1 - p is exact here.
        return -quantile(1.0 - p);
    }
    let t = libm::sqrt(-2.0 * libm::log(p));
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = above / below - t;
    for _ in 0..3 {
        let newton = (cumulative(x) - p) / density(x);
        x -= newton / (1.0 + 0.5 * x * newton);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_and_probabilities_are_those_of_the_tables() {
        // mpmath 1.4.1 with 40 digits: findroot(lambda x: log(ncdf(x)) - log(p), x0).
        for (p, x) in [
            (0.5, 0.0),
            (0.05, -1.644_853_626_951_472_7),
            (0.01, -2.326_347_874_040_841),
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
            (1e-300, -37.047_096_299_361_2),
            (0.95, 1.644_853_626_951_472_7),
            (0.975, 1.959_963_984_540_054),
        ] {
            let ours = quantile(p);
            assert!((ours - x).abs() <= 4e-16 * x.abs().max(1.0), "{p}: {ours}");
            // Where the tail is thin, the last digit of x is many of p.
            assert!((cumulative(x) - p).abs() <= 4e-16 * (1.0 + x * x) * p, "{x}");
        }
        for p in [0.0, 1.0, -0.1, 1.1, f64::NAN] {
            assert!(quantile(p).is_nan(), "{p}");
        }
    }
}
