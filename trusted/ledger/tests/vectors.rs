//! The cases of `vectors/fills`, and those of `PERFAGG_VECTORS` if it is set: answers are made from a case's inputs
//! alone, then compared with what it expects, by the tolerances that the files state.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "test code")]

use ledger::{
    Asset, Decimal, Figures, Fill, Instrument, InstrumentKind, LedgerError, Liquidity, Match, Measured,
    Price, Quantity, RoundTrip, Side, Statistics, Timestamp, Trade, TradeAggregator,
};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Numbers stand as strings, whole ones now and then as numbers.
fn decimal(value: &Value) -> Decimal {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

fn instrument(symbol: &str, of: &Value) -> Instrument {
    Instrument {
        symbol: symbol.into(),
        kind: match of["kind"].as_str().unwrap() {
            "spot" => InstrumentKind::Spot,
            "linear" => InstrumentKind::Linear,
            _ => InstrumentKind::Inverse,
        },
        base: of["base"].as_str().unwrap().into(),
        quote: of["quote"].as_str().unwrap().into(),
        multiplier: if of["multiplier"].is_null() { Decimal::ONE } else { decimal(&of["multiplier"]) },
    }
}

fn fill(columns: &[Value], row: &[Value]) -> Fill {
    let field =
        |name: &str| columns.iter().position(|column| column == name).map_or(&Value::Null, |at| &row[at]);
    let text = |name: &str| field(name).as_str().unwrap();
    Fill {
        account: text("account").into(),
        symbol: text("symbol").into(),
        id: text("id").into(),
        order_id: field("order_id").as_str().map(Into::into),
        time: Timestamp::from_millis(field("ts").as_i64().unwrap()),
        sequence: field("seq").as_u64(),
        side: if text("side") == "buy" { Side::Buy } else { Side::Sell },
        quantity: Quantity(decimal(field("qty"))),
        price: Price(decimal(field("price"))),
        fee: decimal(field("fee")),
        fee_asset: text("fee_asset").into(),
        liquidity: match field("liquidity").as_str() {
            Some("maker") => Liquidity::Maker,
            Some("taker") => Liquidity::Taker,
            _ => Liquidity::Unknown,
        },
        fee_rate: Some(field("fee_rate")).filter(|rate| !rate.is_null()).map(|rate| Price(decimal(rate))),
        reporting_rate: None,
    }
}

/// The answer to a case, in the shape of its `expect`, from its inputs alone.
fn answer(case: &Value) -> Value {
    match ledger_of(case) {
        Ok((ledger, duplicates)) => describe(&ledger, duplicates, case),
        Err(error) => json!({ "status": "error", "error": error.code() }),
    }
}

fn ledger_of(case: &Value) -> Result<(TradeAggregator, usize), LedgerError> {
    let mut ledger = TradeAggregator::new(Asset::from("USDT"));
    for (symbol, of) in case["instruments"].as_object().unwrap() {
        ledger.add_instrument(instrument(symbol, of))?;
    }
    let columns = case["columns"].as_array().unwrap();
    let fills =
        case["fills"].as_array().unwrap().iter().map(|row| fill(columns, row.as_array().unwrap())).collect();
    let applied = ledger.apply(fills)?;
    Ok((ledger, applied.duplicates))
}

fn number(value: Measured<Decimal>) -> Value {
    value.map_or(Value::Null, |value| value.to_string().into())
}

fn option(value: Option<Decimal>) -> Value {
    value.map_or(Value::Null, |value| value.to_string().into())
}

fn by_asset(fees: &BTreeMap<Asset, Measured<Decimal>>) -> Value {
    fees.iter().map(|(asset, sum)| (asset.to_string(), number(*sum))).collect::<Map<_, _>>().into()
}

fn matches(ledger: &TradeAggregator) -> Value {
    let columns = [
        "open",
        "close",
        "side",
        "qty",
        "open_price",
        "close_price",
        "gross",
        "open_fee",
        "close_fee",
        "net",
        "held_ms",
    ];
    let row = |done: &Match| {
        let net = option(done.net().transpose().unwrap());
        json!([
            done.open.as_str(),
            done.close.as_str(),
            done.direction.as_str(),
            done.quantity.to_string(),
            done.open_price.to_string(),
            done.close_price.to_string(),
            done.gross.to_string(),
            option(done.open_fee),
            option(done.close_fee),
            net,
            done.held_ms()
        ])
    };
    table(ledger.matches().into_iter().map(row).collect(), &columns)
}

fn trades(ledger: &TradeAggregator) -> Value {
    let row = |trade: &Trade| {
        json!([
            &*trade.order,
            trade.direction.as_str(),
            trade.quantity.to_string(),
            trade.gross.to_string(),
            number(trade.net),
            trade.closed.millis(),
            number(trade.held_ms())
        ])
    };
    let columns = ["order", "side", "qty", "gross", "net", "close_ts", "held_ms"];
    table(ledger.trades().into_iter().map(row).collect(), &columns)
}

fn round_trips(ledger: &TradeAggregator) -> Value {
    let row = |trip: &RoundTrip| {
        json!([
            trip.direction.as_str(),
            trip.opened.millis(),
            trip.closed.millis(),
            trip.quantity.to_string(),
            trip.gross.to_string(),
            number(trip.fees),
            number(trip.net)
        ])
    };
    let columns = ["side", "open_ts", "close_ts", "qty", "gross", "fees", "net"];
    table(ledger.round_trips().into_iter().map(row).collect(), &columns)
}

fn describe(ledger: &TradeAggregator, duplicates: usize, case: &Value) -> Value {
    let all = ledger.settled();
    let mut answer = json!({
        "status": "ok",
        "fills": all.fills,
        "duplicates": duplicates,
        "volume": number(all.volume),
        "maker_share": number(all.maker_share),
        "fees_by_asset": by_asset(&all.fees_by_asset),
        "fees_valued": number(all.fees_valued),
        "fees_unvalued": by_asset(&all.fees_unvalued),
        "matches": matches(ledger),
        "realized_gross": number(all.realized_gross),
        "realized_fees": number(all.realized_fees),
        "realized_net": number(all.realized_net),
        "matched_cost": number(all.matched_cost),
        "return_on_cost": number(all.return_on_cost),
        "books": books(ledger),
        "incomplete_basis": all.incomplete_basis,
        "trades": trades(ledger),
        "round_trips": round_trips(ledger),
        "trade_stats": statistics(&all.trades),
        "round_trip_stats": statistics(&all.round_trips),
    });
    if let Some(funding) = case["funding"].as_array() {
        let sum = funding
            .iter()
            .fold(Decimal::ZERO, |sum, line| sum.checked_add(decimal(&line["amount"])).unwrap());
        answer["funding"] = sum.to_string().into();
        answer["realized_net_with_funding"] =
            number(all.realized_net.map(|net| net.checked_add(sum).unwrap()));
    }
    answer
}

/// Past 60 rows only the first and the last three.
fn table(rows: Vec<Value>, columns: &[&str]) -> Value {
    let count = rows.len();
    if count <= 60 {
        json!({ "count": count, "columns": columns, "rows": rows })
    } else {
        json!({ "count": count, "columns": columns, "first": rows[..3], "last": rows[count - 3..] })
    }
}

fn books(ledger: &TradeAggregator) -> Value {
    ledger
        .books()
        .map(|(account, symbol, book)| {
            let lots: Vec<Value> = book
                .open_lots()
                .map(|lot| {
                    json!({
                        "id": lot.id.as_str(), "side": lot.direction.as_str(), "qty": lot.quantity().to_string(),
                        "price": lot.price.to_string(), "fee_left": option(lot.fee_left())
                    })
                })
                .collect();
            json!({
                "account": account, "symbol": symbol.as_str(), "position": number(book.position()), "open_lots": lots,
                "open_cost": number(book.open_cost()), "average_entry": number(book.average_entry()),
                "unmatched_qty": book.unmatched_quantity().to_string(),
                "unmatched_proceeds": book.unmatched_proceeds().to_string()
            })
        })
        .collect()
}

fn statistics(of: &Statistics) -> Value {
    match &of.figures {
        Err(_) if of.count == 0 => json!({ "count": 0 }),
        Err(why) => json!({ "count": of.count, "why": why.as_str() }),
        Ok(Figures {
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
        }) => json!({
            "count": of.count, "wins": wins, "losses": losses, "scratches": scratches, "win_rate": number(*win_rate),
            "gross_profit": gross_profit.to_string(), "gross_loss": gross_loss.to_string(),
            "profit_factor": number(*profit_factor), "average_win": number(*average_win), "average_loss": number(*average_loss),
            "payoff_ratio": number(*payoff_ratio), "expectancy": number(*expectancy), "largest_win": number(*largest_win),
            "largest_loss": number(*largest_loss), "max_consecutive_wins": max_consecutive_wins,
            "max_consecutive_losses": max_consecutive_losses, "sqn": number(*sqn), "kelly": number(*kelly),
            "average_holding_ms": number(*average_holding_ms),
        }),
    }
}

/// A table with its rows as objects, so that a difference has a name.
fn named(value: &Value) -> Value {
    let Some(columns) = value["columns"].as_array() else { return value.clone() };
    let row = |row: &Value| -> Value {
        let cells = row.as_array().unwrap().iter().cloned();
        columns
            .iter()
            .map(|column| column.as_str().unwrap().to_owned())
            .zip(cells)
            .collect::<Map<_, _>>()
            .into()
    };
    let rows = |part: &Value| part.as_array().map(|part| part.iter().map(row).collect::<Vec<_>>());
    json!({ "count": value["count"], "rows": rows(&value["rows"]), "first": rows(&value["first"]), "last": rows(&value["last"]) })
}

/// Differences between an expected value and ours, each with its path.
fn differences(path: &str, inverse: bool, expected: &Value, ours: &Value, found: &mut Vec<String>) {
    match (named(expected), named(ours)) {
        (Value::Object(expected), Value::Object(ours)) => {
            for key in expected.keys().chain(ours.keys().filter(|key| !expected.contains_key(*key))) {
                let (e, o) =
                    (expected.get(key).unwrap_or(&Value::Null), ours.get(key).unwrap_or(&Value::Null));
                differences(&format!("{path}.{key}"), inverse, e, o, found);
            }
        }
        (Value::Array(expected), Value::Array(ours)) if expected.len() == ours.len() => {
            for (at, (e, o)) in expected.iter().zip(&ours).enumerate() {
                differences(&format!("{path}[{at}]"), inverse, e, o, found);
            }
        }
        (expected, ours) if close(path, inverse, &expected, &ours) => {}
        (expected, ours) => found.push(format!("{path}: expected {expected}, got {ours}")),
    }
}

/// Amounts that never need a quotient, but on inverse instruments.
const EXACT: [&str; 4] = ["gross", "realized_gross", "matched_cost", "open_cost"];

/// Amounts that may be a quotient: fee shares, what is net of them, and profit in base.
const AMOUNTS: [&str; 13] = [
    "fees_valued",
    "realized_fees",
    "realized_net",
    "realized_net_with_funding",
    "open_fee",
    "close_fee",
    "fee_left",
    "fees",
    "net",
    "gross_profit",
    "gross_loss",
    "largest_win",
    "largest_loss",
];

const RATIOS: [&str; 8] = [
    "win_rate",
    "profit_factor",
    "payoff_ratio",
    "kelly",
    "sqn",
    "return_on_cost",
    "maker_share",
    "expectancy",
];

/// Equal, by the tolerance that the files state for a field; what they do not name is exact.
fn close(path: &str, inverse: bool, expected: &Value, ours: &Value) -> bool {
    if expected == ours {
        return true;
    }
    let read = |value: &Value| -> Option<Decimal> {
        match value {
            Value::Number(number) => number.to_string().parse().ok(),
            Value::String(text) => text.trim_start_matches('~').parse().ok(),
            _ => None,
        }
    };
    let (Some(e), Some(o)) = (read(expected), read(ours)) else { return false };
    let off = e.checked_sub(o).unwrap().abs();
    let within = |share: &str, least: &str| {
        let relative = e.abs().checked_mul(share.parse().unwrap()).unwrap();
        off <= relative.max(least.parse().unwrap())
    };
    let name = path.rsplit('.').next().unwrap_or_default();
    let in_trade = path.starts_with(".trades") && name == "held_ms";
    if RATIOS.contains(&name) || name.starts_with("average_") || in_trade {
        // A ratio that was cut to 24 decimals may differ by half of the last one.
        within("1e-12", "1e-24")
    } else if AMOUNTS.contains(&name) || (inverse && EXACT.contains(&name)) {
        within("1e-24", "1e-18")
    } else {
        e == o
    }
}

fn run(path: &Path) {
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert!(!cases.is_empty(), "{}", path.display());
    for case in cases {
        let ours = answer(case);
        if case["must"] == "exact_or_error" && ours["error"] == "OVERFLOW" {
            continue;
        }
        let inverse = case["instruments"].as_object().unwrap().values().any(|of| of["kind"] == "inverse");
        let mut found = Vec::new();
        differences("", inverse, &case["expect"], &ours, &mut found);
        assert!(found.is_empty(), "{}, {}:\n{}", path.display(), case["name"], found.join("\n"));
    }
}

/// Every file of fills in a folder.
fn run_all(folder: &Path) -> usize {
    let is_fills = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("fills_") && name.ends_with(".json")
    };
    let files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(is_fills).collect();
    files.iter().for_each(|path| run(path));
    files.len()
}

#[test]
fn every_case_gives_what_outside_programs_gave() {
    assert!(run_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/fills")) >= 2);
}

#[test]
fn cases_outside_the_repository_pass_too() {
    #[expect(clippy::disallowed_methods, reason = "where vectors are that are not part of the repository")]
    let Some(folder) = std::env::var_os("PERFAGG_VECTORS") else {
        println!("skipped: PERFAGG_VECTORS is not set");
        return;
    };
    assert!(run_all(&Path::new(&folder).join("metrics")) >= 1);
}
