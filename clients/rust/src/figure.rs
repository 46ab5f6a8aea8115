//! Figures as people read them: thousands apart, rounded for the eye, times without their T. `--json` has every digit.

use crate::output::plain;
use ledger::{Decimal, Timestamp};
use protocol::{parse_rfc3339, rfc3339};
use serde_json::Value;

/// Stands where a number does not exist.
pub(crate) const NONE: &str = "-";

/// Assets whose amounts are read to the hundredth; of any other, eight digits after the point matter.
const LIKE_MONEY: [&str; 12] =
    ["USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USDP", "DAI", "USD", "EUR", "GBP", "TRY", "BRL"];

/// An amount of `asset`: `8,123,455.10`.
pub(crate) fn amount(text: &str, asset: &str) -> String {
    if LIKE_MONEY.contains(&asset) { rounded(text, 2, true) } else { rounded(text, 8, false) }
}

/// A quantity or price, to eight digits after the point.
pub(crate) fn quantity(text: &str) -> String {
    rounded(text, 8, false)
}

/// A ratio as it is: `1.37`.
pub(crate) fn ratio(text: &str) -> String {
    rounded(text, 2, true)
}

/// A share as hundredths: `99.3 %`.
pub(crate) fn percent(text: &str) -> String {
    hundredths(text, 1)
}

/// A return as hundredths: `-4.12 %`.
pub(crate) fn returned(text: &str) -> String {
    hundredths(text, 2)
}

fn hundredths(text: &str, decimals: u8) -> String {
    match text.parse::<Decimal>().and_then(|share| share.checked_mul(Decimal::from(100_u64))) {
        Ok(percent) => format!("{} %", rounded(&percent.to_string(), decimals, true)),
        Err(_) => plain(text),
    }
}

/// A count: `20,412`.
pub(crate) fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// So many of what has this name: `1 account`, `2 accounts`.
pub(crate) fn counted(number: u64, name: &str) -> String {
    format!("{} {name}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `2026-11-22 07:12:03 UTC`, or the text as it came if it is no instant.
pub(crate) fn time(text: &str) -> String {
    match parse_rfc3339(text) {
        Some(_) => text.replace('T', " ").replace('Z', " UTC"),
        None => plain(text),
    }
}

/// An instant in Unix seconds. Beyond the year 9999 nothing is shown that could be mistaken for one.
pub(crate) fn instant(unix_s: u64) -> String {
    let seconds = i64::try_from(unix_s).ok().filter(|seconds| *seconds < 253_402_300_800);
    seconds.map_or_else(|| unix_s.to_string(), |seconds| rfc3339(Timestamp::from_millis(seconds * 1000)))
}

/// How long, in the largest unit that says enough: `45 s`, `12 min`, `26 h`, `3 d`.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The text of a JSON member; numbers too.
pub(crate) fn text(value: &Value, member: &str) -> Option<String> {
    match value.get(member)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Why a number does not exist, in plain words.
pub(crate) fn reason(code: &str) -> String {
    let words = match code {
        "insufficient_data" => "too little data",
        "zero_variance" => "no variation",
        "no_losses" => "nothing was lost",
        "no_drawdown" => "never below a peak",
        "not_recovered" => "not recovered yet",
        "period_under_one_year" => "shorter than a year",
        "nonpositive_capital" => "nothing was at work when something was gained or lost",
        "no_sign_change" => "money went one way only",
        "no_root" => "no rate explains it",
        "multiple_roots" => "several rates explain it",
        "sharpe_not_above_benchmark" => "the ratio is not above zero",
        "nonpositive_variance_term" => "the ratio's own variance cannot be estimated",
        "number_of_trials_unknown" => "nobody knows how many strategies were tried",
        "partial" => "a source could not be read",
        "history_missing" => "the exchange no longer has it",
        "fee_unvalued" => "a fee has no known value",
        "no_price" => "an asset has no known price",
        "overflow" => "too large a number",
        "sync_in_progress" => "history is still being collected",
        "venue_not_answering" => "the exchange does not answer",
        "key_no_longer_used" => "the key is no longer used",
        other => return plain(&other.replace('_', " ")),
    };
    words.to_owned()
}

fn rounded(text: &str, decimals: u8, padded: bool) -> String {
    let Ok(value) = text.parse::<Decimal>() else { return plain(text) };
    let rounded = value.rounded(decimals);
    // A number that is not zero is not shown as one.
    let shown = if rounded.is_zero() && !value.is_zero() { value.rounded(8) } else { rounded };
    let text = shown.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let width = if padded { usize::from(decimals) } else { 0 };
    match format!("{fraction:0<width$}") {
        fraction if fraction.is_empty() => grouped(whole),
        fraction => format!("{}.{fraction}", grouped(whole)),
    }
}

fn grouped(whole: &str) -> String {
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", whole),
    };
    let mut text = sign.to_owned();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_rounded_half_to_even() {
        for (text, asset, shown) in [
            ("8123455.1", "USDT", "8,123,455.10"),
            ("-1234.5", "USDT", "-1,234.50"),
            ("999.995", "USDT", "1,000.00"),
            ("0.125", "USDT", "0.12"),
            ("0", "USDT", "0.00"),
            ("0.000123456", "USDT", "0.00012346"),
            ("100", "BTC", "100"),
            ("1234.123456789", "BTC", "1,234.12345679"),
            ("0.10", "ETH", "0.1"),
        ] {
            assert_eq!(amount(text, asset), shown, "{text} {asset}");
        }
    }

    #[test]
    fn what_is_no_number_is_shown_as_it_came_but_harmless() {
        for text in ["", "NaN", "1,000", "12abc", "--1"] {
            assert_eq!(amount(text, "USDT"), text);
            assert_eq!(percent(text), text);
        }
        assert_eq!(amount("\u{1b}[31m1", "USDT"), " [31m1");
        assert_eq!(time("yesterday\n"), "yesterday ");
    }

    #[test]
    fn shares_counts_times_and_durations_read_like_themselves() {
        assert_eq!(percent("0.993"), "99.3 %");
        assert_eq!(percent("1"), "100.0 %");
        assert_eq!(percent("-0.0412"), "-4.1 %");
        assert_eq!((returned("0.0931"), returned("-1e-7")), ("9.31 %".into(), "-0.00001 %".into()));
        assert_eq!(
            (count(0), count(999), count(20_412), count(1_000_000)),
            ("0".into(), "999".into(), "20,412".into(), "1,000,000".into())
        );
        assert_eq!(time("2026-11-22T07:12:03Z"), "2026-11-22 07:12:03 UTC");
        for (seconds, shown) in
            [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d"), (604_800, "7 d")]
        {
            assert_eq!(duration(seconds), shown);
        }
    }

    #[test]
    fn a_reason_reads_like_a_sentence_even_if_it_is_new() {
        assert_eq!(reason("no_losses"), "nothing was lost");
        assert_eq!(reason("an_unheard_reason"), "an unheard reason");
    }
}
