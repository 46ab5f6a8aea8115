//! Balances, positions and fee rates.

use super::{
    instrument::{Kind, board, kind},
    result,
};
use crate::{
    Asked, Board, FeeRate, Holding, Listings, Position, VenueError,
    dialect::{Cell, Row},
};
use ledger::{Decimal, Side};

const SUMMARY: &str = "/api/v2/private/get_account_summary";
const POSITIONS: &str = "/api/v2/private/get_positions";

/// Reads the summaries of all currencies, or of one. What is had is the equity, open profits included, and what is used the
/// margin that keeps positions open: with collateral across currencies they do not add up to each other.
///
/// ```json
/// {"result":{"id":10,"type":"main","summaries":[{"currency":"BTC","balance":302.60065765,"equity":302.61869214,
///  "available_funds":301.38059622,"initial_margin":1.24669592,"maintenance_margin":0.8857841}]}}
/// ```
pub(super) fn balances(body: &[u8]) -> Result<Vec<Holding>, VenueError> {
    let told = result(SUMMARY, body)?.row()?;
    let rows = match told.maybe("summaries") {
        Some(rows) => rows.rows()?,
        None => vec![told],
    };
    let holding = |row: &Row<'_>| {
        Ok(Holding {
            asset: row.asset("currency")?,
            free: Some(row.decimal("available_funds")?),
            used: Some(row.decimal("maintenance_margin")?),
            total: Some(row.decimal("equity")?),
            debt: None,
        })
    };
    rows.iter().map(holding).collect()
}

/// Reads positions, or one. Sizes are of dollars for inverse futures, else of coins, and below zero when they are owed.
///
/// ```json
/// {"result":[{"instrument_name":"BTC-PERPETUAL","kind":"future","direction":"buy","size":50,"size_currency":0.006687487,
///  "average_price":7440.18,"mark_price":7476.65,"floating_profit_loss":0,"total_profit_loss":3.2781e-5}]}
/// ```
pub(super) fn positions(body: &[u8]) -> Result<Vec<Position>, VenueError> {
    let told = result(POSITIONS, body)?;
    let rows = match told.rows() {
        Ok(rows) => rows,
        Err(_) => vec![told.row()?],
    };
    rows.iter().map(position).collect()
}

fn position(row: &Row<'_>) -> Result<Position, VenueError> {
    let size = row.decimal("size")?;
    let side = match &*row.text("direction")? {
        "buy" => Some(Side::Buy),
        "sell" => Some(Side::Sell),
        "zero" => None,
        _ => return Err(row.wrong("direction")),
    };
    Ok(Position {
        symbol: row.string("instrument_name")?,
        side: side.filter(|_| !size.is_zero()),
        contracts: size.abs(),
        entry_price: row.maybe_decimal("average_price")?,
        mark_price: row.maybe_decimal("mark_price")?,
        unrealized: row.maybe_decimal("floating_profit_loss")?,
        time: None,
    })
}

/// Reads the fees in a summary, which are by kind of instrument, for the one that was asked about, or for all that are listed.
/// Without an entry of its own nothing is told of one: the venue's general rate holds.
///
/// ```json
/// {"result":{"currency":"BTC","fees":[{"kind":"perpetual","index_name":"btc_usd","value":{"default":{"type":"fixed",
///  "taker":0.00035,"maker":-0.0001},"block_trade":0.3}}]}}
/// {"result":{"currency":"BTC","fees":[{"currency":"","instrument_type":"perpetual","fee_type":"relative","maker_fee":0,
///  "taker_fee":0}]}}
/// ```
pub(super) fn fees(body: &[u8], asked: Asked<'_>, listings: &Listings) -> Result<Vec<FeeRate>, VenueError> {
    let summary = result(SUMMARY, body)?.row()?;
    let (currency, rows) =
        (summary.maybe_text("currency")?, summary.maybe("fees").map_or(Ok(Vec::new()), Cell::rows)?);
    if let Some(symbol) = asked.symbol {
        return Ok(fee(&rows, symbol)?.into_iter().collect());
    }
    let listed = [Board::Spot, Board::Contract].into_iter().flat_map(|board| listings.on(board));
    let mut rates = Vec::new();
    for listing in listed {
        // A summary is of one currency, and tells the fees of what settles in it.
        let settle = listing.settle.as_ref().unwrap_or(&listing.quote);
        if currency.as_deref().is_none_or(|currency| currency == settle.as_str()) {
            rates.extend(fee(&rows, &listing.id)?);
        }
    }
    Ok(rates)
}

