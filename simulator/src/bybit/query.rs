//! Parameters of a request. Names that nobody knows are passed over, and an empty value is none.

use super::refusal::Refusal;
use crate::rest::decoded;

/// Thirteen digits: an instant is told in milliseconds, and in nothing else.
const INSTANT_MS: std::ops::Range<i64> = 1_000_000_000_000..10_000_000_000_000;

/// Names and values, decoded.
pub(crate) struct Query(Vec<(String, String)>);

/// From and to, both included.
pub(crate) type Window = (i64, i64);

impl Query {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        });
        pairs.collect::<Option<_>>().map(Self).ok_or_else(|| Refusal::parameter("encoding"))
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name).ok_or_else(|| Refusal::parameter(&format!("{name} is required")))
    }

    fn wrong(name: &str) -> Refusal {
        Refusal::parameter(&format!("{name} is invalid"))
    }

    /// One of these words.
    pub(crate) fn word(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = words.iter().find(|word| **word == text);
        found.copied().map(Some).ok_or_else(|| Self::wrong(name))
    }

    /// How many rows a page has, from one to `most`.
    pub(crate) fn limit(&self, name: &str, default: usize, most: usize) -> Result<usize, Refusal> {
        match self.text(name).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(limit)) if (1..=most).contains(&limit) => Ok(limit),
            Some(_) => Err(Self::wrong(name)),
        }
    }

    /// A page, counted from one.
    pub(crate) fn page(&self, name: &str) -> Result<usize, Refusal> {
        match self.text(name).map(str::parse::<usize>) {
            None => Ok(1),
            Some(Ok(page)) if page > 0 => Ok(page),
            Some(_) => Err(Self::wrong(name)),
        }
    }

    pub(crate) fn instant(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let at = text.parse().ok().filter(|at| INSTANT_MS.contains(at));
        at.map(Some).ok_or_else(|| Self::wrong(name))
    }

    /// The window of a question: at most `most_ms` between two bounds, and `single_ms` from or to the only one.
    pub(crate) fn window(&self, most_ms: i64, single_ms: i64, now_ms: i64) -> Result<Window, Refusal> {
        let (start, end) = (self.instant("startTime")?, self.instant("endTime")?);
        match (start, end) {
            (Some(start), Some(end)) if end < start => Err(Refusal::parameter("startTime is after endTime")),
            (Some(start), Some(end)) if end - start > most_ms => Err(Refusal::span()),
            (Some(start), Some(end)) => Ok((start, end)),
            (Some(start), None) => Ok((start, start.saturating_add(single_ms))),
            (None, end) => {
                let end = end.unwrap_or(now_ms);
                Ok((end - single_ms, end))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;
    const NOW_MS: i64 = 1_795_305_600_000;

    fn window(text: &str) -> Result<Window, i64> {
        let query = Query::parse(text).map_err(|refusal| refusal.code)?;
        query.window(7 * DAY_MS, DAY_MS, NOW_MS).map_err(|refusal| refusal.code)
    }

    #[test]
    fn a_single_bound_means_less_than_two() {
        let start = NOW_MS - 30 * DAY_MS;
        assert_eq!(window(""), Ok((NOW_MS - DAY_MS, NOW_MS)));
        assert_eq!(window(&format!("startTime={start}")), Ok((start, start + DAY_MS)));
        assert_eq!(window(&format!("endTime={start}")), Ok((start - DAY_MS, start)));
        let both = |length: i64| window(&format!("startTime={start}&endTime={}", start + length));
        assert_eq!(both(7 * DAY_MS), Ok((start, start + 7 * DAY_MS)));
        assert_eq!((both(7 * DAY_MS + 1), both(-1)), (Err(10001), Err(10001)));
        assert_eq!(window("startTime=1795305600"), Err(10001), "seconds are no milliseconds");
    }

    #[test]
    fn limits_and_words_are_checked() {
        let query = Query::parse("limit=51&size=0&coin=%E5%B8%81&empty=&type=X").unwrap();
        assert_eq!(query.limit("limit", 20, 51), Ok(51));
        assert!(query.limit("limit", 20, 50).is_err() && query.limit("size", 20, 50).is_err());
        assert_eq!((query.text("coin"), query.text("empty")), (Some("币"), None));
        assert!(query.word("type", &["Y"]).is_err() && query.page("size").is_err());
        assert!(Query::parse("a=%zz").is_err());
    }
}
