//! Trades and the ledger.

use super::{
    Answer, Call,
    book::{Entry, Trade},
    names::{Coin, Pair},
    page::{Row as _, object, page, seconds},
    refusal::Refusal,
};
use crate::{amount::Amount, world::World};
use serde_json::{Value, json};

/// How many rows may be asked for by their ids.
const QUERIED_MAX: usize = 20;
const QUANTITY_DECIMALS: usize = 8;

/// What `type` may say of trades. Nobody trades on margin here: there are no positions.
const TRADE_TYPES: [&str; 5] = ["all", "any position", "closed position", "closing position", "no position"];
/// What `type` may say of entries, and what these may be.
const ENTRY_TYPES: [&str; 18] = [
    "all",
    "trade",
    "deposit",
    "withdrawal",
    "transfer",
    "margin",
    "adjustment",
    "rollover",
    "credit",
    "settled",
    "staking",
    "dividend",
    "sale",
    "nft_rebate",
    "spend",
    "receive",
    "earn",
    "conversion",
];

pub(super) fn trades_history(call: &Call<'_>) -> Answer {
    let kind = call.form.word("type", &TRADE_TYPES)?;
    let with_ledgers = call.form.flag("ledgers", false)?;
    call.form.flag("trades", false)?;
    let all =
        if call.form.flag("consolidate_taker", true)? { &call.book.consolidated } else { &call.book.trades };
    let page = page(call, all, |_| ["all", "no position"].contains(&kind))?;
    let rows = page.rows.iter().map(|trade| (trade.id.clone(), trade_row(call.world, trade, with_ledgers)));
    with_count(call, "trades", &object(rows), page.count)
}

pub(super) fn query_trades(call: &Call<'_>) -> Answer {
    let wanted = queried(call, "txid")?;
    let rows = call.book.trades.iter().filter(|trade| wanted.contains(&trade.id()));
    Ok(object(rows.map(|trade| (trade.id.clone(), trade_row(call.world, trade, true)))))
}

pub(super) fn ledgers(call: &Call<'_>) -> Answer {
    let kind = call.form.word("type", &ENTRY_TYPES)?;
    call.form.word("aclass", &["currency"])?;
    let coins = match call.form.list("asset") {
        Some(names) if names != ["all"] => {
            Some(names.into_iter().map(Coin::find).collect::<Result<Vec<_>, _>>()?)
        }
        _ => None,
    };
    let page = page(call, &call.book.entries, |entry| {
        (kind == "all" || kind == entry.kind)
            && coins.as_ref().is_none_or(|coins| coins.iter().any(|coin| coin.name == entry.asset))
    })?;
    let rows = page.rows.iter().map(|entry| (entry.id.clone(), entry_row(entry)));
    with_count(call, "ledger", &object(rows), page.count)
}

pub(super) fn query_ledgers(call: &Call<'_>) -> Answer {
    let wanted = queried(call, "id")?;
    let rows = call.book.entries.iter().filter(|entry| wanted.contains(&entry.id()));
    Ok(object(rows.map(|entry| (entry.id.clone(), entry_row(entry)))))
}

fn queried<'a>(call: &'a Call<'_>, name: &str) -> Result<Vec<&'a str>, Refusal> {
    call.form.list(name).filter(|ids| ids.len() <= QUERIED_MAX).ok_or_else(|| Refusal::arguments(name))
}

fn with_count(call: &Call<'_>, name: &str, rows: &str, count: usize) -> Answer {
    let without = call.form.flag("without_count", false)?;
    let count = if without { String::new() } else { format!(",\"count\":{count}") };
    Ok(format!("{{\"{name}\":{rows}{count}}}"))
}

/// A trade. Its price has the pair's decimals, and more only where it is a mean.
fn trade_row(world: &World, trade: &Trade, with_ledgers: bool) -> Value {
    let pair = Pair::of(world, trade.market);
    let decimals = pair.and_then(|pair| usize::try_from(pair.market.tick).ok()).unwrap_or(0);
    let is_mean = pair.is_some_and(|pair| trade.price != trade.price.floored(pair.market.tick));
    let mut row = json!({
        "ordertxid": trade.order_id,
        "postxid": trade.id,
        "pair": pair.map(Pair::id),
        "time": seconds(trade.time_ms),
        "type": if trade.buyer { "buy" } else { "sell" },
        "ordertype": if trade.maker { "limit" } else { "market" },
        "price": trade.price.fixed(if is_mean { QUANTITY_DECIMALS } else { decimals }),
        "cost": trade.cost.to_string(),
        "fee": trade.fee.to_string(),
        "vol": trade.quantity.fixed(QUANTITY_DECIMALS),
        "margin": Amount::ZERO.fixed(decimals),
        "leverage": "0",
        "misc": "",
        "trade_id": trade.number,
        "maker": trade.maker,
    });
    if let Some(fields) = row.as_object_mut().filter(|_| with_ledgers) {
        fields.insert("ledgers".to_owned(), Value::from(trade.ledgers.clone()));
    }
    row
}

fn entry_row(entry: &Entry) -> Value {
    let coin = Coin::new(entry.asset);
    let text = |amount: Amount| amount.fixed(coin.decimals());
    json!({
        "refid": entry.refid,
        "time": seconds(entry.time_ms),
        "type": entry.kind,
        "subtype": entry.subtype,
        "aclass": "currency",
        "asset": coin.id(),
        "amount": text(entry.amount),
        "fee": text(entry.fee),
        "balance": text(entry.balance),
    })
}
