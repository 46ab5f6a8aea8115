//! Decimals against arithmetic by hand: digits in a list, column by column, as at school.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use common::cases;
use ledger::{Decimal, NumberError};
use proptest::prelude::*;
use std::cmp::Ordering;

/// A whole number: digits, the last one first, no zeros at the end of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Long(Vec<u8>);

impl Long {
    fn of(text: &str) -> Self {
        Self(text.bytes().rev().map(|digit| digit - b'0').collect()).trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn digit(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or(0)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }

    fn plus(&self, other: &Self) -> Self {
        let (mut sum, mut carry) = (Vec::new(), 0);
        for at in 0..=self.0.len().max(other.0.len()) {
            let digit = self.digit(at) + other.digit(at) + carry;
            sum.push(digit % 10);
            carry = digit / 10;
        }
        Self(sum).trimmed()
    }

    /// Of a number that is not larger.
    fn minus(&self, other: &Self) -> Self {
        let (mut rest, mut borrow) = (Vec::new(), 0);
        for at in 0..self.0.len() {
            let digit = 10 + self.digit(at) - other.digit(at) - borrow;
            rest.push(digit % 10);
            borrow = 1 - digit / 10;
        }
        Self(rest).trimmed()
    }

    fn times(&self, other: &Self) -> Self {
        let mut product = Self(Vec::new());
        for (at, &digit) in self.0.iter().enumerate() {
            for _ in 0..digit {
                product = product.plus(&other.shifted(at));
            }
        }
        product
    }

    /// Times 10^places.
    fn shifted(&self, places: usize) -> Self {
        Self([vec![0; places], self.0.clone()].concat()).trimmed()
    }

    /// Quotient and remainder.
    fn over(&self, divisor: &Self) -> (Self, Self) {
        let (mut quotient, mut rest) = (Vec::new(), Self(Vec::new()));
        for &digit in self.0.iter().rev() {
            rest = rest.shifted(1).plus(&Self(vec![digit]).trimmed());
            let mut times = 0;
            while rest.compare(divisor) != Ordering::Less {
                rest = rest.minus(divisor);
                times += 1;
            }
            quotient.insert(0, times);
        }
        (Self(quotient).trimmed(), rest)
    }

    /// Quotient, half-even.
    fn rounded_over(&self, divisor: &Self) -> Self {
        let (quotient, rest) = self.over(divisor);
        let up = match rest.plus(&rest).compare(divisor) {
            Ordering::Greater => true,
            Ordering::Equal => quotient.digit(0) % 2 == 1,
            Ordering::Less => false,
        };
        if up { quotient.plus(&Self(vec![1])) } else { quotient }
    }
}

/// Sign, digits and decimals of a number.
#[derive(Clone, Debug)]
struct Written {
    negative: bool,
    digits: Long,
    decimals: usize,
}

impl Written {
    fn text(&self) -> String {
        let digits: String = self.digits.0.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
        let digits = format!("{digits:0>width$}", width = self.decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.decimals);
        let fraction = fraction.trim_end_matches('0');
        let sign = if self.negative && !self.digits.0.is_empty() { "-" } else { "" };
        if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
    }

    fn decimal(&self) -> Decimal {
        self.text().parse().unwrap()
    }

    fn at(&self, decimals: usize) -> Long {
        self.digits.shifted(decimals - self.decimals)
    }

    fn plus(&self, other: &Self) -> Self {
        let decimals = self.decimals.max(other.decimals);
        let (a, b) = (self.at(decimals), other.at(decimals));
        let (negative, digits) = match (self.negative == other.negative, a.compare(&b)) {
            (true, _) => (self.negative, a.plus(&b)),
            (false, Ordering::Less) => (other.negative, b.minus(&a)),
            (false, _) => (self.negative, a.minus(&b)),
        };
        Self { negative, digits, decimals }
    }

    fn times(&self, other: &Self) -> Self {
        Self {
            negative: self.negative != other.negative,
            digits: self.digits.times(&other.digits),
            decimals: self.decimals + other.decimals,
        }
    }

    fn rounded(&self, decimals: usize) -> Self {
        if self.decimals <= decimals {
            return self.clone();
        }
        let unit = Long(vec![1]).shifted(self.decimals - decimals);
        Self { digits: self.digits.rounded_over(&unit), decimals, ..self.clone() }
    }

