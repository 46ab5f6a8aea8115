//! What is held, what came in and went out, and what moved between accounts.

use crate::{
    Crossing, Holding, Shift, Status, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Asset, Decimal};

/// Reads `GET /api/v3/account` and `/api/v1/private/account/assets`:
///
/// ```json
/// {"asset":"USDT","free":"0.000000000674","locked":"0"}
/// {"currency":"USDT","positionMargin":0,"availableBalance":0.03176562,"cashBalance":0.03176562,"frozenBalance":0,
///  "equity":0.03176562,"unrealized":0,"bonus":0}
/// ```
pub(super) fn balances(rows: &[Row<'_>]) -> Result<Vec<Holding>, VenueError> {
    rows.iter()
        .map(|row| if row.has("availableBalance") { of_contracts(row) } else { of_spot(row) })
        .collect()
}

fn of_spot(row: &Row<'_>) -> Result<Holding, VenueError> {
    let (free, used) = (Some(row.decimal("free")?), row.maybe_decimal("locked")?);
    Ok(Holding { asset: row.asset("asset")?, free, used, total: None, debt: None })
}

/// Orders freeze, and positions bind a margin: both are held, and not free.
fn of_contracts(row: &Row<'_>) -> Result<Holding, VenueError> {
    let margin = row.maybe_decimal("positionMargin")?.unwrap_or(Decimal::ZERO);
    let frozen = row.maybe_decimal("frozenBalance")?.unwrap_or(Decimal::ZERO);
    let used = frozen.checked_add(margin).map_err(|_| row.wrong("frozenBalance"))?;
    Ok(Holding {
        asset: row.asset("currency")?,
        free: Some(row.decimal("availableBalance")?),
        used: Some(used),
        total: None,
        debt: None,
    })
}

/// Reads `GET /api/v3/capital/deposit/hisrec` and `/api/v3/capital/withdraw/history`. A coin may carry its chain: `USDT-TRX`.
///
/// ```json
/// {"amount":"50000","coin":"EOS","network":"EOS","status":5,"address":"0x20b7…","txId":"01391d…","insertTime":1659513342000,
///  "unlockConfirm":"10","confirmTimes":"241","memo":"xxyy1122"}
/// {"id":"adcd1c83…","txId":"0xc8c9…:0","coin":"USDC-MATIC","network":"MATIC","address":"0xeE6C…","amount":"2",
///  "transferType":0,"status":7,"transactionFee":"1","applyTime":1664882739000,"memo":null,"transHash":"0xc8c9…"}
/// ```
pub(super) fn crossings(rows: &[Row<'_>], incoming: bool) -> Result<Vec<Crossing>, VenueError> {
    rows.iter().map(|row| crossing(row, incoming)).collect()
}

fn crossing(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let coin = row.text("coin")?;
    let asset = Asset::from(coin.split('-').next().unwrap_or_default());
    let fee = row.maybe_decimal("transactionFee")?;
    // `amount` of a withdrawal is gross.
    let taken = if incoming { Decimal::ZERO } else { fee.unwrap_or(Decimal::ZERO) };
    let status = row.text("status")?;
    Ok(Crossing {
        id: row.maybe_first(&["id", "tranId"]).map_or(Ok(None), Cell::maybe_text)?.map(Into::into),
        transaction: row
            .maybe_first(&["transHash", "txId"])
            .map_or(Ok(None), Cell::maybe_text)?
            .map(Into::into),
        incoming,
        amount: row.decimal("amount")?.checked_sub(taken).map_err(|_| row.wrong("amount"))?,
        status: if incoming { deposit_status(&status) } else { withdrawal_status(&status) },
        time: row.first(&["insertTime", "applyTime"])?.time(Unit::Millis)?,
        address: row.maybe_string("address")?,
        tag: row.maybe_string("memo")?,
        network: row.maybe_first(&["network", "netWork"]).map_or(Ok(None), Cell::maybe_text)?.map(Into::into),
        internal: match row.maybe_text("transferType")?.as_deref() {
            Some("0") => Some(false),
            Some("1") => Some(true),
            _ => None,
        },
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
    })
}

fn deposit_status(status: &str) -> Status {
    match status {
        // Credited, or completed after it was held back.
        "5" | "12" => Status::Ok,
        // 9 is seen and not credited yet, 11 is held back.
        "2" | "3" | "4" | "6" | "9" | "11" => Status::Pending,
        // Below the smallest sum that is credited, rejected, sent back, or invalid.
        "1" | "7" | "8" | "10" => Status::Failed,
        other => Status::Other(other.to_owned()),
    }
}

fn withdrawal_status(status: &str) -> Status {
    match status {
        "7" => Status::Ok,
        "1" | "2" | "3" | "4" | "5" | "6" | "10" => Status::Pending,
        "8" => Status::Failed,
        "9" => Status::Canceled,
        other => Status::Other(other.to_owned()),
    }
}

/// Reads `GET /api/v3/capital/transfer`, and `/api/v1/private/account/transfer_record`, which counts from the contracts' side:
///
/// ```json
/// {"tranId":"cdf0d2a6…","asset":"USDT","amount":"1","fromAccountType":"FUTURES","toAccountType":"SPOT","status":"SUCCESS",
///  "timestamp":1759328309000}
/// {"id":165230,"txid":"db13d56c…","currency":"USDT","amount":0.03176562,"type":"IN","state":"SUCCESS",
///  "createTime":1609833219000}
/// ```
///
/// The document has the page of the former within a list.
pub(super) fn transfers(rows: &[Row<'_>]) -> Result<Vec<Shift>, VenueError> {
    let mut shifts = Vec::with_capacity(rows.len());
    for row in rows {
        if row.has("rows") {
            for row in row.rows("rows")? {
                shifts.push(shift(&row)?);
            }
        } else {
            shifts.push(shift(row)?);
        }
    }
    Ok(shifts)
}

fn shift(row: &Row<'_>) -> Result<Shift, VenueError> {
    let (from, to) = match (row.maybe_text("fromAccountType")?, row.maybe_text("type")?.as_deref()) {
        (Some(from), _) => (place(&from), place(&row.text("toAccountType")?)),
        (None, Some("IN")) => ("spot".to_owned(), "swap".to_owned()),
        (None, Some("OUT")) => ("swap".to_owned(), "spot".to_owned()),
        (None, Some(_)) => return Err(row.wrong("type")),
        (None, None) => (place(&row.text("from")?), place(&row.text("to")?)),
    };
    Ok(Shift {
        id: row
            .maybe_first(&["transact_id", "txid", "tranId", "id"])
            .map_or(Ok(None), Cell::maybe_text)?
            .map(Into::into),
        asset: Asset::from(&*row.first(&["currency", "asset"])?.text()?),
        amount: row.decimal("amount")?,
        from: Some(from),
        to: Some(to),
        status: match &*row.first(&["state", "status", "transact_state"])?.text()? {
            "SUCCESS" => Status::Ok,
            "FAILED" => Status::Failed,
            "WAIT" => Status::Pending,
            other => Status::Other(other.to_owned()),
        },
        time: row.first(&["createTime", "timestamp"])?.time(Unit::Millis)?,
    })
}

fn place(kind: &str) -> String {
    match kind {
        "SPOT" | "MAIN" => "spot",
        "FUTURES" | "FUTURE" | "CONTRACT" => "swap",
        other => other,
    }
    .to_owned()
}
