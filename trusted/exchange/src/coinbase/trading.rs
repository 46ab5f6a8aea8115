//! What was traded, is held and is paid for trading.

use super::money::{asset, maybe_money, money};
use crate::VenueError;
use crate::dialect::{Asked, Board, Cell, Execution, FeeRate, Holding, Listings, Row, Said};
use ledger::{Asset, Decimal, Liquidity, Side};

/// Decimals of a quantity that is worked out of a sum of money, the rest cut off: no coin has more.
const DECIMALS: usize = 18;

/// Reads `GET /api/v3/brokerage/orders/historical/fills`. With `size_in_quote`, `size` is a sum of the quote currency.
///
/// A fill may be adjusted later: a `REVERSAL` undoes one, a `CORRECTION` or `SYNTHETIC` stands in its place, under the
/// same `trade_id`. So these are told by `entry_id` as well, which is unique, and a reversal as what undoes it: traded the
/// other way, its commission given back.
///
/// ```json
/// {"fills":[{"entry_id":"22222-2222222-22222222","trade_id":"1111-11111-111111","order_id":"0000-000000-000000",
///  "trade_time":"2021-05-31T09:59:59Z","trade_type":"FILL","price":"10000.00","size":"0.001","commission":"1.25",
///  "product_id":"BTC-USD","sequence_timestamp":"2021-05-31T09:58:59Z","liquidity_indicator":"MAKER",
///  "size_in_quote":false,"side":"BUY"}],"cursor":"789100"}
/// ```
pub(super) fn fills(asked: Asked<'_>, body: &[u8], listings: &Listings) -> Result<Said, VenueError> {
    let mut fills = Vec::new();
    for row in Cell::whole("fills", body)?.row()?.rows("fills")? {
        let symbol = row.string("product_id")?;
        if asked.symbol.is_some_and(|wanted| wanted != symbol) {
            continue;
        }
        fills.push(fill(&row, symbol, listings)?);
    }
    Ok(Said::Fills(fills))
}

fn fill(row: &Row<'_>, symbol: String, listings: &Listings) -> Result<Execution, VenueError> {
    let trade_id = row.string("trade_id")?;
    let kind = row.maybe_text("trade_type")?;
    let (id, is_undone) = match kind.as_deref() {
        None | Some("FILL") => (trade_id, false),
        Some("CORRECTION" | "SYNTHETIC") => (format!("{trade_id}/{}", row.text("entry_id")?), false),
        Some("REVERSAL") => (format!("{trade_id}/{}", row.text("entry_id")?), true),
        Some(_) => return Err(row.wrong("trade_type")),
    };
    let side = match (&*row.text("side")?.to_ascii_uppercase(), is_undone) {
        ("BUY", false) | ("SELL", true) => Side::Buy,
        ("SELL", false) | ("BUY", true) => Side::Sell,
        _ => return Err(row.wrong("side")),
    };
    let (price, size) = (row.decimal("price")?, row.decimal("size")?);
    let (quantity, cost) = if row.maybe_flag("size_in_quote")?.unwrap_or(false) {
        (worked_out(size, price).ok_or_else(|| row.wrong("size"))?, Some(size))
    } else {
        (size, None)
    };
    let commission = row.maybe_decimal("commission")?.filter(|commission| !commission.is_zero());
    let (board, quote) = place(&symbol, listings);
    let fees = match (commission, quote) {
        (None, _) => Vec::new(),
        (Some(paid), Some(quote)) => vec![(quote, if is_undone { paid.negated() } else { paid })],
        (Some(_), None) => return Err(row.wrong("product_id")),
    };
    Ok(Execution {
        sequence: sequence(row)?,
        id,
        order_id: row.maybe_string("order_id")?,
        symbol,
        board,
        side,
        price,
        quantity,
        cost,
        fees,
        liquidity: match row.maybe_text("liquidity_indicator")?.as_deref() {
            Some("MAKER") => Liquidity::Maker,
            Some("TAKER") => Liquidity::Taker,
            // `UNKNOWN_LIQUIDITY_INDICATOR`, and whatever comes.
            _ => Liquidity::Unknown,
        },
        time: row.date("trade_time")?,
    })
}

