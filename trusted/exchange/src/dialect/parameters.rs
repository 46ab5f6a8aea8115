//! The parameters of a request in the order in which they are sent: written once, signed, and sent unchanged.

use core::fmt::{Display, Write as _};
use ledger::Timestamp;
use zeroize::Zeroizing;

/// Names and values, each name once. Some venues want a secret among them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, Zeroizing<String>)>);

impl Parameters {
    /// One more; a name that is there already keeps its place and gets the new value.
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        let value = Zeroizing::new(value.to_string());
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = value,
            None => self.0.push((name.to_owned(), value)),
        }
        self
    }

    /// One more, if there is a value.
    pub(crate) fn maybe(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// One more, if there is a value and the call has a name for it.
    pub(crate) fn named(self, name: Option<&str>, value: Option<impl Display>) -> Self {
        match name {
            Some(name) => self.maybe(name, value),
            None => self,
        }
    }

    /// Those that are not there stay away.
    pub(crate) fn all<'a>(self, own: impl IntoIterator<Item = (&'a str, Option<String>)>) -> Self {
        own.into_iter().fold(self, |all, (name, value)| all.maybe(name, value))
    }

    /// The venue's own parameters, as they are.
    pub(crate) fn and(self, own: &[(&str, String)]) -> Self {
        own.iter().fold(self, |all, (name, value)| all.with(name, value))
    }

    /// In the order of their names.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort_by(|(one, _), (other, _)| one.cmp(other));
        self
    }

    /// As a query or a form: `symbol=BTCUSDT&limit=100`, percent-encoded.
    pub(crate) fn encoded(&self) -> Zeroizing<String> {
        self.encoded_by(|_, value| percent_encoded(value))
    }

    /// The same as it reads once it is decoded: what some venues sign.
    pub(crate) fn decoded(&self) -> Zeroizing<String> {
        self.encoded_by(|_, value| value.to_owned())
    }

    /// With each value as this writes it, by the name that it stands under.
    pub(crate) fn encoded_by(&self, written: impl Fn(&str, &str) -> String) -> Zeroizing<String> {
        let mut query = Zeroizing::new(String::new());
        for (name, value) in &self.0 {
            let separator = if query.is_empty() { "" } else { "&" };
            let value = Zeroizing::new(written(name, value));
            // Writing to a String cannot fail.
            let _ = write!(query, "{separator}{}={}", percent_encoded(name), *value);
        }
        query
    }
}

/// All but the unreserved characters (RFC 3986 section 2.3), in upper-case hex: symbols may be non-ASCII.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `2024-01-01T00:00:00.000Z`
pub(crate) fn instant(ms: i64) -> String {
    let whole = protocol::rfc3339(Timestamp::from_millis(ms));
    format!("{}.{:03}Z", whole.trim_end_matches('Z'), ms.rem_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_what_was_said_in_that_order() {
        let own = [("limit", "5".to_owned()), ("coin", "币".to_owned())];
        let all = Parameters::default().with("symbol", "BTC_USDT").with("limit", 7).and(&own);
        assert_eq!(*all.encoded(), "symbol=BTC_USDT&limit=5&coin=%E5%B8%81");
        assert_eq!(*all.decoded(), "symbol=BTC_USDT&limit=5&coin=币");
        assert_eq!(*all.maybe("from", None::<i64>).sorted().decoded(), "coin=币&limit=5&symbol=BTC_USDT");
        assert_eq!(*Parameters::default().encoded(), "");
    }

    #[test]
    fn an_instant_has_its_milliseconds() {
        assert_eq!(instant(1_735_689_600_007), "2025-01-01T00:00:00.007Z");
    }
}
