//! Executions (https://www.okx.com/docs-v5/en/#order-book-trading-trade-get-transaction-details-last-3-months).

use crate::{
    VenueError,
    dialect::{Execution, Row, Unit},
};
use ledger::{Asset, Liquidity, Side};

use super::answer::{Answer, board};

/// Reads `GET /api/v5/trade/fills` and `…/fills-history`.
///
/// ```json
/// [{"instType":"SPOT","instId":"BTC-USDT","tradeId":"744876980","ordId":"680800019749904384","billId":"680800019754098688",
///   "fillPx":"51858","fillSz":"0.00192834","side":"buy","posSide":"net","execType":"T","feeCcy":"BTC",
///   "fee":"-0.00000192834","fillTime":"1708587373361","ts":"1708587373362"}]
/// ```
///
/// A fee below zero was charged. `tradeId` is one of its instrument: two of them may have the same. `billId` is the account's
/// own, and rises.
pub(super) fn executions(answer: &Answer<'_>) -> Result<Vec<Execution>, VenueError> {
    answer.rows()?.iter().map(execution).collect()
}

fn execution(row: &Row<'_>) -> Result<Execution, VenueError> {
    let symbol = row.string("instId")?;
    let fees = match row.maybe_decimal("fee")?.filter(|fee| !fee.is_zero()) {
        Some(fee) => vec![(Asset::from(&*row.text("feeCcy")?), fee.negated())],
        None => Vec::new(),
    };
    Ok(Execution {
        sequence: row.maybe_text("billId")?.and_then(|id| id.parse().ok()),
        id: match row.maybe_string("tradeId")? {
            Some(id) => id,
            None => row.string("billId")?,
        },
        order_id: row.maybe_string("ordId")?,
        board: board(&symbol),
        side: match &*row.text("side")? {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            _ => return Err(row.wrong("side")),
        },
        price: row.decimal("fillPx")?,
        quantity: row.decimal("fillSz")?,
        cost: None,
        fees,
        liquidity: match row.maybe_text("execType")?.as_deref() {
            Some("M") => Liquidity::Maker,
            Some("T") => Liquidity::Taker,
            _ => Liquidity::Unknown,
        },
        time: row.time("ts", Unit::Millis)?,
        symbol,
    })
}
