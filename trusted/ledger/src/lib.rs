//! Fills in, lots and metrics out: the **TradeAggregator** (METRICS.md sections 1, 2 and 5).
//!
//! Pure: no clock, no randomness, no input or output. The same fills give the same bytes, whatever their
//! order of arrival, their paging or their repetition. Money is exact: what does not fit is an error.
#![no_std]
#![warn(clippy::arithmetic_side_effects, clippy::float_arithmetic)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

mod amount;
mod fill;
mod reason;
mod fee;
mod lot;
mod trade;
mod matching;
mod book;
mod ledger;
mod queries;
mod metrics;
mod fuzz;

pub use amount::{Decimal, NumberError, Price, Quantity};
pub use book::{Book, Open};
pub use fill::{
    Asset, Fill, FillId, Instrument, InstrumentKind, Liquidity, OrderId, Side, Symbol, Timestamp,
};
pub use ledger::{Applied, Currency, TradeAggregator};
pub use lot::{Direction, Lot, Match};
pub use metrics::{Figures, Month, MonthTotals, Performance, Statistics};
pub use reason::{LedgerError, Measured, Reason};
pub use trade::{RoundTrip, Trade};

#[doc(hidden)]
pub use fuzz::{fuzz_decimal, fuzz_ledger_apply};
