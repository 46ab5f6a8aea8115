//! What changed a balance, as the venue books it, and the funding among it.

use super::{is_contract, maybe_time, named, settle, settles_in, time};
use crate::{Asked, Board, Booking, FundingPayment, Listings, VenueError, dialect::Row};
use ledger::Asset;

/// Reads `GET /api/v4/spot/account_book`, `/margin/account_book` and `/futures/{settle}/account_book`, whose rows name neither
/// the currency nor, in older answers, themselves:
///
/// ```json
/// {"id":"123456","time":1547633726123,"currency":"BTC","change":"1.03","balance":"4.59316525194","type":"margin_in"}
/// {"id":"123456","time":"1547633726","time_ms":1547633726123,"currency":"BTC","currency_pair":"BTC_USDT","change":"1.03"}
/// {"time":1682294400.123456,"change":"0.000010152188","balance":"4.59316525194","text":"ETH_USD:6086261",
///  "type":"fee","contract":"ETH_USD","trade_id":"6086261"}
/// ```
pub(super) fn bookings(rows: &[Row<'_>], asked: Asked<'_>) -> Result<Vec<Booking>, VenueError> {
    rows.iter().map(|row| booking(row, asked)).collect()
}

fn booking(row: &Row<'_>, asked: Asked<'_>) -> Result<Booking, VenueError> {
    let contract = is_contract(asked.market) || settle(asked).is_some();
    let word = row.maybe_text("type")?.unwrap_or_default();
    let asset = match (row.maybe_text("currency")?, settle(asked)) {
        (Some(currency), _) => named(&currency),
        (None, Some(settle)) => Asset::from(settle.to_uppercase()),
        (None, None) => return Err(row.wrong("currency")),
    };
    let symbol = match contract {
        true => self::contract(row)?.map(|contract| (contract, Board::Contract)),
        false => row.maybe_string("currency_pair")?.map(|pair| (pair, Board::Spot)),
    };
    Ok(Booking {
        own: None,
        id: match row.maybe_string("id")? {
            Some(id) => id,
            None if contract => name(row)?,
            None => return Err(row.wrong("id")),
        },
        kind: kind(&word).to_owned(),
        asset,
        change: row.decimal("change")?,
        time: maybe_time(row, &["time_ms", "time"])?,
        symbol,
        reference: row.maybe_string("trade_id")?,
        fee: None,
    })
}

/// A booking that has no id is told apart by all that it says.
fn name(row: &Row<'_>) -> Result<String, VenueError> {
    let mut name = String::new();
    for field in ["time", "type", "contract", "trade_id", "text", "change", "balance"] {
        if let Some(part) = row.maybe_text(field)? {
            let separator = if name.is_empty() { "" } else { "/" };
            name.extend([separator, &*part]);
        }
    }
    Ok(name)
}

/// The contract that a booking is about: `contract`, or what `text` begins with.
fn contract(row: &Row<'_>) -> Result<Option<String>, VenueError> {
    if let Some(contract) = row.maybe_string("contract")? {
        return Ok(Some(contract));
    }
    let text = row.maybe_text("text")?;
    Ok(text.and_then(|text| text.split(':').next().filter(|name| name.contains('_')).map(str::to_owned)))
}

/// The bookings of type `fund` of a settlement account: `{"time":1646899200,"change":"-0.027722","text":"XRP_USDT","type":"fund"}`.
pub(super) fn funding(
    rows: &[Row<'_>],
    asked: Asked<'_>,
    listings: &Listings,
) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in rows {
        if row.text("type")? != "fund" {
            continue;
        }
        let symbol = contract(row)?.ok_or_else(|| row.wrong("contract"))?;
        if asked.symbol.is_none_or(|asked| asked == symbol) {
            payments.push(FundingPayment {
                id: Some(match row.maybe_string("id")? {
                    Some(id) => id,
                    None => name(row)?,
                }),
                asset: settles_in(row, &symbol, asked, listings)?,
                symbol,
                amount: row.decimal("change")?,
                time: time(row.cell("time")?)?,
            });
        }
    }
    Ok(payments)
}

fn kind(word: &str) -> &str {
    match word {
        "withdraw" => "withdrawal",
        "sub_account_transfer" => "transfer",
        "margin_in" | "margin_out" | "margin_funding_in" | "margin_funding_out" | "cross_margin_in"
        | "cross_margin_out" | "copy_trading_in" | "copy_trading_out" | "quant_in" | "quant_out"
        | "futures_in" | "futures_out" | "delivery_in" | "delivery_out" => "transfer",
        "new_order" | "order_fill" | "flash_swap_buy" | "flash_swap_sell" | "prem" | "pnl" => "trade",
        "referral_fee" | "refr" | "point_refr" => "rebate",
        "order_fee" | "fee" | "fund" | "point_fee" => "fee",
        "profit" => "interest",
        "lend" | "redeem" => "loan",
        "set" => "settlement",
        "dnw" | "point_dnw" => "deposit/withdraw",
        other => other,
    }
}
