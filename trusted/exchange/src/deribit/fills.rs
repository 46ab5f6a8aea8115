//! Executions.

use super::{
    instrument::{board, is_inverse},
    result,
};
use crate::{
    Execution, Listings, VenueError,
    dialect::{Row, Unit, wrong},
};
use ledger::{Asset, Decimal, Liquidity, Side};

const ENDPOINT: &str = "/api/v2/private/get_user_trades";

/// Reads the executions by currency, instrument or order. Ids are unique within a currency; a fee below zero is a rebate.
///
/// ```json
/// {"result":{"trades":[{"trade_seq":74405,"trade_id":"ETH-48079262","timestamp":1590484255886,"price":204.25,"amount":40,
///  "order_id":"ETH-584830574","instrument_name":"ETH-PERPETUAL","direction":"buy","liquidity":"M","fee":-4.9e-5,
///  "fee_currency":"ETH","mark_price":204.2,"index_price":204.1}],"has_more":true}}
/// ```
pub(super) fn fills(body: &[u8], listings: &Listings) -> Result<Vec<Execution>, VenueError> {
    let told = result(ENDPOINT, body)?;
    // Those of one order are told without the object around them.
    let rows = match told.rows() {
        Ok(rows) => rows,
        Err(_) => told.row()?.rows("trades")?,
    };
    rows.iter().map(|row| fill(row, listings)).collect()
}

fn fill(row: &Row<'_>, listings: &Listings) -> Result<Execution, VenueError> {
    let symbol = row.string("instrument_name")?;
    let (price, quantity) = (row.decimal("price")?, row.decimal("amount")?);
    let fee = row.maybe_decimal("fee")?.filter(|fee| !fee.is_zero());
    Ok(Execution {
        sequence: None,
        id: row.string("trade_id")?,
        order_id: row.maybe_string("order_id")?,
        board: board(&symbol),
        side: match &*row.text("direction")? {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            _ => return Err(row.wrong("direction")),
        },
        price,
        quantity,
        cost: cost(price, quantity, is_inverse(&symbol, listings))?,
        fees: fee
            .map(|fee| Ok((Asset::from(&*row.text("fee_currency")?), fee)))
            .into_iter()
            .collect::<Result<_, _>>()?,
        liquidity: match row.maybe_text("liquidity")?.as_deref() {
            Some("M") => Liquidity::Maker,
            // Both sides of it may be one's own, and one of them took.
            Some("T" | "MT") => Liquidity::Taker,
            _ => Liquidity::Unknown,
        },
        time: row.time("timestamp", Unit::Millis)?,
        symbol,
    })
}

/// In what it settles: of dollars at a price, or of coins.
fn cost(price: Decimal, quantity: Decimal, inverse: bool) -> Result<Option<Decimal>, VenueError> {
    if inverse && price.is_zero() {
        return Ok(None);
    }
    let cost = if inverse { quantity.checked_div(price) } else { quantity.checked_mul(price) };
    cost.map(Some).map_err(|_| wrong(ENDPOINT, "amount"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    fn row(instrument: &str, price: &str, fields: &str) -> String {
        format!(
            "{{\"trade_id\":9007199254740993,\"order_id\":\"ETH-5\",\"timestamp\":1590484255886,\"price\":{price},\
             \"amount\":4e1,\"instrument_name\":\"{instrument}\",\"direction\":\"buy\"{fields}}}"
        )
    }

    fn read(row: &str) -> Result<Execution, VenueError> {
        let body = format!("{{\"result\":{{\"trades\":[{row}],\"has_more\":false}}}}");
        Ok(fills(body.as_bytes(), &Listings::default())?.remove(0))
    }

    #[test]
    fn only_inverse_futures_are_of_dollars() {
        let number = |text: &str| Some(text.parse::<Decimal>().unwrap());
        for (instrument, price, cost) in [
            ("BTC-PERPETUAL", "20000", "0.002"),
            ("BTC_USDC-PERPETUAL", "20000", "800000"),
            ("BTC_USDT", "20000", "800000"),
            ("BTC-27SEP24-40000-C", "5e-4", "0.02"),
        ] {
            assert_eq!(read(&row(instrument, price, "")).unwrap().cost, number(cost), "{instrument}");
        }
        assert_eq!(read(&row("BTC-PERPETUAL", "0.0", "")).unwrap().cost, None);
    }

    #[test]
    fn a_rebate_is_negative_and_its_currency_is_told() {
        let fill = read(&row(
            "ETH-PERPETUAL",
            "204.25",
            ",\"fee\":-4.9e-5,\"fee_currency\":\"ETH\",\"liquidity\":\"M\"",
        ));
        let fill = fill.unwrap();
        assert_eq!(fill.fees, [(Asset::from("ETH"), "-0.000049".parse().unwrap())]);
        assert_eq!((fill.id.as_str(), fill.liquidity), ("9007199254740993", Liquidity::Maker));
        assert_eq!(read(&row("ETH-PERPETUAL", "1", ",\"fee\":0.0")).unwrap().fees, []);
        let wrong = VenueError::Permanent(Refusal::Answer { endpoint: ENDPOINT, field: "fee_currency" });
        assert_eq!(read(&row("ETH-PERPETUAL", "1", ",\"fee\":1e-9")), Err(wrong));
        let order = format!("{{\"result\":[{}]}}", row("ETH-PERPETUAL", "1", ""));
        assert_eq!(fills(order.as_bytes(), &Listings::default()).unwrap().len(), 1, "of one order");
    }
}
