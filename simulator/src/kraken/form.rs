//! Parameters of a request. Names that nobody knows are passed over, an empty value is none, and of two the last one
//! counts.

use super::refusal::Refusal;
use crate::rest::decoded;

/// The smallest and the largest number of digits before the point that an instant may have.
const SECONDS_DIGITS: std::ops::RangeInclusive<usize> = 1..=11;

/// Names and values, decoded.
pub(crate) struct Form(Vec<(String, String)>);

/// Where a list begins or ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bound<'a> {
    /// An instant, in millionths of a second.
    At(i64),
    /// A row, by its id.
    Row(&'a str),
}

impl Form {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        pairs.collect::<Option<_>>().map(Self).ok_or_else(|| Refusal::arguments("encoding"))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let last = self.0.iter().rev().find(|(known, _)| known == name)?;
        Some(last.1.as_str()).filter(|value| !value.is_empty())
    }

    /// A number that is not below zero.
    pub(crate) fn count(&self, name: &str) -> Result<Option<usize>, Refusal> {
        self.text(name).map(|text| text.parse().map_err(|_| Refusal::arguments(name))).transpose()
    }

    /// A yes or no; `default` if nothing is said.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        match self.text(name) {
            None => Ok(default),
            Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(_) => Err(Refusal::arguments(name)),
        }
    }

    /// One of these words; the first if nothing is said.
    pub(crate) fn word(&self, name: &str, words: &[&'static str]) -> Result<&'static str, Refusal> {
        let text = self.text(name);
        let found = words.iter().find(|word| text.is_none_or(|text| text == **word));
        found.copied().ok_or_else(|| Refusal::arguments(name))
    }

    /// What stands between commas.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.text(name)?.split(',').map(str::trim).collect())
    }

    /// Where a list begins or ends.
    pub(crate) fn bound(&self, name: &str) -> Result<Option<Bound<'_>>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return micros(text).map(|at| Some(Bound::At(at))).ok_or_else(|| Refusal::arguments(name));
        }
        Ok(Some(Bound::Row(text)))
    }

    /// An instant in seconds, in millionths of one.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.bound(name)? {
            Some(Bound::At(at)) => Ok(Some(at)),
            Some(Bound::Row(_)) => Err(Refusal::arguments(name)),
            None => Ok(None),
        }
    }
}

/// Seconds with any number of decimals. What is finer than a millionth is left out.
fn micros(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || !SECONDS_DIGITS.contains(&whole.len()) {
        return None;
    }
    let part: String = part.chars().chain(std::iter::repeat('0')).take(6).collect();
    Some(whole.parse::<i64>().ok()? * 1_000_000 + part.parse::<i64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_an_instant_or_a_row() {
        let form =
            Form::parse("a=1795305600.1234&b=TABCDE-ABCDE-ABCDEF&c=&d=1e9&e=179530560000000&f=1.").unwrap();
        assert_eq!(form.bound("a"), Ok(Some(Bound::At(1_795_305_600_123_400))));
        assert_eq!(form.bound("b"), Ok(Some(Bound::Row("TABCDE-ABCDE-ABCDEF"))));
        assert_eq!(form.bound("c"), Ok(None));
        for name in ["d", "e", "f"] {
            assert_eq!(form.bound(name), Err(Refusal::arguments(name)), "{name}");
        }
    }

    #[test]
    fn of_two_values_the_last_counts_and_words_are_known() {
        let form = Form::parse("ofs=1&ofs=50&type=deposit&flag=yes&more=-1").unwrap();
        assert_eq!(form.count("ofs"), Ok(Some(50)));
        assert_eq!(form.word("type", &["all", "deposit"]), Ok("deposit"));
        assert_eq!(form.word("none", &["all", "deposit"]), Ok("all"));
        assert_eq!(form.word("type", &["all"]), Err(Refusal::arguments("type")));
        assert_eq!(form.flag("flag", true), Err(Refusal::arguments("flag")));
        assert_eq!(form.count("more"), Err(Refusal::arguments("more")));
        assert!(Form::parse("a=%zz").is_err());
    }
}