    /// The quotient, half-even at so many decimals.
    fn over(&self, other: &Self, decimals: usize) -> Self {
        let digits =
            self.digits.shifted(decimals + other.decimals).rounded_over(&other.digits.shifted(self.decimals));
        Self { negative: self.negative != other.negative, digits, decimals }
    }
}

/// Up to so many digits, so many of them decimals.
fn written(digits: usize, decimals: usize) -> impl Strategy<Value = Written> {
    let text =
        proptest::string::string_regex(&format!("[0-9]{{1,{digits}}}|[1-9]0{{0,{}}}", digits - 1)).unwrap();
    (any::<bool>(), text, 0..=decimals).prop_map(|(negative, text, decimals)| {
        let digits = Long::of(&text);
        Written { negative: negative && !digits.0.is_empty(), decimals: decimals.min(text.len()), digits }
    })
}

fn same(ours: Result<Decimal, NumberError>, exact: &Written) -> bool {
    ours.map(|ours| ours.to_string()) == Ok(exact.text())
}

/// Whether a quotient is rounded half-even at 36 decimals, or at those that give it its 34th digit, or one or two more;
/// at fewer only if more do not fit, at more only if it ends there or the dividend has as many.
fn is_quotient(ours: &str, a: &Written, b: &Written) -> bool {
    let longest = a.over(b, 76);
    if longest.text() == ours && longest.times(b).text() == a.text() {
        return true;
    }
    (0..=76).any(|decimals| {
        let quotient = a.over(b, decimals);
        let digits = quotient.digits.0.len();
        let enough = if decimals < 36 { digits >= 75 } else { decimals == 36 || (34..=36).contains(&digits) };
        let enough = enough || (digits >= 34 && decimals <= a.decimals);
        enough && quotient.text() == ours
    })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn sums_and_products_of_venues_numbers_are_exact(a in written(30, 18), b in written(30, 18)) {
        let (x, y) = (a.decimal(), b.decimal());
        prop_assert!(same(x.checked_add(y), &a.plus(&b)));
        let negated = Written { negative: !b.negative, ..b.clone() };
        prop_assert!(same(x.checked_sub(y), &a.plus(&negated)));
        prop_assert!(same(x.checked_mul(y), &a.times(&b)));
        prop_assert!(same(x.rounded_mul(y, 20), &a.times(&b).rounded(20)));
        let order = a.plus(&negated);
        let order = if order.digits.0.is_empty() { Ordering::Equal } else if order.negative { Ordering::Less } else { Ordering::Greater };
        prop_assert_eq!(x.cmp(&y), order);
    }

    #[test]
    fn quotients_of_venues_numbers_are_half_even(a in written(24, 18), b in written(24, 18)) {
        let quotient = a.decimal().checked_div(b.decimal());
        if b.digits.0.is_empty() {
            prop_assert_eq!(quotient, Err(NumberError::DivisionByZero));
        } else {
            let quotient = quotient.unwrap().to_string();
            prop_assert!(is_quotient(&quotient, &a, &b), "{} / {} = {}", a.text(), b.text(), quotient);
        }
    }

    #[test]
    fn numbers_of_any_size_are_exact_or_refused(a in written(76, 76), b in written(76, 76)) {
        let (x, y) = (a.decimal(), b.decimal());
        let fits = |exact: &Written| exact.decimals <= 76 && exact.digits.0.len() <= 76;
        // A sum is made of terms with the same decimals; they must fit too.
        let decimals = a.decimals.max(b.decimals);
        let terms = [a.at(decimals), b.at(decimals)].iter().all(|term| term.0.len() <= 76);
        let (sum, product) = (a.plus(&b), a.times(&b));
        for (ours, exact, fit) in
            [(x.checked_add(y), &sum, terms && fits(&sum)), (x.checked_mul(y), &product, fits(&product))]
        {
            match ours {
                Ok(_) => prop_assert!(same(ours, exact)),
                Err(error) => prop_assert!(error == NumberError::Overflow && !fit, "{} fits", exact.text()),
            }
        }
        prop_assert!(same(Ok(x.rounded(30)), &a.rounded(30)));
        match x.rounded_mul(y, 40) {
            Ok(rounded) => prop_assert!(same(Ok(rounded), &product.rounded(40))),
            Err(_) => prop_assert!(product.decimals > 116 || !fits(&product.rounded(40))),
        }
        if let Ok(quotient) = x.checked_div(y) {
            prop_assert!(is_quotient(&quotient.to_string(), &a, &b), "{} / {} = {}", a.text(), b.text(), quotient);
        }
    }

    #[test]
    fn what_is_printed_reads_as_the_same_number(a in written(76, 76), zeros in 0..5_usize) {
        let text = a.text();
        prop_assert_eq!(a.decimal().to_string(), text.clone());
        let padded = if text.contains('.') { format!("{text}{}", "0".repeat(zeros)) } else { text.clone() };
        prop_assert_eq!(padded.parse::<Decimal>(), Ok(a.decimal()));
        prop_assert_eq!(format!("{text}e-{zeros}e").parse::<Decimal>(), Err(NumberError::Malformed));
    }

    #[test]
    fn a_square_root_is_the_largest_whose_square_is_not_above(a in written(40, 20)) {
        let root = Written { negative: false, ..a.clone() }.decimal().sqrt().unwrap();
        let text = root.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let root = Written { negative: false, digits: Long::of(&format!("{whole}{fraction}")), decimals: fraction.len() };
        // One more in the 36th digit is too much.
        let digits = root.digits.0.len();
        let finer = root.decimals + 40;
        let step = Written { negative: false, digits: Long(vec![1]).shifted((digits + 40).saturating_sub(36)), decimals: finer };
        let above = root.plus(&step);
        let order = |b: &Written| {
            let decimals = a.decimals.max(b.decimals);
            a.at(decimals).compare(&b.at(decimals))
        };
        prop_assert_ne!(order(&root.times(&root)), Ordering::Less);
        prop_assert!(a.digits.0.is_empty() || order(&above.times(&above)) == Ordering::Less);
    }
}

#[test]
fn quotients_are_those_of_another_implementation() {
    // Python's decimal: `a / b` at 400 digits, then `quantize` to 36 decimals with ROUND_HALF_EVEN.
    for (a, b, quotient) in [
        ("1", "3", "0.333333333333333333333333333333333333"),
        ("2", "3", "0.666666666666666666666666666666666667"),
        ("-1", "7", "-0.142857142857142857142857142857142857"),
        ("22", "7", "3.142857142857142857142857142857142857"),
        ("123456789012.12345678", "0.00000007", "1763668414458906525.428571428571428571428571428571428571"),
        ("-5", "8", "-0.625"),
        ("1", "1024", "0.0009765625"),
        // Ties: five in the 37th decimal goes to the even neighbour.
        ("1000000000000000000000000000000000001", "2e36", "0.5"),
        ("1000000000000000000000000000000000003", "2e36", "0.500000000000000000000000000000000002"),
        ("-1000000000000000000000000000000000005", "2e36", "-0.500000000000000000000000000000000002"),
    ] {
        let [a, b]: [Decimal; 2] = [a, b].map(|text| text.parse().unwrap());
        assert_eq!(a.checked_div(b).unwrap().to_string(), quotient, "{a} / {b}");
    }
    for (number, decimals, rounded) in [
        ("0.5", 0, "0"),
        ("1.5", 0, "2"),
        ("-2.5", 0, "-2"),
        ("2.50001", 0, "3"),
        ("0.125", 2, "0.12"),
        ("7", 3, "7"),
    ] {
        assert_eq!(number.parse::<Decimal>().unwrap().rounded(decimals).to_string(), rounded);
    }
}

#[test]
fn square_roots_are_those_of_another_implementation() {
    // Python's decimal: `Context(prec=45).sqrt(x)`, cut to 30 digits.
    for (square, root) in [
        ("2", "1.41421356237309504880168872420"),
        ("0.5", "0.707106781186547524400844362104"),
        ("0.0000000001", "0.00001"),
        ("123456789.987654321", "11111.1111049999999988749999993"),
        ("4e50", "20000000000000000000000000"),
        ("0", "0"),
    ] {
        let ours = square.parse::<Decimal>().unwrap().sqrt().unwrap().to_string();
        assert!(ours.starts_with(root), "sqrt({square}) = {ours}");
    }
    assert_eq!("-1".parse::<Decimal>().unwrap().sqrt(), None);
}

#[test]
fn only_plain_numbers_are_read() {
    for text in [
        "", "-", ".5", "5.", "+1", " 1", "1 ", "1_000", "0x1", "1e", "1e1000", "NaN", "inf", "1.2.3", "--1",
        "1e1.5", "१",
    ] {
        assert_eq!(text.parse::<Decimal>(), Err(NumberError::Malformed), "{text}");
    }
    for text in [
        "1e76",
        "1e-77",
        "-1e999",
        "0.00000000000000000000000000000000000000000000000000000000000000000000000000001",
    ] {
        assert_eq!(text.parse::<Decimal>(), Err(NumberError::Overflow), "{text}");
    }
    for (text, same) in [
        ("-0.000", "0"),
        ("007.50", "7.5"),
        ("2.288e-5", "0.00002288"),
        ("1E+3", "1000"),
        ("0e999", "0"),
        ("10e-1", "1"),
    ] {
        assert_eq!(text.parse::<Decimal>().unwrap().to_string(), same);
    }
}
