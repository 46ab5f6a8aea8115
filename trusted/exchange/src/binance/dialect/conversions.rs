//! One asset turned into another outside the order book: conversions, and dust swept into one asset.

use super::wallet;
use crate::{
    VenueError,
    dialect::{Cell, Conversion, Row, Said, Unit},
};
use ledger::Asset;

/// Reads `GET /sapi/v1/convert/tradeFlow`. What did not succeed, or not yet, turned nothing into anything.
///
/// ```json
/// {"list":[{"quoteId":"f3b9…","orderId":940708407462087195,"orderStatus":"SUCCESS","fromAsset":"USDT",
///  "fromAmount":"20","toAsset":"BNB","toAmount":"0.06154036","createTime":1624248872184}],"moreData":false}
/// ```
pub(super) fn converts(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut conversions = Vec::new();
    for row in Cell::whole(endpoint, body)?.row()?.rows("list")? {
        if row.text("orderStatus")? != "SUCCESS" {
            continue;
        }
        conversions.push(Conversion {
            id: row.string("orderId")?,
            from: (row.asset("fromAsset")?, row.decimal("fromAmount")?),
            to: (row.asset("toAsset")?, row.decimal("toAmount")?),
            time: row.time("createTime", Unit::Millis)?,
        });
    }
    Ok(Said::Conversions(conversions))
}

/// Reads `GET /sapi/v1/asset/dribblet`, the last 100 sweeps: each may take in several assets, under one id or one each.
/// `transferedAmount` is what arrived, in BNB unless another target is named. Without any, `{"total":0}` may be all.
///
/// ```json
/// {"total":1,"userAssetDribblets":[{"operateTime":1615985535000,"transId":45178372831,"userAssetDribbletDetails":[
///  {"transId":4359321,"serviceChargeAmount":"0.000009","amount":"0.0009","operateTime":1615985535000,
///   "transferedAmount":"0.000441","fromAsset":"USDT"}]}]}
/// ```
pub(super) fn dust(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut conversions = Vec::new();
    let answer = Cell::whole(endpoint, body)?.row()?;
    let sweeps = match answer.maybe("userAssetDribblets") {
        Some(sweeps) => sweeps.rows()?,
        None => answer.cell("total").map(|_| Vec::new())?,
    };
    for sweep in sweeps {
        let details = sweep.rows("userAssetDribbletDetails")?;
        let ids: Vec<String> = details.iter().map(|row| row.string("transId")).collect::<Result<_, _>>()?;
        for (row, id) in details.iter().zip(&ids) {
            let shared = ids.iter().filter(|other| *other == id).count() > 1;
            conversions.push(swept(row, id, shared)?);
        }
    }
    Ok(Said::Conversions(conversions))
}

fn swept(row: &Row<'_>, id: &str, shared: bool) -> Result<Conversion, VenueError> {
    let (from, target) = (row.asset("fromAsset")?, row.maybe_text("targetAsset")?);
    Ok(Conversion {
        id: if shared { format!("{id}/{}", from.as_str()) } else { id.to_owned() },
        from: (from, row.decimal("amount")?),
        to: (Asset::from(target.as_deref().unwrap_or("BNB")), row.decimal("transferedAmount")?),
        time: wallet::stamp(row, "operateTime")?,
    })
}
