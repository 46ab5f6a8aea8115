//! What a spot account traded, holds and pays.

use super::{assets, entries, result};
use crate::VenueError;
use crate::dialect::{Asked, Board, Execution, FeeRate, Holding, Listings, Position, Row, Said, Unit, wrong};
use ledger::{Decimal, Liquidity, Side};

/// Reads `POST /0/private/TradesHistory`. The fee is told in quote, also where it was taken from base: the ledger is
/// exact.
///
/// ```json
/// {"error":[],"result":{"count":1,"trades":{"THVRQM-33VKH-UCI7BS":{"ordertxid":"OQCLML-BW3P3-BUCMWZ",
///  "pair":"XXBTZUSD","time":1688667796.8802,"type":"buy","price":"30010.00000","cost":"600.20000",
///  "fee":"0.00000","vol":"0.02000000","margin":"0.00000","misc":"","trade_id":40274859,"maker":true}}}}
/// ```
pub(super) fn fills(asked: Asked<'_>, body: &[u8], listings: &Listings) -> Result<Said, VenueError> {
    const AT: &str = "TradesHistory";
    let trades = entries(result(AT, body)?.row()?.cell("trades")?)?;
    let wanted = asked.symbol.map(|symbol| assets::pair(symbol, listings).id);
    let mut fills = Vec::with_capacity(trades.len());
    for (id, row) in trades {
        let pair = assets::pair(&row.text("pair")?, listings);
        if wanted.as_ref().is_some_and(|wanted| *wanted != pair.id) {
            continue;
        }
        let fee = row.maybe_decimal("fee")?.filter(|fee| !fee.is_zero());
        let fees = match (fee, pair.quote) {
            (None, _) => Vec::new(),
            (Some(fee), Some(quote)) => vec![(quote, fee)],
            (Some(_), None) => return Err(wrong(AT, "pair")),
        };
        fills.push(Execution {
            sequence: row.maybe_text("trade_id")?.and_then(|number| number.parse().ok()),
            id,
            order_id: row.maybe_string("ordertxid")?,
            symbol: pair.id,
            board: Board::Spot,
            side: side(&row)?,
            price: row.decimal("price")?,
            quantity: row.decimal("vol")?,
            cost: row.maybe_decimal("cost")?,
            fees,
            liquidity: match row.maybe_flag("maker")? {
                Some(true) => Liquidity::Maker,
                Some(false) => Liquidity::Taker,
                None => Liquidity::Unknown,
            },
            time: row.time("time", Unit::Seconds)?,
        });
    }
    Ok(Said::Fills(fills))
}

/// `"type":"buy"`
fn side(row: &Row<'_>) -> Result<Side, VenueError> {
    match &*row.text("type")? {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(row.wrong("type")),
    }
}

/// Reads `POST /0/private/BalanceEx`, and the plain numbers of `Balance`.
///
/// ```json
/// {"error":[],"result":{"ZUSD":{"balance":"25435.21","hold_trade":"8249.76"},"XXBT":{"balance":"1.2435"}}}
/// ```
pub(super) fn balances(body: &[u8]) -> Result<Said, VenueError> {
    const AT: &str = "BalanceEx";
    let told = result(AT, body)?.row()?;
    let mut holdings: Vec<Holding> = Vec::new();
    for (name, cell) in told.all() {
        let (total, used, debt) = match cell.row() {
            Ok(row) => (
                row.decimal("balance")?,
                row.maybe_decimal("hold_trade")?,
                row.maybe_decimal("credit_used")?.filter(|debt| !debt.is_zero()),
            ),
            Err(_) => (cell.decimal()?, None, None),
        };
        let asset = assets::unified(name);
        // An asset may be there under its long and its short name.
        match holdings.iter_mut().find(|holding| holding.asset == asset) {
            None => holdings.push(Holding { asset, free: None, used, total: Some(total), debt }),
            Some(same) => {
                same.total = sum(same.total, Some(total))?;
                same.used = sum(same.used, used)?;
                same.debt = sum(same.debt, debt)?;
            }
        }
    }
    Ok(Said::Balances(holdings))
}

