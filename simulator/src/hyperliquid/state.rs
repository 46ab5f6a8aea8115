//! What an address holds and may, and what it has open.

use super::{
    ADDRESS, Answer, Call, SUB_ACCOUNT, ids,
    names::{self, coin, number, pair, token},
};
use crate::{
    amount::Amount,
    random::name,
    world::{contracts::Contracts, market::ASSETS},
};
use serde_json::{Value, json};

/// What of a position's worth is bound, in thousandths.
const MARGIN_PERMILLE: i128 = 25;

/// The coins of an account, but those that it never had.
pub(super) fn spot(call: &Call<'_>) -> Answer {
    let balances = if call.is_ours()? { coins(call) } else { json!([]) };
    Ok((json!({ "balances": balances }).to_string(), 0))
}

fn coins(call: &Call<'_>) -> Value {
    let account = &call.world.account;
    let held = ASSETS.iter().filter(|asset| account.ever_held(asset.name));
    held.map(|asset| {
        let (free, locked) = (account.free(asset.name), account.locked(asset.name));
        json!({
            "coin": coin(asset.name),
            "token": token(asset.name),
            "total": number(free.plus(locked)),
            "hold": number(locked),
            "entryNtl": "0.0",
        })
    })
    .collect()
}

/// The account of the perpetuals: money with what open positions have gained, and these.
pub(super) fn perpetuals(call: &Call<'_>) -> Answer {
    let contracts = if call.is_ours()? { call.world.contracts.as_ref() } else { None };
    Ok((clearinghouse(call, contracts).to_string(), 0))
}

fn clearinghouse(call: &Call<'_>, contracts: Option<&Contracts>) -> Value {
    let (mut value, mut worth, mut raw) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
    let mut positions = Vec::new();
    if let Some(contracts) = contracts {
        value = contracts.wallet("USDT", call.now_ms);
        raw = value;
        for (index, market) in names::perpetuals(call.world) {
            let position = contracts.position(index, call.now_ms);
            if !position.is_open() {
                continue;
            }
            let mark = call.world.mark_price(market, call.now_ms);
            let size = position.quantity.max(position.quantity.negative());
            let (held, unrealized) = (market.value(size, mark), position.unrealized(market, mark));
            (value, worth) = (value.plus(unrealized), worth.plus(held));
            let signed = if position.quantity.is_positive() { held } else { held.negative() };
            raw = raw.plus(unrealized).minus(signed);
            positions.push(json!({
                "type": "oneWay",
                "position": {
                    "coin": market.base,
                    "szi": number(position.quantity),
                    "leverage": { "type": "cross", "value": 40 },
                    "entryPx": number(position.entry_price(market)),
                    "positionValue": number(held),
                    "unrealizedPnl": number(unrealized),
                    "returnOnEquity": number(unrealized.over(position.cost)),
                    "liquidationPx": null,
                    "marginUsed": number(held.permille(MARGIN_PERMILLE)),
                    "maxLeverage": 40,
                    "cumFunding": { "allTime": "0.0", "sinceOpen": "0.0", "sinceChange": "0.0" },
                },
            }));
        }
    }
    let margin = worth.permille(MARGIN_PERMILLE);
    let summary = json!({
        "accountValue": number(value),
        "totalNtlPos": number(worth),
        "totalRawUsd": number(raw),
        "totalMarginUsed": number(margin),
    });
    json!({
        "marginSummary": summary,
        "crossMarginSummary": summary,
        "crossMaintenanceMarginUsed": number(worth.permille(MARGIN_PERMILLE / 2)),
        "withdrawable": number(value.minus(margin).max(Amount::ZERO)),
        "assetPositions": positions,
        "time": call.now_ms,
    })
}

/// The order that waits.
pub(super) fn open_orders(call: &Call<'_>) -> Answer {
    let ours = call.is_ours()?;
    let order = call.world.account.open_order.as_ref().filter(|_| ours);
    let rows = order.and_then(|order| Some((order, call.world.markets.get(order.market)?))).map(
        |(order, market)| {
            json!({
                "coin": pair(order.market, market),
                "side": "B",
                "limitPx": number(order.price),
                "sz": number(order.quantity),
                "oid": ids::order(&[call.world.seed, name(&market.symbol), order.id]),
                "timestamp": order.time_ms,
                "origSz": number(order.quantity),
                "triggerCondition": "N/A",
                "isTrigger": false,
                "triggerPx": "0.0",
                "children": [],
                "isPositionTpsl": false,
                "reduceOnly": false,
                "orderType": "Limit",
                "tif": "Gtc",
                "cloid": null,
            })
        },
    );
    Ok((rows.into_iter().collect::<Value>().to_string(), 0))
}

/// A tenth of a percent on spot; of perpetuals what the world's fills mostly cost.
pub(super) fn fees(call: &Call<'_>) -> Answer {
    call.question.user()?;
    let answer = json!({
        "dailyUserVlm": [],
        "feeSchedule": { "cross": "0.0005", "add": "0.0002", "spotCross": "0.001", "spotAdd": "0.001" },
        "userCrossRate": "0.0005",
        "userAddRate": "0.0002",
        "userSpotCrossRate": "0.001",
        "userSpotAddRate": "0.001",
        "activeReferralDiscount": "0.0",
        "trial": null,
        "feeTrialReward": "0.0",
        "nextTrialAvailableTimestamp": null,
    });
    Ok((answer.to_string(), 0))
}

/// What an address is. It can be traded with by whoever has its private key, whatever `--rights` says: there are no keys
/// that could do less.
pub(super) fn role(call: &Call<'_>) -> Answer {
    let ours = call.is_ours()?;
    let answer = match call.question.user()?.as_str() {
        _ if ours => json!({ "role": "user" }),
        SUB_ACCOUNT => json!({ "role": "subAccount", "data": { "master": ADDRESS } }),
        _ => json!({ "role": "missing" }),
    };
    Ok((answer.to_string(), 0))
}

pub(super) fn abstraction(call: &Call<'_>) -> Answer {
    call.question.user()?;
    Ok(("\"disabled\"".to_owned(), 0))
}

/// The account has one, which is empty; others have none.
pub(super) fn sub_accounts(call: &Call<'_>) -> Answer {
    let row = json!([{
        "name": "empty",
        "subAccountUser": SUB_ACCOUNT,
        "master": ADDRESS,
        "clearinghouseState": clearinghouse(call, None),
        "spotState": { "balances": [] },
    }]);
    Ok((if call.is_ours()? { row } else { Value::Null }.to_string(), 0))
}

pub(super) fn vault_equities(call: &Call<'_>) -> Answer {
    call.question.user()?;
    Ok(("[]".to_owned(), 0))
}
