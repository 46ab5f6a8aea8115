//! Bookings of the trading and the funding account, and what else is read off them: payments of funding, transfers
//! (https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-bills-details-last-7-days,
//! https://www.okx.com/docs-v5/en/#funding-account-rest-api-asset-bills-details).

use crate::{
    VenueError,
    dialect::{Booking, FundingPayment, Row, Shift, Status, Unit},
};

use super::{
    answer::{Answer, board},
    endpoint::{Endpoint, FUNDING_BILLS, FUNDING_BILLS_HISTORY},
};

/// Reads `GET /api/v5/account/bills`, `…/bills-archive`, `/api/v5/asset/bills` and `…/bills-history`; `words` says what a
/// booking of that type is called.
///
/// ```json
/// [{"billId":"623950854533513219","ccy":"USDT","balChg":"0.021933823221","bal":"8694.2179403378290202","type":"2",
///   "subType":"1","fee":"-0.000021955779","instId":"BTC-USDT","instType":"SPOT","ordId":"623950854525124608",
///   "tradeId":"586760148","ts":"1695033476167"}]
/// [{"billId":"12344","ccy":"BTC","balChg":"2","bal":"12","type":"1","ts":"1597026383085"}]
/// ```
///
/// A fee below zero was charged, and is part of `balChg`. OKX's own words for it are its codes, `type/subType`, and
/// `type/subType/trade` where it belongs to an execution.
pub(super) fn bookings(
    answer: &Answer<'_>,
    words: impl Fn(&str) -> &str,
) -> Result<Vec<Booking>, VenueError> {
    let read = |row: &Row<'_>| {
        let asset = row.asset("ccy")?;
        Ok(Booking {
            own: Some(own(row)?),
            id: row.string("billId")?,
            kind: words(&row.text("type")?).to_owned(),
            change: row.decimal("balChg")?,
            time: Some(row.time("ts", Unit::Millis)?),
            symbol: row.maybe_string("instId")?.map(|symbol| {
                let board = board(&symbol);
                (symbol, board)
            }),
            reference: row.maybe_string("ordId")?,
            fee: row.maybe_decimal("fee")?.map(|fee| (asset.clone(), fee.negated())),
            asset,
        })
    };
    answer.rows()?.iter().map(read).collect()
}

fn own(row: &Row<'_>) -> Result<String, VenueError> {
    let mut own = row.string("type")?;
    let subtype = row.maybe_text("subType")?;
    let of_trade = row.maybe_text("tradeId")?.is_some();
    for part in subtype.as_deref().into_iter().chain(of_trade.then_some("trade")) {
        own.push('/');
        own.push_str(part);
    }
    Ok(own)
}

/// What a type is called by all venues, where it has such a name; else OKX's own code. The two accounts have codes of
/// their own: in the funding account 1 came in from outside, 2 went out.
pub(super) fn unified<'a>(endpoint: &Endpoint, kind: &'a str) -> &'a str {
    let of_funding = [&FUNDING_BILLS, &FUNDING_BILLS_HISTORY].contains(&endpoint);
    match kind {
        "1" => "transfer",
        "2" if of_funding => "withdrawal",
        other if of_funding => other,
        "6" => "transfer",
        "2" | "3" | "5" | "7" | "9" | "10" | "11" => "trade",
        "4" => "rebate",
        "8" => "fee",
        other => other,
    }
}

/// Reads `GET /api/v5/account/bills-archive?type=8`. Isolated margin of older accounts changes with the position and not
/// with the balance.
///
/// ```json
/// [{"billId":"377970609204146187","ccy":"ETH","instId":"ETH-USD-SWAP","balChg":"0.000014875271224","posBalChg":"0",
///   "type":"8","subType":"174","ts":"1636387215588"}]
/// ```
pub(super) fn payments(answer: &Answer<'_>) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in answer.rows()? {
        if row.maybe_text("type")?.is_some_and(|kind| kind != "8") {
            continue;
        }
        let change = row.decimal("balChg")?;
        let of_position = row.maybe_decimal("posBalChg")?.filter(|_| change.is_zero());
        payments.push(FundingPayment {
            id: row.maybe_string("billId")?,
            symbol: row.string("instId")?,
            asset: row.asset("ccy")?,
            amount: of_position.unwrap_or(change),
            time: row.time("ts", Unit::Millis)?,
        });
    }
    Ok(payments)
}

/// Reads transfers off the bookings of either account; all that is booked took effect.
///
/// ```json
/// [{"billId":"588900695232225299","ccy":"USDT","balChg":"-4","sz":"-4","from":"18","to":"6","type":"1","ts":"1686676866989"}]
/// [{"billId":"12345","ccy":"BTC","balChg":"-2","bal":"10","type":"131","ts":"1597026383085"}]
/// ```
pub(super) fn transfers(answer: &Answer<'_>) -> Result<Vec<Shift>, VenueError> {
    let of_funding = [FUNDING_BILLS.path, FUNDING_BILLS_HISTORY.path].contains(&answer.endpoint);
    let mut transfers = Vec::new();
    for row in answer.rows()? {
        let kind = row.maybe_text("type")?;
        let kind = kind.as_deref().unwrap_or("1");
        let (from, to) = match kind {
            _ if of_funding => match between(kind) {
                Some((from, to)) => (Some(from.to_owned()), Some(to.to_owned())),
                None => continue,
            },
            "1" => (account(&row, "from")?, account(&row, "to")?),
            _ => continue,
        };
        let size = if of_funding { None } else { row.maybe_decimal("sz")? };
        transfers.push(Shift {
            id: row.maybe_string("billId")?,
            asset: row.asset("ccy")?,
            amount: size.map_or_else(|| row.decimal("balChg"), Ok)?.abs(),
            from,
            to,
            status: Status::Ok,
            time: row.time("ts", Unit::Millis)?,
        });
    }
    Ok(transfers)
}

/// Types of the funding account that move something between accounts of one owner.
fn between(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "130" => ("trading", "funding"),
        "131" => ("funding", "trading"),
        "20" => ("funding", "sub-account"),
        "21" => ("sub-account", "funding"),
        "22" => ("funding", "main account"),
        "23" => ("main account", "funding"),
        _ => return None,
    })
}

fn account(row: &Row<'_>, name: &'static str) -> Result<Option<String>, VenueError> {
    Ok(row.maybe_text(name)?.map(|code| match &*code {
        "6" => "funding".to_owned(),
        "18" => "trading".to_owned(),
        other => other.to_owned(),
    }))
}