fn sum(a: Option<Decimal>, b: Option<Decimal>) -> Result<Option<Decimal>, VenueError> {
    match (a, b) {
        (Some(a), Some(b)) => a.checked_add(b).map(Some).map_err(|_| wrong("BalanceEx", "balance")),
        (one, other) => Ok(one.or(other)),
    }
}

/// Reads `POST /0/private/TradeVolume`: percents. Pairs without a maker's fee of their own cost a maker the same.
///
/// ```json
/// {"error":[],"result":{"currency":"ZUSD","volume":"200709587.4223","fees":{"XXBTZUSD":{"fee":"0.1000"}},
///  "fees_maker":{"XXBTZUSD":{"fee":"0.0000"}}}}
/// ```
pub(super) fn fees(asked: Asked<'_>, body: &[u8], listings: &Listings) -> Result<Said, VenueError> {
    const AT: &str = "TradeVolume";
    let told = result(AT, body)?.row()?;
    let list = |field| told.maybe(field).map_or(Ok(Vec::new()), entries);
    let (takers, makers) = (list("fees")?, list("fees_maker")?);
    let wanted = asked.symbol.map(|symbol| assets::pair(symbol, listings).id);
    let mut rates = Vec::with_capacity(takers.len());
    for (name, row) in &takers {
        let id = assets::pair(name, listings).id;
        if wanted.as_ref().is_some_and(|wanted| *wanted != id) {
            continue;
        }
        let taker = fraction(row)?;
        let maker =
            makers.iter().find(|(other, _)| other == name).map_or(Ok(taker), |(_, row)| fraction(row))?;
        rates.push(FeeRate { symbol: Some(id), board: Board::Spot, maker, taker });
    }
    Ok(Said::Fees(rates))
}

fn fraction(row: &Row<'_>) -> Result<Decimal, VenueError> {
    let percent = row.decimal("fee")?;
    let hundredth: Decimal = "0.01".parse().map_err(|_| row.wrong("fee"))?;
    percent.checked_mul(hundredth).map_err(|_| row.wrong("fee"))
}

/// Reads `POST /0/private/OpenPositions`: margin positions, one by one under their ids or, consolidated, as a list.
///
/// ```json
/// {"error":[],"result":[{"pair":"ETHUSDT","positions":"1","type":"buy","leverage":"2.00000","cost":"28.49800",
///  "fee":"0.07979","vol":"0.02000000","vol_closed":"0.00000000","margin":"14.24900","net":"-0.0100"}]}
/// ```
pub(super) fn positions(body: &[u8]) -> Result<Said, VenueError> {
    const AT: &str = "OpenPositions";
    let told = result(AT, body)?;
    let rows = match told.rows() {
        Ok(rows) => rows,
        Err(_) => entries(told)?.into_iter().map(|(_, row)| row).collect(),
    };
    let mut positions = Vec::with_capacity(rows.len());
    for row in rows {
        let volume = row.decimal("vol")?;
        let closed = row.maybe_decimal("vol_closed")?.unwrap_or_default();
        let cost = row.maybe_decimal("cost")?;
        positions.push(Position {
            symbol: row.string("pair")?,
            side: Some(side(&row)?),
            contracts: volume.checked_sub(closed).map_err(|_| row.wrong("vol_closed"))?,
            entry_price: cost.and_then(|cost| cost.checked_div(volume).ok()),
            mark_price: None,
            unrealized: net(&row)?,
            time: row.maybe_time("time", Unit::Seconds)?,
        });
    }
    Ok(Said::Positions(positions))
}

