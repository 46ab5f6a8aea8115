//! Against a benchmark (METRICS.md section 6).
//!
//! beta = cov(r, b) / var(b); alpha = P·((mean r - f) - beta·(mean b - f)), the intercept of the regression [Jensen
//! 1968]; correlation: Pearson. With a = r - b: tracking error = std(a)·sqrt(P), information ratio =
//! mean(a)/std(a)·sqrt(P) [Grinold & Kahn; Bacon].

use super::{
    BenchmarkFigures, Parameters, ReturnInvalid, checked,
    moments::Moments,
    numbers::{Sum, finite, from},
};
use crate::{Day, Measured, Reason};
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Returns of the days that both series have, each in the order of days: first ours, then the benchmark's.
pub fn aligned(returns: &[(Day, f64)], benchmark: &[(Day, f64)]) -> Vec<(f64, f64)> {
    let (mut ours, mut theirs) = (returns.iter().peekable(), benchmark.iter().peekable());
    let mut both = Vec::new();
    while let (Some((day, r)), Some((other, b))) = (ours.peek(), theirs.peek()) {
        match day.cmp(other) {
            Ordering::Less => {
                ours.next();
            }
            Ordering::Greater => {
                theirs.next();
            }
            Ordering::Equal => {
                both.push((*r, *b));
                ours.next();
                theirs.next();
            }
        }
    }
    both
}

/// Figures of pairs (our return, the benchmark's) of the same days.
///
/// # Errors
/// On a return below -1, or one that is not finite, of either.
pub fn benchmark(pairs: &[(f64, f64)], parameters: &Parameters) -> Result<BenchmarkFigures, ReturnInvalid> {
    let (ours, theirs): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let (r, b) = (Moments::of(checked(&ours)?), Moments::of(checked(&theirs)?));
    let active = Moments::of(&pairs.iter().map(|(r, b)| r - b).collect::<Vec<f64>>());
    let both = Both::of(pairs, r, b);
    let (n, root) = (pairs.len(), parameters.root_of_year());
    Ok(BenchmarkFigures {
        n_obs: n,
        beta: from(n, 2, || both.beta()),
        alpha: from(n, 2, || {
            let f = parameters.risk_free();
            finite(parameters.periods_per_year * ((r.mean - f) - both.beta()? * (b.mean - f)))
        }),
        correlation: from(n, 2, || both.correlation()),
        r_squared: from(n, 2, || both.correlation().map(|rho| rho * rho)),
        tracking_error: from(n, 2, || finite(active.deviation() * root)),
        information_ratio: from(n, 2, || finite(active.sharpe(0.0)? * root)),
    })
}

/// Two samples of the same days, with the sums of products of deviations.
struct Both {
    r: Moments,
    b: Moments,
    products: f64,
    squares_of_r: f64,
    squares_of_b: f64,
}

impl Both {
    fn of(pairs: &[(f64, f64)], r: Moments, b: Moments) -> Self {
        let [mut products, mut squares_of_r, mut squares_of_b] = [Sum::default(); 3];
        for (ours, theirs) in pairs {
            let (ours, theirs) = (ours - r.mean, theirs - b.mean);
            products.add(ours * theirs);
            squares_of_r.add(ours * ours);
            squares_of_b.add(theirs * theirs);
        }
        let [products, squares_of_r, squares_of_b] = [products, squares_of_r, squares_of_b].map(Sum::value);
        Self { r, b, products, squares_of_r, squares_of_b }
    }

    fn beta(&self) -> Measured<f64> {
        if self.b.is_flat() { Err(Reason::ZeroVariance) } else { finite(self.products / self.squares_of_b) }
    }

    fn correlation(&self) -> Measured<f64> {
        if self.b.is_flat() || self.r.is_flat() {
            return Err(Reason::ZeroVariance);
        }
        let deviations = libm::sqrt(self.squares_of_r) * libm::sqrt(self.squares_of_b);
        // Rounding must not lead out of the range that it has.
        Ok(finite(self.products / deviations)?.clamp(-1.0, 1.0))
    }
}
