//! What a key may do (EXCHANGES.md section 2, Key rights).

use super::wire;
use crate::{KeyRights, VenueError, Verdict};
use serde_json::{Map, Value};

const TRADE: [&str; 6] = [
    "enableSpotAndMarginTrading",
    "enableMargin",
    "enableFutures",
    "enableVanillaOptions",
    "enablePortfolioMarginTrading",
    "enableFixApiTrade",
];
const WITHDRAW: [&str; 1] = ["enableWithdrawals"];
const TRANSFER: [&str; 2] = ["enableInternalTransfer", "permitsUniversalTransfer"];
const READ: [&str; 2] = ["enableReading", "enableFixReadOnly"];

/// Reads `GET /sapi/v1/account/apiRestrictions`.
///
/// ```json
/// {"ipRestrict":false,"createTime":1698645219000,"enableReading":true,"enableWithdrawals":false,
///  "enableInternalTransfer":false,"enableMargin":false,"enableFutures":false,"permitsUniversalTransfer":false,
///  "enableVanillaOptions":false,"enableSpotAndMarginTrading":false,"enablePortfolioMarginTrading":false}
/// ```
pub(crate) fn rights(endpoint: &'static str, body: &[u8]) -> Result<KeyRights, VenueError> {
    let told: Map<String, Value> = wire::read(endpoint, body)?;
    let reading = told.get("enableReading").ok_or_else(|| wire::wrong(endpoint, "enableReading"))?;
    // A right is withheld by `false` or by absence, by nothing else.
    let granted = |name: &str| told.get(name).is_some_and(|value| *value != Value::Bool(false));
    let any = |names: &[&str]| names.iter().any(|name| granted(name));
    let unknown = told.keys().any(|name| {
        (name.starts_with("enable") || name.starts_with("permits"))
            && ![&TRADE[..], &WITHDRAW, &TRANSFER, &READ].concat().contains(&name.as_str())
            && granted(name)
    });
    let read = *reading == Value::Bool(true);
    let (trade, withdraw, transfer) = (any(&TRADE), any(&WITHDRAW), any(&TRANSFER));
    let harmless = read && !trade && !withdraw && !transfer && !unknown;
    Ok(KeyRights {
        read,
        trade: Some(trade),
        withdraw: Some(withdraw),
        transfer: Some(transfer),
        ip_restricted: told.get("ipRestrict").and_then(Value::as_bool),
        verdict: if harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}
