//! Exact fractions for small inputs: what a reference computes with. Overflow stops the test.

use ledger::Decimal;

/// `numerator / denominator`, in lowest terms, the denominator above zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
    numerator: i128,
    denominator: i128,
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

fn times(a: i128, b: i128) -> i128 {
    a.checked_mul(b).expect("inputs are small")
}

impl Fraction {
    pub(crate) const ZERO: Self = Self::whole(0);

    pub(crate) const fn whole(value: i128) -> Self {
        Self { numerator: value, denominator: 1 }
    }

    pub(crate) fn new(numerator: i128, denominator: i128) -> Self {
        let (divisor, sign) = (gcd(numerator, denominator), denominator.signum());
        Self { numerator: sign * numerator / divisor, denominator: sign * denominator / divisor }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let common = gcd(self.denominator, other.denominator);
        let (left, right) = (other.denominator / common, self.denominator / common);
        let sum = times(self.numerator, left).checked_add(times(other.numerator, right));
        Self::new(sum.expect("inputs are small"), times(self.denominator, left))
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self { numerator: -other.numerator, ..other })
    }

    pub(crate) fn by(self, other: Self) -> Self {
        let (a, b) =
            (Self::new(self.numerator, other.denominator), Self::new(other.numerator, self.denominator));
        Self::new(times(a.numerator, b.numerator), times(a.denominator, b.denominator))
    }

    pub(crate) fn over(self, other: Self) -> Self {
        assert!(other.numerator != 0, "division by zero");
        self.by(Self::new(other.denominator, other.numerator))
    }

    pub(crate) fn sign(self) -> i128 {
        self.numerator.signum()
    }

    pub(crate) fn less(self, other: Self) -> bool {
        self.minus(other).sign() < 0
    }

    pub(crate) fn double(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// Cut after 30 decimals, by long division.
    pub(crate) fn decimal(self) -> Decimal {
        let (mut rest, denominator) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        let mut text = format!("{}{}.", if self.numerator < 0 { "-" } else { "" }, rest / denominator);
        for _ in 0..30 {
            rest = rest % denominator * 10;
            text.push(char::from_digit(u32::try_from(rest / denominator).unwrap(), 10).unwrap());
        }
        text.parse().unwrap()
    }

    /// Whether a decimal is this, up to 1e-26.
    pub(crate) fn is(self, decimal: Decimal) -> bool {
        self.within(decimal, "0.00000000000000000000000001")
    }

    /// Whether a ratio is this, up to 1e-20: what it divides by may be a small rest of large amounts.
    pub(crate) fn is_ratio(self, decimal: Decimal) -> bool {
        self.within(decimal, "0.00000000000000000001")
    }

    /// In itself, or of the number.
    fn within(self, decimal: Decimal, tolerance: &str) -> bool {
        let off = decimal.checked_sub(self.decimal()).unwrap().abs();
        let tolerance = tolerance.parse::<Decimal>().unwrap();
        off <= tolerance || off <= tolerance.checked_mul(decimal.abs()).unwrap()
    }
}
