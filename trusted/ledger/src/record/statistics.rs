//! Returns and risk of an equity curve: what the functions of [`returns`] are given, and what stands in their place
//! where the curve does not allow a figure (METRICS.md sections 3, 4, 6 and 7).
//!
//! Statistics are of whole days: the return of an interval over several days is one observation, on the day that ends
//! it. Calendar months need every day in its place: bridged days stand there with a return of zero, which compounds to
//! the same. If one interval has no return, or the last day no equity, there are no statistics: they would leave out
//! the days that matter.

use super::pricing::{Moment, Pricing};
use crate::{
    Asset, Day, Decimal, Measured, Reason,
    returns::{
        self, BenchmarkFigures, CashflowFigures, Confidence, Flow, MonthReturn, Parameters, ReturnInvalid,
        SeriesFigures, Valuation,
    },
};
use alloc::{collections::BTreeMap, vec::Vec};

/// Days of a rolling window.
const WINDOW_DAYS: usize = 30;
/// Fewer returns are a small sample.
pub(super) const SAMPLE_MIN: usize = 30;

/// Statistics of whole days.
pub(super) struct Statistics {
    pub(super) series: SeriesFigures,
    pub(super) months: Vec<MonthReturn>,
    pub(super) rolling_sharpe: Vec<(Day, Measured<f64>)>,
    pub(super) benchmark: BenchmarkFigures,
    pub(super) confidence: Confidence,
}

impl Statistics {
    /// Of daily returns, in the order of days, the first whole day and the benchmark's returns.
    pub(super) fn of(
        daily: &[(Day, f64)],
        first: Option<Day>,
        benchmark: &[(Day, f64)],
        parameters: &Parameters,
    ) -> Self {
        let figures = Self::computed(daily, first, benchmark, parameters);
        // Returns are of -1 or above, and finite: there is no other error.
        figures.unwrap_or_else(|ReturnInvalid { .. }| Self::withheld(Reason::NonpositiveCapital))
    }

    fn computed(
        daily: &[(Day, f64)],
        first: Option<Day>,
        benchmark: &[(Day, f64)],
        parameters: &Parameters,
    ) -> Result<Self, ReturnInvalid> {
        // More than all cannot be lost of what was at work.
        let daily: Vec<(Day, f64)> = daily.iter().map(|(day, r)| (*day, r.max(-1.0))).collect();
        let values: Vec<f64> = daily.iter().map(|(_, r)| *r).collect();
        let mut series = returns::series(&values, first, parameters)?;
        let mut months = Vec::new();
        if let (Some(first), Some((last, _))) = (first, daily.last()) {
            let every = every_day(&daily, first, *last);
            months = returns::months(&every, first)?;
            if every.len() != values.len() {
                let in_place = returns::series(&every, Some(first), parameters)?;
                series.positive_months = in_place.positive_months;
                series.best_month = in_place.best_month;
                series.worst_month = in_place.worst_month;
                observed_only(&mut months, &daily);
            }
        }
        let ratios = returns::rolling_sharpe(&values, WINDOW_DAYS, parameters)?;
        let ends = daily.iter().skip(WINDOW_DAYS.saturating_sub(1)).map(|(day, _)| *day);
        Ok(Self {
            series,
            months,
            rolling_sharpe: ends.zip(ratios).collect(),
            benchmark: returns::benchmark(&returns::aligned(&daily, benchmark), parameters)?,
            confidence: returns::confidence(&values, parameters)?,
        })
    }

    /// None of them.
    pub(super) const fn withheld(why: Reason) -> Self {
        Self {
            series: series_withheld(why),
            months: Vec::new(),
            rolling_sharpe: Vec::new(),
            benchmark: BenchmarkFigures {
                n_obs: 0,
                beta: Err(why),
                alpha: Err(why),
                correlation: Err(why),
                r_squared: Err(why),
                tracking_error: Err(why),
                information_ratio: Err(why),
            },
            confidence: Confidence { psr_0: Err(why), psr_1: Err(why), min_track_record_obs: Err(why) },
        }
    }
}

