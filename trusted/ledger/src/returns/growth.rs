//! How much a series grew, and how deep it went under water on the way.
//!
//! V_0 = 1, V_i = V_(i-1)·(1 + r_i); total return = V_n - 1; CAGR = V_n^(P/n) - 1 [Bacon], not given under a year
//! [GIPS]; drawdown d_i = V_i / max(V_0..V_i) - 1; ulcer index = sqrt(sum d_i^2 / n) [Martin & McCann 1989].

use super::numbers::{Sum, count, finite};
use crate::{Measured, Reason};

/// The path of one unit of money.
#[derive(Clone, Copy)]
pub(super) struct Path {
    n: usize,
    /// V_n.
    last: f64,
    /// The highest V.
    peak: f64,
    squares: f64,
    pub(super) deepest: Option<Drawdown>,
    /// Periods from peak to recovery, or to the end, of the drawdown that took most of them.
    pub(super) longest: usize,
}

/// From a peak down, and up again or not yet.
#[derive(Clone, Copy)]
pub(super) struct Drawdown {
    /// Below zero.
    pub(super) depth: f64,
    pub(super) peak: usize,
    pub(super) trough: usize,
    pub(super) recovery: Option<usize>,
}

impl Path {
    /// Overflows where V does not fit a double: nothing is known of it from there on.
    pub(super) fn of(returns: &[f64]) -> Measured<Self> {
        let (mut value, mut peak, mut peak_at, mut under) = (1.0, 1.0, 0, false);
        let (mut squares, mut deepest, mut longest) = (Sum::default(), None::<Drawdown>, 0);
        for (at, r) in (1..).zip(returns) {
            value *= 1.0 + r;
            finite(value)?;
            if value < peak {
                under = true;
                let depth = value / peak - 1.0;
                squares.add(depth * depth);
                if deepest.is_none_or(|deepest| depth < deepest.depth) {
                    deepest = Some(Drawdown { depth, peak: peak_at, trough: at, recovery: None });
                }
                continue;
            }
            if under {
                under = false;
                longest = at.saturating_sub(peak_at).max(longest);
                if let Some(deepest) = &mut deepest {
                    // A later, shallower one does not move the recovery of the deepest.
                    deepest.recovery = deepest.recovery.or(Some(at));
                }
            }
            (peak, peak_at) = (value, at);
        }
        if under {
            longest = returns.len().saturating_sub(peak_at).max(longest);
        }
        Ok(Self { n: returns.len(), last: value, peak, squares: squares.value(), deepest, longest })
    }

    pub(super) fn total_return(&self) -> Measured<f64> {
        finite(self.last - 1.0)
    }

    pub(super) fn cagr_raw(&self, periods_per_year: f64) -> Measured<f64> {
        finite(libm::pow(self.last, periods_per_year / count(self.n)) - 1.0)
    }

    /// Null under a year.
    pub(super) fn cagr(&self, periods_per_year: f64) -> Measured<f64> {
        if count(self.n) >= periods_per_year {
            self.cagr_raw(periods_per_year)
        } else {
            Err(Reason::PeriodUnderOneYear)
        }
    }

    pub(super) fn max_drawdown(&self) -> f64 {
        self.deepest.map_or(0.0, |deepest| deepest.depth)
    }

    pub(super) fn max_drawdown_days(&self) -> usize {
        let days = |deepest: Drawdown| deepest.recovery.unwrap_or(self.n).saturating_sub(deepest.peak);
        self.deepest.map_or(0, days)
    }

    pub(super) fn current_drawdown(&self) -> f64 {
        self.last / self.peak - 1.0
    }

    pub(super) fn ulcer_index(&self) -> f64 {
        libm::sqrt(self.squares / count(self.n))
    }

    /// A figure over a drawdown measure, where there is a drawdown.
    pub(super) fn over(&self, figure: f64, measure: f64) -> Measured<f64> {
        if self.deepest.is_none() { Err(Reason::NoDrawdown) } else { finite(figure / measure.abs()) }
    }
}
