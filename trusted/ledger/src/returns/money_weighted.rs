//! Money-weighted return (METRICS.md section 3.4): the x that solves E_end = E_start·(1+x) + sum Fi·(1+x)^((D - di)/D),
//! with whole days (Act/365F); of a year: (1+x)^(365/D) - 1, which is XIRR.
//!
//! With y = ln(1+x) and t = (D - di)/D the equation is sum c·e^(t·y) = 0. What is paid in and what comes back are each
//! a sum that only rises with y, so both have exact bounds on any stretch of y: a stretch where one is above the other
//! holds no root, one where the slope has a sign holds at most one, and any other is halved. So a second root is found
//! where there is one, and not guessed from a starting point.

use super::{Flow, Valuation, cashflows::day, numbers::finite};
use crate::{Day, Decimal, Measured, Reason};
use alloc::{collections::BTreeMap, vec, vec::Vec};

const YEAR_DAYS: f64 = 365.0;
/// ln 1e9: roots are sought for 1+x in [1e-9, 1e9].
const REACH: f64 = 20.723_265_836_946_41;
/// Roots nearer than this to each other are one.
const NEAREST: f64 = 1e-7;
/// What rounding may do to a sum, relatively.
const ROUNDING: f64 = 1e-12;
/// Stretches that are looked at, at most. The vectors take less than a hundred.
const STRETCHES_MAX: usize = 20_000;

/// How one unit of money grew over a number of days.
#[derive(Clone, Copy)]
pub(super) struct Growth {
    /// ln(1+x) of the whole period; infinitely below zero after a total loss.
    log: f64,
    days: f64,
}

impl Growth {
    pub(super) fn of_period(self) -> Measured<f64> {
        finite(libm::expm1(self.log))
    }

    fn of_year(self) -> Measured<f64> {
        finite(libm::expm1(self.log * (YEAR_DAYS / self.days)))
    }

    /// Null under a year.
    pub(super) fn of_year_at_least(self) -> Measured<f64> {
        if self.days < YEAR_DAYS { Err(Reason::PeriodUnderOneYear) } else { self.of_year() }
    }
}

/// Of an account between two valuations.
pub(super) fn of_account(start: Valuation, end: Valuation, flows: &[Flow]) -> Measured<Growth> {
    let mut paid_in = Vec::with_capacity(flows.len().saturating_add(2));
    paid_in.push((day(start), start.equity));
    paid_in.extend(flows.iter().map(|flow| (Day::of(flow.at), flow.amount)));
    paid_in.push((day(end), end.equity.negated()));
    solve(&paid_in, end.equity.is_zero())
}

/// The yearly rate at which dated amounts, as the investor sees them (paid in below zero), are worth nothing together.
/// Exactly one such rate must exist.
pub fn xirr(amounts: &[(Day, Decimal)]) -> Measured<f64> {
    let paid_in: Vec<(Day, Decimal)> = amounts.iter().map(|(day, amount)| (*day, amount.negated())).collect();
    solve(&paid_in, true)?.of_year()
}

/// Amounts paid in, or taken out below zero, by day; `emptied` if nothing is left at the end.
fn solve(paid_in: &[(Day, Decimal)], emptied: bool) -> Measured<Growth> {
    let days = paid_in.iter().map(|(day, _)| *day);
    let (first, last) = days.clone().min().zip(days.max()).ok_or(Reason::InsufficientData)?;
    let span = last.number().saturating_sub(first.number());
    if span <= 0 {
        return Err(Reason::InsufficientData);
    }
    let mut by_day: BTreeMap<Day, Decimal> = BTreeMap::new();
    for (day, amount) in paid_in {
        let sum = by_day.entry(*day).or_default();
        *sum = sum.checked_add(*amount)?;
    }
    by_day.retain(|_, amount| !amount.is_zero());
    let days = f64::from(span);
    let growth = |log: f64| Ok(Growth { log, days });
    if by_day.is_empty() {
        // Nothing in, nothing out, nothing there.
        return growth(0.0);
    }
    let into = by_day.values().any(Decimal::is_positive);
    let back = by_day.values().any(Decimal::is_negative);
    if into && !back && (emptied || !by_day.contains_key(&last)) {
        return growth(f64::NEG_INFINITY);
    }
    if !into || !back {
        return Err(Reason::NoSignChange);
    }
    let terms = by_day.iter().map(|(day, amount)| Term {
        exponent: f64::from(last.number().saturating_sub(day.number())) / days,
        amount: amount.to_f64(),
    });
    growth(Equation(terms.collect()).only_root()?)
}

/// amount·e^(exponent·y).
struct Term {
    exponent: f64,
    amount: f64,
}

/// The sum of terms, in the order of days; exponents from 0 to 1.
struct Equation(Vec<Term>);

/// Both signs of the equation at one y, and of its slope. All four only rise with y.
#[derive(Clone, Copy, Default)]
struct Sides {
    into: f64,
    back: f64,
    into_slope: f64,
    back_slope: f64,
}

