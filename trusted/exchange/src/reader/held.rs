//! What is held, in one form.

use super::{Markets, Plan, symbol};
use crate::{Balance, Board, Holding, Position};
use ledger::{Asset, Decimal, Side, Symbol};
use std::collections::BTreeMap;

/// What is held of each asset. `None`: it does not add up to a number.
pub(super) fn balances(plan: &dyn Plan, rows: Vec<Holding>) -> Option<Vec<Balance>> {
    let mut held: BTreeMap<Asset, (Decimal, Decimal)> = BTreeMap::new();
    for row in rows {
        let (free, bound) = amounts(&row)?;
        let sums = held.entry(plan.own_asset(row.asset)).or_default();
        *sums = (sums.0.checked_add(free).ok()?, sums.1.checked_add(bound).ok()?);
    }
    let each = held.into_iter().map(|(asset, (free, locked))| Balance { asset, free, locked });
    Some(each.collect())
}

/// What is free and what is bound; what is owed is not had. `None`: it does not add up to a number.
fn amounts(row: &Holding) -> Option<(Decimal, Decimal)> {
    let less = |a: Decimal, b: Decimal| a.checked_sub(b).ok();
    let (free, bound) = match (row.free, row.used, row.total) {
        (Some(free), Some(used), _) => (free, used),
        (Some(free), None, Some(total)) => (free, less(total, free)?),
        (None, Some(used), Some(total)) => (less(total, used)?, used),
        (Some(all), None, None) | (None, None, Some(all)) => (all, Decimal::ZERO),
        (None, used, None) => (Decimal::ZERO, used.unwrap_or_default()),
    };
    Some((less(free, row.debt.unwrap_or_default())?, bound))
}

/// Open contracts by our names, above zero where they are held. What is not listed goes by the venue's name.
pub(super) fn open_positions(rows: Vec<Position>, markets: &Markets) -> Vec<(Symbol, Decimal)> {
    let mut open: BTreeMap<Symbol, Decimal> = BTreeMap::new();
    for Position { symbol: id, side, contracts, .. } in rows {
        let listed = markets.listings().find(&id, Board::Contract);
        let symbol = listed.map_or_else(|| Symbol::from(id.as_str()), symbol);
        let signed = match side {
            Some(Side::Buy) => contracts,
            Some(Side::Sell) => contracts.negated(),
            None => continue,
        };
        let held = open.entry(symbol).or_default();
        // In hedge mode there may be both.
        *held = held.checked_add(signed).unwrap_or(*held);
    }
    open.into_iter().filter(|(_, held)| !held.is_zero()).collect()
}
