//! Parameters of a request. Names that nobody knows are passed over, an empty value is none, and of two the last one
//! counts.

use super::refusal::Refusal;
use crate::rest::decoded;

/// An instant has thirteen digits for the next centuries, and no number here more than nineteen.
const DIGITS_MAX: usize = 19;

/// Names and values, decoded.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        pairs.collect::<Option<_>>().map(Self).ok_or_else(|| Refusal::parameter("encoding"))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let last = self.0.iter().rev().find(|(known, _)| known == name)?;
        Some(last.1.as_str()).filter(|value| !value.is_empty())
    }

    /// A value that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::missing(name))
    }

    /// An instant in milliseconds, or an id: digits alone.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let digits = text.len() <= DIGITS_MAX && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Some).ok_or_else(|| Refusal::parameter(name))
    }

    /// How many rows; more than the most are refused.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, Refusal> {
        match self.number("limit")?.map(usize::try_from) {
            None => Ok(default),
            Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
            Some(_) => Err(Refusal::parameter("limit")),
        }
    }

    /// One of these words, if one is said.
    pub(crate) fn word(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = words.iter().find(|word| text == **word);
        found.copied().map(Some).ok_or_else(|| Refusal::parameter(name))
    }

    /// What stands between commas.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        Some(self.text(name)?.split(',').map(str::trim).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_values_the_last_counts_and_an_empty_one_is_none() {
        let query = Query::parse("after=1&after=25&ccy=&limit=101&begin=-1&instId=%E5%B8%81-USDT").unwrap();
        assert_eq!(query.number("after"), Ok(Some(25)));
        assert_eq!((query.text("ccy"), query.required("ccy")), (None, Err(Refusal::missing("ccy"))));
        assert_eq!(query.limit(100, 100), Err(Refusal::parameter("limit")));
        assert_eq!(query.limit(100, 300), Ok(101));
        assert_eq!(query.number("begin"), Err(Refusal::parameter("begin")));
        assert_eq!(query.text("instId"), Some("币-USDT"));
        assert_eq!(query.word("instId", &["SPOT"]), Err(Refusal::parameter("instId")));
        assert!(Query::parse("a=%zz").is_err());
    }
}
