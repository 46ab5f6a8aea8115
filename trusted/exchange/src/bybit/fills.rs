//! Executions, and payments of funding among them (https://bybit-exchange.github.io/docs/v5/order/execution).

use crate::{
    VenueError,
    dialect::{Board, Execution, FundingPayment, Listings, Row, Unit},
};
use ledger::{Asset, Decimal, Liquidity, Side};

use super::answer::Answer;

/// What changes no position, only a balance.
const FUNDING: &str = "Funding";

/// Reads `GET /v5/execution/list` and its sibling from before the unified account. All kinds of execution change a
/// position or a balance of coins, but for funding, which is left out here.
///
/// ```json
/// {"category":"linear","nextPageCursor":"132766%3A2%2C132766%3A2","list":[{"symbol":"ETHPERP","orderId":"8c065341…",
///  "side":"Buy","execId":"e0cbe81d…","execPrice":"1190.15","execQty":"0.1","execValue":"119.015","execFee":"0.071409",
///  "feeCurrency":"","isMaker":false,"execType":"Trade","execTime":"1672282722429"}]}
/// ```
///
/// `seq` rises with what was matched, and orders executions of one instant; those of one match share it. Accounts of older kinds leave `execValue`, `execType` and the fee's currency out.
pub(super) fn executions(answer: &Answer<'_>, listings: &Listings) -> Result<Vec<Execution>, VenueError> {
    let mut executions = Vec::new();
    for row in answer.rows(&["list"])? {
        if row.maybe_text("execType")?.as_deref() == Some(FUNDING) {
            continue;
        }
        executions.push(execution(answer, &row, listings)?);
    }
    Ok(executions)
}

fn execution(answer: &Answer<'_>, row: &Row<'_>, listings: &Listings) -> Result<Execution, VenueError> {
    let category = answer.category(row)?;
    let symbol = row.string("symbol")?;
    let side = side(row)?;
    let mut fee = row.maybe_decimal("execFee")?.filter(|fee| !fee.is_zero());
    if fee.is_none() && category == "spot" {
        // That of the spot leg of a spread stands here.
        fee = row.maybe_decimal("execFeeV2")?.filter(|fee| !fee.is_zero());
    }
    let fees = match fee {
        Some(fee) => vec![(fee_asset(row, category, &symbol, (side, fee), listings)?, fee)],
        None => Vec::new(),
    };
    Ok(Execution {
        sequence: row.maybe_text("seq")?.and_then(|seq| seq.parse().ok()),
        id: first_text(row, "execId", "tradeId")?,
        order_id: row.maybe_string("orderId")?,
        board: if category == "spot" { Board::Spot } else { Board::Contract },
        side,
        price: row.decimal("execPrice")?,
        quantity: row.decimal("execQty")?,
        cost: row.maybe_decimal("execValue")?,
        fees,
        liquidity: liquidity(row)?,
        time: row
            .cell(if row.maybe("execTime").is_some() { "execTime" } else { "tradeTime" })?
            .time(Unit::Millis)?,
        symbol,
    })
}

/// Reads the same of `execType=Funding`: what the fee of such a row was, was paid.
///
/// ```json
/// {"symbol":"XMRUSDT","execType":"Funding","execFee":"-0.10232512","feeRate":"-0.000761","side":"Sell",
///  "execQty":"0.98","execId":"8d1ef156…","execTime":"1710950400000","feeCurrency":""}
/// ```
pub(super) fn payments(answer: &Answer<'_>, listings: &Listings) -> Result<Vec<FundingPayment>, VenueError> {
    let mut payments = Vec::new();
    for row in answer.rows(&["list"])? {
        if row.maybe_text("execType")?.is_some_and(|kind| kind != FUNDING) {
            continue;
        }
        let symbol = row.string("symbol")?;
        let asset = match told_asset(&row)? {
            Some(asset) => asset,
            None => settle_asset(&row, answer.category(&row)?, &symbol, listings)?,
        };
        payments.push(FundingPayment {
            id: row.maybe_string("execId")?,
            symbol,
            asset,
            amount: row.decimal("execFee")?.negated(),
            time: row.time("execTime", Unit::Millis)?,
        });
    }
    Ok(payments)
}

fn first_text(row: &Row<'_>, name: &'static str, older: &'static str) -> Result<String, VenueError> {
    match row.maybe_string(older)? {
        Some(text) if row.maybe_text(name)?.is_none() => Ok(text),
        _ => row.string(name),
    }
}

pub(super) fn side(row: &Row<'_>) -> Result<Side, VenueError> {
    match &*row.text("side")? {
        "Buy" | "BUY" | "buy" => Ok(Side::Buy),
        "Sell" | "SELL" | "sell" => Ok(Side::Sell),
        _ => Err(row.wrong("side")),
    }
}

/// `isMaker`, or a word in executions of USDC contracts of an older kind.
fn liquidity(row: &Row<'_>) -> Result<Liquidity, VenueError> {
    if let Some(is_maker) = row.maybe_flag("isMaker")? {
        return Ok(if is_maker { Liquidity::Maker } else { Liquidity::Taker });
    }
    Ok(match row.maybe_text("lastLiquidityInd")?.as_deref() {
        Some("MAKER" | "AddedLiquidity") => Liquidity::Maker,
        Some("TAKER" | "RemovedLiquidity") => Liquidity::Taker,
        _ => Liquidity::Unknown,
    })
}

/// What a fee was paid in. Coins are taken from what was got, rebates from what was given, unless a third coin is told:
/// one that pays fees for all instruments.
fn fee_asset(
    row: &Row<'_>,
    category: &str,
    symbol: &str,
    (side, fee): (Side, Decimal),
    listings: &Listings,
) -> Result<Asset, VenueError> {
    if let Some(asset) = row.maybe_text("feeCoin")? {
        return Ok(Asset::from(&*asset));
    }
    let told = told_asset(row)?;
    if category != "spot" {
        return told.map_or_else(|| settle_asset(row, category, symbol, listings), Ok);
    }
    let Some(listing) = listings.find(symbol, Board::Spot) else {
        return told.ok_or_else(|| row.wrong("feeCurrency"));
    };
    if let Some(third) = told.filter(|told| *told != listing.base && *told != listing.quote) {
        return Ok(third);
    }
    let got_base = side == Side::Buy;
    Ok(if got_base != fee.is_negative() { listing.base.clone() } else { listing.quote.clone() })
}

fn told_asset(row: &Row<'_>) -> Result<Option<Asset>, VenueError> {
    Ok(row.maybe_text("feeCurrency")?.map(|asset| Asset::from(&*asset)))
}

/// What a contract settles in: by the list, or by its name once it is listed no more. Linear ones are named
/// `BTCUSDT`, `BTCUSDT-26DEC25`, `BTCPERP` and `BTC-26DEC25` (the last two settle in USDC), inverse ones `BTCUSD` and
/// `BTCUSDZ25`, options `BTC-26DEC25-90000-C-USDT`, in USDC without the last word.
fn settle_asset(
    row: &Row<'_>,
    category: &str,
    symbol: &str,
    listings: &Listings,
) -> Result<Asset, VenueError> {
    let listed = listings.find(symbol, Board::Contract).and_then(|listing| listing.settle.clone());
    let named = || match category {
        "inverse" => symbol.split_once("USD").map(|(base, _)| base).filter(|base| !base.is_empty()),
        _ if symbol.contains("USDT") => Some("USDT"),
        _ if symbol.ends_with("PERP") || symbol.contains('-') => Some("USDC"),
        _ => None,
    };
    listed.or_else(|| named().map(Asset::from)).ok_or_else(|| row.wrong("symbol"))
}
