//! Bookings, and the transfers among them.

use super::envelope::{asset, either, instant, rows};
use crate::{Booking, Shift, Status, VenueError, dialect::Row};
use ledger::Decimal;

const ENDPOINT: &str = "/api/v1/accounts/ledgers";

/// Reads the ledgers of all accounts. Amounts have a direction beside them, but for those of futures, whose own sign counts
/// where it is not told, and which have no id but their offset.
///
/// ```json
/// {"code":"200000","data":{"items":[{"id":"611a…","currency":"USDT","amount":"10.00059547","fee":"0","balance":"0",
///  "accountType":"MAIN","bizType":"Loans Repaid","direction":"in","createdAt":1629101692950,
///  "context":"{\"orderId\":\"617a…\",\"tradeId\":\"617b…\"}"}]}}
/// {"code":"200000","data":[{"id":"2544…","currency":"USDT","amount":"0.1","fee":"0","accountType":"TRADE_HF",
///  "bizType":"TRANSFER","direction":"out","createdAt":"1705645212150","context":""}]}
/// {"code":"200000","data":{"hasMore":false,"dataList":[{"time":1558596284040,"type":"RealisedPNL","amount":0,"fee":null,
///  "accountEquity":8060.79,"status":"Pending","remark":"","offset":-1,"currency":"XBT"}]}}
/// ```
pub(super) fn bookings(body: &[u8]) -> Result<Vec<Booking>, VenueError> {
    rows(ENDPOINT, body)?.iter().map(booking).collect()
}

fn booking(row: &Row<'_>) -> Result<Booking, VenueError> {
    let word = either(row, &["bizType", "businessType", "type"])?.text()?.into_owned();
    let asset = asset(&row.text("currency")?);
    let fee = row.maybe_decimal("fee")?.filter(|fee| !fee.is_zero());
    Ok(Booking {
        own: None,
        id: either(row, &["id", "offset"])?.text()?.into_owned(),
        kind: kind(&word).to_owned(),
        change: change(row, &word)?,
        time: Some(instant(either(row, &["createdAt", "time", "ts"])?)?),
        symbol: None,
        reference: reference(row)?,
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
    })
}

fn change(row: &Row<'_>, word: &str) -> Result<Decimal, VenueError> {
    let amount = row.decimal("amount")?;
    let direction = row.maybe_text("direction")?.map(|direction| direction.to_ascii_lowercase());
    match (direction.as_deref(), word) {
        (Some("in"), _) | (None, "TransferIn" | "Deposit") => Ok(amount.abs()),
        (Some("out"), _) | (None, "TransferOut" | "Withdrawal") => Ok(amount.abs().negated()),
        (None, _) => Ok(amount),
        (Some(_), _) => Err(row.wrong("direction")),
    }
}

