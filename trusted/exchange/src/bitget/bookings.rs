//! What changed a balance, as the venue books it, and the funding among it.

use super::{board, is_asked, symbol, wallet::asset, wallet::maybe_decimal};
use crate::{
    Asked, Booking, FundingPayment, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::Decimal;

/// Reads `GET /api/v2/spot/account/bills`, `/api/v2/mix/account/bill`, `/api/v3/account/financial-records` and
/// `…/funding-financial-records`:
///
/// ```json
/// {"billId":"1111506298997215233","coin":"USDT","groupType":"transfer","businessType":"transfer_out",
///  "size":"-11.64958799","balance":"0.00000000","fees":"0.00000000","cTime":"1700729673028"}
/// {"billId":"1111499428100472833","symbol":"BTCUSDT","amount":"-0.004992","fee":"0","feeByCoupon":"",
///  "businessType":"contract_settle_fee","coin":"USDT","balance":"232.21","cTime":"1695715200654"}
/// {"category":"Margin","id":"13111111111111111","symbol":"BTCUSDT","coin":"BTC","type":"ORDER_DEALT_IN",
///  "fee":"-0.00000531","amount":"0.00531168","balance":"55.10017801","ts":"1745853486185"}
/// ```
pub(super) fn bookings(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Booking>, VenueError> {
    rows.iter().map(|row| booking(row, asked)).collect()
}

fn booking(row: &Row<'_>, asked: Asked<'_>) -> Result<Booking, VenueError> {
    let asset = asset(row, &["coin"])?;
    let about = match row.maybe_text("symbol")? {
        Some(symbol) => Some((symbol.to_uppercase(), board(row, asked)?)),
        None => None,
    };
    // Charged fees are below zero in either account.
    let fee = maybe_decimal(row, &["fees", "fee"])?.map_or(Decimal::ZERO, Decimal::abs);
    Ok(Booking {
        own: None,
        id: row.first(&["billId", "id"])?.text()?.into_owned(),
        kind: kind(&row.first(&["businessType", "groupType", "type"])?.text()?),
        change: row.first(&["size", "amount"])?.decimal()?,
        time: Some(row.first(&["cTime", "ts"])?.time(Unit::Millis)?),
        symbol: about,
        reference: None,
        fee: Some((asset.clone(), fee)),
        asset,
    })
}

/// The funding among bookings: `contract_settle_fee`, and `CONTRACT_MAIN_SETTLE_FEE_USER_IN` or `…_OUT` of unified accounts.
pub(super) fn funding(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in rows {
        let kind = row.first(&["businessType", "type"])?.text()?.to_lowercase();
        let symbol = match kind.contains("settle_fee") {
            true => symbol(row, asked)?,
            false => continue,
        };
        if is_asked(&symbol, asked) {
            payments.push(FundingPayment {
                id: row.maybe_first(&["billId", "id"]).map_or(Ok(None), Cell::maybe_text)?.map(Into::into),
                symbol,
                asset: asset(row, &["coin"])?,
                amount: row.decimal("amount")?,
                time: row.first(&["cTime", "ts"])?.time(Unit::Millis)?,
            });
        }
    }
    Ok(payments)
}

/// What a booking was: classic accounts write in lower case, unified ones in upper case.
fn kind(word: &str) -> String {
    let known =
        if word.chars().any(|char| char.is_ascii_lowercase()) { classic(word) } else { unified(word) };
    known.unwrap_or(word).to_owned()
}

fn classic(word: &str) -> Option<&'static str> {
    Some(match word {
        "open_long"
        | "open_short"
        | "close_long"
        | "close_short"
        | "force_close_long"
        | "force_close_short"
        | "burst_long_loss_query"
        | "burst_short_loss_query"
        | "force_buy"
        | "force_sell"
        | "burst_buy"
        | "burst_sell"
        | "buy"
        | "sell"
        | "strategy"
        | "trace"
        | "convert"
        | "pre_c2c"
        | "paptrading"
        | "cfd"
        | "stock" => "trade",
        "transfer" | "transfer_in" | "transfer_out" => "transfer",
        _ if word.starts_with("trans_to_") || word.starts_with("trans_from_") => "transfer",
        "delivery_long" | "delivery_short" => "settlement",
        "contract_settle_fee" => "fee",
        "append_margin"
        | "adjust_down_lever_append_margin"
        | "reduce_margin"
        | "auto_append_margin"
        | "financial"
        | "loan"
        | "fait"
        | "ipo_prime"
        | "on_chain"
        | "debit"
        | "pay"
        | "compliance_wall"
        | "live"
        | "broker"
        | "rwa" => "transaction",
        "cash_gift_issue" | "cash_gift_recycle" => "cashback",
        "bonus_issue" | "bonus_recycle" | "bonus_expired" => "rebate",
        "withdraw" => "withdrawal",
        _ => return None,
    })
}

/// There are hundreds, made of the same parts: what they are about comes first.
fn unified(word: &str) -> Option<&'static str> {
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    Some(match word {
        _ if has(&["TRANSFER", "MT5_REFUND", "BGPAY_REFUND"]) => "transfer",
        "ORDER_PLF_FEE_OUT" | "INTEREST_SETTLEMENT_OUT" | "INTEREST_REPAYMENT" | "LIQ_FEE" => "fee",
        _ if has(&["SETTLE_FEE", "SMALL_ASSET_FEE"]) => "fee",
        "INCREASE_MARGIN" | "REDUCE_MARGIN" => "margin",
        _ if word.starts_with("MARGIN_LEVER_") => "margin",
        _ if word.starts_with("TRACE_SHARE_BENEFIT_") => "referral",
        "CONVERSION_UPON_DELISTING" | "BORROW" | "REPAYMENT" | "LIQ_REPAYMENT" => "transaction",
        _ if has(&["_SOURCE_TOKEN", "_TARGET_TOKEN", "DELIST_", "CONFISCATE_", "TRACE_LOCK_"]) => {
            "transaction"
        }
        "MARGIN_BACK" => "trade",
        _ if has(&[
            "OPEN_",
            "CLOSE_",
            "DEAL",
            "BUY",
            "SELL",
            "OFFSET_",
            "RISK_LIQ_",
            "LIQ_FUND",
            "LIQ_CONVERT",
        ]) =>
        {
            "trade"
        }
        _ => return None,
    })
}
