//! What came in and went out: by chain, as money, and between persons (P2P).

use super::routes;
use crate::{
    VenueError,
    dialect::{Cell, Crossing, Row, Said, Status, Unit, chain, rows},
};
use ledger::{Asset, Timestamp};

type Read = fn(&Row<'_>, bool) -> Result<Crossing, VenueError>;

pub(super) fn crossings(endpoint: &'static str, body: &[u8], incoming: bool) -> Result<Said, VenueError> {
    let (rows, read): (_, Read) = match endpoint {
        routes::FIAT => (data(endpoint, body)?, fiat),
        routes::P2P => (data(endpoint, body)?, between_persons),
        _ => (rows(endpoint, body)?, by_chain),
    };
    let crossings: Result<_, _> = rows.iter().map(|row| read(row, incoming)).collect();
    crossings.map(Said::Crossings)
}

/// The rows of an envelope: `{"code":"000000","message":"success","data":[…],"total":1,"success":true}`. Without any rows it
/// may leave them out.
pub(super) fn data<'a>(endpoint: &'static str, body: &'a [u8]) -> Result<Vec<Row<'a>>, VenueError> {
    let answer = Cell::whole(endpoint, body)?.row()?;
    match answer.maybe("data") {
        Some(data) => data.rows(),
        None if answer.maybe("code").is_some() || answer.maybe("success").is_some() => Ok(Vec::new()),
        None => Err(answer.wrong("data")),
    }
}

/// Reads `GET /sapi/v1/capital/deposit/hisrec` and `GET /sapi/v1/capital/withdraw/history`. A withdrawal's `amount` is what
/// arrives, its `applyTime` is UTC.
///
/// ```json
/// [{"id":"769800519366885376","amount":"0.001","coin":"BNB","network":"BNB","status":1,"address":"bnb1…",
///   "addressTag":"101764890","txId":"98A3…","insertTime":1661493146000,"transferType":0,"walletType":0}]
/// [{"id":"b6ae22b3aa844210a7041aee7589627c","amount":"8.91000000","transactionFee":"0.004","coin":"USDT","status":6,
///   "address":"0x94df…","txId":"0xb5ef…","applyTime":"2019-10-12 11:12:02","network":"ETH","transferType":0}]
/// ```
fn by_chain(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let coin = row.text("coin")?;
    let asset = Asset::from(&*coin);
    let (status, time) = match incoming {
        true => (deposit_status(&row.text("status")?), stamp(row, "insertTime")?),
        false => (withdrawal_status(&row.text("status")?), stamp(row, "applyTime")?),
    };
    let transaction = row.maybe_string("txId")?;
    let fee = row.maybe_decimal("transactionFee")?.map(|fee| (asset.clone(), fee));
    let internal = row.maybe_text("transferType")?.map(|kind| kind != "0");
    Ok(Crossing {
        id: row.maybe_string("id")?,
        // Between users of the venue it is a name of the transfer, not a transaction of a chain.
        transaction: transaction
            .map(|text| text.strip_prefix("Internal transfer ").map_or(text.clone(), str::to_owned)),
        incoming,
        asset,
        amount: row.decimal("amount")?,
        status,
        time,
        address: row.maybe_string("address")?,
        tag: row.maybe_string("addressTag")?,
        network: row.maybe_text("network")?.map(|id| chain(network(&id), &coin).to_owned()),
        internal,
        fee,
    })
}

/// Milliseconds, or `2019-10-12 11:12:02` in UTC.
pub(super) fn stamp(row: &Row<'_>, field: &'static str) -> Result<Timestamp, VenueError> {
    if row.text(field)?.bytes().all(|byte| byte.is_ascii_digit()) {
        return row.time(field, Unit::Millis);
    }
    row.date(field)
}

fn deposit_status(status: &str) -> Status {
    match status {
        "0" | "8" => Status::Pending,
        // Credited, even while it cannot be withdrawn yet.
        "1" | "6" => Status::Ok,
        // Rejected; sent by a way that is not supported.
        "2" | "7" => Status::Failed,
        other => Status::Other(other.to_owned()),
    }
}

fn withdrawal_status(status: &str) -> Status {
    match status {
        // A mail was sent; awaiting approval; under way.
        "0" | "2" | "4" => Status::Pending,
        "1" => Status::Canceled,
        "3" | "5" => Status::Failed,
        "6" => Status::Ok,
        other => Status::Other(other.to_owned()),
    }
}

/// The venue's name of a chain, where all venues have another.
fn network(id: &str) -> &str {
    match id {
        "BNB" => "BEP2",
        "BSC" => "BEP20",
        "OPTIMISM" => "OP",
        "LIGHTNING" => "BTCLIGHTNING",
        "SEGWITBTC" => "BTCSEGWIT",
        other => other,
    }
}

/// Reads `GET /sapi/v1/fiat/orders`: `amount` is without the fee.
///
/// ```json
/// {"code":"000000","message":"success","data":[{"orderNo":"7d76d611-0568-4f43-afb6-24cac7767365","fiatCurrency":"BRL",
///  "indicatedAmount":"10.00","amount":"10.00","totalFee":"0.00","method":"BankAccount","status":"Expired",
///  "createTime":1626144956000,"updateTime":1626400907000}],"total":1,"success":true}
/// ```
fn fiat(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let asset = row.asset("fiatCurrency")?;
    let fee = row.maybe_decimal("totalFee")?.map(|fee| (asset.clone(), fee));
    Ok(Crossing {
        fee,
        status: match &*row.text("status")? {
            "Processing" => Status::Pending,
            "Successful" | "Finished" => Status::Ok,
            "Failed" | "Refund Failed" => Status::Failed,
            "Refunding" | "Refunded" => Status::Canceled,
            other => Status::Other(other.to_owned()),
        },
        ..plain(row, incoming, "orderNo", asset)?
    })
}

/// Reads `GET /sapi/v1/c2c/orderMatch/listUserOrderHistory`: what was bought came in, what was sold went out; the money goes
/// another way.
///
/// ```json
/// {"code":"000000","message":"success","data":[{"orderNumber":"20219644646554779648","tradeType":"SELL","asset":"BUSD",
///  "fiat":"CNY","amount":"5000.00000000","totalPrice":"33400.00000000","unitPrice":"6.68","orderStatus":"COMPLETED",
///  "createTime":1619361369000,"commission":"0"}],"total":1,"success":true}
/// ```
fn between_persons(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let incoming = match row.maybe_text("tradeType")?.as_deref() {
        Some("BUY") => true,
        Some("SELL") => false,
        None => incoming,
        Some(_) => return Err(row.wrong("tradeType")),
    };
    let asset = row.asset("asset")?;
    let fee = row.maybe_decimal("commission")?.map(|fee| (asset.clone(), fee));
    Ok(Crossing {
        fee,
        internal: Some(true),
        status: match &*row.text("orderStatus")? {
            "PENDING" | "TRADING" | "BUYER_PAYED" | "DISTRIBUTING" | "IN_APPEAL" => Status::Pending,
            "COMPLETED" => Status::Ok,
            "CANCELLED" | "CANCELLED_BY_SYSTEM" => Status::Canceled,
            other => Status::Other(other.to_owned()),
        },
        ..plain(row, incoming, "orderNumber", asset)?
    })
}

/// What crossings that are on no chain have in common.
fn plain(row: &Row<'_>, incoming: bool, id: &'static str, asset: Asset) -> Result<Crossing, VenueError> {
    Ok(Crossing {
        id: Some(row.string(id)?),
        transaction: None,
        incoming,
        asset,
        amount: row.decimal("amount")?,
        status: Status::Pending,
        time: row.time("createTime", Unit::Millis)?,
        address: None,
        tag: None,
        network: None,
        internal: None,
        fee: None,
    })
}