/// What it belongs to stands in a text of JSON: an execution if there is one, else an order.
fn reference(row: &Row<'_>) -> Result<Option<String>, VenueError> {
    let Some(context) = row.maybe_string("context")? else { return Ok(None) };
    let Ok(told) = serde_json::from_str::<serde_json::Value>(&context) else { return Ok(Some(context)) };
    let id = |name: &str| match told.get(name)? {
        serde_json::Value::String(id) => Some(id.clone()),
        serde_json::Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    Ok(id("tradeId").or_else(|| id("orderId")))
}

/// What it was, in one word for all venues, or in the venue's.
fn kind(word: &str) -> &str {
    match word {
        "Deposit" | "Withdrawal" => "transaction",
        "Assets Transferred in After Upgrading"
        | "Transfer"
        | "Sub-account transfer"
        | "TransferIn"
        | "TransferOut"
        | "TRANSFER"
        | "SUB_TRANSFER"
        | "SUB_TO_SUB_TRANSFER" => "transfer",
        "Trade_Exchange"
        | "Buy Crypto"
        | "Public Offering Purchase"
        | "Margin Trade"
        | "Instant Exchange"
        | "RealisedPNL"
        | "TRADE_EXCHANGE"
        | "SPOT_EXCHANGE"
        | "FUTURES_EXCHANGE_OPEN"
        | "FUTURES_EXCHANGE_CLOSE"
        | "AUTO_EXCHANGE_USER" => "trade",
        "Sell Crypto" => "sell",
        "KuCoin Bonus" | "Rewards" | "Other rewards" => "bonus",
        "Referral Bonus" => "referral",
        "Airdrop/Fork" => "airdrop",
        "Fee Rebate" | "SPOT_EXCHANGE_REBATE" | "FUTURES_EXCHANGE_REBATE" => "rebate",
        "Refunded Fees" | "KCS Pay Fees" | "Liquidation Fees" | "RETURNED_FEES" | "DEDUCTION_FEES"
        | "FUNDING_FEE" | "LIABILITY_INTEREST" | "KCS_DEDUCTION_FEES" | "KCS_RETURNED_FEES" => "fee",
        "OTHER" => "other",
        other => other,
    }
}

/// Reads the transfers of a ledger: one side of each, since the other account has a ledger of its own.
///
/// ```json
/// {"code":"200000","data":{"items":[{"id":"611a…","currency":"USDT","amount":"10","accountType":"MAIN",
///  "bizType":"Transfer","direction":"out","createdAt":1629101692950}]}}
/// ```
pub(super) fn shifts(body: &[u8]) -> Result<Vec<Shift>, VenueError> {
    let mut shifts = Vec::new();
    for row in rows(ENDPOINT, body)? {
        let booked = booking(&row)?;
        if booked.kind != "transfer" {
            continue;
        }
        // Only the ledger of futures leaves out whose it is.
        let account =
            row.maybe_text("accountType")?.map_or("contract".to_owned(), |account| account.to_lowercase());
        let (from, to) = match booked.change.is_negative() {
            true => (Some(account), None),
            false => (None, Some(account)),
        };
        shifts.push(Shift {
            id: Some(booked.id),
            asset: booked.asset,
            amount: booked.change.abs(),
            from,
            to,
            status: match row.maybe_text("status")?.as_deref() {
                None | Some("Completed") => Status::Ok,
                Some("Pending" | "PROCESSING") => Status::Pending,
                Some(other) => Status::Other(other.to_owned()),
            },
            time: instant(either(&row, &["createdAt", "time", "ts"])?)?,
        });
    }
    Ok(shifts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &str) -> Vec<Booking> {
        bookings(format!("{{\"code\":\"200000\",\"data\":[{rows}]}}").as_bytes()).unwrap()
    }

    #[test]
    fn a_booking_has_a_sign_and_belongs_to_something() {
        let rows = read(
            "{\"id\":1,\"currency\":\"USDT\",\"amount\":\"0.1\",\"fee\":\"0.01\",\"bizType\":\"TRADE_EXCHANGE\",\
             \"direction\":\"OUT\",\"createdAt\":\"1705645212150\",\"context\":\"{\\\"orderId\\\":\\\"o\\\",\
             \\\"tradeId\\\":7}\"},{\"id\":2,\"currency\":\"KCS\",\"amount\":\"0.1\",\"bizType\":\"Soft Staking\",\
             \"direction\":\"in\",\"createdAt\":1705645212150,\"context\":\"no json\"}",
        );
        assert_eq!((rows[0].kind.as_str(), rows[0].change), ("trade", "-0.1".parse().unwrap()));
        assert_eq!(
            (rows[0].reference.as_deref(), rows[1].reference.as_deref()),
            (Some("7"), Some("no json"))
        );
        assert_eq!((rows[1].kind.as_str(), rows[1].fee.is_none()), ("Soft Staking", true));
    }

    #[test]
    fn futures_tell_no_direction() {
        let row = |kind: &str, amount: &str| {
            format!(
                "{{\"time\":1558596284040,\"type\":\"{kind}\",\"amount\":{amount},\"fee\":null,\
                 \"offset\":-1,\"currency\":\"XBT\",\"status\":\"Completed\"}}"
            )
        };
        for (kind, amount, expected) in [
            ("RealisedPNL", "-1.5e-7", "-0.00000015"),
            ("TransferOut", "2", "-2"),
            ("TransferIn", "2", "2"),
            ("Withdrawal", "-3", "-3"),
        ] {
            let booked = read(&row(kind, amount)).remove(0);
            assert_eq!((booked.change, booked.id.as_str()), (expected.parse().unwrap(), "-1"), "{kind}");
        }
        let body = format!(
            "{{\"data\":{{\"dataList\":[{},{}]}}}}",
            row("TransferOut", "2"),
            row("RealisedPNL", "1")
        );
        let shifts = shifts(body.as_bytes()).unwrap();
        assert_eq!((shifts.len(), shifts[0].from.as_deref()), (1, Some("contract")));
    }
}
