//! What a futures account traded and holds, and what contracts trade at. Names of contracts are told in capitals or not,
//! by endpoint; they are in capitals here. Sizes count contracts.

use super::assets;
use crate::VenueError;
use crate::dialect::{Asked, Board, Cell, Execution, Holding, Kline, Position, Row, Said, Ticker, Unit};
use ledger::{Liquidity, Side};

/// A contract's name as lists have it.
pub(super) fn contract(name: &str) -> String {
    name.to_ascii_uppercase()
}

fn is_wanted(asked: Asked<'_>, symbol: &str) -> bool {
    asked.symbol.is_none_or(|wanted| contract(wanted) == symbol)
}

/// Reads `GET /derivatives/api/v3/fills`, the newest hundred. They tell no fee: the account log does.
///
/// ```json
/// {"result":"success","fills":[{"fill_id":"3d57ed09-…","symbol":"PI_XBTUSD","side":"buy","order_id":"693af756-…",
///  "size":5490,"price":9400,"fillTime":"2020-07-22T13:37:27.077Z","fillType":"maker"}]}
/// ```
pub(super) fn fills(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut fills = Vec::new();
    for row in Cell::whole("fills", body)?.row()?.rows("fills")? {
        let symbol = contract(&row.text("symbol")?);
        if !is_wanted(asked, &symbol) {
            continue;
        }
        fills.push(Execution {
            sequence: None,
            id: row.string("fill_id")?,
            order_id: row.maybe_string("order_id")?,
            symbol,
            board: Board::Contract,
            side: side(&row, "side")?,
            price: row.decimal("price")?,
            quantity: row.decimal("size")?,
            cost: None,
            fees: Vec::new(),
            liquidity: liquidity(row.maybe_text("fillType")?.as_deref()),
            time: row.date("fillTime")?,
        });
    }
    Ok(Said::Fills(fills))
}

fn side(row: &Row<'_>, field: &'static str) -> Result<Side, VenueError> {
    match &*row.text(field)?.to_ascii_lowercase() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(row.wrong(field)),
    }
}

/// `maker`, `taker`, `takerAfterEdit`; liquidations, assignments and unwinds are neither.
fn liquidity(kind: Option<&str>) -> Liquidity {
    match kind.map(str::to_ascii_lowercase) {
        Some(kind) if kind.contains("taker") => Liquidity::Taker,
        Some(kind) if kind.contains("maker") => Liquidity::Maker,
        _ => Liquidity::Unknown,
    }
}

/// Reads `GET /api/history/v3/executions`. Our side is `order`, or of `makerOrder` and `takerOrder` the one of our account.
///
/// ```json
/// {"accountUid":"3c90…","len":1,"elements":[{"uid":"1","timestamp":1604937694000,"event":{"Execution":{"execution":{
///  "uid":"7f2a…","order":{"uid":"5bd1…","accountUid":"3c90…","tradeable":"PI_XBTUSD","direction":"Buy"},
///  "timestamp":1604937694000,"quantity":"1234","price":"15038.5","executionType":"maker"}}}}],
///  "continuationToken":"c3RyaW5n"}
/// ```
pub(super) fn executions(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let told = Cell::whole("executions", body)?.row()?;
    let account = told.maybe_string("accountUid")?;
    let mut fills = Vec::new();
    for element in told.rows("elements")? {
        let event = element.row("event")?;
        let outer = event.maybe("Execution").or_else(|| event.maybe("execution"));
        let row = outer.ok_or_else(|| event.wrong("Execution"))?.row()?.row("execution")?;
        let (order, liquidity) = own_order(&row, account.as_deref())?;
        let symbol = contract(&order.text("tradeable")?);
        if !is_wanted(asked, &symbol) {
            continue;
        }
        fills.push(Execution {
            sequence: None,
            id: row.string("uid")?,
            order_id: order.maybe_string("uid")?,
            symbol,
            board: Board::Contract,
            side: side(&order, "direction")?,
            price: row.decimal("price")?,
            quantity: row.decimal("quantity")?,
            cost: None,
            fees: Vec::new(),
            liquidity,
            time: row.time("timestamp", Unit::Millis)?,
        });
    }
    Ok(Said::Fills(fills))
}

fn own_order<'a>(row: &Row<'a>, account: Option<&str>) -> Result<(Row<'a>, Liquidity), VenueError> {
    if let Some(order) = row.maybe("order") {
        return Ok((order.row()?, liquidity(row.maybe_text("executionType")?.as_deref())));
    }
    for (field, liquidity) in [("makerOrder", Liquidity::Maker), ("takerOrder", Liquidity::Taker)] {
        let Some(order) = row.maybe(field) else { continue };
        let order = order.row()?;
        let owner = order.maybe_text("accountUid")?;
        if owner.is_some() && owner.as_deref() == account {
            return Ok((order, liquidity));
        }
    }
    Err(row.wrong("order"))
}

