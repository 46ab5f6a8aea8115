//! From a scope to its figures: the curve, what explains it, its returns and risk.

use super::{
    EquityDay, EquityFigures, Explained, Mark,
    curve::{Valued, valuations},
    explain::{Residual, explained, residuals, total},
    flows::Flows,
    marks::Readings,
    pricing::Pricing,
    scope::Scope,
    statistics::{SAMPLE_MIN, Statistics, benchmark_returns, cashflows, cashflows_withheld},
};
use crate::{
    Asset, Day, Decimal, Measured, Reason, Timestamp,
    reason::ratio,
    returns::{CashflowFigures, Flow, Parameters, Valuation},
};
use alloc::{collections::BTreeMap, vec::Vec};

/// Days of an account before its equity is known that are listed, at most: a century.
const MISSING_MAX: u32 = 36_600;
const BPS: u64 = 10_000;

/// How a curve is read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) benchmark: &'a Asset,
    pub(super) parameters: &'a Parameters,
}

/// The figures of a scope.
pub(super) fn figures(scope: &Scope<'_>, pricing: &mut Pricing<'_>, reading: Reading<'_>) -> EquityFigures {
    computed(scope, pricing, reading).unwrap_or_else(|why| {
        let days = missing(scope);
        let marks = counted(&days);
        EquityFigures { days, marks, ..withheld(why) }
    })
}

/// Asks for the prices that the figures of a scope need.
pub(super) fn ask(scope: &Scope<'_>, pricing: &mut Pricing<'_>, reading: Reading<'_>) {
    let missing = pricing.missing();
    let Ok(valued) = valuations(scope, pricing) else { return };
    let standing: Vec<&Valued> = valued.iter().filter(|valued| valued.equity.is_ok()).collect();
    // What happens next depends on all of these.
    let flows = Flows::of(scope, &standing, pricing);
    benchmark_returns(reading.benchmark, &intervals(&standing), pricing);
    if pricing.missing() == missing
        && let Ok(mut flows) = flows
    {
        // An overflow is one of the figures, too.
        let _ = flows.value_large(scope, &standing, pricing);
    }
}

fn computed(scope: &Scope<'_>, pricing: &mut Pricing<'_>, reading: Reading<'_>) -> Measured<EquityFigures> {
    let valued = valuations(scope, pricing)?;
    let standing: Vec<&Valued> = valued.iter().filter(|valued| valued.equity.is_ok()).collect();
    let (Some(opening), Some(closing)) = (valued.first(), valued.last()) else {
        return Err(Reason::InsufficientData);
    };
    // Without a beginning nothing follows.
    let opening_equity = opening.equity?;
    let mut flows = Flows::of(scope, &standing, pricing)?;
    flows.value_large(scope, &standing, pricing)?;
    let residuals = residuals(&flows, &standing, pricing)?;
    let returns = Returns::of(scope, &standing, &flows, closing);
    let mut days = missing(scope);
    let lateness_ms_max = push_days(scope, &valued, &standing, &flows, &residuals, &returns, &mut days)?;
    let mean = mean(&standing);
    let statistics = match returns.daily(&valued) {
        Ok(daily) => {
            let first = valued.iter().find_map(|valued| valued.day);
            let benchmark = benchmark_returns(reading.benchmark, &intervals(&standing), pricing);
            Statistics::of(&daily, first, &benchmark, reading.parameters)
        }
        Err(why) => Statistics::withheld(why),
    };
    let residual = closing.equity.and(Ok(total(residuals.iter().map(|residual| residual.signed))?));
    let unsigned = closing.equity.and(Ok(total(residuals.iter().map(|residual| residual.absolute))?));
    let marks = counted(&days);
    Ok(EquityFigures {
        days,
        from: Some(scope.from),
        equity: closing.equity,
        explained: explained(scope, &flows, Ok(opening_equity), closing.equity)?,
        residual,
        residual_bps: bps(unsigned, mean),
        approximated_days: returns.approximated(&standing),
        low_sample: statistics.series.n_obs < SAMPLE_MIN,
        cashflows: returns.cashflows,
        series: statistics.series,
        months: statistics.months,
        rolling_sharpe: statistics.rolling_sharpe,
        benchmark: statistics.benchmark,
        confidence: statistics.confidence,
        turnover: ratio(scope.activity.volume, mean),
        marks,
        negative_equity: standing.iter().any(|valued| valued.equity.is_ok_and(|equity| equity.is_negative())),
        unpriced: closing.unpriced.clone(),
        lateness_ms_max,
    })
}

