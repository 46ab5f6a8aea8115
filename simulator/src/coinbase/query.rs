//! Parameters of a request. Names that nobody knows are passed over, and an empty value is none.

use super::refusal::Refusal;
use crate::{calendar, rest::decoded};

/// Names and values, decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        let pairs = pairs.collect::<Option<_>>().map(Self);
        pairs.ok_or_else(|| Refusal::argument("query", "is not percent-encoded UTF-8"))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a name that may come several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let of_name = self.0.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::argument(name, "is required"))
    }

    /// How many rows are wanted: more than none, and no more than there may be.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        let Some(text) = self.text("limit") else { return Ok(default) };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| Refusal::argument("limit", "is no number of rows that may be asked for"))
    }

    /// Whole seconds.
    pub(crate) fn seconds(&self, name: &str) -> Result<i64, Refusal> {
        let digits = |text: &&str| text.len() <= 11 && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = Some(self.required(name)?).filter(digits).and_then(|text| text.parse().ok());
        seconds.ok_or_else(|| Refusal::argument(name, "is no instant in seconds"))
    }

    /// An instant in words, in billionths of a second.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        nanoseconds(text).map(Some).ok_or_else(|| Refusal::argument(name, "is no instant of RFC 3339"))
    }
}

/// Up to nine decimals of a second; UTC alone.
fn nanoseconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.strip_suffix('Z')?.split_at_checked(19)?;
    let fraction = match fraction.strip_prefix('.') {
        Some(digits) if (1..=9).contains(&digits.len()) => format!("{digits:0<9}"),
        None if fraction.is_empty() => "0".to_owned(),
        _ => return None,
    };
    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let at_ms = calendar::parse_instant(&format!("{whole}Z")).ok()?;
    at_ms.checked_mul(1_000_000)?.checked_add(fraction.parse::<i64>().ok().filter(|_| is_number)?)
}

/// `2026-11-22T00:00:00Z`, as wallets tell times.
pub(crate) fn date(at_ms: i64) -> String {
    format!("{}Z", calendar::text(at_ms).replace(' ', "T"))
}

/// `2026-11-22T00:00:00.123000007Z`, as fills tell them.
pub(crate) fn instant(at_ns: i64) -> String {
    let text = date(at_ns.div_euclid(1_000_000));
    format!("{}.{:09}Z", text.trim_end_matches('Z'), at_ns.rem_euclid(1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        let at_ns = 1_795_305_600_123_000_007;
        assert_eq!(instant(at_ns), "2026-11-22T00:00:00.123000007Z");
        assert_eq!(nanoseconds(&instant(at_ns)), Some(at_ns));
        assert_eq!(nanoseconds("2026-11-22T00:00:00Z"), Some(1_795_305_600_000_000_000));
        assert_eq!(nanoseconds("2026-11-22T00:00:00.5Z"), Some(1_795_305_600_500_000_000));
        for text in [
            "1795305600",
            "2026-11-22",
            "2026-11-22T00:00:00",
            "2026-11-22T00:00:00.Z",
            "2026-11-22T00:00:00.+5Z",
        ] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }

    #[test]
    fn a_limit_is_within_what_may_be_asked_for() {
        let limit = |text: &str| Query::parse(text).unwrap().limit(25, 100);
        assert_eq!((limit(""), limit("limit="), limit("limit=100")), (Ok(25), Ok(25), Ok(100)));
        for text in ["limit=0", "limit=101", "limit=-1", "limit=1.5", "limit=many"] {
            assert!(limit(text).is_err(), "{text}");
        }
    }
}
