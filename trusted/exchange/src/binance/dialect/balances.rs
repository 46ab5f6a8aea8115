//! What the accounts hold. LD* assets of the spot account are Simple Earn positions: they are told as they come.

use super::routes;
use crate::{
    VenueError,
    dialect::{Cell, Holding, Row, Said, rows},
};
use ledger::{Asset, Decimal};
use std::collections::BTreeMap;

pub(super) fn balances(endpoint: &'static str, body: &[u8], market: &str) -> Result<Said, VenueError> {
    let each = |rows: Vec<Row<'_>>, read: fn(&Row<'_>) -> Result<Holding, VenueError>| {
        rows.iter().map(read).collect::<Result<Vec<_>, _>>()
    };
    let held = match endpoint {
        routes::ACCOUNT => each(Cell::whole(endpoint, body)?.row()?.rows("balances")?, spot)?,
        routes::ISOLATED => isolated(&Cell::whole(endpoint, body)?.row()?)?,
        "/sapi/v1/margin/account" => each(Cell::whole(endpoint, body)?.row()?.rows("userAssets")?, margin)?,
        "/papi/v1/balance" => portfolio(endpoint, body, market)?,
        path if path.starts_with("/sapi/") => each(rows(endpoint, body)?, wallet)?,
        path if path.ends_with("/balance") => each(rows(endpoint, body)?, futures)?,
        _ => each(Cell::whole(endpoint, body)?.row()?.rows("assets")?, futures)?,
    };
    Ok(Said::Balances(held))
}

/// Reads a row of `GET /api/v3/account`.
///
/// ```json
/// {"balances":[{"asset":"BTC","free":"4723846.89208129","locked":"0.00000000"}],"uid":354937868}
/// ```
fn spot(row: &Row<'_>) -> Result<Holding, VenueError> {
    Ok(Holding {
        asset: row.asset("asset")?,
        free: Some(row.decimal("free")?),
        used: Some(row.decimal("locked")?),
        total: None,
        debt: None,
    })
}

/// Reads a row of `GET /sapi/v1/margin/account`, or one side of an isolated pair. What is owed is what was borrowed and its
/// interest.
///
/// ```json
/// {"userAssets":[{"asset":"BNB","borrowed":"201.66666672","free":"2346.50000000","interest":"0.00000000",
///  "locked":"0.00000000","netAsset":"2144.83333328"}]}
/// ```
fn margin(row: &Row<'_>) -> Result<Holding, VenueError> {
    let debt = sum(row, "borrowed", &["borrowed", "interest"])?;
    Ok(Holding { debt: Some(debt), ..spot(row)? })
}

/// Reads `GET /sapi/v1/margin/isolated/account`: every pair has an account of its own; an asset is their sum.
///
/// ```json
/// {"assets":[{"baseAsset":{"asset":"BTC","borrowed":"0","free":"0","interest":"0","locked":"0"},
///  "quoteAsset":{"asset":"USDT","borrowed":"0","free":"0","interest":"0","locked":"0"},"symbol":"BTCUSDT"}]}
/// ```
fn isolated(answer: &Row<'_>) -> Result<Vec<Holding>, VenueError> {
    let mut sums: BTreeMap<Asset, [Decimal; 3]> = BTreeMap::new();
    for pair in answer.rows("assets")? {
        for field in ["baseAsset", "quoteAsset"] {
            let held = margin(&pair.row(field)?)?;
            let parts = [held.free, held.used, held.debt];
            let sum = sums.entry(held.asset).or_insert([Decimal::ZERO; 3]);
            for (sum, part) in sum.iter_mut().zip(parts) {
                let part = part.unwrap_or(Decimal::ZERO);
                *sum = sum.checked_add(part).map_err(|_| pair.wrong(field))?;
            }
        }
    }
    let held = |(asset, [free, used, debt]): (Asset, [Decimal; 3])| Holding {
        asset,
        free: Some(free),
        used: Some(used),
        total: None,
        debt: Some(debt),
    };
    Ok(sums.into_iter().map(held).collect())
}

/// The pairs of such an answer: fills and interest are listed under them.
pub(super) fn isolated_pairs(body: &[u8]) -> Result<Vec<String>, VenueError> {
    let pairs = Cell::whole(routes::ISOLATED, body)?.row()?.rows("assets")?;
    pairs.iter().map(|pair| pair.string("symbol")).collect()
}

