//! What fills brought, in METRICS.md's names (sections 2 and 5): in total, by account, by symbol and by month.

use super::sheet::Sheet;
use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
};
use ledger::{
    AverageCost, Currency, Decimal, Figures, Instrument, Measured, Month, MonthTotals, Open, Performance,
    Statistics, Symbol, TradeAggregator, returns::MonthReturn,
};
use serde_json::{Map, Value, json};

/// A performance.
pub(super) fn performance(performance: &Performance) -> Sheet {
    let Performance {
        fills,
        first_fill,
        last_fill,
        volume,
        maker_share,
        fees_by_asset,
        fees_valued,
        fees_unvalued,
        matches,
        realized_gross,
        realized_fees,
        realized_net,
        matched_cost,
        return_on_cost,
        matched_share,
        unmatched_proceeds,
        incomplete_basis,
        trades,
        round_trips,
    } = performance;
    let mut sheet = Sheet::default();
    sheet.put("fills", *fills);
    sheet.time("first_fill", *first_fill);
    sheet.time("last_fill", *last_fill);
    sheet.amount("volume", *volume);
    sheet.amount("maker_share", *maker_share);
    sheet.by_asset("fees_by_asset", fees_by_asset);
    sheet.amount("fees_valued", *fees_valued);
    sheet.by_asset("fees_unvalued", fees_unvalued);
    sheet.put("matches", *matches);
    sheet.amount("realized_gross", *realized_gross);
    sheet.amount("realized_fees", *realized_fees);
    sheet.amount("realized_net", *realized_net);
    sheet.amount("matched_cost", *matched_cost);
    sheet.amount("return_on_cost", *return_on_cost);
    sheet.amount("matched_share", *matched_share);
    sheet.amount("unmatched_proceeds", *unmatched_proceeds);
    sheet.put("incomplete_basis", *incomplete_basis);
    sheet.put("trade_stats", statistics(trades));
    sheet.put("round_trip_stats", statistics(round_trips));
    sheet
}

/// Without a trade, or when one could not be valued, only the count exists.
fn statistics(of: &Statistics) -> Value {
    let mut sheet = Sheet::default();
    sheet.put("count", of.count);
    sheet.put("low_sample", of.low_sample());
    let Figures {
        wins,
        losses,
        scratches,
        win_rate,
        gross_profit,
        gross_loss,
        profit_factor,
        average_win,
        average_loss,
        largest_win,
        largest_loss,
        payoff_ratio,
        expectancy,
        max_consecutive_wins,
        max_consecutive_losses,
        sqn,
        kelly,
        average_holding_ms,
    } = match &of.figures {
        Ok(figures) => figures,
        Err(_) if of.count == 0 => return json!({ "count": 0 }),
        Err(reason) => return json!({ "count": of.count, "why": reason.as_str() }),
    };
    for (field, count) in [
        ("wins", wins),
        ("losses", losses),
        ("scratches", scratches),
        ("max_consecutive_wins", max_consecutive_wins),
        ("max_consecutive_losses", max_consecutive_losses),
    ] {
        sheet.put(field, *count);
    }
    sheet.put("gross_profit", gross_profit.to_string());
    sheet.put("gross_loss", gross_loss.to_string());
    for (field, value) in [
        ("win_rate", win_rate),
        ("profit_factor", profit_factor),
        ("average_win", average_win),
        ("average_loss", average_loss),
        ("largest_win", largest_win),
        ("largest_loss", largest_loss),
        ("payoff_ratio", payoff_ratio),
        ("expectancy", expectancy),
        ("sqn", sqn),
        ("kelly", kelly),
        ("average_holding_ms", average_holding_ms),
    ] {
        sheet.amount(field, *value);
    }
    sheet.finished().into()
}

/// Winning trades among closed trades.
pub(super) fn win_rate(performance: &Performance) -> Measured<Decimal> {
    performance.trades.figures.as_ref().map_err(|reason| *reason)?.win_rate
}

/// Each symbol in its settlement asset, with what is open.
pub(super) fn by_symbol(ledger: &TradeAggregator) -> Value {
    let symbols = ledger.symbols().into_iter().filter_map(|symbol| {
        let mut sheet = performance(&ledger.symbol(symbol, Currency::Settlement));
        sheet.join(open(ledger, symbol, ledger.instrument(symbol)?));
        Some(sheet.finished())
    });
    symbols.map(Value::Object).collect()
}

fn open(ledger: &TradeAggregator, symbol: &Symbol, instrument: &Instrument) -> Sheet {
    let Open { position, open_cost, average_entry, unmatched_quantity, open_lots } = ledger.open(symbol);
    let mut sheet = Sheet::default();
    sheet.put("symbol", symbol.as_str());
    sheet.put("base", instrument.base.as_str());
    sheet.put("quote", instrument.quote.as_str());
    sheet.put("settlement_asset", instrument.settlement().as_str());
    sheet.amount("position", position);
    sheet.put("open_lots", open_lots);
    sheet.amount("open_cost", open_cost);
    sheet.amount("average_entry", average_entry);
    sheet.amount("unmatched_qty", unmatched_quantity);
    sheet.put("average_cost", average_cost(&ledger.average_cost(symbol, Currency::Settlement)));
    sheet
}

/// What average cost makes of the same fills (METRICS.md section 8), beside FIFO.
fn average_cost(of: &AverageCost) -> Map<String, Value> {
    let AverageCost { realized_gross, realized_fees, realized_net, open_cost, average_entry } = *of;
    let mut sheet = Sheet::default();
    sheet.amount("realized_gross", realized_gross);
    sheet.amount("realized_fees", realized_fees);
    sheet.amount("realized_net", realized_net);
    sheet.amount("open_cost", open_cost);
    sheet.amount("average_entry", average_entry);
    sheet.finished()
}

/// Each month that has fills or a return, in the reporting currency.
pub(super) fn by_month(totals: &BTreeMap<Month, MonthTotals>, returns: &[MonthReturn]) -> Value {
    let returns: BTreeMap<Month, &MonthReturn> = returns.iter().map(|month| (month.month, month)).collect();
    let mut months: BTreeMap<Month, Sheet> = BTreeMap::new();
    for month in totals.keys().chain(returns.keys()) {
        let zero = Ok(Decimal::ZERO);
        let none = MonthTotals {
            fills: 0,
            volume: zero,
            fees_valued: zero,
            realized_gross: zero,
            realized_fees: zero,
            realized_net: zero,
        };
        let MonthTotals { fills, volume, fees_valued, realized_gross, realized_fees, realized_net } =
            totals.get(month).unwrap_or(&none);
        let mut sheet = Sheet::default();
        sheet.put("month", month.to_string());
        sheet.put("fills", *fills);
        sheet.amount("volume", *volume);
        sheet.amount("fees_valued", *fees_valued);
        sheet.amount("realized_gross", *realized_gross);
        sheet.amount("realized_fees", *realized_fees);
        sheet.amount("realized_net", *realized_net);
        match returns.get(month) {
            Some(MonthReturn { month: _, r, days }) => {
                sheet.ratio("return", *r);
                sheet.put("days", *days);
            }
            None => {
                sheet.ratio("return", Err(ledger::Reason::InsufficientData));
                sheet.put("days", 0);
            }
        }
        months.insert(*month, sheet);
    }
    months.into_values().map(|sheet| Value::Object(sheet.finished())).collect()
}
