//! The key, balances, positions, the order that waits, and what trading costs.

use super::{
    Answer, Call,
    book::stays_in_funding,
    contracts, ids,
    market::{Category, listed, tick_of},
};
use crate::{
    amount::Amount,
    args::Rights,
    calendar,
    random::name,
    world::{asset, market::ASSETS, price::MINUTE_MS},
};
use serde_json::{Value, json};

const FEE: &str = "0.001";

/// A key that reads only says so, and its permissions say what it reads.
pub(super) fn key_info(call: &Call<'_>) -> Answer {
    let instant = |at_ms: i64| format!("{}Z", calendar::text(at_ms).replace(' ', "T"));
    let permissions = match call.rights {
        Rights::Read | Rights::Trade => json!({
            "ContractTrade": ["Order", "Position"],
            "Spot": ["SpotTrade"],
            "Wallet": [],
            "Options": ["OptionsTrade"],
            "Derivatives": ["DerivativesTrade"],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": ["ExchangeHistory"],
            "NFT": [],
            "Affiliate": [],
            "Earn": [],
        }),
        Rights::Withdraw => json!({
            "ContractTrade": [], "Spot": [], "Wallet": ["AccountTransfer", "Withdraw"], "Options": [],
            "Derivatives": [], "CopyTrading": [], "BlockTrade": [], "Exchange": [], "NFT": [],
        }),
    };
    let opened_ms = call.world.account.opened_ms;
    Ok(json!({
        "id": ids::number(&[call.world.seed, name("key")]),
        "note": "simulated",
        "apiKey": call.keys.key(),
        "readOnly": i32::from(call.rights == Rights::Read),
        "secret": "",
        "permissions": permissions,
        "ips": ["*"],
        "type": 1,
        "deadlineDay": 60,
        "expiredAt": instant(call.now_ms.div_euclid(1000) * 1000 + 60 * 86_400_000),
        "createdAt": instant(opened_ms),
        "unified": 0,
        "uta": 1,
        "userID": call.world.account.uid,
        "inviterID": 0,
        "vipLevel": "No VIP",
        "mktMakerLevel": "0",
        "affiliateID": 0,
        "rsaPublicKey": "",
        "isMaster": true,
        "parentUid": "0",
        "kycLevel": "LEVEL_DEFAULT",
        "kycRegion": "",
    })
    .to_string())
}

pub(super) fn account_info(call: &Call<'_>) -> Answer {
    Ok(json!({
        "marginMode": "REGULAR_MARGIN",
        "updatedTime": call.world.account.opened_ms.to_string(),
        "unifiedMarginStatus": 6,
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": false,
        "spotHedgingStatus": "OFF",
    })
    .to_string())
}

/// Nobody here has a second account.
pub(super) fn members(_: &Call<'_>) -> Answer {
    Ok(json!({ "subMembers": [] }).to_string())
}

/// Every coin of the unified wallet that was ever there: what it is, and what of it is bound in orders.
fn unified(call: &Call<'_>) -> Vec<(&'static str, Amount, Amount)> {
    let account = &call.world.account;
    let there = ASSETS.iter().filter(|asset| account.ever_held(asset.name) && !stays_in_funding(asset.name));
    // Coins and contracts share one wallet.
    let contracts = call.world.contracts.as_ref();
    there
        .map(|asset| {
            let locked = account.locked(asset.name);
            let margin =
                contracts.map(|contracts| contracts.wallet(asset.name, call.now_ms)).unwrap_or_default();
            (asset.name, account.free(asset.name).plus(locked).plus(margin), locked)
        })
        .collect()
}

fn in_usdt(call: &Call<'_>, coin: &str, amount: Amount) -> Amount {
    let minute = call.now_ms.div_euclid(MINUTE_MS);
    match (asset(coin), asset("USDT")) {
        (Some(coin), Some(usdt)) => amount.times(call.world.prices.rate(coin, usdt, minute)),
        _ => Amount::ZERO,
    }
}

pub(super) fn wallet_balance(call: &Call<'_>) -> Answer {
    call.query.required("accountType")?;
    call.query.word("accountType", &["UNIFIED"])?;
    let coins: Option<Vec<&str>> = call.query.text("coin").map(|list| list.split(',').collect());
    let all = unified(call);
    let total = all.iter().fold(Amount::ZERO, |sum, (coin, held, _)| sum.plus(in_usdt(call, coin, *held)));
    let wanted = all.iter().filter(|(coin, ..)| coins.as_ref().is_none_or(|coins| coins.contains(coin)));
    let rows: Vec<Value> = wanted.map(|row| coin_row(call, row)).collect();
    Ok(json!({ "list": [{
        "accountType": "UNIFIED",
        "totalEquity": total.short(),
        "totalWalletBalance": total.short(),
        "totalMarginBalance": total.short(),
        "totalAvailableBalance": total.short(),
        "totalPerpUPL": "0",
        "totalInitialMargin": "0",
        "totalMaintenanceMargin": "0",
        "accountIMRate": "0",
        "accountMMRate": "0",
        "accountLTV": "",
        "coin": rows,
    }] })
    .to_string())
}

