//! Returns and risk against other programs, against slow and obvious code, and against what must always hold.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "test code"
)]

use ledger::{
    Day, Measured, Reason,
    returns::{
        Parameters, ReturnInvalid, SeriesFigures, aligned, benchmark, confidence, deflated_benchmark, dsr,
        min_track_record, months, psr, rolling_sharpe, series,
    },
};
use proptest::prelude::*;

const DAILY: Parameters = Parameters { periods_per_year: 365.0, risk_free_annual: 0.0, mar_annual: 0.0 };

/// Numbers that any language can make again: a congruential generator of 64 bits, its upper 31.
struct Generator(u64);

impl Generator {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Returns between -4% and 4%, in steps of 1e-5.
    fn returns(&mut self, n: usize, middle: f64) -> Vec<f64> {
        (0..n).map(|_| (self.below(8001) as f64 - middle) / 1e5).collect()
    }
}

#[track_caller]
fn near(ours: Measured<f64>, theirs: f64) {
    let ours = ours.unwrap();
    assert!((ours - theirs).abs() <= 1e-12 + 1e-10 * theirs.abs(), "{ours}, not {theirs}");
}

#[test]
fn a_series_of_1500_returns_has_the_figures_of_other_programs() {
    let mut generator = Generator(2024);
    let returns = generator.returns(1500, 3980.0);
    let theirs = generator.returns(1500, 3990.0);
    assert_eq!(returns[..2], [-0.02402, 0.00733]);
    // empyrical-reloaded 0.7.1, scipy 1.17.1 (skew, kurtosis: bias=False), numpy 2.4.6 (quantile, sort, corrcoef).
    let figures = series(&returns, None, &DAILY).unwrap();
    near(figures.total_return, 0.072_538_243_845_965_86);
    near(figures.cagr, 0.017_186_165_510_633_79);
    near(figures.volatility, 0.439_255_965_091_565_45);
    near(figures.sharpe, 0.258_320_377_374_985_7);
    near(figures.sortino, 0.368_897_917_829_707_54);
    near(figures.omega, 1.031_829_230_251_522);
    near(figures.max_drawdown, -0.614_916_333_968_898_9);
    near(figures.calmar, 0.027_948_786_788_127_55);
    near(figures.tail_ratio, 1.013_811_144_552_896);
    near(figures.downside_deviation, 0.307_588_525_666_460_3);
    near(figures.skewness, -0.010_921_536_683_278_062);
    near(figures.excess_kurtosis, -1.185_282_960_362_804_3);
    near(figures.var_hist_95, -0.035_551);
    near(figures.var_hist_99, -0.039_180_2);
    near(figures.cvar_hist_95, -0.037_906_8);
    near(figures.cvar_hist_99, -0.039_431_333_333_333_33);
    let pairs: Vec<(f64, f64)> = returns.iter().copied().zip(theirs).collect();
    let beside = benchmark(&pairs, &DAILY).unwrap();
    near(beside.beta, 0.053_751_397_887_502_19);
    near(beside.alpha, 0.105_471_956_197_351_43);
    near(beside.correlation, 0.054_507_051_408_282_69);
    near(beside.tracking_error, 0.608_296_972_803_754_2);
    // mpmath 1.4.1 with 40 digits.
    let sure = confidence(&returns, &DAILY).unwrap();
    near(sure.psr_0, 0.699_668_479_888_269_3);
    near(sure.psr_1, 0.066_432_179_614_944_37);
    near(sure.min_track_record_obs, 14_802.654_990_022_908);
    near(deflated_benchmark(50, 0.03), 0.068_289_092_802_610_45);
    near(deflated_benchmark(1_000_000, 0.03), 0.146_035_801_135_119_15);
}

