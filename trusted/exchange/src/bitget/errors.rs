//! What an error of Bitget means (EXCHANGES.md section 8, Errors; https://www.bitget.com/api-doc/common/error-code/restapi).
//! Success is `"code":"00000"`, whatever the status says.

use crate::{Refusal, Reply, VenueError, dialect::Cell};

/// The error in an answer, if it is one: `{"code":"40009","msg":"sign signature error","requestTime":…,"data":null}`.
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    let body = Cell::whole("an error", &reply.body).and_then(Cell::row).ok();
    let code = body.and_then(|row| row.maybe_first(&["code", "err_code"])?.maybe_text().ok()?);
    let success = (200..300).contains(&reply.status);
    match code.as_deref() {
        // What is no object at all was cut off: reading it says so.
        Some("00000") | None if success => None,
        code => Some(meaning(code.unwrap_or_default(), reply)),
    }
}

fn meaning(code: &str, reply: &Reply) -> VenueError {
    let number = code.parse().unwrap_or(0);
    match (reply.status, number) {
        (429 | 418, _) | (_, 429 | 1001 | 30_007 | 30_014 | 30_026 | 50_009) => {
            VenueError::BackOff { retry_after_ms: reply.retry_after_ms() }
        }
        (_, 40_004 | 40_005 | 40_008 | 30_005 | 30_008) => VenueError::FixClock,
        (_, 40_018 | 30_011) => VenueError::Permanent(Refusal::Address),
        (451, _) => VenueError::Permanent(Refusal::Region),
        (
            _,
            401
            | 403
            | 30_001..=30_004
            | 30_006
            | 30_010
            | 30_012
            | 30_013
            | 30_015
            | 30_022
            | 30_027..=30_029
            | 40_001..=40_003
            | 40_006
            | 40_009
            | 40_011
            | 40_012
            | 40_014
            | 40_016
            | 40_031
            | 40_037,
        ) => VenueError::Permanent(Refusal::Credentials),
        // Busy, timed out or maintained: they ask to try again.
        (
            _,
            500 | 30_019 | 30_030 | 30_037 | 30_038 | 40_010 | 40_015 | 40_200 | 40_308 | 40_604 | 40_725
            | 41_114 | 43_115 | 50_008,
        )
        | (408 | 500.., _) => VenueError::Retry,
        (401 | 403, 0) => VenueError::Permanent(Refusal::Credentials),
        (_, code) => VenueError::Permanent(Refusal::Request { code }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: Option<VenueError>) {
        let headers = vec![("retry-after".to_owned(), "2".to_owned())];
        let reply = Reply { status, headers, body: body.as_bytes().to_vec() };
        assert_eq!(error(&reply), expected, "{status} {body}");
    }

    #[test]
    fn errors_are_of_four_kinds_and_successes_are_none() {
        let of = |code: &str| format!(r#"{{"code":"{code}","msg":"…","requestTime":1,"data":null}}"#);
        let wait = Some(VenueError::BackOff { retry_after_ms: Some(2000) });
        let refused = |refusal| Some(VenueError::Permanent(refusal));
        check(200, &of("00000"), None);
        check(200, "[[1,2", None);
        for code in ["40006", "40009", "40011", "40012", "40014", "40037"] {
            check(400, &of(code), refused(Refusal::Credentials));
        }
        check(400, &of("40018"), refused(Refusal::Address));
        check(451, "", refused(Refusal::Region));
        check(400, &of("40034"), refused(Refusal::Request { code: 40_034 }));
        check(200, &of("40034"), refused(Refusal::Request { code: 40_034 }));
        check(400, r#"{"code":99999999999999999999}"#, refused(Refusal::Request { code: 0 }));
        for code in ["40005", "40008"] {
            check(400, &of(code), Some(VenueError::FixClock));
        }
        check(429, &of("429"), wait);
        check(429, "<html>", wait);
        check(200, r#"{"code":429,"msg":"Too Many Requests"}"#, wait);
        check(400, &of("50009"), wait);
        for code in ["40010", "40015", "40308", "40604", "40725", "41114", "43115", "50008", "30030"] {
            check(400, &of(code), Some(VenueError::Retry));
        }
        check(502, "<html>", Some(VenueError::Retry));
    }
}
