//! Prices, candles, fee rates, positions and the clock (https://www.okx.com/docs-v5/en/#order-book-trading-market-data).

use crate::{
    VenueError,
    dialect::{Board, Cell, FeeRate, Kline, Listing, Position, Row, Ticker, Unit, wrong},
};
use ledger::{Asset, Decimal, Side, Timestamp};

use super::{
    answer::{Answer, board},
    endpoint,
};

/// Reads `GET /api/v5/public/instruments`. A contract stands for `ctVal` times `ctMult` of its base, or of its quote where it is
/// inverse. What is announced and not open yet has no coins, and is left out.
///
/// ```json
/// [{"instType":"SPOT","instId":"BTC-USDT","baseCcy":"BTC","quoteCcy":"USDT","settleCcy":"","ctVal":"","state":"live"}]
/// [{"instType":"FUTURES","instId":"BTC-USD-261225","baseCcy":"","quoteCcy":"","uly":"BTC-USD","settleCcy":"BTC",
///   "ctVal":"100","ctMult":"1","ctType":"inverse","expTime":"1798185600000","state":"live"}]
/// ```
pub(super) fn listings(answer: &Answer<'_>) -> Result<Vec<Listing>, VenueError> {
    let mut listings = Vec::new();
    for row in answer.rows()? {
        let id = row.string("instId")?;
        listings.extend(match row.maybe_text("ctVal")? {
            None => coins(&row, id)?,
            Some(_) => contract(&row, id)?,
        });
    }
    Ok(listings)
}

fn coins(row: &Row<'_>, id: String) -> Result<Option<Listing>, VenueError> {
    let (Some(base), Some(quote)) = (row.maybe_text("baseCcy")?, row.maybe_text("quoteCcy")?) else {
        return Ok(None);
    };
    Ok(Some(Listing {
        id,
        board: Board::Spot,
        base: Asset::from(&*base),
        quote: Asset::from(&*quote),
        settle: None,
        contract_size: Decimal::ONE,
        inverse: false,
        expires: None,
    }))
}

fn contract(row: &Row<'_>, id: String) -> Result<Option<Listing>, VenueError> {
    let (Some(underlying), Some(settle)) = (row.maybe_text("uly")?, row.maybe_text("settleCcy")?) else {
        return Ok(None);
    };
    let (base, quote) = underlying.split_once('-').ok_or_else(|| row.wrong("uly"))?;
    let multiplier = row.maybe_decimal("ctMult")?.unwrap_or(Decimal::ONE);
    let contract_size = row.decimal("ctVal")?.checked_mul(multiplier).map_err(|_| row.wrong("ctVal"))?;
    Ok(Some(Listing {
        id,
        board: Board::Contract,
        base: Asset::from(base),
        quote: Asset::from(quote),
        settle: Some(Asset::from(&*settle)),
        contract_size,
        inverse: match row.maybe_text("ctType")?.as_deref() {
            Some("linear") => false,
            Some("inverse") => true,
            // Options have none.
            None => settle == base,
            _ => return Err(row.wrong("ctType")),
        },
        expires: row.maybe_time("expTime", Unit::Millis)?,
    }))
}

/// Reads `GET /api/v5/users/subaccount/list`, from the account above them.
///
/// ```json
/// [{"enable":true,"subAcct":"test-1","uid":"7236","type":"1","label":"","ts":"1597026383085"}]
/// ```
pub(super) fn sub_accounts(answer: &Answer<'_>) -> Result<usize, VenueError> {
    let names = answer.rows()?.iter().map(|row| row.string("subAcct")).collect::<Result<Vec<_>, _>>()?;
    Ok(names.len())
}

/// Reads `GET /api/v5/market/ticker` and `…/tickers`.
///
/// ```json
/// [{"instType":"SWAP","instId":"BTC-USD-SWAP","last":"9999.99","askPx":"9999.99","bidPx":"8888.88","ts":"1597026383085"}]
/// ```
pub(super) fn tickers(answer: &Answer<'_>) -> Result<Vec<Ticker>, VenueError> {
    let read = |row: &Row<'_>| {
        let symbol = row.string("instId")?;
        Ok(Ticker {
            board: board(&symbol),
            symbol,
            last: row.maybe_decimal("last")?,
            bid: row.maybe_decimal("bidPx")?,
            ask: row.maybe_decimal("askPx")?,
            time: row.maybe_time("ts", Unit::Millis)?,
        })
    };
    answer.rows()?.iter().map(read).collect()
}

