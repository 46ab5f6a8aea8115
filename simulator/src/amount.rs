//! Exact amounts: whole hundred-millionths, the venue's own resolution.

use serde::{Serialize, Serializer};
use std::fmt;

const DECIMALS: u32 = 8;
const ONE: i128 = 100_000_000;

/// A quantity, price or fee in hundred-millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(i128);

impl Amount {
    pub(crate) const ZERO: Self = Self(0);

    /// `count` times ten to the minus `decimals`; at most eight decimals exist.
    pub(crate) const fn of(count: i128, decimals: u32) -> Self {
        Self(count * 10_i128.pow(DECIMALS - decimals))
    }

    /// How often ten to the minus `decimals` fits in, rounded down.
    pub(crate) const fn count(self, decimals: u32) -> i128 {
        self.0.div_euclid(10_i128.pow(DECIMALS - decimals))
    }

    pub(crate) const fn is_positive(self) -> bool {
        self.0 > 0
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    /// The product, rounded down.
    pub(crate) const fn times(self, other: Self) -> Self {
        Self((self.0 * other.0).div_euclid(ONE))
    }

    /// The quotient, rounded down; zero by zero.
    pub(crate) const fn over(self, other: Self) -> Self {
        if other.0 == 0 { Self(0) } else { Self((self.0 * ONE).div_euclid(other.0)) }
    }

    /// `permille` thousandths of it, rounded down.
    pub(crate) const fn permille(self, permille: i128) -> Self {
        Self((self.0 * permille).div_euclid(1000))
    }

    /// Without what is finer than `decimals`.
    pub(crate) const fn floored(self, decimals: u32) -> Self {
        Self::of(self.count(decimals), decimals)
    }

    /// With so many decimals: zeros are added, and what is finer is left out.
    pub(crate) fn fixed(self, decimals: usize) -> String {
        let text = self.to_string();
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let part: String = part.chars().chain(std::iter::repeat('0')).take(decimals).collect();
        if decimals == 0 { whole.to_owned() } else { format!("{whole}.{part}") }
    }

    pub(crate) const fn negative(self) -> Self {
        Self(-self.0)
    }

    /// As wallet endpoints write it: without zeros at the end.
    pub(crate) fn short(self) -> String {
        let text = self.to_string();
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl fmt::Display for Amount {
    /// As spot endpoints write it: always eight decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) =
            (self.0.unsigned_abs() / ONE.unsigned_abs(), self.0.unsigned_abs() % ONE.unsigned_abs());
        write!(f, "{sign}{whole}.{part:08}")
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_the_venue_writes_them() {
        assert_eq!(Amount::of(123, 2).to_string(), "1.23000000");
        assert_eq!(Amount::of(-5, 8).to_string(), "-0.00000005");
        assert_eq!(
            [Amount::of(120, 2).short(), Amount::of(100, 0).short(), Amount::ZERO.short()],
            ["1.2", "100", "0"]
        );
        let fixed = [0, 2, 10].map(|decimals| Amount::of(-1239, 3).fixed(decimals));
        assert_eq!(fixed, ["-1", "-1.23", "-1.2390000000"]);
    }

    #[test]
    fn products_and_quotients_are_rounded_down() {
        assert_eq!(Amount::of(3, 0).over(Amount::of(7, 0)).to_string(), "0.42857142");
        assert_eq!(Amount::of(1, 8).times(Amount::of(199, 2)).to_string(), "0.00000001");
        assert_eq!(Amount::of(12_349, 4).floored(2), Amount::of(123, 2));
    }
}
