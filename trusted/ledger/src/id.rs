//! Ids of fills and orders, as venues give them. Ids of digits only compare as numbers and come before all others, which
//! compare by bytes (METRICS.md section 2.1). Most are numbers, and those take no memory of their own.

use alloc::{string::String, sync::Arc};
use core::{cmp::Ordering, fmt};

/// An id: a number if it is written as one, without zeros before it, and fits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Id {
    Number(u64),
    Text(Arc<str>),
}

impl Id {
    pub(crate) fn read(text: &str) -> Self {
        number(text.as_bytes()).map_or_else(|| Self::Text(Arc::from(text)), Self::Number)
    }
}

/// The number that a text is the one way to write.
fn number(text: &[u8]) -> Option<u64> {
    match text {
        [] | [b'0', _, ..] => None,
        _ if text.len() > 20 => None,
        _ => text.iter().try_fold(0_u64, |value, byte| {
            let digit = byte.is_ascii_digit().then_some(byte & 0x0f)?;
            value.checked_mul(10)?.checked_add(digit.into())
        }),
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => by_digits(a, b).then_with(|| a.cmp(b)),
            (Self::Number(a), Self::Text(b)) => number_and_text(*a, b),
            (Self::Text(a), Self::Number(b)) => number_and_text(*b, a).reverse(),
        }
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A text of digits that is no number here has zeros before it or is too long. `7` and `07` are one number and two ids.
fn number_and_text(number: u64, text: &str) -> Ordering {
    let Some(digits) = digits(text) else { return Ordering::Less };
    let zero = |number: u64| if number == 0 { Ordering::Less } else { Ordering::Greater };
    match digits.trim_start_matches('0').parse::<u64>() {
        Ok(other) => number.cmp(&other).then_with(|| zero(number)),
        // Nothing but zeros, or longer than any number.
        Err(_) if digits.bytes().all(|byte| byte == b'0') => zero(number),
        Err(_) => Ordering::Less,
    }
}

/// The text itself, if it is digits only.
fn digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Numbers of any length before everything else.
fn by_digits(a: &str, b: &str) -> Ordering {
    match (digits(a), digits(b)) {
        (Some(a), Some(b)) => {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => fmt::Display::fmt(number, f),
            Self::Text(text) => f.pad(text),
        }
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        ///
        /// Ids of digits only compare as numbers and come before all others, which compare by bytes (METRICS.md
        /// section 2.1).
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub(crate) Id);

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(Id::read(text))
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl From<u64> for $type {
            fn from(number: u64) -> Self {
                Self(Id::Number(number))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// The venue's id of a fill, unique per account, symbol and side.
    FillId
);
id!(
    /// The venue's id of an order.
    OrderId
);
