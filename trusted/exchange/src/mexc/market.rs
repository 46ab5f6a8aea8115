//! Prices, candles, fee rates, positions, funding, and the clock.

use super::is_contract;
use crate::{
    Asked, Board, FeeRate, FundingPayment, Kline, Listings, Position, Ticker, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Asset, Decimal, Side, Timestamp};

/// Reads `GET /api/v3/time`, `{"serverTime":1645539742000}`, and `/api/v1/contract/ping`, `{"success":true,"data":1648124374985}`.
pub(super) fn time(answer: &Row<'_>) -> Result<Timestamp, VenueError> {
    answer.first(&["serverTime", "data"])?.time(Unit::Millis)
}

/// Reads `GET /api/v3/tradeFee`:
///
/// ```json
/// {"data":{"makerCommission":0.003000000000000000,"takerCommission":0.003000000000000000},"code":0,"msg":"success"}
/// ```
pub(super) fn rates(answer: &Row<'_>, asked: Asked<'_>) -> Result<Vec<FeeRate>, VenueError> {
    let data = answer.row("data")?;
    let (maker, taker) = (data.decimal("makerCommission")?, data.decimal("takerCommission")?);
    let board = if is_contract(asked) { Board::Contract } else { Board::Spot };
    Ok(vec![FeeRate { symbol: data.maybe_string("symbol")?, board, maker, taker }])
}

/// Reads `GET /api/v3/ticker/24hr`, which of one symbol is no list, and `/api/v1/contract/ticker`:
///
/// ```json
/// {"symbol":"BTCUSDT","lastPrice":"46263.71","bidPrice":"46260.38","bidQty":"","askPrice":"46260.41","closeTime":1641349582808}
/// {"symbol":"ETH_USDT","lastPrice":3581.3,"bid1":3581.25,"ask1":3581.5,"fairPrice":3581.08,"timestamp":1634162885016}
/// ```
pub(super) fn tickers(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Ticker>, VenueError> {
    let price = |row: &Row<'_>, fields: &[&'static str]| {
        let told = row.maybe_first(fields).map_or(Ok(None), Cell::maybe_decimal)?;
        // A side of the book that is empty is 0.
        Ok::<_, VenueError>(told.filter(|price: &Decimal| !price.is_zero()))
    };
    let ticker = |row: &Row<'_>| {
        let contract = is_contract(asked) || row.has("bid1");
        Ok(Ticker {
            symbol: row.string("symbol")?,
            board: if contract { Board::Contract } else { Board::Spot },
            last: price(row, &["lastPrice", "price"])?,
            bid: price(row, &["bid1", "bidPrice"])?,
            ask: price(row, &["ask1", "askPrice"])?,
            time: row
                .maybe_first(&["timestamp", "closeTime"])
                .map_or(Ok(None), |time| time.maybe_time(Unit::Millis))?,
        })
    };
    rows.iter().map(ticker).collect()
}

