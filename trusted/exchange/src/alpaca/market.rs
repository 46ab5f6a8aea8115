//! Prices and candles of crypto, and the clock. Numbers are JSON numbers, times have nanoseconds.

use crate::{
    VenueError,
    dialect::{Board, Cell, Kline, Row, Said, Ticker},
};
use ledger::Decimal;

/// Reads `GET /v2/clock`.
///
/// ```json
/// {"timestamp":"2024-07-18T04:10:33.389152169-04:00","is_open":false}
/// ```
pub(super) fn time(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    Cell::whole(endpoint, body)?.row()?.date("timestamp").map(Said::Time)
}

/// Reads `GET /v1beta3/crypto/us/snapshots`. The last price is that of the latest trade.
///
/// ```json
/// {"snapshots":{"BTC/USD":{"latestQuote":{"ap":64621.4,"as":0.5,"bp":64573.7,"bs":0.5,"t":"2024-07-18T05:02:11.7Z"},
///  "latestTrade":{"i":1,"p":64616.2,"s":0.001,"t":"2024-07-18T05:02:10.1Z","tks":"B"}}}}
/// ```
pub(super) fn prices(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let answer = Cell::whole(endpoint, body)?.row()?;
    let mut prices = Vec::new();
    for (symbol, snapshot) in answer.row("snapshots")?.all() {
        prices.push(ticker(symbol, &snapshot.row()?)?);
    }
    Ok(Said::Prices(prices))
}

fn ticker(symbol: &str, snapshot: &Row<'_>) -> Result<Ticker, VenueError> {
    let part = |field: &'static str| snapshot.maybe(field).map(Cell::row).transpose();
    let (trade, quote) = (part("latestTrade")?, part("latestQuote")?);
    let number = |part: &Option<Row<'_>>, field: &'static str| -> Result<Option<Decimal>, VenueError> {
        part.as_ref().map_or(Ok(None), |part| part.maybe_decimal(field))
    };
    Ok(Ticker {
        symbol: symbol.to_owned(),
        board: Board::Spot,
        last: number(&trade, "p")?,
        bid: number(&quote, "bp")?,
        ask: number(&quote, "ap")?,
        time: quote.as_ref().or(trade.as_ref()).map(|part| part.date("t")).transpose()?,
    })
}

/// Reads `GET /v1beta3/crypto/us/bars` of one instrument, or the latest bar of it.
///
/// ```json
/// {"bars":{"BTC/USD":[{"c":64616.2175,"h":64625.4,"l":64598.55,"n":1,"o":64625.4,"t":"2024-07-18T05:02:00Z",
///  "v":0.015155213,"vw":64625.4}]},"next_page_token":null}
/// ```
pub(super) fn klines(endpoint: &'static str, body: &[u8], asked: Option<&str>) -> Result<Said, VenueError> {
    let answer = Cell::whole(endpoint, body)?.row()?;
    let mut klines = Vec::new();
    for (symbol, bars) in answer.row("bars")?.all() {
        if asked.is_some_and(|asked| asked != symbol) {
            continue;
        }
        for bar in bars.rows().or_else(|_| bars.row().map(|bar| vec![bar]))? {
            klines.push(kline(&bar)?);
        }
    }
    Ok(Said::Klines(klines))
}

fn kline(bar: &Row<'_>) -> Result<Kline, VenueError> {
    Ok(Kline {
        open_at: bar.date("t")?,
        open: bar.decimal("o")?,
        high: bar.decimal("h")?,
        low: bar.decimal("l")?,
        close: bar.decimal("c")?,
        volume: bar.maybe_decimal("v")?,
    })
}
