//! Prices, candles, fee rates, positions, and the clock.

use super::wallet::maybe_decimal;
use super::{board, symbol};
use crate::{
    Asked, Board, FeeRate, Kline, Listings, Position, Ticker, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Decimal, Side, Timestamp};

/// Reads `GET /api/v2/public/time`: `{"code":"00000","data":{"serverTime":"1688008631614"}}`.
pub(super) fn time(answer: &Row<'_>) -> Result<Timestamp, VenueError> {
    answer.row("data")?.time("serverTime", Unit::Millis)
}

/// Reads `GET /api/v2/spot/market/tickers`, `/api/v2/mix/market/ticker`, `…/tickers`, and `/api/v3/market/tickers`:
///
/// ```json
/// {"symbol":"BTCUSDT","lastPr":"37583.69","bidPr":"37583.68","askPr":"37583.69","ts":"1700532903261"}
/// {"category":"SPOT","symbol":"BTCUSDT","ts":"1750330651972","lastPrice":"104900.2","bid1Price":"104880.6",
///  "ask1Price":"104945.8"}
/// ```
pub(super) fn tickers(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Ticker>, VenueError> {
    let price = |row: &Row<'_>, fields: &[&'static str]| {
        // A side of the book that is empty is 0.
        Ok::<_, VenueError>(maybe_decimal(row, fields)?.filter(|price| !price.is_zero()))
    };
    let ticker = |row: &Row<'_>| {
        Ok(Ticker {
            symbol: symbol(row, asked)?,
            board: board(row, asked)?,
            last: price(row, &["lastPr", "lastPrice"])?,
            bid: price(row, &["bidPr", "bid1Price"])?,
            ask: price(row, &["askPr", "ask1Price"])?,
            time: row.maybe_time("ts", Unit::Millis)?,
        })
    };
    rows.iter().map(ticker).collect()
}

/// Reads `GET /api/v2/spot/market/candles`, `/api/v2/mix/market/candles`, `/api/v3/market/candles` and their histories: time,
/// open, high, low, close, volume of base and of quote. An inverse contract's number of contracts is in the latter.
///
/// ```json
/// ["1656604800000","37834.5","37849.5","37773.5","37773.5","428.3462","16198849.1079","16198849.1079"]
/// ```
pub(super) fn klines(
    answer: &Row<'_>,
    asked: Asked<'_>,
    listings: &Listings,
) -> Result<Vec<Kline>, VenueError> {
    let listed = asked.symbol.and_then(|symbol| listings.find(symbol, Board::Contract));
    let contract = asked.market.contains("futures") || asked.path.contains("/mix/");
    let inverse = asked.market.starts_with("coin-futures")
        || (contract && listed.is_some_and(|listing| listing.inverse));
    let rows = answer.maybe("data").map_or(Ok(Vec::new()), Cell::cells)?;
    let kline = |row: Cell<'_>| {
        let cells = row.cells()?;
        let cell = |at: usize| cells.get(at).copied().ok_or_else(|| answer.wrong("data"));
        Ok(Kline {
            open_at: cell(0)?.time(Unit::Millis)?,
            open: cell(1)?.decimal()?,
            high: cell(2)?.decimal()?,
            low: cell(3)?.decimal()?,
            close: cell(4)?.decimal()?,
            volume: cells
                .get(if inverse { 6 } else { 5 })
                .map_or(Ok(None), |volume| volume.maybe_decimal())?,
        })
    };
    rows.into_iter().map(kline).collect()
}

/// Reads `GET /api/v2/common/trade-rate`, `/api/v3/account/fee-rate`, and the lists of instruments, which repeat the symbol:
///
/// ```json
/// {"makerFeeRate":"0.001","takerFeeRate":"0.001"}
/// ```
pub(super) fn rates(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<FeeRate>, VenueError> {
    let rate = |row: &Row<'_>| {
        let symbol = row.maybe_text("symbol")?.map(|symbol| symbol.to_uppercase());
        // A unified account's answer does not repeat the category: without one it is taken for spot.
        let told = row.has("category") || !asked.market.starts_with("unified");
        let board = if told { board(row, asked)? } else { Board::Spot };
        let (maker, taker) = (row.decimal("makerFeeRate")?, row.decimal("takerFeeRate")?);
        Ok(FeeRate { symbol, board, maker, taker })
    };
    rows.iter().map(rate).collect()
}

/// Reads `GET /api/v2/mix/position/all-position`, `…/single-position`, and `/api/v3/position/current-position`:
///
/// ```json
/// {"marginCoin":"USDT","symbol":"BTCUSDT","holdSide":"long","total":"0.002","openPriceAvg":"37355.5",
///  "unrealizedPL":"0.03","markPrice":"37370.5","cTime":"1700807507275","uTime":"1700807507275"}
/// {"category":"USDT-FUTURES","symbol":"BTCUSDT","posSide":"long","total":"0.001","avgPrice":"107410.3",
///  "unrealisedPnl":"0.0047","markPrice":"107415.3","createdTime":"1750495670699"}
/// ```
pub(super) fn positions(rows: &[Row<'_>]) -> Result<Vec<Position>, VenueError> {
    let position = |row: &Row<'_>| {
        let contracts = row.first(&["total", "openTotalPos"])?.decimal()?;
        let side = match &*row.first(&["holdSide", "posSide"])?.text()? {
            "long" | "buy" => Side::Buy,
            "short" | "sell" => Side::Sell,
            _ => return Err(row.wrong("holdSide")),
        };
        Ok(Position {
            symbol: row.text("symbol")?.to_uppercase(),
            side: Some(side).filter(|_| contracts != Decimal::ZERO),
            contracts: contracts.abs(),
            entry_price: maybe_decimal(row, &["openPriceAvg", "openAvgPrice", "avgPrice"])?,
            mark_price: row.maybe_decimal("markPrice")?,
            unrealized: maybe_decimal(row, &["unrealizedPL", "unrealisedPnl"])?,
            time: row
                .maybe_first(&["cTime", "ctime", "createdTime"])
                .map_or(Ok(None), |time| time.maybe_time(Unit::Millis))?,
        })
    };
    rows.iter().map(position).collect()
}
