//! The parameters of a request in the order in which they are sent: written once, signed, and sent unchanged.

use super::percent_encoded;
use crate::Reply;
use core::fmt::{Display, Write as _};
use zeroize::Zeroizing;

/// Names and values, each name once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// One more; a name that is there already keeps its place and gets the new value.
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, own)) => *own = value.to_string(),
            None => self.0.push((name.to_owned(), value.to_string())),
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

    /// The venue's own parameters, as they are.
    pub(crate) fn and(self, own: &[(&str, String)]) -> Self {
        own.iter().fold(self, |all, (name, value)| all.with(name, value))
    }

    /// In the order of their names.
    pub(crate) fn sorted(mut self) -> Self {
        self.0.sort();
        self
    }

    /// As a query: `symbol=BTCUSDT&limit=100`, percent-encoded.
    pub(crate) fn encoded(&self) -> Zeroizing<String> {
        self.joined(percent_encoded)
    }

    /// The same as it reads once it is decoded: what some venues sign.
    pub(crate) fn decoded(&self) -> Zeroizing<String> {
        self.joined(str::to_owned)
    }

    fn joined(&self, written: impl Fn(&str) -> String) -> Zeroizing<String> {
        let mut query = Zeroizing::new(String::new());
        for (name, value) in &self.0 {
            let separator = if query.is_empty() { "" } else { "&" };
            // Writing to a String cannot fail.
            let _ = write!(query, "{separator}{}={}", written(name), written(value));
        }
        query
    }
}

/// What `Retry-After` says, if it counts seconds.
pub(crate) fn retry_after_ms(reply: &Reply) -> Option<u64> {
    reply.header("retry-after")?.trim().parse::<u64>().ok()?.checked_mul(1000)
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
    }
}
