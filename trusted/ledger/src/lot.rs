//! One open lot, and the match of a part of it with a closing fill (METRICS.md sections 2.2 and 2.3).

use crate::{Decimal, FillId, NumberError, Price, Timestamp, fee::Divided};

/// Which way a lot, a match or a trade profits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

impl Direction {
    /// `long` or `short`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// What is left of an opening fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// The fill that opened it.
    pub id: FillId,
    /// When.
    pub opened: Timestamp,
    /// Which way it profits.
    pub direction: Direction,
    /// At which price it was opened.
    pub price: Price,
    pub(crate) open: Divided,
}

impl Lot {
    /// What is left of it.
    pub fn quantity(&self) -> Decimal {
        self.open.left
    }

    /// The fee that is not yet part of a match, in the settlement asset; `None`: it could not be valued.
    pub fn fee_left(&self) -> Option<Decimal> {
        self.open.fee_left
    }
}

/// A part of a lot, closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The fill that opened.
    pub open: FillId,
    /// The fill that closed.
    pub close: FillId,
    /// Which way it profited.
    pub direction: Direction,
    /// How much.
    pub quantity: Decimal,
    /// Opening price.
    pub open_price: Price,
    /// Closing price.
    pub close_price: Price,
    /// Profit before fees, in the settlement asset.
    pub gross: Decimal,
    /// This part of the opening fee; `None`: it could not be valued.
    pub open_fee: Option<Decimal>,
    /// This part of the closing fee.
    pub close_fee: Option<Decimal>,
    /// When the lot was opened.
    pub opened: Timestamp,
    /// When it was closed.
    pub closed: Timestamp,
}

impl Match {
    /// Both fees; `None` if one could not be valued.
    pub fn fees(&self) -> Option<Result<Decimal, NumberError>> {
        Some(self.open_fee?.checked_add(self.close_fee?))
    }

    /// Profit after fees; `None` if a fee could not be valued.
    pub fn net(&self) -> Option<Result<Decimal, NumberError>> {
        Some(self.fees()?.and_then(|fees| self.gross.checked_sub(fees)))
    }

    /// How long the lot was held.
    pub fn held_ms(&self) -> u64 {
        self.closed.since(self.opened)
    }
}
