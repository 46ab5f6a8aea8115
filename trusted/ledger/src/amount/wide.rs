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

/// 10^0 to 10^38.
const NARROW_POWERS: [i128; 39] = narrow_powers();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which refuses what is out of bounds"
)]
const fn narrow_powers() -> [i128; 39] {
    let mut powers = [1_i128; 39];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
}

/// 10^exponent, if it fits 128 bits.
pub(super) fn narrow_power(exponent: u8) -> Option<i128> {
    NARROW_POWERS.get(usize::from(exponent)).copied()
}

/// The largest that fits 128 bits when it is multiplied by each power.
const NARROW_MOST: [i128; 39] = narrow_most();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated by the compiler, which refuses what is out of bounds"
)]
const fn narrow_most() -> [i128; 39] {
    let mut most = [i128::MAX; 39];
    let mut exponent = 1;
    while exponent < most.len() {
        most[exponent] = i128::MAX / NARROW_POWERS[exponent];
        exponent += 1;
    }
    most
}

/// `low · 10^by`, if it fits 128 bits.
#[inline(always)]
pub(crate) fn raised(low: i128, by: u8) -> Option<i128> {
    let (power, most) = (*NARROW_POWERS.get(usize::from(by))?, *NARROW_MOST.get(usize::from(by))?);
    // The upper words decide, but for the numbers of one upper word, which take the long comparison.
    let (top, most_top) = ((low >> 64) as i64, (most >> 64) as i64);
    let is_within =
        (top < most_top && top > most_top.wrapping_neg()) || (low <= most && low >= most.wrapping_neg());
    is_within.then(|| low.wrapping_mul(power))
}

/// 10^exponent, if it fits a word.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "10^19 fits")]
pub(super) fn word_power(exponent: u8) -> Option<u64> {
    if exponent > 19 { None } else { narrow_power(exponent).map(|power| power as u64) }
}

/// All 192 bits of a product, low part first.
#[inline(always)]
pub(super) fn word_product(x: u128, y: u64) -> (u128, u64) {
    let low = (x & u128::from(u64::MAX)).wrapping_mul(y.into());
    // It fits: (2^64 - 1)^2 + 2^64 - 1 < 2^128.
    let high = (x >> 64).wrapping_mul(y.into()).wrapping_add(low >> 64);
    (high << 64 | (low & u128::from(u64::MAX)), (high >> 64) as u64)
}

/// The exact product in 128 bits, if it surely fits.
#[inline(always)]
pub(super) fn narrow_product(x: i128, y: i128) -> Option<i128> {
    if let (Some(a), Some(b)) = (one_word(x), one_word(y)) {
        return Some(i128::from(a).wrapping_mul(i128::from(b)));
    }
    longer_product(x, y)
}

/// The number in one word, if it fits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "what is cut is compared")]
const fn one_word(value: i128) -> Option<i64> {
    let word = value as i64;
    if word as i128 == value { Some(word) } else { None }
}

#[inline(never)]
fn longer_product(x: i128, y: i128) -> Option<i128> {
    // Of no more than 127 bits together.
    (x.unsigned_abs().leading_zeros().saturating_add(y.unsigned_abs().leading_zeros()) >= 129)
        .then(|| x.wrapping_mul(y))
}

/// Decimal digits of a magnitude in 128 bits; 1 for zero.
#[inline]
pub(super) fn narrow_digits(magnitude: u128) -> u8 {
    let bits = 128_u32.saturating_sub(magnitude.leading_zeros());
    // 1233/4096 is log10(2) rounded down: at most one too few.
    let estimate = u8::try_from(bits.saturating_mul(1233) >> 12).unwrap_or(0);
    let more = narrow_power(estimate).is_some_and(|power| magnitude >= power.unsigned_abs());
    estimate.saturating_add(u8::from(more)).max(1)
}

