//! What the account holds, and what its keys may do.

use crate::{
    KeyRights, VenueError, Verdict,
    dialect::{Cell, Holding, Position, Row, Said, rows},
};
use ledger::{Asset, Side};

/// Reads `GET /v2/account`: its cash, which is below zero if it is borrowed. What else it holds are its positions.
///
/// ```json
/// {"id":"e6fe16f3-64a4-4921-8928-cadf02f92f98","status":"ACTIVE","currency":"USD","cash":"-23140.2",
///  "equity":"103820.56","trading_blocked":false,"transfers_blocked":false}
/// ```
pub(super) fn cash(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let row = Cell::whole(endpoint, body)?.row()?;
    let total = Some(row.decimal("cash")?);
    let asset = row.asset("currency")?;
    Ok(Said::Balances(vec![Holding { asset, free: None, used: None, total, debt: None }]))
}

/// Reads `GET /v2/positions` as holdings: shares, and crypto by its own name. What is sold short is below zero.
///
/// ```json
/// [{"asset_id":"904837e3-…","symbol":"AAPL","asset_class":"us_equity","avg_entry_price":"100.0","qty":"5",
///   "qty_available":"4","side":"long","market_value":"600.0","current_price":"120.0","unrealized_pl":"100.0"}]
/// ```
pub(super) fn holdings(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let held: Result<_, _> = rows(endpoint, body)?.iter().map(holding).collect();
    held.map(Said::Balances)
}

fn holding(row: &Row<'_>) -> Result<Holding, VenueError> {
    let symbol = row.text("symbol")?;
    let crypto = row.maybe_text("asset_class")?.as_deref() == Some("crypto");
    let (total, short) = (row.decimal("qty")?, is_short(row)?);
    Ok(Holding {
        asset: Asset::from(if crypto { base(&symbol) } else { &symbol }),
        free: row.maybe_decimal("qty_available")?,
        used: None,
        total: Some(if short { total.abs().negated() } else { total }),
        debt: None,
    })
}

fn is_short(row: &Row<'_>) -> Result<bool, VenueError> {
    Ok(match row.maybe_text("side")?.as_deref() {
        Some("short") => true,
        Some("long") => false,
        None => row.decimal("qty")?.is_negative(),
        Some(_) => return Err(row.wrong("side")),
    })
}

/// What is traded by a pair of crypto: `BTC/USD`, or `BTCUSD` as positions and fees have it.
pub(super) fn base(symbol: &str) -> &str {
    if let Some((base, _)) = symbol.split_once('/') {
        return base;
    }
    let quotes = ["USDT", "USDC", "USD", "BTC"];
    let base = quotes.into_iter().find_map(|quote| symbol.strip_suffix(quote));
    base.filter(|base| !base.is_empty()).unwrap_or(symbol)
}

/// Reads the same list as positions.
pub(super) fn positions(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let open: Result<_, _> = rows(endpoint, body)?.iter().map(position).collect();
    open.map(Said::Positions)
}

fn position(row: &Row<'_>) -> Result<Position, VenueError> {
    let quantity = row.decimal("qty")?;
    let side = if is_short(row)? { Side::Sell } else { Side::Buy };
    Ok(Position {
        symbol: row.string("symbol")?,
        side: (!quantity.is_zero()).then_some(side),
        contracts: quantity.abs(),
        entry_price: row.maybe_decimal("avg_entry_price")?,
        mark_price: row.maybe_decimal("current_price")?,
        unrealized: row.maybe_decimal("unrealized_pl")?,
        time: None,
    })
}

/// A key of Alpaca may always trade: no right of it can be taken away, so it is refused. `trading_blocked` and its like speak
/// of the account.
pub(super) fn rights(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    Cell::whole(endpoint, body)?.row()?.text("id")?;
    Ok(Said::Rights(KeyRights {
        read: true,
        trade: Some(true),
        withdraw: None,
        transfer: None,
        ip_restricted: None,
        verdict: Verdict::Refuse,
    }))
}
