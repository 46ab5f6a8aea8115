//! Where an answer differs from what is expected, by the tolerance that a file or a case states.

use ledger::Decimal;
use serde_json::{Map, Value, json};

/// Of statistics: the larger of both.
#[derive(Clone, Copy)]
pub(super) struct Tolerance {
    relative: f64,
    absolute: f64,
}

impl Tolerance {
    /// METRICS.md section 9 where nothing is stated.
    pub(super) fn of(stated: &Value) -> Self {
        let part = |name: &str, usual: f64| stated.get(name).and_then(Value::as_f64).unwrap_or(usual);
        Self { relative: part("rel", 1e-9), absolute: part("abs", 1e-12) }
    }

    fn holds(self, expected: f64, ours: f64) -> bool {
        (expected - ours).abs() <= self.absolute.max(self.relative * expected.abs())
    }
}

/// Figures `{"v", "why"}` by name, or one of them. What is not expected may be answered.
pub(super) fn figures(tolerance: Tolerance, expected: &Value, ours: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut compare = |name: &str, expected: &Value, ours: &Value| {
        let part = |of: &Value, key: &str| of.get(key).cloned().unwrap_or(Value::Null);
        let shown =
            |of: &Value| format!("{} {}", part(of, "v"), part(of, "why").as_str().unwrap_or_default());
        let same = same(tolerance, &part(expected, "v"), &part(ours, "v"))
            && part(expected, "why") == part(ours, "why");
        if !same {
            found.push(format!("{name}: expected {}, got {}", shown(expected).trim(), shown(ours).trim()));
        }
    };
    match expected.as_object() {
        Some(expected) if expected.contains_key("status") => {
            for (name, value) in expected {
                let ours = ours.get(name).unwrap_or(&Value::Null);
                compare(name, &json!({ "v": value }), &json!({ "v": ours }));
            }
        }
        Some(by_name) if !by_name.contains_key("v") => {
            for (name, expected) in by_name {
                compare(name, expected, ours.get(name).unwrap_or(&Value::Null));
            }
        }
        _ => compare("v", expected, ours),
    }
    found
}

fn same(tolerance: Tolerance, expected: &Value, ours: &Value) -> bool {
    match (expected, ours) {
        (Value::Array(expected), Value::Array(ours)) => {
            expected.len() == ours.len() && expected.iter().zip(ours).all(|(e, o)| same(tolerance, e, o))
        }
        (Value::Number(e), Value::Number(o)) => {
            e.as_f64().zip(o.as_f64()).is_some_and(|(e, o)| tolerance.holds(e, o))
        }
        // Amounts are exact.
        (Value::String(e), Value::String(o)) => match (e.parse::<Decimal>(), o.parse::<Decimal>()) {
            (Ok(e), Ok(o)) => e == o,
            _ => e == o,
        },
        _ => expected == ours,
    }
}

/// Whole answers to fills.
pub(super) fn fills(case: &Value, stated: &Value, expected: &Value, ours: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let may_overflow = text(case, "must").as_deref() == Some("exact_or_error");
    if may_overflow && text(ours, "error").as_deref() == Some("OVERFLOW") {
        return Vec::new();
    }
    let kinds = case.get("instruments").and_then(Value::as_object);
    let inverse =
        kinds.is_some_and(|of| of.values().any(|of| text(of, "kind").as_deref() == Some("inverse")));
    let rules = Rules::of(stated, inverse);
    let mut found = Vec::new();
    rules.differences("", expected, ours, &mut found);
    found
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

/// What the files say of fields in words, with the numbers that they state.
struct Rules {
    inverse: bool,
    /// Least, and relative.
    amounts: (Decimal, Decimal),
    ratios: Decimal,
}

impl Rules {
    fn of(stated: &Value, inverse: bool) -> Self {
        let numbers = |name: &str| numbers(stated.get(name).and_then(Value::as_str).unwrap_or_default());
        let usual = |text: &str| text.parse().unwrap_or_default();
        let amounts = match numbers("amounts").as_slice() {
            [least, relative, ..] => (*least, *relative),
            _ => (usual("1e-18"), usual("1e-24")),
        };
        let ratios = numbers("ratios").first().copied().unwrap_or_else(|| usual("1e-12"));
        Self { inverse, amounts, ratios }
    }

    /// Each difference with its path.
    fn differences(&self, path: &str, expected: &Value, ours: &Value, found: &mut Vec<String>) {
        match (named(expected), named(ours)) {
            (Value::Object(expected), Value::Object(ours)) => {
                for key in expected.keys().chain(ours.keys().filter(|key| !expected.contains_key(*key))) {
                    let [e, o] = [&expected, &ours].map(|of| of.get(key).unwrap_or(&Value::Null));
                    self.differences(&format!("{path}.{key}"), e, o, found);
                }
            }
            (Value::Array(expected), Value::Array(ours)) if expected.len() == ours.len() => {
                for (at, (e, o)) in expected.iter().zip(&ours).enumerate() {
                    self.differences(&format!("{path}[{at}]"), e, o, found);
                }
            }
            (expected, ours) if self.close(path, &expected, &ours) => {}
            (expected, ours) => {
                found.push(format!("{}: expected {expected}, got {ours}", path.trim_start_matches('.')));
            }
        }
    }

    /// Equal, by the rule for a field; what no rule names is exact.
    fn close(&self, path: &str, expected: &Value, ours: &Value) -> bool {
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
        let within = |(least, relative): (Decimal, Decimal)| {
            let off = e.checked_sub(o).map(Decimal::abs);
            let bound = e.abs().checked_mul(relative).map(|bound| bound.max(least));
            off.ok().zip(bound.ok()).is_some_and(|(off, bound)| off <= bound)
        };
        let name = path.rsplit('.').next().unwrap_or_default();
        let in_trade = path.starts_with(".trades") && name == "held_ms";
        if RATIOS.contains(&name) || name.starts_with("average_") || in_trade {
            // A ratio that was cut to 24 decimals may differ by half of the last one.
            within(("1e-24".parse().unwrap_or_default(), self.ratios))
        } else if AMOUNTS.contains(&name) || (self.inverse && EXACT.contains(&name)) {
            within(self.amounts)
        } else {
            e == o
        }
    }
}

/// Numbers as `1e-18` in a sentence.
fn numbers(text: &str) -> Vec<Decimal> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'));
    words.filter(|word| word.contains("e-")).filter_map(|word| word.parse().ok()).collect()
}

/// A table with its rows as objects, so that a difference has a name.
fn named(value: &Value) -> Value {
    let Some(columns) = value.get("columns").and_then(Value::as_array) else { return value.clone() };
    let row = |row: &Value| -> Value {
        let cells = row.as_array().into_iter().flatten().cloned();
        let names = columns.iter().map(|column| column.as_str().unwrap_or_default().to_owned());
        names.zip(cells).collect::<Map<_, _>>().into()
    };
    let rows = |name: &str| {
        value.get(name).and_then(Value::as_array).map(|part| part.iter().map(row).collect::<Vec<_>>())
    };
    json!({ "count": value.get("count"), "rows": rows("rows"), "first": rows("first"), "last": rows("last") })
}
