//! What an error of OKX means (EXCHANGES.md section 4; https://www.okx.com/docs-v5/en/#error-code).

use crate::{
    Refusal, Reply, VenueError,
    dialect::{Cell, Row},
};

/// No budget of OKX runs for longer, and none is told.
const SPAN_MS: u64 = 2_000;

/// Operation failed.
const FAILED: i64 = 1;

/// The error in an answer, if it is one.
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    let code = code(&reply.body);
    if success && code.is_none_or(|code| code == 0) {
        return None;
    }
    let refused = VenueError::Permanent;
    Some(match (reply.status, code) {
        (_, Some(50102)) => VenueError::FixClock,
        // Busy, although it comes with HTTP 429.
        (_, Some(50004 | 50005 | 50013 | 50026)) => VenueError::Retry,
        (429, _) | (_, Some(50011 | 50040 | 50061 | 58102)) => {
            VenueError::BackOff { retry_after_ms: reply.retry_after_ms().or(Some(SPAN_MS)) }
        }
        (_, Some(50001 | 50046)) => VenueError::BackOff { retry_after_ms: reply.retry_after_ms() },
        (_, Some(50110)) => refused(Refusal::Address),
        (_, Some(50007..=50009 | 50030 | 50100..=50114 | 50119 | 50120)) => refused(Refusal::Credentials),
        (451, _) | (_, Some(50051 | 50121)) => refused(Refusal::Region),
        (_, Some(code)) if code != 0 => refused(Refusal::Request { code }),
        (408 | 500.., _) => VenueError::Retry,
        (401, _) => refused(Refusal::Credentials),
        // Without a code it was refused before it came to the exchange.
        (403, _) => refused(Refusal::Region),
        _ => refused(Refusal::Request { code: 0 }),
    })
}

/// `{"code":"50111","data":[],"msg":"Invalid OK-ACCESS-KEY"}`. `1` says that the code stands with what failed:
/// `{"code":"1","data":[{"sCode":"51119","sMsg":"…"}],"msg":""}`. A code may have another one within it, `51008_1000`. One that is no
/// number is an error all the same.
fn code(body: &[u8]) -> Option<i64> {
    let row: Row<'_> = Cell::whole("", body).ok()?.row().ok()?;
    let number = |text: &str| text.split('_').next().and_then(|code| code.parse().ok());
    let code = number(&row.maybe("code")?.text().unwrap_or_default()).unwrap_or(FAILED);
    if code != FAILED {
        return Some(code);
    }
    let own = || number(&row.rows("data").ok()?.first()?.text("sCode").ok()?);
    Some(own().unwrap_or(FAILED))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, body: &str) -> Option<VenueError> {
        error(&Reply { status, headers: vec![("retry-after".to_owned(), "2".to_owned())], body: body.into() })
    }

    #[test]
    fn each_code_has_its_kind() {
        use VenueError::{BackOff, FixClock, Permanent, Retry};
        let back_off = BackOff { retry_after_ms: Some(2000) };
        for (status, code, expected) in [
            (400, "50102", FixClock),
            (401, "50112", Permanent(Refusal::Credentials)),
            (401, "50119", Permanent(Refusal::Credentials)),
            (401, "50120", Permanent(Refusal::Credentials)),
            (401, "50110", Permanent(Refusal::Address)),
            (429, "50011", back_off),
            (200, "50011", back_off),
            (503, "50001", back_off),
            (200, "50046", back_off),
            (200, "50030", Permanent(Refusal::Credentials)),
            (200, "50121", Permanent(Refusal::Region)),
            (200, "51008_1000", Permanent(Refusal::Request { code: 51008 })),
            (200, "", Permanent(Refusal::Request { code: 1 })),
            (200, "?", Permanent(Refusal::Request { code: 1 })),
            (200, "50004", Retry),
            (503, "50013", Retry),
            (429, "50013", Retry),
            (200, "58102", back_off),
            (500, "50026", Retry),
            (200, "51001", Permanent(Refusal::Request { code: 51001 })),
            (400, "50014", Permanent(Refusal::Request { code: 50014 })),
        ] {
            let body = format!(r#"{{"code":"{code}","data":[],"msg":"?"}}"#);
            assert_eq!(of(status, &body), Some(expected), "{code}");
        }
        assert_eq!(of(200, r#"{"code":"0","data":[],"msg":""}"#), None);
        assert_eq!(of(200, r#"{"code":0,"data":[]}"#), None);
    }

    #[test]
    fn who_asked_too_often_waits_for_the_next_span_and_longer_in_an_outage() {
        let wait = |code: &str| {
            let body = format!(r#"{{"code":"{code}","data":[],"msg":"?"}}"#).into_bytes();
            error(&Reply { status: 429, headers: Vec::new(), body })
        };
        assert_eq!(wait("50011"), Some(VenueError::BackOff { retry_after_ms: Some(2_000) }));
        let body = br#"{"code":"50001","data":[],"msg":"?"}"#.to_vec();
        let outage = error(&Reply { status: 503, headers: Vec::new(), body });
        assert_eq!(outage, Some(VenueError::BackOff { retry_after_ms: None }));
    }

    #[test]
    fn a_code_of_a_part_counts_for_the_whole() {
        let body = r#"{"code":"1","data":[{"sCode":"50011","sMsg":"Too many requests"}],"msg":""}"#;
        assert_eq!(of(200, body), Some(VenueError::BackOff { retry_after_ms: Some(2000) }));
        let body = r#"{"code":"1","data":[],"msg":"Operation failed."}"#;
        assert_eq!(of(200, body), Some(VenueError::Permanent(Refusal::Request { code: 1 })));
    }

    #[test]
    fn an_answer_without_a_code_has_the_kind_of_its_status() {
        assert_eq!(of(502, "<html>"), Some(VenueError::Retry));
        assert_eq!(of(403, "<html>"), Some(VenueError::Permanent(Refusal::Region)));
        assert_eq!(of(404, ""), Some(VenueError::Permanent(Refusal::Request { code: 0 })));
        assert_eq!(of(200, "{\"cod"), None, "cut off: reading it says so");
    }
}
