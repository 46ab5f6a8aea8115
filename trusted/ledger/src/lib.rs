//! Fills in, lots and metrics out: the **TradeAggregator** (METRICS.md sections 1, 2 and 5).
//!
//! Pure: no clock, no randomness, no input or output. The same fills give the same bytes, whatever their
//! order of arrival, their paging or their repetition. Money is exact: what does not fit is an error.
#![no_std]
#![warn(clippy::arithmetic_side_effects, clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod amount;
mod id;
mod fill;
mod raw;
mod error;
mod reason;
mod log;
mod index;
mod grid;
mod packed;
mod fills;
mod fee;
mod lot;
mod lots;
mod average;
mod trade;
mod outcomes;
mod terms;
mod watch;
mod matching;
mod short;
mod book;
mod sequence;
mod ledger;
mod queries;
mod digest;
mod metrics;
mod day;
mod line;
mod prices;
pub mod returns;
pub mod record;
mod fuzz;

pub use amount::{Decimal, NumberError, Price, Quantity};
pub use average::AverageCost;
pub use book::{Book, Open};
pub use day::{Day, DayMalformed};
pub use error::{FillName, LedgerError, Refused};
pub use fill::{Asset, Fill, Instrument, InstrumentKind, Liquidity, Side, Symbol, Timestamp};
pub use id::{FillId, OrderId};
pub use ledger::{Applied, Currency, TradeAggregator};
pub use line::{Line, LineClass, LineKind, Lines};
pub use lot::{Direction, Lot, Match};
pub use lots::LotRule;
pub use metrics::{Figures, Month, MonthTotals, Performance, Statistics};
pub use prices::{Interval, Known, PriceSource, Prices, Wanted, minute};
pub use raw::{Names, RawFill};
pub use reason::{Measured, Reason};
pub use trade::{RoundTrip, Trade};

#[doc(hidden)]
pub use fuzz::{fuzz_decimal, fuzz_ledger_apply};
