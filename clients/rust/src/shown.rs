//! Figures of one object of an answer as people read them, and in their place the reason of each that does not exist.

use crate::{
    figure::{self, NONE, text},
    output::plain,
};
use serde_json::Value;

/// How a figure is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Money,
    /// To a tenth of a hundredth.
    Share,
    /// To a hundredth of a hundredth.
    Return,
    Ratio,
    Count,
    Days,
    Time,
    Held,
}

/// A figure, or why it does not exist.
pub(crate) fn shown(of: &Value, field: &str, form: Form, currency: &str) -> Result<String, String> {
    let Some(value) = text(of, field) else { return Err(why(of, field)) };
    let number = value.parse::<u64>();
    Ok(match form {
        Form::Money => figure::amount(&value, currency),
        Form::Share => figure::percent(&value),
        Form::Return => figure::returned(&value),
        Form::Ratio => figure::ratio(&value),
        Form::Time => figure::time(&value),
        Form::Count => number.map_or(value, figure::count),
        Form::Days => number.map_or(value, |days| format!("{} d", figure::count(days))),
        Form::Held => {
            // A division may leave a fraction of a millisecond.
            let whole = value.split('.').next().and_then(|whole| whole.parse::<u64>().ok());
            whole.map_or(value, |ms| figure::duration(ms / 1000))
        }
    })
}

/// The reason in `why` of the same object: by field, or one for all.
pub(crate) fn why(of: &Value, field: &str) -> String {
    let code = match of.get("why") {
        Some(Value::String(code)) => Some(code.as_str()),
        Some(reasons) => reasons.get(field).and_then(Value::as_str),
        None if of.get("count").and_then(Value::as_u64) == Some(0) => return "there is none".to_owned(),
        None => None,
    };
    code.map_or("no reason given".to_owned(), figure::reason)
}

/// A cell of a table of many: what does not exist is noted below.
pub(crate) fn cell(
    of: &Value,
    whose: &str,
    field: &str,
    form: Form,
    currency: &str,
    notes: &mut Vec<String>,
) -> String {
    shown(of, field, form, currency).unwrap_or_else(|reason| {
        notes.push(format!("  {}: no {}: {reason}\n", plain(whose), field.replace('_', " ")));
        NONE.to_owned()
    })
}
