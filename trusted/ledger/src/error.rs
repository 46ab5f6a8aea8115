//! Why a batch was refused, and which fill was at fault. Nothing of the batch was applied.
//!
//! The code is one of a closed list and may be logged. Whoever prints an error prints the fill's name with it: that is for
//! the people whose fill it is.

use crate::{FillId, NumberError, Side, Symbol};
use alloc::{boxed::Box, sync::Arc};
use core::fmt;

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refused {
    /// A quantity, price or rate is not above zero, or a base fee leaves nothing of a spot fill.
    InvalidFill,
    /// A text is not a number.
    InvalidNumber,
    /// A number has more than 38 significant digits, or is out of range.
    NumberTooLong,
    /// A side is neither `buy` nor `sell`.
    InvalidSide,
    /// A time is no instant, before 2009-01-03, or in the future.
    InvalidTime,
    /// Two fills with one id differ.
    DuplicateConflict,
    /// A fill of a symbol that no instrument was given for.
    InstrumentUnknown,
    /// The instrument of a symbol that has fills was given differently before.
    InstrumentConflict,
    /// A contract multiplier is not above zero, or not 1 on spot; or base and quote are one asset.
    InstrumentInvalid,
    /// An exact result does not fit a number.
    Overflow,
}

impl Refused {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::InvalidFill,
        Self::InvalidNumber,
        Self::NumberTooLong,
        Self::InvalidSide,
        Self::InvalidTime,
        Self::DuplicateConflict,
        Self::InstrumentUnknown,
        Self::InstrumentConflict,
        Self::InstrumentInvalid,
        Self::Overflow,
    ];

    /// As clients and operators read it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidFill => "INVALID_FILL",
            Self::InvalidNumber => "INVALID_NUMBER",
            Self::NumberTooLong => "NUMBER_TOO_LONG",
            Self::InvalidSide => "INVALID_SIDE",
            Self::InvalidTime => "INVALID_TIME",
            Self::DuplicateConflict => "DUPLICATE_CONFLICT",
            Self::InstrumentUnknown => "INSTRUMENT_UNKNOWN",
            Self::InstrumentConflict => "INSTRUMENT_CONFLICT",
            Self::InstrumentInvalid => "INSTRUMENT_INVALID",
            Self::Overflow => "OVERFLOW",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidFill => {
                "a quantity, price or rate is not above zero, or the fee eats up what was traded"
            }
            Self::InvalidNumber => "a number is not a plain decimal",
            Self::NumberTooLong => "a number has more than 38 significant digits",
            Self::InvalidSide => "the side is neither buy nor sell",
            Self::InvalidTime => "the time is no instant, before 2009-01-03, or in the future",
            Self::DuplicateConflict => "two of one id differ",
            Self::InstrumentUnknown => "its instrument is not known",
            Self::InstrumentConflict => "its instrument was given differently before",
            Self::InstrumentInvalid => {
                "an instrument has a multiplier that is not above zero, or not 1 on spot, or one asset as base and quote"
            }
            Self::Overflow => "an exact result does not fit a number",
        })
    }
}

/// What tells a fill from all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillName {
    /// Whose.
    pub account: Arc<str>,
    /// Of which book.
    pub symbol: Symbol,
    /// The venue's id.
    pub id: FillId,
    /// `None`: it was not readable.
    pub side: Option<Side>,
}

impl fmt::Display for FillName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Some(Side::Buy) => "buy",
            Some(Side::Sell) => "sell",
            None => "unknown side",
        };
        write!(f, "fill {} ({side}) of {} in account {}", self.id, self.symbol, self.account)
    }
}

/// Why a batch was refused, and whose fault it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerError {
    refused: Refused,
    fill: Option<Box<FillName>>,
}

impl LedgerError {
    /// At this fill.
    pub fn at(refused: Refused, fill: FillName) -> Self {
        Self { refused, fill: Some(Box::new(fill)) }
    }

    /// Why.
    pub const fn refused(&self) -> Refused {
        self.refused
    }

    /// As clients and operators read it; it says nothing of the fill.
    pub const fn code(&self) -> &'static str {
        self.refused.code()
    }

    /// The fill at fault, where it was one.
    pub fn fill(&self) -> Option<&FillName> {
        self.fill.as_deref()
    }
}

impl From<Refused> for LedgerError {
    fn from(refused: Refused) -> Self {
        Self { refused, fill: None }
    }
}

impl From<NumberError> for Refused {
    fn from(error: NumberError) -> Self {
        match error {
            NumberError::Malformed => Self::InvalidNumber,
            NumberError::Overflow | NumberError::DivisionByZero => Self::Overflow,
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fill {
            Some(fill) => write!(f, "{fill}: {}", self.refused),
            None => fmt::Display::fmt(&self.refused, f),
        }
    }
}

impl core::error::Error for LedgerError {}
