//! `perfagg metrics`: everything, in METRICS.md's terms: in total, by account, by symbol, by month.

use super::{
    Journey,
    summary::{basis, heading},
};
use crate::{
    arguments::Reading,
    complaint::Complaint,
    figure::{self, NONE, text},
    output::plain,
    table::{Align, Table},
};
use perfagg::Failure;
use protocol::api::{Coverage, Sync};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The part of the answer that has one shape whatever is measured.
#[derive(Deserialize)]
struct Metrics {
    environment: String,
    quote_currency: String,
    as_of: String,
    session_expires: String,
    total: Option<Value>,
    #[serde(default)]
    accounts: Vec<Value>,
    #[serde(default)]
    symbols: Vec<Value>,
    #[serde(default)]
    months: Vec<Value>,
    coverage: Coverage,
    sync: Sync,
    #[serde(default)]
    why: Map<String, Value>,
}

/// Reads the metrics and shows them.
pub(super) async fn run(journey: &Journey, reading: &Reading) -> Result<(), Complaint> {
    let (_, metrics) = journey.read(reading, async |client, id| client.metrics(id).await).await?;
    if journey.output.json {
        return journey.output.result(metrics.json());
    }
    let metrics = Metrics::deserialize(&metrics.body).map_err(|_| Failure::AnswerForm)?;
    journey.output.result(&people(&metrics))
}

fn people(metrics: &Metrics) -> String {
    let currency = metrics.quote_currency.as_str();
    let mut page = format!(
        "{}Metrics in {}, as of {}\n\n",
        heading(&metrics.environment),
        plain(currency),
        figure::time(&metrics.as_of)
    );
    match &metrics.total {
        Some(total) => page.push_str(&in_total(total, currency)),
        None => {
            let reason = metrics.why.get("total").and_then(Value::as_str).unwrap_or("sync_in_progress");
            page.push_str(&format!("  No figures: {}.\n", figure::reason(reason)));
        }
    }
    if metrics.accounts.len() > 1 {
        page.push_str(&format!(
            "\nBy account, in {}\n\n{}",
            plain(currency),
            by_account(&metrics.accounts, currency)
        ));
    }
    if !metrics.symbols.is_empty() {
        page.push_str(&format!("\nBy symbol, each in its own currency\n\n{}", by_symbol(&metrics.symbols)));
    }
    if !metrics.months.is_empty() {
        page.push_str(&format!(
            "\nBy month (UTC), in {}\n\n{}",
            plain(currency),
            by_month(&metrics.months, currency)
        ));
    }
    let basis = basis(&metrics.coverage, &metrics.sync, &metrics.session_expires);
    page.push_str(&format!(
        "\nWhat it rests on\n\n{basis}\nRounded for reading: --json has every digit and every field.\n"
    ));
    page
}

/// How a figure is shown.
#[derive(Clone, Copy)]
enum Form {
    Money,
    Share,
    Ratio,
    Count,
    Time,
    Held,
}

const TOTAL: [(&str, &str, Form); 14] = [
    ("Realised profit, before fees", "realized_gross", Form::Money),
    ("Fees of what was realised", "realized_fees", Form::Money),
    ("Realised profit, after fees", "realized_net", Form::Money),
    ("Cost of what was closed", "matched_cost", Form::Money),
    ("Return on that cost", "return_on_cost", Form::Share),
    ("Sales with a known cost", "matched_share", Form::Share),
    ("Sold without a known cost", "unmatched_proceeds", Form::Money),
    ("Volume, both sides", "volume", Form::Money),
    ("Maker share of it", "maker_share", Form::Share),
    ("All fees", "fees_valued", Form::Money),
    ("Fills", "fills", Form::Count),
    ("Matches", "matches", Form::Count),
    ("First fill", "first_fill", Form::Time),
    ("Last fill", "last_fill", Form::Time),
];

const STATISTICS: [(&str, &str, Form); 16] = [
    ("Count", "count", Form::Count),
    ("Wins", "wins", Form::Count),
    ("Losses", "losses", Form::Count),
    ("Win rate", "win_rate", Form::Share),
    ("Gross profit", "gross_profit", Form::Money),
    ("Gross loss", "gross_loss", Form::Money),
    ("Profit factor", "profit_factor", Form::Ratio),
    ("Average win", "average_win", Form::Money),
    ("Average loss", "average_loss", Form::Money),
    ("Largest win", "largest_win", Form::Money),
    ("Largest loss", "largest_loss", Form::Money),
    ("Payoff ratio", "payoff_ratio", Form::Ratio),
    ("Expectancy", "expectancy", Form::Money),
    ("SQN", "sqn", Form::Ratio),
    ("Kelly fraction", "kelly", Form::Share),
    ("Average holding time", "average_holding_ms", Form::Held),
];

