//! What an error of Coinbase means (EXCHANGES.md section 6). v3 tells `error`, `code` and `message`, v2 a list of `id` and
//! `message`, and a key that is not known gets the bare word `Unauthorized`.
//! <https://docs.cdp.coinbase.com/coinbase-app/api-architecture/error-messages>.

use crate::dialect::{Cell, Row};
use crate::{Refusal, Reply, VenueError};
use ledger::Timestamp;

/// Errors are short: a longer answer that came with success is none.
const ERROR_BYTES_MAX: usize = 4096;

/// A clock that is off by so much makes tokens that hold not yet or no more: their times are whole seconds, as those of
/// answers are.
const CLOCK_MS: u64 = 2_000;

/// The error in an answer, if it is one. `now` is the venue's time by our reckoning.
pub(super) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    if success && reply.body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let words = said(&reply.body);
    if success && words.is_empty() {
        return None;
    }
    let is = |known: &[&str]| {
        words.iter().any(|word| known.iter().any(|known| word.to_ascii_lowercase().starts_with(known)))
    };
    let numeric = words.iter().find_map(|word| word.parse().ok());
    Some(if reply.status == 429 || is(&["rate_limit_exceeded", "resource_exhausted", "too many requests"]) {
        VenueError::BackOff { retry_after_ms: reply.retry_after_ms() }
    } else if is(&[
        "request timestamp expired",
        "expired_token",
        "token is expired",
        "token is not valid yet",
    ]) || (words.is_empty() && reply.status == 401 && is_clock_off(reply, now))
    {
        // A token that is not right gets one bare word, whatever is wrong with it.
        VenueError::FixClock
    } else if matches!(reply.status, 408 | 500..) || is(&["internal_server_error", "internal", "unavailable"])
    {
        VenueError::Retry
    } else if reply.status == 451 {
        VenueError::Permanent(Refusal::Region)
    } else if matches!(reply.status, 401 | 403)
        || is(&[
            "unauthorized",
            "unauthenticated",
            "permission_denied",
            "authentication_error",
            "invalid_token",
            "revoked_token",
            "invalid_scope",
            "invalid_signature",
            "two_factor_required",
            "personal_details_required",
            "identity_verification_required",
        ])
    {
        VenueError::Permanent(Refusal::Credentials)
    } else {
        VenueError::Permanent(Refusal::Request { code: numeric.unwrap_or(0) })
    })
}

/// Whether the answer was written at another time than we thought.
fn is_clock_off(reply: &Reply, now: Timestamp) -> bool {
    let written = reply.header("date").and_then(written);
    written.is_some_and(|at| at.millis().abs_diff(now.millis()) >= CLOCK_MS)
}

/// `Sun, 22 Nov 2026 07:12:03 GMT` (RFC 9110 section 5.6.7).
fn written(date: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = date.split_once(", ")?.1.split(' ');
    let (day, month, year, clock) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|name| *name == month)?.checked_add(1)?;
    (parts.next()? == "GMT").then(|| protocol::parse_rfc3339(&format!("{year}-{month:02}-{day}T{clock}Z")))?
}

/// The words of an answer for what went wrong.
///
/// ```json
/// {"error":"PERMISSION_DENIED","code":7,"message":"Missing required scopes","details":[]}
/// {"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}
/// {"error_response":{"error":"UNKNOWN_FAILURE_REASON","message":"…"}}
/// ```
fn said(body: &[u8]) -> Vec<String> {
    let Ok(answer) = Cell::whole("an error", body).and_then(Cell::row) else { return Vec::new() };
    let told = |row: &Row<'_>| -> Vec<String> {
        let fields = ["error", "id", "code", "message", "error_details"].into_iter();
        fields.filter_map(|field| row.maybe_string(field).ok().flatten()).collect()
    };
    let listed = answer.maybe("errors").and_then(|errors| errors.rows().ok()).unwrap_or_default();
    let nested = answer.maybe("error_response").and_then(|error| error.row().ok());
    let own = if answer.maybe("error").is_some() || answer.maybe("message").is_some() {
        told(&answer)
    } else {
        Vec::new()
    };
    listed.iter().chain(&nested).flat_map(told).chain(own).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Option<VenueError> {
        let headers = vec![("retry-after".to_owned(), "3".to_owned())];
        error(&Reply { status, headers, body: body.as_bytes().to_vec() }, Timestamp::from_millis(0))
    }

    #[test]
    fn each_error_has_its_kind() {
        let credentials = VenueError::Permanent(Refusal::Credentials);
        let request = |code| VenueError::Permanent(Refusal::Request { code });
        let back_off = VenueError::BackOff { retry_after_ms: Some(3000) };
        for (status, body, kind) in [
            (401, "Unauthorized", credentials),
            (
                403,
                r#"{"error":"PERMISSION_DENIED","code":7,"message":"Missing required scopes"}"#,
                credentials,
            ),
            (
                401,
                r#"{"errors":[{"id":"authentication_error","message":"request timestamp expired"}]}"#,
                VenueError::FixClock,
            ),
            (
                401,
                r#"{"errors":[{"id":"invalid_token","message":"The access token is invalid"}]}"#,
                credentials,
            ),
            (429, "", back_off),
            (429, r#"{"errors":[{"id":"rate_limit_exceeded","message":"Too many requests"}]}"#, back_off),
            (400, r#"{"errors":[{"id":"rate_limit_exceeded","message":""}]}"#, back_off),
            (500, r#"{"errors":[{"id":"internal_server_error","message":""}]}"#, VenueError::Retry),
            (503, "<html>", VenueError::Retry),
            (451, "", VenueError::Permanent(Refusal::Region)),
            (404, r#"{"errors":[{"id":"not_found","message":"Not found"}]}"#, request(0)),
            (
                400,
                r#"{"error":"INVALID_ARGUMENT","code":3,"message":"start_sequence_timestamp"}"#,
                request(3),
            ),
            (200, r#"{"error_response":{"error":"UNKNOWN_FAILURE_REASON","message":""}}"#, request(0)),
        ] {
            assert_eq!(read(status, body), Some(kind), "{status} {body}");
        }
    }

    #[test]
    fn a_bare_refusal_at_another_time_than_ours_is_one_of_the_clock() {
        let at = |now_ms, date: &str| {
            let headers = vec![("date".to_owned(), date.to_owned())];
            let reply = Reply { status: 401, headers, body: b"Unauthorized".to_vec() };
            error(&reply, Timestamp::from_millis(now_ms))
        };
        // 2026-11-22T07:12:03Z.
        let (date, credentials) =
            ("Sun, 22 Nov 2026 07:12:03 GMT", VenueError::Permanent(Refusal::Credentials));
        for (now_ms, kind) in [
            (1_795_331_523_000, credentials),
            (1_795_331_524_999, credentials),
            (1_795_331_525_000, VenueError::FixClock),
            (1_795_331_520_999, VenueError::FixClock),
        ] {
            assert_eq!(at(now_ms, date), Some(kind), "{now_ms}");
        }
        for odd in ["", "Sun, 22 Nov 2026", "Sun, 22 Nix 2026 07:12:03 GMT", "Sun, 22 Nov 2026 07:12:03 CET"]
        {
            assert_eq!(at(0, odd), Some(credentials), "{odd}");
        }
    }

    #[test]
    fn answers_without_an_error_are_none() {
        for body in [r#"{"fills":[],"cursor":""}"#, r#"{"data":[],"pagination":{}}"#, "{\"err", "[]"] {
            assert_eq!(read(200, body), None, "{body}");
        }
    }
}
