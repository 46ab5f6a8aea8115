//! The integers under a decimal: powers of ten, digits, and products that are divided before they are cut.
//!
//! A mantissa stays below 10^76, which is below 2^253. So sums of two fit 256 bits; a product of two needs up to 506
//! and stands here as two halves until it is divided.

use core::cmp::Ordering;
use ethnum::{I256, U256};

/// Digits that a mantissa has at most.
pub(super) const DIGITS_MAX: u8 = 76;

/// 10^76: every mantissa is below it.
pub(super) const LIMIT: U256 = last(&POWERS);

/// 10^0 to 10^76.
const POWERS: [U256; 77] = powers();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which refuses what is out of bounds"
)]
const fn powers() -> [U256; 77] {
    let mut powers = [U256::ONE; 77];
    let mut exponent = 1;
    while exponent < powers.len() {
        let (high, low) = powers[exponent - 1].into_words();
        let carry = ((low >> 64) * 10 + (((low & u64::MAX as u128) * 10) >> 64)) >> 64;
        powers[exponent] = U256::from_words(high * 10 + carry, low.wrapping_mul(10));
        exponent += 1;
    }
    powers
}

const fn last(powers: &[U256; 77]) -> U256 {
    let [.., last] = powers;
    *last
}

/// 10^exponent, up to 10^76.
pub(super) fn power(exponent: u32) -> Option<U256> {
    POWERS.get(usize::try_from(exponent).ok()?).copied()
}

/// Decimal digits of a magnitude below [`LIMIT`]; 1 for zero.
pub(super) fn digits(magnitude: U256) -> u8 {
    let bits = 256_u32.saturating_sub(magnitude.leading_zeros());
    // 1233/4096 is log10(2) rounded down: at most one too few.
    let estimate = bits.saturating_mul(1233) >> 12;
    let more = power(estimate).is_some_and(|power| magnitude >= power);
    u8::try_from(estimate.saturating_add(u32::from(more))).unwrap_or(DIGITS_MAX).max(1)
}

/// Whether 10 divides it. 2^64 is 1 modulo 5, so the digits of that base add up to the same remainder.
pub(super) fn tenfold(magnitude: U256) -> bool {
    let (high, low) = magnitude.into_words();
    let [a, b] = [high, low].map(|word| (word >> 64).wrapping_add(word & u128::from(u64::MAX)));
    low & 1 == 0 && a.wrapping_add(b) % 5 == 0
}

/// The value in 128 bits, if it fits: most do, and cost a fraction.
pub(super) fn narrow(value: I256) -> Option<i128> {
    let (high, low) = value.into_words();
    (high == low >> 127).then_some(low)
}

/// The exact product of two mantissas, if it is one too.
pub(super) fn product(a: I256, b: I256) -> Option<I256> {
    if let (Some(x), Some(y)) = (narrow(a), narrow(b))
        && x.unsigned_abs().leading_zeros().saturating_add(y.unsigned_abs().leading_zeros()) >= 129
    {
        // Of no more than 127 bits together.
        return Some(I256::from(x.wrapping_mul(y)));
    }
    let (x, y) = (a.unsigned_abs(), b.unsigned_abs());
    // Of more than 254 bits together: at least 2^253, above the limit.
    if x.leading_zeros().saturating_add(y.leading_zeros()) < 258 {
        return None;
    }
    let product = a.wrapping_mul(b);
    (product.unsigned_abs() < LIMIT).then_some(product)
}

/// `a · b / divisor`, rounded half-even, and whether that is exact; `None` if it does not fit, or there is no divisor.
pub(super) fn product_divided(a: U256, b: U256, divisor: U256) -> Option<(U256, bool)> {
    let (quotient, remainder) = if a.leading_zeros().saturating_add(b.leading_zeros()) < 256 {
        let (high, low) = long_product(a, b);
        long_divided(high, low, divisor)?
    } else if *divisor.high() > 0 {
        long_divided(U256::ZERO, a.wrapping_mul(b), divisor)?
    } else {
        a.wrapping_mul(b).checked_div_rem(divisor)?
    };
    let up = match remainder.cmp(&divisor.wrapping_sub(remainder)) {
        Ordering::Greater => true,
        Ordering::Equal => *quotient.low() & 1 == 1,
        Ordering::Less => false,
    };
    let rounded = quotient.checked_add(U256::from(up))?;
    (rounded < LIMIT).then_some((rounded, remainder == U256::ZERO))
}

