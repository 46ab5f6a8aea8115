//! What an error of Binance means (EXCHANGES.md section 2, Errors;
//! https://github.com/binance/binance-spot-api-docs, `errors.md`).

use super::wire::Text;
use crate::{Refusal, Reply, VenueError};
use ledger::Timestamp;
use serde::Deserialize;

/// Errors are short: a longer answer that came with success is none.
const ERROR_BYTES_MAX: usize = 4096;

/// `{"code":-1121,"msg":"Invalid symbol."}`
#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    code: Option<Text<'a>>,
    #[serde(borrow)]
    msg: Option<Text<'a>>,
}

/// The error in an answer, if it is one. `now` is the venue's time.
pub(crate) fn error(reply: &Reply, now: Timestamp) -> Option<VenueError> {
    let start = reply.body.get(..ERROR_BYTES_MAX).unwrap_or(&reply.body);
    let success = (200..300).contains(&reply.status);
    if success && reply.body.len() > ERROR_BYTES_MAX {
        return None;
    }
    let body = serde_json::from_slice(start).unwrap_or(Body { code: None, msg: None });
    let code: Option<i64> = body.code.and_then(|code| code.as_str().parse().ok());
    if success && code.is_none_or(|code| code >= 0) {
        return None;
    }
    let message = body.msg.as_ref().map_or("", Text::as_str);
    Some(match (reply.status, code) {
        (418 | 429, _) | (_, Some(-1003)) => {
            VenueError::BackOff { retry_after_ms: reply.retry_after_ms().or_else(|| banned_ms(message, now)) }
        }
        // Of the address that asks, not of the key.
        (451, _) => VenueError::Permanent(Refusal::Region),
        _ if message.contains("restricted location") => VenueError::Permanent(Refusal::Region),
        (_, Some(-1021)) => VenueError::FixClock,
        (_, Some(-2008 | -2014 | -2015 | -1022 | -1002)) => VenueError::Permanent(Refusal::Credentials),
        (_, Some(-1000 | -1001 | -1006 | -1007 | -1008 | -1016)) | (408 | 500.., _) => VenueError::Retry,
        // Without a code it was refused before it came to the exchange: by the firewall, or by country.
        (403, None) => VenueError::Permanent(Refusal::Region),
        (401, None) => VenueError::Permanent(Refusal::Credentials),
        (_, code) => VenueError::Permanent(Refusal::Request { code: code.unwrap_or(0) }),
    })
}

/// `… IP banned until 1735689720123. …`
fn banned_ms(message: &str, now: Timestamp) -> Option<u64> {
    let (_, rest) = message.split_once("banned until ")?;
    let until: i64 = rest.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()?;
    u64::try_from(until.checked_sub(now.millis())?).ok()
}
