//! What an error of Deribit means (EXCHANGES.md section 12; <https://docs.deribit.com/articles/errors>). Most of them come
//! with status 400.

use crate::{Refusal, Reply, VenueError, dialect::Cell};

/// Errors are short: a longer answer that came with success is none.
const ERROR_BYTES_MAX: usize = 4096;

/// The error in an answer, if it is one.
///
/// ```json
/// {"jsonrpc":"2.0","error":{"message":"invalid_credentials","code":13004},"testnet":false}
/// ```
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    if success && reply.body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let body = Cell::whole("", &reply.body).and_then(Cell::row).ok();
    let told = body.as_ref().and_then(|row| row.maybe("error"));
    if success && told.is_none() {
        return None;
    }
    let told = told.and_then(|cell| cell.row().ok());
    let field = |name| told.as_ref().and_then(|row| row.maybe_string(name).ok().flatten());
    let code: Option<i64> = field("code").and_then(|code| code.parse().ok());
    // Why, where it is told: `{"reason":"timestamp_too_old"}`.
    let reason = told.as_ref().and_then(|row| row.maybe("data")?.row().ok()?.maybe_string("reason").ok()?);
    let of_time = reason.is_some_and(|reason| reason.contains("timestamp"));
    Some(match (reply.status, code) {
        (429, _) | (_, Some(10_028 | 10_047 | 10_066)) => {
            VenueError::BackOff { retry_after_ms: reply.retry_after_ms() }
        }
        (_, Some(10_000 | 13_004 | 13_009)) if of_time => VenueError::FixClock,
        (_, Some(9_999 | 10_000 | 11_042 | 13_004 | 13_005 | 13_009 | 13_021 | 13_403)) => {
            VenueError::Permanent(Refusal::Credentials)
        }
        (_, Some(10_040 | 10_041 | 11_051 | 11_094 | 13_028 | 13_503 | 13_888)) => VenueError::Retry,
        (451, _) | (403, None) => VenueError::Permanent(Refusal::Region),
        (401, None) => VenueError::Permanent(Refusal::Credentials),
        (408 | 500.., _) => VenueError::Retry,
        (_, code) => VenueError::Permanent(Refusal::Request { code: code.unwrap_or(0) }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_of_its_kind() {
        let permanent = |refusal| Some(VenueError::Permanent(refusal));
        let waiting = Some(VenueError::BackOff { retry_after_ms: None });
        for (status, body, expected) in [
            (200, "{\"jsonrpc\":\"2.0\",\"result\":[]}", None),
            (400, "{\"error\":{\"message\":\"too_many_requests\",\"code\":10028}}", waiting),
            (429, "", waiting),
            (
                200,
                "{\"error\":{\"message\":\"invalid_credentials\",\"code\":13004}}",
                permanent(Refusal::Credentials),
            ),
            (
                400,
                "{\"error\":{\"message\":\"unauthorized\",\"code\":13009}}",
                permanent(Refusal::Credentials),
            ),
            (403, "{\"error\":{\"message\":\"forbidden\",\"code\":13021}}", permanent(Refusal::Credentials)),
            (
                400,
                "{\"error\":{\"code\":13004,\"data\":{\"reason\":\"timestamp_too_old\"}}}",
                Some(VenueError::FixClock),
            ),
            (400, "{\"error\":{\"message\":\"system_maintenance\",\"code\":11051}}", Some(VenueError::Retry)),
            (400, "{\"error\":{\"code\":10041}}", Some(VenueError::Retry)),
            (400, "{\"error\":{\"code\":-32602}}", permanent(Refusal::Request { code: -32_602 })),
            (400, "{\"error\":\"?\"}", permanent(Refusal::Request { code: 0 })),
            (503, "<html>", Some(VenueError::Retry)),
            (451, "<html>", permanent(Refusal::Region)),
        ] {
            let reply = Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
            assert_eq!(error(&reply), expected, "{status} {body}");
        }
    }
}
