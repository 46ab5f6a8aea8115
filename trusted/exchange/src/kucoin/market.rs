//! Fee rates, prices, candles and the clock.

use super::envelope::{board, data, either, instant, rows};
use crate::{
    Asked, FeeRate, Kline, Ticker, VenueError,
    dialect::{Cell, Row, wrong},
};
use ledger::Timestamp;

const FEES: &str = "/api/v1/trade-fees";
const PRICES: &str = "/api/v1/market/allTickers";
const CANDLES: &str = "/api/v1/market/candles";

/// Reads the fee rates of pairs or of one contract. What was not asked for is left out: the answer may hold more.
///
/// ```json
/// {"code":"200000","data":[{"symbol":"BTC-USDT","takerFeeRate":"0.001","makerFeeRate":"0.001"}]}
/// {"code":"200000","data":{"symbol":"XBTUSDTM","takerFeeRate":"0.0006","makerFeeRate":"0.0002"}}
/// ```
pub(super) fn fees(body: &[u8], asked: Asked<'_>) -> Result<Vec<FeeRate>, VenueError> {
    let mut rates = Vec::new();
    for row in rows(FEES, body)? {
        let symbol = row.maybe_string("symbol")?;
        let named = symbol.as_deref().or(asked.symbol).ok_or_else(|| row.wrong("symbol"))?;
        if asked.symbol.is_some_and(|wanted| wanted != named && !wanted.contains(',')) {
            continue;
        }
        rates.push(FeeRate {
            board: board(named),
            maker: row.decimal("makerFeeRate")?,
            taker: row.decimal("takerFeeRate")?,
            symbol,
        });
    }
    Ok(rates)
}

/// Reads the prices of all pairs or contracts, or of one.
///
/// ```json
/// {"code":"200000","data":{"time":1602832092060,"ticker":[{"symbol":"BTC-USDT","buy":"11328.9","sell":"11329",
///  "last":"11328.9"}]}}
/// {"code":"200000","data":{"time":1602832092060,"symbol":"BTC-USDT","buy":"11328.9","sell":"11329","last":"11328.9"}}
/// {"code":"200000","data":{"time":1550653727731,"price":"3988.59","bestBid":"3988.51","bestAsk":"3988.59"}}
/// {"code":"200000","data":[{"symbol":"XBTUSDTM","lastTradePrice":11.2,"markPrice":11.3}]}
/// {"code":"200000","data":{"symbol":"XBTUSDTM","price":"67158.4","bestBidPrice":"67169.6","bestAskPrice":"67169.7",
///  "ts":1729163001780000000}}
/// {"code":"200000","data":{"tradeType":"SPOT","ts":1762161290067,"list":[{"symbol":"BTC-USDT","bestBidPrice":"1",
///  "bestAskPrice":"2","lastPrice":"1"}]}}
/// ```
pub(super) fn prices(body: &[u8], asked: Asked<'_>) -> Result<Vec<Ticker>, VenueError> {
    // One time for all of a list, unless they have their own.
    let page = data(PRICES, body)?.row().ok();
    let mut tickers = Vec::new();
    for row in rows(PRICES, body)? {
        let symbol = row.maybe_string("symbol")?.or_else(|| asked.symbol.map(str::to_owned));
        let symbol = symbol.ok_or_else(|| row.wrong("symbol"))?;
        let number = |names: &[&'static str]| {
            names.iter().find_map(|name| row.maybe(name)).map_or(Ok(None), |cell| cell.maybe_decimal())
        };
        tickers.push(Ticker {
            board: board(&symbol),
            last: number(&["last", "price", "lastPrice", "lastTradePrice", "lastTradedPrice"])?,
            bid: number(&["buy", "bestBid", "bestBidPrice"])?,
            ask: number(&["sell", "bestAsk", "bestAskPrice"])?,
            time: stamp(&row).or_else(|| stamp(page.as_ref()?)).map(instant).transpose()?,
            symbol,
        });
    }
    Ok(tickers)
}

fn stamp<'a>(row: &Row<'a>) -> Option<Cell<'a>> {
    row.maybe("time").or_else(|| row.maybe("ts"))
}

/// Reads candles. Those of pairs have seconds and close, high and low in another order than those of contracts, which have
/// milliseconds.
///
/// ```json
/// {"code":"200000","data":[["1545904980","0.058","0.049","0.058","0.049","0.018","0.000945"]]}
/// {"code":"200000","data":[[1575331200000,7495.01,8309.67,7250,7463.55,0]]}
/// ```
pub(super) fn klines(body: &[u8]) -> Result<Vec<Kline>, VenueError> {
    let told = data(CANDLES, body)?;
    let rows = match told.cells() {
        Ok(rows) => rows,
        Err(_) => told.row()?.cell("list")?.cells()?,
    };
    rows.into_iter().map(kline).collect()
}

fn kline(row: Cell<'_>) -> Result<Kline, VenueError> {
    let cells = row.cells()?;
    let at = |index: usize| cells.get(index).copied().ok_or_else(|| wrong(CANDLES, "a candle"));
    let pair = at(0)?.text()?.len() <= 10;
    let (high, low, close) = if pair { (3, 4, 2) } else { (2, 3, 4) };
    Ok(Kline {
        open_at: instant(at(0)?)?,
        open: at(1)?.decimal()?,
        high: at(high)?.decimal()?,
        low: at(low)?.decimal()?,
        close: at(close)?.decimal()?,
        volume: cells.get(5).map_or(Ok(None), |cell| cell.maybe_decimal())?,
    })
}

/// Reads `GET /api/v1/timestamp`.
///
/// ```json
/// {"code":"200000","data":1546837113087}
/// ```
pub(super) fn time(body: &[u8]) -> Result<Timestamp, VenueError> {
    let told = data("/api/v1/timestamp", body)?;
    match told.row() {
        Ok(row) => instant(either(&row, &["serverTime", "time", "ts"])?),
        Err(_) => instant(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Board, Need};

    fn asked(symbol: Option<&'static str>) -> Asked<'static> {
        Asked { need: Need::Prices, market: "", path: "", symbol, currency: None, account: None }
    }

    #[test]
    fn candles_of_contracts_have_another_order() {
        let pair = klines(b"{\"data\":[[\"1545904980\",\"1\",\"2\",\"4\",\"0.5\",\"7\",\"9\"]]}").unwrap();
        let contract = klines(b"{\"data\":[[1545904980000,1,4,5e-1,2,7]]}").unwrap();
        assert_eq!(pair, contract);
        assert_eq!(
            klines(b"{\"data\":{\"list\":[[\"1545904980\",\"1\",\"2\",\"4\",\"0.5\",\"7\"]]}}").unwrap(),
            pair
        );
        assert!(klines(b"{\"data\":[[1545904980000,1,4]]}").is_err());
    }

    #[test]
    fn one_price_may_come_without_its_name() {
        let body = b"{\"data\":{\"time\":1550653727731,\"price\":\"3988.59\",\"bestBid\":\"3988.51\"}}";
        let ticker = prices(body, asked(Some("BTC-USDT"))).unwrap().remove(0);
        assert_eq!((ticker.board, ticker.last), (Board::Spot, Some("3988.59".parse().unwrap())));
        assert!(prices(body, asked(None)).is_err());
        let contract = b"{\"data\":{\"symbol\":\"XBTUSDTM\",\"price\":\"1\",\"ts\":1729163001780000000}}";
        let ticker = prices(contract, asked(None)).unwrap().remove(0);
        assert_eq!((ticker.board, ticker.time.unwrap().millis()), (Board::Contract, 1_729_163_001_780));
    }
}
