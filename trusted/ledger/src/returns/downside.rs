//! Returns held against a minimum acceptable return h.
//!
//! dd = sqrt(sum min(r - h, 0)^2 / n), all n in the divisor; downside deviation = dd·sqrt(P); Sortino = (m - h)/dd·sqrt(P)
//! [Sortino & Price 1994]. Omega = sum max(r - h, 0) / sum max(h - r, 0) [Keating & Shadwick 2002].

use super::numbers::{Sum, count, finite};
use crate::{Measured, Reason};

/// What lies above h, and what below.
pub(super) struct Downside {
    mar: f64,
    gains: f64,
    losses: f64,
    /// dd.
    deviation: f64,
}

impl Downside {
    pub(super) fn of(returns: &[f64], mar: f64) -> Self {
        let (mut gains, mut losses, mut squares) = (Sum::default(), Sum::default(), Sum::default());
        for excess in returns.iter().map(|r| r - mar) {
            gains.add(excess.max(0.0));
            losses.add((-excess).max(0.0));
            squares.add(excess.min(0.0) * excess.min(0.0));
        }
        let deviation = libm::sqrt(squares.value() / count(returns.len()));
        Self { mar, gains: gains.value(), losses: losses.value(), deviation }
    }

    pub(super) fn deviation(&self, root_of_year: f64) -> Measured<f64> {
        finite(self.deviation * root_of_year)
    }

    pub(super) fn sortino(&self, mean: f64, root_of_year: f64) -> Measured<f64> {
        if self.deviation == 0.0 {
            return Err(Reason::NoLosses);
        }
        finite((mean - self.mar) / self.deviation * root_of_year)
    }

    pub(super) fn omega(&self) -> Measured<f64> {
        if self.losses == 0.0 { Err(Reason::NoLosses) } else { finite(self.gains / self.losses) }
    }
}
