//! The page of equity, returns and risk (METRICS.md sections 3, 4, 6 and 7): headline, what explains it, how well each day
//! is known, and every ratio or the reason why it does not exist.

use crate::{
    figure::{self, NONE, text},
    output::plain,
    shown::{Form, shown},
    sparkline,
    table::{Align, Table},
};
use serde_json::Value;

/// A name for people, the object and the field that it stands under, and its form.
type Row = (&'static str, &'static str, &'static str, Form);

const HEADLINE: [Row; 7] = [
    ("Equity", "equity", "equity", Form::Money),
    ("Net flow: what came in, less what left", "equity", "net_flow", Form::Money),
    ("Gain", "equity", "gain", Form::Money),
    ("Return, time-weighted", "returns", "twr", Form::Return),
    ("The same for a year", "returns", "twr_annualized", Form::Return),
    ("Largest drawdown", "risk", "max_drawdown", Form::Return),
    ("Sharpe ratio", "risk", "sharpe", Form::Ratio),
];

const RETURNS: [Row; 4] = [
    ("Return, money-weighted", "returns", "mwr_period", Form::Return),
    ("The same for a year (XIRR)", "returns", "mwr_annualized", Form::Return),
    ("Modified Dietz, for comparison", "returns", "modified_dietz", Form::Return),
    ("Simple Dietz, for comparison", "returns", "simple_dietz", Form::Return),
];

/// What explains the change of equity, in the order in which it adds up.
const EXPLAINED: [(&str, &str); 18] = [
    ("Equity at the beginning", "opening"),
    ("Deposits", "deposit"),
    ("Withdrawals", "withdrawal"),
    ("Transfers to and from what is not read", "transfer"),
    ("Airdrops and bonuses", "airdrop"),
    ("Network fees", "network_fee"),
    ("Funding", "funding"),
    ("Interest", "interest"),
    ("Rebates", "rebate"),
    ("Liquidations", "liquidation"),
    ("Conversions", "conversion"),
    ("Dust", "dust"),
    ("Fees of trades", "fees"),
    ("Prices and trading, before fees", "trading"),
    ("Unexplained increases: they count as flows", "unexplained_in"),
    ("Unexplained decreases: they count as losses", "unexplained_out"),
    ("Equity that accounts joined with", "joined"),
    ("Coins that got a price", "newly_priced"),
];

const RISK: [Row; 32] = [
    ("Days", "risk", "n_obs", Form::Count),
    ("Total return of whole days", "risk", "total_return", Form::Return),
    ("Growth a year (CAGR)", "risk", "cagr", Form::Return),
    ("Mean day", "risk", "mean_return", Form::Return),
    ("Best day", "risk", "best_day", Form::Return),
    ("Worst day", "risk", "worst_day", Form::Return),
    ("Days above zero", "risk", "positive_days", Form::Share),
    ("Best month", "risk", "best_month", Form::Return),
    ("Worst month", "risk", "worst_month", Form::Return),
    ("Months above zero", "risk", "positive_months", Form::Share),
    ("Volatility a year", "risk", "volatility", Form::Return),
    ("Downside deviation a year", "risk", "downside_deviation", Form::Return),
    ("Sharpe ratio", "risk", "sharpe", Form::Ratio),
    ("Sortino ratio", "risk", "sortino", Form::Ratio),
    ("Calmar ratio", "risk", "calmar", Form::Ratio),
    ("Omega ratio", "risk", "omega", Form::Ratio),
    ("Largest drawdown", "risk", "max_drawdown", Form::Return),
    ("Its length, peak to recovery", "risk", "max_drawdown_days", Form::Days),
    ("Longest drawdown", "risk", "longest_drawdown_days", Form::Days),
    ("Drawdown now", "risk", "current_drawdown", Form::Return),
    ("Ulcer index", "risk", "ulcer_index", Form::Return),
    ("Martin ratio", "risk", "martin_ratio", Form::Ratio),
    ("Recovery factor", "risk", "recovery_factor", Form::Ratio),
    ("Tail ratio", "risk", "tail_ratio", Form::Ratio),
    ("Skewness", "risk", "skewness", Form::Ratio),
    ("Excess kurtosis", "risk", "excess_kurtosis", Form::Ratio),
    ("Value at risk, 1 day in 20", "risk", "var_hist_95", Form::Return),
    ("Value at risk, 1 day in 100", "risk", "var_hist_99", Form::Return),
    ("Mean of the worst 1 in 20", "risk", "cvar_hist_95", Form::Return),
    ("Mean of the worst 1 in 100", "risk", "cvar_hist_99", Form::Return),
    ("Value at risk, if Normal, 1 in 20", "risk", "var_param_95", Form::Return),
    ("Mean of the worst, if Normal, 1 in 20", "risk", "cvar_param_95", Form::Return),
];

const BENCHMARK: [Row; 6] = [
    ("Beta", "benchmark", "beta", Form::Ratio),
    ("Alpha a year", "benchmark", "alpha", Form::Return),
    ("Correlation", "benchmark", "correlation", Form::Ratio),
    ("R squared", "benchmark", "r_squared", Form::Ratio),
    ("Tracking error a year", "benchmark", "tracking_error", Form::Return),
    ("Information ratio", "benchmark", "information_ratio", Form::Ratio),
];

const CONFIDENCE: [Row; 4] = [
    ("Chance that the true Sharpe ratio is above 0", "confidence", "psr_0", Form::Share),
    ("Chance that it is above 1 a year", "confidence", "psr_1", Form::Share),
    ("Days needed to believe that it is above 0", "confidence", "min_track_record_obs", Form::Ratio),
    ("Deflated by the number of trials", "confidence", "dsr", Form::Share),
];

/// All of it, of the total or of an account.
pub(super) fn page(of: &Value, currency: &str) -> String {
    let equity = of.get("equity").unwrap_or(&Value::Null);
    if !equity.is_object() {
        return String::new();
    }
    let asset = of.pointer("/benchmark/asset").and_then(Value::as_str).unwrap_or("the benchmark");
    let parameter = |name: &str| of.get("risk").and_then(|risk| text(risk, name)).unwrap_or_default();
    let [periods, free, minimum] =
        [parameter("periods_per_year"), parameter("risk_free_annual"), parameter("mar_annual")];
    let rates = format!(
        "{} days a year; risk-free {}, minimum {} a year",
        figure::quantity(&periods),
        figure::percent(&free),
        figure::percent(&minimum)
    );
    [
        table(of, &HEADLINE, currency),
        curve(of),
        warnings(equity),
        format!("\n{}", table(of, &RETURNS, currency)),
        format!("\nWhat the equity comes from, in {}\n\n{}", plain(currency), explained(equity, currency)),
        format!("\nHow well its days are known\n\n{}", known(equity, currency)),
        format!("\nRisk, by daily returns ({rates})\n\n{}", table(of, &RISK, currency)),
        format!("\nAgainst {}, by daily closes\n\n{}", plain(asset), table(of, &BENCHMARK, currency)),
        format!("\nHow far the Sharpe ratio can be believed\n\n{}", table(of, &CONFIDENCE, currency)),
    ]
    .concat()
}

fn table(of: &Value, rows: &[Row], currency: &str) -> String {
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (name, object, field, form) in rows {
        let unit = if *form == Form::Money { currency } else { "" };
        match shown(of.get(object).unwrap_or(&Value::Null), field, *form, currency) {
            Ok(value) => table.row(&[name, value.as_str(), unit]),
            Err(reason) => table.row(&[name, NONE, reason.as_str()]),
        };
    }
    table.render()
}

/// Growth by day, in one line.
fn curve(of: &Value) -> String {
    const CELLS: usize = 60;
    let days = of.get("days").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let date = |day: Option<&Value>| day.and_then(|day| text(day, "date")).unwrap_or_default();
    let returns: Vec<_> = days.iter().map(|day| day.get("return").and_then(Value::as_f64)).collect();
    let Some(line) = sparkline::growth(&returns, CELLS) else { return String::new() };
    let [first, last] = [days.first(), days.last()].map(|day| plain(&date(day)));
    format!("\n  {line}\n  Growth by day without flows, {first} to {last}\n")
}

/// What must be known before a figure is believed.
fn warnings(equity: &Value) -> String {
    let said = |flag: &str| equity.get(flag) == Some(&Value::Bool(true));
    let mut lines = String::new();
    if said("low_sample") {
        lines.push_str("\n  Fewer than 30 daily returns: ratios say little yet.\n");
    }
    if said("negative_equity") {
        lines.push_str("\n  Equity was below zero on some day: returns count it as zero.\n");
    }
    for unpriced in equity.get("unpriced").and_then(Value::as_array).into_iter().flatten() {
        let [asset, held] = ["asset", "held"].map(|member| text(unpriced, member).unwrap_or_default());
        let held = figure::quantity(&held);
        lines.push_str(&format!("\n  LEFT OUT: {held} {}, which has no known price.\n", plain(&asset)));
    }
    lines
}

/// Every part that is not zero, and their sum.
fn explained(equity: &Value, currency: &str) -> String {
    let parts = equity.get("explained").unwrap_or(&Value::Null);
    let reasons = |field: &str| {
        let code = equity.get("why").and_then(|why| why.get(format!("explained.{field}"))?.as_str());
        code.map_or("no reason given".to_owned(), figure::reason)
    };
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    let mut row = |name: &str, field: &str, always: bool| match parts.get(field) {
        None => {}
        Some(Value::String(amount)) if amount == "0" && !always => {}
        Some(Value::String(amount)) => {
            table.row(&[name, figure::amount(amount, currency).as_str(), ""]);
        }
        Some(_) => {
            table.row(&[name, NONE, reasons(field).as_str()]);
        }
    };
    for (place, (name, field)) in EXPLAINED.iter().enumerate() {
        row(name, field, place == 0);
    }
    // What a newer enclave may add to them.
    let named = |field: &str| field == "closing" || EXPLAINED.iter().any(|(_, known)| *known == field);
    for field in parts.as_object().into_iter().flat_map(|parts| parts.keys()).filter(|field| !named(field)) {
        row(&field.replace('_', " "), field, false);
    }
    row("= Equity now", "closing", true);
    table.render()
}

fn known(equity: &Value, currency: &str) -> String {
    let days = equity.get("days").unwrap_or(&Value::Null);
    let mut table = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (name, field, words) in [
        ("Observed", "observed", "balances were read close to the midnight that ends the day"),
        ("Reconstructed", "reconstructed", "computed backwards from later balances"),
        ("Bridged", "bridged", "not priced: joined to the next day that is"),
        ("Partial", "partial", "a source of the day could not be read"),
        ("Missing", "missing", "nothing is known"),
    ] {
        table.row(&[name, text(days, field).unwrap_or(NONE.to_owned()).as_str(), words]);
    }
    let approximated = text(equity, "approximated_days").unwrap_or(NONE.to_owned());
    table.row(&["Approximated", approximated.as_str(), "a large flow had no valuation at its instant"]);
    let bps = shown(equity, "residual_bps", Form::Ratio, currency);
    let share = bps.map_or_else(|reason| reason, |bps| format!("{currency}, {bps} bps of the mean equity"));
    match shown(equity, "residual", Form::Money, currency) {
        Ok(amount) => table.row(&["Residual: unexplained in all", amount.as_str(), share.as_str()]),
        Err(reason) => table.row(&["Residual: unexplained in all", NONE, reason.as_str()]),
    };
    table.render()
}