/// `"net":"+154186.9728"`: a profit has its sign as well.
fn net(row: &Row<'_>) -> Result<Option<Decimal>, VenueError> {
    let Some(text) = row.maybe_text("net")? else { return Ok(None) };
    let unsigned = text.strip_prefix('+').filter(|rest| rest.starts_with(|char: char| char.is_ascii_digit()));
    unsigned.unwrap_or(&text).parse().map(Some).map_err(|_| row.wrong("net"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Need;
    use ledger::Asset;

    fn amount(asset: &str, text: &str) -> (Asset, Decimal) {
        (Asset::from(asset), text.parse().unwrap())
    }

    const ASKED: Asked<'_> = Asked {
        need: Need::Fills,
        market: "spot",
        path: "/0/private/TradesHistory",
        symbol: None,
        currency: None,
        account: None,
    };

    fn executions(body: &str) -> Vec<Execution> {
        match fills(ASKED, body.as_bytes(), &Listings::default()).unwrap() {
            Said::Fills(fills) => fills,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_older_trade_without_a_maker_and_of_an_unlisted_pair_is_read() {
        let body = r#"{"error":[],"result":{"trades":{"GJ3NYQ-XJRTF-THZABF":{"ordertxid":"TKH2SE-ZIF5E-CFI7LT",
            "pair":"XICNXETH","time":1527213229.4491,"type":"sell","price":"0.001612","cost":"0.025792",
            "fee":"2.6e-5","vol":"16.00000000","margin":"0.000000","misc":"closing"}},"count":9760}}"#;
        let fills = executions(body);
        assert_eq!(fills[0].fees, [amount("ETH", "0.000026")]);
        assert_eq!((fills[0].side, fills[0].liquidity), (Side::Sell, Liquidity::Unknown));
        assert_eq!(fills[0].time.millis(), 1_527_213_229_449);
    }

    #[test]
    fn what_is_missing_is_named() {
        let body = br#"{"error":[],"result":{"trades":{"A":{"pair":"XXBTZUSD","time":1,"type":"hold"}}}}"#;
        let error = fills(ASKED, body, &Listings::default()).unwrap_err();
        assert_eq!(error, wrong("TradesHistory", "type"));
        let nothing = br#"{"error":[],"result":{"trades":[]}}"#;
        assert_eq!(fills(ASKED, nothing, &Listings::default()), Ok(Said::Fills(Vec::new())));
        assert_eq!(fills(ASKED, b"{\"error\":[],\"res", &Listings::default()), Err(VenueError::Retry));
    }

    #[test]
    fn balances_keep_their_suffixes_and_add_up_names_of_one_asset() {
        let body = br#"{"error":[],"result":{"XXBT":{"balance":"1.5","hold_trade":"0.5"},"XBT":{"balance":"1"},
            "XBT.F":{"balance":"0.25","hold_trade":"0"},"ZUSD":{"balance":"10","credit":"5","credit_used":"2"},
            "KFEE":"7.5"}}"#;
        let Said::Balances(holdings) = balances(body).unwrap() else { panic!() };
        let told: Vec<_> = holdings
            .iter()
            .map(|holding| {
                (holding.asset.as_str(), holding.total.unwrap().to_string(), holding.debt.is_some())
            })
            .collect();
        let same = |asset, total: &str, debt| (asset, total.to_owned(), debt);
        assert_eq!(
            told,
            [
                same("BTC", "2.5", false),
                same("BTC.F", "0.25", false),
                same("USD", "10", true),
                same("KFEE", "7.5", false)
            ]
        );
    }

    #[test]
    fn positions_come_in_both_forms() {
        let row = r#"{"pair":"ETHUSDT","type":"sell","cost":"28.498","vol":"0.02","vol_closed":"0.005","net":"-0.01"}"#;
        for result in [format!("[{row}]"), format!("{{\"TGUFMY-FLESJ-VYIX3J\":{row}}}")] {
            let body = format!("{{\"error\":[],\"result\":{result}}}");
            let Said::Positions(positions) = positions(body.as_bytes()).unwrap() else { panic!() };
            assert_eq!(positions[0].side, Some(Side::Sell));
            assert_eq!(positions[0].contracts.to_string(), "0.015");
            assert_eq!(positions[0].entry_price.unwrap().to_string(), "1424.9");
        }
    }

    #[test]
    fn the_profit_of_a_position_has_a_sign_of_either_kind() {
        let read = |net: &str| {
            let body = format!(
                r#"{{"error":[],"result":{{"T":{{"pair":"XXBTZUSD","type":"buy","vol":"1","net":"{net}"}}}}}}"#
            );
            let Said::Positions(positions) = positions(body.as_bytes())? else { panic!() };
            Ok(positions[0].unrealized.map(|net| net.to_string()))
        };
        let told = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(read("+154186.9728"), told("154186.9728"));
        assert_eq!(read("-0.01"), told("-0.01"));
        assert_eq!(read(""), Ok(None));
        for odd in ["++1", "+-1", "+"] {
            assert_eq!(read(odd), Err(wrong("OpenPositions", "net")), "{odd}");
        }
    }
}
