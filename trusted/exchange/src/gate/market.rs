//! Prices, candles, fee rates, and positions.

use super::{is_contract, maybe_time, time};
use crate::{
    Asked, Board, FeeRate, Kline, Position, Ticker, VenueError,
    dialect::{Cell, Row},
};
use ledger::{Decimal, Side};

/// Reads `GET /api/v4/spot/tickers` and `/api/v4/futures/{settle}/tickers`:
///
/// ```json
/// {"currency_pair":"KFC_USDT","last":"7.255","lowest_ask":"7.298","highest_bid":"7.218","base_volume":"1219.05"}
/// {"contract":"BTC_USDT","last":"6432","mark_price":"6534","lowest_ask":"6433","highest_bid":"6431"}
/// ```
pub(super) fn tickers(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Ticker>, VenueError> {
    let price = |row: &Row<'_>, field| {
        Ok::<_, VenueError>(row.maybe_decimal(field)?.filter(|price: &Decimal| !price.is_zero()))
    };
    let ticker = |row: &Row<'_>| {
        let contract = row.has("contract") || is_contract(asked.market);
        Ok(Ticker {
            symbol: row.string(if contract { "contract" } else { "currency_pair" })?,
            board: if contract { Board::Contract } else { Board::Spot },
            last: price(row, "last")?,
            bid: price(row, "highest_bid")?,
            ask: price(row, "lowest_ask")?,
            time: maybe_time(row, &["t"])?,
        })
    };
    rows.iter().map(ticker).collect()
}

/// Reads `GET /api/v4/spot/candlesticks`: time, volume of quote, close, high, low, open, volume of base, whether it is over;
/// and `/api/v4/futures/{settle}/candlesticks`, where `v` counts contracts.
///
/// ```json
/// ["1717246800","1157762.86821200","67772.5","67839.9","67715","67715.1","17.07790000","true"]
/// {"t":1632873600,"o":"41025","h":"41882.17","c":"41776.92","l":"40783.94","v":123,"sum":"5063.1"}
/// ```
pub(super) fn klines(answer: Cell<'_>) -> Result<Vec<Kline>, VenueError> {
    answer
        .cells()?
        .into_iter()
        .map(|cell| if cell.is_list() { of_spot(cell) } else { of_contract(cell) })
        .collect()
}

fn of_spot(cell: Cell<'_>) -> Result<Kline, VenueError> {
    let cells = cell.cells()?;
    let [at, _, close, high, low, open, rest @ ..] = cells.as_slice() else { return Err(cell.wrong()) };
    Ok(Kline {
        open_at: time(*at)?,
        open: open.decimal()?,
        high: high.decimal()?,
        low: low.decimal()?,
        close: close.decimal()?,
        volume: rest.first().map_or(Ok(None), |volume| volume.maybe_decimal())?,
    })
}

fn of_contract(cell: Cell<'_>) -> Result<Kline, VenueError> {
    let row = cell.row()?;
    Ok(Kline {
        open_at: time(row.cell("t")?)?,
        open: row.decimal("o")?,
        high: row.decimal("h")?,
        low: row.decimal("l")?,
        close: row.decimal("c")?,
        volume: row.maybe_decimal("v")?,
    })
}

/// Reads `GET /api/v4/wallet/fee`, where GT that pays fees has rates of its own, and the rates by instrument of
/// `/api/v4/spot/batch_fee` and `/api/v4/futures/{settle}/fee`:
///
/// ```json
/// {"user_id":10001,"taker_fee":"0.002","maker_fee":"0.002","futures_taker_fee":"0.00075","futures_maker_fee":"-0.00025",
///  "gt_discount":false,"gt_taker_fee":"0.0015","gt_maker_fee":"0.0015"}
/// {"BTC_USDT":{"taker_fee":"0.0005","maker_fee":"0.0002"}}
/// ```
pub(super) fn rates(answer: &Row<'_>, asked: Asked<'_>) -> Result<Vec<FeeRate>, VenueError> {
    if answer.has("taker_fee") || answer.has("futures_taker_fee") {
        return Ok(vec![rate(answer, None, asked, is_contract(asked.market))?]);
    }
    let each = answer.all().map(|(symbol, cell)| rate(&cell.row()?, Some(symbol.to_owned()), asked, false));
    each.collect()
}

fn rate(
    row: &Row<'_>,
    symbol: Option<String>,
    asked: Asked<'_>,
    of_futures: bool,
) -> Result<FeeRate, VenueError> {
    let board = if is_contract(asked.market) { Board::Contract } else { Board::Spot };
    let (maker, taker) = match (of_futures, board) {
        (true, _) => ("futures_maker_fee", "futures_taker_fee"),
        (false, Board::Spot) if row.maybe_flag("gt_discount")? == Some(true) => {
            ("gt_maker_fee", "gt_taker_fee")
        }
        _ => ("maker_fee", "taker_fee"),
    };
    Ok(FeeRate { symbol, board, maker: row.decimal(maker)?, taker: row.decimal(taker)? })
}

/// Reads `GET /api/v4/futures/{settle}/positions`, where the sign of `size` is the side:
///
/// ```json
/// {"contract":"BTC_USDT","size":-9440,"entry_price":"3779.55","mark_price":"3780.32","unrealised_pnl":"-0.0005",
///  "mode":"single","open_time":1684913253,"update_time":1684994406}
/// ```
pub(super) fn positions(rows: &[Row<'_>]) -> Result<Vec<Position>, VenueError> {
    let position = |row: &Row<'_>| {
        let size = row.decimal("size")?;
        Ok(Position {
            symbol: row.string("contract")?,
            side: match (size.is_zero(), size.is_negative()) {
                (true, _) => None,
                (false, true) => Some(Side::Sell),
                (false, false) => Some(Side::Buy),
            },
            contracts: size.abs(),
            entry_price: row.maybe_decimal("entry_price")?,
            mark_price: row.maybe_decimal("mark_price")?,
            unrealized: row.maybe_decimal("unrealised_pnl")?,
            time: maybe_time(row, &["open_time"])?,
        })
    };
    rows.iter().map(position).collect()
}
