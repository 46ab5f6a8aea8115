//! The transaction log: everything that changed a balance, and the funding within it.

use super::{instrument::board, result};
use crate::{
    Booking, FundingPayment, VenueError,
    dialect::{Row, Unit},
};

const ENDPOINT: &str = "/api/v2/private/get_transaction_log";

/// Reads the log. `change` is all that a row did to the cash balance, its `commission` included.
///
/// ```json
/// {"result":{"logs":[{"id":61312,"user_seq":6009,"user_id":7,"type":"transfer","timestamp":1613659830333,"side":"-",
///  "currency":"BTC","change":-2.5,"cashflow":-2.5,"balance":3001.22270418,"commission":0,"instrument_name":null,
///  "trade_id":null,"order_id":null,"interest_pl":null,"info":{"transfer_type":"subaccount"}}],"continuation":282}}
/// ```
pub(super) fn bookings(body: &[u8]) -> Result<Vec<Booking>, VenueError> {
    rows(body)?.iter().map(booking).collect()
}

fn rows(body: &[u8]) -> Result<Vec<Row<'_>>, VenueError> {
    result(ENDPOINT, body)?.row()?.rows("logs")
}

fn booking(row: &Row<'_>) -> Result<Booking, VenueError> {
    let asset = row.asset("currency")?;
    let fee = row.maybe_decimal("commission")?.filter(|fee| !fee.is_zero());
    let symbol = row.maybe_string("instrument_name")?;
    Ok(Booking {
        own: None,
        id: row.string("id")?,
        kind: row.string("type")?,
        change: row.decimal("change")?,
        time: Some(row.time("timestamp", Unit::Millis)?),
        symbol: symbol.map(|symbol| {
            let board = board(&symbol);
            (symbol, board)
        }),
        reference: row.maybe_string("trade_id")?.or(row.maybe_string("order_id")?),
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
    })
}

/// Reads the funding out of the log: `interest_pl` of the daily settlements of perpetuals, received above zero. It is within
/// `change` of the same row.
///
/// ```json
/// {"result":{"logs":[{"id":12345,"type":"settlement","timestamp":1613664000000,"instrument_name":"BTC-PERPETUAL",
///  "currency":"BTC","change":0.00012,"interest_pl":-0.00000221,"session_rpl":0.0001,"session_upl":0.00002}]}}
/// ```
pub(super) fn funding(body: &[u8]) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in rows(body)? {
        if *row.text("type")? != *"settlement" {
            continue;
        }
        let interest = row.maybe_decimal("interest_pl")?.filter(|interest| !interest.is_zero());
        if let Some(amount) = interest {
            payments.push(FundingPayment {
                id: Some(row.string("id")?),
                symbol: row.string("instrument_name")?,
                asset: row.asset("currency")?,
                amount,
                time: row.time("timestamp", Unit::Millis)?,
            });
        }
    }
    Ok(payments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Board;

    #[test]
    fn funding_is_a_part_of_what_is_settled() {
        let body = b"{\"result\":{\"logs\":[{\"id\":1,\"type\":\"settlement\",\"timestamp\":1613664000000,\
            \"instrument_name\":\"BTC-PERPETUAL\",\"currency\":\"BTC\",\"change\":1.2e-4,\"interest_pl\":-2.21e-6},\
            {\"id\":2,\"type\":\"trade\",\"timestamp\":1613664000000,\"instrument_name\":\"BTC_USDT\",\"currency\":\"BTC\",\
            \"change\":-1,\"commission\":-1e-5,\"interest_pl\":null,\"trade_id\":\"BTC-7\",\"order_id\":\"8\"},\
            {\"id\":3,\"type\":\"settlement\",\"timestamp\":1613664000000,\"instrument_name\":\"BTC-27SEP24\",\
            \"currency\":\"BTC\",\"change\":1,\"interest_pl\":0.0}],\"continuation\":null}}";
        let payments = funding(body).unwrap();
        assert_eq!((payments.len(), payments[0].amount), (1, "-0.00000221".parse().unwrap()));
        let rows = bookings(body).unwrap();
        assert_eq!((rows.len(), rows[1].reference.as_deref()), (3, Some("BTC-7")));
        assert_eq!(rows[1].fee.as_ref().unwrap().1, "-0.00001".parse().unwrap(), "a rebate");
        assert_eq!(rows[1].symbol, Some(("BTC_USDT".to_owned(), Board::Spot)));
        assert!(bookings(b"{\"result\":{\"logs\":[{\"id\":1}]}}").is_err());
    }
}
