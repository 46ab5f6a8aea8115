//! The key, balances, the order that waits, and what trading costs.

use super::{
    Answer, Call,
    names::{Coin, DOLLAR, Pair},
    page::{object, seconds},
};
use crate::{
    amount::Amount,
    args::Rights,
    world::{asset, price::MINUTE_MS},
};
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
/// Percent, of maker and taker alike.
pub(super) const FEE: &str = "0.1000";

pub(super) fn key_info(call: &Call<'_>) -> Answer {
    let rights: &[&str] = match call.rights {
        Rights::Read => &[],
        Rights::Trade => &["modify-trades", "close-trades"],
        Rights::Withdraw => &["withdraw-funds"],
    };
    let reads = ["query-funds", "query-open-trades", "query-closed-trades", "query-ledger"];
    let permissions: Vec<&str> = reads.iter().chain(rights).copied().collect();
    let opened = call.world.account.opened_ms.div_euclid(1000).to_string();
    Ok(json!({
        "api_key_name": "simulated",
        "api_key": call.keys.key(),
        "nonce": call.keys.last_nonce().to_string(),
        "nonce_window": "0",
        "permissions": permissions,
        // The public number of the account: the same one for all of its keys.
        "iban": format!("AA{:02} N84G {}", call.world.account.uid % 100, call.world.account.uid),
        "valid_until": "0",
        "query_from": "0",
        "query_to": "0",
        "created_time": opened,
        "modified_time": opened,
        "ip_allowlist": [""],
        "last_used": call.now_ms.div_euclid(1000).to_string(),
    })
    .to_string())
}

/// Every coin that was ever here: what is free, and what is held for orders.
fn held(call: &Call<'_>) -> impl Iterator<Item = (Coin, Amount, Amount)> {
    let account = &call.world.account;
    let there = Coin::all().filter(|coin| account.ever_held(coin.name));
    there.map(|coin| (coin, account.free(coin.name), account.locked(coin.name)))
}

pub(super) fn balance(call: &Call<'_>) -> Answer {
    let rows = held(call).map(|(coin, free, locked)| {
        (coin.id().to_owned(), Value::from(free.plus(locked).fixed(coin.decimals())))
    });
    Ok(object(rows))
}

/// The balance has in it what is held for orders.
pub(super) fn balance_extended(call: &Call<'_>) -> Answer {
    let rows = held(call).map(|(coin, free, locked)| {
        let text = |amount: Amount| amount.fixed(coin.decimals());
        (coin.id().to_owned(), json!({ "balance": text(free.plus(locked)), "hold_trade": text(locked) }))
    });
    Ok(object(rows))
}

pub(super) fn open_orders(call: &Call<'_>) -> Answer {
    let order = call.world.account.open_order.as_ref();
    let rows =
        order.and_then(|order| Some((order, Pair::of(call.world, order.market)?))).map(|(order, pair)| {
            let id = super::ids::row('O', &[call.world.seed, order.id]);
            let price = order.price.short();
            let row = json!({
                "refid": null,
                "userref": null,
                "status": "open",
                "opentm": seconds(order.time_ms),
                "starttm": 0,
                "expiretm": 0,
                "descr": {
                    "pair": pair.altname(),
                    "type": "buy",
                    "ordertype": "limit",
                    "price": price,
                    "price2": "0",
                    "leverage": "none",
                    "order": format!("buy {} {} @ limit {price}", order.quantity, pair.altname()),
                    "close": "",
                },
                "vol": order.quantity.to_string(),
                "vol_exec": Amount::ZERO.to_string(),
                "cost": Amount::ZERO.to_string(),
                "fee": Amount::ZERO.to_string(),
                "price": Amount::ZERO.to_string(),
                "stopprice": Amount::ZERO.to_string(),
                "limitprice": Amount::ZERO.to_string(),
                "misc": "",
                "oflags": "fciq",
            });
            (id, row)
        });
    Ok(format!("{{\"open\":{}}}", object(rows.into_iter())))
}

/// Fees are told only for pairs that are asked for.
pub(super) fn trade_volume(call: &Call<'_>) -> Answer {
    let names = call.form.list("pair").unwrap_or_default();
    let pairs = names.into_iter().map(|name| Pair::find(call.world, name)).collect::<Result<Vec<_>, _>>()?;
    let fee = json!({
        "fee": FEE, "minfee": FEE, "maxfee": FEE, "nextfee": null, "nextvolume": null, "tiervolume": "0.0000",
    });
    let fees: Value = pairs.iter().map(|pair| (pair.id(), fee.clone())).collect();
    let currency = Coin::new(DOLLAR);
    let volume = recent_volume(call).fixed(currency.decimals());
    let answer = if pairs.is_empty() {
        json!({ "currency": currency.id(), "volume": volume })
    } else {
        json!({ "currency": currency.id(), "volume": volume, "fees": fees, "fees_maker": fees })
    };
    Ok(answer.to_string())
}

/// What was traded in thirty days, at prices of now.
fn recent_volume(call: &Call<'_>) -> Amount {
    let (world, minute) = (call.world, call.now_ms.div_euclid(MINUTE_MS));
    let Some(usdt) = asset("USDT") else { return Amount::ZERO };
    let of_markets = world.markets.iter().zip(&world.account.fills).map(|(market, fills)| {
        let recent = fills.iter().filter(|fill| fill.time_ms > call.now_ms - 30 * DAY_MS);
        let quote = recent.fold(Amount::ZERO, |sum, fill| sum.plus(fill.quote));
        quote.times(world.prices.rate(market.quote, usdt, minute))
    });
    of_markets.fold(Amount::ZERO, Amount::plus)
}
