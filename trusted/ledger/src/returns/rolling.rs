//! Sharpe ratio of each window of w returns: (m - f)/s·sqrt(P), null where the window is flat.
//!
//! One pass. A window is the end of one block of w returns and the beginning of the next; both parts are kept as count,
//! mean and squares, and joined by the rule of Chan, Golub & LeVeque (1983). Nothing is ever subtracted from a sum, so a
//! large return leaves no trace in the windows after it.

use super::{
    Parameters, ReturnInvalid, checked,
    numbers::{FLAT, count, finite},
};
use crate::{Measured, Reason};
use alloc::vec::Vec;

/// Element i is of the window that ends at observation w - 1 + i; empty if there are fewer than w.
///
/// # Errors
/// On a return below -1, or one that is not finite.
pub fn rolling_sharpe(
    returns: &[f64],
    window: usize,
    parameters: &Parameters,
) -> Result<Vec<Measured<f64>>, ReturnInvalid> {
    let returns = checked(returns)?;
    let (risk_free, root) = (parameters.risk_free(), parameters.root_of_year());
    let mut ratios = Vec::with_capacity(returns.len().saturating_add(1).saturating_sub(window));
    // One division each, and not one for every part.
    let inverses: Vec<f64> = (0..=window.min(returns.len())).map(|n| 1.0 / count(n)).collect();
    let inverse = |n: usize| inverses.get(n).copied().unwrap_or_default();
    let mut blocks = returns.chunks(window.max(1)).peekable();
    while window > 0
        && let Some(block) = blocks.next().filter(|block| block.len() == window)
    {
        // Near zero around its own values a part keeps all of their digits.
        let base = block.last().copied().unwrap_or_default();
        let sharpe = |part: Part| match part.deviation() {
            _ if window < 2 => Err(Reason::InsufficientData),
            None => Err(Reason::ZeroVariance),
            Some(s) => finite((base - risk_free + part.mean) / s * root),
        };
        let mut ends: Vec<Part> = Vec::with_capacity(window);
        for r in block.iter().rev() {
            ends.push(ends.last().copied().unwrap_or_default().and(Part::one(r - base), inverse));
        }
        ratios.extend(ends.pop().map(sharpe));
        let mut beginning = Part::default();
        for r in blocks.peek().copied().unwrap_or_default() {
            beginning = beginning.and(Part::one(r - base), inverse);
            // None where the next block begins with its own window.
            ratios.extend(ends.pop().map(|end| sharpe(end.and(beginning, inverse))));
        }
    }
    Ok(ratios)
}

/// A part of a window.
#[derive(Clone, Copy)]
struct Part {
    n: usize,
    mean: f64,
    /// Of deviations from the mean.
    squares: f64,
    least: f64,
    most: f64,
}

impl Default for Part {
    fn default() -> Self {
        Self { n: 0, mean: 0.0, squares: 0.0, least: f64::INFINITY, most: f64::NEG_INFINITY }
    }
}

impl Part {
    const fn one(value: f64) -> Self {
        Self { n: 1, mean: value, squares: 0.0, least: value, most: value }
    }

    /// Both together; `inverse` of a count is 1/n.
    fn and(self, other: Self, inverse: impl Fn(usize) -> f64) -> Self {
        let n = self.n.saturating_add(other.n);
        let share = count(other.n) * inverse(n);
        let apart = other.mean - self.mean;
        Self {
            n,
            mean: self.mean + apart * share,
            squares: self.squares + other.squares + apart * apart * share * count(self.n),
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// Standard deviation with divisor n - 1; none for a flat part.
    fn deviation(&self) -> Option<f64> {
        let flat = self.most - self.least <= FLAT;
        (!flat).then(|| libm::sqrt(self.squares / (count(self.n) - 1.0)))
    }
}
