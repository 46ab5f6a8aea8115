//! One execution as the exchange reports it, and the instrument it belongs to (METRICS.md sections 2.1, 2.2).
//!
//! Not here: what a fee is worth (`fee.rs`), how fills become lots (`matching.rs`), and where they come from (`exchange`).

use crate::{Decimal, Price, Quantity};
use alloc::{string::String, sync::Arc};
use core::{cmp::Ordering, fmt, hash};

/// An instant in whole milliseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `milliseconds` after 1970-01-01 UTC.
    pub const fn from_millis(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds that lie between, whatever the instants: no difference of two is too long.
    pub(crate) const fn since(self, earlier: Self) -> u64 {
        self.0.abs_diff(earlier.0)
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Arc<str>);

        impl $type {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

name!(
    /// Our name of an asset: `BTC`, `USDT`.
    Asset
);
name!(
    /// Our name of an instrument's book: unique within an account and market kind, `BTCUSDT`.
    Symbol
);

macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        ///
        /// Ids of digits only compare as numbers and come before all others, which compare by bytes (METRICS.md
        /// section 2.1).
        #[derive(Clone)]
        pub struct $type {
            text: Arc<str>,
            /// Of digits only, if it fits: the usual comparison is one of integers.
            number: Option<u64>,
        }

        impl $type {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.text
            }

            pub(crate) fn text(&self) -> Arc<str> {
                Arc::clone(&self.text)
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                self.text == other.text
            }
        }

        impl Eq for $type {}

        impl hash::Hash for $type {
            fn hash<H: hash::Hasher>(&self, state: &mut H) {
                self.text.hash(state);
            }
        }

        impl Ord for $type {
            fn cmp(&self, other: &Self) -> Ordering {
                let by_number = match (self.number, other.number) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    // What does not fit is a larger number, or none.
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (None, None) => by_digits(&self.text, &other.text),
                };
                // `7` and `07` are one number and two ids.
                by_number.then_with(|| self.text.cmp(&other.text))
            }
        }

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self { number: digits(text).and_then(|digits| digits.parse().ok()), text: Arc::from(text) }
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.text, f)
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

/// Which way the account traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The account bought.
    Buy,
    /// The account sold.
    Sell,
}

/// Whether the fill made or took liquidity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liquidity {
    /// The order rested in the book.
    Maker,
    /// The order crossed the book.
    Taker,
    /// The venue does not say.
    Unknown,
}

/// How an instrument settles (METRICS.md section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstrumentKind {
    /// Settles in quote; a sell cannot exceed the inventory.
    Spot,
    /// Perpetual or future that settles in quote.
    Linear,
    /// Coin-margined contract that settles in base.
    Inverse,
}

/// What is traded under a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Its name.
    pub symbol: Symbol,
    /// How it settles.
    pub kind: InstrumentKind,
    /// The asset that is bought and sold.
    pub base: Asset,
    /// The asset that prices are in.
    pub quote: Asset,
    /// Contract multiplier, above zero; 1 for spot.
    pub multiplier: Decimal,
}

impl Instrument {
    /// The asset that profit is in (METRICS.md section 2.2).
    pub fn settlement(&self) -> &Asset {
        match self.kind {
            InstrumentKind::Spot | InstrumentKind::Linear => &self.quote,
            InstrumentKind::Inverse => &self.base,
        }
    }
}

/// One execution, as the exchange reports it, with the two rates that value it.
///
/// Everything but the rates is the venue's word and counts when two copies are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Which account of the venue; books never cross accounts.
    pub account: Arc<str>,
    /// Which book.
    pub symbol: Symbol,
    /// The venue's id.
    pub id: FillId,
    /// The order it belongs to, if the venue says.
    pub order_id: Option<OrderId>,
    /// When it happened.
    pub time: Timestamp,
    /// The venue's sequence number, if it has one.
    pub sequence: Option<u64>,
    /// Bought or sold.
    pub side: Side,
    /// Quantity in base units (contracts for derivatives), above zero.
    pub quantity: Quantity,
    /// Price in quote, above zero.
    pub price: Price,
    /// Fee in `fee_asset`: positive was paid, negative is a rebate.
    pub fee: Decimal,
    /// What the fee was paid in.
    pub fee_asset: Asset,
    /// Made or took liquidity.
    pub liquidity: Liquidity,
    /// Value of one unit of `fee_asset` in the settlement asset at the time of the fill; needed only when
    /// `fee_asset` is neither base nor quote (METRICS.md section 2.4).
    pub fee_rate: Option<Price>,
    /// Value of one unit of the settlement asset in the reporting currency at the time of the fill; needed
    /// only when the two differ (METRICS.md section 2.2).
    pub reporting_rate: Option<Price>,
}
