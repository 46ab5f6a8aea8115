//! Returns and risk (METRICS.md sections 3, 4, 6 and 7): pure functions of a series, in IEEE doubles with `libm`, so that
//! every machine agrees.
//!
//! Not here: where returns come from (`record`), nor what a trade is (`metrics`). A figure that does not exist is a
//! [`Reason`](crate::Reason); what does not fit a double is `overflow`, so that no figure is infinity or NaN.
#![allow(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    reason = "ratios, not money; counts are checked"
)]

mod numbers;
mod moments;
mod normal;
mod growth;
mod downside;
mod tails;
mod months;
mod series;
mod rolling;
mod benchmark;
mod confidence;
mod cashflows;
mod money_weighted;

pub use benchmark::{aligned, benchmark};
pub use cashflows::{CashflowInvalid, IntervalReturn, cashflows, interval, linked};
pub use confidence::{confidence, deflated_benchmark, dsr, min_track_record, psr};
pub use money_weighted::xirr;
pub use months::{MonthReturn, months};
pub use rolling::rolling_sharpe;
pub use series::series;

use crate::{Decimal, Measured, Timestamp};
use alloc::vec::Vec;
use core::fmt;

/// How a series is read. All of it is published with the figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Periods in a year: 365 for daily crypto returns.
    pub periods_per_year: f64,
    /// Risk-free rate of a year.
    pub risk_free_annual: f64,
    /// Minimum acceptable return of a year.
    pub mar_annual: f64,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { periods_per_year: 365.0, risk_free_annual: 0.0, mar_annual: 0.0 }
    }
}

/// A return below -100%, or one that is no number: not a series of returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnInvalid {
    /// Which one.
    pub index: usize,
}

impl ReturnInvalid {
    /// As clients and operators read it.
    pub const fn code(self) -> &'static str {
        "INVALID_RETURN"
    }
}

impl fmt::Display for ReturnInvalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "return {} is below -100%, or not a number", self.index)
    }
}

impl core::error::Error for ReturnInvalid {}

/// METRICS.md section 4, by its names.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of METRICS.md section 4")]
pub struct SeriesFigures {
    pub n_obs: usize,
    pub total_return: Measured<f64>,
    pub cagr_raw: Measured<f64>,
    pub cagr: Measured<f64>,
    pub mean_return: Measured<f64>,
    pub best_day: Measured<f64>,
    pub worst_day: Measured<f64>,
    pub volatility: Measured<f64>,
    pub downside_deviation: Measured<f64>,
    pub sharpe: Measured<f64>,
    pub sortino: Measured<f64>,
    pub omega: Measured<f64>,
    pub max_drawdown: Measured<f64>,
    pub max_drawdown_peak_index: Measured<usize>,
    pub max_drawdown_trough_index: Measured<usize>,
    pub max_drawdown_recovery_index: Measured<usize>,
    pub max_drawdown_days: Measured<usize>,
    pub longest_drawdown_days: Measured<usize>,
    pub current_drawdown: Measured<f64>,
    pub ulcer_index: Measured<f64>,
    pub martin_ratio: Measured<f64>,
    pub calmar: Measured<f64>,
    pub recovery_factor: Measured<f64>,
    pub tail_ratio: Measured<f64>,
    pub skewness: Measured<f64>,
    pub excess_kurtosis: Measured<f64>,
    pub var_hist_95: Measured<f64>,
    pub var_hist_99: Measured<f64>,
    pub cvar_hist_95: Measured<f64>,
    pub cvar_hist_99: Measured<f64>,
    pub var_param_95: Measured<f64>,
    pub cvar_param_95: Measured<f64>,
    pub positive_days: Measured<f64>,
    pub positive_months: Measured<f64>,
    pub best_month: Measured<f64>,
    pub worst_month: Measured<f64>,
}

/// METRICS.md section 6.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of METRICS.md section 6")]
pub struct BenchmarkFigures {
    pub n_obs: usize,
    pub beta: Measured<f64>,
    pub alpha: Measured<f64>,
    pub correlation: Measured<f64>,
    pub r_squared: Measured<f64>,
    pub tracking_error: Measured<f64>,
    pub information_ratio: Measured<f64>,
}

/// METRICS.md section 7, without what needs the number of trials.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of METRICS.md section 7")]
pub struct Confidence {
    pub psr_0: Measured<f64>,
    pub psr_1: Measured<f64>,
    pub min_track_record_obs: Measured<f64>,
}

/// Equity after every flow up to that instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valuation {
    /// When.
    pub at: Timestamp,
    /// How much.
    pub equity: Decimal,
}

/// An external flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// When.
    pub at: Timestamp,
    /// How much: above zero came in.
    pub amount: Decimal,
    /// Equity just before it, if it was valued at its instant.
    pub before: Option<Decimal>,
}

/// METRICS.md section 3.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names are those of METRICS.md section 3")]
pub struct CashflowFigures {
    /// One for each interval between valuations.
    pub period_returns: Vec<Measured<f64>>,
    /// For each interval: a large flow in it was not valued at its instant (section 3.2).
    pub approximated: Vec<bool>,
    pub net_flow: Measured<Decimal>,
    pub gain: Measured<Decimal>,
    pub twr: Measured<f64>,
    pub twr_annualized: Measured<f64>,
    pub modified_dietz: Measured<f64>,
    pub simple_dietz: Measured<f64>,
    pub mwr_period: Measured<f64>,
    pub mwr_annualized: Measured<f64>,
}

/// The series, if each of its returns can be one.
fn checked(returns: &[f64]) -> Result<&[f64], ReturnInvalid> {
    let invalid = |r: &f64| !r.is_finite() || *r < -1.0;
    match returns.iter().position(invalid) {
        Some(index) => Err(ReturnInvalid { index }),
        None => Ok(returns),
    }
}
