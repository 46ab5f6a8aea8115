//! Amounts that must not be taken for each other.

use super::{Decimal, NumberError};
use core::{fmt, str::FromStr};

macro_rules! unit {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub Decimal);

        impl FromStr for $type {
            type Err = NumberError;
            fn from_str(text: &str) -> Result<Self, NumberError> {
                text.parse().map(Self)
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

unit!(
    /// A price: quote for one unit of base.
    Price
);
unit!(
    /// A quantity of base, or of contracts.
    Quantity
);
