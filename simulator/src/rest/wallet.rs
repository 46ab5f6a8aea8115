//! The wallet: key rights, deposits, withdrawals, and what else changes balances outside the order books.

use super::{Answer, Call, params::Params, refusal::Refusal};
use crate::{
    amount::Amount,
    args::Rights,
    calendar,
    world::{
        account::{Convert, Deposit, Dividend, Dust, Withdrawal},
        market::ASSETS,
    },
};
use serde_json::{Value, json};

const DAY_MS: i64 = 86_400_000;
const FLOWS_MAX: usize = 1000;
const DIVIDENDS: usize = 20;
const DIVIDENDS_MAX: usize = 500;
const CONVERTS: usize = 100;
const DUST_MAX: usize = 100;

pub(super) fn api_restrictions(call: &Call<'_>) -> Answer {
    let (trade, withdraw) = (call.rights == Rights::Trade, call.rights == Rights::Withdraw);
    Ok(json!({
        // Withdrawing needs a key that is bound to addresses.
        "ipRestrict": withdraw,
        "createTime": call.world.account.opened_ms,
        "enableReading": true,
        "enableSpotAndMarginTrading": trade,
        "enableWithdrawals": withdraw,
        "enableInternalTransfer": false,
        "permitsUniversalTransfer": false,
        "enableMargin": false,
        "enableFutures": false,
        "enableVanillaOptions": false,
        "enablePortfolioMarginTrading": false,
        "enableFixApiTrade": false,
        "enableFixReadOnly": false,
    })
    .to_string())
}