/// `a · b / divisor`, rounded half-even, if it fits 127 bits.
#[expect(clippy::cast_possible_truncation, reason = "words are cut from longer numbers")]
pub(super) fn long_quotient(a: u128, b: u128, divisor: u64) -> Option<i128> {
    let [words @ .., lowest] = narrow_long_product(a, b);
    let shift = divisor.leading_zeros();
    let scaled = divisor.wrapping_shl(shift);
    let wide = u128::from(scaled);
    let reciprocal = (u128::MAX.wrapping_sub(wide << 64)).checked_div(wide)? as u64;
    let [w3, w2, w1] = words;
    // The quotient has two words at most: what stands above is less than the divisor.
    if w3 != 0 || w2 >= divisor {
        return None;
    }
    let joined = |high: u64, low: u64| {
        if shift == 0 { high } else { high << shift | low >> 64_u32.saturating_sub(shift) }
    };
    let (first, rest) = word_divided(joined(w2, w1), joined(w1, lowest), scaled, reciprocal);
    let (second, rest) = word_divided(rest, joined(lowest, 0), scaled, reciprocal);
    let (quotient, rest) = (u128::from(first) << 64 | u128::from(second), rest >> shift);
    // Without a branch, since no one can foresee it.
    let half = divisor.wrapping_sub(rest);
    let up = (rest > half) | ((rest == half) & (quotient & 1 == 1));
    i128::try_from(quotient.wrapping_add(u128::from(up))).ok()
}

/// All 256 bits of a square.
pub(super) fn narrow_square(of: u128) -> U256 {
    let [a, b, c, d] = narrow_long_product(of, of).map(u128::from);
    U256::from_words(a << 64 | b, c << 64 | d)
}