#[test]
fn a_return_below_minus_one_or_without_a_value_is_refused_by_its_place() {
    for (bad, index) in [
        (vec![0.1, -1.000_000_1], 1),
        (vec![f64::NAN], 0),
        (vec![0.0, 0.0, f64::INFINITY], 2),
        (vec![f64::NEG_INFINITY, f64::NAN], 0),
    ] {
        let invalid = ReturnInvalid { index };
        assert_eq!(series(&bad, None, &DAILY), Err(invalid));
        assert_eq!(confidence(&bad, &DAILY), Err(invalid));
        assert_eq!(rolling_sharpe(&bad, 2, &DAILY), Err(invalid));
        assert_eq!(months(&bad, Day::from_number(0)), Err(invalid));
        assert_eq!(dsr(&bad, &[0.1], &DAILY), Err(invalid));
        let pairs: Vec<(f64, f64)> = bad.iter().map(|bad| (0.0, *bad)).collect();
        assert_eq!(benchmark(&pairs, &DAILY), Err(invalid));
    }
    assert!(series(&[-1.0], None, &DAILY).is_ok());
}

#[test]
fn what_does_not_fit_a_double_is_an_overflow() {
    let figures = series(&[1e300, 1e300], Some(Day::from_number(0)), &DAILY).unwrap();
    for figure in [figures.total_return, figures.max_drawdown, figures.calmar, figures.best_month] {
        assert_eq!(figure, Err(Reason::Overflow));
    }
    assert_eq!(figures.best_day, Ok(1e300));
    // 365 such days in a row would be 2e+464.
    assert_eq!(series(&[17.7], None, &DAILY).unwrap().cagr_raw, Err(Reason::Overflow));
}

#[test]
fn reasons_come_in_their_order() {
    // Flat and under a year: the reason of the input stands before the figure's own.
    let flat = series(&[0.001; 40], None, &DAILY).unwrap();
    assert_eq!(flat.calmar, Err(Reason::PeriodUnderOneYear));
    assert_eq!(flat.recovery_factor, Err(Reason::NoDrawdown));
    assert_eq!(flat.sharpe, Err(Reason::ZeroVariance));
    assert_eq!(series(&[0.001; 365], None, &DAILY).unwrap().calmar, Err(Reason::NoDrawdown));
    // Flat and too short: too short.
    let short = series(&[0.001; 3], None, &DAILY).unwrap();
    assert_eq!(short.excess_kurtosis, Err(Reason::InsufficientData));
    assert_eq!(short.skewness, Err(Reason::ZeroVariance));
    assert_eq!(confidence(&[0.001; 2], &DAILY).unwrap().psr_0, Err(Reason::InsufficientData));
    assert_eq!(confidence(&[0.001; 3], &DAILY).unwrap().psr_0, Err(Reason::ZeroVariance));
    // Without a first day there are no months.
    assert_eq!(flat.best_month, Err(Reason::InsufficientData));
}

#[test]
fn flat_means_a_range_of_at_most_1e_14() {
    let of = |step: f64| series(&[0.01, 0.01 + step, 0.01], None, &DAILY).unwrap().sharpe;
    assert_eq!(of(0.9e-14), Err(Reason::ZeroVariance));
    assert!(of(1.2e-14).unwrap() > 1e12);
}

#[test]
fn sharpe_ratios_are_believed_as_their_formulas_say() {
    assert_eq!(psr(0.1, 0.0, 2, 0.0, 3.0), Err(Reason::InsufficientData));
    // 1 - 2·1 + (1 - 1)/4 is below zero.
    assert_eq!(psr(1.0, 0.0, 10, 2.0, 1.0), Err(Reason::NonpositiveVarianceTerm));
    assert_eq!(min_track_record(0.1, 0.1, 0.0, 3.0, 0.95), Err(Reason::SharpeNotAboveBenchmark));
    assert_eq!(min_track_record(1.0, 0.0, 2.0, 1.0, 0.95), Err(Reason::NonpositiveVarianceTerm));
    near(psr(0.3, 0.3, 100, -1.0, 5.0), 0.5);
    // One trial is no choice, and trials that agree leave no best one.
    let returns = Generator(3).returns(200, 3900.0);
    let alone = confidence(&returns, &DAILY).unwrap().psr_0;
    assert_eq!(dsr(&returns, &[0.4], &DAILY).unwrap(), alone);
    assert_eq!(dsr(&returns, &[0.4; 9], &DAILY).unwrap(), alone);
    assert!(dsr(&returns, &[0.4, 0.1], &DAILY).unwrap() < alone);
    assert_eq!(dsr(&returns, &[], &DAILY).unwrap(), Err(Reason::InsufficientData));
}

