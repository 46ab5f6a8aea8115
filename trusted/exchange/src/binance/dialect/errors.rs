//! What an error means where more than spot is read: codes of margin, wallet and futures, and the envelopes of fiat, Pay and
//! P2P, which say `"code":"000000"` when all is well (EXCHANGES.md section 2, Errors;
//! https://developers.binance.com/docs/derivatives/usds-margined-futures/error-code and the pages like it).

use crate::{Refusal, Reply, VenueError, binance::errors, dialect::Cell};
use ledger::Timestamp;

/// Errors are short.
const ERROR_BYTES_MAX: usize = 4096;

/// The error in an answer, if it is one. `now` is the venue's time.
pub(super) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    match errors::error(reply, now) {
        Some(VenueError::Permanent(Refusal::Request { code })) => Some(known(code)),
        Some(error) => Some(error),
        None => enveloped(&reply.body),
    }
}

fn known(code: i64) -> VenueError {
    match code {
        // Busy; clearing; pending.
        -1004 | -1034 | -3000 | -3007 | -3037 | -3044 | -4038 | -4041 => VenueError::Retry,
        -1015 | -4005 | -6009 | -12014 => VenueError::BackOff { retry_after_ms: None },
        -1005 | -1011 => VenueError::Permanent(Refusal::Address),
        -1099 | -1109 | -2017 | -4004 | -4013 | -4046 => VenueError::Permanent(Refusal::Credentials),
        code => VenueError::Permanent(Refusal::Request { code }),
    }
}

/// An error under HTTP 200:
///
/// ```json
/// {"code":"100001003","message":"Verification failed","data":null,"success":false}
/// ```
fn enveloped(body: &[u8]) -> Option<VenueError> {
    if body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let row = Cell::whole("any", body).ok()?.row().ok()?;
    let code = row.maybe_text("code").ok().flatten().and_then(|code| code.parse::<i64>().ok());
    let failed = row.maybe_flag("success").ok().flatten() == Some(false);
    match code {
        None | Some(0 | 200) if !failed => None,
        Some(100_001_003 | 200_003_903) => Some(VenueError::Permanent(Refusal::Credentials)),
        code => Some(known(code.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_of_four_kinds() {
        let request = |code| VenueError::Permanent(Refusal::Request { code });
        let credentials = VenueError::Permanent(Refusal::Credentials);
        let back_off = VenueError::BackOff { retry_after_ms: None };
        for (status, body, means) in [
            (
                400,
                r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}"#,
                Some(VenueError::FixClock),
            ),
            (
                503,
                r#"{"code":-1004,"msg":"Server is busy, please wait and try again"}"#,
                Some(VenueError::Retry),
            ),
            (503, "Service Unavailable", Some(VenueError::Retry)),
            (400, r#"{"code":-3044,"msg":"System busy."}"#, Some(VenueError::Retry)),
            (400, r#"{"code":-1015,"msg":"Too many new orders"}"#, Some(back_off)),
            (429, r#"{"code":-1003,"msg":"Too many requests"}"#, Some(back_off)),
            (400, r#"{"code":-3003,"msg":"Margin account does not exist."}"#, Some(request(-3003))),
            (400, r#"{"code":-4047,"msg":"Time interval must be within 0-90 days"}"#, Some(request(-4047))),
            (400, r#"{"code":-4165,"msg":"Invalid time interval"}"#, Some(request(-4165))),
            (
                400,
                r#"{"code":-1130,"msg":"Data sent for parameter 'x' is not valid."}"#,
                Some(request(-1130)),
            ),
            (401, r#"{"code":-2014,"msg":"API-key format invalid."}"#, Some(credentials)),
            (400, r#"{"code":-1022,"msg":"Signature for this request is not valid."}"#, Some(credentials)),
            (
                400,
                r#"{"code":-1011,"msg":"This IP cannot access this route."}"#,
                Some(VenueError::Permanent(Refusal::Address)),
            ),
            (451, "", Some(VenueError::Permanent(Refusal::Region))),
            (
                200,
                r#"{"code":"100001003","message":"Verification failed","success":false}"#,
                Some(credentials),
            ),
            (200, r#"{"msg":"You don't have permission.","success":false}"#, Some(request(0))),
            (200, r#"{"code":"000000","message":"success","data":[],"success":true}"#, None),
            (200, r#"{"serverTime":1499827319559}"#, None),
            (200, "[]", None),
        ] {
            let reply = Reply { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
            assert_eq!(error(&reply, Timestamp::from_millis(0)), means, "{status} {body}");
        }
    }
}