/// Reads `GET /derivatives/api/v3/accounts`: `flex`, the multi-collateral wallet, `cash`, or one of the single-collateral
/// accounts, whose balances name contracts too. An account that is not there is empty.
///
/// ```json
/// {"result":"success","accounts":{"cash":{"type":"cashAccount","balances":{"xbt":141.31756797}},
///  "fi_xbtusd":{"type":"marginAccount","currency":"xbt","balances":{"FI_XBTUSD_171215":50000,"xbt":141.31756797},
///  "auxiliary":{"af":100.73891563,"pnl":12.42134766,"pv":153.73891563}},
///  "flex":{"type":"multiCollateralMarginAccount","currencies":{"XBT":{"quantity":0.11,"value":4998.7,"available":0.1}}}}}
/// ```
pub(super) fn balances(market: &str, body: &[u8]) -> Result<Said, VenueError> {
    let accounts = Cell::whole("accounts", body)?.row()?.row("accounts")?;
    let wanted = market.strip_prefix("futures-").unwrap_or("flex").to_ascii_lowercase();
    let Some((_, account)) = accounts.all().find(|(name, _)| name.eq_ignore_ascii_case(&wanted)) else {
        return Ok(Said::Balances(Vec::new()));
    };
    let account = account.row()?;
    let mut holdings = Vec::new();
    if let Some(currencies) = account.maybe("currencies") {
        for (name, cell) in currencies.row()?.all() {
            let row = cell.row()?;
            holdings.push(Holding {
                asset: assets::unified(name),
                free: row.maybe_decimal("available")?,
                used: None,
                total: Some(row.decimal("quantity")?),
                debt: None,
            });
        }
        return Ok(Said::Balances(holdings));
    }
    let own = account.maybe_text("currency")?.map(|currency| assets::unified(&currency));
    for (name, cell) in account.row("balances")?.all().filter(|(name, _)| !name.contains('_')) {
        let (asset, total) = (assets::unified(name), cell.decimal()?);
        let (free, total) = match account.maybe("auxiliary") {
            // Funds available, and the value of the portfolio with what is not realised.
            Some(auxiliary) if own.as_ref() == Some(&asset) => {
                let auxiliary = auxiliary.row()?;
                (auxiliary.maybe_decimal("af")?, auxiliary.maybe_decimal("pv")?.unwrap_or(total))
            }
            _ => (Some(total), total),
        };
        holdings.push(Holding { asset, free, used: None, total: Some(total), debt: None });
    }
    Ok(Said::Balances(holdings))
}

/// Reads `GET /derivatives/api/v3/openpositions`.
///
/// ```json
/// {"result":"success","openPositions":[{"side":"short","symbol":"PI_XBTUSD","price":9392.749993345933,
///  "fillTime":"2020-07-22T14:39:12.376Z","size":10000,"unrealizedFunding":0.00001045432180096817}]}
/// ```
pub(super) fn positions(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut positions = Vec::new();
    for row in Cell::whole("openpositions", body)?.row()?.rows("openPositions")? {
        let symbol = contract(&row.text("symbol")?);
        if !is_wanted(asked, &symbol) {
            continue;
        }
        positions.push(Position {
            symbol,
            side: match &*row.text("side")? {
                "long" => Some(Side::Buy),
                "short" => Some(Side::Sell),
                _ => return Err(row.wrong("side")),
            },
            contracts: row.decimal("size")?,
            entry_price: row.maybe_decimal("price")?,
            mark_price: None,
            unrealized: None,
            time: row.maybe("fillTime").map_or(Ok(None), Cell::maybe_date)?,
        });
    }
    Ok(Said::Positions(positions))
}

/// Reads `GET /derivatives/api/v3/tickers`; indices (`in_…`, `rr_…`) are no contracts.
///
/// ```json
/// {"result":"success","tickers":[{"tag":"perpetual","symbol":"PI_XBTUSD","markPrice":30209.9,"bid":8634,"ask":49289,
///  "last":49289,"lastTime":"2022-06-17T10:46:35.705Z"},{"symbol":"in_xbtusd","last":21088}]}
/// ```
pub(super) fn prices(asked: Asked<'_>, body: &[u8]) -> Result<Said, VenueError> {
    let mut tickers = Vec::new();
    for row in Cell::whole("tickers", body)?.row()?.rows("tickers")? {
        let symbol = contract(&row.text("symbol")?);
        if symbol.starts_with("IN_") || symbol.starts_with("RR_") || !is_wanted(asked, &symbol) {
            continue;
        }
        tickers.push(Ticker {
            symbol,
            board: Board::Contract,
            last: row.maybe_decimal("last")?,
            bid: row.maybe_decimal("bid")?,
            ask: row.maybe_decimal("ask")?,
            time: row.maybe("lastTime").map_or(Ok(None), Cell::maybe_date)?,
        });
    }
    Ok(Said::Prices(tickers))
}