/// The returns of a curve.
struct Returns {
    /// To the instant of the figures.
    cashflows: CashflowFigures,
    /// Of each interval between valuations that stand.
    intervals: Vec<Measured<f64>>,
    approximated: Vec<bool>,
}

impl Returns {
    fn of(scope: &Scope<'_>, standing: &[&Valued], flows: &Flows<'_>, closing: &Valued) -> Self {
        let valuations: Vec<Valuation> = standing
            .iter()
            .filter_map(|valued| Some(Valuation { at: valued.at, equity: valued.equity.ok()? }))
            .collect();
        let last = valuations.last().map_or(scope.from, |last| last.at);
        // What enters at the very beginning enters after it.
        let after = Timestamp::from_millis(scope.from.millis().saturating_add(1));
        let flows: Vec<Flow> = flows
            .external
            .iter()
            .map(|(at, inflow)| Flow { at: (*at).max(after), amount: inflow.amount, before: inflow.before })
            .filter(|flow| flow.at <= last)
            .collect();
        let known = cashflows(&valuations, &flows);
        let (intervals, approximated) = (known.period_returns.clone(), known.approximated.clone());
        let cashflows = match closing.equity {
            Ok(_) => known,
            Err(why) => cashflows_withheld(why),
        };
        Self { cashflows, intervals, approximated }
    }

    /// Of the interval that ends at a place among the valuations that stand.
    fn at(&self, place: usize) -> Measured<f64> {
        let r = place.checked_sub(1).and_then(|interval| self.intervals.get(interval));
        r.copied().unwrap_or(Err(Reason::InsufficientData))
    }

    /// Returns by the day that ends their interval.
    fn daily(&self, valued: &[Valued]) -> Measured<Vec<(Day, f64)>> {
        if let Some(last) = valued.iter().rfind(|valued| valued.day.is_some()) {
            last.equity?;
        }
        let standing = valued.iter().filter(|valued| valued.equity.is_ok());
        let mut daily = Vec::new();
        for (place, valued) in standing.enumerate() {
            if let Some(day) = valued.day {
                daily.push((day, self.at(place)?));
            }
        }
        Ok(daily)
    }

    fn approximated(&self, standing: &[&Valued]) -> u32 {
        let ends = standing.iter().skip(1).zip(&self.approximated);
        let days = ends.filter(|(_, approximated)| **approximated);
        u32::try_from(days.count()).unwrap_or(u32::MAX)
    }
}

/// Appends every whole day. Returns how late balances were read, at most.
fn push_days(
    scope: &Scope<'_>,
    valued: &[Valued],
    standing: &[&Valued],
    flows: &Flows<'_>,
    residuals: &[Residual],
    returns: &Returns,
    days: &mut Vec<EquityDay>,
) -> Measured<i64> {
    let readings = Readings::of(scope);
    let of_day = flows_by_day(scope, flows)?;
    let mut lateness_ms_max = 0;
    for valued in valued {
        let Some(day) = valued.day else { continue };
        let (mark, late) = readings.mark(valued);
        lateness_ms_max = late.max(lateness_ms_max);
        let place = standing.partition_point(|standing| standing.at < valued.at);
        let (r, residual) = match valued.equity {
            Ok(_) => (returns.at(place), Ok(residuals.get(place).copied().unwrap_or_default().signed)),
            Err(why) => (Err(why), Err(why)),
        };
        days.push(EquityDay {
            day,
            mark,
            equity: valued.equity,
            net_flow: Ok(of_day.get(&day).copied().unwrap_or_default()),
            r,
            residual,
            residual_bps: bps(residual, valued.equity),
            unpriced: valued.unpriced.keys().cloned().collect(),
        });
    }
    Ok(lateness_ms_max)
}

