//! An account at the desk, and what was told of one.

use super::{Asked, DAY_MS, DEPOSITS, Desk, Mangle, NOW_MS, fill};
use exchange::{Finding, Movement, MovementKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const MARKETS: [[&str; 3]; 6] = [
    ["BTCUSDT", "BTC", "USDT"],
    ["BNBUSDT", "BNB", "USDT"],
    ["ETHUSDT", "ETH", "USDT"],
    ["ETHBTC", "ETH", "BTC"],
    ["LDOUSDT", "LDO", "USDT"],
    ["XYZETH", "XYZ", "ETH"],
];

pub(crate) fn balance(asset: &str, free: &str) -> [String; 3] {
    [asset, free, "0"].map(str::to_owned)
}

/// Symbol and id of all fills, in the order told.
pub(crate) fn fills(found: &[Finding]) -> Vec<(String, String)> {
    let told = found.iter().filter_map(|finding| match finding {
        Finding::Fills(fills) => {
            Some(fills.iter().map(|fill| (fill.symbol.to_string(), fill.id.to_string())))
        }
        _ => None,
    });
    told.flatten().collect()
}

pub(crate) fn fill_set(found: &[Finding]) -> BTreeSet<(String, String)> {
    fills(found).into_iter().collect()
}

pub(crate) fn movements(found: &[Finding]) -> BTreeMap<(MovementKind, String), Movement> {
    let told = found.iter().filter_map(|finding| match finding {
        Finding::Movement(movement) => Some(((movement.kind, movement.id.clone()), movement.clone())),
        _ => None,
    });
    told.collect()
}

pub(crate) fn unread(found: &[Finding]) -> Vec<String> {
    let told = found.iter().filter_map(|finding| match finding {
        Finding::Unread { what, why } => Some(format!("{what}: {why}")),
        _ => None,
    });
    told.collect()
}

pub(crate) fn deposit(id: &str, at_ms: i64, coin: &str, amount: &str) -> (i64, Value) {
    (
        at_ms,
        json!({ "id": id, "amount": amount, "coin": coin, "status": 1, "insertTime": at_ms, "txId": "x", "walletType": 0 }),
    )
}

/// An account that deposited dollars and bought coins for them, so many a minute apart.
pub(crate) fn trader(count: u64, step_ms: i64) -> Desk {
    let mut desk = Desk::new(&MARKETS);
    let first_ms = NOW_MS - 30 * DAY_MS;
    desk.fills = (0..count)
        .map(|id| fill("BTCUSDT", 100 + id, first_ms + step_ms * i64::try_from(id).unwrap(), "1", "2"))
        .collect();
    desk.lists.insert(DEPOSITS, vec![deposit("d1", first_ms - DAY_MS, "USDT", "1000000")]);
    settle(&mut desk);
    desk
}

/// Sets the balances so that the books add up: deposits in dollars, fills of coins for dollars at two each.
pub(crate) fn settle(desk: &mut Desk) {
    let bought = u64::try_from(desk.fills.len()).unwrap();
    desk.balances =
        vec![balance("BTC", &bought.to_string()), balance("USDT", &(1_000_000 - 2 * bought).to_string())];
}

/// Rows twice, in another order, and late: what venues were seen to do.
pub(crate) fn disorder(seed: u64) -> Mangle {
    let mut state = seed;
    let mut below = move |limit: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % limit.max(1)
    };
    Box::new(move |asked: &Asked, rows: &mut Vec<Value>| {
        let limit = asked.number("limit").map_or(100, |limit| usize::try_from(limit).unwrap());
        for at in (1..rows.len()).rev() {
            rows.swap(at, below(at + 1));
        }
        for _ in 0..below(4) {
            if let Some(row) = rows.get(below(rows.len())).filter(|_| rows.len() < limit).cloned() {
                rows.insert(below(rows.len()), row);
            }
        }
    })
}
