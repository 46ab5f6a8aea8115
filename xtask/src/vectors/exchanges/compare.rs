//! Got against expected, as the README of the cases says: `null` is not compared, numbers as decimals, lists without regard to
//! their order.

use ledger::Decimal;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn reply(case: &Value, expected: &Value, got: &Value) -> Vec<String> {
    match case["need"].as_str().unwrap_or_default() {
        "balances" => balances(expected, got),
        "permission" => members(expected, got, &["note"]),
        "error" => members(expected, got, &["unified_class", "code"]),
        "klines" => rows(expected, got, |a, b| values("kline", a, b)),
        _ if expected.is_array() => rows(expected, got, |a, b| members(a, b, &[])),
        _ => values("it", expected, got),
    }
}

fn rows(expected: &Value, got: &Value, differ: impl Fn(&Value, &Value) -> Vec<String>) -> Vec<String> {
    let (Some(expected), Some(got)) = (expected.as_array(), got.as_array()) else {
        return vec![format!("no list: {got}")];
    };
    let mut found = Vec::new();
    if expected.len() != got.len() {
        found.push(format!("{} rows, expected {}", got.len(), expected.len()));
    }
    let mut left: Vec<&Value> = got.iter().collect();
    for row in expected {
        let nearest =
            left.iter().enumerate().map(|(at, other)| (differ(row, other), at)).min_by_key(|(d, _)| d.len());
        match nearest {
            None => found.push(format!("missing: {row}")),
            Some((differences, at)) => {
                left.remove(at);
                found.extend(differences);
            }
        }
    }
    found
}

fn members(expected: &Value, got: &Value, but: &[&str]) -> Vec<String> {
    let Some(expected) = expected.as_object() else { return values("it", expected, got) };
    let each = expected.iter().filter(|(name, _)| !but.contains(&name.as_str()));
    each.flat_map(|(name, value)| match name.as_str() {
        "fees" => fees(value, &got["fees"]),
        _ => values(name, value, &got[name]),
    })
    .collect()
}

fn values(name: &str, expected: &Value, got: &Value) -> Vec<String> {
    let differs = || vec![format!("{name}: {got}, expected {expected}")];
    match (expected, got) {
        (Value::Null, _) => Vec::new(),
        (Value::Object(_), Value::Object(_)) => members(expected, got, &[]),
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).flat_map(|(a, b)| values(name, a, b)).collect()
        }
        _ if expected == got => Vec::new(),
        _ => match (decimal(expected), decimal(got)) {
            (Some(a), Some(b)) if a == b || (name == "cost" && is_near(a, b)) => Vec::new(),
            _ => differs(),
        },
    }
}

fn decimal(value: &Value) -> Option<Decimal> {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().ok()
}

/// To 12 significant digits.
fn is_near(a: Decimal, b: Decimal) -> bool {
    let difference = a.checked_sub(b).map(|d| if d.is_negative() { d.negated() } else { d });
    let within = "0.000000000001".parse::<Decimal>().ok().zip(difference.ok());
    let size = if a.is_negative() { a.negated() } else { a };
    within.is_some_and(|(unit, difference)| size.checked_mul(unit).is_ok_and(|most| difference <= most))
}

/// As sets without zeros; a fee without a currency compares its cost.
fn fees(expected: &Value, got: &Value) -> Vec<String> {
    let is_some = |fee: &Value| decimal(&fee["cost"]).is_none_or(|cost| !cost.is_zero());
    let list = |value: &Value| -> Vec<Value> {
        value.as_array().into_iter().flatten().filter(|fee| is_some(fee)).cloned().collect()
    };
    let (expected, got) = (list(expected), list(got));
    let mut left: Vec<&Value> = got.iter().collect();
    let mut found = Vec::new();
    for fee in &expected {
        match left.iter().position(|other| members(fee, other, &[]).is_empty()) {
            Some(at) => drop(left.remove(at)),
            None => found.push(format!("fee {fee} is not among {got:?}")),
        }
    }
    found.extend(left.iter().map(|fee| format!("fee {fee} is not expected")));
    found
}

/// Balances that are zero throughout may be left out.
fn balances(expected: &Value, got: &Value) -> Vec<String> {
    let none = Map::new();
    let (expected, got) = (expected.as_object().unwrap_or(&none), got.as_object().unwrap_or(&none));
    let is_zero = |row: &Value| {
        row.as_object()
            .is_some_and(|row| row.values().all(|v| v.is_null() || decimal(v).is_some_and(|n| n.is_zero())))
    };
    let mut found = Vec::new();
    for (asset, row) in expected {
        match got.get(asset) {
            Some(told) => found.extend(members(row, told, &[]).into_iter().map(|d| format!("{asset}.{d}"))),
            None if is_zero(row) => {}
            None => found.push(format!("{asset} is missing")),
        }
    }
    let more = got.iter().filter(|(asset, row)| !expected.contains_key(*asset) && !is_zero(row));
    found.extend(more.map(|(asset, row)| format!("{asset} is not expected: {row}")));
    found
}

/// Method, host and path; the set of parameters; headers. What may be chosen otherwise is in `free`, and signatures follow
/// from it: their own tests are where they are made. Headers that say which program asks are not compared: it is another one.
pub(super) fn request(document: &Value, case: &Value, got: &Value) -> Vec<String> {
    let http = &case["http"];
    let free: BTreeSet<String> = document["free"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_ascii_lowercase)
        .chain(["signature".to_owned()])
        .collect();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (url, place) = (text(&got["url"]), format!("{}{}", text(&http["origin"]), text(&http["path"])));
    let (to, query) = url.split_once('?').unwrap_or((&url, ""));
    let mut found = values("method", &http["method"], &got["method"]);
    if to != place {
        found.push(format!("{to}, expected {place}"));
    }
    for (what, expected, got) in
        [("query", text(&http["query"]), query.to_owned()), ("body", text(&http["body"]), text(&got["body"]))]
    {
        let (expected, got) = (parameters(&expected, &free), parameters(&got, &free));
        if expected != got {
            found.push(format!("{what}: {got:?}, expected {expected:?}"));
        }
    }
    let is_free = |name: &str| {
        let name = name.to_ascii_lowercase();
        free.iter()
            .any(|free| *free == name || free.strip_suffix('*').is_some_and(|start| name.starts_with(start)))
    };
    let signed = case.pointer("/sign/where").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let headers = |value: &Value| -> BTreeMap<String, String> {
        let all = value.as_object().into_iter().flatten();
        all.map(|(name, value)| (name.to_ascii_lowercase(), text(value)))
            .filter(|(name, _)| {
                !is_free(name)
                    && !matches!(name.as_str(), "content-type" | "accept" | "user-agent" | "apca-partner-id")
            })
            .map(
                |(name, value)| {
                    if signed.contains(&name) { (name, "signed".to_owned()) } else { (name, value) }
                },
            )
            .collect()
    };
    let (expected, got) = (headers(&http["headers"]), headers(&got["headers"]));
    if expected != got {
        found.push(format!("headers: {got:?}, expected {expected:?}"));
    }
    found
}

/// The parameters of a query, a form or a JSON object.
fn parameters(text: &str, free: &BTreeSet<String>) -> BTreeSet<String> {
    let is_free = |name: &str| free.contains(&name.to_ascii_lowercase());
    if let Ok(Value::Object(object)) = serde_json::from_str(text) {
        return object
            .into_iter()
            .filter(|(name, _)| !is_free(name))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
    }
    let each = text.split('&').filter(|pair| !pair.is_empty());
    each.filter(|pair| !is_free(pair.split('=').next().unwrap_or_default())).map(str::to_owned).collect()
}
