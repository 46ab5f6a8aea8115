//! Why a text is no ledger file of ours: which line, which fill, and what is wrong with it.

use super::{FORMAT, TEXT_BYTES_MAX};
use alloc::string::{String, ToString};
use core::fmt;
use ledger::Refused;

/// Why a ledger file cannot be read. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFileError {
    /// Which line, from 1.
    pub line: u64,
    /// The id and the symbol of the fill, if it is one and both could be read.
    pub fill: Option<(String, String)>,
    /// What is wrong.
    pub defect: Defect,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It does not begin as a ledger file does.
    Foreign,
    /// It is a ledger file of another version.
    Version,
    /// Its first row lacks a member, or has one that this version does not know.
    Header,
    /// It is not UTF-8.
    Encoding,
    /// It ends before its last row.
    Cut,
    /// Something stands after its last row.
    AfterEnd,
    /// A line is longer than any row.
    LineTooLong,
    /// A line is not JSON, or no array whose first element is a text.
    Form,
    /// A row of a kind that this version does not know.
    Kind,
    /// A row has more or fewer elements than its kind.
    Length,
    /// An element of a row.
    Element(&'static str, Flaw),
    /// A row stands before one that belongs above it, or twice.
    Order,
    /// A fill stands under no book.
    NoBook,
    /// The last row counts other rows than there are.
    Count(&'static str),
    /// The checksum is another: something was changed.
    Checksum,
    /// The ledger refuses the fill or the instrument.
    Ledger(Refused),
    /// More accounts than one file may have.
    TooManyAccounts,
}

/// What is wrong with an element of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Something else than what belongs there.
    NotA(&'static str),
    /// Empty.
    Empty,
    /// Longer than any such text.
    TooLong,
    /// More digits than a number of ours.
    TooManyDigits,
    /// Zero or below.
    NotAboveZero,
    /// Before 2009, or after the instant of the file.
    OutOfTime,
    /// A number of a row that is not there.
    Unknown,
    /// Stands there twice, or not in order.
    Order,
}

impl LedgerFileError {
    pub(super) const fn new(line: u64, defect: Defect) -> Self {
        Self { line, fill: None, defect }
    }

    pub(super) fn about(mut self, id: &str, symbol: &str) -> Self {
        self.fill = Some((id.to_string(), symbol.to_string()));
        self
    }
}

impl fmt::Display for LedgerFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some((id, symbol)) = &self.fill {
            write!(f, "fill {} of {}: ", id.escape_debug(), symbol.escape_debug())?;
        }
        self.defect.fmt(f)
    }
}

impl core::error::Error for LedgerFileError {}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Foreign => "this is no ledger file: one begins with {\"format\":\"perfagg-ledger/…\"",
            Self::Version => {
                return write!(f, "the file is of another version; this program reads {FORMAT}");
            }
            Self::Header => "a member of the first row is missing, unknown, or of another form",
            Self::Encoding => "the text is not UTF-8",
            Self::Cut => "the file ends before its last row: it was cut",
            Self::AfterEnd => "something stands after the last row",
            Self::LineTooLong => "the line is longer than any row",
            Self::Form => "this is no JSON array whose first element says what the row is",
            Self::Kind => "the row is of a kind that this version does not know",
            Self::Length => "the row has more or fewer elements than its kind",
            Self::Element(element, flaw) => return write!(f, "{element} {flaw}"),
            Self::Order => "it stands there twice, or before what belongs above it",
            Self::NoBook => "a fill stands under no book",
            Self::Count(what) => {
                return write!(
                    f,
                    "the last row counts other {what} than there are: some are missing or added"
                );
            }
            Self::Checksum => "the checksum is that of another content: the file was changed",
            Self::Ledger(error) => return error.fmt(f),
            Self::TooManyAccounts => "there are more accounts than one file may have",
        })
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotA(what) => write!(f, "is not {what}"),
            Self::Empty => f.write_str("is empty"),
            Self::TooLong => write!(f, "is longer than {TEXT_BYTES_MAX} bytes"),
            Self::TooManyDigits => f.write_str("has more digits than a number may have"),
            Self::NotAboveZero => f.write_str("is not above zero"),
            Self::OutOfTime => f.write_str("is before 2009, or after the instant of the file"),
            Self::Unknown => f.write_str("names what is not there"),
            Self::Order => f.write_str("stands there twice, or not in order"),
        }
    }
}