/// The place of a fill among those of its instant: `sequence_timestamp`, to the billionth of a second that `trade_time` does
/// not show.
fn sequence(row: &Row<'_>) -> Result<Option<u64>, VenueError> {
    let Some(at) = row.maybe("sequence_timestamp").map_or(Ok(None), Cell::maybe_date)? else {
        return Ok(None);
    };
    let text = row.maybe_text("sequence_timestamp")?.unwrap_or_default();
    let fraction =
        text.split_once('.').map_or("", |(_, rest)| rest).trim_end_matches(|c: char| !c.is_ascii_digit());
    // A zone behind it has digits too: then the millisecond must do.
    let finer =
        fraction.get(3..).filter(|finer| finer.len() <= 6 && finer.bytes().all(|byte| byte.is_ascii_digit()));
    let finer = format!("{:0<6}", finer.unwrap_or_default()).parse::<u64>().ok();
    let millis = u64::try_from(at.millis()).ok().and_then(|millis| millis.checked_mul(1_000_000));
    Ok(millis.zip(finer).and_then(|(millis, finer)| millis.checked_add(finer)))
}

/// `size / price`, cut off.
fn worked_out(size: Decimal, price: Decimal) -> Option<Decimal> {
    let text = size.checked_div(price).ok()?.to_string();
    let Some((whole, fraction)) = text.split_once('.') else { return text.parse().ok() };
    format!("{whole}.{}", fraction.get(..DECIMALS).unwrap_or(fraction)).parse().ok()
}

/// Where a product is traded, and in what: `BTC-USD`, `BIT-28JUL23-CDE` (dollars), `BTC-PERP-INTX` (USDC).
fn place(product: &str, listings: &Listings) -> (Board, Option<Asset>) {
    for board in [Board::Spot, Board::Contract] {
        if let Some(listing) = listings.find(product, board) {
            return (board, Some(listing.quote.clone()));
        }
    }
    let mut parts = product.split('-').skip(1);
    match (parts.next(), parts.next()) {
        (Some(quote), None) => (Board::Spot, Some(asset(quote))),
        (Some(_), Some("CDE")) => (Board::Contract, Some(Asset::from("USD"))),
        (Some(_), Some("INTX")) => (Board::Contract, Some(Asset::from("USDC"))),
        _ => (Board::Spot, None),
    }
}

/// Reads `GET /api/v3/brokerage/accounts`, and `GET /v2/accounts`, which tells no holds. A currency may have several
/// accounts (vaults).
///
/// ```json
/// {"accounts":[{"uuid":"8bfc…","currency":"BTC","available_balance":{"value":"1.23","currency":"BTC"},
///  "type":"ACCOUNT_TYPE_CRYPTO","hold":{"value":"1.23","currency":"BTC"}}],"has_next":false,"cursor":"","size":1}
/// {"data":[{"id":"2bbf…","type":"wallet","balance":{"amount":"39.59000000","currency":"BTC"}}]}
/// ```
pub(super) fn balances(body: &[u8]) -> Result<Said, VenueError> {
    let told = Cell::whole("accounts", body)?.row()?;
    let mut holdings: Vec<Holding> = Vec::new();
    let is_v3 = told.maybe("accounts").is_some();
    for row in told.rows(if is_v3 { "accounts" } else { "data" })? {
        let (asset, free) = money(&row, if is_v3 { "available_balance" } else { "balance" })?;
        let held = maybe_money(&row, "hold")?.map_or(Decimal::ZERO, |(_, held)| held);
        let add = |total: Option<Decimal>, more| {
            let sum = total.unwrap_or_default().checked_add(more);
            sum.map(Some).map_err(|_| row.wrong("available_balance"))
        };
        let at = match holdings.iter().position(|holding| holding.asset == asset) {
            Some(at) => at,
            None => {
                holdings.push(Holding { asset, free: None, used: None, total: None, debt: None });
                holdings.len().saturating_sub(1)
            }
        };
        if let Some(holding) = holdings.get_mut(at) {
            (holding.free, holding.used) = (add(holding.free, free)?, add(holding.used, held)?);
        }
    }
    Ok(Said::Balances(holdings))
}

