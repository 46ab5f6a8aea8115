//! What an error of Kraken means (EXCHANGES.md section 5, Errors). Spot tells them in `error[]` under a status of success,
//! futures in `error` beside `"result":"error"`, in `errors[]`, or by status.
//! <https://docs.kraken.com/api/docs/guides/spot-errors>, <https://docs.kraken.com/api/docs/guides/futures-errors>.

use crate::dialect::{Cell, Row};
use crate::{Refusal, Reply, VenueError};
use ledger::Timestamp;

/// Errors are short: a longer answer that came with success is none.
const ERROR_BYTES_MAX: usize = 4096;

/// A lockout that is called temporary lasts a quarter of an hour.
const LOCKOUT_MS: u64 = 900_000;

/// The error in an answer, if it is one. `now` is the venue's time.
pub(super) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    if success && reply.body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let said = said(&reply.body);
    if success && said.is_empty() {
        return None;
    }
    let known = said.iter().find_map(|word| named(word, now));
    Some(match (known, reply.status) {
        (Some(VenueError::BackOff { retry_after_ms: None }), _) | (None, 418 | 429) => {
            VenueError::BackOff { retry_after_ms: reply.retry_after_ms() }
        }
        (Some(known), _) => known,
        (None, 408 | 500..) => VenueError::Retry,
        (None, 401) => VenueError::Permanent(Refusal::Credentials),
        // Without a word of the venue it was refused before it came to the exchange: by the firewall, or by country.
        (None, 403 | 451) if said.is_empty() => VenueError::Permanent(Refusal::Region),
        _ => VenueError::Permanent(Refusal::Request { code: 0 }),
    })
}

/// The words of an answer for what went wrong; warnings (`W…`) are none.
///
/// ```json
/// {"error":["EAPI:Invalid key"]}
/// {"result":"error","error":"apiLimitExceeded","serverTime":"2016-02-25T09:45:53.818Z"}
/// {"status":"unauthorized","reason":"…"}
/// ```
fn said(body: &[u8]) -> Vec<String> {
    let Ok(answer) = Cell::whole("an error", body).and_then(Cell::row) else { return Vec::new() };
    let mut words: Vec<String> =
        ["error", "errors"].into_iter().flat_map(|field| of_field(&answer, field)).collect();
    words.retain(|word| !word.starts_with('W'));
    let is = |field: &'static str, word: &str| {
        answer.maybe_text(field).is_ok_and(|text| text.as_deref() == Some(word))
    };
    if words.is_empty() && (is("result", "error") || is("status", "unauthorized")) {
        words.push(if is("result", "error") { "unknownError" } else { "authenticationError" }.to_owned());
    }
    words
}

fn of_field(answer: &Row<'_>, field: &'static str) -> Vec<String> {
    let Some(cell) = answer.maybe(field) else { return Vec::new() };
    let word = |cell: Cell<'_>| match cell.row() {
        Ok(row) => {
            row.maybe_string("message").ok().flatten().or_else(|| row.maybe_string("code").ok().flatten())
        }
        Err(_) => cell.maybe_text().ok().flatten().map(|text| text.into_owned()),
    };
    match cell.cells() {
        Ok(cells) => cells.into_iter().filter_map(word).collect(),
        Err(_) => word(cell).into_iter().collect(),
    }
}

/// What a word means; `None`: it is none that is known.
fn named(word: &str, now: Timestamp) -> Option<VenueError> {
    let is = |words: &[&str]| words.iter().any(|known| word.starts_with(known));
    // The guide to rate limits writes it with a space: `EService: Throttled: [UNIX timestamp]`.
    let throttled =
        word.strip_prefix("EService:").and_then(|rest| rest.trim_start().strip_prefix("Throttled"));
    Some(if let Some(until) = throttled {
        VenueError::BackOff { retry_after_ms: throttled_ms(until, now) }
    } else if is(&["EGeneral:Temporary lockout"]) {
        VenueError::BackOff { retry_after_ms: Some(LOCKOUT_MS) }
    } else if [":Rate limit exceeded", ":Too many requests"].iter().any(|limit| word.contains(limit))
        || is(&["apiLimitExceeded"])
    {
        VenueError::BackOff { retry_after_ms: None }
    } else if word.contains(":Invalid nonce") || is(&["nonceBelowThreshold", "nonceDuplicate"]) {
        VenueError::FixClock
    } else if is(&[
        "EService:",
        "EGeneral:Internal error",
        "EDatabase:Internal error",
        "Server Error",
        "Unavailable",
        "unavailable",
    ]) {
        VenueError::Retry
    } else if is(&[
        "EAPI:Invalid key",
        "EAPI:Invalid signature",
        "EGeneral:Permission denied",
        "ESession:Invalid session",
        "EAuth:",
        "ETrade:User Locked",
        "EAccount:",
        "authenticationError",
        "accountInactive",
    ]) {
        VenueError::Permanent(Refusal::Credentials)
    } else {
        return None;
    })
}

