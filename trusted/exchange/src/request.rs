//! A request as it will be sent, and the answer as it came. The signed bytes are the sent bytes.

use crate::dialect::percent_encoded;
use core::fmt;
use zeroize::Zeroizing;

/// The methods a connector may use; everything it sends is a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads that a venue wants as POST.
    Post,
}

/// One request. Its query, headers and body may hold a signature or a key: they are never printed.
pub struct Request {
    /// How.
    pub method: Method,
    /// Which of the venue's hosts; an entry of the connector's table.
    pub host: &'static str,
    /// The path, an entry of the connector's allow-list. What stands in braces there is [`segment`](Self::segment).
    pub path: &'static str,
    /// The venue's id of a wallet or an instrument, where the path has one.
    pub segment: Option<String>,
    /// The query without `?`, built once, signed, and sent unchanged.
    pub query: Zeroizing<String>,
    /// Headers beside the transport's own.
    pub headers: Vec<(&'static str, Zeroizing<String>)>,
    /// The body, empty for GET.
    pub body: Zeroizing<Vec<u8>>,
    /// What it costs, and on which of the host's budgets.
    pub cost: Cost,
}

/// What a request takes from a budget of the venue. Budgets are told apart by host, name and account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The budget's name.
    pub budget: &'static str,
    /// Whose budget: 0 is that of our address, which all accounts share; else a hash that tells accounts apart.
    pub account: u64,
    /// Weight of this request.
    pub weight: u32,
    /// The budget's size per minute.
    pub limit_per_minute: u32,
    /// The header, in lower case, in which the venue tells what is used up.
    pub used_header: &'static str,
}

impl Request {
    /// A GET without query, headers and body.
    pub(crate) fn get(host: &'static str, path: &'static str, cost: Cost) -> Self {
        let (query, headers, body) = Default::default();
        Self { method: Method::Get, host, path, segment: None, query, headers, body, cost }
    }

    /// Path and query as they are sent. `None`: what the path lacks is missing, or would change where it leads.
    pub fn target(&self) -> Option<Zeroizing<String>> {
        let mut target = Zeroizing::new(match (self.path.split_once('{'), &self.segment) {
            (None, None) => self.path.to_owned(),
            (Some((before, rest)), Some(segment)) => {
                // Of letters beyond ASCII nothing can lead elsewhere once they are encoded; some coins are named so.
                let plain = |byte: u8| {
                    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || !byte.is_ascii()
                };
                let (_, after) = rest.split_once('}')?;
                if segment.is_empty() || !segment.bytes().all(plain) {
                    return None;
                }
                format!("{before}{}{after}", percent_encoded(segment))
            }
            _ => return None,
        });
        if !self.query.is_empty() {
            target.push('?');
            target.push_str(&self.query);
        }
        Some(target)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("host", &self.host)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// An answer. Its body is the venue's and never printed.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, at most 32 MiB.
    pub body: Vec<u8>,
}

impl Reply {
    /// What `Retry-After` says (RFC 9110, 10.2.3): seconds, or a date, which is held against the `Date` of the same answer.
    pub(crate) fn retry_after_ms(&self) -> Option<u64> {
        let told = self.header("retry-after")?.trim();
        if let Ok(seconds) = told.parse::<u64>() {
            return seconds.checked_mul(1000);
        }
        let date = |text: &str| httpdate::parse_http_date(text.trim()).ok();
        let (until, sent) = (date(told)?, date(self.header("date")?)?);
        u64::try_from(until.duration_since(sent).unwrap_or_default().as_millis()).ok()
    }

    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_to_wait_is_told_in_seconds_or_by_a_date() {
        let wait = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            Reply { status: 503, headers: headers.collect(), body: Vec::new() }.retry_after_ms()
        };
        let sent = ("date", "Fri, 31 Dec 1999 23:59:59 GMT");
        assert_eq!(wait(&[("retry-after", "120")]), Some(120_000));
        assert_eq!(wait(&[sent, ("retry-after", "Sat, 01 Jan 2000 00:01:29 GMT")]), Some(90_000));
        assert_eq!(wait(&[sent, ("retry-after", "Fri, 31 Dec 1999 23:00:00 GMT")]), Some(0), "it is over");
        for nothing in ["", "soon", "-1", "1.5", "99999999999999999999", "Sat, 32 Jan 2000 00:01:29 GMT"] {
            assert_eq!(wait(&[sent, ("retry-after", nothing)]), None, "{nothing}");
        }
        assert_eq!(wait(&[("retry-after", "Sat, 01 Jan 2000 00:01:29 GMT")]), None, "from when on?");
        assert_eq!(wait(&[sent]), None);
    }
}
