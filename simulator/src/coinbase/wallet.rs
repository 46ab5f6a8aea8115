//! The wallets of v2: one for each coin, with its transactions.

use super::{
    Answer, Call,
    book::{Detail, Transaction},
    coins::{Coin, Product},
    ids,
    page::page,
    query::date,
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    world::{asset, price::MINUTE_MS},
};
use serde_json::{Map, Value, json};

pub(super) fn accounts(call: &Call<'_>) -> Answer {
    let all: Vec<Coin> = Coin::held(call.world).collect();
    page(call, "/v2/accounts", all, |coin| coin.wallet(call.world), |coin| account_row(call, *coin))
}

fn account_row(call: &Call<'_>, coin: Coin) -> Value {
    let (id, account) = (coin.wallet(call.world), &call.world.account);
    let there = account.free(coin.name()).plus(account.locked(coin.name()));
    json!({
        "id": id,
        "name": format!("{} Wallet", coin.name()),
        "primary": false,
        "type": "wallet",
        "currency": coin.currency(),
        "balance": money(coin.name(), there),
        "created_at": date(account.opened_ms),
        "updated_at": date(account.updated_ms),
        "resource": "account",
        "resource_path": format!("/v2/accounts/{id}"),
        "allow_deposits": true,
        "allow_withdrawals": true,
    })
}

/// The coin whose wallet stands in the path, by its id or by its name.
fn named(call: &Call<'_>) -> Result<Coin, Refusal> {
    let is_named = |coin: &Coin| coin.name() == call.segment || coin.wallet(call.world) == call.segment;
    Coin::held(call.world).find(is_named).ok_or(Refusal::NotFound)
}

pub(super) fn transactions(call: &Call<'_>) -> Answer {
    let coin = named(call)?;
    let account = format!("/v2/accounts/{}", coin.wallet(call.world));
    let all = call.book.wallets.get(coin.name()).map(Vec::as_slice).unwrap_or_default();
    let is_told = |row: &&Transaction| row.time_ms <= call.now_ms && row.found_ms <= call.now_ms;
    let told: Vec<&Transaction> = all.iter().rev().filter(is_told).collect();
    let row = |one: &&Transaction| transaction_row(call, coin, &account, one);
    page(call, &format!("{account}/transactions"), told, |one| one.id.clone(), row)
}

/// Deposits and withdrawals of money: there is none here, and coins that cross are transactions alone.
pub(super) fn money_moved(call: &Call<'_>) -> Answer {
    let account = format!("/v2/accounts/{}", named(call)?.wallet(call.world));
    page(call, &account, Vec::<Value>::new(), |_| String::new(), Value::clone)
}

fn money(currency: &str, amount: Amount) -> Value {
    json!({ "amount": amount.to_string(), "currency": currency })
}

fn transaction_row(call: &Call<'_>, coin: Coin, account: &str, one: &Transaction) -> Value {
    let mut row = json!({
        "id": one.id,
        "type": one.kind,
        "status": one.status,
        "amount": money(coin.name(), one.amount),
        "native_amount": { "amount": in_dollars(call, coin, one), "currency": "USD" },
        "description": null,
        "created_at": date(one.time_ms),
        "updated_at": date(one.time_ms),
        "resource": "transaction",
        "resource_path": format!("{account}/transactions/{}", one.id),
    });
    if let Some(fields) = row.as_object_mut() {
        tell(call, coin, &one.detail, one.status, fields);
    }
    row
}

/// What it was worth. There is no dollar in this world, and one USDT is one here.
fn in_dollars(call: &Call<'_>, coin: Coin, one: &Transaction) -> String {
    let Some(usdt) = asset("USDT") else { return "0.00".to_owned() };
    let rate = call.world.prices.rate(coin.asset(), usdt, one.time_ms.div_euclid(MINUTE_MS));
    one.amount.times(rate).fixed(2)
}

fn tell(call: &Call<'_>, coin: Coin, detail: &Detail, status: &str, fields: &mut Map<String, Value>) {
    let mut with = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    let on_chain = if status == "completed" { "confirmed" } else { "pending" };
    match detail {
        Detail::None => {}
        Detail::Fill(place) => {
            let Some(fill) = call.book.fills.get(*place) else { return };
            let Some(product) = Product::of(call.world, fill.market) else { return };
            with(
                "advanced_trade_fill",
                json!({
                    "fill_price": fill.price.short(),
                    "product_id": product.id(),
                    "order_id": super::fills::order_id(call.world, fill),
                    "commission": fill.commission.short(),
                    "order_side": if fill.buyer { "buy" } else { "sell" },
                }),
            );
        }
        Detail::Trade(id) => with(
            "trade",
            json!({
                "id": id,
                "fee": money(coin.name(), Amount::ZERO),
                "payment_method_name": format!("{} Wallet", coin.name()),
            }),
        ),
        Detail::Received { network, hash } => {
            with(
                "network",
                json!({ "status": on_chain, "hash": hash, "network_name": network.to_lowercase() }),
            );
            let id = ids::uuid("sender", &[call.world.seed]);
            with("from", json!({ "resource": "address_book", "id": id, "currency": coin.name() }));
        }
        Detail::Sent { network, hash, arrives, fee } => {
            let mut told = json!({
                "status": on_chain,
                "network_name": network.to_lowercase(),
                "transaction_fee": money(coin.name(), *fee),
                "transaction_amount": money(coin.name(), *arrives),
            });
            // What never left has none.
            if let Some(told) = told.as_object_mut().filter(|_| status == "completed") {
                told.insert("hash".to_owned(), Value::from(hash.as_str()));
            }
            with("network", told);
            let address = format!("somewhere-else-{network}");
            with("to", json!({ "resource": "address", "address": address, "currency": coin.name() }));
        }
    }
}