/// Reads a row of `POST /sapi/v1/asset/get-funding-asset` or `POST /sapi/v3/asset/getUserAsset`.
///
/// ```json
/// [{"asset":"USDT","free":"1","locked":"0","freeze":"0","withdrawing":"0","btcValuation":"0.00000091"}]
/// ```
fn wallet(row: &Row<'_>) -> Result<Holding, VenueError> {
    Ok(Holding {
        asset: row.asset("asset")?,
        free: Some(row.decimal("free")?),
        used: Some(sum(row, "locked", &["locked", "freeze", "withdrawing"])?),
        total: None,
        debt: None,
    })
}

/// Reads a row of an account of contracts, USD-M or COIN-M, or of its list of balances. The total is with what open positions
/// would bring now, where the venue says so; what is free may be more than that, against other assets.
///
/// ```json
/// {"assets":[{"asset":"USDT","walletBalance":"23.72469206","unrealizedProfit":"0.00000000",
///  "marginBalance":"23.72469206","initialMargin":"0.00000000","availableBalance":"23.72469206"}]}
/// [{"accountAlias":"SgsR","asset":"USDT","balance":"122607.35137903","crossWalletBalance":"23.72469206",
///   "crossUnPnl":"0.00000000","availableBalance":"23.72469206","maxWithdrawAmount":"23.72469206"}]
/// ```
fn futures(row: &Row<'_>) -> Result<Holding, VenueError> {
    let total = match row.maybe_decimal("marginBalance")? {
        None => row.decimal("balance")?,
        Some(total) => total,
    };
    Ok(Holding {
        asset: row.asset("asset")?,
        free: row.maybe_decimal("availableBalance")?,
        used: row.maybe_decimal("initialMargin")?,
        total: Some(total),
        debt: None,
    })
}

/// Reads `GET /papi/v1/balance`, a list or, if one asset was asked for, an object: all of a portfolio margin account, or one
/// part of it. `total` is with what is owed in margin; a part is what lies there.
///
/// ```json
/// [{"asset":"USDT","totalWalletBalance":"136.03451668","crossMarginAsset":"30.6003261",
///   "crossMarginBorrowed":"0.00011146","crossMarginFree":"30.6003261","crossMarginInterest":"0.00007902",
///   "crossMarginLocked":"0.0","umWalletBalance":"105.43419058","umUnrealizedPNL":"0.0","cmWalletBalance":"0.0"}]
/// ```
fn portfolio(endpoint: &'static str, body: &[u8], market: &str) -> Result<Vec<Holding>, VenueError> {
    let whole = Cell::whole(endpoint, body)?;
    let rows = whole.rows().or_else(|_| whole.row().map(|row| vec![row]))?;
    rows.iter()
        .map(|row| {
            let nothing =
                Holding { asset: row.asset("asset")?, free: None, used: None, total: None, debt: None };
            let debt =
                Some(sum(row, "crossMarginBorrowed", &["crossMarginBorrowed", "crossMarginInterest"])?);
            Ok(match market {
                "papi-margin" => Holding {
                    free: Some(row.decimal("crossMarginFree")?),
                    used: Some(row.decimal("crossMarginLocked")?),
                    total: Some(row.decimal("crossMarginAsset")?),
                    debt,
                    ..nothing
                },
                "papi-um" => Holding { total: Some(row.decimal("umWalletBalance")?), ..nothing },
                "papi-cm" => Holding { total: Some(row.decimal("cmWalletBalance")?), ..nothing },
                _ => Holding { total: Some(row.decimal("totalWalletBalance")?), debt, ..nothing },
            })
        })
        .collect()
}

/// The sum of those fields that are there; the first must be.
fn sum(row: &Row<'_>, first: &'static str, fields: &[&'static str]) -> Result<Decimal, VenueError> {
    row.cell(first)?;
    fields.iter().try_fold(Decimal::ZERO, |sum, field| {
        let part = row.maybe_decimal(field)?.unwrap_or(Decimal::ZERO);
        sum.checked_add(part).map_err(|_| row.wrong(field))
    })
}
