//! Candles of the spot market: how they are asked for, and what they say. What is delisted keeps its old ones for as long as
//! the venue lists it with another status.

use super::{
    endpoint::{Ask, KLINES},
    wire,
};
use crate::{
    VenueError,
    prices::{Candle, Candles, Depth},
};
use ledger::{Price, Timestamp};

/// All that there ever were.
pub(crate) const DEPTH: Depth = Depth { a_request: 1000, kept: None };

pub(crate) fn ask(asked: &Candles) -> Ask {
    let Candles { symbol, interval, first_ms, last_ms, limit } = asked;
    let ask = KLINES.ask().with("symbol", symbol).with("interval", interval.as_str());
    ask.with("startTime", first_ms).with("endTime", last_ms).with("limit", limit)
}

/// `now` is the venue's time.
pub(crate) fn read(body: &[u8], now: Timestamp) -> Result<Vec<Candle>, VenueError> {
    let at = KLINES.path;
    let rows: Vec<wire::Kline<'_>> = wire::read(at, body)?;
    let each = rows.iter().map(|row| {
        Ok(Candle {
            open_ms: row.open_time.time(at, "openTime")?.millis(),
            is_closed: row.close_time.time(at, "closeTime")? < now,
            close: Price(row.close.decimal(at, "close")?),
        })
    });
    each.collect()
}
