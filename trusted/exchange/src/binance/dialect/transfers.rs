//! What moved between accounts of one user, with sub-accounts, and by Pay.

use super::{routes, wallet};
use crate::{
    VenueError,
    dialect::{Cell, Row, Said, Shift, Status, Unit, rows},
};

type Read = fn(&Row<'_>) -> Result<Shift, VenueError>;

pub(super) fn transfers(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let (rows, read): (_, Read) = match endpoint {
        routes::PAY => (wallet::data(endpoint, body)?, paid),
        routes::SUB_ACCOUNT => (rows(endpoint, body)?, with_sub_account),
        _ => (universal(endpoint, body)?, own),
    };
    let shifts: Result<_, _> = rows.iter().map(read).collect();
    shifts.map(Said::Transfers)
}

/// Without any rows, `{"total":0}` may be all.
fn universal<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Vec<Row<'a>>, VenueError> {
    let answer = Cell::whole(endpoint, body)?.row()?;
    match answer.maybe("rows") {
        None => answer.cell("total").map(|_| Vec::new()),
        Some(rows) => rows.rows(),
    }
}

/// Reads a row of `GET /sapi/v1/asset/transfer`.
///
/// ```json
/// {"total":1,"rows":[{"asset":"USDT","amount":"1","type":"MAIN_UMFUTURE","status":"CONFIRMED","tranId":11415955596,
///  "timestamp":1544433328000}]}
/// ```
fn own(row: &Row<'_>) -> Result<Shift, VenueError> {
    let way = row.text("type")?;
    let two_words = ["PORTFOLIO_MARGIN", "ISOLATED_MARGIN"]
        .iter()
        .find_map(|from| Some((*from, way.strip_prefix(from)?.strip_prefix('_')?)));
    let (from, to) = two_words.or_else(|| way.split_once('_')).ok_or_else(|| row.wrong("type"))?;
    Ok(Shift {
        id: row.maybe_string("tranId")?,
        asset: row.asset("asset")?,
        amount: row.decimal("amount")?,
        from: Some(account(from).to_owned()),
        to: Some(account(to).to_owned()),
        status: status(row)?,
        time: row.time("timestamp", Unit::Millis)?,
    })
}

/// Reads a row of `GET /sapi/v1/sub-account/transfer/subUserHistory`: type 1 came in, 2 went out.
///
/// ```json
/// [{"counterParty":"master","email":"master@test.com","type":1,"asset":"BTC","qty":"1","fromAccountType":"SPOT",
///   "toAccountType":"SPOT","status":"SUCCESS","tranId":11798835829,"time":1544433325000}]
/// ```
fn with_sub_account(row: &Row<'_>) -> Result<Shift, VenueError> {
    let named = |field: &'static str| -> Result<Option<String>, VenueError> {
        Ok(row.maybe_text(field)?.map(|name| account(&name).to_owned()))
    };
    let other = row.maybe_string("counterParty")?;
    let (from, to) = match &*row.text("type")? {
        "1" => (other, named("toAccountType")?),
        "2" => (named("fromAccountType")?, other),
        _ => return Err(row.wrong("type")),
    };
    Ok(Shift {
        id: row.maybe_string("tranId")?,
        asset: row.asset("asset")?,
        amount: row.decimal("qty")?,
        from,
        to,
        status: status(row)?,
        time: row.time("time", Unit::Millis)?,
    })
}

/// Reads a row of `GET /sapi/v1/pay/transactions`: above zero came in, below went out.
///
/// ```json
/// {"code":"000000","message":"success","data":[{"orderType":"C2C","transactionId":"M_P_71505104267788288",
///  "transactionTime":1610090460133,"amount":"23.72469206","currency":"BNB","walletType":1,
///  "payerInfo":{"accountId":"1"},"receiverInfo":{"accountId":"2"}}],"success":true}
/// ```
fn paid(row: &Row<'_>) -> Result<Shift, VenueError> {
    let whose = |field: &'static str| match row.maybe(field) {
        Some(info) => info.row()?.maybe_string("accountId"),
        None => Ok(None),
    };
    Ok(Shift {
        id: row.maybe_string("transactionId")?,
        asset: row.asset("currency")?,
        amount: row.decimal("amount")?,
        from: whose("payerInfo")?,
        to: whose("receiverInfo")?,
        status: Status::Ok,
        time: row.time("transactionTime", Unit::Millis)?,
    })
}

fn status(row: &Row<'_>) -> Result<Status, VenueError> {
    Ok(match &*row.text("status")? {
        "CONFIRMED" | "SUCCESS" => Status::Ok,
        "PENDING" | "PROCESS" => Status::Pending,
        "FAILED" | "FAILURE" => Status::Failed,
        other => Status::Other(other.to_owned()),
    })
}

/// The venue's two sets of words for accounts.
fn account(name: &str) -> &str {
    match name {
        "MAIN" | "SPOT" => "spot",
        "FUNDING" => "funding",
        "MARGIN" => "margin",
        "ISOLATEDMARGIN" | "ISOLATED_MARGIN" => "isolated",
        "UMFUTURE" | "USDT_FUTURE" => "linear",
        "CMFUTURE" | "COIN_FUTURE" => "inverse",
        "OPTION" => "option",
        other => other,
    }
}
