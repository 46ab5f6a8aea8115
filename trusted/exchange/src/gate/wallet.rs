//! What is held, what came in and what went out.

use super::{listed, named, time};
use crate::{
    Crossing, Holding, Status, VenueError,
    dialect::{Cell, Row, one_each},
};
use ledger::{Asset, Decimal};

/// Reads `GET /api/v4/spot/accounts`, `/margin/funding_accounts`, `/margin/accounts` (two sides of a pair each),
/// `/margin/cross/accounts` and `/unified/accounts` (by asset), and `/futures/{settle}/accounts` (one):
///
/// ```json
/// [{"currency":"ETH","available":"968.8","locked":"0","update_id":98}]
/// [{"currency_pair":"DOGE_USDT","base":{"currency":"DOGE","available":"0","locked":"0","borrowed":"0","interest":"0"},
///   "quote":{"currency":"USDT","available":"0.73402","locked":"0","borrowed":"0","interest":"0"}}]
/// {"balances":{"USDT":{"available":"1","freeze":"0","borrowed":"0","interest":"0"}},"total":"1"}
/// {"currency":"USDT","total":"9707.8","unrealised_pnl":"3371.2","position_margin":"38.7","available":"9669.1"}
/// ```
pub(super) fn balances(answer: Cell<'_>) -> Result<Vec<Holding>, VenueError> {
    let mut holdings = Vec::new();
    for row in listed(answer)? {
        if row.has("balances") {
            for (currency, cell) in row.row("balances")?.all() {
                holdings.push(holding(&cell.row()?, named(currency))?);
            }
        } else if row.has("base") {
            for side in ["base", "quote"] {
                let side = row.row(side)?;
                holdings.push(holding(&side, currency(&side)?)?);
            }
        } else {
            holdings.push(holding(&row, currency(&row)?)?);
        }
    }
    one_each(holdings).ok_or_else(|| answer.wrong())
}

fn currency(row: &Row<'_>) -> Result<Asset, VenueError> {
    Ok(named(&row.text("currency")?))
}

fn holding(row: &Row<'_>, asset: Asset) -> Result<Holding, VenueError> {
    Ok(Holding {
        asset,
        free: Some(row.decimal("available")?),
        used: row.maybe_first(&["freeze", "locked"]).map_or(Ok(None), Cell::maybe_decimal)?,
        total: row.maybe_decimal("total")?,
        debt: row.maybe_decimal("borrowed")?,
    })
}

/// Reads `GET /api/v4/wallet/deposits` and `/api/v4/wallet/withdrawals`:
///
/// ```json
/// {"id":"w35874123","currency":"LUFFY","address":"0x3dca…","amount":"1030645.8587","fee":"10000","txid":"0x8f72…",
///  "chain":"ETH","timestamp":"1685619255","status":"DONE","withdraw_order_id":"a","memo":"b"}
/// ```
pub(super) fn crossings(rows: &[Row<'_>], incoming: bool) -> Result<Vec<Crossing>, VenueError> {
    rows.iter().map(|row| crossing(row, incoming)).collect()
}

fn crossing(row: &Row<'_>, incoming: bool) -> Result<Crossing, VenueError> {
    let (id, asset) = (row.maybe_string("id")?, currency(row)?);
    let gross = row.decimal("amount")?;
    // A GateCode is in both lists: its sign says which way it went.
    let code = id.as_deref().is_some_and(|id| id.starts_with('b'));
    let incoming = if code { gross.is_positive() } else { incoming };
    let fee = row.maybe_first(&["fee", "fee_amount"]).map_or(Ok(None), Cell::maybe_decimal)?;
    let taken = if incoming { Decimal::ZERO } else { fee.unwrap_or(Decimal::ZERO) };
    Ok(Crossing {
        id,
        transaction: row.maybe_string("txid")?,
        incoming,
        amount: gross.abs().checked_sub(taken).map_err(|_| row.wrong("amount"))?,
        status: match &*row.text("status")? {
            // A deposit that is credited counts, though it cannot be withdrawn yet.
            "DONE" | "BCODE" | "DEP_CREDITED" => Status::Ok,
            "PEND" | "REQUEST" | "DMOVE" | "MANUAL" | "VERIFY" | "PROCES" | "EXTPEND" | "SPLITPEND"
            | "REVIEW" | "TRACK" => Status::Pending,
            "CANCEL" => Status::Canceled,
            "FAIL" | "INVALID" | "BLOCKED" => Status::Failed,
            other => Status::Other(other.to_owned()),
        },
        time: time(row.cell("timestamp")?)?,
        address: row.maybe_string("address")?,
        tag: row.maybe_string("memo")?,
        network: row.maybe_text("chain")?.map(|chain| chain.to_uppercase()),
        internal: if code { Some(true) } else { None },
        fee: fee.map(|fee| (asset.clone(), fee)),
        asset,
    })
}