fn in_total(total: &Value, currency: &str) -> String {
    let mut figures = Table::new(&[Align::Left, Align::Right, Align::Left]);
    for (name, field, form) in TOTAL {
        let unit = if matches!(form, Form::Money) { currency } else { "" };
        match shown(total, field, form, currency) {
            Ok(value) => figures.row(&[name, &value, unit]),
            Err(reason) => figures.row(&[name, NONE, &reason]),
        };
    }
    let (mut trades, mut notes) =
        (Table::headed(&["Trades", "closed trades", "round trips"]), BTreeSet::new());
    for (name, field, form) in STATISTICS {
        let mut cell = |of: &str, whose: &str| {
            let statistics = total.get(of).unwrap_or(&Value::Null);
            shown(statistics, field, form, currency).unwrap_or_else(|reason| {
                notes.insert(format!("  {NONE} under {whose}: {reason}\n"));
                NONE.to_owned()
            })
        };
        let cells = [cell("trade_stats", "closed trades"), cell("round_trip_stats", "round trips")];
        trades.row(&[&[name.to_owned()], &cells[..]].concat());
    }
    let notes: String = notes.into_iter().collect();
    let basis = if total.get("incomplete_basis") == Some(&Value::Bool(true)) {
        "\n  Incomplete basis: something was sold whose cost is not known here (a deposit, a conversion, an older\n  \
         trade). The profit is that of the rest.\n"
    } else {
        ""
    };
    format!("{}{basis}\n{}{notes}", figures.render(), trades.render())
}

/// A figure, or why it does not exist.
fn shown(of: &Value, field: &str, form: Form, currency: &str) -> Result<String, String> {
    let Some(value) = text(of, field) else { return Err(why(of, field)) };
    let number = value.parse::<u64>();
    Ok(match form {
        Form::Money => figure::amount(&value, currency),
        Form::Share => figure::percent(&value),
        Form::Ratio => figure::ratio(&value),
        Form::Time => figure::time(&value),
        Form::Count => number.map_or(value, figure::count),
        Form::Held => {
            // A division may leave a fraction of a millisecond.
            let whole = value.split('.').next().and_then(|whole| whole.parse::<u64>().ok());
            whole.map_or(value, |ms| figure::duration(ms / 1000))
        }
    })
}

/// The reason in `why` of the same object: by field, or one for all.
fn why(of: &Value, field: &str) -> String {
    let code = match of.get("why") {
        Some(Value::String(code)) => Some(code.as_str()),
        Some(reasons) => reasons.get(field).and_then(Value::as_str),
        None => None,
    };
    code.map_or("no reason given".to_owned(), figure::reason)
}

/// A cell of a table of many: what does not exist is noted below.
fn cell(of: &Value, whose: &str, field: &str, form: Form, currency: &str, notes: &mut Vec<String>) -> String {
    shown(of, field, form, currency).unwrap_or_else(|reason| {
        notes.push(format!("  {}: no {}: {reason}\n", plain(whose), field.replace('_', " ")));
        NONE.to_owned()
    })
}

fn by_symbol(symbols: &[Value]) -> String {
    let titles =
        ["Symbol", "In", "Fills", "Realised net", "Fees", "Volume", "Win rate", "Known cost", "Position"];
    let (mut table, mut notes) = (Table::headed(&titles), Vec::new());
    for symbol in symbols {
        let name = text(symbol, "symbol").unwrap_or_default();
        let currency = text(symbol, "settlement_asset").unwrap_or_default();
        let mut cell = |field, form| cell(symbol, &name, field, form, &currency, &mut notes);
        let [fills, net] = [cell("fills", Form::Count), cell("realized_net", Form::Money)];
        let [fees, volume] = [cell("fees_valued", Form::Money), cell("volume", Form::Money)];
        let known = cell("matched_share", Form::Share);
        let statistics = symbol.get("trade_stats").unwrap_or(&Value::Null);
        let wins = shown(statistics, "win_rate", Form::Share, &currency).unwrap_or(NONE.to_owned());
        let position = text(symbol, "position").map_or(NONE.to_owned(), |held| figure::quantity(&held));
        table.row(&[&name, &currency, &fills, &net, &fees, &volume, &wins, &known, &position]);
    }
    table.render() + &notes.concat()
}

fn by_account(accounts: &[Value], currency: &str) -> String {
    let (mut table, mut notes) =
        (Table::headed(&["Account", "Fills", "Realised net", "Fees", "Volume"]), Vec::new());
    for account in accounts {
        let name = ["venue", "fingerprint"].map(|member| text(account, member).unwrap_or_default()).join(" ");
        let mut cell = |field, form| cell(account, &name, field, form, currency, &mut notes);
        let [fills, net] = [cell("fills", Form::Count), cell("realized_net", Form::Money)];
        let [fees, volume] = [cell("fees_valued", Form::Money), cell("volume", Form::Money)];
        table.row(&[&name, &fills, &net, &fees, &volume]);
    }
    table.render() + &notes.concat()
}

fn by_month(months: &[Value], currency: &str) -> String {
    let titles = ["Month", "Fills", "Volume", "Fees", "Realised gross", "Realised fees", "Realised net"];
    let (mut table, mut notes) = (Table::headed(&titles), Vec::new());
    for month in months {
        let name = text(month, "month").unwrap_or_default();
        let mut cells = vec![name.clone()];
        for (field, form) in [
            ("fills", Form::Count),
            ("volume", Form::Money),
            ("fees_valued", Form::Money),
            ("realized_gross", Form::Money),
            ("realized_fees", Form::Money),
            ("realized_net", Form::Money),
        ] {
            cells.push(cell(month, &name, field, form, currency, &mut notes));
        }
        table.row(&cells);
    }
    table.render() + &notes.concat()
}
