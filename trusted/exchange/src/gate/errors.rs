//! What an error of Gate means (EXCHANGES.md section 9; https://www.gate.com/docs/developers/apiv4/en/#error-handling): it has
//! a `label`.

use crate::{Refusal, Reply, VenueError, dialect::Cell};
use ledger::Timestamp;

/// The error in an answer, if it is one: `{"label":"INVALID_KEY","message":"Invalid key provided"}`.
pub(super) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    if success && reply.body.first() == Some(&b'[') {
        return None;
    }
    let body = Cell::whole("an error", &reply.body).and_then(Cell::row).ok();
    let label = body.and_then(|row| row.maybe_text("label").ok()?);
    match label.as_deref() {
        None if success => None,
        label => Some(meaning(label.unwrap_or_default(), reply, now)),
    }
}

fn meaning(label: &str, reply: &Reply, now: Timestamp) -> VenueError {
    match (reply.status, label) {
        (_, "TOO_MANY_REQUESTS" | "TOO_FAST") | (418 | 429, _) => {
            VenueError::BackOff { retry_after_ms: reply.retry_after_ms().or_else(|| reset_ms(reply, now)) }
        }
        (_, "REQUEST_EXPIRED") => VenueError::FixClock,
        (_, "IP_FORBIDDEN") => VenueError::Permanent(Refusal::Address),
        (451, _) => VenueError::Permanent(Refusal::Region),
        (
            _,
            "INVALID_KEY"
            | "INVALID_CREDENTIALS"
            | "INVALID_SIGNATURE"
            | "AUTHENTICATION_FAILED"
            | "MISSING_REQUIRED_HEADER"
            | "FORBIDDEN"
            | "READ_ONLY"
            | "ACCOUNT_LOCKED"
            | "SUB_ACCOUNT_LOCKED",
        ) => VenueError::Permanent(Refusal::Credentials),
        (_, "SERVER_ERROR" | "INTERNAL" | "TOO_BUSY") | (408 | 500.., _) => VenueError::Retry,
        (401 | 403, "") => VenueError::Permanent(Refusal::Credentials),
        _ => VenueError::Permanent(Refusal::Request { code: 0 }),
    }
}

/// `X-Gate-RateLimit-Reset-Timestamp`: when the window ends, in seconds.
fn reset_ms(reply: &Reply, now: Timestamp) -> Option<u64> {
    let at: i64 = reply.header("x-gate-ratelimit-reset-timestamp")?.trim().parse().ok()?;
    let wait_ms = at.checked_mul(1000)?.checked_sub(now.millis())?;
    u64::try_from(wait_ms).ok().filter(|wait_ms| *wait_ms < 3_600_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str, header: Option<(&str, &str)>, expected: Option<VenueError>) {
        let headers = header.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let reply = Reply { status, headers, body: body.as_bytes().to_vec() };
        assert_eq!(error(&reply, Timestamp::from_millis(1_735_689_600_123)), expected, "{status} {body}");
    }

    #[test]
    fn errors_are_of_four_kinds_and_successes_are_none() {
        let of = |label: &str| format!(r#"{{"label":"{label}","message":"…"}}"#);
        let wait = |retry_after_ms| Some(VenueError::BackOff { retry_after_ms });
        let refused = |refusal| Some(VenueError::Permanent(refusal));
        check(200, "[]", None, None);
        check(200, r#"{"server_time":1}"#, None, None);
        check(200, r#"{"server_time":"#, None, None);
        for label in ["INVALID_KEY", "INVALID_SIGNATURE", "FORBIDDEN", "READ_ONLY"] {
            check(403, &of(label), None, refused(Refusal::Credentials));
        }
        check(403, &of("IP_FORBIDDEN"), None, refused(Refusal::Address));
        check(400, &of("INVALID_PARAM_VALUE"), None, refused(Refusal::Request { code: 0 }));
        check(200, &of("INVALID_PARAM_VALUE"), None, refused(Refusal::Request { code: 0 }));
        check(403, &of("REQUEST_EXPIRED"), None, Some(VenueError::FixClock));
        check(429, &of("TOO_MANY_REQUESTS"), None, wait(None));
        check(429, "", Some(("retry-after", "3")), wait(Some(3000)));
        let reset = Some(("x-gate-ratelimit-reset-timestamp", "1735689610"));
        check(429, &of("TOO_MANY_REQUESTS"), reset, wait(Some(9877)));
        check(500, &of("SERVER_ERROR"), None, Some(VenueError::Retry));
        check(400, &of("INTERNAL"), None, Some(VenueError::Retry));
        check(504, "<html>", None, Some(VenueError::Retry));
    }
}
