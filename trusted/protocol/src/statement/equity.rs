//! Equity, returns and risk, in METRICS.md's names (sections 3, 4, 6 and 7), of the record or of one account.

use super::sheet::Sheet;
use alloc::string::ToString;
use ledger::{
    Asset, Day, Decimal, LineKind, Measured, Reason,
    record::{EquityDay, EquityFigures, Explained, Mark},
    returns::{BenchmarkFigures, CashflowFigures, Confidence, Parameters, SeriesFigures},
};
use serde_json::{Value, json};

/// Days in a window of `rolling_sharpe`.
const ROLLING_DAYS: u32 = 30;

/// Shows every field of a struct under its own name: the pattern that takes it apart is whole, so a new field does not
/// compile until it stands here.
macro_rules! shown {
    ($sheet:ident, $kind:ident = $of:expr, $($form:ident { $($name:ident)* })*) => {
        let $kind { $($($name,)*)* } = $of;
        $($($sheet.$form(stringify!($name), $name);)*)*
    };
}

/// All of it, as fields beside those of the fills.
pub(super) fn sections(figures: &EquityFigures, parameters: &Parameters, benchmark_asset: &Asset) -> Sheet {
    let EquityFigures {
        days,
        from,
        equity,
        explained,
        residual,
        residual_bps,
        cashflows,
        series,
        // They stand in `months` beside what the fills of the month brought.
        months: _,
        rolling_sharpe,
        benchmark,
        confidence,
        turnover,
        marks: _,
        approximated_days,
        low_sample,
        negative_equity,
        unpriced,
        lateness_ms_max,
    } = figures;
    let mut worth = Sheet::default();
    worth.time("from", *from);
    worth.amount("equity", *equity);
    worth.amount("net_flow", cashflows.net_flow);
    worth.amount("gain", cashflows.gain);
    worth.nest("explained", lines(explained));
    worth.amount("residual", *residual);
    worth.amount("residual_bps", *residual_bps);
    worth.amount("turnover", *turnover);
    let by_mark = MARKS.map(|mark| (mark.as_str().to_string(), Value::from(marked(figures, mark))));
    worth.put("days", serde_json::Map::from_iter(by_mark));
    worth.put("approximated_days", *approximated_days);
    worth.put("bridged_days", marked(figures, Mark::Bridged));
    worth.put("negative_equity", *negative_equity);
    worth.put("low_sample", *low_sample);
    let unpriced = unpriced.iter().map(|(asset, held)| {
        json!({ "asset": asset.as_str(), "held": held.to_string(), "why": Reason::NoPrice.as_str() })
    });
    worth.put("unpriced", unpriced.collect::<Value>());
    worth.put("lateness_ms_max", *lateness_ms_max);

    let mut sheet = Sheet::default();
    sheet.put("equity", worth.finished());
    sheet.put("returns", returns(cashflows).finished());
    sheet.put("risk", risk(series, parameters, *low_sample).finished());
    sheet.put("benchmark", against(benchmark, benchmark_asset).finished());
    sheet.put("confidence", believed(confidence).finished());
    sheet.put("days", days.iter().map(|day| Value::Object(of_day(day).finished())).collect::<Value>());
    sheet.put("rolling_sharpe", rolling_sharpe.iter().map(window).collect::<Value>());
    sheet
}

fn window((day, sharpe): &(Day, Measured<f64>)) -> Value {
    let mut sheet = Sheet::default();
    sheet.put("date", day.to_string());
    sheet.put("window_days", ROLLING_DAYS);
    sheet.ratio("sharpe", *sharpe);
    sheet.finished().into()
}

/// How days may be known, best first.
const MARKS: [Mark; 5] = [Mark::Observed, Mark::Reconstructed, Mark::Bridged, Mark::Partial, Mark::Missing];

/// How many days are known so.
pub(super) fn marked(figures: &EquityFigures, mark: Mark) -> u32 {
    figures.marks.get(&mark).copied().unwrap_or(0)
}

