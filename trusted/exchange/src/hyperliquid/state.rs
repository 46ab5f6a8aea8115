//! What an address holds, and its open positions.

use super::{USDC, WALLET};
use crate::{
    Holding, Position, VenueError,
    dialect::{Cell, Row, Unit},
};
use ledger::{Asset, Side};

const PERPS: &str = "/info clearinghouseState";
const SPOT: &str = "/info spotClearinghouseState";
const MODE: &str = "/info userAbstraction";

/// What asks for the page behind the mode of an account.
pub(super) const PAGE: &str = "page";

/// Reads `userAbstraction`, and what asks for the money of perpetuals, if they have money of their own. In a unified account and
/// with portfolio margin all of it is in spot, and what perpetuals tell of it means nothing
/// (<https://hyperliquid.gitbook.io/hyperliquid-docs/trading/account-abstraction-modes>): to count both would count it twice.
///
/// ```json
/// "unifiedAccount"
/// ```
pub(super) fn next(body: &[u8]) -> Result<Option<(&'static str, String)>, VenueError> {
    let mode = Cell::whole(MODE, body)?;
    if !mode.is_text() {
        return Ok(None);
    }
    match &*mode.text()? {
        "default" | "disabled" | "dexAbstraction" => Ok(Some((PAGE, "perps".to_owned()))),
        "unifiedAccount" | "portfolioMargin" => Ok(None),
        _ => Err(mode.wrong()),
    }
}

/// Reads `spotClearinghouseState`, or the money in `clearinghouseState`: what its account is worth, open profits included; seen
/// from both wallets as one, without them, since they are no money yet.
///
/// ```json
/// {"balances":[{"coin":"USDC","token":0,"hold":"0.0","total":"14.625485","entryNtl":"0.0"}]}
/// {"marginSummary":{"accountValue":"83.307638","totalNtlPos":"75.652","totalRawUsd":"7.655638","totalMarginUsed":"7.525754"},
///  "withdrawable":"75.781884","assetPositions":[],"time":1754467216357}
/// ```
pub(super) fn balances(body: &[u8], market: &str) -> Result<Vec<Holding>, VenueError> {
    let answer = Cell::whole(SPOT, body)?;
    if market == WALLET && answer.is_text() {
        // The mode of the account holds nothing.
        return Ok(Vec::new());
    }
    let answer = answer.row()?;
    let Some(balances) = answer.maybe("balances") else {
        return match market {
            WALLET => money(body).map(|held| vec![held]),
            _ => perps(body).map(|held| vec![held]),
        };
    };
    balances.rows()?.iter().map(coin).collect()
}

fn coin(row: &Row<'_>) -> Result<Holding, VenueError> {
    Ok(Holding {
        asset: row.asset("coin")?,
        free: None,
        used: Some(row.decimal("hold")?),
        total: Some(row.decimal("total")?),
        debt: None,
    })
}

fn perps(body: &[u8]) -> Result<Holding, VenueError> {
    let summary = Cell::whole(PERPS, body)?.row()?.row("marginSummary")?;
    Ok(Holding {
        asset: Asset::from(USDC),
        free: None,
        used: Some(summary.decimal("totalMarginUsed")?),
        total: Some(summary.decimal("accountValue")?),
        debt: None,
    })
}

fn money(body: &[u8]) -> Result<Holding, VenueError> {
    let answer = Cell::whole(PERPS, body)?.row()?;
    let mut total = answer.row("marginSummary")?.decimal("accountValue")?;
    for row in answer.rows("assetPositions")? {
        let row = row.row("position")?;
        let less = total.checked_sub(row.decimal("unrealizedPnl")?);
        total = less.map_err(|_| row.wrong("unrealizedPnl"))?;
    }
    Ok(Holding { asset: Asset::from(USDC), free: None, used: None, total: Some(total), debt: None })
}