/// That of one instrument.
fn fee(rows: &[Row<'_>], symbol: &str) -> Result<Option<FeeRate>, VenueError> {
    let wanted = match kind(symbol) {
        Kind::Spot => "spot",
        Kind::Perpetual => "perpetual",
        Kind::Future => "future",
        Kind::Option => "option",
    };
    for row in rows {
        let of = row.maybe_text("kind")?.or(row.maybe_text("instrument_type")?);
        if of.as_deref() == Some(wanted) && is_of(row, symbol)? {
            let (maker, taker) = rate(row)?;
            return Ok(Some(FeeRate { symbol: Some(symbol.to_owned()), board: board(symbol), maker, taker }));
        }
    }
    Ok(None)
}

/// `btc_usd` is the index of `BTC-PERPETUAL`, and `sol_usdc` of `SOL_USDC-PERPETUAL`.
fn is_of(row: &Row<'_>, symbol: &str) -> Result<bool, VenueError> {
    let Some(index) = row.maybe_text("index_name")? else { return Ok(true) };
    let about = symbol.split('-').next().unwrap_or(symbol).to_ascii_lowercase();
    Ok(*index == about || *index == format!("{about}_usd"))
}

fn rate(row: &Row<'_>) -> Result<(Decimal, Decimal), VenueError> {
    match row.maybe("value") {
        Some(value) => {
            let told = value.row()?.row("default")?;
            Ok((told.decimal("maker")?, told.decimal("taker")?))
        }
        None => Ok((row.decimal("maker_fee")?, row.decimal("taker_fee")?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Listing, Need, Refusal};
    use ledger::Asset;

    #[test]
    fn one_summary_is_read_like_many() {
        let one =
            "{\"currency\":\"BTC\",\"equity\":2.288e-5,\"available_funds\":3e-4,\"maintenance_margin\":0}";
        let many = format!("{{\"result\":{{\"summaries\":[{one}]}}}}");
        let one = format!("{{\"result\":{one}}}");
        assert_eq!(balances(one.as_bytes()), balances(many.as_bytes()));
        assert_eq!(balances(one.as_bytes()).unwrap()[0].total, Some("0.00002288".parse().unwrap()));
        let wrong = VenueError::Permanent(Refusal::Answer { endpoint: SUMMARY, field: "currency" });
        assert_eq!(balances(b"{\"result\":{}}"), Err(wrong));
    }

    #[test]
    fn a_position_of_nothing_has_no_side() {
        let row = |direction: &str, size: &str| {
            format!(
                "{{\"result\":{{\"instrument_name\":\"BTC-PERPETUAL\",\"direction\":\"{direction}\",\"size\":{size}}}}}"
            )
        };
        let read = |body: String| positions(body.as_bytes()).map(|rows| (rows[0].side, rows[0].contracts));
        assert_eq!(read(row("sell", "-5e1")), Ok((Some(Side::Sell), "50".parse().unwrap())));
        assert_eq!(read(row("zero", "0")), Ok((None, Decimal::ZERO)));
        assert_eq!(read(row("buy", "0")), Ok((None, Decimal::ZERO)));
        assert!(read(row("up", "1")).is_err());
    }

    #[test]
    fn a_fee_is_that_of_the_kind_and_index() {
        let body = b"{\"result\":{\"fees\":[{\"kind\":\"option\",\"index_name\":\"btc_usd\",\"value\":{\"default\":\
            {\"taker\":0.6,\"maker\":0.6}}},{\"kind\":\"perpetual\",\"index_name\":\"eth_usd\",\"value\":{\"default\":\
            {\"taker\":1,\"maker\":1}}},{\"kind\":\"perpetual\",\"index_name\":\"btc_usd\",\"value\":{\"default\":\
            {\"taker\":3.5e-4,\"maker\":-1e-4}}},{\"instrument_type\":\"future\",\"maker_fee\":0,\"taker_fee\":5e-4}]}}";
        let asked =
            |symbol| Asked { need: Need::Fees, market: "", path: "", symbol, currency: None, account: None };
        let fees = |body: &[u8], asked| fees(body, asked, &Listings::default());
        let rate = fees(body, asked(Some("BTC-PERPETUAL"))).unwrap().remove(0);
        assert_eq!((rate.maker, rate.taker), ("-0.0001".parse().unwrap(), "0.00035".parse().unwrap()));
        assert_eq!(fees(body, asked(Some("BTC-27SEP24"))).unwrap()[0].taker, "0.0005".parse().unwrap());
        assert!(fees(body, asked(Some("BTC_USDT"))).unwrap().is_empty());
    }

    #[test]
    fn fees_of_all_that_settles_in_the_currency_are_told_where_nothing_is_asked_about() {
        let listing = |id: &str, settle: &str| Listing {
            id: id.to_owned(),
            board: Board::Contract,
            base: Asset::from("BTC"),
            quote: Asset::from("USD"),
            settle: Some(Asset::from(settle)),
            contract_size: Decimal::ONE,
            inverse: settle == "BTC",
            expires: None,
        };
        let listings = Listings::new([
            listing("BTC-PERPETUAL", "BTC"),
            listing("BTC-27SEP24", "BTC"),
            listing("BTC_USDC-PERPETUAL", "USDC"),
        ]);
        let body = b"{\"result\":{\"currency\":\"BTC\",\"fees\":[{\"instrument_type\":\"perpetual\",\"maker_fee\":-1e-4,\
            \"taker_fee\":5e-4},{\"instrument_type\":\"option\",\"maker_fee\":3e-4,\"taker_fee\":3e-4}]}}";
        let asked =
            Asked { need: Need::Fees, market: "", path: "", symbol: None, currency: None, account: None };
        let told = fees(body, asked, &listings).unwrap();
        assert_eq!(told.len(), 1, "nothing is told of the dated one, and the other settles otherwise");
        assert_eq!(
            (told[0].symbol.as_deref(), told[0].maker),
            (Some("BTC-PERPETUAL"), "-0.0001".parse().unwrap())
        );
    }
}