/// Reads `GET /api/v3/klines`: opening time, open, high, low, close, volume, closing time, volume of quote; and
/// `/api/v1/contract/kline/{symbol}`, by columns, in seconds, with volumes in contracts.
///
/// ```json
/// [1640804880000,"47482.36","47482.36","47416.57","47436.1","3.550717",1640804940000,"168387.3"]
/// {"success":true,"code":0,"data":{"time":[1634052300],"open":[3492.2],"close":[3491.3],"high":[3495.85],"low":[3491.15],
///  "vol":[1740.0],"amount":[60793.623]}}
/// ```
pub(super) fn klines(answer: Cell<'_>) -> Result<Vec<Kline>, VenueError> {
    if answer.is_list() {
        return answer.cells()?.into_iter().map(kline).collect();
    }
    let data = answer.row()?.row("data")?;
    let column = |field: &'static str| data.cell(field)?.cells();
    let (opens, highs, lows) = (column("open")?, column("high")?, column("low")?);
    let (closes, volumes) = (column("close")?, column("vol")?);
    let mut klines = Vec::new();
    for (at, time) in column("time")?.into_iter().enumerate() {
        let cell = |column: &[Cell<'_>], field: &'static str| {
            column.get(at).ok_or_else(|| data.wrong(field))?.decimal()
        };
        klines.push(Kline {
            open_at: time.time(Unit::Seconds)?,
            open: cell(&opens, "open")?,
            high: cell(&highs, "high")?,
            low: cell(&lows, "low")?,
            close: cell(&closes, "close")?,
            volume: Some(cell(&volumes, "vol")?),
        });
    }
    Ok(klines)
}

fn kline(cell: Cell<'_>) -> Result<Kline, VenueError> {
    let cells = cell.cells()?;
    let [at, open, high, low, close, rest @ ..] = cells.as_slice() else { return Err(cell.wrong()) };
    Ok(Kline {
        open_at: at.time(Unit::Millis)?,
        open: open.decimal()?,
        high: high.decimal()?,
        low: low.decimal()?,
        close: close.decimal()?,
        volume: rest.first().map_or(Ok(None), |volume| volume.maybe_decimal())?,
    })
}

/// Reads `GET /api/v1/private/position/open_positions`, `positionType` 1 long and 2 short:
///
/// ```json
/// {"positionId":1394650,"symbol":"ETH_USDT","positionType":1,"openType":1,"state":1,"holdVol":1,"holdAvgPrice":1217.3,
///  "openAvgPrice":1217.3,"realised":-0.0073,"createTime":1609991676000,"updateTime":1609991676000}
/// ```
pub(super) fn positions(rows: &[Row<'_>]) -> Result<Vec<Position>, VenueError> {
    let position = |row: &Row<'_>| {
        let contracts = row.decimal("holdVol")?;
        let side = match &*row.text("positionType")? {
            "1" => Side::Buy,
            "2" => Side::Sell,
            _ => return Err(row.wrong("positionType")),
        };
        Ok(Position {
            symbol: row.string("symbol")?,
            side: Some(side).filter(|_| !contracts.is_zero()),
            contracts,
            entry_price: row
                .maybe_first(&["openAvgPrice", "holdAvgPrice"])
                .map_or(Ok(None), Cell::maybe_decimal)?,
            mark_price: None,
            unrealized: row.maybe_decimal("unRealizedPnl")?,
            time: row
                .maybe_first(&["updateTime", "createTime"])
                .map_or(Ok(None), |time| time.maybe_time(Unit::Millis))?,
        })
    };
    rows.iter().map(position).collect()
}

/// Reads `GET /api/v1/private/position/funding_records`, received above zero. The asset is what the contract settles in.
///
/// ```json
/// {"id":328033,"symbol":"SUSHI_USDT","positionType":1,"positionValue":41.8899,"funding":0.0837798,"rate":-0.002,
///  "settleTime":1606435200000}
/// ```
pub(super) fn funding(
    rows: &[Row<'_>],
    asked: Asked<'_>,
    listings: &Listings,
) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in rows {
        let symbol = row.string("symbol")?;
        if asked.symbol.is_none_or(|asked| asked == symbol) {
            payments.push(FundingPayment {
                id: row.maybe_string("id")?,
                asset: settles_in(&symbol, listings).ok_or_else(|| row.wrong("symbol"))?,
                symbol,
                amount: row.decimal("funding")?,
                time: row.time("settleTime", Unit::Millis)?,
            });
        }
    }
    Ok(payments)
}

/// Contracts in dollars settle in their coin, all others in what they are priced in.
fn settles_in(symbol: &str, listings: &Listings) -> Option<Asset> {
    let listed = listings.find(symbol, Board::Contract).and_then(|listing| listing.settle.clone());
    listed.or_else(|| {
        let (base, quote) = symbol.split_once('_')?;
        Some(Asset::from(if quote == "USD" { base } else { quote }))
    })
}
