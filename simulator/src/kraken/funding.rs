//! Deposits and withdrawals as lists of what is recent: ninety days, and no further back. The ledger has all of them.

use super::{
    Answer, Call,
    book::{deposit_id, withdrawal_id},
    names::Coin,
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    faults::disturb,
    world::account::{Deposit, Withdrawal},
};
use serde_json::{Value, json};

const ROWS: usize = 25;
const ROWS_MAX: usize = 500;
const RECENT_MS: i64 = 90 * 86_400_000;

/// One of them, as far as lists care.
struct Payment {
    refid: String,
    time_ms: i64,
    asset: &'static str,
    method: &'static str,
    row: Value,
}

pub(super) fn deposit_status(call: &Call<'_>) -> Answer {
    let all = call.world.account.deposits.iter().map(|deposit| deposit_of(call.world.seed, deposit));
    listed(call, "deposit", all.collect())
}

pub(super) fn withdraw_status(call: &Call<'_>) -> Answer {
    let all =
        call.world.account.withdrawals.iter().map(|withdrawal| withdrawal_of(call.world.seed, withdrawal));
    listed(call, "withdrawals", all.collect())
}

/// Newest first: a plain list, or, where a cursor is asked for, a page and the way to the next.
fn listed(call: &Call<'_>, name: &str, all: Vec<Payment>) -> Answer {
    let form = call.form;
    form.word("aclass", &["currency"])?;
    let coin = form.text("asset").map(Coin::find).transpose()?;
    let (start, end) = (form.instant("start")?, form.instant("end")?);
    let limit = form.count("limit")?.unwrap_or(ROWS).min(ROWS_MAX);
    let method = form.text("method");
    let found: Vec<Payment> = all
        .into_iter()
        .rev()
        .filter(|payment| (call.now_ms - RECENT_MS..=call.now_ms).contains(&payment.time_ms))
        .filter(|payment| start.is_none_or(|start| payment.time_ms * 1000 > start))
        .filter(|payment| end.is_none_or(|end| payment.time_ms * 1000 <= end))
        .filter(|payment| coin.is_none_or(|coin| coin.name == payment.asset))
        .filter(|payment| method.is_none_or(|method| method == payment.method))
        .collect();
    let cursor = match form.text("cursor") {
        None | Some("false") => None,
        Some("true") => Some(0),
        // The cursor names the last row that was told.
        Some(last) => Some(
            1 + found.iter().position(|one| one.refid == last).ok_or_else(|| Refusal::arguments("cursor"))?,
        ),
    };
    let first = cursor.unwrap_or(0);
    let told = found.get(first..).unwrap_or_default();
    let next = told.get(limit).and_then(|_| told.get(limit.checked_sub(1)?)).map(|last| last.refid.as_str());
    let mut rows: Vec<Value> = told.iter().take(limit).map(|payment| payment.row.clone()).collect();
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    Ok(match cursor {
        Some(_) => json!({ name: rows, "next_cursor": next }),
        None => Value::from(rows),
    }
    .to_string())
}

fn deposit_of(seed: u64, deposit: &Deposit) -> Payment {
    let (refid, coin) = (deposit_id(seed, deposit), Coin::new(deposit.asset.name));
    let mut row = json!({
        "method": deposit.asset.long_name,
        "network": deposit.asset.network,
        "aclass": "currency",
        "asset": coin.id(),
        "refid": refid,
        "txid": deposit.transaction,
        "info": format!("invented-address-{}", deposit.asset.network),
        "amount": deposit.amount.fixed(coin.decimals()),
        "fee": Amount::ZERO.fixed(coin.decimals()),
        "time": deposit.time_ms.div_euclid(1000),
        "status": if deposit.status == 0 { "Pending" } else { "Success" },
    });
    // It is in the balance, and must not leave yet.
    if let Some(fields) = row.as_object_mut().filter(|_| deposit.status == 6) {
        fields.insert("status-prop".to_owned(), Value::from("onhold"));
    }
    Payment { refid, time_ms: deposit.time_ms, asset: coin.name, method: deposit.asset.long_name, row }
}

fn withdrawal_of(seed: u64, withdrawal: &Withdrawal) -> Payment {
    let (refid, coin) = (withdrawal_id(seed, withdrawal), Coin::new(withdrawal.asset.name));
    let mut row = json!({
        "method": withdrawal.asset.long_name,
        "network": withdrawal.asset.network,
        "aclass": "currency",
        "asset": coin.id(),
        "refid": refid,
        "txid": if withdrawal.status == 6 { withdrawal.transaction.as_str() } else { "" },
        "info": format!("somewhere-else-{}", withdrawal.asset.network),
        "amount": withdrawal.amount.fixed(coin.decimals()),
        "fee": withdrawal.fee.fixed(coin.decimals()),
        "time": withdrawal.time_ms.div_euclid(1000),
        "status": if withdrawal.status == 6 { "Success" } else { "Failure" },
        "key": "elsewhere",
    });
    if let Some(fields) = row.as_object_mut().filter(|_| withdrawal.status == 1) {
        fields.insert("status-prop".to_owned(), Value::from("canceled"));
    }
    Payment { refid, time_ms: withdrawal.time_ms, asset: coin.name, method: withdrawal.asset.long_name, row }
}
