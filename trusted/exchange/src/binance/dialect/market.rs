//! Prices, candles, fee rates and the clock.

use crate::{
    VenueError,
    dialect::{Board, Cell, FeeRate, Kline, Row, Said, Ticker, Unit, wrong},
};

/// Reads `GET /api/v3/time` and those of contracts.
///
/// ```json
/// {"serverTime":1499827319559}
/// ```
pub(super) fn time(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    Cell::whole(endpoint, body)?.row()?.time("serverTime", Unit::Millis).map(Said::Time)
}

/// Reads `ticker/24hr` and `ticker/price`: a list, or an object if one instrument was asked for.
///
/// ```json
/// {"symbol":"BNBBTC","lastPrice":"4.00000200","bidPrice":"4.00000000","askPrice":"4.00000200","closeTime":1499869899040}
/// {"symbol":"BTCUSDT","price":"6000.01","time":1589437530011}
/// ```
pub(super) fn prices(endpoint: &'static str, body: &[u8], board: Board) -> Result<Said, VenueError> {
    let prices: Result<_, _> = listed(endpoint, body)?.iter().map(|row| ticker(row, board)).collect();
    prices.map(Said::Prices)
}

fn ticker(row: &Row<'_>, board: Board) -> Result<Ticker, VenueError> {
    let (last, time) = match row.maybe("lastPrice") {
        Some(last) => (last.maybe_decimal()?, row.maybe_time("closeTime", Unit::Millis)?),
        None => (Some(row.decimal("price")?), row.maybe_time("time", Unit::Millis)?),
    };
    Ok(Ticker {
        symbol: row.string("symbol")?,
        board,
        last,
        bid: row.maybe_decimal("bidPrice")?,
        ask: row.maybe_decimal("askPrice")?,
        time,
    })
}

/// Reads `klines`: open time, open, high, low, close, volume, close time, volume in the other asset, and four more. The
/// volume of COIN-M is of contracts, and the other one of the coin.
///
/// ```json
/// [[1591258320000,"9640.7","9642.4","9640.6","9642.0","206",1591258379999,"2.13660389",48,"119","1.23424865","0"]]
/// ```
pub(super) fn klines(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let volume_at = if endpoint.starts_with("/dapi/") { 7 } else { 5 };
    let mut klines = Vec::new();
    for candle in Cell::whole(endpoint, body)?.cells()? {
        let cells = candle.cells()?;
        let cell = |at: usize, field| cells.get(at).copied().ok_or_else(|| wrong(endpoint, field));
        klines.push(Kline {
            open_at: cell(0, "open time")?.time(Unit::Millis)?,
            open: cell(1, "open")?.decimal()?,
            high: cell(2, "high")?.decimal()?,
            low: cell(3, "low")?.decimal()?,
            close: cell(4, "close")?.decimal()?,
            volume: cell(volume_at, "volume")?.maybe_decimal()?,
        });
    }
    Ok(Said::Klines(klines))
}

/// Reads `GET /sapi/v1/asset/tradeFee` and `commissionRate` of contracts.
///
/// ```json
/// [{"symbol":"ADABNB","makerCommission":"0.001","takerCommission":"0.001"}]
/// {"symbol":"BTCUSDT","makerCommissionRate":"0.0002","takerCommissionRate":"0.0004"}
/// ```
pub(super) fn fees(endpoint: &'static str, body: &[u8], board: Board) -> Result<Said, VenueError> {
    let rates: Result<_, _> = listed(endpoint, body)?.iter().map(|row| rate(row, board)).collect();
    rates.map(Said::Fees)
}

fn rate(row: &Row<'_>, board: Board) -> Result<FeeRate, VenueError> {
    let (maker, taker) = match row.maybe("makerCommissionRate") {
        Some(maker) => (maker.decimal()?, row.decimal("takerCommissionRate")?),
        None => (row.decimal("makerCommission")?, row.decimal("takerCommission")?),
    };
    Ok(FeeRate { symbol: row.maybe_string("symbol")?, board, maker, taker })
}

/// A list, or the one object that was asked for.
fn listed<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Vec<Row<'a>>, VenueError> {
    let whole = Cell::whole(endpoint, body)?;
    whole.rows().or_else(|_| whole.row().map(|row| vec![row]))
}
