//! Deposits, withdrawals and transfers.

use super::result;
use crate::{
    Crossing, Shift, Status, VenueError,
    dialect::{Row, Unit},
};

const DEPOSITS: &str = "/api/v2/private/get_deposits";
const WITHDRAWALS: &str = "/api/v2/private/get_withdrawals";
const TRANSFERS: &str = "/api/v2/private/get_transfers";

/// Reads deposits, which have no id, or withdrawals, whose fee comes on top.
///
/// ```json
/// {"result":{"count":1,"data":[{"address":"2N35…","amount":5,"currency":"BTC","received_timestamp":1549295017670,
///  "state":"completed","transaction_id":"2306…","updated_timestamp":1549295130159}]}}
/// {"result":{"count":1,"data":[{"address":"2NBq…","amount":0.5,"confirmed_timestamp":null,"created_timestamp":1550571443070,
///  "currency":"BTC","fee":0.0001,"id":1,"priority":0.15,"state":"unconfirmed","transaction_id":null}]}}
/// ```
pub(super) fn crossings(body: &[u8], incoming: bool) -> Result<Vec<Crossing>, VenueError> {
    let (endpoint, time) =
        if incoming { (DEPOSITS, "received_timestamp") } else { (WITHDRAWALS, "created_timestamp") };
    let crossing = |row: &Row<'_>| {
        let asset = row.asset("currency")?;
        Ok(Crossing {
            id: row.maybe_string("id")?,
            transaction: row.maybe_string("transaction_id")?,
            incoming,
            amount: row.decimal("amount")?,
            status: status(&row.text("state")?),
            time: row.time(time, Unit::Millis)?,
            address: row.maybe_string("address")?,
            tag: None,
            network: None,
            internal: None,
            fee: row.maybe_decimal("fee")?.map(|fee| (asset.clone(), fee)),
            asset,
        })
    };
    result(endpoint, body)?.row()?.rows("data")?.iter().map(crossing).collect()
}

/// Others that are told of: `confirmed`, `rejected`, `cancelled`, `replaced`, `interrupted`.
fn status(word: &str) -> Status {
    match word {
        "completed" => Status::Ok,
        "unconfirmed" | "pending" => Status::Pending,
        other => Status::Other(other.to_owned()),
    }
}

/// Reads transfers to and from sub-accounts and other users.
///
/// ```json
/// {"result":{"count":1,"data":[{"amount":0.2,"created_timestamp":1550579457727,"currency":"BTC","direction":"payment",
///  "id":2,"other_side":"2Mzy…","state":"prepared","type":"user","updated_timestamp":1550579457727}]}}
/// ```
pub(super) fn shifts(body: &[u8]) -> Result<Vec<Shift>, VenueError> {
    let shift = |row: &Row<'_>| {
        let other = row.maybe_string("other_side")?;
        let (from, to) = match &*row.text("direction")? {
            "payment" => (None, other),
            "income" => (other, None),
            _ => return Err(row.wrong("direction")),
        };
        Ok(Shift {
            id: row.maybe_string("id")?,
            asset: row.asset("currency")?,
            amount: row.decimal("amount")?,
            from,
            to,
            status: match &*row.text("state")? {
                "confirmed" => Status::Ok,
                "prepared" | "waiting_for_admin" => Status::Pending,
                other => Status::Other(other.to_owned()),
            },
            time: row.time("created_timestamp", Unit::Millis)?,
        })
    };
    result(TRANSFERS, body)?.row()?.rows("data")?.iter().map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_names_the_other_side() {
        let row = "{\"amount\":2e-1,\"created_timestamp\":1550579457727,\"currency\":\"BTC\",\"direction\":\"payment\",\
                   \"id\":2,\"other_side\":\"new_user_1_1\",\"state\":\"confirmed\",\"type\":\"subaccount\"}";
        let body =
            format!("{{\"result\":{{\"count\":2,\"data\":[{row},{}]}}}}", row.replace("payment", "income"));
        let rows = shifts(body.as_bytes()).unwrap();
        assert_eq!((rows[0].to.as_deref(), rows[0].from.as_deref()), (Some("new_user_1_1"), None));
        assert_eq!((rows[1].from.as_deref(), rows[1].status.clone()), (Some("new_user_1_1"), Status::Ok));
        assert!(shifts(body.replace("income", "sideways").as_bytes()).is_err());
    }

    #[test]
    fn a_withdrawal_without_what_it_needs_is_refused() {
        assert_eq!(crossings(b"{\"result\":{\"count\":0,\"data\":[]}}", false), Ok(Vec::new()));
        assert!(crossings(b"{\"result\":{\"data\":[{\"currency\":\"BTC\",\"amount\":1}]}}", false).is_err());
        assert!(crossings(b"{\"result\":{}}", true).is_err());
    }
}
