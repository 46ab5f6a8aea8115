//! Fills in, lots and metrics out: the **TradeAggregator** (METRICS.md sections 1, 2 and 5).
//!
//! Pure: no clock, no randomness, no input or output. The same fills give the same bytes, whatever their
//! order of arrival, their paging or their repetition.
#![no_std]

extern crate alloc;

mod amount;
mod fill;

pub use amount::{Decimal, NumberError, Price, Quantity};
pub use fill::{
    Asset, Fill, FillId, Instrument, InstrumentKind, Liquidity, OrderId, Side, Symbol, Timestamp,
};
