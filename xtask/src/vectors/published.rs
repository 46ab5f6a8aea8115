//! Answers to `kind: returns_published`: figures printed in the literature, from inputs as the authors give them, per
//! period or annual.

use super::inputs::{NOT_GIVEN, double, doubles, field, figure, optional, text, whole};
use anyhow::bail;
use ledger::{
    Measured,
    returns::{Parameters, deflated_benchmark, min_track_record, psr, series as figures_of},
};
use serde_json::{Value, json};

pub(super) fn answer(case: &Value) -> anyhow::Result<Value> {
    let inputs = Inputs(field(case, "inputs")?);
    let metric = text(field(case, "metric")?, "metric")?;
    Ok(figure(match metric {
        "psr" => inputs.psr(inputs.rate("benchmark", 0.0)?)?,
        "dsr" => {
            let trials = inputs.trials()?;
            match trials {
                Ok(expected) => inputs.psr(expected)?,
                Err(why) => Err(why),
            }
        }
        "min_track_record_years" => {
            let periods = double(field(inputs.0, "periods_per_year")?, "periods_per_year")?;
            inputs.min_track_record()?.map(|observations| observations / periods)
        }
        "min_track_record_obs" => inputs.min_track_record()?,
        other => bail!("metric {other} is none that is known"),
    }))
}

/// Monthly returns against a minimum acceptable return of 0.5% a month, as Bacon's example is printed.
pub(super) fn series(case: &Value) -> anyhow::Result<Value> {
    let returns = doubles(case, "returns")?;
    let mar_monthly = 0.005_f64;
    let parameters = Parameters {
        periods_per_year: 12.0,
        risk_free_annual: 0.0,
        mar_annual: (1.0 + mar_monthly).powi(12) - 1.0,
    };
    let annual = match figures_of(&returns, None, &parameters) {
        Ok(figures) => figures,
        Err(invalid) => return Ok(super::inputs::refused(invalid.code())),
    };
    let root = 12.0_f64.sqrt();
    let monthly = |figure: Measured<f64>| figure.map(|annual| annual / root);
    Ok(json!({
        "downside_deviation_monthly": figure(monthly(annual.downside_deviation)),
        "kappa2_equals_sortino_monthly": figure(monthly(annual.sortino)),
        "omega_minus_1": figure(annual.omega.map(|omega| omega - 1.0)),
        "martin_ratio": figure(annual.martin_ratio),
    }))
}

struct Inputs<'a>(&'a Value);

impl Inputs<'_> {
    /// A ratio per period, or an annual one brought to a period.
    fn rate(&self, name: &str, usual: f64) -> anyhow::Result<f64> {
        let (of_period, of_year) = (format!("{name}_per_period"), format!("{name}_annual"));
        if let Some(rate) = optional(self.0, &of_period) {
            return double(rate, &of_period);
        }
        let Some(rate) = optional(self.0, &of_year) else { return Ok(usual) };
        Ok(double(rate, &of_year)? / self.periods()?.sqrt())
    }

    fn periods(&self) -> anyhow::Result<f64> {
        double(field(self.0, "periods_per_year")?, "periods_per_year")
    }

    fn sharpe(&self) -> anyhow::Result<f64> {
        let sharpe = self.rate("sharpe", f64::NAN)?;
        if sharpe.is_nan() {
            bail!("has neither sharpe_per_period nor sharpe_annual");
        }
        Ok(sharpe)
    }

    /// g3 and g4; Normal where nothing is said.
    fn shape(&self) -> anyhow::Result<(f64, f64)> {
        let of = |name: &str, normal: f64| optional(self.0, name).map_or(Ok(normal), |of| double(of, name));
        Ok((of("skew", 0.0)?, of("kurtosis", 3.0)?))
    }

    fn psr(&self, against: f64) -> anyhow::Result<Measured<f64>> {
        let (g3, g4) = self.shape()?;
        Ok(psr(self.sharpe()?, against, whole(field(self.0, "n")?, "n")?, g3, g4))
    }

    fn min_track_record(&self) -> anyhow::Result<Measured<f64>> {
        let (g3, g4) = self.shape()?;
        let confidence = optional(self.0, "confidence").map_or(Ok(0.95), |of| double(of, "confidence"))?;
        Ok(min_track_record(self.sharpe()?, self.rate("benchmark", 0.0)?, g3, g4, confidence))
    }

    /// What the best of the trials is expected to show, from their number and the variance of their ratios.
    fn trials(&self) -> anyhow::Result<Measured<f64>> {
        let variance = match optional(self.0, "trial_variance_annual") {
            Some(annual) => double(annual, "trial_variance_annual")? / self.periods()?,
            None => double(field(self.0, "trial_variance_per_period")?, "trial_variance_per_period")?,
        };
        let trials = whole(field(self.0, "n_trials")?, "n_trials")?;
        Ok(if variance >= 0.0 { deflated_benchmark(trials, variance.sqrt()) } else { NOT_GIVEN })
    }
}
