//! What an error of MEXC means (EXCHANGES.md section 10; https://www.mexc.com/api-docs/spot-v3/error-code,
//! https://www.mexc.com/api-docs/futures/error-code). Success is no code, 0 or 200, or `"success":true`.

use crate::{Refusal, Reply, VenueError, dialect::Cell};

/// The error in an answer, if it is one: `{"code":700002,"msg":"Signature for this request is not valid."}`, of contracts
/// `{"success":false,"code":602,"message":"signature verification failed"}`.
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    if success && reply.body.first() == Some(&b'[') {
        return None;
    }
    let body = Cell::whole("an error", &reply.body).and_then(Cell::row).ok();
    let told = body.as_ref().and_then(|row| row.maybe_flag("success").ok()?);
    let code = body.as_ref().and_then(|row| row.maybe_text("code").ok()?);
    match code.as_deref() {
        _ if success && told == Some(true) => None,
        None | Some("0" | "200") if success && told != Some(false) => None,
        code => Some(meaning(code.and_then(|code| code.parse().ok()), reply)),
    }
}

fn meaning(code: Option<i64>, reply: &Reply) -> VenueError {
    match (reply.status, code.unwrap_or(0)) {
        (_, 429 | 510) | (418 | 429, _) => VenueError::BackOff { retry_after_ms: reply.retry_after_ms() },
        // 513 of contracts: the time of the request is off by more than ten seconds.
        (_, 513 | 10_073 | 700_003) => VenueError::FixClock,
        (_, 406 | 700_006) => VenueError::Permanent(Refusal::Address),
        (451, _) => VenueError::Permanent(Refusal::Region),
        (
            _,
            401..=403
            | 511
            | 602
            | 701..=704
            | 1000
            | 10_001
            | 10_072
            | 30_020
            | 70_011
            | 700_001
            | 700_002
            | 700_007,
        ) => VenueError::Permanent(Refusal::Credentials),
        (_, 500 | 501 | 503 | 504 | 604 | 801 | 11_444) | (408 | 500.., _) => VenueError::Retry,
        // Without a code it was the firewall, which asks for fewer requests.
        (403, 0) => VenueError::BackOff { retry_after_ms: reply.retry_after_ms() },
        (401, 0) => VenueError::Permanent(Refusal::Credentials),
        (_, code) => VenueError::Permanent(Refusal::Request { code }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, expected: Option<VenueError>) {
        let headers = vec![("retry-after".to_owned(), "7".to_owned())];
        let reply = Reply { status, headers, body: body.as_bytes().to_vec() };
        assert_eq!(error(&reply), expected, "{status} {body}");
    }

    #[test]
    fn errors_are_of_four_kinds_and_successes_are_none() {
        let of = |code: i64| format!(r#"{{"code":{code},"msg":"…"}}"#);
        let wait = Some(VenueError::BackOff { retry_after_ms: Some(7000) });
        let refused = |refusal| Some(VenueError::Permanent(refusal));
        for body in
            ["[]", "{}", "[[1,", r#"{"success":true,"code":0,"data":[]}"#, r#"{"code":200,"data":[]}"#]
        {
            check(200, body, None);
        }
        for code in [10_072, 700_002, 700_007, 602, 401, 402] {
            check(400, &of(code), refused(Refusal::Credentials));
        }
        check(200, r#"{"success":false,"code":602,"message":"…"}"#, refused(Refusal::Credentials));
        check(200, r#"{"success":false,"code":0}"#, refused(Refusal::Request { code: 0 }));
        check(400, &of(700_006), refused(Refusal::Address));
        check(400, &of(-1121), refused(Refusal::Request { code: -1121 }));
        check(400, &of(400), refused(Refusal::Request { code: 400 }));
        check(400, &of(700_003), Some(VenueError::FixClock));
        check(400, &of(10_073), Some(VenueError::FixClock));
        check(200, r#"{"success":false,"code":513,"message":"…"}"#, Some(VenueError::FixClock));
        check(400, r#"{"code":"700003","msg":"…"}"#, Some(VenueError::FixClock));
        check(200, r#"{"success":false,"code":510,"message":"…"}"#, wait);
        for status in [403, 418, 429] {
            check(status, "<html>", wait);
        }
        check(200, r#"{"success":false,"code":501,"message":"…"}"#, Some(VenueError::Retry));
        check(503, "<html>", Some(VenueError::Retry));
    }
}
