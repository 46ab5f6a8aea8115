//! Prices, candles and the clock.

use super::{instrument::board, result};
use crate::{
    Kline, Ticker, VenueError,
    dialect::{Cell, Row, Unit, wrong},
};
use ledger::Timestamp;

const TICKER: &str = "/api/v2/public/ticker";
const CHART: &str = "/api/v2/public/get_tradingview_chart_data";

/// Reads the ticker of an instrument, or the summaries of all books of a currency.
///
/// ```json
/// {"result":{"instrument_name":"BTC-PERPETUAL","last_price":7750.5,"best_bid_price":7750,"best_ask_price":7750.5,
///  "timestamp":1583778859480}}
/// {"result":[{"instrument_name":"BTC-10MAR20-7750-C","last":0.0205,"bid_price":0.0185,"ask_price":0.021,
///  "creation_timestamp":1583783678366}]}
/// ```
pub(super) fn prices(body: &[u8]) -> Result<Vec<Ticker>, VenueError> {
    let told = result(TICKER, body)?;
    let rows = match told.rows() {
        Ok(rows) => rows,
        Err(_) => vec![told.row()?],
    };
    rows.iter().map(ticker).collect()
}

fn ticker(row: &Row<'_>) -> Result<Ticker, VenueError> {
    let symbol = row.string("instrument_name")?;
    let number = |a, b| row.maybe(a).or_else(|| row.maybe(b)).map_or(Ok(None), |cell| cell.maybe_decimal());
    Ok(Ticker {
        board: board(&symbol),
        last: number("last_price", "last")?,
        bid: number("best_bid_price", "bid_price")?,
        ask: number("best_ask_price", "ask_price")?,
        time: row
            .maybe_time("timestamp", Unit::Millis)?
            .or(row.maybe_time("creation_timestamp", Unit::Millis)?),
        symbol,
    })
}

/// Reads candles, which come column by column; the volume is of coins.
///
/// ```json
/// {"result":{"status":"ok","ticks":[1583916960000],"open":[7834],"high":[7839.5],"low":[7834],"close":[7839.5],
///  "volume":[3.6680847969999992],"cost":[28740]}}
/// ```
pub(super) fn klines(body: &[u8]) -> Result<Vec<Kline>, VenueError> {
    let told = result(CHART, body)?.row()?;
    let column = |name| -> Result<Vec<Cell<'_>>, VenueError> { told.cell(name)?.cells() };
    let (ticks, open, high) = (column("ticks")?, column("open")?, column("high")?);
    let (low, close) = (column("low")?, column("close")?);
    let volume = told.maybe("volume").map_or(Ok(Vec::new()), Cell::cells)?;
    let mut klines = Vec::with_capacity(ticks.len());
    for (at, tick) in ticks.into_iter().enumerate() {
        let cell = |column: &[Cell<'_>], field| {
            column.get(at).ok_or_else(|| wrong(CHART, field)).and_then(|cell| cell.decimal())
        };
        klines.push(Kline {
            open_at: tick.time(Unit::Millis)?,
            open: cell(&open, "open")?,
            high: cell(&high, "high")?,
            low: cell(&low, "low")?,
            close: cell(&close, "close")?,
            volume: volume.get(at).map_or(Ok(None), |cell| cell.maybe_decimal())?,
        });
    }
    Ok(klines)
}

/// Reads `public/get_time`.
///
/// ```json
/// {"jsonrpc":"2.0","result":1733338800000}
/// ```
pub(super) fn time(body: &[u8]) -> Result<Timestamp, VenueError> {
    result("/api/v2/public/get_time", body)?.time(Unit::Millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    #[test]
    fn a_column_that_is_too_short_is_named() {
        let body = "{\"result\":{\"ticks\":[1583916960000,1583917020000],\"open\":[1,2],\"high\":[1,2],\"low\":[1,2],\
                    \"close\":[1,2e0],\"volume\":[1.5]}}";
        let rows = klines(body.as_bytes()).unwrap();
        assert_eq!((rows.len(), rows[1].volume), (2, None));
        let wrong = VenueError::Permanent(Refusal::Answer { endpoint: CHART, field: "close" });
        assert!(klines(body.replace("2e0", "null").as_bytes()).is_err());
        assert_eq!(klines(body.replace(",2e0", "").as_bytes()), Err(wrong));
        let none = b"{\"result\":{\"ticks\":[],\"open\":[],\"high\":[],\"low\":[],\"close\":[],\"status\":\"no_data\"}}";
        assert_eq!(klines(none), Ok(Vec::new()));
    }

    #[test]
    fn summaries_are_tickers_too() {
        let body =
            b"{\"result\":[{\"instrument_name\":\"BTC-10MAR20-7750-C\",\"last\":null,\"bid_price\":1.85e-2,\
                     \"ask_price\":null,\"creation_timestamp\":1583783678366}]}";
        let ticker = prices(body).unwrap().remove(0);
        assert_eq!((ticker.last, ticker.bid), (None, Some("0.0185".parse().unwrap())));
    }
}
