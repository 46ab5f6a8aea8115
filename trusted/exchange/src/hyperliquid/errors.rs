//! What an error of Hyperliquid means (EXCHANGES.md section 11). Its reads hardly ever fail with a reason: a request that it
//! cannot parse is a 422 in words, one about what does not exist often a 500.

use crate::{Refusal, Reply, VenueError};

/// Errors are short: a longer answer that came with success is none.
const ERROR_BYTES_MAX: usize = 4096;

/// The error in an answer, if it is one.
///
/// ```json
/// {"status":"err","response":"User or API Wallet 0x… does not exist."}
/// {"error":"…"}
/// ```
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    let code = i64::from(reply.status);
    match reply.status {
        200..300 => told(&reply.body),
        429 => Some(VenueError::BackOff { retry_after_ms: reply.retry_after_ms() }),
        408 | 500.. => Some(VenueError::Retry),
        // Of the address that asks: nobody else is asked who they are.
        403 | 451 => Some(VenueError::Permanent(Refusal::Region)),
        _ => Some(VenueError::Permanent(Refusal::Request { code })),
    }
}

fn told(body: &[u8]) -> Option<VenueError> {
    if body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let message = match body.get("status").and_then(serde_json::Value::as_str) {
        Some("err") => body.get("response"),
        _ => body.get("error"),
    };
    let message = message?.as_str().unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    Some(if says(&["Too many", "too many", "rate limit"]) {
        VenueError::BackOff { retry_after_ms: None }
    } else if says(&["User or API Wallet", "does not exist"]) {
        VenueError::Permanent(Refusal::Credentials)
    } else {
        VenueError::Permanent(Refusal::Request { code: 0 })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_of_its_kind() {
        let permanent = |code| Some(VenueError::Permanent(Refusal::Request { code }));
        let waiting = |retry_after_ms| Some(VenueError::BackOff { retry_after_ms });
        for (status, body, expected) in [
            (200, "[]", None),
            (200, "null", None),
            (200, "{\"balances\":[]}", None),
            (200, "{\"status\":\"unknownOid\"}", None),
            (429, "null", waiting(Some(7000))),
            (200, "{\"status\":\"err\",\"response\":\"Too many cumulative requests sent\"}", waiting(None)),
            (502, "<html>", Some(VenueError::Retry)),
            (500, "null", Some(VenueError::Retry)),
            (451, "", Some(VenueError::Permanent(Refusal::Region))),
            (422, "Failed to deserialize the JSON body into the target type", permanent(422)),
            (302, "", permanent(302)),
            (200, "{\"error\":\"x\"}", permanent(0)),
            (
                200,
                "{\"status\":\"err\",\"response\":\"User or API Wallet 0xb8 does not exist.\"}",
                Some(VenueError::Permanent(Refusal::Credentials)),
            ),
        ] {
            let headers = vec![("retry-after".to_owned(), "7".to_owned())];
            let reply = Reply { status, headers, body: body.as_bytes().to_vec() };
            assert_eq!(error(&reply), expected, "{status} {body}");
        }
    }
}
