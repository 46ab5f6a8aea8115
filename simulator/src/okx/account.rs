//! The key, balances, the order that waits, and what trading costs.

use super::{Answer, Call, book::Book, names, names::KINDS};
use crate::{
    amount::Amount,
    args::Rights,
    world::{asset, market::Asset, price::MINUTE_MS},
};
use serde_json::{Value, json};

/// Maker and taker alike; what is charged is below zero.
const FEE: &str = "-0.001";

pub(super) fn config(call: &Call<'_>) -> Answer {
    let perm = match call.rights {
        Rights::Read => "read_only",
        Rights::Trade => "read_only,trade",
        Rights::Withdraw => "read_only,withdraw",
    };
    let uid = call.world.account.uid.to_string();
    Ok(json!([{
        "acctLv": "1",
        "acctStpMode": "cancel_maker",
        "autoLoan": false,
        "ctIsoMode": "automatic",
        "enableSpotBorrow": false,
        "greeksType": "PA",
        "ip": "",
        "kycLv": "2",
        "label": "simulated",
        "level": "Lv1",
        "levelTmp": "",
        "liquidationGear": "-1",
        "mainUid": uid,
        "mgnIsoMode": "automatic",
        "opAuth": "0",
        "perm": perm,
        "posMode": "net_mode",
        "roleType": "0",
        "spotBorrowAutoRepay": false,
        "spotOffsetType": "",
        "spotRoleType": "0",
        "spotTraderInsts": [],
        "stgyType": "0",
        "traderInsts": [],
        "type": "0",
        "uid": uid,
    }])
    .to_string())
}

/// What a coin is worth in dollars; one USDT is one here.
fn worth(call: &Call<'_>, coin: &'static Asset, amount: Amount) -> Amount {
    let usdt = asset("USDT").unwrap_or(coin);
    amount.times(call.world.prices.rate(coin, usdt, call.now_ms.div_euclid(MINUTE_MS)))
}

/// Coins of which there are none are not told.
pub(super) fn balance(call: &Call<'_>) -> Answer {
    let names = call.query.list("ccy");
    let mut total = Amount::ZERO;
    let mut details = Vec::new();
    for coin in names::coins(names.as_deref()) {
        let held = Book::held(&call.book.trading, coin.name).unwrap_or_default();
        if held == Amount::ZERO {
            continue;
        }
        let (bound, dollars) = (call.world.account.locked(coin.name), worth(call, coin, held));
        total = total.plus(dollars);
        details.push(detail(call, coin, (held, bound), dollars));
    }
    let now = call.now_ms.to_string();
    Ok(json!([{
        "adjEq": "", "availEq": "", "borrowFroz": "", "details": details, "imr": "", "isoEq": "", "mgnRatio": "",
        "mmr": "", "notionalUsd": "", "ordFroz": "", "totalEq": total.short(), "uTime": now, "upl": "",
    }])
    .to_string())
}

fn detail(call: &Call<'_>, coin: &Asset, (held, bound): (Amount, Amount), dollars: Amount) -> Value {
    let free = held.minus(bound).short();
    let mut row = json!({
        "availBal": free,
        "availEq": "",
        "cashBal": held.short(),
        "ccy": coin.name,
        "collateralEnabled": false,
        "disEq": dollars.short(),
        "eq": held.short(),
        "eqUsd": dollars.short(),
        "fixedBal": "0",
        "frozenBal": bound.short(),
        "isoEq": "0",
        "isoUpl": "0",
        "ordFrozen": bound.short(),
        "spotBal": held.short(),
        "stgyEq": "0",
        "uTime": call.world.account.updated_ms.to_string(),
        "upl": "0",
    });
    let empty =
        ["borrowFroz", "crossLiab", "imr", "interest", "isoLiab", "liab", "maxLoan", "mgnRatio", "mmr"];
    if let Some(fields) = row.as_object_mut() {
        fields.extend(empty.map(|name| (name.to_owned(), Value::from(""))));
    }
    row
}

pub(super) fn funding_balances(call: &Call<'_>) -> Answer {
    let names = call.query.list("ccy");
    let rows = names::coins(names.as_deref()).filter_map(|coin| {
        let held = Book::held(&call.book.funding, coin.name).filter(|held| held.is_positive())?.short();
        Some(json!({ "availBal": held, "bal": held, "ccy": coin.name, "frozenBal": "0" }))
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

pub(super) fn savings(call: &Call<'_>) -> Answer {
    let wanted = call.query.text("ccy");
    let rows = call.book.savings.iter().filter(|(coin, _)| wanted.is_none_or(|wanted| wanted == *coin));
    let rows = rows.map(|(coin, amount)| {
        json!({
            "amt": amount.short(),
            "ccy": coin,
            "earnings": "0",
            "loanAmt": "0",
            "pendingAmt": amount.short(),
            "rate": "0.01",
            "redemptAmt": "",
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

pub(super) fn positions(call: &Call<'_>) -> Answer {
    call.query.word("instType", &KINDS)?;
    Ok("[]".to_owned())
}

pub(super) fn subaccounts(_: &Call<'_>) -> Answer {
    Ok("[]".to_owned())
}

pub(super) fn trade_fee(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    if let Some(id) = call.query.text("instId") {
        names::market(call.world, id)?;
    }
    let nothing: [u8; 0] = [];
    Ok(json!([{
        "category": "1",
        "delivery": "",
        "exercise": "",
        "feeGroup": nothing,
        "fiat": nothing,
        "instType": kind,
        "level": "Lv1",
        "maker": FEE,
        "makerU": "",
        "makerUSDC": FEE,
        "ruleType": "normal",
        "taker": FEE,
        "takerU": "",
        "takerUSDC": FEE,
        "ts": call.now_ms.to_string(),
    }])
    .to_string())
}

pub(super) fn pending_orders(call: &Call<'_>) -> Answer {
    let kind = call.query.word("instType", &KINDS)?;
    let wanted = call.query.text("instId");
    let order =
        call.world.account.open_order.as_ref().filter(|_| kind.is_none_or(|kind| kind == names::SPOT));
    let row = order.and_then(|order| {
        let instrument = names::instrument(call.world.markets.get(order.market)?);
        let row = json!({
            "accFillSz": "0", "avgPx": "", "cTime": order.time_ms.to_string(), "category": "normal", "ccy": "",
            "clOrdId": "", "fee": "0", "feeCcy": "", "fillPx": "", "fillSz": "0", "fillTime": "",
            "instId": instrument, "instType": names::SPOT, "lever": "", "ordId": order.id.to_string(),
            "ordType": "limit", "pnl": "0", "posSide": "net", "px": order.price.short(), "rebate": "0",
            "rebateCcy": "", "reduceOnly": "false", "side": "buy", "state": "live", "sz": order.quantity.short(),
            "tag": "", "tdMode": "cash", "tgtCcy": "", "tradeId": "", "uTime": order.time_ms.to_string(),
        });
        Some(row).filter(|_| wanted.is_none_or(|wanted| wanted == instrument))
    });
    Ok(Value::from(row.into_iter().collect::<Vec<_>>()).to_string())
}
