//! Fee rates, prices, candles and the clock.

use super::fills::board;
use crate::{
    Asked, Board, FeeRate, Kline, Ticker, VenueError,
    dialect::{Cell, Row, Unit, rows, wrong},
};
use ledger::Timestamp;

const FEES: &str = "/info userFees";
const PRICES: &str = "/info metaAndAssetCtxs";
const CANDLES: &str = "/info candleSnapshot";
const STATUS: &str = "/info exchangeStatus";

/// Reads `userFees`: one rate for all perpetuals, and one for all spot pairs, which once was the same.
///
/// ```json
/// {"dailyUserVlm":[],"feeSchedule":{},"userCrossRate":"0.000315","userAddRate":"0.000105","userSpotCrossRate":"0.00049",
///  "userSpotAddRate":"0.00028","activeReferralDiscount":"0.1"}
/// ```
pub(super) fn fees(body: &[u8], asked: Asked<'_>) -> Result<Vec<FeeRate>, VenueError> {
    let answer = Cell::whole(FEES, body)?.row()?;
    let rate = |board, maker, taker| -> Result<FeeRate, VenueError> {
        Ok(FeeRate { symbol: None, board, maker: answer.decimal(maker)?, taker: answer.decimal(taker)? })
    };
    let perps = || rate(Board::Contract, "userAddRate", "userCrossRate");
    let spot = || match answer.maybe("userSpotAddRate") {
        Some(_) => rate(Board::Spot, "userSpotAddRate", "userSpotCrossRate"),
        None => rate(Board::Spot, "userAddRate", "userCrossRate"),
    };
    match asked.symbol.map(board) {
        Some(Board::Contract) => Ok(vec![perps()?]),
        Some(Board::Spot) => Ok(vec![spot()?]),
        None => Ok(vec![perps()?, spot()?]),
    }
}

/// Reads `allMids`, or `metaAndAssetCtxs` and `spotMetaAndAssetCtxs`. The middle of the book stands for the last price; bid
/// and offer are what an order of some size would get.
///
/// ```json
/// {"APE":"4.33245","@107":"20.5"}
/// [{"universe":[{"name":"BTC","szDecimals":5,"maxLeverage":50}]},
///  [{"markPx":"14.3161","midPx":"14.314","impactPxs":["14.3047","14.3444"],"prevDayPx":"15.322"}]]
/// [{"tokens":[],"universe":[{"name":"PURR/USDC","tokens":[1,0],"index":0}]},
///  [{"coin":"PURR/USDC","dayNtlVlm":"8906.0","markPx":"0.14","midPx":"0.209265","prevDayPx":"0.20432"}]]
/// ```
pub(super) fn prices(body: &[u8]) -> Result<Vec<Ticker>, VenueError> {
    let answer = Cell::whole(PRICES, body)?;
    let Ok(parts) = answer.cells() else { return mids(answer.row()?) };
    let [meta, contexts] = parts.as_slice() else { return Err(wrong(PRICES, "the answer")) };
    let names = meta.row()?.rows("universe")?;
    let mut tickers = Vec::new();
    for (at, context) in contexts.rows()?.iter().enumerate() {
        // Spot contexts name their pair, and there are more of them than pairs; others stand in the order of the universe.
        let symbol = match (context.maybe_string("coin")?, names.get(at)) {
            (Some(coin), _) => coin,
            (None, Some(name)) => name.string("name")?,
            (None, None) => return Err(wrong(PRICES, "universe")),
        };
        let around = context.maybe("impactPxs").map_or(Ok(Vec::new()), Cell::cells)?;
        let around = |at: usize| around.get(at).map_or(Ok(None), |cell| cell.maybe_decimal());
        tickers.push(Ticker {
            board: board(&symbol),
            last: context.maybe_decimal("midPx")?,
            bid: around(0)?,
            ask: around(1)?,
            time: None,
            symbol,
        });
    }
    Ok(tickers)
}

fn mids(answer: Row<'_>) -> Result<Vec<Ticker>, VenueError> {
    let each = answer.all().map(|(name, price)| {
        let last = price.maybe_decimal()?;
        Ok(Ticker { symbol: name.to_owned(), board: board(name), last, bid: None, ask: None, time: None })
    });
    each.collect()
}

/// Reads `candleSnapshot`.
///
/// ```json
/// [{"t":1681923600000,"T":1681924499999,"s":"BTC","i":"15m","o":"29295.0","c":"29258.0","h":"29309.0","l":"29250.0",
///   "v":"0.98639","n":189}]
/// ```
pub(super) fn klines(body: &[u8]) -> Result<Vec<Kline>, VenueError> {
    let kline = |row: &Row<'_>| {
        Ok(Kline {
            open_at: row.time("t", Unit::Millis)?,
            open: row.decimal("o")?,
            high: row.decimal("h")?,
            low: row.decimal("l")?,
            close: row.decimal("c")?,
            volume: row.maybe_decimal("v")?,
        })
    };
    rows(CANDLES, body)?.iter().map(kline).collect()
}

/// Reads `exchangeStatus`.
///
/// ```json
/// {"specialStatuses":null,"time":1735689600123}
/// ```
pub(super) fn time(body: &[u8]) -> Result<Timestamp, VenueError> {
    Cell::whole(STATUS, body)?.row()?.time("time", Unit::Millis)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Need;

    #[test]
    fn prices_come_by_name_or_in_the_order_of_the_universe() {
        let perps = "[{\"universe\":[{\"name\":\"BTC\"},{\"name\":\"ETH\"}]},[{\"midPx\":\"14.314\",\
                     \"impactPxs\":[\"14.3\",\"14.4\"]},{\"midPx\":null,\"impactPxs\":null}]]";
        let found = prices(perps.as_bytes()).unwrap();
        assert_eq!((found[0].symbol.as_str(), found[1].symbol.as_str()), ("BTC", "ETH"));
        assert_eq!((found[0].bid, found[1].last), (Some("14.3".parse().unwrap()), None));
        let spot = "[{\"tokens\":[],\"universe\":[{\"name\":\"PURR/USDC\"}]},[{\"coin\":\"PURR/USDC\",\
                    \"midPx\":\"0.2\"},{\"coin\":\"@1\",\"midPx\":\"3\"}]]";
        assert_eq!(prices(spot.as_bytes()).unwrap()[1].symbol, "@1");
        assert_eq!(prices(b"{\"@107\":\"20.5\"}").unwrap()[0].board, Board::Spot);
        assert!(prices(b"[{\"universe\":[]},[{\"midPx\":\"1\"}]]").is_err(), "of what is not told");
        assert!(prices(b"[1]").is_err() && prices(b"7").is_err());
    }

    #[test]
    fn a_spot_pair_has_rates_of_its_own() {
        let body = b"{\"userCrossRate\":\"0.3\",\"userAddRate\":\"-0.1\",\"userSpotCrossRate\":\"0.5\",\
                     \"userSpotAddRate\":\"0.4\"}";
        let asked = |symbol| Asked {
            need: Need::Fees,
            market: "",
            path: "/info",
            symbol,
            currency: None,
            account: None,
        };
        assert_eq!(fees(body, asked(Some("@107"))).unwrap()[0].maker, "0.4".parse().unwrap());
        assert_eq!(fees(body, asked(Some("BTC"))).unwrap()[0].maker, "-0.1".parse().unwrap());
        assert_eq!(fees(body, asked(None)).unwrap().len(), 2);
    }
}
