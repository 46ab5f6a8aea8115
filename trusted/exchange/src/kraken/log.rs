//! The account log of futures: every change of a balance, with fees and funding that nothing else tells.
//!
//! An execution has two rows, of the money and of the position. The latter's `asset` is the contract; it moves no money and
//! is left out.

use super::futures::contract;
use super::{assets, is_wanted};
use crate::VenueError;
use crate::dialect::{Asked, Board, Booking, Cell, FundingPayment, Row, Said};
use ledger::Asset;

/// Reads `GET /api/history/v3/account-log`. `execution` is the id of the fill. As in the ledger of spot, the balance changes by
/// the amount less the fee; profit and funding are within the amount.
///
/// ```json
/// {"accountUid":"f92f…","logs":[{"id":16,"date":"2026-09-17T12:00:00.000Z","asset":"usd","contract":"pf_dogeusd",
///  "booking_uid":"124f…","execution":null,"fee":0,"funding_rate":9.288451412e-7,"info":"funding rate change",
///  "margin_account":"flex","new_balance":0,"old_balance":0.0002,"realized_funding":-0.0002,"realized_pnl":null}]}
/// ```
pub(super) fn bookings(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut bookings = Vec::new();
    for (row, asset) in of_money(asked, body)? {
        let fee = row.maybe_decimal("fee")?;
        let change = row.decimal("new_balance")?.checked_sub(row.decimal("old_balance")?);
        let change = change.and_then(|change| change.checked_add(fee.unwrap_or_default()));
        bookings.push(Booking {
            own: None,
            id: row.string("id")?,
            kind: kind(&row.text("info")?).to_owned(),
            change: change.map_err(|_| row.wrong("new_balance"))?,
            time: row.maybe("date").map_or(Ok(None), Cell::maybe_date)?,
            symbol: row.maybe_text("contract")?.map(|name| (contract(&name), Board::Contract)),
            reference: row.maybe_string("execution")?.or(row.maybe_string("booking_uid")?),
            fee: fee.map(|fee| (asset.clone(), fee)),
            asset,
        });
    }
    Ok(Said::Ledger(bookings))
}

/// Reads the funding in the same log: what each hour realised, and what a trade did of the hour so far.
pub(super) fn funding(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut payments = Vec::new();
    for (row, asset) in of_money(asked, body)? {
        let Some(amount) = row.maybe_decimal("realized_funding")?.filter(|amount| !amount.is_zero()) else {
            continue;
        };
        let symbol = contract(&row.text("contract")?);
        if asked.symbol.is_some_and(|wanted| contract(wanted) != symbol) {
            continue;
        }
        let (id, time) = (Some(row.string("id")?), row.date("date")?);
        payments.push(FundingPayment { id, symbol, asset, amount, time });
    }
    Ok(Said::Funding(payments))
}

fn of_money<'a>(asked: Asked<'_>, body: &'a [u8]) -> Result<Vec<(Row<'a>, Asset)>, VenueError> {
    let mut rows = Vec::new();
    for row in Cell::whole("account-log", body)?.row()?.rows("logs")? {
        let (native, of) = (row.string("asset")?, row.maybe_text("contract")?);
        let is_position = of.is_some_and(|contract| contract.eq_ignore_ascii_case(&native));
        let asset = assets::unified(&native);
        if !is_position && is_wanted(asked, &asset) {
            rows.push((row, asset));
        }
    }
    Ok(rows)
}

/// The log's own words, gathered.
fn kind(info: &str) -> &str {
    match info {
        "futures trade"
        | "futures liquidation"
        | "futures partial liquidation"
        | "futures assignor"
        | "futures assignee"
        | "futures unwind bankrupt"
        | "futures unwind counterparty"
        | "covered liquidation"
        | "options trade"
        | "rfq"
        | "hedging trade"
        | "settlement"
        | "conversion" => "trade",
        "funding rate change" | "interest payment" | "kfee applied" | "liquidation fee" | "tax withheld" => {
            "fee"
        }
        "tax refund" => "rebate",
        "transfer"
        | "cross-exchange transfer"
        | "subaccount transfer"
        | "admin transfer"
        | "position transfer"
        | "portfolio transfer"
        | "loan transfer" => "transfer",
        "deposit" | "withdrawal" => "transaction",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Need;

    const LOG: &str = r#"{"accountUid":"f92f","logs":[
        {"id":3,"date":"2026-09-17T12:00:00.000Z","asset":"pf_xbtusd","contract":"pf_xbtusd","booking_uid":"c",
         "info":"futures trade","execution":"e","old_balance":0,"new_balance":0.5,"fee":null},
        {"id":2,"date":"2026-09-17T12:00:00.000Z","asset":"usd","contract":"pf_xbtusd","booking_uid":"b",
         "info":"futures trade","execution":"e","old_balance":10,"new_balance":9.9,"fee":0.12,"realized_funding":0.02},
        {"id":1,"date":"2026-09-17T11:00:00.000Z","asset":"xbt","contract":"","booking_uid":"a",
         "info":"cross-exchange transfer","execution":"BOG5","old_balance":0,"new_balance":1e-8,"fee":null}]}"#;

    #[test]
    fn rows_of_positions_are_left_out() {
        let asked = Asked {
            need: Need::Ledger,
            market: "futures",
            path: "",
            symbol: None,
            currency: None,
            account: None,
        };
        let Said::Ledger(rows) = bookings(asked, LOG.as_bytes()).unwrap() else { panic!() };
        let told: Vec<_> =
            rows.iter().map(|row| format!("{} {} {} {}", row.id, row.kind, row.asset, row.change)).collect();
        // 0.1 less of it: 0.02 of funding, and a fee of 0.12.
        assert_eq!(told, ["2 trade USD 0.02", "1 transfer BTC 0.00000001"]);
        assert_eq!(rows[0].symbol, Some(("PF_XBTUSD".to_owned(), Board::Contract)));
        assert_eq!((rows[0].reference.as_deref(), rows[1].symbol.as_ref()), (Some("e"), None));
    }

    #[test]
    fn funding_that_a_trade_realised_is_funding() {
        let asked = Asked {
            need: Need::Funding,
            market: "futures",
            path: "",
            symbol: None,
            currency: None,
            account: None,
        };
        let Said::Funding(rows) = funding(asked, LOG.as_bytes()).unwrap() else { panic!() };
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].symbol.as_str(), rows[0].amount.to_string()), ("PF_XBTUSD", "0.02".to_owned()));
    }
}
