//! The ends of the distribution.
//!
//! Quantile at p: linear between order statistics at position (n - 1)·p from 0 [Hyndman & Fan 1996, type 7].
//! Historical VaR = that quantile [Jorion]. CVaR with a·n = k + u: (x_(1) + .. + x_(k) + u·x_(k+1)) / (a·n) [Acerbi &
//! Tasche 2002]. Parametric: m + z·s and m - s·phi(z)/a, z = Normal quantile of a [Jorion; McNeil, Frey & Embrechts].
//! Tail ratio = |q95| / |q5|.

use super::{
    moments::Moments,
    normal,
    numbers::{Sum, count, finite},
};
use crate::{Measured, Reason};
use alloc::vec::Vec;

/// A share as percent, so that positions in a sample are exact: at most 5, or at least 95.
#[derive(Clone, Copy)]
pub(super) struct Percent(pub(super) u8);

impl Percent {
    /// That share of a count: the whole part, and the rest.
    fn of(self, n: usize) -> (usize, f64) {
        let hundredths = n.saturating_mul(self.0.into());
        (hundredths / 100, count(hundredths % 100) / 100.0)
    }
}

/// Returns in order at both ends, the worst twentieth and the best; between them in no order, which nobody asks for and
/// which would cost most of the sorting.
pub(super) struct Ends(Vec<f64>);

impl Ends {
    pub(super) fn of(returns: &[f64]) -> Self {
        let mut ends = returns.to_vec();
        let (worst, _) = Percent(5).of(ends.len());
        let (best, _) = Percent(95).of(ends.len().saturating_sub(1));
        // One more than the share: quantiles lie between two, and a mean takes a part of the next.
        let worst = worst.saturating_add(1);
        if worst < best {
            let (rest, _, last) = ends.select_nth_unstable_by(best, f64::total_cmp);
            last.sort_unstable_by(f64::total_cmp);
            let (first, ..) = rest.select_nth_unstable_by(worst, f64::total_cmp);
            first.sort_unstable_by(f64::total_cmp);
        } else {
            ends.sort_unstable_by(f64::total_cmp);
        }
        Self(ends)
    }

    /// The return that `share` of them do not exceed.
    pub(super) fn quantile(&self, share: Percent) -> Measured<f64> {
        let (whole, rest) = share.of(self.0.len().saturating_sub(1));
        let low = self.0.get(whole).ok_or(Reason::InsufficientData)?;
        let high = self.0.get(whole.saturating_add(1)).unwrap_or(low);
        finite(low + rest * (high - low))
    }

    /// The mean of the worst `share`, the last of them with its fraction.
    pub(super) fn expected_shortfall(&self, share: Percent) -> Measured<f64> {
        let (whole, rest) = share.of(self.0.len());
        let mut sum = Sum::of(self.0.iter().take(whole).copied());
        sum.add(rest * self.0.get(whole).copied().unwrap_or_default());
        // Never above the quantile, and the last digit must not say so either.
        Ok(finite(sum.value() / (count(whole) + rest))?.min(self.quantile(share)?))
    }

    pub(super) fn tail_ratio(&self) -> Measured<f64> {
        let (low, high) = (self.quantile(Percent(5))?, self.quantile(Percent(95))?);
        if low == 0.0 { Err(Reason::NoLosses) } else { finite(high.abs() / low.abs()) }
    }
}

/// m + z·s at 5%.
pub(super) fn parametric_value_at_risk(of: &Moments) -> Measured<f64> {
    finite(of.mean + normal::quantile(0.05) * of.deviation())
}

/// m - s·phi(z)/0.05.
pub(super) fn parametric_shortfall(of: &Moments) -> Measured<f64> {
    finite(of.mean - of.deviation() * normal::density(normal::quantile(0.05)) / 0.05)
}
