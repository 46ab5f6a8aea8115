//! Crypto that came in and went out.

use crate::{
    VenueError,
    dialect::{Crossing, Row, Said, Status, rows},
};

/// Reads `GET /v2/wallets/transfers`, which lists both directions.
///
/// ```json
/// [{"id":"deffa9a0-…","tx_hash":"0x12345","direction":"OUTGOING","status":"COMPLETE","amount":"5","usd_value":"4.98",
///   "network_fee":"0.1","fees":"0.02","chain":"ETH","asset":"USDC","from_address":"0x1","to_address":"0x2",
///   "created_at":"2024-11-02T07:42:48.402351Z"}]
/// ```
pub(super) fn crossings(endpoint: &'static str, body: &[u8], incoming: bool) -> Result<Said, VenueError> {
    let mut crossings = Vec::new();
    for row in rows(endpoint, body)? {
        let came_in = match &*row.text("direction")? {
            "INCOMING" => true,
            "OUTGOING" => false,
            _ => return Err(row.wrong("direction")),
        };
        if came_in == incoming {
            crossings.push(crossing(&row, incoming)?);
        }
    }
    Ok(Said::Crossings(crossings))
}

fn crossing(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let asset = row.asset("asset")?;
    let fee = match (row.maybe_decimal("fees")?, row.maybe_decimal("network_fee")?) {
        (Some(fees), Some(network)) => Some(fees.checked_add(network).map_err(|_| row.wrong("fees"))?),
        (fees, network) => fees.or(network),
    };
    Ok(Crossing {
        id: row.maybe_string("id")?,
        transaction: row.maybe_string("tx_hash")?,
        incoming,
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
        amount: row.decimal("amount")?,
        status: match &*row.text("status")? {
            "PROCESSING" => Status::Pending,
            "COMPLETE" => Status::Ok,
            "FAILED" => Status::Failed,
            other => Status::Other(other.to_owned()),
        },
        time: row.date("created_at")?,
        address: row.maybe_string("to_address")?,
        tag: None,
        network: row.maybe_string("chain")?,
        internal: None,
    })
}
