//! What things trade at on the spot market, and the clock.

use super::{assets, entries, result};
use crate::VenueError;
use crate::dialect::{Board, Cell, Kline, Listing, Listings, Row, Said, Ticker, Unit, wrong};
use ledger::Decimal;

/// Reads `GET /0/public/AssetPairs`. Pairs that are not traded any more, or not yet, are listed too.
///
/// ```json
/// {"error":[],"result":{"XXBTZUSD":{"altname":"XBTUSD","wsname":"XBT/USD","aclass_base":"currency","base":"XXBT",
///  "aclass_quote":"currency","quote":"ZUSD","pair_decimals":1,"lot_decimals":8,"ordermin":"0.0001","status":"online"}}}
/// ```
pub(super) fn listings(body: &[u8]) -> Result<Said, VenueError> {
    let pairs = entries(result("AssetPairs", body)?)?.into_iter().map(|(id, row)| {
        Ok(Listing {
            id,
            board: Board::Spot,
            base: assets::unified(&row.text("base")?),
            quote: assets::unified(&row.text("quote")?),
            settle: None,
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        })
    });
    Ok(Said::Listings(pairs.collect::<Result<_, VenueError>>()?))
}

/// Reads `GET /0/public/Ticker`: offer, bid and last trade, each a list that begins with the price.
///
/// ```json
/// {"error":[],"result":{"XXBTZUSD":{"a":["30300.10000","1","1.000"],"b":["30300.00000","1","1.000"],
///  "c":["30303.20000","0.00067643"]}}}
/// ```
pub(super) fn prices(body: &[u8], listings: &Listings) -> Result<Said, VenueError> {
    let first = |row: &Row<'_>, field| -> Result<Option<Decimal>, VenueError> {
        let Some(cell) = row.maybe(field) else { return Ok(None) };
        cell.cells()?.first().copied().map_or(Ok(None), Cell::maybe_decimal)
    };
    let tickers = entries(result("Ticker", body)?)?.into_iter().map(|(name, row)| {
        Ok(Ticker {
            symbol: assets::pair(&name, listings).id,
            board: Board::Spot,
            last: first(&row, "c")?,
            bid: first(&row, "b")?,
            ask: first(&row, "a")?,
            time: None,
        })
    });
    Ok(Said::Prices(tickers.collect::<Result<_, _>>()?))
}

/// Reads `GET /0/public/OHLC`: time, open, high, low, close, average, volume, count.
///
/// ```json
/// {"error":[],"result":{"XXBTZUSD":[[1688671200,"30306.1","30306.2","30305.7","30305.7","30306.1","3.39243896",23]],
///  "last":1688672160}}
/// ```
pub(super) fn klines(body: &[u8]) -> Result<Said, VenueError> {
    const AT: &str = "OHLC";
    let told = result(AT, body)?.row()?;
    let mut klines = Vec::new();
    for (_, candles) in told.all().filter(|(name, _)| *name != "last") {
        for candle in candles.cells()? {
            let [time, open, high, low, close, _, volume, ..] = candle.cells()?[..] else {
                return Err(wrong(AT, "a candle"));
            };
            klines.push(Kline {
                open_at: time.time(Unit::Seconds)?,
                open: open.decimal()?,
                high: high.decimal()?,
                low: low.decimal()?,
                close: close.decimal()?,
                volume: volume.maybe_decimal()?,
            });
        }
    }
    Ok(Said::Klines(klines))
}

/// Reads `GET /0/public/Time`.
///
/// ```json
/// {"error":[],"result":{"unixtime":1616336594,"rfc1123":"Sun, 21 Mar 21 14:23:14 +0000"}}
/// ```
pub(super) fn time(body: &[u8]) -> Result<Said, VenueError> {
    Ok(Said::Time(result("Time", body)?.row()?.time("unixtime", Unit::Seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candle_that_is_too_short_is_named_and_applies_nothing() {
        let body = br#"{"error":[],"result":{"XXBTZUSD":[[1688671200,"1","1","1","1","1","1",1],[1688671260,"1"]],"last":1}}"#;
        assert_eq!(klines(body), Err(wrong("OHLC", "a candle")));
        assert_eq!(klines(br#"{"error":[],"result":{"last":1}}"#), Ok(Said::Klines(Vec::new())));
    }

    #[test]
    fn the_clock_is_read() {
        let Said::Time(at) = time(br#"{"error":[],"result":{"unixtime":1616336594}}"#).unwrap() else {
            panic!()
        };
        assert_eq!(at.millis(), 1_616_336_594_000);
    }
}