#[test]
fn months_are_those_of_the_calendar_and_may_be_partial() {
    let first: Day = "2024-01-30".parse().unwrap();
    let found = months(&[0.01; 33], first).unwrap();
    let shown: Vec<(String, u32)> = found.iter().map(|month| (month.month.to_string(), month.days)).collect();
    let expected =
        [("2024-01", 2), ("2024-02", 29), ("2024-03", 2)].map(|(month, days)| (month.to_owned(), days));
    assert_eq!(shown, expected);
    near(found[1].r, 1.01_f64.powi(29) - 1.0);
    // Every day of many years falls into the month that the day itself says.
    let days = 366 * 30;
    let mut day = first;
    for month in months(&vec![0.0; days], first).unwrap() {
        for _ in 0..month.days {
            assert_eq!(day.month(), month.month);
            day = day.next();
        }
    }
    assert_eq!(day.number(), first.number() + i32::try_from(days).unwrap());
}

#[test]
fn only_days_of_both_are_compared() {
    let day = Day::from_number;
    let ours = [(day(1), 0.1), (day(2), 0.2), (day(4), 0.4), (day(7), 0.7)];
    let theirs = [(day(0), 1.0), (day(2), 2.0), (day(3), 3.0), (day(4), 4.0)];
    assert_eq!(aligned(&ours, &theirs), [(0.2, 2.0), (0.4, 4.0)]);
    assert_eq!(aligned(&ours, &[]), []);
}

#[test]
fn tails_are_those_of_the_whole_series_in_order_at_any_length() {
    for n in 1..400_usize {
        let returns = Generator(n as u64).returns(n, 3990.0);
        let mut sorted = returns.clone();
        sorted.sort_by(f64::total_cmp);
        let quantile = |p: f64| {
            let position = (n - 1) as f64 * p;
            let low = position.floor() as usize;
            sorted[low] + (position - position.floor()) * (sorted[(low + 1).min(n - 1)] - sorted[low])
        };
        // The worst observations one by one, until their mass is used up.
        let worst = |share: f64| {
            let (mut left, mut sum) = (share * n as f64, 0.0);
            for r in &sorted {
                sum += r * left.clamp(0.0, 1.0);
                left -= 1.0;
            }
            sum / (share * n as f64)
        };
        let figures = series(&returns, None, &DAILY).unwrap();
        near(figures.var_hist_95, quantile(0.05));
        near(figures.var_hist_99, quantile(0.01));
        near(figures.cvar_hist_95, worst(0.05));
        near(figures.cvar_hist_99, worst(0.01));
        near(figures.tail_ratio, quantile(0.95).abs() / quantile(0.05).abs());
    }
}

/// V_0 to V_n.
fn values(returns: &[f64]) -> Vec<f64> {
    (0..=returns.len()).map(|n| returns[..n].iter().fold(1.0, |value, r| value * (1.0 + r))).collect()
}

/// Each drawdown by its definition: what stands before is looked through again for every day.
fn drawdowns(values: &[f64]) -> Vec<f64> {
    (0..values.len()).map(|i| values[i] / values[..=i].iter().copied().fold(0.0, f64::max) - 1.0).collect()
}

