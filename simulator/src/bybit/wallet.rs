//! What moved coins otherwise: deposits, withdrawals, transfers between wallets, conversions.

use super::{
    Answer, Call,
    book::{Told, Transfer},
    ids,
    page::{Page, Row, page},
    query::Window,
    refusal::Refusal,
};
use crate::{
    amount::Amount,
    faults::disturb,
    random::name,
    world::account::{Convert, Deposit, Dust, Swept, Withdrawal},
};
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const MONTH_MS: i64 = 30 * DAY_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
const PAYMENTS: (usize, usize) = (50, 50);
const TRANSFERS: (usize, usize) = (20, 50);
const CONVERSIONS: (usize, usize) = (20, 100);

/// A deposit or a withdrawal.
struct Payment {
    time_ms: i64,
    tie: u64,
    coin: &'static str,
    id: String,
    transaction: String,
    row: Value,
}

impl Row for Payment {
    fn place(&self) -> (i64, u64) {
        (self.time_ms, self.tie)
    }

    fn found_ms(&self) -> i64 {
        self.time_ms
    }
}

/// Bounds are applied by the second.
fn by_seconds((from_ms, to_ms): Window) -> Window {
    (from_ms.div_euclid(1000) * 1000, to_ms.div_euclid(1000) * 1000 + 999)
}

fn payments(call: &Call<'_>, mut all: Vec<Payment>, id: &str, window: Window) -> Answer {
    let limit = call.query.limit("limit", PAYMENTS.0, PAYMENTS.1)?;
    let (id, transaction, coin) = (call.query.text(id), call.query.text("txID"), call.query.text("coin"));
    all.sort_by_key(Payment::place);
    let page: Page<'_, Payment> = page(call, &all, window, limit, |one| {
        id.is_none_or(|id| id == one.id)
            && transaction.is_none_or(|transaction| transaction == one.transaction)
            && coin.is_none_or(|coin| coin == one.coin)
    })?;
    Ok(page.result("rows", |one| one.row.clone()).to_string())
}

pub(super) fn deposits(call: &Call<'_>) -> Answer {
    let window = by_seconds(call.query.window(MONTH_MS, MONTH_MS, call.now_ms)?);
    payments(call, call.world.account.deposits.iter().map(deposit).collect(), "id", window)
}

fn deposit(deposit: &Deposit) -> Payment {
    let Deposit { id, asset, amount, status, time_ms, transaction } = deposit;
    let row = json!({
        "id": id.to_string(),
        "coin": asset.name,
        "chain": asset.network,
        "amount": amount.short(),
        "txID": transaction,
        "status": match status {
            0 => 1,
            // It is in the balance, and must not leave yet.
            6 => 10012,
            _ => 3,
        },
        "toAddress": format!("invented-address-{}", asset.network),
        "tag": "",
        "depositFee": "",
        "successAt": if *status == 0 { "0".to_owned() } else { time_ms.to_string() },
        "confirmations": if *status == 0 { "1" } else { "100" },
        "txIndex": "0",
        "blockHash": "",
        "batchReleaseLimit": "-1",
        "depositType": "0",
        "fromAddress": "",
        "taxDepositRecordsId": "0",
        "taxStatus": 0,
    });
    let (coin, transaction) = (asset.name, transaction.clone());
    Payment { time_ms: *time_ms, tie: *id, coin, id: id.to_string(), transaction, row }
}

/// Nobody here sends coins to another user.
pub(super) fn internal_deposits(call: &Call<'_>) -> Answer {
    let window = by_seconds(call.query.window(MONTH_MS, MONTH_MS, call.now_ms)?);
    payments(call, Vec::new(), "id", window)
}

pub(super) fn withdrawals(call: &Call<'_>) -> Answer {
    let window = call.query.window(MONTH_MS, MONTH_MS, call.now_ms)?;
    let kind = call.query.word("withdrawType", &["0", "1", "2"])?.unwrap_or("0");
    let all = call.world.account.withdrawals.iter().filter(|_| kind != "1").map(withdrawal);
    payments(call, all.collect(), "withdrawID", window)
}

fn withdrawal(withdrawal: &Withdrawal) -> Payment {
    let Withdrawal { id, asset, amount, fee, status, time_ms, transaction } = withdrawal;
    let tie = name(id);
    let id = (10_000_000 + tie % 90_000_000).to_string();
    let transaction = if *status == 6 { transaction.clone() } else { String::new() };
    let row = json!({
        "withdrawId": id,
        "txID": transaction,
        "withdrawType": 0,
        "coin": asset.name,
        "chain": asset.network,
        "amount": amount.short(),
        "withdrawFee": fee.short(),
        "status": match status {
            1 => "CancelByUser",
            3 => "Reject",
            _ => "success",
        },
        "toAddress": format!("somewhere-else-{}", asset.network),
        "tag": "",
        "createTime": time_ms.to_string(),
        "updateTime": time_ms.to_string(),
        "taxStatus": 0,
    });
    Payment { time_ms: *time_ms, tie, coin: asset.name, id, transaction, row }
}

