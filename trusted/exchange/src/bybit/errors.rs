//! What an error of Bybit means (EXCHANGES.md section 3; https://bybit-exchange.github.io/docs/v5/error). Most come with
//! HTTP 200, so `retCode` is what counts.

use crate::{
    Refusal, Reply, VenueError,
    dialect::{Cell, Row},
};
use ledger::Timestamp;

/// An address that asked too often is let in again after ten minutes.
const SHUT_OUT_MS: u64 = 600_000;

/// The error in an answer, if it is one. `now` is the venue's time.
pub(super) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    let code = code(&reply.body);
    if success && code.is_none_or(|code| code == 0) {
        return None;
    }
    let refused = VenueError::Permanent;
    Some(match (reply.status, code) {
        (_, Some(10002)) => VenueError::FixClock,
        (429, _) | (_, Some(10006 | 10018 | 10429 | 170_222)) => {
            VenueError::BackOff { retry_after_ms: retry_after_ms(reply, now) }
        }
        (_, Some(10003 | 10004 | 10005 | 10007 | 10008 | 33004)) => refused(Refusal::Credentials),
        (_, Some(10009 | 10010)) => refused(Refusal::Address),
        (451, _) | (_, Some(10024)) => refused(Refusal::Region),
        (_, Some(5004 | 10000 | 10016 | 131_003 | 131_200 | 131_201 | 170_007)) => VenueError::Retry,
        (_, Some(code)) if code != 0 => refused(Refusal::Request { code }),
        (403, _) if is_of_the_region(&reply.body) => refused(Refusal::Region),
        (403, _) => VenueError::BackOff { retry_after_ms: Some(SHUT_OUT_MS) },
        (408 | 500.., _) => VenueError::Retry,
        (401, _) => refused(Refusal::Credentials),
        _ => refused(Refusal::Request { code: 0 }),
    })
}

/// `{"retCode":10004,"retMsg":"error sign!","result":{},"retExtInfo":{},"time":1735689600123}`
fn code(body: &[u8]) -> Option<i64> {
    let row: Row<'_> = Cell::whole("", body).ok()?.row().ok()?;
    let code = row.maybe("retCode").or_else(|| row.maybe("ret_code"))?;
    code.text().ok()?.parse().ok()
}

/// The page of the network before Bybit, for countries that it does not let in.
fn is_of_the_region(body: &[u8]) -> bool {
    const WORDS: &[u8] = b"block access from your country";
    body.windows(WORDS.len()).any(|part| part == WORDS)
}

/// `Retry-After`, or the instant at which the second's budget is full again.
fn retry_after_ms(reply: &Reply, now: Timestamp) -> Option<u64> {
    if let Some(wait_ms) = reply.retry_after_ms() {
        return Some(wait_ms);
    }
    let until: i64 = reply.header("x-bapi-limit-reset-timestamp")?.trim().parse().ok()?;
    u64::try_from(until.checked_sub(now.millis())?.max(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_735_689_600_123;

    fn of(status: u16, headers: &[(&str, &str)], body: &str) -> Option<VenueError> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        error(&Reply { status, headers, body: body.into() }, Timestamp::from_millis(NOW_MS))
    }

    #[test]
    fn each_code_has_its_kind() {
        use VenueError::{BackOff, FixClock, Permanent, Retry};
        for (code, expected) in [
            ("10002", FixClock),
            ("10006", BackOff { retry_after_ms: None }),
            ("10018", BackOff { retry_after_ms: None }),
            ("10016", Retry),
            ("170007", Retry),
            ("170222", BackOff { retry_after_ms: None }),
            ("10000", Retry),
            ("10003", Permanent(Refusal::Credentials)),
            ("10005", Permanent(Refusal::Credentials)),
            ("33004", Permanent(Refusal::Credentials)),
            ("10010", Permanent(Refusal::Address)),
            ("10024", Permanent(Refusal::Region)),
            ("10001", Permanent(Refusal::Request { code: 10001 })),
            ("\"10001\"", Permanent(Refusal::Request { code: 10001 })),
        ] {
            let body = format!(r#"{{"retCode":{code},"retMsg":"?","result":{{}},"time":1}}"#);
            assert_eq!(of(200, &[], &body), Some(expected), "{code}");
        }
        assert_eq!(of(200, &[], r#"{"retCode":0,"result":{"list":[]}}"#), None);
        assert_eq!(of(200, &[], r#"{"retCode":"0","result":{}}"#), None);
    }

    #[test]
    fn an_answer_without_a_code_has_the_kind_of_its_status() {
        let shut = Some(VenueError::BackOff { retry_after_ms: Some(SHUT_OUT_MS) });
        assert_eq!(of(403, &[], "<html>access too frequent</html>"), shut);
        let region = "The distribution is configured to block access from your country.";
        assert_eq!(of(403, &[], region), Some(VenueError::Permanent(Refusal::Region)));
        assert_eq!(of(502, &[], "<html>"), Some(VenueError::Retry));
        assert_eq!(of(404, &[], ""), Some(VenueError::Permanent(Refusal::Request { code: 0 })));
        assert_eq!(of(200, &[], "{\"retC"), None, "cut off: reading it says so");
    }

    #[test]
    fn how_long_to_wait_is_told() {
        let body = r#"{"retCode":10006,"retMsg":"Too many visits!"}"#;
        let wait = |headers: &[(&str, &str)]| match of(200, headers, body) {
            Some(VenueError::BackOff { retry_after_ms }) => retry_after_ms,
            other => panic!("{other:?}"),
        };
        assert_eq!(wait(&[("x-bapi-limit-reset-timestamp", "1735689600900")]), Some(777));
        assert_eq!(wait(&[("x-bapi-limit-reset-timestamp", "1735689600000")]), Some(0));
        assert_eq!(wait(&[("retry-after", "3")]), Some(3000));
        assert_eq!(wait(&[("x-bapi-limit-reset-timestamp", "soon")]), None);
    }
}
