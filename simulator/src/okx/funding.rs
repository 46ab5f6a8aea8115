//! Deposits, withdrawals and conversions. They are kept for ever.

use super::{
    Answer, Call, names,
    page::{By, Row, page, told},
};
use crate::{
    amount::Amount,
    random::{hash, name},
    world::account::{Convert, Deposit, Withdrawal},
};
use serde_json::{Value, json};

impl Row for Deposit {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }
}

impl Row for Withdrawal {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }
}

impl Row for Convert {
    fn time_ms(&self) -> i64 {
        self.time_ms
    }
}

/// By their time, whatever was put down first.
fn in_order<T: Row>(all: &[T]) -> impl DoubleEndedIterator<Item = &T> {
    let mut all: Vec<&T> = all.iter().collect();
    all.sort_by_key(|one| one.time_ms());
    all.into_iter()
}

pub(super) fn deposits(call: &Call<'_>) -> Answer {
    let is = |name: &str, value: &str| call.query.text(name).is_none_or(|wanted| wanted == value);
    let rows = page(call, in_order(&call.world.account.deposits), (By::Time, 0), |deposit| {
        is("ccy", deposit.asset.name)
            && is("depId", &deposit.id.to_string())
            && is("txId", &deposit.transaction)
            && is("state", deposit_state(deposit))
    })?;
    Ok(told(rows, |deposit| {
        json!({
            "actualDepBlkConfirm": "12",
            "amt": deposit.amount.short(),
            "areaCodeFrom": "",
            "ccy": deposit.asset.name,
            "chain": names::chain(deposit.asset),
            "depId": deposit.id.to_string(),
            "from": "",
            "fromWdId": "",
            "state": deposit_state(deposit),
            "to": format!("0x{:0>40}", deposit.id),
            "ts": deposit.time_ms.to_string(),
            "txId": deposit.transaction,
        })
    }))
}

/// 0 waits for confirmations, 1 is credited and must not leave yet, 2 is done.
const fn deposit_state(deposit: &Deposit) -> &'static str {
    match deposit.status {
        0 => "0",
        6 => "1",
        _ => "2",
    }
}

/// The number of a withdrawal: the rest of the world has letters in it.
fn withdrawal_id(withdrawal: &Withdrawal) -> String {
    (hash(&[name("withdrawal"), name(&withdrawal.id)]) % 1_000_000_000_000).to_string()
}

/// -2 was cancelled, -1 failed, 2 was sent.
const fn withdrawal_state(withdrawal: &Withdrawal) -> &'static str {
    match withdrawal.status {
        1 => "-2",
        6 => "2",
        _ => "-1",
    }
}

pub(super) fn withdrawals(call: &Call<'_>) -> Answer {
    let is = |name: &str, value: &str| call.query.text(name).is_none_or(|wanted| wanted == value);
    let rows = page(call, in_order(&call.world.account.withdrawals), (By::Time, 0), |withdrawal| {
        is("ccy", withdrawal.asset.name)
            && is("wdId", &withdrawal_id(withdrawal))
            && is("state", withdrawal_state(withdrawal))
    })?;
    Ok(told(rows, |withdrawal| {
        json!({
            "addrEx": null,
            "amt": withdrawal.amount.short(),
            "areaCodeFrom": "",
            "areaCodeTo": "",
            "ccy": withdrawal.asset.name,
            "chain": names::chain(withdrawal.asset),
            "clientId": "",
            "fee": withdrawal.fee.short(),
            "feeCcy": withdrawal.asset.name,
            "from": "",
            "nonTradableAsset": false,
            "note": "",
            "state": withdrawal_state(withdrawal),
            "to": format!("somewhere-else-{}", withdrawal.asset.network),
            "ts": withdrawal.time_ms.to_string(),
            "txId": if withdrawal.status == 6 { withdrawal.transaction.as_str() } else { "" },
            "wdId": withdrawal_id(withdrawal),
        })
    }))
}

pub(super) fn conversions(call: &Call<'_>) -> Answer {
    let rows = page(call, in_order(&call.world.account.converts), (By::Time, 0), |_| true)?;
    Ok(told(rows, conversion_row))
}

/// The stablecoin of a pair is its quote, else bitcoin is. Whoever gives the quote buys.
fn conversion_row(convert: &Convert) -> Value {
    let rank = |coin: &str| ["BTC", "FDUSD", "USDT"].iter().position(|quote| *quote == coin);
    let (from, to) = ((convert.from, convert.from_amount), (convert.to, convert.to_amount));
    let buys = rank(from.0) > rank(to.0);
    let (base, quote) = if buys { (to, from) } else { (from, to) };
    let size = |amount: Amount| if convert.success { amount.short() } else { "0".to_owned() };
    json!({
        "tradeId": format!("trader{}", convert.order_id),
        "clTReqId": "",
        "instId": format!("{}-{}", base.0, quote.0),
        "side": if buys { "buy" } else { "sell" },
        "baseCcy": base.0,
        "quoteCcy": quote.0,
        "fillPx": quote.1.over(base.1).short(),
        "fillBaseSz": size(base.1),
        "fillQuoteSz": size(quote.1),
        "state": if convert.success { "fullyFilled" } else { "rejected" },
        "ts": convert.time_ms.to_string(),
    })
}