/// Reads `GET /api/v5/market/candles` and `…/history-candles`, newest first: time of opening, four prices, volume (of
/// contracts their number), volume of base, volume of quote, and whether it is over.
///
/// ```json
/// [["1597026383085","3.721","3.743","3.677","3.708","8422410","22698348.04828491","12698348.04828491","0"]]
/// ```
pub(super) fn klines(answer: &Answer<'_>) -> Result<Vec<Kline>, VenueError> {
    let on = match answer.asked.symbol {
        Some(symbol) => board(symbol),
        None if answer.asked.market == "spot" => Board::Spot,
        None => Board::Contract,
    };
    let read = |row: Cell<'_>| {
        let cells = row.cells()?;
        let [open_at, open, high, low, close, rest @ ..] = cells.as_slice() else {
            return Err(wrong(answer.endpoint, "data"));
        };
        let volume = rest.get(usize::from(on == Board::Contract));
        Ok(Kline {
            open_at: open_at.time(Unit::Millis)?,
            open: open.decimal()?,
            high: high.decimal()?,
            low: low.decimal()?,
            close: close.decimal()?,
            volume: volume.map_or(Ok(None), |cell| cell.maybe_decimal())?,
        })
    };
    answer.data.cells()?.into_iter().map(read).collect()
}

/// Reads `GET /api/v5/account/trade-fee`. What is charged is below zero; contracts that settle in a stablecoin have fields of
/// their own where they differ, and newer answers a list of groups, of which the first is that of what was asked for.
///
/// ```json
/// [{"instType":"SPOT","level":"lv1","maker":"-0.0008","taker":"-0.001","makerU":"","takerU":"","ts":"1608623351857"}]
/// [{"instType":"SWAP","maker":"","taker":"","feeGroup":[{"groupId":"1","maker":"-0.0002","taker":"-0.0005"}]}]
/// ```
pub(super) fn fees(answer: &Answer<'_>) -> Result<Vec<FeeRate>, VenueError> {
    let read = |row: &Row<'_>| {
        let kind = row.maybe_text("instType")?;
        let of_coins = match kind.as_deref() {
            Some(kind) => matches!(kind, "SPOT" | "MARGIN"),
            None => matches!(answer.asked.market, "spot" | "margin"),
        };
        // Of a contract it is what prices are in that tells: `BTC-USDT-SWAP`.
        let settle = answer.asked.symbol.filter(|_| !of_coins).and_then(|symbol| symbol.split('-').nth(1));
        Ok(FeeRate {
            symbol: None,
            board: if of_coins { Board::Spot } else { Board::Contract },
            maker: rate(row, ["maker", "makerU", "makerUSDC"], settle)?,
            taker: rate(row, ["taker", "takerU", "takerUSDC"], settle)?,
        })
    };
    answer.rows()?.iter().map(read).collect()
}

/// By the names of the rate for what is margined in coins, in USDT and in USDC.
fn rate(row: &Row<'_>, names: [&'static str; 3], settle: Option<&str>) -> Result<Decimal, VenueError> {
    let [of_coins, of_usdt, of_usdc] = names;
    let own = match settle {
        Some("USDT") => of_usdt,
        Some("USDC") => of_usdc,
        _ => of_coins,
    };
    for name in [own, of_coins, of_usdt] {
        if let Some(rate) = row.maybe_decimal(name)? {
            return Ok(rate.negated());
        }
    }
    let groups = row.maybe("feeGroup").map_or(Ok(Vec::new()), Cell::rows)?;
    Ok(groups.first().ok_or_else(|| row.wrong(of_coins))?.decimal(of_coins)?.negated())
}

/// Reads `GET /api/v5/account/positions`. In net mode the sign of `pos` is the side. Coins that were borrowed to trade
/// are no contract, and are left out where contracts are asked for; `posCcy` tells which coin such a position holds.
///
/// ```json
/// [{"instType":"FUTURES","instId":"ETH-USD-210430","posSide":"long","pos":"1","avgPx":"2566.31","markPx":"2353.849",
///   "upl":"-0.0000009932766034","cTime":"1619507758793"}]
/// ```
pub(super) fn positions(answer: &Answer<'_>) -> Result<Vec<Position>, VenueError> {
    let mut positions = Vec::new();
    let of_contracts = endpoint::kind(answer.asked.market).is_some_and(|kind| kind != endpoint::MARGIN);
    for row in answer.rows()? {
        let of_coins = row.maybe_text("instType")?.is_some_and(|kind| kind == endpoint::MARGIN);
        if of_coins && of_contracts {
            continue;
        }
        let (symbol, size) = (row.string("instId")?, row.decimal("pos")?);
        let holds_base =
            || Ok::<_, VenueError>(symbol.split('-').next() == row.maybe_text("posCcy")?.as_deref());
        let side = match &*row.text("posSide")? {
            "long" => Some(Side::Buy),
            "short" => Some(Side::Sell),
            _ if size.is_zero() => None,
            _ if of_coins => Some(if holds_base()? { Side::Buy } else { Side::Sell }),
            _ => Some(if size.is_negative() { Side::Sell } else { Side::Buy }),
        };
        positions.push(Position {
            side,
            contracts: size.abs(),
            entry_price: row.maybe_decimal("avgPx")?,
            mark_price: row.maybe_decimal("markPx")?,
            unrealized: row.maybe_decimal("upl")?,
            time: row.maybe_time("cTime", Unit::Millis)?,
            symbol,
        });
    }
    Ok(positions)
}

/// Reads `GET /api/v5/public/time`: `[{"ts":"1597026383085"}]`.
pub(super) fn time(answer: &Answer<'_>) -> Result<Timestamp, VenueError> {
    answer.first()?.time("ts", Unit::Millis)
}
