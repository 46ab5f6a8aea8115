//! Decimals as doubles, for ratios only: the nearest double, ties to even, whatever the digits.
#![allow(clippy::float_arithmetic, reason = "the one door from amounts to ratios")]

use super::Decimal;
use ethnum::U256;

/// Powers of ten that a double holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Bits of a double's significand, and two more, so that what is cut can only push it up or down.
const BITS: u32 = 55;

impl Decimal {
    /// The nearest double. A ratio of amounts is a ratio of their doubles: the only place where money meets floats.
    pub fn to_f64(self) -> f64 {
        let (magnitude, scale) = (self.magnitude(), usize::from(self.scale));
        let nearest = match (u64::try_from(magnitude), TENS.get(scale)) {
            // Both are exact, and one division rounds once.
            (Ok(small), Some(ten)) if small < 1 << 53 => small as f64 / ten,
            _ => nearest(magnitude, self.scale),
        };
        if self.is_negative() { -nearest } else { nearest }
    }
}

/// `magnitude / 10^scale`, rounded once. 10^s = 5^s·2^s: the twos only move the point, and 5^76 has 177 bits, so that
/// magnitude·2^shift with enough bits for the quotient still fits 256.
fn nearest(magnitude: U256, scale: u8) -> f64 {
    let fives = U256::new(5).checked_pow(scale.into()).unwrap_or(U256::MAX);
    let lengths = [magnitude, fives].map(|value| 256_u32.saturating_sub(value.leading_zeros()));
    let [length, divisor_length] = lengths;
    // One bit more than asked for, since a quotient of lengths a and b may have only a - b bits.
    let shift = BITS.saturating_add(1).saturating_add(divisor_length).saturating_sub(length);
    let Some((quotient, rest)) = magnitude.wrapping_shl(shift).checked_div_rem(fives) else {
        return f64::NAN;
    };
    let surplus = 256_u32.saturating_sub(quotient.leading_zeros()).saturating_sub(BITS);
    let kept = quotient.wrapping_shr(surplus);
    let cut = rest != U256::ZERO || kept.wrapping_shl(surplus) != quotient;
    // The lowest bit stands for everything below it: rounding to 53 bits then sees whether anything was there.
    let significand = u64::try_from(kept).unwrap_or(u64::MAX) | u64::from(cut);
    let exponent = i64::from(surplus).saturating_sub(shift.into()).saturating_sub(scale.into());
    significand as f64 * power_of_two(exponent)
}

/// 2^exponent, from -1022 to 1023.
fn power_of_two(exponent: i64) -> f64 {
    let biased = u64::try_from(exponent.saturating_add(1023)).unwrap_or(0);
    f64::from_bits(biased << 52)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_double_is_the_one_that_the_text_is_read_as() {
        let mut state = 11_u64;
        let mut next = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        for round in 0..20_000 {
            let length = 1 + next(76);
            let digits: alloc::string::String = (0..length)
                .map(|_| {
                    char::from(
                        b'0' + u8::try_from(if round % 3 == 0 { 9 * next(2) } else { next(10) }).unwrap(),
                    )
                })
                .collect();
            let sign = if next(2) == 0 { "-" } else { "" };
            let text = format!("{sign}{digits}e-{}", next(77));
            let Ok(decimal) = text.parse::<Decimal>() else { continue };
            assert_eq!(decimal.to_f64(), text.parse::<f64>().unwrap(), "{text}");
        }
    }

    #[test]
    fn ties_go_to_the_even_double() {
        // 2^53 + 1 and 2^53 + 3 lie half-way between doubles.
        for text in [
            "9007199254740993",
            "9007199254740995",
            "9007199254740993.0000000000000000000000000000000000001",
            "0.1",
            "0.30000000000000004440892098500626",
            "1e-76",
            "9999999999999999999999999999999999999999999999999999999999999999999999999999",
        ] {
            let decimal: Decimal = text.parse().unwrap();
            assert_eq!(decimal.to_f64(), text.parse::<f64>().unwrap(), "{text}");
            assert_eq!(decimal.negated().to_f64(), -decimal.to_f64());
        }
        assert_eq!(Decimal::ZERO.negated().to_f64().to_bits(), 0);
    }
}