/// The ids of the accounts in such an answer: their transactions are listed under them.
pub(super) fn wallets(body: &[u8]) -> Result<Vec<String>, VenueError> {
    let told = Cell::whole("accounts", body)?.row()?;
    let is_v3 = told.maybe("accounts").is_some();
    let rows = told.rows(if is_v3 { "accounts" } else { "data" })?;
    rows.iter().map(|row| row.string(if is_v3 { "uuid" } else { "id" })).collect()
}

/// Reads `GET /api/v3/brokerage/transaction_summary`: one tier for all products of the kind that was asked for.
///
/// ```json
/// {"total_volume":0,"total_fees":0,"fee_tier":{"pricing_tier":"Intro 1","taker_fee_rate":"0.012","maker_fee_rate":"0.006"}}
/// ```
pub(super) fn fees(asked: Asked<'_>, body: &[u8], listings: &Listings) -> Result<Said, VenueError> {
    let tier = Cell::whole("transaction_summary", body)?.row()?.row("fee_tier")?;
    let (maker, taker) = (tier.decimal("maker_fee_rate")?, tier.decimal("taker_fee_rate")?);
    let board =
        if matches!(asked.market, "future" | "futures" | "swap") { Board::Contract } else { Board::Spot };
    let rate = |symbol| FeeRate { symbol, board, maker, taker };
    let wanted = |id: &str| asked.symbol.is_none_or(|symbol| symbol == id);
    let listed = listings.on(board).filter(|listing| wanted(&listing.id));
    let rates: Vec<FeeRate> = listed.map(|listing| rate(Some(listing.id.clone()))).collect();
    Ok(Said::Fees(if rates.is_empty() { vec![rate(None)] } else { rates }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Need, wrong};

    const ASKED: Asked<'_> =
        Asked { need: Need::Fills, market: "spot", path: "", symbol: None, currency: None, account: None };

    fn one(fields: &str) -> Result<Execution, VenueError> {
        let body = format!(
            r#"{{"fills":[{{"entry_id":"e","trade_id":"t","order_id":"o","trade_time":"2023-01-18T01:37:38.091377090Z",
            "liquidity_indicator":"UNKNOWN_LIQUIDITY_INDICATOR",{fields}}}],"cursor":""}}"#
        );
        match fills(ASKED, body.as_bytes(), &Listings::default())? {
            Said::Fills(mut fills) => Ok(fills.remove(0)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn fills_of_one_instant_have_an_order() {
        for (at, sequence) in [
            (r#","sequence_timestamp":"2023-01-18T01:37:38.092520Z""#, Some(1_674_005_858_092_520_000)),
            (r#","sequence_timestamp":"2023-01-18T01:37:38.092000007Z""#, Some(1_674_005_858_092_000_007)),
            (r#","sequence_timestamp":"2023-01-18T01:37:38Z""#, Some(1_674_005_858_000_000_000)),
            (r#","sequence_timestamp":"2023-01-18T01:37:38.5+00:00""#, Some(1_674_005_858_500_000_000)),
            ("", None),
        ] {
            let fields = r#""product_id":"BTC-USD","side":"BUY","trade_type":"FILL","price":"3","size":"1""#;
            assert_eq!(one(&format!("{fields}{at}")).unwrap().sequence, sequence, "{at}");
        }
        let odd =
            r#""product_id":"BTC-USD","side":"BUY","price":"3","size":"1","sequence_timestamp":"yesterday""#;
        assert_eq!(one(odd), Err(wrong("fills", "sequence_timestamp")));
    }

    #[test]
    fn a_size_in_quote_becomes_a_quantity() {
        let fill = one(
            r#""product_id":"BTC-USDT","side":"BUY","trade_type":"FILL","price":"3","size":"10","commission":"0.5","size_in_quote":true"#,
        )
        .unwrap();
        assert_eq!(fill.quantity.to_string(), "3.333333333333333333");
        assert_eq!(fill.cost.unwrap().to_string(), "10");
        assert_eq!(fill.fees, [(Asset::from("USDT"), "0.5".parse().unwrap())]);
        assert_eq!((fill.time.millis(), fill.liquidity), (1_674_005_858_091, Liquidity::Unknown));
        let nothing =
            one(r#""product_id":"BTC-USDT","side":"BUY","price":"0","size":"10","size_in_quote":true"#);
        assert_eq!(nothing, Err(wrong("fills", "size")));
    }

    #[test]
    fn a_reversal_undoes_what_it_names() {
        let of = |kind: &str| {
            one(&format!(
                r#""product_id":"BTC-USD","side":"BUY","trade_type":"{kind}","price":"3","size":"1e1","commission":"0.5""#
            ))
        };
        let reversal = of("REVERSAL").unwrap();
        assert_eq!((reversal.id.as_str(), reversal.side), ("t/e", Side::Sell));
        assert_eq!(reversal.fees[0].1.to_string(), "-0.5");
        let correction = of("CORRECTION").unwrap();
        assert_eq!((correction.id.as_str(), correction.side), ("t/e", Side::Buy));
        assert_eq!(of("FILL").unwrap().id, "t");
        assert_eq!(of("SOMETHING"), Err(wrong("fills", "trade_type")));
    }

    #[test]
    fn contracts_are_told_from_coins() {
        let of = |product: &str| {
            one(&format!(
                r#""product_id":"{product}","side":"SELL","price":"3","size":"1","commission":"0.5""#
            ))
            .map(|fill| (fill.board, fill.fees[0].0.as_str().to_owned()))
        };
        assert_eq!(of("BIT-28JUL23-CDE"), Ok((Board::Contract, "USD".to_owned())));
        assert_eq!(of("BTC-PERP-INTX"), Ok((Board::Contract, "USDC".to_owned())));
        assert_eq!(of("ETH-EUR"), Ok((Board::Spot, "EUR".to_owned())));
        assert_eq!(of("ETH"), Err(wrong("fills", "product_id")));
    }

    #[test]
    fn accounts_of_one_currency_add_up() {
        let body = br#"{"accounts":[{"currency":"BTC","available_balance":{"value":"1","currency":"BTC"},"hold":null},
            {"currency":"BTC","available_balance":{"value":"2.5","currency":"BTC"},"hold":{"value":"0.5","currency":"BTC"}}]}"#;
        let Said::Balances(holdings) = balances(body).unwrap() else { panic!() };
        assert_eq!(holdings.len(), 1);
        assert_eq!(
            (holdings[0].free.unwrap().to_string(), holdings[0].used.unwrap().to_string()),
            ("3.5".to_owned(), "0.5".to_owned())
        );
        let celo =
            br#"{"accounts":[{"currency":"CGLD","available_balance":{"value":"4","currency":"CGLD"}}]}"#;
        let Said::Balances(holdings) = balances(celo).unwrap() else { panic!() };
        assert_eq!(holdings[0].asset.as_str(), "CELO", "by its own name");
        let wallets =
            br#"{"pagination":{},"data":[{"id":"x","balance":{"amount":"39.59","currency":"BTC"}}]}"#;
        let Said::Balances(holdings) = balances(wallets).unwrap() else { panic!() };
        assert_eq!(holdings[0].free.unwrap().to_string(), "39.59");
    }
}
