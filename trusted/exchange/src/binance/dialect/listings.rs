//! What is listed: pairs of coins, and contracts.

use crate::{
    VenueError,
    dialect::{Board, Cell, Listing, Row, Said, Unit},
};
use ledger::Decimal;

/// Reads `GET /api/v3/exchangeInfo`, and those of contracts. One of COIN-M stands for so many dollars; one of USD-M for one coin,
/// and what has a multiple in its name is quoted by it. Some that are not traded yet, or no more, have no type; a contract without end
/// is said to end in 2100.
///
/// ```json
/// {"symbols":[{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC"}]}
/// {"symbols":[{"symbol":"BTCUSD_PERP","pair":"BTCUSD","contractType":"PERPETUAL","deliveryDate":4133404800000,
///   "contractSize":100,"baseAsset":"BTC","quoteAsset":"USD","marginAsset":"BTC"}]}
/// ```
pub(super) fn listings(endpoint: &'static str, body: &[u8]) -> Result<Said, VenueError> {
    let rows = Cell::whole(endpoint, body)?.row()?.rows("symbols")?;
    let listings: Result<_, _> = rows.iter().map(|row| listing(endpoint, row)).collect();
    listings.map(Said::Listings)
}

/// When a contract ends that does not.
const NEVER: &str = "4133404800000";

fn listing(endpoint: &'static str, row: &Row<'_>) -> Result<Listing, VenueError> {
    let (id, base, quote) = (row.string("symbol")?, row.asset("baseAsset")?, row.asset("quoteAsset")?);
    if endpoint.starts_with("/api/") {
        return Ok(Listing {
            id,
            board: Board::Spot,
            base,
            quote,
            settle: None,
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        });
    }
    let inverse = endpoint.starts_with("/dapi/");
    let is_perpetual = match row.maybe_text("contractType")? {
        Some(kind) => kind.contains("PERPETUAL"),
        None => row.text("deliveryDate")? == NEVER,
    };
    Ok(Listing {
        id,
        board: Board::Contract,
        settle: Some(row.asset("marginAsset")?),
        contract_size: if inverse { row.decimal("contractSize")? } else { Decimal::ONE },
        inverse,
        expires: if is_perpetual { None } else { Some(row.time("deliveryDate", Unit::Millis)?) },
        base,
        quote,
    })
}