/// What explains the change of equity: opening, then every line, add up to closing.
fn lines(explained: &Explained) -> Sheet {
    let Explained {
        opening,
        lines,
        fees,
        trading,
        unexplained_in,
        unexplained_out,
        joined,
        newly_priced,
        closing,
    } = explained;
    let mut sheet = Sheet::default();
    sheet.amount("opening", *opening);
    for kind in LineKind::ALL {
        sheet.amount(kind.as_str(), lines.get(&kind).copied().unwrap_or(Ok(Decimal::ZERO)));
    }
    sheet.amount("fees", *fees);
    sheet.amount("trading", *trading);
    sheet.amount("unexplained_in", *unexplained_in);
    sheet.amount("unexplained_out", *unexplained_out);
    sheet.amount("joined", *joined);
    sheet.amount("newly_priced", *newly_priced);
    sheet.amount("closing", *closing);
    sheet
}

fn returns(cashflows: &CashflowFigures) -> Sheet {
    let CashflowFigures {
        // Each day shows its own.
        period_returns: _,
        approximated: _,
        // They stand beside the equity.
        net_flow: _,
        gain: _,
        twr,
        twr_annualized,
        modified_dietz,
        simple_dietz,
        mwr_period,
        mwr_annualized,
    } = cashflows;
    let mut sheet = Sheet::default();
    sheet.ratio("twr", *twr);
    sheet.ratio("twr_annualized", *twr_annualized);
    sheet.ratio("mwr_period", *mwr_period);
    sheet.ratio("mwr_annualized", *mwr_annualized);
    sheet.ratio("modified_dietz", *modified_dietz);
    sheet.ratio("simple_dietz", *simple_dietz);
    sheet
}

fn risk(series: &SeriesFigures, parameters: &Parameters, low_sample: bool) -> Sheet {
    let Parameters { periods_per_year, risk_free_annual, mar_annual } = *parameters;
    let mut sheet = Sheet::default();
    sheet.ratio("periods_per_year", Ok(periods_per_year));
    sheet.ratio("risk_free_annual", Ok(risk_free_annual));
    sheet.ratio("mar_annual", Ok(mar_annual));
    sheet.put("low_sample", low_sample);
    shown! { sheet, SeriesFigures = *series,
        put { n_obs }
        ratio {
            total_return cagr_raw cagr mean_return best_day worst_day volatility downside_deviation
            sharpe sortino omega max_drawdown
        }
        count {
            max_drawdown_peak_index max_drawdown_trough_index max_drawdown_recovery_index
            max_drawdown_days longest_drawdown_days
        }
        ratio {
            current_drawdown ulcer_index martin_ratio calmar recovery_factor tail_ratio skewness excess_kurtosis
            var_hist_95 var_hist_99 cvar_hist_95 cvar_hist_99 var_param_95 cvar_param_95
            positive_days positive_months best_month worst_month
        }
    }
    sheet
}

fn against(benchmark: &BenchmarkFigures, asset: &Asset) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.put("asset", asset.as_str());
    shown! { sheet, BenchmarkFigures = *benchmark,
        put { n_obs }
        ratio { beta alpha correlation r_squared tracking_error information_ratio }
    }
    sheet
}

fn believed(confidence: &Confidence) -> Sheet {
    let mut sheet = Sheet::default();
    shown! { sheet, Confidence = *confidence, ratio { psr_0 psr_1 min_track_record_obs } }
    // It counts everything the trader ever tried, which no account tells (METRICS.md section 7).
    sheet.missing("dsr", "number_of_trials_unknown");
    sheet
}

fn of_day(day: &EquityDay) -> Sheet {
    let EquityDay { day, mark, equity, net_flow, r, residual, residual_bps, unpriced } = day;
    let mut sheet = Sheet::default();
    sheet.put("date", day.to_string());
    sheet.put("mark", mark.as_str());
    sheet.amount("equity", *equity);
    sheet.amount("net_flow", *net_flow);
    sheet.ratio("return", *r);
    sheet.amount("residual", *residual);
    sheet.amount("residual_bps", *residual_bps);
    sheet.put("unpriced", unpriced.iter().map(Asset::as_str).collect::<Value>());
    sheet
}