/// Reads `GET /api/charts/v1/trade/{symbol}/1m`.
///
/// ```json
/// {"candles":[{"time":1645198500000,"open":"309.15","high":"309.15","low":"308.55","close":"308.85","volume":"0"}],
///  "more_candles":true}
/// ```
pub(super) fn klines(body: &[u8]) -> Result<Said, VenueError> {
    let candles = Cell::whole("charts", body)?.row()?.rows("candles")?;
    let klines = candles.into_iter().map(|row| {
        Ok(Kline {
            open_at: row.time("time", Unit::Millis)?,
            open: row.decimal("open")?,
            high: row.decimal("high")?,
            low: row.decimal("low")?,
            close: row.decimal("close")?,
            volume: row.maybe_decimal("volume")?,
        })
    });
    Ok(Said::Klines(klines.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Need, wrong};

    const ASKED: Asked<'_> = Asked {
        need: Need::Fills,
        market: "futures",
        path: "/fills",
        symbol: None,
        currency: None,
        account: None,
    };

    #[test]
    fn fills_in_small_letters_and_of_other_kinds_are_read() {
        let body = br#"{"result":"success","fills":[{"fill_id":"a","symbol":"pi_xbtusd","side":"sell","size":"2E+3",
            "price":4255,"fillTime":"2016-02-25T09:47:01.000Z","fillType":"liquidation","realized_pnl":null}]}"#;
        let Said::Fills(fills) = fills(ASKED, body).unwrap() else { panic!() };
        assert_eq!(
            (fills[0].symbol.as_str(), fills[0].quantity.to_string()),
            ("PI_XBTUSD", "2000".to_owned())
        );
        assert_eq!(fills[0].liquidity, Liquidity::Unknown);
    }

    #[test]
    fn an_execution_is_of_the_order_that_is_ours() {
        let order = |uid: &str, owner: &str, direction: &str| {
            format!(
                r#"{{"uid":"{uid}","accountUid":"{owner}","tradeable":"PI_XBTUSD","direction":"{direction}"}}"#
            )
        };
        let read = |orders: String| {
            let body = format!(
                r#"{{"accountUid":"me","elements":[{{"event":{{"Execution":{{"execution":{{"uid":"e",{orders},
                "timestamp":1604937694000,"quantity":"10","price":"15038.5","executionType":"maker"}}}}}}}}]}}"#
            );
            executions(ASKED, body.as_bytes())
        };
        let both =
            format!(r#""makerOrder":{},"takerOrder":{}"#, order("m", "you", "Buy"), order("t", "me", "Sell"));
        let Ok(Said::Fills(fills)) = read(both) else { panic!() };
        assert_eq!((fills[0].order_id.as_deref(), fills[0].side), (Some("t"), Side::Sell));
        assert_eq!(fills[0].liquidity, Liquidity::Taker);
        let Ok(Said::Fills(fills)) = read(format!(r#""order":{}"#, order("o", "me", "Buy"))) else {
            panic!()
        };
        assert_eq!((fills[0].order_id.as_deref(), fills[0].liquidity), (Some("o"), Liquidity::Maker));
        let neither = format!(r#""makerOrder":{}"#, order("m", "you", "Buy"));
        assert_eq!(read(neither), Err(wrong("executions", "order")));
    }

    #[test]
    fn a_single_collateral_account_is_told_in_its_own_currency() {
        let body = br#"{"result":"success","accounts":{"fi_xbtusd":{"type":"marginAccount","currency":"xbt",
            "balances":{"FI_XBTUSD_171215":50000,"xbt":141.3,"xrp":2},"auxiliary":{"af":100.7,"pv":153.7}}}}"#;
        let Said::Balances(holdings) = balances("futures-fi_xbtusd", body).unwrap() else { panic!() };
        let told: Vec<_> = holdings
            .iter()
            .map(|row| format!("{} {} {}", row.asset, row.free.unwrap(), row.total.unwrap()))
            .collect();
        assert_eq!(told, ["BTC 100.7 153.7", "XRP 2 2"]);
        assert_eq!(balances("futures", body), Ok(Said::Balances(Vec::new())));
    }
}
