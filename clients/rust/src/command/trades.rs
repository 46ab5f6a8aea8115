//! Pages of what fills brought: in total, by symbol, by account, by month (METRICS.md sections 2 and 5).

use crate::{
    figure::{self, NONE, text},
    shown::{Form, cell, shown},
    table::{Align, Table},
};
use serde_json::Value;
use std::collections::BTreeSet;

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

/// In total.
pub(super) fn in_total(total: &Value, currency: &str) -> String {
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
        "\n  Incomplete basis: something was sold whose cost is not known here (a deposit, a conversion, an\n  \
         older trade). The profit is that of the rest.\n"
    } else {
        ""
    };
    format!("{}{basis}\n{}{notes}", figures.render(), trades.render())
}

/// By symbol.
pub(super) fn by_symbol(symbols: &[Value]) -> String {
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

/// By account.
pub(super) fn by_account(accounts: &[Value], currency: &str) -> String {
    let titles = ["Account", "Equity", "Return", "Fills", "Realised net", "Fees", "Volume"];
    let (mut table, mut notes) = (Table::headed(&titles), Vec::new());
    for account in accounts {
        let name = ["venue", "fingerprint"].map(|member| text(account, member).unwrap_or_default()).join(" ");
        // The beginning of a hash tells accounts apart.
        let name: String = name.chars().take(20).collect();
        let mut cell = |of: &str, field, form| {
            let of = if of.is_empty() { account } else { account.get(of).unwrap_or(&Value::Null) };
            cell(of, &name, field, form, currency, &mut notes)
        };
        let [equity, twr] = [cell("equity", "equity", Form::Money), cell("returns", "twr", Form::Return)];
        let [fills, net] = [cell("", "fills", Form::Count), cell("", "realized_net", Form::Money)];
        let [fees, volume] = [cell("", "fees_valued", Form::Money), cell("", "volume", Form::Money)];
        table.row(&[&name, &equity, &twr, &fills, &net, &fees, &volume]);
    }
    table.render() + &notes.concat()
}

/// By month.
pub(super) fn by_month(months: &[Value], currency: &str) -> String {
    let titles =
        ["Month", "Return", "Days", "Fills", "Volume", "Fees", "Realised gross", "Its fees", "Realised net"];
    let (mut table, mut notes) = (Table::headed(&titles), Vec::new());
    for month in months {
        let name = text(month, "month").unwrap_or_default();
        let mut cells = vec![name.clone()];
        for (field, form) in [
            ("return", Form::Return),
            ("days", Form::Count),
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
