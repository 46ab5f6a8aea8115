//! Every figure of METRICS.md section 4, put together: which observations it needs, and why it may not exist.
//!
//! Reasons come in this order: `insufficient_data`, that of an input, the figure's own.

use super::{
    Parameters, ReturnInvalid, SeriesFigures, checked,
    downside::Downside,
    growth::{Drawdown, Path},
    moments::Moments,
    months,
    numbers::{count, finite, from},
    tails::{self, Ends, Percent},
};
use crate::{Day, Measured, Reason};

/// Figures of a series whose first return is of the day `first`; without it, months are unknown.
///
/// # Errors
/// On a return below -1, or one that is not finite.
pub fn series(
    returns: &[f64],
    first: Option<Day>,
    parameters: &Parameters,
) -> Result<SeriesFigures, ReturnInvalid> {
    Ok(Series::of(checked(returns)?, first, parameters).figures())
}

/// A series, read once in each of the ways that figures look at it.
struct Series<'a> {
    n: usize,
    returns: &'a [f64],
    moments: Moments,
    ends: Ends,
    path: Measured<Path>,
    downside: Downside,
    months: [Measured<f64>; 3],
    parameters: &'a Parameters,
}

impl<'a> Series<'a> {
    fn of(returns: &'a [f64], first: Option<Day>, parameters: &'a Parameters) -> Self {
        let by_month = first.map(|first| months::compounded(returns, first)).unwrap_or_default();
        Self {
            n: returns.len(),
            returns,
            moments: Moments::of(returns),
            ends: Ends::of(returns),
            path: from(returns.len(), 1, || Path::of(returns)),
            downside: Downside::of(returns, parameters.mar()),
            months: months::figures(&by_month),
            parameters,
        }
    }

    fn figures(&self) -> SeriesFigures {
        let (n, moments, year) = (self.n, &self.moments, self.parameters.periods_per_year);
        let root = self.parameters.root_of_year();
        let [positive_months, best_month, worst_month] = self.months;
        let longest = self.path.map(|path| path.longest);
        SeriesFigures {
            n_obs: n,
            total_return: self.path.and_then(|path| path.total_return()),
            cagr_raw: self.path.and_then(|path| path.cagr_raw(year)),
            cagr: self.path.and_then(|path| path.cagr(year)),
            mean_return: from(n, 1, || finite(moments.mean)),
            best_day: from(n, 1, || finite(moments.most)),
            worst_day: from(n, 1, || finite(moments.least)),
            volatility: from(n, 2, || finite(moments.deviation() * root)),
            downside_deviation: from(n, 1, || self.downside.deviation(root)),
            sharpe: from(n, 2, || finite(moments.sharpe(self.parameters.risk_free())? * root)),
            sortino: from(n, 2, || self.downside.sortino(moments.mean, root)),
            omega: from(n, 2, || self.downside.omega()),
            max_drawdown: self.path.and_then(|path| finite(path.max_drawdown())),
            max_drawdown_peak_index: self.deepest().map(|deepest| deepest.peak),
            max_drawdown_trough_index: self.deepest().map(|deepest| deepest.trough),
            max_drawdown_recovery_index: self
                .deepest()
                .and_then(|deepest| deepest.recovery.ok_or(Reason::NotRecovered)),
            max_drawdown_days: self.path.map(|path| path.max_drawdown_days()),
            longest_drawdown_days: longest,
            current_drawdown: self.path.and_then(|path| finite(path.current_drawdown())),
            ulcer_index: self.path.and_then(|path| finite(path.ulcer_index())),
            martin_ratio: self.martin_ratio(),
            calmar: self.path.and_then(|path| path.over(path.cagr(year)?, path.max_drawdown())),
            recovery_factor: self.path.and_then(|path| path.over(path.total_return()?, path.max_drawdown())),
            tail_ratio: from(n, 1, || self.ends.tail_ratio()),
            skewness: from(n, 3, || self.skewness()),
            excess_kurtosis: from(n, 4, || self.excess_kurtosis()),
            var_hist_95: self.ends.quantile(Percent(5)),
            var_hist_99: self.ends.quantile(Percent(1)),
            cvar_hist_95: from(n, 1, || self.ends.expected_shortfall(Percent(5))),
            cvar_hist_99: from(n, 1, || self.ends.expected_shortfall(Percent(1))),
            var_param_95: from(n, 2, || tails::parametric_value_at_risk(moments)),
            cvar_param_95: from(n, 2, || tails::parametric_shortfall(moments)),
            positive_days: from(n, 1, || {
                finite(count(self.returns.iter().filter(|r| **r > 0.0).count()) / count(n))
            }),
            positive_months,
            best_month,
            worst_month,
        }
    }

    fn deepest(&self) -> Measured<Drawdown> {
        self.path?.deepest.ok_or(Reason::NoDrawdown)
    }

    /// (CAGR - annual risk-free rate) / ulcer index. [Bacon]
    fn martin_ratio(&self) -> Measured<f64> {
        let path = self.path?;
        let excess = path.cagr(self.parameters.periods_per_year)? - self.parameters.risk_free_annual;
        path.over(excess, path.ulcer_index())
    }

    /// G1 = g1·sqrt(n(n - 1))/(n - 2). [Joanes & Gill 1998]
    fn skewness(&self) -> Measured<f64> {
        let n = count(self.n);
        finite(self.moments.g3()? * libm::sqrt(n * (n - 1.0)) / (n - 2.0))
    }

    /// G2 = (n - 1)/((n - 2)(n - 3))·((n + 1)·g2 + 6), g2 = g4 - 3. [Joanes & Gill 1998]
    fn excess_kurtosis(&self) -> Measured<f64> {
        let n = count(self.n);
        let g2 = self.moments.g4()? - 3.0;
        finite((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * g2 + 6.0))
    }
}
