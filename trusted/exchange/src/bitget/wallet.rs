//! What is held, what came in and went out, what moved between accounts, and what was converted.

use crate::{
    Conversion, Crossing, Holding, Shift, Status, VenueError,
    dialect::{Cell, Row, Unit, one_each, wrong},
};
use ledger::{Asset, Decimal};

/// A name of an asset, which may come in lower case.
pub(super) fn asset(row: &Row<'_>, fields: &[&'static str]) -> Result<Asset, VenueError> {
    Ok(Asset::from(row.first(fields)?.text()?.to_uppercase()))
}

pub(super) fn maybe_decimal(row: &Row<'_>, fields: &[&'static str]) -> Result<Option<Decimal>, VenueError> {
    row.maybe_first(fields).map_or(Ok(None), Cell::maybe_decimal)
}

/// The sum of what is there; `None`: nothing is.
fn sum(row: &Row<'_>, fields: &[&'static str]) -> Result<Option<Decimal>, VenueError> {
    let mut sum = None;
    for field in fields {
        if let Some(part) = row.maybe_decimal(field)? {
            let whole = sum.unwrap_or(Decimal::ZERO).checked_add(part).map_err(|_| row.wrong(field))?;
            sum = Some(whole);
        }
    }
    Ok(sum)
}

/// Reads `GET /api/v2/spot/account/assets`, `/api/v2/account/funding-assets`, `/api/v2/mix/account/accounts`,
/// `/api/v2/margin/{crossed,isolated}/account/assets`, `/api/v3/account/assets` and `…/funding-assets`:
///
/// ```json
/// {"coin":"USDT","available":"4","frozen":"0","locked":"1","limitAvailable":"0","uTime":"1699937566000"}
/// {"marginCoin":"USDT","locked":"0.3","available":"10575.2","maxTransferOut":"10572.9","accountEquity":"10582.9"}
/// {"coin":"USDT","totalAmount":"0.01","available":"0.01","frozen":"0","borrow":"0","interest":"0","net":"0.01"}
/// {"coin":"USDT","equity":"6.19","balance":"6.19","available":"6.19","debt":"0","locked":"0"}
/// ```
///
/// Isolated margin lists a coin for each of its pairs: they are added up.
pub(super) fn balances(rows: &[Row<'_>]) -> Result<Vec<Holding>, VenueError> {
    let each: Vec<Holding> = rows.iter().map(holding).collect::<Result<_, _>>()?;
    one_each(each).ok_or_else(|| wrong("balances", "totalAmount"))
}

fn holding(row: &Row<'_>) -> Result<Holding, VenueError> {
    let asset = asset(row, &["marginCoin", "coin"])?;
    let bound = sum(row, &["frozen", "locked"])?;
    if row.has("borrow") {
        let (free, total) =
            (maybe_decimal(row, &["transferable", "available"])?, row.decimal("totalAmount")?);
        let debt = sum(row, &["borrow", "interest"])?;
        return Ok(Holding { asset, free, used: bound, total: Some(total), debt });
    }
    // Of contracts that can be taken out which no position needs; what a position gained is not there yet.
    if let Some(free) = row.maybe_decimal("maxTransferOut")? {
        let total = row.decimal("accountEquity")?;
        return Ok(Holding { asset, free: Some(free), used: None, total: Some(total), debt: None });
    }
    Ok(Holding {
        asset,
        free: Some(row.decimal("available")?),
        used: bound,
        total: maybe_decimal(row, &["equity", "balance"])?,
        debt: row.maybe_decimal("debt")?,
    })
}

/// Reads `GET /api/v2/spot/wallet/{deposit,withdrawal}-records` and `/api/v3/account/{deposit,withdrawal}-records`, which
/// say `recordId`, `createdTime` and `updatedTime`:
///
/// ```json
/// {"orderId":"1083832260799930368","tradeId":"35bf0e58…","coin":"BTC","type":"withdraw","size":"0.00030000",
///  "fee":"-0.00010000","status":"success","toAddress":"1BfZ…","dest":"on_chain","chain":"BTC","confirm":"100",
///  "tag":"","fromAddress":null,"cTime":"1694131668281","uTime":"1694131680247"}
/// ```
pub(super) fn crossings(rows: &[Row<'_>], incoming: bool) -> Result<Vec<Crossing>, VenueError> {
    rows.iter().map(|row| crossing(row, incoming)).collect()
}

fn crossing(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let asset = asset(row, &["coin"])?;
    let internal = match row.maybe_text("dest")?.as_deref() {
        Some("on_chain") => Some(false),
        Some("internal_transfer") => Some(true),
        _ => None,
    };
    // `size` is gross.
    let fee = row.maybe_decimal("fee")?.map(Decimal::abs);
    let size = row.decimal("size")?;
    let amount = size.checked_sub(fee.unwrap_or(Decimal::ZERO)).map_err(|_| row.wrong("size"))?;
    let transaction = match row.maybe_string("tradeId")? {
        None if internal == Some(false) => row.maybe_string("recordId")?,
        told => told,
    };
    Ok(Crossing {
        id: row.maybe_string("orderId")?,
        transaction,
        incoming,
        amount,
        status: match &*row.text("status")? {
            "success" => Status::Ok,
            "pending" | "Pending" | "pending_review" => Status::Pending,
            "fail" | "reject" | "pending_review_fail" => Status::Failed,
            other => Status::Other(other.to_owned()),
        },
        time: row.first(&["cTime", "createdTime"])?.time(Unit::Millis)?,
        address: row.maybe_string("toAddress")?,
        tag: row.maybe_string("tag")?,
        network: row.maybe_string("chain")?,
        internal,
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
    })
}

/// Reads `GET /api/v2/spot/account/transferRecords`:
///
/// ```json
/// {"coin":"USDT","status":"Successful","toType":"crossed_margin","toSymbol":"","fromType":"spot","fromSymbol":"",
///  "size":"11.64958799","ts":"1700729673028","clientOid":"1111506298504744960","transferId":"24930940"}
/// ```
pub(super) fn transfers(rows: &[Row<'_>]) -> Result<Vec<Shift>, VenueError> {
    let shift = |row: &Row<'_>| {
        Ok(Shift {
            id: row.maybe_string("transferId")?,
            asset: asset(row, &["coin"])?,
            amount: row.decimal("size")?,
            from: row.maybe_text("fromType")?.map(|kind| place(&kind)),
            to: row.maybe_text("toType")?.map(|kind| place(&kind)),
            status: match row.text("status")?.to_lowercase().as_str() {
                "successful" => Status::Ok,
                "failed" => Status::Failed,
                other => Status::Other(other.to_owned()),
            },
            time: row.time("ts", Unit::Millis)?,
        })
    };
    rows.iter().map(shift).collect()
}

fn place(kind: &str) -> String {
    match kind {
        "crossed_margin" => "cross",
        "isolated_margin" => "isolated",
        "usdt_futures" => "swap",
        "usdc_futures" => "usdc_swap",
        "coin_futures" => "future",
        other => other,
    }
    .to_owned()
}

/// Reads `GET /api/v2/convert/convert-record`:
///
/// ```json
/// {"id":"1159296505255219205","fromCoin":"USDT","fromCoinSize":"5","cnvtPrice":"0.99940076","toCoin":"USDC",
///  "toCoinSize":"4.99700379","ts":"1712123746217","fee":"0"}
/// ```
pub(super) fn conversions(rows: &[Row<'_>]) -> Result<Vec<Conversion>, VenueError> {
    let conversion = |row: &Row<'_>| {
        Ok(Conversion {
            id: row.first(&["id", "traceId"])?.text()?.into_owned(),
            from: (asset(row, &["fromCoin"])?, row.decimal("fromCoinSize")?),
            to: (asset(row, &["toCoin"])?, row.decimal("toCoinSize")?),
            time: row.time("ts", Unit::Millis)?,
        })
    };
    rows.iter().map(conversion).collect()
}
