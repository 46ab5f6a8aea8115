//! What an error means: the service answers with HTTP 200 and a code (EXCHANGES.md section 14;
//! https://www.ibkrguides.com/brokerportal/performanceandstatements/flex3error.htm).

use super::xml;
use crate::{Refusal, Reply, VenueError};

/// The error in an answer, if it is one.
///
/// ```xml
/// <FlexStatementResponse timestamp="28 August, 2012 10:37 AM EDT"><Status>Fail</Status><ErrorCode>1012</ErrorCode>
/// <ErrorMessage>Token has expired.</ErrorMessage></FlexStatementResponse>
/// ```
pub(super) fn error(reply: &Reply) -> Option<VenueError> {
    match reply.status {
        200..300 => {}
        418 | 429 => return Some(VenueError::BackOff { retry_after_ms: reply.retry_after_ms() }),
        408 | 500.. => return Some(VenueError::Retry),
        401 | 403 => return Some(VenueError::Permanent(Refusal::Credentials)),
        451 => return Some(VenueError::Permanent(Refusal::Region)),
        _ => return Some(VenueError::Permanent(Refusal::Request { code: 0 })),
    }
    if xml::root(&reply.body)? != "FlexStatementResponse" {
        return None;
    }
    // One that breaks off tells nothing.
    let Ok(told) = xml::texts("any", &reply.body) else { return Some(VenueError::Retry) };
    let text = |field: &str| told.iter().find(|(name, _)| name == field).map(|(_, text)| text.as_str());
    if text("Status") == Some("Success") && text("ErrorCode").is_none() {
        return None;
    }
    Some(known(text("ErrorCode").and_then(|code| code.parse().ok()).unwrap_or(0)))
}

fn known(code: i64) -> VenueError {
    match code {
        // Not ready: it is being made, or what it is made of is not complete.
        1001 | 1004..=1009 | 1019 | 1021 => VenueError::Retry,
        1018 => VenueError::BackOff { retry_after_ms: None },
        // The service is off, the token expired or is not valid, nor the account.
        1011 | 1012 | 1015 | 1016 => VenueError::Permanent(Refusal::Credentials),
        1013 => VenueError::Permanent(Refusal::Address),
        code => VenueError::Permanent(Refusal::Request { code }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, body: &str) -> Option<VenueError> {
        error(&Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn errors_are_of_four_kinds() {
        let (retry, back_off) = (VenueError::Retry, VenueError::BackOff { retry_after_ms: None });
        for (code, means) in [
            (1003, VenueError::Permanent(Refusal::Request { code: 1003 })),
            (1004, retry),
            (1009, retry),
            (1010, VenueError::Permanent(Refusal::Request { code: 1010 })),
            (1012, VenueError::Permanent(Refusal::Credentials)),
            (1013, VenueError::Permanent(Refusal::Address)),
            (1017, VenueError::Permanent(Refusal::Request { code: 1017 })),
            (1018, back_off),
            (1019, retry),
            (1020, VenueError::Permanent(Refusal::Request { code: 1020 })),
            (1021, retry),
            (4711, VenueError::Permanent(Refusal::Request { code: 4711 })),
        ] {
            for status in ["Fail", "Warn"] {
                let body = format!(
                    "<FlexStatementResponse timestamp='x'><Status>{status}</Status><ErrorCode>{code}</ErrorCode>\
                     <ErrorMessage>Why &amp; what.</ErrorMessage></FlexStatementResponse>"
                );
                assert_eq!(meaning(200, &body), Some(means), "{code}");
            }
        }
        assert_eq!(meaning(503, ""), Some(retry));
        assert_eq!(meaning(429, ""), Some(back_off));
        assert_eq!(meaning(418, ""), Some(back_off));
        assert_eq!(meaning(200, "<FlexStatementResponse><Status>Fa"), Some(retry));
        assert_eq!(meaning(200, "<FlexQueryResponse></FlexQueryResponse>"), None);
        assert_eq!(meaning(200, ""), None);
    }
}