impl Sides {
    fn balance(self) -> f64 {
        self.into - self.back
    }
}

/// A stretch of y.
#[derive(Clone, Copy)]
struct Stretch {
    low: f64,
    high: f64,
    at_low: Sides,
    at_high: Sides,
}

impl Stretch {
    /// One side is above the other all along.
    fn is_empty(&self) -> bool {
        above(self.at_low.into, self.at_high.back) || above(self.at_low.back, self.at_high.into)
    }

    /// The slope has one sign all along.
    fn is_monotonic(&self) -> bool {
        above(self.at_low.into_slope, self.at_high.back_slope)
            || above(self.at_low.back_slope, self.at_high.into_slope)
    }

    /// The balance changes its sign, or is zero at the lower end; a zero at the upper end is the next stretch's.
    fn crosses(&self) -> bool {
        let (low, high) = (self.at_low.balance(), self.at_high.balance());
        low == 0.0 || (low < 0.0 && high > 0.0) || (low > 0.0 && high < 0.0)
    }

    /// Touches zero, as far as rounding lets one see.
    fn touches(&self) -> bool {
        let Sides { into, back, .. } = self.at_low;
        (into - back).abs() <= ROUNDING * (into + back)
    }
}

fn above(a: f64, b: f64) -> bool {
    a > b * (1.0 + ROUNDING)
}

impl Equation {
    fn at(&self, y: f64) -> Sides {
        let mut sides = Sides::default();
        for Term { exponent, amount } in &self.0 {
            let value = amount * libm::exp(exponent * y);
            if value > 0.0 {
                sides.into += value;
                sides.into_slope += value * exponent;
            } else {
                sides.back -= value;
                sides.back_slope -= value * exponent;
            }
        }
        sides
    }

    fn stretch(&self, low: f64, high: f64) -> Stretch {
        Stretch { low, high, at_low: self.at(low), at_high: self.at(high) }
    }

    fn only_root(&self) -> Measured<f64> {
        let whole = self.stretch(-REACH, REACH);
        let signs = self.0.iter().zip(self.0.iter().skip(1));
        if signs.filter(|(a, b)| (a.amount > 0.0) != (b.amount > 0.0)).count() == 1 {
            // One change of sign: one root above zero (Descartes), here or out of reach.
            let here = whole.crosses() || whole.at_high.balance() == 0.0;
            return if here { Ok(self.refined(whole)) } else { Err(Reason::NoRoot) };
        }
        match self.roots(whole)?.as_slice() {
            [] => Err(Reason::NoRoot),
            [root] => Ok(*root),
            _ => Err(Reason::MultipleRoots),
        }
    }

    /// All roots, or more than one of them.
    fn roots(&self, whole: Stretch) -> Measured<Vec<f64>> {
        let (mut roots, mut left): (Vec<f64>, _) = (Vec::new(), vec![whole]);
        // Where something was found last: what goes on from there is the same root, seen through rounding.
        let mut found = f64::NEG_INFINITY;
        for _ in 0..STRETCHES_MAX {
            let Some(stretch) = left.pop() else { return Ok(roots) };
            if stretch.is_empty() {
                continue;
            }
            let narrow = stretch.high - stretch.low <= NEAREST;
            if !narrow && !stretch.is_monotonic() {
                let middle = 0.5 * (stretch.low + stretch.high);
                let at_middle = self.at(middle);
                // The lower half is looked at first.
                left.push(Stretch { low: middle, at_low: at_middle, ..stretch });
                left.push(Stretch { high: middle, at_high: at_middle, ..stretch });
                continue;
            }
            let root = if stretch.crosses() {
                self.refined(stretch)
            } else if narrow && stretch.touches() {
                stretch.low
            } else {
                continue;
            };
            if root - found > 2.0 * NEAREST {
                roots.push(root);
            }
            found = root;
            if roots.len() > 1 {
                return Ok(roots);
            }
        }
        // Not shown to be the only one.
        Err(Reason::MultipleRoots)
    }

    /// The root in a stretch that the balance crosses: Newton's iteration, held between the ends.
    fn refined(&self, stretch: Stretch) -> f64 {
        let Stretch { mut low, mut high, .. } = stretch;
        let falling = stretch.at_low.balance() > 0.0 || stretch.at_high.balance() < 0.0;
        let mut y = 0.5 * (low + high);
        for _ in 0..200 {
            let sides = self.at(y);
            let balance = if falling { -sides.balance() } else { sides.balance() };
            if balance == 0.0 {
                return y;
            }
            if balance < 0.0 {
                low = y
            } else {
                high = y
            }
            let newton = y - sides.balance() / (sides.into_slope - sides.back_slope);
            let next = if low < newton && newton < high { newton } else { 0.5 * (low + high) };
            if next == y || high - low <= f64::EPSILON * y.abs() {
                return next;
            }
            y = next;
        }
        y
    }
}
