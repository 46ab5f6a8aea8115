//! What products trade at, and the clock.

use super::money::asset;
use crate::VenueError;
use crate::dialect::{Asked, Board, Cell, Kline, Listing, Listings, Row, Said, Ticker, Unit};
use ledger::Decimal;

/// Reads `GET …/market/products`. Products that are not traded any more are listed too; of another kind than these there are
/// none that fills are told of.
///
/// ```json
/// {"products":[{"product_id":"BTC-USD","product_type":"SPOT","base_currency_id":"BTC","quote_currency_id":"USD",
///   "status":"online","trading_disabled":false},
///  {"product_id":"BIT-26APR24-CDE","product_type":"FUTURE","base_currency_id":"","quote_currency_id":"USD",
///   "future_product_details":{"contract_root_unit":"BTC","contract_size":"0.01","contract_expiry":"2024-04-26T15:00:00Z"}}],
///  "num_products":2}
/// ```
pub(super) fn listings(body: &[u8]) -> Result<Said, VenueError> {
    let rows = Cell::whole("products", body)?.row()?.rows("products")?;
    let listed = rows.iter().filter_map(|row| listing(row).transpose());
    Ok(Said::Listings(listed.collect::<Result<_, _>>()?))
}

fn listing(row: &Row<'_>) -> Result<Option<Listing>, VenueError> {
    let id = row.string("product_id")?;
    let currency = |field| row.text(field).map(|native| asset(&native));
    match row.maybe_text("product_type")?.as_deref() {
        None | Some("SPOT") => Ok(Some(Listing {
            id,
            board: Board::Spot,
            base: currency("base_currency_id")?,
            quote: currency("quote_currency_id")?,
            settle: None,
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        })),
        Some("FUTURE") => {
            let quote = currency("quote_currency_id")?;
            let details = row.row("future_product_details")?;
            let unit = match details.maybe_text("contract_root_unit")? {
                Some(unit) => asset(&unit),
                None => currency("base_currency_id")?,
            };
            let contract_size = details.decimal("contract_size")?;
            let expires = details.maybe("contract_expiry").map_or(Ok(None), Cell::maybe_date)?;
            let (board, settle) = (Board::Contract, Some(quote.clone()));
            Ok(Some(Listing { id, board, base: unit, quote, settle, contract_size, inverse: false, expires }))
        }
        Some(_) => Ok(None),
    }
}

/// Reads `GET …/products/{product_id}/ticker`, the newest trades of one product, and `GET …/products`, all products.
///
/// ```json
/// {"trades":[{"trade_id":"1","product_id":"BTC-USD","price":"140.91","size":"4","time":"2021-05-31T09:59:59Z"}],
///  "best_bid":"291.13","best_ask":"292.40"}
/// {"products":[{"product_id":"BTC-USD","price":"140.21","product_type":"SPOT"}],"num_products":1}
/// ```
pub(super) fn prices(asked: Asked<'_>, body: &[u8], listings: &Listings) -> Result<Said, VenueError> {
    let told = Cell::whole("ticker", body)?.row()?;
    let ticker = |symbol: String, row: &Row<'_>, bid, ask| -> Result<Ticker, VenueError> {
        let contract = listings.find(&symbol, Board::Contract).is_some();
        Ok(Ticker {
            symbol,
            board: if contract { Board::Contract } else { Board::Spot },
            last: row.maybe_decimal("price")?,
            bid,
            ask,
            time: row.maybe("time").map_or(Ok(None), Cell::maybe_date)?,
        })
    };
    if let Some(trades) = told.maybe("trades") {
        let (bid, ask) = (told.maybe_decimal("best_bid")?, told.maybe_decimal("best_ask")?);
        let Some(row) = trades.rows()?.into_iter().next() else { return Ok(Said::Prices(Vec::new())) };
        let named = row.maybe_string("product_id")?.or_else(|| asked.symbol.map(str::to_owned));
        let symbol = named.ok_or_else(|| row.wrong("product_id"))?;
        return Ok(Said::Prices(vec![ticker(symbol, &row, bid, ask)?]));
    }
    if let Some(books) = told.maybe("pricebooks") {
        let best = |row: &Row<'_>, field| -> Result<Option<Decimal>, VenueError> {
            let levels = row.maybe(field).map_or(Ok(Vec::new()), Cell::rows)?;
            levels.first().map_or(Ok(None), |level| level.maybe_decimal("price"))
        };
        let tickers = books.rows()?.into_iter().map(|row| {
            let (bid, ask) = (best(&row, "bids")?, best(&row, "asks")?);
            ticker(row.string("product_id")?, &row, bid, ask)
        });
        return Ok(Said::Prices(tickers.collect::<Result<_, _>>()?));
    }
    let tickers = told.rows("products")?.into_iter().map(|row| {
        let (bid, ask) = (row.maybe_decimal("best_bid_price")?, row.maybe_decimal("best_ask_price")?);
        ticker(row.string("product_id")?, &row, bid, ask)
    });
    Ok(Said::Prices(tickers.collect::<Result<_, _>>()?))
}

