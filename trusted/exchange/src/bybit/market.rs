//! Instruments, prices, candles, fee rates and positions (https://bybit-exchange.github.io/docs/v5/market/tickers and its neighbours).

use crate::{
    VenueError,
    dialect::{Board, Cell, FeeRate, Kline, Listing, Position, Row, Ticker, Unit, wrong},
};
use ledger::{Decimal, Side};

use super::answer::Answer;

/// Reads `GET /v5/market/instruments-info`. Quantities count coins where contracts are linear, and dollars where they are
/// inverse: a contract is one of either.
///
/// ```json
/// {"category":"spot","list":[{"symbol":"BTCUSDT","baseCoin":"BTC","quoteCoin":"USDT","status":"Trading"}]}
/// {"category":"inverse","list":[{"symbol":"BTCUSD","contractType":"InversePerpetual","status":"Trading","baseCoin":"BTC",
///  "quoteCoin":"USD","settleCoin":"BTC"}],"nextPageCursor":""}
/// ```
pub(super) fn listings(answer: &Answer<'_>) -> Result<Vec<Listing>, VenueError> {
    let read = |row: &Row<'_>| {
        let category = answer.category(row)?;
        let spot = category == "spot";
        // A perpetual contract has one when it is listed no more.
        let is_dated = match row.maybe_text("contractType")? {
            Some(kind) => kind.ends_with("Futures"),
            None => category == "option",
        };
        Ok(Listing {
            id: row.string("symbol")?,
            board: if spot { Board::Spot } else { Board::Contract },
            base: row.asset("baseCoin")?,
            quote: row.asset("quoteCoin")?,
            settle: if spot { None } else { Some(row.asset("settleCoin")?) },
            contract_size: Decimal::ONE,
            inverse: category == "inverse",
            expires: row.maybe_time("deliveryTime", Unit::Millis)?.filter(|_| is_dated),
        })
    };
    answer.rows(&["list"])?.iter().map(read).collect()
}

/// Reads `GET /v5/market/tickers`.
///
/// ```json
/// {"category":"spot","list":[{"symbol":"BTCUSDT","bid1Price":"20517.96","ask1Price":"20527.77","lastPrice":"20533.13"}]}
/// ```
pub(super) fn tickers(answer: &Answer<'_>) -> Result<Vec<Ticker>, VenueError> {
    let time = answer.time().ok();
    let read = |row: &Row<'_>| {
        Ok(Ticker {
            symbol: row.string("symbol")?,
            board: answer.board(row)?,
            last: row.maybe_decimal("lastPrice")?,
            bid: row.maybe_decimal("bid1Price")?,
            ask: row.maybe_decimal("ask1Price")?,
            time,
        })
    };
    answer.rows(&["list"])?.iter().map(read).collect()
}

/// Reads `GET /v5/market/kline`, newest first: time of opening, four prices, volume and turnover. Inverse contracts count
/// their volume in quote, so what was turned over is their volume of base.
///
/// ```json
/// {"category":"inverse","symbol":"BTCUSD","list":[["1670608800000","17071","17073","17027","17055.5","268611","15.74462667"]]}
/// ```
pub(super) fn klines(answer: &Answer<'_>) -> Result<Vec<Kline>, VenueError> {
    let inverse = answer.category(&answer.result)? == "inverse";
    let read = |row: Cell<'_>| {
        let cells = row.cells()?;
        let [open_at, open, high, low, close, rest @ ..] = cells.as_slice() else {
            return Err(wrong(answer.endpoint, "list"));
        };
        let volume = rest.get(usize::from(inverse)).map_or(Ok(None), |cell| cell.maybe_decimal())?;
        Ok(Kline {
            open_at: open_at.time(Unit::Millis)?,
            open: open.decimal()?,
            high: high.decimal()?,
            low: low.decimal()?,
            close: close.decimal()?,
            volume,
        })
    };
    answer.result.cell("list")?.cells()?.into_iter().map(read).collect()
}

/// Reads `GET /v5/account/fee-rate`. Options have one rate for all of a coin, without a symbol.
///
/// ```json
/// {"list":[{"symbol":"ETHUSDT","takerFeeRate":"0.0006","makerFeeRate":"0.0001"}]}
/// ```
pub(super) fn fees(answer: &Answer<'_>) -> Result<Vec<FeeRate>, VenueError> {
    let read = |row: &Row<'_>| {
        Ok(FeeRate {
            symbol: row.maybe_string("symbol")?,
            board: answer.board(row)?,
            maker: row.decimal("makerFeeRate")?,
            taker: row.decimal("takerFeeRate")?,
        })
    };
    answer.rows(&["list"])?.iter().map(read).collect()
}

/// Reads `GET /v5/position/list`. In hedge mode each side has a row: `positionIdx` 1 is held, 2 owed.
///
/// ```json
/// {"category":"inverse","list":[{"positionIdx":0,"symbol":"BTCUSD","side":"Sell","size":"300","avgPrice":"27464.50",
///  "markPrice":"28224.50","unrealisedPnl":"-0.00029413","createdTime":"1676538056258"}]}
/// ```
pub(super) fn positions(answer: &Answer<'_>) -> Result<Vec<Position>, VenueError> {
    let read = |row: Row<'_>| {
        // USDC contracts of an older kind are wrapped once more.
        let row = if row.maybe("is_valid").is_some() { row.row("data")? } else { row };
        let entry = ["avgPrice", "entryPrice"].into_iter().find(|name| row.maybe(name).is_some());
        let created = ["createdTime", "createdAt"].into_iter().find(|name| row.maybe(name).is_some());
        let (index, side) = (row.maybe_text("positionIdx")?, row.maybe_text("side")?);
        let side = match (index.as_deref(), side.as_deref()) {
            (Some("1"), _) => Some(Side::Buy),
            (Some("2"), _) => Some(Side::Sell),
            (_, Some("Buy")) => Some(Side::Buy),
            (_, Some("Sell")) => Some(Side::Sell),
            _ => None,
        };
        Ok(Position {
            symbol: row.string("symbol")?,
            side,
            contracts: row.decimal("size")?.abs(),
            entry_price: entry.map_or(Ok(None), |name| row.maybe_decimal(name))?.filter(is_not_zero),
            mark_price: row.maybe_decimal("markPrice")?,
            unrealized: row.maybe_decimal("unrealisedPnl")?,
            time: created.map_or(Ok(None), |name| row.maybe_time(name, Unit::Millis))?,
        })
    };
    answer.rows(&["list"])?.into_iter().map(read).collect()
}

fn is_not_zero(number: &Decimal) -> bool {
    !number.is_zero()
}
