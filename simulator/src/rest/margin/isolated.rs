//! Isolated margin: which pairs there are, and what each holds and owes.

use super::{Answer, Call, Refusal, level, pair_row, row_of, worth};
use crate::{
    amount::Amount,
    world::{
        asset,
        margin::{Held, Margin},
        market::Market,
        price::MINUTE_MS,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const SYMBOLS_MAX: usize = 5;

/// The pairs of the account, with their wallets.
fn pairs<'a>(call: &Call<'a>) -> Vec<(&'a Market, &'a Margin)> {
    let world = call.world;
    let wallets = world.margin.iter().flat_map(|wallets| &wallets.isolated);
    wallets.filter_map(|(index, margin)| Some((world.markets.get(*index)?, margin))).collect()
}

/// What can be traded on isolated margin: what was.
pub(super) fn all_pairs(call: &Call<'_>) -> Answer {
    let rows = pairs(call).into_iter().map(|(market, _)| pair_row(market));
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

/// All pairs with what they are worth together, or those that are asked for.
pub(super) fn account(call: &Call<'_>) -> Answer {
    let symbols = call.params.text("symbols")?.map(|symbols| symbols.split(',').collect::<Vec<_>>());
    if symbols.as_ref().is_some_and(|symbols| symbols.len() > SYMBOLS_MAX) {
        return Err(Refusal::value("symbols"));
    }
    let is_asked = |symbol: &str| symbols.as_ref().is_none_or(|symbols| symbols.contains(&symbol));
    let (mut rows, mut sums) = (Vec::new(), [Amount::ZERO; 2]);
    for (market, margin) in pairs(call).into_iter().filter(|(market, _)| is_asked(&market.symbol)) {
        let held = margin.held(call.world, call.now_ms);
        let [assets, debts] = worth(call, &held);
        sums = [sums[0].plus(assets), sums[1].plus(debts)];
        rows.push(pair(call, market, &held, level(assets, debts)));
    }
    let [assets, debts] = sums;
    Ok(match symbols {
        Some(_) => json!({ "assets": rows }),
        None => json!({
            "assets": rows,
            "totalAssetOfBtc": assets.to_string(),
            "totalLiabilityOfBtc": debts.to_string(),
            "totalNetAssetOfBtc": assets.minus(debts).to_string(),
        }),
    }
    .to_string())
}

fn pair(call: &Call<'_>, market: &Market, held: &BTreeMap<&'static str, Held>, level: Amount) -> Value {
    let minute = call.now_ms.div_euclid(MINUTE_MS);
    let side = |name: &str| {
        let held = held.get(name).copied().unwrap_or_default();
        let rate =
            asset(name).zip(asset("BTC")).map(|(one, bitcoin)| call.world.prices.rate(one, bitcoin, minute));
        let mut row = row_of(name, held);
        if let Value::Object(fields) = &mut row {
            let net = held.net().times(rate.unwrap_or_default());
            fields.insert("netAssetOfBtc".to_owned(), net.to_string().into());
            fields.insert("totalAsset".to_owned(), held.free.to_string().into());
            fields.insert("borrowEnabled".to_owned(), true.into());
            fields.insert("repayEnabled".to_owned(), true.into());
        }
        row
    };
    json!({
        "baseAsset": side(market.base.name),
        "quoteAsset": side(market.quote.name),
        "symbol": market.symbol,
        "isolatedCreated": true,
        "enabled": true,
        "marginLevel": level.to_string(),
        "marginLevelStatus": "EXCESSIVE",
        "marginRatio": "10.00000000",
        "indexPrice": call.world.prices.close_amount(market, minute).to_string(),
        "liquidatePrice": Amount::ZERO.to_string(),
        "liquidateRate": Amount::ZERO.to_string(),
        "tradeEnabled": true,
    })
}
