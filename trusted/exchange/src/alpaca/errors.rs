//! What an error means: by status and by a code of eight digits that begins with it
//! (https://docs.alpaca.markets/docs/errors).

use crate::{Refusal, Reply, VenueError, dialect::Cell};
use ledger::Timestamp;

/// The error in an answer, if it is one.
///
/// ```json
/// {"code":40110000,"message":"request is not authorized"}
/// ```
pub(super) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    if (200..300).contains(&reply.status) {
        return None;
    }
    let code = code(&reply.body).unwrap_or(0);
    Some(match (reply.status, code) {
        (429 | 418, _) | (_, 42_910_000) => VenueError::BackOff { retry_after_ms: wait_ms(reply, now) },
        (408 | 500.., _) => VenueError::Retry,
        (401, _) | (403, 0 | 40_110_000) => VenueError::Permanent(Refusal::Credentials),
        (451, _) => VenueError::Permanent(Refusal::Region),
        _ => VenueError::Permanent(Refusal::Request { code }),
    })
}

fn code(body: &[u8]) -> Option<i64> {
    let row = Cell::whole("any", body).ok()?.row().ok()?;
    row.maybe_text("code").ok()??.parse().ok()
}

/// `Retry-After`, or `X-RateLimit-Reset`, the second at which the count begins anew.
fn wait_ms(reply: &Reply, now: Timestamp) -> Option<u64> {
    if let Some(wait_ms) = reply.retry_after_ms() {
        return Some(wait_ms);
    }
    let reset_ms = reply.header("x-ratelimit-reset")?.trim().parse::<i64>().ok()?.checked_mul(1000)?;
    u64::try_from(reset_ms.checked_sub(now.millis())?.max(0)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_of_four_kinds() {
        let credentials = VenueError::Permanent(Refusal::Credentials);
        let back_off = |retry_after_ms| VenueError::BackOff { retry_after_ms };
        for (status, header, body, means) in [
            (200, ("", ""), r#"{"code":1}"#, None),
            (403, ("", ""), r#"{"code":40110000,"message":"request is not authorized"}"#, Some(credentials)),
            (401, ("", ""), r#"{"message":"unauthorized."}"#, Some(credentials)),
            (403, ("", ""), r#"{"message":"forbidden."}"#, Some(credentials)),
            (
                403,
                ("", ""),
                r#"{"code":40310000,"message":"insufficient balance"}"#,
                Some(VenueError::Permanent(Refusal::Request { code: 40_310_000 })),
            ),
            (422, ("", ""), "cut", Some(VenueError::Permanent(Refusal::Request { code: 0 }))),
            (
                404,
                ("", ""),
                r#"{"code":40410000}"#,
                Some(VenueError::Permanent(Refusal::Request { code: 40_410_000 })),
            ),
            (429, ("retry-after", "3"), "", Some(back_off(Some(3000)))),
            (429, ("x-ratelimit-reset", "1735689605"), "", Some(back_off(Some(5000)))),
            (429, ("x-ratelimit-reset", "1"), "", Some(back_off(Some(0)))),
            (429, ("", ""), r#"{"code":42910000,"message":"rate limit exceeded"}"#, Some(back_off(None))),
            (500, ("", ""), "<html>", Some(VenueError::Retry)),
            (504, ("", ""), "", Some(VenueError::Retry)),
        ] {
            let headers = vec![(header.0.to_owned(), header.1.to_owned())];
            let reply = Reply { status, headers, body: body.as_bytes().to_vec() };
            assert_eq!(error(&reply, Timestamp::from_millis(1_735_689_600_000)), means, "{status} {body}");
        }
    }
}