pub(super) fn transfers(call: &Call<'_>) -> Answer {
    call.query.word("status", &["SUCCESS", "PENDING", "FAILED"])?;
    let window = by_seconds(call.query.window(WEEK_MS, WEEK_MS, call.now_ms)?);
    let limit = call.query.limit("limit", TRANSFERS.0, TRANSFERS.1)?;
    let (id, coin) = (call.query.text("transferId"), call.query.text("coin"));
    let page = page(call, &call.book.transfers, window, limit, |one: &Transfer| {
        id.is_none_or(|id| id == one.id) && coin.is_none_or(|coin| coin == one.coin)
    })?;
    Ok(page.result("list", transfer_row).to_string())
}

fn transfer_row(one: &Transfer) -> Value {
    let Transfer { told: Told { time_ms, .. }, id, coin, amount, to_unified } = one;
    let (from, to) = if *to_unified { ("FUND", "UNIFIED") } else { ("UNIFIED", "FUND") };
    json!({
        "transferId": id,
        "coin": coin,
        "amount": amount.short(),
        "fromAccountType": from,
        "toAccountType": to,
        "timestamp": time_ms.to_string(),
        "status": "SUCCESS",
    })
}

/// Nobody here has a second account.
pub(super) fn universal_transfers(call: &Call<'_>) -> Answer {
    call.query.window(WEEK_MS, WEEK_MS, call.now_ms)?;
    call.query.limit("limit", TRANSFERS.0, TRANSFERS.1)?;
    Ok(json!({ "list": [], "nextPageCursor": "" }).to_string())
}

/// One page of all, newest first: this list knows no time. More than a hundred rows come on no page.
pub(super) fn conversions(call: &Call<'_>) -> Answer {
    if let Some(kinds) = call.query.text("accountType")
        && !kinds.split(',').any(|kind| kind == "eb_convert_uta")
    {
        return Ok(json!({ "list": [] }).to_string());
    }
    let limit = match call.query.text("limit").map(str::parse::<usize>) {
        None => CONVERSIONS.0,
        Some(Ok(limit)) if limit > 0 => limit.min(CONVERSIONS.1),
        Some(_) => return Err(Refusal::parameter("limit is invalid")),
    };
    let skipped = (call.query.page("index")? - 1).saturating_mul(limit);
    let all = call.world.account.converts.iter().rev();
    let mut rows: Vec<Value> = all.skip(skipped).take(limit).map(|one| conversion_row(call, one)).collect();
    if let Some((disorder, detail)) = call.disorder {
        disturb(&mut rows, limit, disorder, detail);
    }
    Ok(json!({ "list": rows }).to_string())
}

fn conversion_row(call: &Call<'_>, one: &Convert) -> Value {
    json!({
        "accountType": "eb_convert_uta",
        "exchangeTxId": one.order_id.to_string(),
        "userId": call.world.account.uid.to_string(),
        "fromCoin": one.from,
        "fromCoinType": "crypto",
        "toCoin": one.to,
        "toCoinType": "crypto",
        "fromAmount": one.from_amount.short(),
        "toAmount": one.to_amount.short(),
        "exchangeStatus": if one.success { "success" } else { "failure" },
        "extInfo": {},
        "convertRate": one.to_amount.over(one.from_amount).short(),
        "createdAt": one.time_ms.to_string(),
    })
}

pub(super) fn small_balances(call: &Call<'_>) -> Answer {
    let (start, end) = (call.query.instant("startTime")?, call.query.instant("endTime")?);
    let size = call.query.limit("size", 50, 100)?;
    let number = call.query.page("cursor")?;
    let found: Vec<&Dust> = call
        .world
        .account
        .dust
        .iter()
        .rev()
        .filter(|dust| start.is_none_or(|start| dust.time_ms >= start))
        .filter(|dust| end.is_none_or(|end| dust.time_ms <= end))
        .collect();
    let rows = found.iter().skip((number - 1).saturating_mul(size)).take(size);
    let rows: Value = rows.map(|dust| dust_row(call, dust)).collect();
    Ok(json!({
        "cursor": number.to_string(),
        "size": size.to_string(),
        "lastPage": found.len().div_ceil(size).max(1).to_string(),
        "totalCount": found.len().to_string(),
        "records": rows,
    })
    .to_string())
}

fn dust_row(call: &Call<'_>, dust: &Dust) -> Value {
    let no_tax = json!({ "totalAmount": "0", "feeCoin": "", "taxFeeItems": [] });
    let each = dust.swept.iter().map(|swept| {
        json!({
            "fromCoin": swept.asset,
            "fromAmount": swept.amount.short(),
            "toCoin": "BNB",
            "toAmount": swept.received.short(),
            "feeCoin": "BNB",
            "feeAmount": swept.charge.short(),
            "status": "success",
            "taxFeeInfo": no_tax,
        })
    });
    let sum = |of: fn(&Swept) -> Amount| dust.swept.iter().map(of).fold(Amount::ZERO, Amount::plus).short();
    json!({
        "accountType": "eb_convert_uta",
        "exchangeTxId": ids::number(&[call.world.seed, dust.id]),
        "toCoin": "BNB",
        "toAmount": sum(|swept| swept.received),
        "subRecords": each.collect::<Vec<_>>(),
        "status": "success",
        "createdAt": dust.time_ms.to_string(),
        "exchangeSource": "small_asset_uta",
        "feeCoin": "BNB",
        "totalFeeAmount": sum(|swept| swept.charge),
        "totalTaxFeeInfo": no_tax,
    })
}