fn slow_indices(values: &[f64]) -> Option<(usize, usize, Option<usize>)> {
    let depths = drawdowns(values);
    let least = depths.iter().copied().fold(0.0, f64::min);
    if least == 0.0 {
        return None;
    }
    let trough = depths.iter().position(|depth| *depth == least).unwrap();
    let height = values[..trough].iter().copied().fold(0.0, f64::max);
    let peak = values[..trough].iter().rposition(|value| *value == height).unwrap();
    let recovery = (trough..values.len()).find(|i| values[*i] >= height);
    Some((peak, trough, recovery))
}

/// The longest way from a highest value to the first that reaches it again, or to the end.
fn slow_longest(values: &[f64]) -> usize {
    let last = values.len() - 1;
    let from = |start: usize| {
        let under = values.get(start + 1).is_some_and(|next| *next < values[start]);
        let highest = values[..start].iter().all(|value| *value <= values[start]);
        let end = (start + 1..=last).find(|i| values[*i] >= values[start]).unwrap_or(last);
        if under && highest { end - start } else { 0 }
    };
    (0..=last).map(from).max().unwrap()
}

fn slow_sharpe(window: &[f64], parameters: &Parameters) -> Option<f64> {
    let n = window.len() as f64;
    let range =
        window.iter().copied().fold(f64::MIN, f64::max) - window.iter().copied().fold(f64::MAX, f64::min);
    let mean = window.iter().sum::<f64>() / n;
    let variance = window.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>() / (n - 1.0);
    let year = parameters.periods_per_year;
    let free = (1.0 + parameters.risk_free_annual).powf(1.0 / year) - 1.0;
    (range > 1e-14).then(|| (mean - free) / variance.sqrt() * year.sqrt())
}

/// Returns with steps where ties, flat stretches, ruin and large days happen.
fn any_returns() -> impl Strategy<Value = Vec<f64>> {
    let day = prop_oneof![
        8 => (-400_i32..400).prop_map(|steps| f64::from(steps) / 1e4),
        3 => Just(0.0),
        2 => prop_oneof![Just(1.0), Just(-0.5), Just(0.25), Just(-0.75), Just(3.0)],
        1 => (-9_i32..30).prop_map(|steps| f64::from(steps) / 10.0),
    ];
    (prop::collection::vec(day, 0..90), prop::option::weighted(0.05, 0_usize..90)).prop_map(
        |(mut days, ruin)| {
            if let Some(day) = ruin.and_then(|at| days.get_mut(at)) {
                *day = -1.0;
            }
            days
        },
    )
}