fn flows_by_day(scope: &Scope<'_>, flows: &Flows<'_>) -> Measured<BTreeMap<Day, Decimal>> {
    let mut days: BTreeMap<Day, Decimal> = BTreeMap::new();
    for (at, inflow) in &flows.external {
        let day = Day::of(*at);
        // A midnight ends the day before it; the beginning begins its own.
        let ended = day.start() == *at && *at > scope.from;
        let sum = days.entry(if ended { day.previous() } else { day }).or_default();
        *sum = sum.checked_add(inflow.amount)?;
    }
    Ok(days)
}

/// The days between what is first known and the beginning.
fn missing(scope: &Scope<'_>) -> Vec<EquityDay> {
    let Some(first) = scope.members.iter().filter_map(|member| member.first).min() else { return Vec::new() };
    let (mut day, mut days) = (Day::of(scope.from.min(scope.until)), Vec::new());
    while day > Day::of(first) && days.len() < usize::try_from(MISSING_MAX).unwrap_or(usize::MAX) {
        day = day.previous();
        let none = Err(Reason::HistoryMissing);
        days.push(EquityDay {
            day,
            mark: Mark::Missing,
            equity: none,
            net_flow: none,
            r: Err(Reason::HistoryMissing),
            residual: none,
            residual_bps: none,
            unpriced: Vec::new(),
        });
    }
    days.reverse();
    days
}

fn counted(days: &[EquityDay]) -> BTreeMap<Mark, u32> {
    let mut marks: BTreeMap<Mark, u32> = BTreeMap::new();
    for day in days {
        let count = marks.entry(day.mark).or_default();
        *count = count.saturating_add(1);
    }
    marks
}

/// Mean equity of whole days; before the first is over, equity now.
fn mean(standing: &[&Valued]) -> Measured<Decimal> {
    let whole =
        || standing.iter().filter(|valued| valued.day.is_some()).filter_map(|valued| valued.equity.ok());
    let days = u64::try_from(whole().count()).unwrap_or(u64::MAX);
    if days == 0 {
        return standing.last().map_or(Err(Reason::InsufficientData), |last| last.equity);
    }
    ratio(Ok(total(whole())?), Ok(Decimal::from(days)))
}

/// Ten-thousandths of equity: zero of nothing is zero, and more than that of nothing is no number.
fn bps(amount: Measured<Decimal>, equity: Measured<Decimal>) -> Measured<Decimal> {
    let amount = amount?;
    if amount.is_zero() {
        return Ok(amount);
    }
    ratio(Ok(amount.checked_mul(BPS.into())?), equity)
}

/// The days of each interval that ends with a whole day: the last day before it, and that day.
fn intervals(standing: &[&Valued]) -> Vec<(Day, Day)> {
    let mut intervals = Vec::new();
    let mut before = None;
    for day in standing.iter().filter_map(|valued| valued.day) {
        intervals.push((before.unwrap_or(day.previous()), day));
        before = Some(day);
    }
    intervals
}

/// No figure, and why.
pub(super) fn withheld(why: Reason) -> EquityFigures {
    let none = Err(why);
    let statistics = Statistics::withheld(why);
    EquityFigures {
        days: Vec::new(),
        from: None,
        equity: none,
        explained: Explained {
            opening: none,
            lines: BTreeMap::new(),
            fees: none,
            trading: none,
            unexplained_in: none,
            unexplained_out: none,
            joined: none,
            newly_priced: none,
            closing: none,
        },
        residual: none,
        residual_bps: none,
        cashflows: cashflows_withheld(why),
        series: statistics.series,
        months: statistics.months,
        rolling_sharpe: statistics.rolling_sharpe,
        benchmark: statistics.benchmark,
        confidence: statistics.confidence,
        turnover: none,
        marks: BTreeMap::new(),
        approximated_days: 0,
        low_sample: true,
        negative_equity: false,
        unpriced: BTreeMap::new(),
        lateness_ms_max: 0,
    }
}