/// What the venue says of each coin. Clients that make a list of currencies want it.
pub(super) fn coins(call: &Call<'_>) -> Answer {
    let rows = ASSETS.iter().map(|asset| {
        let account = &call.world.account;
        json!({
            "coin": asset.name,
            "name": asset.long_name,
            "depositAllEnable": true,
            "withdrawAllEnable": true,
            "trading": true,
            "isLegalMoney": false,
            "free": account.free(asset.name).short(),
            "locked": account.locked(asset.name).short(),
            "freeze": "0",
            "withdrawing": "0",
            "ipoing": "0",
            "ipoable": "0",
            "storage": "0",
            "networkList": [{
                "network": asset.network,
                "coin": asset.name,
                "name": asset.network,
                "isDefault": true,
                "depositEnable": true,
                "withdrawEnable": true,
                "withdrawFee": asset.withdraw_fee.short(),
                "withdrawMin": asset.withdraw_fee.plus(asset.withdraw_fee).short(),
                "withdrawMax": "9999999999",
                "withdrawIntegerMultiple": "0.00000001",
                "minConfirm": 1,
                "unLockConfirm": 0,
                "sameAddress": false,
                "estimatedArrivalTime": 5,
                "busy": false,
            }],
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

/// From and to, both included.
type Window = (i64, i64);

/// The window of a question about flows: ninety days at most, the last ninety if it does not say.
fn ninety_days(params: &Params, now_ms: i64) -> Result<Window, Refusal> {
    let (start, end) = (params.time("startTime")?, params.time("endTime")?);
    let window = (start.unwrap_or(now_ms - 90 * DAY_MS), end.unwrap_or(now_ms));
    if window.1.saturating_sub(window.0) > 90 * DAY_MS { Err(Refusal::wallet_window()) } else { Ok(window) }
}

/// The rows of a page, newest first.
fn newest_first<T>(
    call: &Call<'_>,
    all: &[&T],
    is_wanted: impl Fn(&T) -> bool,
    row: fn(&T) -> Value,
) -> Answer {
    let offset = usize::try_from(call.params.integer("offset")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let limit = call.params.limit("limit", FLOWS_MAX, FLOWS_MAX)?;
    let rows =
        all.iter().rev().copied().filter(|one| is_wanted(one)).skip(offset).take(limit).map(row).collect();
    Ok(Value::from(call.page(rows, limit)).to_string())
}

/// Whether a coin is the one asked for, if one is.
fn is_coin(params: &Params, name: &str) -> Result<impl Fn(&str) -> bool, Refusal> {
    let wanted = params.symbol(name)?.map(str::to_owned);
    Ok(move |coin: &str| wanted.as_deref().is_none_or(|wanted| wanted == coin))
}

pub(super) fn deposits(call: &Call<'_>) -> Answer {
    let (start, end) = ninety_days(call.params, call.now_ms)?;
    let is_coin = is_coin(call.params, "coin")?;
    let status = call.params.integer("status")?;
    let transaction = call.params.text("txId")?;
    let is_wanted = |deposit: &Deposit| {
        (start..=end).contains(&deposit.time_ms)
            && is_coin(deposit.asset.name)
            && status.is_none_or(|status| status == i64::from(deposit.status))
            && transaction.is_none_or(|transaction| transaction == deposit.transaction)
    };
    let mut all: Vec<&Deposit> = call.world.account.deposits.iter().collect();
    let margin = call.world.margin.iter().flat_map(|wallets| wallets.all());
    all.extend(margin.flat_map(|margin| &margin.deposits));
    all.sort_by_key(|deposit| deposit.time_ms);
    newest_first(call, &all, is_wanted, deposit_row)
}

/// A deposit as the wallet tells it.
pub(crate) fn deposit_row(deposit: &Deposit) -> Value {
    let done = deposit.status != 0;
    let row = json!({
        "id": deposit.id.to_string(),
        "amount": deposit.amount.short(),
        "coin": deposit.asset.name,
        "network": deposit.asset.network,
        "status": deposit.status,
        "address": format!("0x{:0>40}", deposit.id),
        "addressTag": "",
        "txId": deposit.transaction,
        "insertTime": deposit.time_ms,
        "transferType": 0,
        "confirmTimes": if done { "12/12" } else { "3/12" },
        "unlockConfirm": 12,
        "walletType": 0,
    });
    if done { with(row, "completeTime", deposit.time_ms.into()) } else { row }
}

/// The row with one more field.
pub(super) fn with(mut row: Value, name: &str, value: Value) -> Value {
    if let Value::Object(fields) = &mut row {
        fields.insert(name.to_owned(), value);
    }
    row
}

pub(super) fn withdrawals(call: &Call<'_>) -> Answer {
    let (start, end) = ninety_days(call.params, call.now_ms)?;
    let is_coin = is_coin(call.params, "coin")?;
    let status = call.params.integer("status")?;
    let is_wanted = |withdrawal: &Withdrawal| {
        (start..=end).contains(&withdrawal.time_ms)
            && is_coin(withdrawal.asset.name)
            && status.is_none_or(|status| status == i64::from(withdrawal.status))
    };
    let mut all: Vec<&Withdrawal> = call.world.account.withdrawals.iter().collect();
    let margin = call.world.margin.iter().flat_map(|wallets| wallets.all());
    all.extend(margin.flat_map(|margin| &margin.withdrawals));
    all.sort_by_key(|withdrawal| withdrawal.time_ms);
    newest_first(call, &all, is_wanted, withdrawal_row)
}

/// A withdrawal as the wallet tells it: times are text, and the fee comes on top of the amount.
pub(crate) fn withdrawal_row(withdrawal: &Withdrawal) -> Value {
    let done = withdrawal.status == 6;
    let row = json!({
        "id": withdrawal.id,
        "amount": withdrawal.amount.short(),
        "transactionFee": withdrawal.fee.short(),
        "coin": withdrawal.asset.name,
        "status": withdrawal.status,
        "address": format!("0x{:0>40}", 7),
        "addressTag": "",
        "txId": if done { withdrawal.transaction.as_str() } else { "" },
        "applyTime": calendar::text(withdrawal.time_ms),
        "network": withdrawal.asset.network,
        "transferType": 0,
        "withdrawOrderId": "",
        "info": "",
        "confirmNo": if done { 12 } else { 0 },
        "walletType": 0,
        "txKey": "",
    });
    if done { with(row, "completeTime", calendar::text(withdrawal.time_ms + 240_000).into()) } else { row }
}

pub(super) fn dust(call: &Call<'_>) -> Answer {
    let (start, end) = (call.params.time("startTime")?, call.params.time("endTime")?);
    let is_wanted = |dust: &&Dust| {
        start.is_none_or(|start| dust.time_ms >= start) && end.is_none_or(|end| dust.time_ms <= end)
    };
    let rows: Vec<Value> =
        call.world.account.dust.iter().rev().filter(is_wanted).take(DUST_MAX).map(dust_row).collect();
    Ok(json!({ "total": rows.len(), "userAssetDribblets": call.page(rows, DUST_MAX) }).to_string())
}

/// A dust sweep as the wallet tells it: what came is told without the charge.
pub(crate) fn dust_row(dust: &Dust) -> Value {
    let total = |part: fn(&crate::world::account::Swept) -> Amount| {
        dust.swept.iter().fold(Amount::ZERO, |sum, swept| sum.plus(part(swept))).short()
    };
    let details = dust.swept.iter().map(|swept| {
        json!({
            "transId": swept.id,
            "serviceChargeAmount": swept.charge.short(),
            "amount": swept.amount.short(),
            "operateTime": dust.time_ms,
            "transferedAmount": swept.received.short(),
            "fromAsset": swept.asset,
        })
    });
    json!({
        "operateTime": dust.time_ms,
        "totalTransferedAmount": total(|swept| swept.received),
        "totalServiceChargeAmount": total(|swept| swept.charge),
        "transId": dust.id,
        "userAssetDribbletDetails": details.collect::<Vec<_>>(),
    })
}

pub(super) fn dividends(call: &Call<'_>) -> Answer {
    let (start, end) = (call.params.time("startTime")?, call.params.time("endTime")?);
    let to = end.unwrap_or(call.now_ms);
    if start.is_some_and(|start| to.saturating_sub(start) > 180 * DAY_MS) {
        return Err(Refusal::days(180));
    }
    let is_coin = is_coin(call.params, "asset")?;
    let limit = call.params.limit("limit", DIVIDENDS, DIVIDENDS_MAX)?;
    let is_wanted = |dividend: &&Dividend| {
        dividend.time_ms <= to
            && start.is_none_or(|start| dividend.time_ms >= start)
            && is_coin(dividend.asset)
    };
    let found: Vec<&Dividend> = call.world.account.dividends.iter().rev().filter(is_wanted).collect();
    let total = found.len();
    let rows = found.into_iter().take(limit).map(dividend_row).collect();
    Ok(json!({ "rows": call.page(rows, limit), "total": total }).to_string())
}

/// A dividend as the wallet tells it.
pub(crate) fn dividend_row(dividend: &Dividend) -> Value {
    json!({
        "id": dividend.id,
        "tranId": 100_000_000_000_u64 + dividend.id,
        "asset": dividend.asset,
        "amount": dividend.amount.to_string(),
        "divTime": dividend.time_ms,
        "enInfo": dividend.reason,
        "direction": 1,
    })
}

/// Oldest first, so that who sees `moreData` goes on from the last.
pub(super) fn converts(call: &Call<'_>) -> Answer {
    let missing = |name| call.params.time(name)?.ok_or_else(|| Refusal::missing(name));
    let (start, end) = (missing("startTime")?, missing("endTime")?);
    if end.saturating_sub(start) > 30 * DAY_MS {
        return Err(Refusal::days(30));
    }
    let limit = call.params.limit("limit", CONVERTS, FLOWS_MAX)?;
    let is_wanted = |convert: &&Convert| (start..=end).contains(&convert.time_ms);
    let found: Vec<&Convert> = call.world.account.converts.iter().filter(is_wanted).collect();
    let more = found.len() > limit;
    let rows = found.into_iter().take(limit).map(convert_row).collect();
    Ok(json!({ "list": call.page(rows, limit), "startTime": start, "endTime": end, "limit": limit, "moreData": more }).to_string())
}

/// A conversion as the venue tells it.
pub(crate) fn convert_row(convert: &Convert) -> Value {
    json!({
        "quoteId": convert.quote_id,
        "orderId": convert.order_id,
        "orderStatus": if convert.success { "SUCCESS" } else { "FAIL" },
        "fromAsset": convert.from,
        "fromAmount": convert.from_amount.short(),
        "toAsset": convert.to,
        "toAmount": convert.to_amount.short(),
        "ratio": convert.to_amount.over(convert.from_amount).short(),
        "inverseRatio": convert.from_amount.over(convert.to_amount).short(),
        "createTime": convert.time_ms,
    })
}

pub(super) fn trade_fees(call: &Call<'_>) -> Answer {
    let symbol = call.params.symbol("symbol")?;
    let wanted =
        call.world.markets.iter().filter(|market| symbol.is_none_or(|symbol| symbol == market.symbol));
    let rows = wanted.map(
        |market| json!({ "symbol": market.symbol, "makerCommission": "0.001", "takerCommission": "0.001" }),
    );
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

/// Every coin of which there is some.
pub(super) fn user_assets(call: &Call<'_>) -> Answer {
    let is_coin = is_coin(call.params, "asset")?;
    let account = &call.world.account;
    let there = ASSETS.iter().filter(|asset| {
        is_coin(asset.name) && account.free(asset.name).plus(account.locked(asset.name)).is_positive()
    });
    let rows = there.map(|asset| {
        json!({
            "asset": asset.name,
            "free": account.free(asset.name).short(),
            "locked": account.locked(asset.name).short(),
            "freeze": "0",
            "withdrawing": "0",
            "ipoable": "0",
            "btcValuation": "0",
        })
    });
    Ok(Value::from(rows.collect::<Vec<_>>()).to_string())
}

/// Nobody paid by card here.
pub(super) fn fiat_orders(call: &Call<'_>) -> Answer {
    match call.params.required("transactionType")? {
        "0" | "1" => {
            Ok(json!({ "code": "000000", "message": "success", "data": [], "total": 0, "success": true })
                .to_string())
        }
        _ => Err(Refusal::value("transactionType")),
    }
}

pub(super) fn nothing_paid(_: &Call<'_>) -> Answer {
    Ok(json!({ "code": "000000", "message": "success", "data": [], "total": 0, "success": true }).to_string())
}
