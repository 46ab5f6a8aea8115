//! Signed requests: key, clock, signature. The signature is over the bytes as they came: query, then body, without
//! itself.

use super::{params::Params, refusal::Refusal};
use crate::http::Incoming;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

const RECEIVE_WINDOW_US: i64 = 5_000_000;
const RECEIVE_WINDOW_US_MAX: i64 = 60_000_000;
/// How far ahead a client's clock may be.
const AHEAD_US: i64 = 1_000_000;
const MICROSECONDS_FROM: i64 = 100_000_000_000_000;

/// The key that is known here, and its secret.
pub(crate) struct Keys {
    key: String,
    secret: String,
}

impl Keys {
    pub(crate) fn new(key: &str, secret: &str) -> Self {
        Self { key: key.to_owned(), secret: secret.to_owned() }
    }

    /// Whether a request is signed as it must be, at `now_ms` by the venue's clock.
    pub(crate) fn check(&self, request: &Incoming, params: &Params, now_ms: i64) -> Result<(), Refusal> {
        let key = request.header("x-mbx-apikey").ok_or_else(Refusal::key_format)?;
        let timestamp = params.required("timestamp")?;
        let signature = params.required("signature")?;
        check_clock(params, timestamp, now_ms)?;
        if key != self.key {
            return Err(Refusal::key());
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).map_err(|_| Refusal::signature())?;
        mac.update(signed(&request.query).as_bytes());
        mac.update(signed(&request.body).as_bytes());
        // Hex reads in either case.
        let signature = hex::decode(signature).map_err(|_| Refusal::signature())?;
        mac.verify_slice(&signature).map_err(|_| Refusal::signature())
    }
}

fn check_clock(params: &Params, timestamp: &str, now_ms: i64) -> Result<(), Refusal> {
    let sent = params.integer("timestamp")?.ok_or_else(|| Refusal::missing(timestamp))?;
    let sent_us = if sent >= MICROSECONDS_FROM { sent } else { sent * 1000 };
    let window_us = match params.text("recvWindow")? {
        Some(text) => {
            thousandths(text).ok_or_else(|| Refusal::illegal("recvWindow", "^[0-9]{1,5}([.][0-9]{1,3})?$"))?
        }
        None => RECEIVE_WINDOW_US,
    };
    if window_us > RECEIVE_WINDOW_US_MAX {
        return Err(Refusal::receive_window());
    }
    let now_us = now_ms * 1000;
    if sent_us >= now_us + AHEAD_US {
        return Err(Refusal::ahead());
    }
    if now_us - sent_us > window_us { Err(Refusal::late()) } else { Ok(()) }
}

/// A number with up to three decimals, in thousandths.
fn thousandths(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 || whole.len() > 12 {
        return None;
    }
    Some(whole.parse::<i64>().ok()? * 1000 + format!("{part:0<3}").parse::<i64>().ok()?)
}

/// The text without its `signature` parameter, wherever that stands.
fn signed(text: &str) -> String {
    let is_signature = |pair: &str| pair == "signature" || pair.starts_with("signature=");
    text.split('&').filter(|pair| !is_signature(pair)).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the venue's own documentation.
    const SECRET: &str = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
    const KEY: &str = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
    const SIGNATURE: &str = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71";
    const ORDER: &str = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559";
    const NOW_MS: i64 = 1_499_827_319_559;

    fn check(query: &str, body: &str, now_ms: i64) -> Result<(), i64> {
        let request = Incoming {
            method: "POST".to_owned(),
            path: String::new(),
            query: query.to_owned(),
            body: body.to_owned(),
            headers: [("x-mbx-apikey".parse().unwrap(), KEY.parse().unwrap())].into_iter().collect(),
        };
        let params = Params::parse(query, body).map_err(|refusal| refusal.code)?;
        Keys::new(KEY, SECRET).check(&request, &params, now_ms).map_err(|refusal| refusal.code)
    }

    #[test]
    fn the_documented_example_is_right_in_query_body_and_both() {
        assert_eq!(check(&format!("{ORDER}&signature={SIGNATURE}"), "", NOW_MS), Ok(()));
        assert_eq!(check("", &format!("{ORDER}&signature={}", SIGNATURE.to_uppercase()), NOW_MS), Ok(()));
        let (query, body) = ORDER.split_once("&quantity").unwrap();
        let mixed = "0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77";
        assert_eq!(check(query, &format!("quantity{body}&signature={mixed}"), NOW_MS), Ok(()));
        assert_eq!(check(&format!("{ORDER}&signature={mixed}"), "", NOW_MS), Err(-1022));
    }

    #[test]
    fn a_clock_may_be_late_by_the_window_and_ahead_by_less_than_a_second() {
        let order = format!("{ORDER}&signature={SIGNATURE}");
        assert_eq!(check(&order, "", NOW_MS + 5000), Ok(()));
        assert_eq!(check(&order, "", NOW_MS + 5001), Err(-1021));
        assert_eq!(check(&order, "", NOW_MS - 999), Ok(()));
        assert_eq!(check(&order, "", NOW_MS - 1000), Err(-1021));
    }

    #[test]
    fn windows_have_up_to_three_decimals() {
        assert_eq!(
            [thousandths("5000"), thousandths("0.5"), thousandths("60000.001")],
            [Some(5_000_000), Some(500), Some(60_000_001)]
        );
        assert_eq!([thousandths("1.2345"), thousandths(""), thousandths("-1"), thousandths("1.")], [None; 4]);
    }
}