/// Profit of open positions that settle in a coin. The wallet's balance is without it.
fn unrealized(call: &Call<'_>, coin: &str) -> Amount {
    let Some(contracts) = &call.world.contracts else { return Amount::ZERO };
    let settling = contracts.markets.iter().enumerate().filter(|(_, market)| market.settle == coin);
    let each = settling.map(|(index, market)| {
        contracts.position(index, call.now_ms).unrealized(market, call.world.mark_price(market, call.now_ms))
    });
    each.fold(Amount::ZERO, Amount::plus)
}

fn coin_row(call: &Call<'_>, (coin, held, locked): &(&'static str, Amount, Amount)) -> Value {
    let unrealized = unrealized(call, coin);
    json!({
        "coin": coin,
        "equity": held.plus(unrealized).short(),
        "usdValue": in_usdt(call, coin, held.plus(unrealized)).short(),
        "walletBalance": held.short(),
        "free": "",
        "locked": locked.short(),
        "spotHedgingQty": "0",
        "spotBorrow": "0",
        "borrowAmount": "0",
        "availableToBorrow": "",
        "availableToWithdraw": "",
        "accruedInterest": "0",
        "totalOrderIM": "0",
        "totalPositionIM": "0",
        "totalPositionMM": "0",
        "unrealisedPnl": unrealized.short(),
        "cumRealisedPnl": "0",
        "bonus": "0",
        "collateralSwitch": true,
        "marginCollateral": true,
    })
}

pub(super) fn coins_balance(call: &Call<'_>) -> Answer {
    call.query.required("accountType")?;
    let kind = call.query.word("accountType", &["FUND", "UNIFIED"])?.unwrap_or("FUND");
    let coins: Option<Vec<&str>> = call.query.text("coin").map(|list| list.split(',').collect());
    let account = &call.world.account;
    let held = |coin: &str| account.free(coin).plus(account.locked(coin));
    let here = ASSETS
        .iter()
        .filter(|asset| account.ever_held(asset.name) && stays_in_funding(asset.name) == (kind == "FUND"));
    let rows: Value = here
        .filter(|asset| coins.as_ref().is_none_or(|coins| coins.contains(&asset.name)))
        .map(|asset| {
            json!({
                "coin": asset.name,
                "walletBalance": held(asset.name).short(),
                "transferBalance": account.free(asset.name).short(),
                "bonus": "",
            })
        })
        .collect();
    let member = account.uid.to_string();
    Ok(json!({ "accountType": kind, "bizType": 1, "accountId": "", "memberId": member, "balance": rows })
        .to_string())
}

pub(super) fn fee_rates(call: &Call<'_>) -> Answer {
    let category = Category::of(call.query)?;
    let symbol = call.query.text("symbol");
    let rows: Vec<Value> = match category {
        Category::Spot => listed(call)
            .filter(|market| symbol.is_none_or(|symbol| symbol == market.symbol))
            .map(|market| {
                json!({ "symbol": market.symbol, "baseCoin": "", "takerFeeRate": FEE, "makerFeeRate": FEE })
            })
            .collect(),
        other => contracts::wanted(call, other)?.into_iter().map(|(_, market)| contracts::fee_row(market)).collect(),
    };
    Ok(json!({ "category": category.name(), "list": rows }).to_string())
}

pub(super) fn open_orders(call: &Call<'_>) -> Answer {
    let category = Category::of(call.query)?;
    let symbol = call.query.text("symbol");
    let order = call.world.account.open_order.as_ref().filter(|_| category == Category::Spot);
    let rows: Vec<Value> = order
        .and_then(|order| Some((order, call.world.markets.get(order.market)?)))
        .filter(|(_, market)| symbol.is_none_or(|symbol| symbol == market.symbol))
        .map(|(order, market)| {
            let at = order.time_ms.to_string();
            json!({
                "orderId": order.id.to_string(),
                "orderLinkId": "",
                "symbol": market.symbol,
                "price": order.price.fixed(tick_of(call.world, "spot", &market.symbol)),
                "qty": order.quantity.short(),
                "side": "Buy",
                "orderStatus": "New",
                "orderType": "Limit",
                "timeInForce": "GTC",
                "leavesQty": order.quantity.short(),
                "cumExecQty": "0",
                "cumExecValue": "0",
                "cumExecFee": "0",
                "avgPrice": "0",
                "createdTime": at,
                "updatedTime": at,
            })
        })
        .into_iter()
        .collect();
    Ok(json!({ "category": category.name(), "list": rows, "nextPageCursor": "" }).to_string())
}

/// What the venue says of each coin. Clients that make a list of currencies want it.
pub(super) fn coin_info(call: &Call<'_>) -> Answer {
    let coin = call.query.text("coin");
    let rows = ASSETS.iter().filter(|asset| coin.is_none_or(|coin| coin == asset.name)).map(|asset| {
        json!({
            "name": asset.long_name,
            "coin": asset.name,
            "remainAmount": "9999999",
            "chains": [{
                "chain": asset.network,
                "chainType": asset.network,
                "confirmation": "10",
                "withdrawFee": asset.withdraw_fee.short(),
                "depositMin": "0",
                "withdrawMin": asset.withdraw_fee.plus(asset.withdraw_fee).short(),
                "minAccuracy": "8",
                "chainDeposit": "1",
                "chainWithdraw": "1",
                "withdrawPercentageFee": "0",
                "contractAddress": "",
            }],
        })
    });
    Ok(json!({ "rows": rows.collect::<Vec<_>>() }).to_string())
}
