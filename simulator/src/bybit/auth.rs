//! Signed requests: key, clock, signature. `X-BAPI-SIGN` is the HMAC-SHA256 in hex of *timestamp + key + receive window +
//! query*, or body, as they came.
//! See <https://bybit-exchange.github.io/docs/v5/guide#authentication>.

use super::refusal::Refusal;
use crate::http::Incoming;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const RECEIVE_WINDOW_MS: i64 = 5_000;
/// How far ahead a client's clock may be.
const AHEAD_MS: i64 = 1_000;

/// The key that is known here, and its secret.
pub(crate) struct Keys {
    key: String,
    secret: String,
}

impl Keys {
    pub(crate) fn new(key: &str, secret: &str) -> Self {
        Self { key: key.to_owned(), secret: secret.to_owned() }
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Whether a request is signed as it must be, at `now_ms` by the venue's clock.
    pub(crate) fn check(&self, request: &Incoming, now_ms: i64) -> Result<(), Refusal> {
        let key = request.header("x-bapi-api-key").ok_or_else(Refusal::key)?;
        let timestamp =
            request.header("x-bapi-timestamp").ok_or_else(|| Refusal::parameter("timestamp is required"))?;
        let window = request.header("x-bapi-recv-window");
        check_clock(timestamp, window, now_ms)?;
        if key != self.key {
            return Err(Refusal::key());
        }
        let sent = request.header("x-bapi-sign").ok_or_else(Refusal::signature)?;
        let sent = hex::decode(sent).map_err(|_| Refusal::signature())?;
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).map_err(|_| Refusal::signature())?;
        let said = if request.method == "POST" { &request.body } else { &request.query };
        for part in [timestamp, key, window.unwrap_or_default(), said] {
            mac.update(part.as_bytes());
        }
        mac.verify_slice(&sent).map_err(|_| Refusal::signature())
    }
}

/// From the receive window before now up to, but without, a second after.
fn check_clock(timestamp: &str, window: Option<&str>, now_ms: i64) -> Result<(), Refusal> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str, name: &str| {
        let number = text.parse::<i64>().ok().filter(|_| digits(text));
        number.ok_or_else(|| Refusal::parameter(&format!("{name} is invalid")))
    };
    let sent_ms = number(timestamp, "timestamp")?;
    let window_ms = window.map_or(Ok(RECEIVE_WINDOW_MS), |text| number(text, "recv_window"))?;
    let is_good = now_ms.saturating_sub(window_ms) <= sent_ms && sent_ms < now_ms + AHEAD_MS;
    if is_good { Ok(()) } else { Err(Refusal::clock(sent_ms, now_ms, window_ms)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_735_689_600_123;
    const QUERY: &str = "category=spot";
    /// `printf %s 1735689600123aKey5000category=spot | openssl dgst -sha256 -hmac aPlainSecret`
    const SIGNATURE: &str = "43aa8138ae529079a2faf535ca8cd8465c71ce13e92ca032c03e1666489c56d6";

    fn check(headers: &[(&str, &str)], query: &str, now_ms: i64) -> Result<(), i64> {
        let request = Incoming {
            method: "GET".to_owned(),
            path: String::new(),
            query: query.to_owned(),
            body: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect(),
        };
        Keys::new("aKey", "aPlainSecret").check(&request, now_ms).map_err(|refusal| refusal.code)
    }

    fn headers<'a>(key: &'a str, stamp: &'a str, signature: &'a str) -> [(&'a str, &'a str); 4] {
        [
            ("x-bapi-api-key", key),
            ("x-bapi-timestamp", stamp),
            ("x-bapi-recv-window", "5000"),
            ("x-bapi-sign", signature),
        ]
    }

    #[test]
    fn a_signature_of_openssl_is_right_over_these_bytes_alone() {
        let stamp = "1735689600123";
        let right = headers("aKey", stamp, SIGNATURE);
        assert_eq!(check(&right, QUERY, NOW_MS), Ok(()));
        assert_eq!(check(&right, "category=spo%74", NOW_MS), Err(10004), "the bytes, not their meaning");
        assert_eq!(check(&headers("aKey", "1735689600124", SIGNATURE), QUERY, NOW_MS), Err(10004));
        assert_eq!(check(&headers("other", stamp, SIGNATURE), QUERY, NOW_MS), Err(10003));
        assert_eq!(check(&headers("aKey", stamp, "zz"), QUERY, NOW_MS), Err(10004));
        assert_eq!(check(&right[..3], QUERY, NOW_MS), Err(10004));
        assert_eq!(check(&right[1..], QUERY, NOW_MS), Err(10003));
        assert_eq!(check(&right[..1], QUERY, NOW_MS), Err(10001));
    }

    #[test]
    fn a_clock_may_be_late_by_the_window_and_ahead_by_less_than_a_second() {
        let right = headers("aKey", "1735689600123", SIGNATURE);
        for (now_ms, expected) in [
            (NOW_MS + 5000, Ok(())),
            (NOW_MS + 5001, Err(10002)),
            (NOW_MS - 999, Ok(())),
            (NOW_MS - 1000, Err(10002)),
        ] {
            assert_eq!(check(&right, QUERY, now_ms), expected, "{now_ms}");
        }
    }
}
