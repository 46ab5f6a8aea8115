//! Answers to `kind: returns`: every figure of the series, and what its inputs ask for beside (a benchmark, a window,
//! trials).

use super::inputs::{day, double, doubles, figure, figures, optional, refused, whole};
use anyhow::bail;
use ledger::returns::{
    BenchmarkFigures, Confidence, Parameters, ReturnInvalid, SeriesFigures, benchmark, confidence, dsr,
    rolling_sharpe, series,
};
use serde_json::{Map, Value, json};

pub(super) fn answer(case: &Value) -> anyhow::Result<Value> {
    let asked = Asked::of(case)?;
    Ok(asked.answer().unwrap_or_else(|invalid| refused(invalid.code())))
}

/// A case, read.
struct Asked {
    returns: Vec<f64>,
    parameters: Parameters,
    first: Option<ledger::Day>,
    benchmark: Option<Vec<f64>>,
    window: Option<usize>,
    trials: Option<Vec<f64>>,
}

impl Asked {
    fn of(case: &Value) -> anyhow::Result<Self> {
        let none = Value::Null;
        let params = case.get("params").unwrap_or(&none);
        let trials = "trial_sharpes_per_period";
        let asked = Self {
            returns: doubles(case, "returns")?,
            parameters: parameters(params)?,
            first: optional(params, "first_date").map(|date| day(date, "first_date")).transpose()?,
            benchmark: optional(case, "benchmark").map(|_| doubles(case, "benchmark")).transpose()?,
            window: optional(params, "window").map(|window| whole(window, "window")).transpose()?,
            trials: optional(params, trials).map(|_| doubles(params, trials)).transpose()?,
        };
        if asked.benchmark.as_ref().is_some_and(|benchmark| benchmark.len() != asked.returns.len()) {
            bail!("returns and benchmark are not of the same days");
        }
        Ok(asked)
    }

    fn answer(&self) -> Result<Value, ReturnInvalid> {
        let Self { returns, parameters, .. } = self;
        let mut answer = of_series(&series(returns, self.first, parameters)?, self.first.is_some());
        let Confidence { psr_0, psr_1, min_track_record_obs } = confidence(returns, parameters)?;
        answer.extend([
            ("psr_0".to_owned(), figure(psr_0)),
            ("psr_1".to_owned(), figure(psr_1)),
            ("min_track_record_obs".to_owned(), figure(min_track_record_obs)),
        ]);
        if let Some(theirs) = &self.benchmark {
            let pairs: Vec<(f64, f64)> = returns.iter().copied().zip(theirs.iter().copied()).collect();
            answer.extend(of_benchmark(&benchmark(&pairs, parameters)?));
        }
        if let Some(window) = self.window {
            let ratios = rolling_sharpe(returns, window, parameters)?;
            answer.insert("rolling_sharpe".to_owned(), json!({ "v": figures(&ratios) }));
        }
        if let Some(trials) = &self.trials {
            answer.insert("dsr".to_owned(), figure(dsr(returns, trials, parameters)?));
        }
        Ok(answer.into())
    }
}

/// Those of daily crypto returns, where a case says nothing.
fn parameters(of: &Value) -> anyhow::Result<Parameters> {
    let rate = |name: &str, usual: f64| optional(of, name).map_or(Ok(usual), |rate| double(rate, name));
    let usual = Parameters::default();
    Ok(Parameters {
        periods_per_year: rate("periods_per_year", usual.periods_per_year)?,
        risk_free_annual: rate("risk_free_annual", usual.risk_free_annual)?,
        mar_annual: rate("mar_annual", usual.mar_annual)?,
    })
}

macro_rules! by_name {
    ($from:expr, $($name:ident),+) => { [$((stringify!($name).to_owned(), figure($from.$name))),+] };
}

/// Without dates there are no months to tell of.
fn of_series(of: &SeriesFigures, dated: bool) -> Map<String, Value> {
    let mut answer = Map::from_iter([("n_obs".to_owned(), json!({ "v": of.n_obs }))]);
    #[rustfmt::skip]
    answer.extend(by_name!(
        of, total_return, cagr_raw, cagr, mean_return, best_day, worst_day, volatility, downside_deviation, sharpe,
        sortino, omega, max_drawdown, max_drawdown_peak_index, max_drawdown_trough_index, max_drawdown_recovery_index,
        max_drawdown_days, longest_drawdown_days, current_drawdown, ulcer_index, martin_ratio, calmar, recovery_factor,
        tail_ratio, skewness, excess_kurtosis, var_hist_95, var_hist_99, cvar_hist_95, cvar_hist_99, var_param_95,
        cvar_param_95, positive_days
    ));
    if dated {
        answer.extend(by_name!(of, positive_months, best_month, worst_month));
    }
    answer
}

fn of_benchmark(of: &BenchmarkFigures) -> Map<String, Value> {
    by_name!(of, beta, alpha, correlation, r_squared, tracking_error, information_ratio).into_iter().collect()
}
