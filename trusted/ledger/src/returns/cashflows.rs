//! Returns of an account that money flows into and out of (METRICS.md section 3).
//!
//! On a piece without valuations inside: r = (E1 - E0 - sum Fi) / (E0 + sum wi·Fi), wi = (e - ti)/(e - s) [Dietz 1968;
//! Bacon ch. 2; GIPS]. Flows that were valued at their instant cut an interval into pieces, and pieces are linked:
//! twr = prod(1 + r) - 1. Amounts are exact; a return is the quotient of two exact amounts.

use super::{
    CashflowFigures, Flow, Valuation,
    money_weighted::{self, Growth},
    numbers::finite,
};
use crate::{Day, Decimal, Measured, NumberError, Reason, Timestamp};
use alloc::vec::Vec;
use core::fmt;

/// A flow above this share of equity must be valued at its instant, or the interval is approximated (section 3.2).
const LARGE: u64 = 10;

const YEAR_DAYS: f64 = 365.0;
const DAY_MS: f64 = 86_400_000.0;

/// Valuations or flows that describe no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CashflowInvalid {
    /// A valuation is not after the one before it.
    ValuationOrder {
        /// Which one.
        index: usize,
    },
    /// A flow is before the first valuation or after the last.
    FlowOutside {
        /// Which one.
        index: usize,
    },
}

impl CashflowInvalid {
    /// As clients and operators read it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ValuationOrder { .. } => "INVALID_VALUATION",
            Self::FlowOutside { .. } => "INVALID_FLOW",
        }
    }
}

impl fmt::Display for CashflowInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ValuationOrder { index } => write!(f, "valuation {index} is not after the one before it"),
            Self::FlowOutside { index } => write!(f, "flow {index} is outside of the valuations"),
        }
    }
}

impl core::error::Error for CashflowInvalid {}

/// Figures of an account. Valuations go up in time; flows are taken in the order of time, those of one instant as they
/// are given. A flow at the first valuation is in its equity and does not count.
///
/// # Errors
/// If valuations are not in order, or a flow is outside of them.
pub fn cashflows(valuations: &[Valuation], flows: &[Flow]) -> Result<CashflowFigures, CashflowInvalid> {
    let flows = in_order(valuations, flows)?;
    let (Some(first), Some(last)) = (valuations.first(), valuations.last().filter(|_| valuations.len() > 1))
    else {
        return Ok(nothing());
    };
    let mut left = flows.as_slice();
    let (mut period_returns, mut approximated) = (Vec::new(), Vec::new());
    for (start, end) in valuations.iter().zip(valuations.iter().skip(1)) {
        let (inside, after) = left.split_at(left.partition_point(|flow| flow.at <= end.at));
        let interval = interval(*start, *end, inside);
        period_returns.push(interval.r);
        approximated.push(interval.approximated);
        left = after;
    }
    let span = Piece { start: at_work(*first), end: at_work(*last), flows: &flows };
    let twr = linked(period_returns.iter().copied());
    let growth = money_weighted::of_account(span.start, span.end, &flows);
    Ok(CashflowFigures {
        net_flow: net(&flows).map_err(Reason::from),
        gain: gain(first.equity, last.equity, &flows).map_err(Reason::from),
        twr,
        twr_annualized: twr.and_then(|twr| annualized(twr, first.at, last.at)),
        modified_dietz: span.modified_dietz(),
        simple_dietz: span.simple_dietz(),
        mwr_period: growth.and_then(Growth::of_period),
        mwr_annualized: growth.and_then(Growth::of_year_at_least),
        period_returns,
        approximated,
    })
}

/// Less than two valuations: there is no interval.
fn nothing() -> CashflowFigures {
    let none = Err(Reason::InsufficientData);
    CashflowFigures {
        period_returns: Vec::new(),
        approximated: Vec::new(),
        net_flow: Err(Reason::InsufficientData),
        gain: Err(Reason::InsufficientData),
        twr: none,
        twr_annualized: none,
        modified_dietz: none,
        simple_dietz: none,
        mwr_period: none,
        mwr_annualized: none,
    }
}

fn in_order(valuations: &[Valuation], flows: &[Flow]) -> Result<Vec<Flow>, CashflowInvalid> {
    let pairs = valuations.iter().zip(valuations.iter().skip(1));
    if let Some((index, _)) = (1..).zip(pairs).find(|(_, (before, after))| before.at >= after.at) {
        return Err(CashflowInvalid::ValuationOrder { index });
    }
    let outside = |flow: &Flow| {
        let within = valuations.first().zip(valuations.last());
        within.is_none_or(|(first, last)| flow.at < first.at || flow.at > last.at)
    };
    if let Some(index) = flows.iter().position(outside) {
        return Err(CashflowInvalid::FlowOutside { index });
    }
    let counts = |flow: &&Flow| valuations.first().is_some_and(|first| flow.at > first.at);
    let mut flows: Vec<Flow> = flows.iter().filter(counts).copied().collect();
    // Stable: those of one instant act in the order given.
    flows.sort_by_key(|flow| flow.at);
    Ok(flows)
}

/// Equity below zero counts as zero in a return.
fn at_work(valuation: Valuation) -> Valuation {
    Valuation { equity: valuation.equity.max(Decimal::ZERO), ..valuation }
}

/// What is known of one interval between valuations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IntervalReturn {
    /// Its return.
    pub r: Measured<f64>,
    /// A large flow in it was not valued at its instant.
    pub approximated: bool,
}