proptest! {
    #[test]
    fn drawdowns_are_those_of_the_definition(returns in any_returns()) {
        let values = values(&returns);
        let figures = series(&returns, None, &DAILY).unwrap();
        prop_assume!(!returns.is_empty());
        let depths = drawdowns(&values);
        let deepest = figures.max_drawdown.unwrap();
        prop_assert!((-1.0..=0.0).contains(&deepest));
        prop_assert_eq!(deepest, depths.iter().copied().fold(0.0, f64::min));
        prop_assert_eq!(figures.current_drawdown.unwrap(), *depths.last().unwrap());
        prop_assert_eq!(figures.longest_drawdown_days, Ok(slow_longest(&values)));
        let ulcer = (depths.iter().map(|d| d * d).sum::<f64>() / returns.len() as f64).sqrt();
        prop_assert!((figures.ulcer_index.unwrap() - ulcer).abs() < 1e-12);
        match slow_indices(&values) {
            None => prop_assert_eq!(figures.max_drawdown_trough_index, Err(Reason::NoDrawdown)),
            Some((peak, trough, recovery)) => {
                prop_assert_eq!(figures.max_drawdown_peak_index, Ok(peak));
                prop_assert_eq!(figures.max_drawdown_trough_index, Ok(trough));
                prop_assert_eq!(figures.max_drawdown_recovery_index, recovery.ok_or(Reason::NotRecovered));
                prop_assert_eq!(figures.max_drawdown_days, Ok(recovery.unwrap_or(returns.len()) - peak));
            }
        }
    }

    #[test]
    fn the_mean_of_the_worst_is_never_above_their_quantile(returns in any_returns()) {
        let figures = series(&returns, None, &DAILY).unwrap();
        if !returns.is_empty() {
            prop_assert!(figures.cvar_hist_95.unwrap() <= figures.var_hist_95.unwrap());
            prop_assert!(figures.cvar_hist_99.unwrap() <= figures.var_hist_99.unwrap());
            prop_assert!(figures.cvar_hist_99.unwrap() <= figures.cvar_hist_95.unwrap() + 1e-15);
            prop_assert!(figures.worst_day.unwrap() <= figures.cvar_hist_99.unwrap() + 1e-15);
        }
    }

    #[test]
    fn figures_without_a_path_do_not_depend_on_the_order(returns in any_returns()) {
        let mut backwards = returns.clone();
        backwards.reverse();
        let [a, b] = [&returns, &backwards].map(|returns| series(returns, None, &DAILY).unwrap());
        for (a, b) in [
            (a.volatility, b.volatility), (a.sharpe, b.sharpe), (a.sortino, b.sortino), (a.omega, b.omega),
            (a.skewness, b.skewness), (a.var_hist_95, b.var_hist_95), (a.cvar_hist_95, b.cvar_hist_95),
        ] {
            match (a, b) {
                (Ok(a), Ok(b)) => prop_assert!((a - b).abs() <= 1e-12 + 1e-11 * a.abs(), "{a} {b}"),
                (a, b) => prop_assert_eq!(a, b),
            }
        }
    }

    #[test]
    fn rolling_ratios_are_those_of_each_window(returns in any_returns(), window in 2_usize..40, rate in 0_u8..9) {
        let parameters = Parameters { risk_free_annual: f64::from(rate) / 100.0, ..DAILY };
        let ours = rolling_sharpe(&returns, window, &parameters).unwrap();
        prop_assert_eq!(ours.len(), (returns.len() + 1).saturating_sub(window));
        for (ours, window) in ours.iter().zip(returns.windows(window)) {
            match (ours, slow_sharpe(window, &parameters)) {
                (Ok(ours), Some(slow)) => prop_assert!((ours - slow).abs() <= 1e-10 * slow.abs().max(1.0), "{ours} {slow}"),
                (ours, slow) => prop_assert_eq!(ours, &slow.ok_or(Reason::ZeroVariance)),
            }
        }
    }

    #[test]
    fn a_longer_history_of_the_same_kind_is_believed_more(seed in any::<u64>()) {
        let returns = Generator(seed).returns(120, 3900.0);
        let twice = [returns.clone(), returns.clone()].concat();
        let [once, twice] = [&returns, &twice].map(|returns| confidence(returns, &DAILY).unwrap());
        let (once, twice) = (once.psr_0.unwrap(), twice.psr_0.unwrap());
        // Away from a half, on the side where it is.
        prop_assert!((twice - 0.5).abs() + 1e-12 >= (once - 0.5).abs() && (twice - 0.5) * (once - 0.5) >= 0.0);
    }
}

#[test]
fn a_large_day_leaves_no_trace_in_the_windows_after_it() {
    let mut returns: Vec<f64> = Generator(9).returns(200, 4000.0).iter().map(|r| r / 1e7).collect();
    returns[60] = 5_000.0;
    let ours = rolling_sharpe(&returns, 20, &DAILY).unwrap();
    for (at, window) in returns.windows(20).enumerate() {
        let slow = slow_sharpe(window, &DAILY).unwrap();
        assert!((ours[at].unwrap() - slow).abs() <= 1e-10 * slow.abs().max(1.0), "{at}");
    }
}

