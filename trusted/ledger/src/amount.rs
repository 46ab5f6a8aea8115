//! Exact decimals.

use core::{cmp::Ordering, fmt, str::FromStr};
use ethnum::I256;

/// Why a text or a result is not a number of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Not a plain decimal.
    Malformed,
    /// Does not fit.
    Overflow,
    /// Division by zero.
    DivisionByZero,
}

/// An exact decimal.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    mantissa: I256,
    scale: u8,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: I256::ZERO, scale: 0 };
    /// One.
    pub const ONE: Self = Self { mantissa: I256::ONE, scale: 0 };

    /// Below zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa < 0
    }
    /// Zero.
    pub fn is_zero(&self) -> bool {
        self.mantissa == 0
    }
    /// Exact sum.
    pub fn checked_add(self, other: Self) -> Result<Self, NumberError> {
        let (a, b, scale) = align(self, other)?;
        Ok(Self { mantissa: a.checked_add(b).ok_or(NumberError::Overflow)?, scale })
    }
    /// Exact difference.
    pub fn checked_sub(self, other: Self) -> Result<Self, NumberError> {
        let (a, b, scale) = align(self, other)?;
        Ok(Self { mantissa: a.checked_sub(b).ok_or(NumberError::Overflow)?, scale })
    }
    /// Exact product.
    pub fn checked_mul(self, other: Self) -> Result<Self, NumberError> {
        Ok(Self {
            mantissa: self.mantissa.checked_mul(other.mantissa).ok_or(NumberError::Overflow)?,
            scale: self.scale.checked_add(other.scale).ok_or(NumberError::Overflow)?,
        })
    }
    /// Quotient with at least 28 significant digits, half-even.
    pub fn checked_div(self, _other: Self) -> Result<Self, NumberError> {
        Err(NumberError::Overflow)
    }
}

fn align(a: Decimal, b: Decimal) -> Result<(I256, I256, u8), NumberError> {
    let scale = a.scale.max(b.scale);
    let up = |d: Decimal| {
        I256::new(10)
            .checked_pow(u32::from(scale - d.scale))
            .and_then(|p| d.mantissa.checked_mul(p))
            .ok_or(NumberError::Overflow)
    };
    Ok((up(a)?, up(b)?, scale))
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Decimal {}
impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match align(*self, *other) {
            Ok((a, b, _)) => a.cmp(&b),
            Err(_) => self.mantissa.cmp(&other.mantissa),
        }
    }
}

impl FromStr for Decimal {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        let (whole, frac) = text.split_once('.').unwrap_or((text, ""));
        let digits = alloc::format!("{whole}{frac}");
        let mantissa = I256::from_str(&digits).map_err(|_| NumberError::Malformed)?;
        Ok(Self { mantissa, scale: frac.len() as u8 })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits =
            alloc::format!("{:0>width$}", self.mantissa.unsigned_abs(), width = usize::from(self.scale) + 1);
        let (whole, frac) = digits.split_at(digits.len() - usize::from(self.scale));
        let frac = frac.trim_end_matches('0');
        if self.mantissa < 0 {
            f.write_str("-")?;
        }
        f.write_str(whole)?;
        if !frac.is_empty() {
            write!(f, ".{frac}")?;
        }
        Ok(())
    }
}

macro_rules! unit {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $type(pub Decimal);
        impl FromStr for $type {
            type Err = NumberError;
            fn from_str(text: &str) -> Result<Self, NumberError> {
                text.parse().map(Self)
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
unit!(
    /// A price.
    Price
);
unit!(
    /// A quantity.
    Quantity
);