/// All 256 bits of a product, highest word first.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "words are cut from longer numbers")]
fn narrow_long_product(a: u128, b: u128) -> [u64; 4] {
    let (a1, a0, b1, b0) = (a >> 64, a & u128::from(u64::MAX), b >> 64, b & u128::from(u64::MAX));
    // Each step fits: (2^64 - 1)^2 + 2 · (2^64 - 1) = 2^128 - 1.
    let low = a0.wrapping_mul(b0);
    let middle = a1.wrapping_mul(b0).wrapping_add(low >> 64);
    let other = a0.wrapping_mul(b1).wrapping_add(middle & u128::from(u64::MAX));
    let high = a1.wrapping_mul(b1).wrapping_add(middle >> 64).wrapping_add(other >> 64);
    [(high >> 64) as u64, high as u64, other as u64, low as u64]
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
        && let Some(product) = narrow_product(x, y)
    {
        return Some(I256::from(product));
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
    let (quotient, remainder) = if let Some(short) = short(divisor) {
        let (high, low) = if a.leading_zeros().saturating_add(b.leading_zeros()) < 256 {
            long_product(a, b)
        } else {
            (U256::ZERO, a.wrapping_mul(b))
        };
        short_divided(high, low, short)?
    } else if a.leading_zeros().saturating_add(b.leading_zeros()) < 256 {
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

/// A divisor of one word, above zero.
fn short(divisor: U256) -> Option<u64> {
    let (high, low) = divisor.into_words();
    if high == 0 { u64::try_from(low).ok().filter(|low| *low > 0) } else { None }
}

/// The quotient by one word, and what remains; `None` if it has more than 256 bits. Words are divided by the
/// reciprocal of the divisor (Möller and Granlund, Improved division by invariant integers, algorithm 4), since a
/// division of 128 bits costs many times a product.
#[expect(clippy::cast_possible_truncation, reason = "words are cut from longer numbers")]
fn short_divided(high: U256, low: U256, divisor: u64) -> Option<(U256, U256)> {
    let shift = divisor.leading_zeros();
    let scaled = divisor.wrapping_shl(shift);
    let wide = u128::from(scaled);
    let reciprocal = (u128::MAX.wrapping_sub(wide << 64)).checked_div(wide)? as u64;
    let words = |value: U256| {
        let (high, low) = value.into_words();
        [(high >> 64) as u64, high as u64, (low >> 64) as u64, low as u64]
    };
    let ([a, b, c, d], [e, f, g, h]) = (words(high), words(low));
    let (mut rest, mut before, mut quotient) = (0_u64, 0_u64, [0_u64; 8]);
    for (digit, word) in quotient.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        if word == 0 && rest == 0 && before == 0 {
            continue;
        }
        // The dividend is shifted as the divisor is: a word takes the highest bits of the next.
        let carried = if shift == 0 { 0 } else { word >> 64_u32.saturating_sub(shift) };
        let next = before.wrapping_shl(shift) | carried;
        (*digit, rest) = word_divided(rest, next, scaled, reciprocal);
        before = word;
    }
    // Each step divided the word before it: the last is still to come.
    let (last, rest) = word_divided(rest, before.wrapping_shl(shift), scaled, reciprocal);
    let [_, q0, q1, q2, q3, q4, q5, q6] = quotient;
    if q0 | q1 | q2 | q3 != 0 {
        return None;
    }
    let pair = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
    Some((U256::from_words(pair(q4, q5), pair(q6, last)), U256::from(rest >> shift)))
}

/// `(rest · 2^64 + next) / divisor` for a divisor with its highest bit set, above `rest`.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "words are cut from longer numbers")]
fn word_divided(rest: u64, next: u64, divisor: u64, reciprocal: u64) -> (u64, u64) {
    let estimate = u128::from(reciprocal)
        .wrapping_mul(rest.into())
        .wrapping_add(u128::from(rest) << 64 | u128::from(next));
    let mut digit = ((estimate >> 64) as u64).wrapping_add(1);
    let mut left = next.wrapping_sub(digit.wrapping_mul(divisor));
    if left > estimate as u64 {
        digit = digit.wrapping_sub(1);
        left = left.wrapping_add(divisor);
    }
    if left >= divisor {
        digit = digit.wrapping_add(1);
        left = left.wrapping_sub(divisor);
    }
    (digit, left)
}

/// All 512 bits of a product, high half first.
pub(super) fn long_product(a: U256, b: U256) -> (U256, U256) {
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
pub(super) fn long_divided(high: U256, low: U256, divisor: U256) -> Option<(U256, U256)> {
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
    fn a_quotient_by_one_word_is_that_of_the_long_division() {
        let words = [0, 1, 2, u128::MAX, 1 << 127, (1 << 64) - 1, 1 << 64, 0x0123_4567_89ab_cdef << 61];
        let numbers =
            || words.iter().flat_map(|&high| words.iter().map(move |&low| U256::from_words(high, low)));
        let mut divided = 0;
        for divisor in [1, 2, 3, 10, u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) + 1, 0x9e37_79b9_7f4a_7c15] {
            for high in numbers() {
                for low in numbers() {
                    let long = long_divided(high, low, U256::from(divisor));
                    assert_eq!(short_divided(high, low, divisor), long, "{high} {low} / {divisor}");
                    divided += usize::from(long.is_some());
                }
            }
        }
        assert!(divided > 500);
    }

    #[test]
    fn short_quotients_are_those_of_the_long_way() {
        let words = [0, 1, 3, 10, u64::MAX.into(), 1 << 63, 1 << 64, u128::MAX, 0x0123_4567_89ab_cdef << 61];
        let mut divided = 0;
        for divisor in [1, 2, 3, 7, 10, u64::MAX, 1 << 63, 0x9e37_79b9_7f4a_7c15] {
            for (a, b) in words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b))) {
                let long = product_divided(U256::new(a), U256::new(b), U256::from(divisor));
                let long = long.and_then(|(quotient, _)| narrow(quotient.as_i256()));
                let short = long_quotient(a, b, divisor);
                // The short way gives up a little earlier.
                assert!(
                    short == long || short.is_none() && long.is_none_or(|long| long == i128::MAX),
                    "{a} {b} {divisor}"
                );
                divided += usize::from(short.is_some());
            }
        }
        assert!(divided > 200);
        for magnitude in
            (0..128).flat_map(|bit| [(1_u128 << bit) - 1, 1 << bit]).chain((0..39).map(|n| 10_u128.pow(n)))
        {
            for magnitude in [magnitude.saturating_sub(1), magnitude] {
                assert_eq!(narrow_digits(magnitude), digits(U256::new(magnitude)), "{magnitude}");
            }
        }
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
