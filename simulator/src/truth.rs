//! Everything the world was seeded with, for those who check a collection against it. Rows look as the endpoints tell
//! them; nothing is computed from them here.

use crate::{
    rest::{
        balance_rows, convert_row, deposit_row, dividend_row, dust_row, fill_row, symbol_row, withdrawal_row,
    },
    world::{World, price::MINUTE_MS},
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write as _};

/// The document, as of `now_ms`.
pub(crate) fn document(world: &World, now_ms: i64) -> String {
    let account = &world.account;
    let fills: Vec<Value> = world
        .markets
        .iter()
        .zip(&account.fills)
        .flat_map(|(market, fills)| fills.iter().map(|fill| fill_row(&market.symbol, fill)))
        .collect();
    let without_prices = json!({
        "venue": "binance",
        "seed": world.seed,
        "now": now_ms,
        "account": { "uid": account.uid, "opened": account.opened_ms, "types": ["spot"] },
        "symbols": world.markets.iter().map(symbol_row).collect::<Vec<_>>(),
        "fills": fills,
        "deposits": account.deposits.iter().map(deposit_row).collect::<Vec<_>>(),
        "withdrawals": account.withdrawals.iter().map(withdrawal_row).collect::<Vec<_>>(),
        "dust": account.dust.iter().map(dust_row).collect::<Vec<_>>(),
        "converts": account.converts.iter().map(convert_row).collect::<Vec<_>>(),
        "dividends": account.dividends.iter().map(dividend_row).collect::<Vec<_>>(),
        "balances": balance_rows(account, true),
    })
    .to_string();
    // A hundred thousand closes: written, not built first.
    let mut text = without_prices;
    text.truncate(text.len() - 1);
    text.push_str(",\"prices\":");
    write_prices(&mut text, world);
    text.push('}');
    text
}

/// For each market of coins that were ever held: the close of every minute in which something happened.
fn write_prices(text: &mut String, world: &World) {
    let minutes = minutes(world);
    let held = |asset: &str| world.account.ever_held(asset);
    let mut separator = '{';
    for market in world.markets.iter().filter(|market| held(market.base.name) && held(market.quote.name)) {
        let _ = write!(text, "{separator}\"{}\":", market.symbol);
        separator = '{';
        for minute in &minutes {
            let close = world.prices.close_amount(market, *minute);
            let _ = write!(text, "{separator}\"{}\":\"{close}\"", minute * MINUTE_MS);
            separator = ',';
        }
        text.push('}');
        separator = ',';
    }
    text.push('}');
}

fn minutes(world: &World) -> BTreeSet<i64> {
    let account = &world.account;
    let fills = account.fills.iter().flatten().map(|fill| fill.time_ms);
    let flows = account.deposits.iter().map(|deposit| deposit.time_ms);
    let flows = flows.chain(account.withdrawals.iter().map(|withdrawal| withdrawal.time_ms));
    let flows = flows.chain(account.dust.iter().map(|dust| dust.time_ms));
    let flows = flows.chain(account.converts.iter().map(|convert| convert.time_ms));
    let flows = flows.chain(account.dividends.iter().map(|dividend| dividend.time_ms));
    fills.chain(flows).map(|time_ms| time_ms.div_euclid(MINUTE_MS)).collect()
}