/// The return from one valuation to the next; flows with `start` < t <= `end`, in order.
pub fn interval(start: Valuation, end: Valuation, flows: &[Flow]) -> IntervalReturn {
    let (mut opening, mut left) = (start, flows);
    let (mut approximated, mut returns) = (false, Vec::new());
    while let Some(cut) = left.iter().position(|flow| flow.before.is_some()) {
        let (before, after) = left.split_at(cut);
        let Some((valued, after)) = after.split_first() else { break };
        let equity = valued.before.unwrap_or_default();
        let piece = Piece {
            start: at_work(opening),
            end: at_work(Valuation { at: valued.at, equity }),
            flows: before,
        };
        returns.push(piece.modified_dietz());
        approximated |= piece.is_approximated();
        match equity.checked_add(valued.amount) {
            Ok(equity) => opening = Valuation { at: valued.at, equity },
            Err(why) => return IntervalReturn { r: Err(why.into()), approximated },
        }
        left = after;
    }
    let rest = Piece { start: at_work(opening), end: at_work(end), flows: left };
    let last = rest.modified_dietz();
    // A single return is not rounded again.
    let r = if returns.is_empty() { last } else { linked(returns.into_iter().chain([last])) };
    IntervalReturn { r, approximated: approximated || rest.is_approximated() }
}

/// prod(1 + r) - 1, null if one is. After -100% it stays there.
pub fn linked(returns: impl Iterator<Item = Measured<f64>>) -> Measured<f64> {
    let mut growth = Err(Reason::InsufficientData);
    for r in returns {
        let r = r?;
        growth = Ok(growth.unwrap_or(1.0) * (1.0 + r));
    }
    finite(growth? - 1.0)
}

/// (1 + twr)^(365 / days) - 1 over the exact time, null under 365 days.
fn annualized(twr: f64, from: Timestamp, to: Timestamp) -> Measured<f64> {
    let days = to.millis().saturating_sub(from.millis()) as f64 / DAY_MS;
    if days < YEAR_DAYS {
        return Err(Reason::PeriodUnderOneYear);
    }
    finite(libm::pow(1.0 + twr, YEAR_DAYS / days) - 1.0)
}

fn net(flows: &[Flow]) -> Result<Decimal, NumberError> {
    flows.iter().try_fold(Decimal::ZERO, |sum, flow| sum.checked_add(flow.amount))
}

/// E1 - E0 - sum Fi.
fn gain(start: Decimal, end: Decimal, flows: &[Flow]) -> Result<Decimal, NumberError> {
    end.checked_sub(start)?.checked_sub(net(flows)?)
}

/// A time without valuations inside; equities are not below zero.
struct Piece<'a> {
    start: Valuation,
    end: Valuation,
    flows: &'a [Flow],
}

impl Piece<'_> {
    fn modified_dietz(&self) -> Measured<f64> {
        let (start, end) = (self.start.equity, self.end.equity);
        if start.is_zero() && end.is_zero() && self.moving().next().is_none() {
            return Ok(0.0);
        }
        let (at_work, unit) = self.capital()?;
        quotient(gain(start, end, self.flows)?.checked_mul(unit)?, at_work)
    }

    /// The same with every flow weighted one half.
    fn simple_dietz(&self) -> Measured<f64> {
        let (start, end) = (self.start.equity, self.end.equity);
        let twice = |amount: Decimal| amount.checked_add(amount);
        let capital = twice(start)?.checked_add(net(self.flows)?)?;
        quotient(twice(gain(start, end, self.flows)?)?, capital)
    }

    /// E0 + sum wi·Fi, and what it is multiplied with so that nothing is divided: e - s.
    fn capital(&self) -> Result<(Decimal, Decimal), NumberError> {
        let (s, e) = self.working_time();
        let span = e.millis().saturating_sub(s.millis());
        let mut capital = self.start.equity;
        if span <= 0 {
            for flow in self.moving().filter(|flow| flow.amount.is_positive()) {
                capital = capital.checked_add(flow.amount)?;
            }
            return Ok((capital, Decimal::ONE));
        }
        let unit = Decimal::from(span);
        capital = capital.checked_mul(unit)?;
        for flow in self.flows {
            let left = Decimal::from(e.millis().saturating_sub(flow.at.millis()));
            capital = capital.checked_add(flow.amount.checked_mul(left)?)?;
        }
        Ok((capital, unit))
    }

    /// From when, and until when the account is at work: not before it is funded, nor after it is emptied.
    fn working_time(&self) -> (Timestamp, Timestamp) {
        let first = self.moving().next().filter(|_| self.start.equity.is_zero());
        let last = self.moving().next_back().filter(|_| self.end.equity.is_zero());
        (first.map_or(self.start.at, |flow| flow.at), last.map_or(self.end.at, |flow| flow.at))
    }

    /// A flow of nothing neither funds an account nor empties it.
    fn moving(&self) -> impl DoubleEndedIterator<Item = &Flow> {
        self.flows.iter().filter(|flow| !flow.amount.is_zero())
    }

    /// A large flow lies inside. At the ends of the working time its weight is 1 or 0, and the return exact.
    fn is_approximated(&self) -> bool {
        let (s, e) = self.working_time();
        let mut equity = self.start.equity;
        let mut large = false;
        for flow in self.moving() {
            let tenfold = flow.amount.abs().checked_mul(Decimal::from(LARGE));
            large |= s < flow.at && flow.at < e && tenfold.is_ok_and(|tenfold| tenfold > equity);
            equity = equity.checked_add(flow.amount).unwrap_or(equity);
        }
        large
    }
}

/// A return on capital, where there is any.
fn quotient(gain: Decimal, capital: Decimal) -> Measured<f64> {
    if capital.is_positive() {
        finite(gain.to_f64() / capital.to_f64())
    } else {
        Err(Reason::NonpositiveCapital)
    }
}

/// The day of an instant, as XIRR counts.
pub(super) fn day(valuation: Valuation) -> Day {
    Day::of(valuation.at)
}
