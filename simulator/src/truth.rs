//! Everything the world was seeded with, for those who check a collection against it. Rows look as the endpoints tell
//! them; nothing is computed from them here.

use crate::{
    rest::{
        FillRow, balance_rows, convert_row, deposit_row, dividend_row, dust_row, interest_row, loan_row,
        symbol_row, withdrawal_row,
    },
    world::{
        World,
        contracts::{ContractFill, ContractMarket, Contracts, WalletTransfer},
        margin::Margin,
        price::MINUTE_MS,
    },
};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

const DAY_MS: i64 = 86_400_000;

/// The document, as of `now_ms`.
pub(crate) fn document(world: &World, now_ms: i64) -> String {
    let account = &world.account;
    let fills: Vec<FillRow<'_>> = world
        .markets
        .iter()
        .zip(&account.fills)
        .flat_map(|(market, fills)| fills.iter().map(|fill| FillRow::of(&market.symbol, fill)))
        .collect();
    let mut without_prices = json!({
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
    });
    if let (Some(contracts), Some(rows)) = (&world.contracts, without_prices.as_object_mut()) {
        rows.insert("contracts".to_owned(), contract_rows(world, contracts, now_ms));
    }
    if let (Some(wallets), Some(rows)) = (&world.margin, without_prices.as_object_mut()) {
        rows.insert("margin".to_owned(), margin_rows(world, &wallets.cross, None, now_ms));
        let isolated = wallets.isolated.iter().filter_map(|(index, margin)| {
            let symbol = world.markets.get(*index)?.symbol.as_str();
            Some((symbol.to_owned(), margin_rows(world, margin, Some(symbol), now_ms)))
        });
        rows.insert("isolated".to_owned(), Value::Object(isolated.collect()));
    }
    // A hundred thousand closes: written, not built first.
    let mut text = without_prices.to_string();
    text.truncate(text.len() - 1);
    text.push_str(",\"prices\":");
    let minutes = minutes(world, now_ms);
    write_closes(&mut text, world, &minutes.iter().map(|minute| (*minute, *minute)).collect::<Vec<_>>());
    text.push_str(",\"days\":");
    write_closes(&mut text, world, &days(world, now_ms));
    text.push('}');
    text
}

/// The derivatives side, in words of no venue: amounts above zero are received, but for fees.
fn contract_rows(world: &World, contracts: &Contracts, now_ms: i64) -> Value {
    let fill = |market: &ContractMarket, fill: &ContractFill| {
        json!({
            "symbol": market.symbol, "id": fill.id, "sequence": fill.sequence, "order_id": fill.order_id,
            "time": fill.time_ms, "buyer": fill.buyer, "maker": fill.maker, "price": fill.price.short(),
            "quantity": fill.quantity.short(), "realized": fill.realized.short(), "fee": fill.fee.short(),
            "asset": market.settle, "liquidation": fill.liquidation,
        })
    };
    let fills: Vec<Value> = contracts
        .traded()
        .flat_map(|(market, fills)| fills.iter().map(move |one| fill(market, one)))
        .collect();
    let funding = contracts.funding_until(now_ms).iter().filter_map(|payment| {
        let market = contracts.markets.get(payment.market)?;
        Some(json!({
            "symbol": market.symbol, "asset": market.settle, "id": payment.id, "time": payment.time_ms,
            "rate": payment.rate.short(), "mark": payment.mark.short(), "quantity": payment.quantity.short(),
            "amount": payment.amount.short(),
        }))
    });
    let transfers = contracts.transfers.iter().map(transfer_row);
    let positions = contracts.markets.iter().enumerate().map(|(index, market)| {
        let position = contracts.position(index, now_ms);
        let mark = world.mark_price(market, now_ms);
        json!({
            "symbol": market.symbol, "base": market.base, "quote": market.quote, "settle": market.settle,
            "quantity": position.quantity.short(), "cost": position.cost.short(),
            "entry": position.entry_price(market).short(),
            "mark": mark.short(), "unrealized": position.unrealized(market, mark).short(),
        })
    });
    let wallets = ["USDT", "BTC"].map(|asset| (asset, contracts.wallet(asset, now_ms).short()));
    json!({
        "fills": fills,
        "funding": funding.collect::<Vec<_>>(),
        "transfers": transfers.collect::<Vec<_>>(),
        "positions": positions.collect::<Vec<_>>(),
        "wallets": BTreeMap::from(wallets),
    })
}

