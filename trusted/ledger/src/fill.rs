//! One execution as the exchange reports it, and the instrument it belongs to (METRICS.md sections 2.1, 2.2).
//!
//! Not here: what a fee is worth (`fee.rs`), how fills become lots (`matching.rs`), and where they come from (`exchange`).

use crate::{Decimal, FillId, OrderId, Price, Quantity};
use alloc::{string::String, sync::Arc};
use core::fmt;

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

            /// Both lie in one place of memory.
            #[inline(always)]
            pub(crate) fn is_same(&self, other: &Self) -> bool {
                Arc::ptr_eq(&self.0, &other.0)
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

impl Symbol {
    /// Where it lies in memory.
    #[inline(always)]
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Asset {
    /// Whether both are one name: mostly they are one text in memory, too.
    #[inline]
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.is_same(other) || self.0 == other.0
    }
}

name!(
    /// Our name of an asset: `BTC`, `USDT`.
    Asset
);
name!(
    /// Our name of an instrument's book: unique within an account and market kind, `BTCUSDT`.
    Symbol
);

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
