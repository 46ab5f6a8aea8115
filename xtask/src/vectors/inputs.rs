//! Reading what a case gives: numbers as text or as JSON numbers, dates, and what is wrong with them.

use anyhow::{Context as _, bail};
use ledger::{Day, Decimal, Measured, Reason, Timestamp};
use serde_json::{Value, json};

/// A field that must be there.
pub(super) fn field<'a>(of: &'a Value, name: &str) -> anyhow::Result<&'a Value> {
    of.get(name).filter(|value| !value.is_null()).with_context(|| format!("has no {name}"))
}

/// A field that may be missing or null.
pub(super) fn optional<'a>(of: &'a Value, name: &str) -> Option<&'a Value> {
    of.get(name).filter(|value| !value.is_null())
}

pub(super) fn list<'a>(of: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    field(of, name)?.as_array().with_context(|| format!("{name} is not a list"))
}

pub(super) fn text<'a>(of: &'a Value, what: &str) -> anyhow::Result<&'a str> {
    of.as_str().with_context(|| format!("{what} is {of}, not a text"))
}

/// A number as it is written, exact.
pub(super) fn decimal(of: &Value, what: &str) -> anyhow::Result<Decimal> {
    let text = match of {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => bail!("{what} is {of}, not a number"),
    };
    text.parse().map_err(anyhow::Error::from).with_context(|| format!("{what} is {text}"))
}

pub(super) fn double(of: &Value, what: &str) -> anyhow::Result<f64> {
    let read = match of {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    read.with_context(|| format!("{what} is {of}, not a number"))
}

pub(super) fn doubles(of: &Value, name: &str) -> anyhow::Result<Vec<f64>> {
    list(of, name)?.iter().map(|value| double(value, name)).collect()
}

pub(super) fn whole(of: &Value, what: &str) -> anyhow::Result<usize> {
    let whole = of.as_u64().or_else(|| of.as_str()?.parse().ok());
    whole
        .and_then(|whole| usize::try_from(whole).ok())
        .with_context(|| format!("{what} is {of}, not a count"))
}

pub(super) fn day(of: &Value, what: &str) -> anyhow::Result<Day> {
    let text = text(of, what)?;
    text.parse().map_err(anyhow::Error::from).with_context(|| format!("{what} is {text}"))
}

/// `2021-01-31T18:00:00Z`, with or without a fraction; or milliseconds.
pub(super) fn instant(of: &Value, what: &str) -> anyhow::Result<Timestamp> {
    if let Some(millis) = of.as_i64() {
        return Ok(Timestamp::from_millis(millis));
    }
    let text = text(of, what)?;
    let read = || -> Option<Timestamp> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let mut parts = clock.splitn(3, ':').map(|part| part.parse::<u16>().ok());
        let [hours, minutes, seconds] = [parts.next()??, parts.next()??, parts.next()??];
        let fraction = format!("{fraction:0<3}");
        let millis = fraction.get(..3)?.parse::<u16>().ok()?;
        let in_range = hours < 24 && minutes < 60 && seconds < 60;
        let of_day = (i64::from(hours) * 60 + i64::from(minutes)) * 60 + i64::from(seconds);
        let start = date.parse::<Day>().ok()?.start().millis();
        in_range.then(|| Timestamp::from_millis(start + of_day * 1000 + i64::from(millis)))
    };
    read().with_context(|| format!("{what} is {text}, not an instant as 2021-01-31T18:00:00Z"))
}

/// A figure as answers show it.
pub(super) fn figure<T: Into<Value>>(of: Measured<T>) -> Value {
    match of {
        Ok(value) => json!({ "v": value.into() }),
        Err(why) => json!({ "v": null, "why": why.as_str() }),
    }
}

/// A list of figures, null where there is none.
pub(super) fn figures(of: &[Measured<f64>]) -> Value {
    of.iter().map(|value| value.map_or(Value::Null, Value::from)).collect()
}

/// An exact amount, as its text.
pub(super) fn amount(of: Measured<Decimal>) -> Measured<String> {
    of.map(|amount| amount.to_string())
}

/// What was refused, by its code.
pub(super) fn refused(code: &str) -> Value {
    json!({ "status": "error", "error": code })
}

/// A figure that needs what the case does not give.
pub(super) const NOT_GIVEN: Measured<f64> = Err(Reason::InsufficientData);
