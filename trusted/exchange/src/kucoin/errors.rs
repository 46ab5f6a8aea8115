//! What an error of KuCoin means (EXCHANGES.md section 7, Errors; <https://www.kucoin.com/docs-new/error-code>). An answer of
//! success has the code 200000, and one without it may come under a status of success.

use crate::{Refusal, Reply, VenueError, dialect::Cell};

/// Errors are short, and so is the head of a longer answer, which is none.
const ERROR_BYTES_MAX: usize = 4096;
/// All is well.
const SUCCESS: i64 = 200_000;

/// The error in an answer, if it is one.
///
/// ```json
/// {"code":"400100","msg":"validation.createOrder.clientOidIsRequired"}
/// ```
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    let success = (200..300).contains(&reply.status);
    if success && reply.body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let body = Cell::whole("", &reply.body).and_then(Cell::row).ok();
    let field = |name| body.as_ref().and_then(|row| row.maybe_string(name).ok().flatten());
    let code: Option<i64> = field("code").and_then(|code| code.parse().ok());
    if success && code.is_none_or(|code| code == SUCCESS || code == 200) {
        return None;
    }
    let message = field("msg").unwrap_or_default();
    let of_place = ["unavailable in", "restricted countr", "restricted region", "your region"];
    let wait = VenueError::BackOff { retry_after_ms: retry_after_ms(reply) };
    Some(match (reply.status, code) {
        // The gateway's own limit is told by a status alone: 403 for five minutes, or 418 with a text.
        (429 | 418, _) | (_, Some(429_000 | 429)) | (403, None) => wait,
        _ if message.contains("Exceeded the access frequency") => wait,
        (_, Some(400_002)) => VenueError::FixClock,
        (451, _) | (_, Some(400_302)) => VenueError::Permanent(Refusal::Region),
        _ if of_place.iter().any(|words| message.contains(words)) => VenueError::Permanent(Refusal::Region),
        (_, Some(400_006)) => VenueError::Permanent(Refusal::Address),
        (_, Some(400_001 | 400_003..=400_005 | 400_007 | 400_401 | 411_100)) => {
            VenueError::Permanent(Refusal::Credentials)
        }
        (408 | 500.., _) | (_, Some(408_000 | 500_000..=599_999 | 500..=599)) => VenueError::Retry,
        (401, None) => VenueError::Permanent(Refusal::Credentials),
        (_, code) => VenueError::Permanent(Refusal::Request { code: code.unwrap_or(0) }),
    })
}

/// When the pool is full again, in milliseconds; a server that is only busy tells nothing.
fn retry_after_ms(reply: &Reply) -> Option<u64> {
    let reset_ms = reply.header("gw-ratelimit-reset").and_then(|reset| reset.trim().parse::<u64>().ok());
    reset_ms.or_else(|| reply.retry_after_ms())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_is_of_its_kind() {
        let permanent = |refusal| Some(VenueError::Permanent(refusal));
        let waiting = |retry_after_ms| Some(VenueError::BackOff { retry_after_ms });
        for (status, body, expected) in [
            (200, "{\"code\":\"200000\",\"data\":[]}", None),
            (200, "{\"code\":200000}", None),
            (200, "{\"code\":\"400100\",\"msg\":\"x\"}", permanent(Refusal::Request { code: 400_100 })),
            (401, "{\"code\":\"400002\",\"msg\":\"KC-API-TIMESTAMP Invalid\"}", Some(VenueError::FixClock)),
            (401, "{\"code\":\"400003\"}", permanent(Refusal::Credentials)),
            (401, "{\"code\":\"400005\"}", permanent(Refusal::Credentials)),
            (403, "{\"code\":\"400006\"}", permanent(Refusal::Address)),
            (403, "{\"code\":\"400007\"}", permanent(Refusal::Credentials)),
            (200, "{\"code\":\"411100\",\"msg\":\"User are frozen.\"}", permanent(Refusal::Credentials)),
            (403, "{\"code\":\"400302\"}", permanent(Refusal::Region)),
            (429, "{\"code\":\"429000\"}", waiting(Some(9000))),
            (200, "{\"code\":\"429000\"}", waiting(Some(9000))),
            (500, "{\"code\":\"500000\"}", Some(VenueError::Retry)),
            (200, "{\"code\":\"500000\"}", Some(VenueError::Retry)),
            (504, "<html>", Some(VenueError::Retry)),
            (
                200,
                "{\"code\":\"408000\",\"msg\":\"Network timeout, please try again later\"}",
                Some(VenueError::Retry),
            ),
            (418, "Too Many Bad Auth - Exceeded the access frequency.", waiting(Some(9000))),
            (403, "<html>", waiting(Some(9000))),
            (403, "{\"code\":\"400303\"}", permanent(Refusal::Request { code: 400_303 })),
            (200, "{\"code\":\"200002\",\"msg\":\"Exceeded the access frequency\"}", waiting(Some(9000))),
            (404, "<html>", permanent(Refusal::Request { code: 0 })),
        ] {
            let headers = vec![("gw-ratelimit-reset".to_owned(), "9000".to_owned())];
            let reply = Reply { status, headers, body: body.as_bytes().to_vec() };
            assert_eq!(error(&reply), expected, "{status} {body}");
        }
    }
}