/// Reads `GET …/products/{product_id}/candles`, newest first, at most 350.
///
/// ```json
/// {"candles":[{"start":"1639508050","low":"140.21","high":"140.21","open":"140.21","close":"140.21","volume":"56437345"}]}
/// ```
pub(super) fn klines(body: &[u8]) -> Result<Said, VenueError> {
    let candles = Cell::whole("candles", body)?.row()?.rows("candles")?;
    let klines = candles.into_iter().map(|row| {
        Ok(Kline {
            open_at: row.time("start", Unit::Seconds)?,
            open: row.decimal("open")?,
            high: row.decimal("high")?,
            low: row.decimal("low")?,
            close: row.decimal("close")?,
            volume: row.maybe_decimal("volume")?,
        })
    });
    Ok(Said::Klines(klines.collect::<Result<_, _>>()?))
}

/// Reads `GET /api/v3/brokerage/time`, and `GET /v2/time`.
///
/// ```json
/// {"iso":"2021-05-31T09:59:59.123Z","epochSeconds":"1622455199","epochMillis":"1622455199123"}
/// {"data":{"iso":"2015-06-23T18:02:51Z","epoch":1435082571}}
/// ```
pub(super) fn time(body: &[u8]) -> Result<Said, VenueError> {
    let told = Cell::whole("time", body)?.row()?;
    if let Some(data) = told.maybe("data") {
        return Ok(Said::Time(data.row()?.time("epoch", Unit::Seconds)?));
    }
    Ok(Said::Time(match told.maybe_time("epochMillis", Unit::Millis)? {
        Some(at) => at,
        None => told.time("epochSeconds", Unit::Seconds)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Need;
    use ledger::Asset;

    #[test]
    fn prices_come_in_three_forms() {
        let asked = Asked {
            need: Need::Prices,
            market: "spot",
            path: "",
            symbol: Some("BTC-USD"),
            currency: None,
            account: None,
        };
        for (body, told) in [
            (
                r#"{"trades":[{"price":"140.91","time":"2021-05-31T09:59:59Z"}],"best_bid":"291.13","best_ask":""}"#,
                "BTC-USD Some(140.91) Some(291.13) None",
            ),
            (r#"{"products":[{"product_id":"ETH-USD","price":""}]}"#, "ETH-USD None None None"),
            (
                r#"{"pricebooks":[{"product_id":"ETH-USD","bids":[{"price":"1","size":"2"}],"asks":[]}]}"#,
                "ETH-USD None Some(1) None",
            ),
        ] {
            let Said::Prices(rows) = prices(asked, body.as_bytes(), &Listings::default()).unwrap() else {
                panic!()
            };
            let text = |number: Option<Decimal>| {
                number.map_or("None".to_owned(), |number| format!("Some({number})"))
            };
            let row = &rows[0];
            assert_eq!(
                format!("{} {} {} {}", row.symbol, text(row.last), text(row.bid), text(row.ask)),
                told
            );
        }
    }

    #[test]
    fn products_of_both_kinds_are_listed_and_others_are_not() {
        let body = br#"{"products":[
            {"product_id":"ETH-BTC","product_type":"SPOT","base_currency_id":"ETH","quote_currency_id":"BTC"},
            {"product_id":"BIT-26APR24-CDE","product_type":"FUTURE","base_currency_id":"","quote_currency_id":"USD",
             "future_product_details":{"contract_root_unit":"BTC","contract_size":"0.01"}},
            {"product_id":"CGLD-USD","product_type":"SPOT","base_currency_id":"CGLD","quote_currency_id":"USD"},
            {"product_id":"X-USD","product_type":"EQUITY","quote_currency_id":"USD"},
            {"product_id":"Y","product_type":"UNKNOWN_PRODUCT_TYPE","quote_currency_id":""}],"num_products":5}"#;
        let Said::Listings(rows) = listings(body).unwrap() else { panic!() };
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                let settle = row.settle.as_ref().map_or("", Asset::as_str);
                format!(
                    "{} {} {} {settle} {}",
                    row.id,
                    row.base.as_str(),
                    row.quote.as_str(),
                    row.contract_size
                )
            })
            .collect();
        assert_eq!(told, ["ETH-BTC ETH BTC  1", "BIT-26APR24-CDE BTC USD USD 0.01", "CGLD-USD CELO USD  1"]);
        let without =
            br#"{"products":[{"product_id":"ETH-BTC","product_type":"SPOT","quote_currency_id":"BTC"}]}"#;
        assert_eq!(listings(without), Err(crate::dialect::wrong("products", "base_currency_id")));
    }

    #[test]
    fn the_clock_is_read_from_either_version() {
        for (body, millis) in [
            (r#"{"iso":"","epochSeconds":"1622455199","epochMillis":"1622455199123"}"#, 1_622_455_199_123),
            (r#"{"epochSeconds":"1622455199"}"#, 1_622_455_199_000),
            (r#"{"data":{"iso":"","epoch":1435082571}}"#, 1_435_082_571_000),
        ] {
            let Said::Time(at) = time(body.as_bytes()).unwrap() else { panic!() };
            assert_eq!(at.millis(), millis);
        }
    }
}
