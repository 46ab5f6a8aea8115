//! How far a Sharpe ratio can be believed (METRICS.md section 7). S is per period, g3 and g4 divide by n.
//!
//! psr(S*) = Phi((S - S*)·sqrt(n - 1) / sqrt(1 - g3·S + (g4 - 1)/4·S^2)); minimum track record = 1 + (1 - g3·S +
//! (g4 - 1)/4·S^2)·(z / (S - S*))^2 [Bailey & Lopez de Prado 2012]. dsr = psr(S0), S0 = sd·((1 - e)·Phi^-1(1 - 1/N) +
//! e·Phi^-1(1 - 1/(N·exp 1))) over N trials, e = Euler-Mascheroni [Bailey & Lopez de Prado 2014].

use super::{
    Confidence, Parameters, ReturnInvalid, checked,
    moments::Moments,
    normal,
    numbers::{count, finite, from},
};
use crate::{Measured, Reason};
use core::f64::consts::E;

/// The constant of Euler and Mascheroni.
const EULER: f64 = 0.577_215_664_901_532_9;
/// How sure the minimum track record is.
const CONFIDENCE: f64 = 0.95;

/// Figures of a series.
///
/// # Errors
/// On a return below -1, or one that is not finite.
pub fn confidence(returns: &[f64], parameters: &Parameters) -> Result<Confidence, ReturnInvalid> {
    let sample = Sample::of(checked(returns)?, parameters);
    // An annual ratio of 1.
    let one = 1.0 / parameters.root_of_year();
    Ok(Confidence {
        psr_0: sample.and_then(|sample| sample.psr(0.0)),
        psr_1: sample.and_then(|sample| sample.psr(one)),
        min_track_record_obs: sample
            .and_then(|sample| min_track_record(sample.sharpe, 0.0, sample.g3, sample.g4, CONFIDENCE)),
    })
}

/// Deflated Sharpe ratio of a series that was chosen among trials with these Sharpe ratios per period. Every trial
/// counts, not only those that were shown.
///
/// # Errors
/// On a return below -1, or one that is not finite.
pub fn dsr(returns: &[f64], trials: &[f64], parameters: &Parameters) -> Result<Measured<f64>, ReturnInvalid> {
    let sample = Sample::of(checked(returns)?, parameters);
    Ok(from(trials.len(), 1, || {
        let sample = sample?;
        sample.psr(deflated_benchmark(trials.len(), Moments::of(trials).deviation())?)
    }))
}

/// S0: the best Sharpe ratio per period that is to be expected of so many trials without skill, whose ratios have the
/// standard deviation `deviation`.
pub fn deflated_benchmark(trials: usize, deviation: f64) -> Measured<f64> {
    if trials == 0 {
        return Err(Reason::InsufficientData);
    }
    if trials == 1 || deviation == 0.0 {
        return Ok(0.0);
    }
    // Phi^-1(1 - q) = -Phi^-1(q), and q keeps its digits.
    let upper = |q: f64| -normal::quantile(q);
    let n = count(trials);
    finite(deviation * ((1.0 - EULER) * upper(1.0 / n) + EULER * upper(1.0 / (n * E))))
}

/// Probability that the true Sharpe ratio is above `against`, both per period.
pub fn psr(sharpe: f64, against: f64, n: usize, g3: f64, g4: f64) -> Measured<f64> {
    from(n, 3, || {
        let variance = variance(sharpe, g3, g4)?;
        finite(normal::cumulative((sharpe - against) * libm::sqrt(count(n) - 1.0) / libm::sqrt(variance)))
    })
}

/// Observations until it can be said with this confidence that the true Sharpe ratio is above `against`.
pub fn min_track_record(sharpe: f64, against: f64, g3: f64, g4: f64, confidence: f64) -> Measured<f64> {
    if sharpe <= against {
        return Err(Reason::SharpeNotAboveBenchmark);
    }
    let distance = normal::quantile(confidence) / (sharpe - against);
    finite(1.0 + variance(sharpe, g3, g4)? * distance * distance)
}

/// 1 - g3·S + (g4 - 1)/4·S^2, where it is above zero.
fn variance(sharpe: f64, g3: f64, g4: f64) -> Measured<f64> {
    let variance = finite(1.0 - g3 * sharpe + (g4 - 1.0) / 4.0 * sharpe * sharpe)?;
    if variance > 0.0 { Ok(variance) } else { Err(Reason::NonpositiveVarianceTerm) }
}

/// What the formulas see of a series.
#[derive(Clone, Copy)]
struct Sample {
    n: usize,
    sharpe: f64,
    g3: f64,
    g4: f64,
}

impl Sample {
    fn of(returns: &[f64], parameters: &Parameters) -> Measured<Self> {
        from(returns.len(), 3, || {
            let moments = Moments::of(returns);
            Ok(Self {
                n: returns.len(),
                sharpe: moments.sharpe(parameters.risk_free())?,
                g3: moments.g3()?,
                g4: moments.g4()?,
            })
        })
    }

    fn psr(self, against: f64) -> Measured<f64> {
        psr(self.sharpe, against, self.n, self.g3, self.g4)
    }
}
