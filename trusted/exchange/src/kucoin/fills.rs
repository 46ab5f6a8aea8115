//! Executions.

use super::envelope::{asset, board, either, instant, rows};
use crate::{Board, Execution, Listings, VenueError, dialect::Row};
use ledger::{Asset, Liquidity, Side};

const ENDPOINT: &str = "/api/v1/fills";

/// Reads the fills of all accounts. Sizes of futures are in lots; rows of before 2019 have other names and seconds.
///
/// ```json
/// {"code":"200000","data":{"items":[{"id":2678765568,"symbol":"BTC-USDT","tradeId":616179312641,"orderId":"6306…",
///  "side":"buy","liquidity":"taker","price":"1","size":"1","funds":"1","fee":"0.00021","feeRate":"0.00021",
///  "feeCurrency":"USDT","createdAt":1661390702919}],"lastId":2678765568}}
/// {"code":"200000","data":{"items":[{"symbol":"XBTUSDTM","tradeId":"5ce2…","orderId":"5ce2…","side":"sell",
///  "liquidity":"taker","price":"8302","size":10,"value":"0.001204529","fee":"0.0000012022","feeCurrency":"XBT",
///  "tradeType":"liquid","createdAt":1558334496000,"tradeTime":1558334496000000000}]}}
/// {"code":"200000","data":{"lastId":1374,"items":[{"symbol":"BTC-USDT","orderId":"6964…","side":"BUY","tradeId":"2040…",
///  "size":"0.001","value":"90.4881","price":"90488.1","executionTime":1768216134336000000,"fee":"0.0904881",
///  "feeCurrency":"USDT","liquidityRole":"TAKER"}]}}
/// {"code":"200000","data":{"items":[{"symbol":"SNOV-ETH","dealPrice":"0.0000246","dealValue":"0.018942","amount":"770",
///  "fee":"0.00001137","side":"sell","createdAt":1540080199,"id":"5c4d389e4c8c60413f78e2e5"}]}}
/// ```
pub(super) fn fills(body: &[u8], listings: &Listings) -> Result<Vec<Execution>, VenueError> {
    rows(ENDPOINT, body)?.iter().map(|row| fill(row, listings)).collect()
}

fn fill(row: &Row<'_>, listings: &Listings) -> Result<Execution, VenueError> {
    let symbol = row.string("symbol")?;
    let board = board(&symbol);
    let side = match row.text("side")?.to_ascii_lowercase().as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        _ => return Err(row.wrong("side")),
    };
    let mut fees = Vec::new();
    if let Some(fee) = row.maybe_decimal("fee")?.filter(|fee| !fee.is_zero()) {
        fees.push((fee_currency(row, &symbol, board, side, listings)?, fee));
    }
    let role = row.maybe_text("liquidity")?.or(row.maybe_text("liquidityRole")?);
    let cost = ["funds", "dealValue", "value"].into_iter().find_map(|name| row.maybe(name));
    Ok(Execution {
        sequence: None,
        id: either(row, &["tradeId", "id"])?.text()?.into_owned(),
        order_id: row.maybe_string("orderId")?,
        side,
        price: either(row, &["price", "dealPrice"])?.decimal()?,
        quantity: either(row, &["size", "amount"])?.decimal()?,
        cost: cost.map_or(Ok(None), |cost| cost.maybe_decimal())?,
        fees,
        liquidity: match role.map(|role| role.to_ascii_lowercase()).as_deref() {
            Some("maker") => Liquidity::Maker,
            Some("taker") => Liquidity::Taker,
            _ => Liquidity::Unknown,
        },
        time: instant(either(row, &["createdAt", "executionTime", "tradeTime"])?)?,
        symbol,
        board,
    })
}

/// Where it is not told, contracts are paid for in what they settle in, and pairs in what was received.
fn fee_currency(
    row: &Row<'_>,
    symbol: &str,
    board: Board,
    side: Side,
    listings: &Listings,
) -> Result<Asset, VenueError> {
    if let Some(currency) = row.maybe_text("feeCurrency")?.or(row.maybe_text("settleCurrency")?) {
        return Ok(asset(&currency));
    }
    let listing = listings.find(symbol, board).ok_or_else(|| row.wrong("feeCurrency"))?;
    Ok(match (&listing.settle, side) {
        (Some(settle), _) => settle.clone(),
        (None, Side::Buy) => listing.base.clone(),
        (None, Side::Sell) => listing.quote.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Listing, Refusal};
    use ledger::Decimal;

    fn read(row: &str) -> Result<Execution, VenueError> {
        let listing = Listing {
            id: "SNOV-ETH".to_owned(),
            board: Board::Spot,
            base: Asset::from("SNOV"),
            quote: Asset::from("ETH"),
            settle: None,
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        };
        let body = format!("{{\"code\":\"200000\",\"data\":{{\"items\":[{row}]}}}}");
        Ok(fills(body.as_bytes(), &Listings::new([listing]))?.remove(0))
    }

    #[test]
    fn rows_of_before_2019_have_other_names() {
        let fill = read(
            "{\"symbol\":\"SNOV-ETH\",\"dealPrice\":\"0.0000246\",\"dealValue\":\"0.018942\",\"amount\":\"770\",\
             \"fee\":\"0.00001137\",\"side\":\"sell\",\"createdAt\":1540080199,\"id\":\"5c4d\"}",
        )
        .unwrap();
        assert_eq!((fill.id.as_str(), fill.time.millis()), ("5c4d", 1_540_080_199_000));
        assert_eq!(fill.fees, [(Asset::from("ETH"), "0.00001137".parse().unwrap())]);
        assert_eq!(fill.liquidity, Liquidity::Unknown);
    }

    #[test]
    fn a_rebate_is_negative_and_bitcoin_of_futures_is_bitcoin() {
        let row = "{\"symbol\":\"XBTUSDM\",\"tradeId\":\"a\",\"side\":\"buy\",\"price\":\"8302\",\"size\":10,\
                   \"value\":1.2e-3,\"fee\":\"-0.0000003\",\"feeCurrency\":\"XBT\",\"tradeTime\":1558334496000000000}";
        let fill = read(row).unwrap();
        assert_eq!(fill.fees, [(Asset::from("BTC"), "-0.0000003".parse().unwrap())]);
        assert_eq!((fill.board, fill.cost), (Board::Contract, Some("0.0012".parse().unwrap())));
        let wrong = |field| VenueError::Permanent(Refusal::Answer { endpoint: ENDPOINT, field });
        assert_eq!(read(&row.replace("\"buy\"", "\"hold\"")), Err(wrong("side")));
        assert_eq!(read(&row.replace("\"price\":\"8302\",", "")), Err(wrong("price")));
        assert_eq!(read(&row.replace("\"feeCurrency\":\"XBT\",", "")), Err(wrong("feeCurrency")));
    }
}