/// All 512 bits of a product, high half first.
fn long_product(a: U256, b: U256) -> (U256, U256) {
    let half = |value: U256| {
        let (high, low) = value.into_words();
        (U256::new(high), U256::new(low))
    };
    let ((a1, a0), (b1, b0)) = (half(a), half(b));
    // Products of halves, and one carried half more, fit 256 bits: (2^128 - 1)^2 + 2^128 - 1 < 2^256.
    let low = a0.wrapping_mul(b0);
    let middle = a1.wrapping_mul(b0).wrapping_add(half(low).0);
    let (middle, carried) = middle.overflowing_add(a0.wrapping_mul(b1));
    let carry = U256::from_words(u128::from(carried), 0);
    let high = a1.wrapping_mul(b1).wrapping_add(half(middle).0).wrapping_add(carry);
    (high, U256::from_words(*middle.low(), *low.low()))
}

/// Knuth's algorithm D (The Art of Computer Programming, volume 2, section 4.3.1) with digits of 128 bits: the
/// divisor has two, the quotient too.
fn long_divided(high: U256, low: U256, divisor: U256) -> Option<(U256, U256)> {
    // Otherwise the quotient has more than 256 bits.
    if high >= divisor {
        return None;
    }
    // All are shifted until the divisor's highest bit is set.
    let shift = divisor.leading_zeros();
    let divisor = divisor.wrapping_shl(shift);
    let carried = if shift == 0 { U256::ZERO } else { low.wrapping_shr(256_u32.saturating_sub(shift)) };
    let (next, last) = low.wrapping_shl(shift).into_words();
    let (first, rest) = quotient_digit(high.wrapping_shl(shift) | carried, next, divisor)?;
    let (second, rest) = quotient_digit(rest, last, divisor)?;
    Some((U256::from_words(first, second), rest.wrapping_shr(shift)))
}

/// One digit of the quotient of (`rest`, `next`), three digits, by a divisor above `rest`; and what remains.
fn quotient_digit(rest: U256, next: u128, divisor: U256) -> Option<(u128, U256)> {
    let ((rest_high, rest_low), (first, second)) = (rest.into_words(), divisor.into_words());
    // By the divisor's first digit alone: never too small, at most two too large.
    let (mut digit, mut over) = if rest_high < first {
        let (digit, over) = rest.checked_div_rem(U256::new(first))?;
        (*digit.low(), over)
    } else {
        (u128::MAX, U256::new(rest_low).wrapping_add(U256::new(first)))
    };
    while *over.high() == 0
        && U256::new(digit).wrapping_mul(U256::new(second)) > U256::from_words(*over.low(), next)
    {
        digit = digit.wrapping_sub(1);
        over = over.wrapping_add(U256::new(first));
    }
    // What remains is below the divisor, so 256 bits of the difference are all of it.
    let remainder = U256::from_words(rest_low, next).wrapping_sub(divisor.wrapping_mul(U256::new(digit)));
    Some((digit, remainder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_at_every_power_of_two_and_of_ten() {
        let by_division = |magnitude: U256| {
            let (mut rest, mut digits) = (magnitude, 1);
            while rest >= U256::new(10) {
                rest = rest.checked_div(U256::new(10)).unwrap();
                digits += 1;
            }
            digits
        };
        let powers = (0..=252).map(|bit| U256::ONE.wrapping_shl(bit)).chain((0..76).filter_map(power));
        for power in powers {
            for magnitude in [power.wrapping_sub(U256::ONE), power, power.wrapping_add(U256::ONE)] {
                assert_eq!(digits(magnitude), by_division(magnitude), "{magnitude}");
            }
        }
        assert_eq!(Some(LIMIT), power(75).and_then(|power| power.checked_mul(U256::new(10))));
    }

    #[test]
    fn a_long_quotient_times_its_divisor_and_the_rest_are_the_dividend() {
        // Words where an estimated digit is off, and a few without a pattern.
        let words = [
            0,
            1,
            2,
            u128::MAX,
            u128::MAX - 1,
            1 << 127,
            (1 << 127) - 1,
            1 << 64,
            0x0123_4567_89ab_cdef << 61,
        ];
        let numbers =
            || words.iter().flat_map(|&high| words.iter().map(move |&low| U256::from_words(high, low)));
        let mut divided = 0;
        for divisor in numbers() {
            for high in numbers() {
                for low in numbers().step_by(3) {
                    let Some((quotient, rest)) = long_divided(high, low, divisor) else {
                        assert!(high >= divisor);
                        continue;
                    };
                    assert!(rest < divisor);
                    let (back_high, back_low) = long_product(quotient, divisor);
                    let (back_low, carried) = back_low.overflowing_add(rest);
                    assert_eq!((back_high.wrapping_add(U256::from(carried)), back_low), (high, low));
                    divided += 1;
                }
            }
        }
        assert!(divided > 10_000);
    }

    #[test]
    fn multiples_of_ten_are_known_by_their_words() {
        for magnitude in
            (0..2000_u64).map(|low| U256::from_words(7, low.into())).chain((0..2000_u64).map(U256::from))
        {
            let rest = magnitude.checked_rem(U256::new(10)).unwrap();
            assert_eq!(tenfold(magnitude), rest == U256::ZERO);
        }
    }
}
