//! Answers to `kind: cashflows` and `kind: xirr`.

use super::inputs::{amount, day, decimal, figure, figures, instant, list, refused};
use anyhow::{Context as _, bail};
use ledger::returns::{CashflowFigures, Flow, Valuation, cashflows, xirr as rate_of};
use serde_json::{Value, json};

pub(super) fn answer(case: &Value) -> anyhow::Result<Value> {
    let valuations = list(case, "valuations")?.iter().map(valuation).collect::<anyhow::Result<Vec<_>>>()?;
    let flows = list(case, "flows")?.iter().map(flow).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(match cashflows(&valuations, &flows) {
        Ok(figures) => describe(&figures),
        Err(invalid) => refused(invalid.code()),
    })
}

fn describe(of: &CashflowFigures) -> Value {
    json!({
        "net_flow": figure(amount(of.net_flow)),
        "gain": figure(amount(of.gain)),
        "period_returns": { "v": figures(&of.period_returns) },
        "twr": figure(of.twr),
        "twr_annualized": figure(of.twr_annualized),
        "modified_dietz": figure(of.modified_dietz),
        "simple_dietz": figure(of.simple_dietz),
        "mwr_period": figure(of.mwr_period),
        "mwr_annualized": figure(of.mwr_annualized),
    })
}

/// `[time, equity]`.
fn valuation(of: &Value) -> anyhow::Result<Valuation> {
    let Some([at, equity]) = of.as_array().map(Vec::as_slice) else {
        bail!("a valuation is {of}, not [time, equity]")
    };
    Ok(Valuation { at: instant(at, "a valuation's time")?, equity: decimal(equity, "equity")? })
}

/// `[time, amount, equity just before it or null]`.
fn flow(of: &Value) -> anyhow::Result<Flow> {
    let (at, amount, before) = match of.as_array().map(Vec::as_slice) {
        Some([at, amount]) => (at, amount, None),
        Some([at, amount, before]) => (at, amount, Some(before).filter(|before| !before.is_null())),
        _ => bail!("a flow is {of}, not [time, amount, equity before it or null]"),
    };
    Ok(Flow {
        at: instant(at, "a flow's time")?,
        amount: decimal(amount, "a flow")?,
        before: before.map(|before| decimal(before, "the equity before a flow")).transpose()?,
    })
}

pub(super) fn xirr(case: &Value) -> anyhow::Result<Value> {
    let (dates, amounts) = (list(case, "dates")?, list(case, "amounts")?);
    if dates.len() != amounts.len() {
        bail!("has {} dates and {} amounts", dates.len(), amounts.len());
    }
    let dated = dates
        .iter()
        .zip(amounts)
        .map(|(date, amount)| Ok((day(date, "a date")?, decimal(amount, "an amount")?)))
        .collect::<anyhow::Result<Vec<_>>>()
        .context("dates and amounts")?;
    Ok(json!({ "xirr": figure(rate_of(&dated)) }))
}
