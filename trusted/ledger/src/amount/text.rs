//! Decimals as text: plain, as venues write them and as answers show them.

use super::{
    Decimal, NumberError,
    wide::{power, product},
};
use alloc::{format, string::String};
use core::{fmt, str::FromStr};
use ethnum::I256;

/// The longest text that is read as a number.
const TEXT_MAX: usize = 100;
/// Digits that fit 64 bits, whatever they are.
const CHUNK: usize = 19;

impl FromStr for Decimal {
    type Err = NumberError;

    /// Reads `-12.50` and `2.288e-5`; nothing else: no white space, no `+`, no bare point.
    fn from_str(text: &str) -> Result<Self, NumberError> {
        if let Some(short) = short(text.as_bytes()) {
            return Ok(short);
        }
        if text.len() > TEXT_MAX {
            return Err(NumberError::Malformed);
        }
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, number) = number.strip_prefix('-').map_or((false, number), |rest| (true, rest));
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return Err(NumberError::Malformed),
            Some(parts) => parts,
            None => (number, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(NumberError::Malformed);
        }
        // Zeros at both ends take no room, so a number reads the same however many it is written with.
        let (mut whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let mut scale = i32::try_from(fraction.len()).map_err(|_| NumberError::Malformed)?;
        if fraction.is_empty() {
            let significant = whole.trim_end_matches('0');
            let zeros = i32::try_from(whole.len().saturating_sub(significant.len()));
            scale = zeros.map_err(|_| NumberError::Malformed)?.saturating_neg();
            whole = significant;
        }
        let magnitude = digits_after(digits_after(I256::ZERO, whole)?, fraction)?;
        let mantissa = if negative { magnitude.wrapping_neg() } else { magnitude };
        Self::at_scale(mantissa, scale.saturating_sub(exponent))
    }
}

/// Digits with a point among them or none, few enough for one word: most numbers, in one walk. `None`: something else.
fn short(text: &[u8]) -> Option<Decimal> {
    let (negative, number) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if number.len() > CHUNK {
        return None;
    }
    let (mut value, mut scale, mut point) = (0_i64, 0_u8, false);
    for byte in number {
        match byte {
            b'0'..=b'9' => {
                value = value.wrapping_mul(10).wrapping_add(i64::from(byte & 0x0f));
                scale = scale.wrapping_add(u8::from(point));
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    let whole = number.len().wrapping_sub(usize::from(scale)).wrapping_sub(usize::from(point));
    // Not `.5`, `5.` or nothing. 18 digits fit the word.
    let digits = whole.wrapping_add(usize::from(scale));
    if whole == 0 || digits >= CHUNK || (point && scale == 0) {
        return None;
    }
    // Venues write zeros at the end; a number reads the same however many there are.
    while scale > 0 && value % 10 == 0 {
        (value, scale) = (value / 10, scale.wrapping_sub(1));
    }
    Some(Decimal::from_short(if negative { value.wrapping_neg() } else { value }, scale))
}

/// The number that `digits` make when they are written after `before`.
fn digits_after(before: I256, digits: &str) -> Result<I256, NumberError> {
    digits.as_bytes().chunks(CHUNK).try_fold(before, |before, chunk| {
        let value = chunk
            .iter()
            .fold(0_u64, |value, digit| value.wrapping_mul(10).wrapping_add(u64::from(digit & 0x0f)));
        let unit = u32::try_from(chunk.len()).ok().and_then(power).ok_or(NumberError::Overflow)?;
        product(before, unit.as_i256())
            .map(|raised| raised.wrapping_add(I256::from(value)))
            .ok_or(NumberError::Overflow)
    })
}

fn read_exponent(text: &str) -> Result<i32, NumberError> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::Malformed);
    }
    text.parse().map_err(|_| NumberError::Malformed)
}

impl fmt::Display for Decimal {
    /// Plain, without exponent and without zeros at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.trimmed();
        let scale = usize::from(value.scale);
        let digits = format!("{:0>width$}", value.magnitude(), width = scale.saturating_add(1));
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
        let mut text = String::new();
        if value.is_negative() {
            text.push('-');
        }
        text.push_str(whole);
        if !fraction.is_empty() {
            text.push('.');
            text.push_str(fraction);
        }
        f.pad(&text)
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