#[test]
fn windows_of_no_or_one_return_have_no_ratio() {
    assert_eq!(rolling_sharpe(&[0.1, 0.2], 0, &DAILY).unwrap(), []);
    assert_eq!(rolling_sharpe(&[0.1, 0.2], 1, &DAILY).unwrap(), [Err(Reason::InsufficientData); 2]);
    assert_eq!(rolling_sharpe(&[0.1, 0.2], 3, &DAILY).unwrap(), []);
}

/// Every figure that is a double.
fn doubles(figures: &SeriesFigures) -> Vec<Measured<f64>> {
    let f = figures;
    vec![
        f.total_return,
        f.cagr_raw,
        f.cagr,
        f.mean_return,
        f.best_day,
        f.worst_day,
        f.volatility,
        f.downside_deviation,
        f.sharpe,
        f.sortino,
        f.omega,
        f.max_drawdown,
        f.current_drawdown,
        f.ulcer_index,
        f.martin_ratio,
        f.calmar,
        f.recovery_factor,
        f.tail_ratio,
        f.skewness,
        f.excess_kurtosis,
        f.var_hist_95,
        f.var_hist_99,
        f.cvar_hist_95,
        f.cvar_hist_99,
        f.var_param_95,
        f.cvar_param_95,
        f.positive_days,
        f.positive_months,
        f.best_month,
        f.worst_month,
    ]
}

#[test]
fn any_bits_give_an_error_or_figures_that_are_numbers() {
    let mut generator = Generator(1);
    let odd =
        [0.0, -0.0, -1.0, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-14, 1e154, -0.999_999_999, f64::NAN, 1e300];
    let mut accepted = 0;
    for _ in 0..4000 {
        let wild = generator.below(3) == 0;
        let returns: Vec<f64> = (0..generator.below(40))
            .map(|_| match generator.below(if wild { 8 } else { 4 }) {
                0 => odd[usize::try_from(generator.below(11)).unwrap()],
                6 => f64::from_bits(generator.below(1 << 31) << 32 | generator.below(1 << 31)),
                7 => f64::from_bits(generator.below(1 << 31) << 33),
                _ => (generator.below(2_000_000) as f64 - 990_000.0) / 1e6,
            })
            .collect();
        let pick = |generator: &mut Generator| {
            [0.0, 0.05, -0.5, -1.0, -3.0, f64::NAN, 1e308, 365.0][generator.below(8) as usize]
        };
        let parameters = Parameters {
            periods_per_year: if wild { pick(&mut generator) } else { 12.0 },
            risk_free_annual: pick(&mut generator),
            mar_annual: pick(&mut generator),
        };
        let first = Day::from_number(generator.below(1 << 31) as i32);
        let Ok(figures) = series(&returns, Some(first), &parameters) else {
            assert!(returns.iter().any(|r| !r.is_finite() || *r < -1.0));
            continue;
        };
        accepted += 1;
        let sure = confidence(&returns, &parameters).unwrap();
        let pairs: Vec<(f64, f64)> = returns.iter().copied().zip(returns.iter().rev().copied()).collect();
        let beside = benchmark(&pairs, &parameters).unwrap();
        let rolling = rolling_sharpe(&returns, 1 + generator.below(20) as usize, &parameters).unwrap();
        let trials: Vec<f64> = returns.iter().take(5).copied().collect();
        let all = [
            doubles(&figures),
            rolling,
            vec![sure.psr_0, sure.psr_1, sure.min_track_record_obs],
            vec![beside.beta, beside.alpha, beside.correlation, beside.r_squared, beside.tracking_error],
            vec![beside.information_ratio, dsr(&returns, &trials, &parameters).unwrap()],
            months(&returns, first).unwrap().iter().map(|month| month.r).collect(),
        ];
        for figure in all.concat().into_iter().flatten() {
            assert!(figure.is_finite(), "{returns:?} {parameters:?}");
        }
    }
    assert!(accepted > 1000, "{accepted}");
}