/// The return of each day from the first to the last, zero where an interval goes on.
fn every_day(daily: &[(Day, f64)], first: Day, last: Day) -> Vec<f64> {
    let mut known = daily.iter().copied().peekable();
    let mut every = Vec::new();
    let mut day = first;
    while day <= last {
        every.push(known.next_if(|(next, _)| *next == day).map_or(0.0, |(_, r)| r));
        day = day.next();
    }
    every
}

/// Counts only days that have a return of their own.
fn observed_only(months: &mut [MonthReturn], daily: &[(Day, f64)]) {
    let mut days: BTreeMap<crate::Month, u32> = BTreeMap::new();
    for (day, _) in daily {
        let count = days.entry(day.month()).or_default();
        *count = count.saturating_add(1);
    }
    for month in months {
        month.days = days.get(&month.month).copied().unwrap_or(0);
    }
}

/// Returns of the benchmark's daily closes over the intervals of a curve: from the day before to the day that ends it.
pub(super) fn benchmark_returns(
    asset: &Asset,
    intervals: &[(Day, Day)],
    pricing: &mut Pricing<'_>,
) -> Vec<(Day, f64)> {
    let mut returns = Vec::with_capacity(intervals.len());
    for (before, day) in intervals {
        let [opening, closing] = [*before, *day].map(|day| pricing.price(asset, Moment::End(day)));
        let change = opening.zip(closing).and_then(|(opening, closing)| {
            let growth = closing.checked_div(opening).ok()?;
            Some(growth.checked_sub(Decimal::ONE).ok()?.to_f64())
        });
        returns.extend(change.map(|change| (*day, change)));
    }
    returns
}

/// Section 3, of valuations and flows in order.
pub(super) fn cashflows(valuations: &[Valuation], flows: &[Flow]) -> CashflowFigures {
    // Valuations go up in time and flows lie between them: there is no other error.
    returns::cashflows(valuations, flows).unwrap_or_else(|_| cashflows_withheld(Reason::InsufficientData))
}

/// No figure of section 3.
pub(super) const fn cashflows_withheld(why: Reason) -> CashflowFigures {
    CashflowFigures {
        period_returns: Vec::new(),
        approximated: Vec::new(),
        net_flow: Err(why),
        gain: Err(why),
        twr: Err(why),
        twr_annualized: Err(why),
        modified_dietz: Err(why),
        simple_dietz: Err(why),
        mwr_period: Err(why),
        mwr_annualized: Err(why),
    }
}

const fn series_withheld(why: Reason) -> SeriesFigures {
    SeriesFigures {
        n_obs: 0,
        total_return: Err(why),
        cagr_raw: Err(why),
        cagr: Err(why),
        mean_return: Err(why),
        best_day: Err(why),
        worst_day: Err(why),
        volatility: Err(why),
        downside_deviation: Err(why),
        sharpe: Err(why),
        sortino: Err(why),
        omega: Err(why),
        max_drawdown: Err(why),
        max_drawdown_peak_index: Err(why),
        max_drawdown_trough_index: Err(why),
        max_drawdown_recovery_index: Err(why),
        max_drawdown_days: Err(why),
        longest_drawdown_days: Err(why),
        current_drawdown: Err(why),
        ulcer_index: Err(why),
        martin_ratio: Err(why),
        calmar: Err(why),
        recovery_factor: Err(why),
        tail_ratio: Err(why),
        skewness: Err(why),
        excess_kurtosis: Err(why),
        var_hist_95: Err(why),
        var_hist_99: Err(why),
        cvar_hist_95: Err(why),
        cvar_hist_99: Err(why),
        var_param_95: Err(why),
        cvar_param_95: Err(why),
        positive_days: Err(why),
        positive_months: Err(why),
        best_month: Err(why),
        worst_month: Err(why),
    }
}