/// A margin wallet, which this venue alone tells of, and what was deposited for it and withdrawn after it.
fn margin_rows(world: &World, margin: &Margin, pair: Option<&str>, now_ms: i64) -> Value {
    let fills = margin.fills.iter().flat_map(|(index, fills)| {
        let symbol = world.markets.get(*index).map_or("", |market| market.symbol.as_str());
        fills.iter().map(move |fill| json!(FillRow::of(symbol, fill)))
    });
    let loans = margin.loans.iter().map(|loan| with_way(loan_row(loan, pair), loan.repaid));
    let interest = margin.interest_until(now_ms).iter().map(|interest| interest_row(interest, pair));
    let held = margin.held(world, now_ms).into_iter().map(|(asset, held)| {
        let (free, borrowed, interest) = (held.free.short(), held.borrowed.short(), held.interest.short());
        json!({ "asset": asset, "free": free, "borrowed": borrowed, "interest": interest, "net": held.net().short() })
    });
    json!({
        "fills": fills.collect::<Vec<_>>(),
        "deposits": margin.deposits.iter().map(deposit_row).collect::<Vec<_>>(),
        "withdrawals": margin.withdrawals.iter().map(withdrawal_row).collect::<Vec<_>>(),
        "transfers": margin.transfers.iter().map(transfer_row).collect::<Vec<_>>(),
        "between": margin.between.iter().map(transfer_row).collect::<Vec<_>>(),
        "loans": loans.collect::<Vec<_>>(),
        "interest": interest.collect::<Vec<_>>(),
        "held": held.collect::<Vec<_>>(),
    })
}

fn with_way(mut loan: Value, repaid: bool) -> Value {
    if let Value::Object(fields) = &mut loan {
        fields.insert("repaid".to_owned(), repaid.into());
    }
    loan
}

fn transfer_row(moved: &WalletTransfer) -> Value {
    json!({
        "id": moved.id, "time": moved.time_ms, "asset": moved.asset, "amount": moved.amount.short(),
        "inward": moved.inward,
    })
}

/// For each market of coins that were ever held: by where a candle opens, its close, which is that of its last minute in
/// which the market traded. A candle in which it did not trade does not exist.
fn write_closes(text: &mut String, world: &World, candles: &[(i64, i64)]) {
    let held = |asset: &str| world.account.ever_held(asset);
    let mut separator = '{';
    for market in world.markets.iter().filter(|market| held(market.base.name) && held(market.quote.name)) {
        let _ = write!(text, "{separator}\"{}\":", market.symbol);
        separator = '{';
        for (first, last) in candles {
            let traded = market.minutes(world.seed, *first, last + 1);
            let Some(minute) = traded.last().map(|span| span.end - 1) else { continue };
            let close = world.prices.close_amount(market, minute);
            let _ = write!(text, "{separator}\"{}\":\"{close}\"", first * MINUTE_MS);
            separator = ',';
        }
        text.push_str(if separator == '{' { "{}" } else { "}" });
        separator = ',';
    }
    text.push('}');
}

/// The first and the last minute of every day that is over, from the one before the account was opened.
fn days(world: &World, now_ms: i64) -> Vec<(i64, i64)> {
    let opened = world.account.opened_ms.div_euclid(DAY_MS);
    let minutes = DAY_MS / MINUTE_MS;
    (opened - 1..now_ms.div_euclid(DAY_MS)).map(|day| (day * minutes, (day + 1) * minutes - 1)).collect()
}

/// The minutes in which something happened, and those of the last hour.
fn minutes(world: &World, now_ms: i64) -> BTreeSet<i64> {
    let account = &world.account;
    let fills = account.fills.iter().flatten().map(|fill| fill.time_ms);
    let flows = account.deposits.iter().map(|deposit| deposit.time_ms);
    let flows = flows.chain(account.withdrawals.iter().map(|withdrawal| withdrawal.time_ms));
    let flows = flows.chain(account.dust.iter().map(|dust| dust.time_ms));
    let flows = flows.chain(account.converts.iter().map(|convert| convert.time_ms));
    let flows = flows.chain(account.dividends.iter().map(|dividend| dividend.time_ms));
    let now = now_ms.div_euclid(MINUTE_MS);
    fills.chain(flows).map(|time_ms| time_ms.div_euclid(MINUTE_MS)).chain(now - 60..=now).collect()
}