/// Reads `assetPositions` of `clearinghouseState`. Sizes are of the coin, and below zero when it is owed; what it is judged
/// by follows from its value.
///
/// ```json
/// {"assetPositions":[{"type":"oneWay","position":{"coin":"HYPE","szi":"2.0","entryPx":"37.829","positionValue":"75.652",
///   "unrealizedPnl":"-0.006","marginUsed":"7.525754","liquidationPx":null}}],"time":1754467216357}
/// ```
pub(super) fn positions(body: &[u8]) -> Result<Vec<Position>, VenueError> {
    let answer = Cell::whole(PERPS, body)?.row()?;
    let time = answer.maybe_time("time", Unit::Millis)?;
    let mut positions = Vec::new();
    for row in answer.rows("assetPositions")? {
        let row = row.row("position")?;
        let size = row.decimal("szi")?;
        let value = row.maybe_decimal("positionValue")?;
        positions.push(Position {
            symbol: row.string("coin")?,
            side: (!size.is_zero()).then_some(if size.is_negative() { Side::Sell } else { Side::Buy }),
            contracts: size.abs(),
            entry_price: row.maybe_decimal("entryPx")?,
            mark_price: value.and_then(|value| value.abs().checked_div(size.abs()).ok()),
            unrealized: row.maybe_decimal("unrealizedPnl")?,
            time,
        });
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;
    use ledger::Decimal;

    #[test]
    fn a_short_position_is_owed_and_its_value_tells_the_price() {
        let body = "{\"assetPositions\":[{\"position\":{\"coin\":\"BTC\",\"szi\":\"-0.00045\",\"entryPx\":null,\
                    \"positionValue\":\"49.05315\"}},{\"position\":{\"coin\":\"ETH\",\"szi\":\"0.0\",\
                    \"positionValue\":\"0.0\"}}]}";
        let positions = positions(body.as_bytes()).unwrap();
        let number = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!((positions[0].side, positions[0].contracts), (Some(Side::Sell), number("0.00045")));
        assert_eq!((positions[0].mark_price, positions[0].entry_price), (Some(number("109007")), None));
        assert_eq!((positions[1].side, positions[1].mark_price), (None, None), "nothing is open");
    }

    #[test]
    fn an_answer_of_neither_kind_is_refused() {
        let wrong = VenueError::Permanent(Refusal::Answer { endpoint: PERPS, field: "marginSummary" });
        assert_eq!(balances(b"{}", "perp"), Err(wrong));
        assert_eq!(balances(b"{}", WALLET), Err(wrong));
        assert_eq!(balances(b"{\"balances\":[]}", "spot"), Ok(Vec::new()));
    }

    #[test]
    fn money_is_all_in_spot_where_the_account_is_one() {
        let next = |mode: &str| next(format!("\"{mode}\"").as_bytes());
        let wrong = VenueError::Permanent(Refusal::Answer { endpoint: MODE, field: "the answer" });
        for apart in ["default", "disabled", "dexAbstraction"] {
            assert_eq!(next(apart), Ok(Some((PAGE, "perps".to_owned()))), "{apart}");
        }
        for one in ["unifiedAccount", "portfolioMargin"] {
            assert_eq!(next(one), Ok(None), "{one}");
        }
        assert_eq!((next("aModeOfTomorrow"), next("")), (Err(wrong), Err(wrong)));
        assert_eq!(super::next(b"{\"marginSummary\":{}}"), Ok(None), "the page behind it");
        assert_eq!(balances(b"\"disabled\"", WALLET), Ok(Vec::new()));
        assert!(balances(b"\"disabled\"", "perp").is_err() && balances(b"\"disabled\"", "spot").is_err());
    }

    #[test]
    fn what_is_open_is_no_money_yet() {
        let body = b"{\"marginSummary\":{\"accountValue\":\"83.3\",\"totalMarginUsed\":\"7.5\"},\"assetPositions\":[\
                     {\"position\":{\"coin\":\"HYPE\",\"unrealizedPnl\":\"-0.006\"}},\
                     {\"position\":{\"coin\":\"BTC\",\"unrealizedPnl\":\"3.0\"}}]}";
        let total = |market| balances(body, market).unwrap()[0].total.unwrap().to_string();
        assert_eq!((total("perp").as_str(), total(WALLET).as_str()), ("83.3", "80.306"));
    }
}
