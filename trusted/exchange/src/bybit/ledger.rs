//! Bookings (https://bybit-exchange.github.io/docs/v5/account/transaction-log).

use crate::{
    VenueError,
    dialect::{Board, Booking, FundingPayment, Row, Unit},
};
use ledger::{Asset, Timestamp};

use super::{answer::Answer, endpoint};

/// Reads `GET /v5/account/transaction-log`, and its siblings for accounts that are not unified; `words` says what a
/// booking of that type is called.
///
/// ```json
/// {"nextPageCursor":"21963%3A1%2C14954%3A1","list":[{"id":"592324_XRPUSDT_161440249321","symbol":"XRPUSDT",
///  "category":"linear","type":"TRADE","change":"-0.0190872","cashFlow":"0","fee":"0.01908720","funding":"",
///  "currency":"USDT","orderId":"592b7e41…","tradeId":"5184f079…","transactionTime":"1672121182224"}]}
/// ```
///
/// `change` is `cashFlow` + `funding` − `fee`; a fee above zero was paid. What was booked before the account became a unified one has no
/// `id`.
pub(super) fn bookings(
    answer: &Answer<'_>,
    words: impl Fn(&str) -> &str,
) -> Result<Vec<Booking>, VenueError> {
    let read = |row: &Row<'_>| {
        let asset = asset(row)?;
        let symbol = match row.maybe_string("symbol")? {
            Some(symbol) => board(row)?.map(|board| (symbol, board)),
            None => None,
        };
        let reference = match row.maybe_string("tradeId")? {
            None => row.maybe_string("orderId")?,
            told => told,
        };
        let own = row.string("type")?;
        let at = time(row)?;
        let id = match row.maybe_string("id")? {
            Some(id) => id,
            None if answer.endpoint == endpoint::EARLIER_TRANSACTIONS.path => unnumbered(row, &own, at)?,
            None => return Err(row.wrong("id")),
        };
        Ok(Booking {
            id,
            kind: words(&own).to_owned(),
            own: Some(own),
            change: row.cell(if row.maybe("change").is_some() { "change" } else { "amount" })?.decimal()?,
            time: Some(at),
            symbol,
            reference,
            fee: row.maybe_decimal("fee")?.map(|fee| (asset.clone(), fee)),
            asset,
        })
    };
    answer.rows(&["list"])?.iter().map(read).collect()
}

/// What stands for the id of a booking that has none: when it was, and of what.
fn unnumbered(row: &Row<'_>, own: &str, at: Timestamp) -> Result<String, VenueError> {
    let mut id = format!("{}/{own}", at.millis());
    for name in ["symbol", "tradeId", "change", "cashBalance"] {
        id.push('/');
        id.push_str(&row.maybe_text(name)?.unwrap_or_default());
    }
    Ok(id)
}

/// Reads the same of `type=SETTLEMENT`: funding above zero was received.
pub(super) fn payments(answer: &Answer<'_>) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in answer.rows(&["list"])? {
        let funding = row.maybe_decimal("funding")?.filter(|funding| !funding.is_zero());
        let Some(amount) = funding.filter(|_| row.text("type").is_ok_and(|kind| kind == "SETTLEMENT")) else {
            continue;
        };
        payments.push(FundingPayment {
            id: row.maybe_string("id")?,
            symbol: row.string("symbol")?,
            asset: asset(&row)?,
            amount,
            time: time(&row)?,
        });
    }
    Ok(payments)
}

/// Reads `GET /v5/asset/fundinghistory` (https://bybit-exchange.github.io/docs/v5/asset/fund-history): direction, amount, and
/// words for why, which are Bybit's own.
///
/// ```json
/// {"list":[{"memberId":"290118","currency":"BTC","ioDirection":"I","txnAmt":"0.00003561","afterAmt":"7.55",
///  "createTime":"1772669763","showBusiTypeEn":"Earn","descriptionEn":"Easy Earn | Flexible Interest Distribution",
///  "currcCursor":"NTg2MDQzMTI0OA=="}],"nextPageCursor":"MTM3MTU3OTk="}
/// ```
pub(super) fn funded(answer: &Answer<'_>) -> Result<Vec<Booking>, VenueError> {
    let read = |row: &Row<'_>| {
        let amount = row.decimal("txnAmt")?;
        let word = row.maybe_string("showBusiTypeEn")?.unwrap_or_default();
        let more = row.maybe_string("descriptionEn")?.unwrap_or_default();
        Ok(Booking {
            id: row.string("currcCursor")?,
            kind: unified(&word).to_owned(),
            own: Some(format!("{word}/{more}")),
            change: match &*row.text("ioDirection")? {
                "I" => amount,
                "O" => amount.negated(),
                _ => return Err(row.wrong("ioDirection")),
            },
            time: Some(row.time("createTime", Unit::Seconds)?),
            symbol: None,
            reference: None,
            fee: None,
            asset: row.asset("currency")?,
        })
    };
    answer.rows(&["list"])?.iter().map(read).collect()
}

/// What a type is called by all venues, where it has such a name; else Bybit's own word.
pub(super) fn unified(kind: &str) -> &str {
    match kind {
        "TRADE" | "SETTLEMENT" | "DELIVERY" | "LIQUIDATION" | "CURRENCY_BUY" | "CURRENCY_SELL"
        | "RealisedPNL" => "trade",
        "TRANSFER_IN"
        | "TRANSFER_OUT"
        | "INTEREST"
        | "Deposit"
        | "Withdraw"
        | "ExchangeOrderWithdraw"
        | "ExchangeOrderDeposit" => "transaction",
        "FEE_REFUND" | "Refund" => "cashback",
        "Commission" => "fee",
        "BONUS" => "Prize",
        "Prize" => "prize",
        other => other,
    }
}

fn asset(row: &Row<'_>) -> Result<Asset, VenueError> {
    row.asset(if row.maybe("currency").is_some() { "currency" } else { "coin" })
}

fn time(row: &Row<'_>) -> Result<Timestamp, VenueError> {
    match row.maybe("transactionTime") {
        None if row.maybe("exec_time").is_some() => row.date("exec_time"),
        _ => row.time("transactionTime", Unit::Millis),
    }
}

/// Bookings of no category, such as transfers, have no instrument either.
fn board(row: &Row<'_>) -> Result<Option<Board>, VenueError> {
    let told = row.maybe_text("category")?;
    let category = told.as_deref().and_then(endpoint::category);
    Ok(category.map(|category| if category == "spot" { Board::Spot } else { Board::Contract }))
}