/// `: 1735689720`, in seconds.
fn throttled_ms(until: &str, now: Timestamp) -> Option<u64> {
    let digits = until.trim_matches(|char: char| !char.is_ascii_digit());
    let until_ms = digits.split('.').next()?.parse::<i64>().ok()?.checked_mul(1000)?;
    u64::try_from(until_ms.checked_sub(now.millis())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_735_689_600_000);

    fn read(status: u16, body: &str) -> Option<VenueError> {
        let headers = vec![("retry-after".to_owned(), "7".to_owned())];
        error(&Reply { status, headers, body: body.as_bytes().to_vec() }, NOW)
    }

    #[test]
    fn each_error_has_its_kind() {
        let credentials = VenueError::Permanent(Refusal::Credentials);
        let request = VenueError::Permanent(Refusal::Request { code: 0 });
        let back_off = |ms| VenueError::BackOff { retry_after_ms: Some(ms) };
        for (status, body, kind) in [
            (200, r#"{"error":["EAPI:Invalid key"]}"#, credentials),
            (200, r#"{"error":["EAPI:Invalid signature"]}"#, credentials),
            (200, r#"{"error":["WGeneral:Danger","EGeneral:Permission denied"]}"#, credentials),
            (200, r#"{"error":["EAPI:Invalid nonce"]}"#, VenueError::FixClock),
            (200, r#"{"error":["EAPI:Rate limit exceeded"]}"#, back_off(7000)),
            (200, r#"{"error":["EAuth:Too many requests"]}"#, back_off(7000)),
            (200, r#"{"error":["EAuth:Rate limit exceeded"]}"#, back_off(7000)),
            (200, r#"{"error":["EAuth:Account temporary disabled"]}"#, credentials),
            (200, r#"{"error":["EGeneral:Temporary lockout"]}"#, back_off(900_000)),
            (200, r#"{"error":["EService:Throttled: 1735689720"]}"#, back_off(120_000)),
            (200, r#"{"error":["EService: Throttled: 1735689720"]}"#, back_off(120_000)),
            (200, r#"{"error":["EService:Unavailable"]}"#, VenueError::Retry),
            (200, r#"{"error":["EService:Busy"]}"#, VenueError::Retry),
            (200, r#"{"error":["EGeneral:Internal error"]}"#, VenueError::Retry),
            (200, r#"{"error":["EQuery:Unknown asset pair"]}"#, request),
            (200, r#"{"error":"EFunding:No funding method"}"#, request),
            (200, r#"{"result":"error","error":"apiLimitExceeded"}"#, back_off(7000)),
            (200, r#"{"result":"error","error":"nonceBelowThreshold"}"#, VenueError::FixClock),
            (200, r#"{"result":"error","error":"authenticationError"}"#, credentials),
            (200, r#"{"result":"error","errors":[{"code":65,"message":"Unavailable"}]}"#, VenueError::Retry),
            (200, r#"{"result":"error","error":"requiredArgumentMissing"}"#, request),
            (200, r#"{"result":"error"}"#, request),
            (401, r#"{"status":"unauthorized","reason":"Bad key"}"#, credentials),
            (429, "", back_off(7000)),
            (502, "<html>", VenueError::Retry),
            (520, "", VenueError::Retry),
            (403, "<html>", VenueError::Permanent(Refusal::Region)),
            (400, "", request),
        ] {
            assert_eq!(read(status, body), Some(kind), "{status} {body}");
        }
    }

    #[test]
    fn answers_without_an_error_are_none() {
        for body in [
            r#"{"error":[],"result":{}}"#,
            r#"{"error":["WGeneral:Danger"],"result":{}}"#,
            r#"{"result":"success","fills":[],"error":null}"#,
            r#"{"accountUid":"x","logs":[]}"#,
            "{\"error",
        ] {
            assert_eq!(read(200, body), None, "{body}");
        }
    }
}
