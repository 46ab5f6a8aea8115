//! The key, balances, the order that waits, and what trading costs.

use super::{
    Answer, Call,
    book::Book,
    names::{self, KINDS, SWAP},
};
use crate::{
    amount::Amount,
    args::Rights,
    world::{
        asset,
        contracts::{ContractMarket, Position},
        market::Asset,
        price::MINUTE_MS,
    },
};
use serde_json::{Value, json};

/// Of coins, maker and taker alike; what is charged is below zero.
const FEE: &str = "-0.001";
/// Of contracts.
const CONTRACT_MAKER: &str = "-0.0002";
const CONTRACT_TAKER: &str = "-0.0005";
/// A third of a position is margin.
const LEVER: i128 = 3;

pub(super) fn config(call: &Call<'_>) -> Answer {
    let perm = match call.rights {
        Rights::Read => "read_only",
        Rights::Trade => "read_only,trade",
        Rights::Withdraw => "read_only,withdraw",
    };
    let uid = call.world.account.uid.to_string();
    Ok(json!([{
        // Coins alone, or futures too.
        "acctLv": if call.world.contracts.is_some() { "2" } else { "1" },
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
        let row = Detail::new(call, coin, held);
        total = total.plus(row.worth);
        details.push(row.told(call));
    }
    let now = call.now_ms.to_string();
    Ok(json!([{
        "adjEq": "", "availEq": "", "borrowFroz": "", "details": details, "imr": "", "isoEq": "", "mgnRatio": "",
        "mmr": "", "notionalUsd": "", "ordFroz": "", "totalEq": total.short(), "uTime": now, "upl": "",
    }])
    .to_string())
}

/// A coin of the trading account.
struct Detail {
    coin: &'static Asset,
    held: Amount,
    ordered: Amount,
    margin: Amount,
    unrealized: Amount,
    worth: Amount,
}

impl Detail {
    fn new(call: &Call<'_>, coin: &'static Asset, held: Amount) -> Self {
        let positions = open(call).filter(|one| one.market.settle == coin.name);
        let (margin, unrealized) = positions
            .fold((Amount::ZERO, Amount::ZERO), |(margin, unrealized), one| {
                (margin.plus(one.margin()), unrealized.plus(one.unrealized()))
            });
        let ordered = call.world.account.locked(coin.name);
        let worth = worth(call, coin, held.plus(unrealized));
        Self { coin, held, ordered, margin, unrealized, worth }
    }

    /// Equity has in it what positions would bring; what is available is that without what is bound. In an account of
    /// coins alone there is no equity to be available.
    fn told(&self, call: &Call<'_>) -> Value {
        let (equity, bound) = (self.held.plus(self.unrealized), self.ordered.plus(self.margin));
        let free = equity.minus(bound).max(Amount::ZERO).short();
        let has_contracts = call.world.contracts.is_some();
        let mut row = json!({
            "availBal": free,
            "availEq": if has_contracts { free.as_str() } else { "" },
            "cashBal": self.held.short(),
            "ccy": self.coin.name,
            "collateralEnabled": false,
            "disEq": self.worth.short(),
            "eq": equity.short(),
            "eqUsd": self.worth.short(),
            "fixedBal": "0",
            "frozenBal": bound.short(),
            "imr": if has_contracts { self.margin.short() } else { String::new() },
            "isoEq": "0",
            "isoUpl": "0",
            "ordFrozen": self.ordered.short(),
            "spotBal": if has_contracts { String::new() } else { self.held.short() },
            "stgyEq": "0",
            "uTime": call.world.account.updated_ms.to_string(),
            "upl": self.unrealized.short(),
        });
        let empty = ["borrowFroz", "crossLiab", "interest", "isoLiab", "liab", "maxLoan", "mgnRatio", "mmr"];
        if let Some(fields) = row.as_object_mut() {
            fields.extend(empty.map(|name| (name.to_owned(), Value::from(""))));
        }
        row
    }
}

/// A position that is open.
struct Open<'a> {
    market: &'a ContractMarket,
    position: Position,
    mark: Amount,
    index: Amount,
    opened_ms: i64,
    updated_ms: i64,
}

impl Open<'_> {
    fn held(&self) -> Amount {
        self.position.quantity.max(self.position.quantity.negative())
    }

    fn margin(&self) -> Amount {
        self.market.value(self.held(), self.mark).over(Amount::of(LEVER, 0))
    }

    fn unrealized(&self) -> Amount {
        self.position.unrealized(self.market, self.mark)
    }
}

fn open<'a>(call: &Call<'a>) -> impl Iterator<Item = Open<'a>> {
    let (world, now_ms) = (call.world, call.now_ms);
    let contracts = world.contracts.iter();
    contracts.flat_map(move |contracts| {
        contracts.traded().enumerate().filter_map(move |(number, (market, fills))| {
            let position = contracts.position(number, now_ms);
            let times = || fills.iter().map(|fill| fill.time_ms).filter(|at_ms| *at_ms <= now_ms);
            position.is_open().then(|| Open {
                market,
                position,
                mark: world.mark_price(market, now_ms),
                index: world.index_price(market, now_ms),
                opened_ms: times().next().unwrap_or_default(),
                updated_ms: times().next_back().unwrap_or_default(),
            })
        })
    })
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
    let kind = call.query.word("instType", &KINDS)?;
    let wanted = call.query.list("instId");
    let rows = open(call).filter(|_| kind.is_none_or(|kind| kind == SWAP)).filter_map(|open| {
        let id = names::contract(open.market);
        let row = position_row(&open, &id);
        Some(row).filter(|_| wanted.as_ref().is_none_or(|wanted| wanted.contains(&id.as_str())))
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

/// In net mode: what is short is below zero.
fn position_row(open: &Open<'_>, id: &str) -> Value {
    let Open { market, position, mark, .. } = open;
    let notional =
        if market.inverse { open.held().times(market.face) } else { market.value(open.held(), *mark) };
    let mut row = json!({
        "adl": "1",
        "avgPx": position.entry_price(market).short(),
        "cTime": open.opened_ms.to_string(),
        "ccy": market.settle,
        "fee": "0",
        "fundingFee": "0",
        "idxPx": open.index.short(),
        "imr": open.margin().short(),
        "instId": id,
        "instType": SWAP,
        "last": mark.short(),
        "lever": LEVER.to_string(),
        "liqPenalty": "0",
        "markPx": mark.short(),
        "mgnMode": "cross",
        "mmr": open.margin().over(Amount::of(10, 0)).short(),
        "notionalUsd": notional.short(),
        "pnl": "0",
        "pos": names::contract_count(market, position.quantity).short(),
        "posId": (1_000_000_000 + open.opened_ms).to_string(),
        "posSide": "net",
        "realizedPnl": "0",
        "tradeId": "",
        "uTime": open.updated_ms.to_string(),
        "upl": open.unrealized().short(),
        "uplRatio": "",
    });
    let empty = ["availPos", "interest", "liab", "liabCcy", "liqPx", "margin", "mgnRatio", "posCcy", "usdPx"];
    if let Some(fields) = row.as_object_mut() {
        fields.extend(empty.map(|name| (name.to_owned(), Value::from(""))));
    }
    row
}

pub(super) fn subaccounts(_: &Call<'_>) -> Answer {
    Ok("[]".to_owned())
}

pub(super) fn trade_fee(call: &Call<'_>) -> Answer {
    call.query.required("instType")?;
    let kind = call.query.word("instType", &KINDS)?;
    if let Some(id) = call.query.text("instId") {
        names::listed(call.world, id)?;
    }
    let (maker, taker) = if kind == Some(SWAP) { (CONTRACT_MAKER, CONTRACT_TAKER) } else { (FEE, FEE) };
    let nothing: [u8; 0] = [];
    Ok(json!([{
        "category": "1",
        "delivery": "",
        "exercise": "",
        "feeGroup": nothing,
        "fiat": nothing,
        "instType": kind,
        "level": "Lv1",
        "maker": maker,
        "makerU": if kind == Some(SWAP) { maker } else { "" },
        "makerUSDC": FEE,
        "ruleType": "normal",
        "taker": taker,
        "takerU": if kind == Some(SWAP) { taker } else { "" },
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
