//! Bookings of contract accounts, funding among them, and what is credited to the wallet.

use crate::{
    VenueError,
    dialect::{Board, Booking, Cell, FundingPayment, Row, Said, Unit, rows},
};

/// Reads `GET /fapi/v1/income`, `/dapi/v1/income` and those of portfolio margin. An id is unique only together with its
/// kind: a fill's profit and commission share one.
///
/// ```json
/// [{"symbol":"BTCUSDT","incomeType":"COMMISSION","income":"-0.01000000","asset":"USDT","info":"COMMISSION",
///   "time":1570636800000,"tranId":9689322392,"tradeId":"2059192"}]
/// ```
pub(super) fn income(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let bookings: Result<_, _> = rows(endpoint, body)?.iter().map(booking).collect();
    bookings.map(Said::Ledger)
}

fn booking(row: &Row<'_>) -> Result<Booking, VenueError> {
    Ok(Booking {
        own: row.maybe_string("incomeType")?,
        id: row.string("tranId")?,
        kind: kind(&row.text("incomeType")?).to_owned(),
        asset: row.asset("asset")?,
        change: row.decimal("income")?,
        time: Some(row.time("time", Unit::Millis)?),
        symbol: row.maybe_string("symbol")?.map(|symbol| (symbol, Board::Contract)),
        reference: row.maybe_string("tradeId")?,
        fee: None,
    })
}

/// Of what kind a booking is; what is not listed keeps the venue's word.
fn kind(word: &str) -> &str {
    match word {
        "REALIZED_PNL" | "CONTRACT" => "trade",
        "COMMISSION" => "commission",
        "FEE" | "FUNDING_FEE" | "OPTIONS_PREMIUM_FEE" | "POSITION_LIMIT_INCREASE_FEE" => "fee",
        "TRANSFER" | "INTERNAL_TRANSFER" | "CROSS_COLLATERAL_TRANSFER" => "transfer",
        "COIN_SWAP_DEPOSIT" => "deposit",
        "COIN_SWAP_WITHDRAW" => "withdrawal",
        "OPTIONS_SETTLE_PROFIT" | "DELIVERED_SETTELMENT" => "settlement",
        "WELCOME_BONUS" | "CONTEST_REWARD" => "cashback",
        "COMMISSION_REBATE" | "API_REBATE" => "rebate",
        "REFERRAL_KICKBACK" => "referral",
        other => other,
    }
}

/// Reads the same lists for funding alone: other kinds in them are passed over.
///
/// ```json
/// [{"symbol":"DOGEUSDT","incomeType":"FUNDING_FEE","income":"-48.10974683","asset":"USDT","info":"FUNDING_FEE",
///   "time":1715040000000,"tranId":1386599109733984056,"tradeId":""}]
/// ```
pub(super) fn funding(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let mut payments = Vec::new();
    for row in rows(endpoint, body)? {
        if row.text("incomeType")? != "FUNDING_FEE" {
            continue;
        }
        payments.push(FundingPayment {
            id: row.maybe_string("tranId")?,
            symbol: row.string("symbol")?,
            asset: row.asset("asset")?,
            amount: row.decimal("income")?,
            time: row.time("time", Unit::Millis)?,
        });
    }
    Ok(Said::Funding(payments))
}

/// Reads `GET /sapi/v1/margin/interestHistory`: what came on top of a debt, on cross margin or, with `isolatedSymbol`, of a pair.
///
/// ```json
/// {"rows":[{"txId":1352286576452864727,"interestAccuredTime":1672160400000,"asset":"USDT","rawAsset":"USDT",
///  "principal":"45.3313","interest":"0.00024995","interestRate":"0.00013233","type":"ON_BORROW"}],"total":1}
/// ```
pub(super) fn interest(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let answer = Cell::whole(endpoint, body)?.row()?;
    let mut bookings = Vec::new();
    for row in answer.rows("rows")? {
        bookings.push(Booking {
            own: row.maybe_string("type")?,
            id: row.string("txId")?,
            kind: "interest".to_owned(),
            asset: row.asset("asset")?,
            change: row.decimal("interest")?.negated(),
            time: Some(row.time("interestAccuredTime", Unit::Millis)?),
            symbol: row.maybe_string("isolatedSymbol")?.map(|pair| (pair, Board::Spot)),
            reference: None,
            fee: None,
        });
    }
    Ok(Said::Ledger(bookings))
}

/// Reads `GET /sapi/v1/asset/assetDividend`: airdrops, interest, rebates; what each was for is told only in words. Direction
/// -1 was taken back.
///
/// ```json
/// {"rows":[{"id":1637366104,"amount":"10.00000000","asset":"BHFT","divTime":1563189166000,
///  "enInfo":"BHFT distribution","tranId":2968885920,"direction":1}],"total":1}
/// ```
pub(super) fn dividends(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let answer = Cell::whole(endpoint, body)?.row()?;
    let mut bookings = Vec::new();
    for row in answer.rows("rows")? {
        let taken = row.maybe_decimal("direction")?.is_some_and(|direction| direction.is_negative());
        let amount = row.decimal("amount")?;
        let id = row.maybe_string("id")?;
        bookings.push(Booking {
            own: None,
            id: id.map_or_else(|| row.string("tranId"), Ok)?,
            kind: row.maybe_string("enInfo")?.unwrap_or_else(|| "distribution".to_owned()),
            asset: row.asset("asset")?,
            change: if taken { amount.negated() } else { amount },
            time: Some(row.time("divTime", Unit::Millis)?),
            symbol: None,
            reference: row.maybe_string("tranId")?,
            fee: None,
        });
    }
    Ok(Said::Ledger(bookings))
}
