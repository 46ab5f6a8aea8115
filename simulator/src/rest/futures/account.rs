//! `account`, `balance` and what they are charged.

use super::{Coinm, Usdm, Wing, contracts, list, positions};
use crate::{
    amount::Amount,
    rest::{Answer, Call},
};
use serde_json::{Value, json};

/// One wallet, with what its positions would bring and tie up.
struct Wallet {
    asset: &'static str,
    balance: Amount,
    unrealized: Amount,
    initial: Amount,
    maintenance: Amount,
    updated_ms: i64,
}

impl Wallet {
    fn equity(&self) -> Amount {
        self.balance.plus(self.unrealized)
    }

    fn available(&self) -> Amount {
        self.equity().minus(self.initial).max(Amount::ZERO)
    }

    /// What can be moved out: profit that was not realized cannot.
    fn removable(&self) -> Amount {
        self.available().min(self.balance)
    }
}

/// The wallets of an interface; coins that are not settled in are listed as well, and empty.
fn wallets(call: &Call<'_>, wing: Wing) -> Result<Vec<Wallet>, crate::rest::refusal::Refusal> {
    let contracts = contracts(call)?;
    let held = positions::all(call, wing)?;
    let empty: &[&str] = match wing {
        Usdm => &["BNB", "FDUSD"],
        Coinm => &["ETH"],
    };
    Ok(wing
        .settles()
        .iter()
        .chain(empty)
        .map(|asset| {
            let here = || held.iter().filter(|held| held.listed.market.settle == *asset);
            let sum =
                |part: fn(&positions::Held<'_>) -> Amount| here().map(part).fold(Amount::ZERO, Amount::plus);
            Wallet {
                asset,
                balance: contracts.wallet(asset, call.now_ms),
                unrealized: sum(|held| held.unrealized()),
                initial: sum(|held| held.initial_margin()),
                maintenance: sum(|held| held.maintenance_margin()),
                updated_ms: here().map(|held| held.updated_ms).max().unwrap_or(0),
            }
        })
        .collect())
}

/// USD-M in its second or third version, COIN-M in its first. The third tells only positions that are open.
pub(super) fn account(call: &Call<'_>, wing: Wing, version: u8) -> Answer {
    let wallets = wallets(call, wing)?;
    let held = positions::all(call, wing)?;
    let assets: Vec<Value> = wallets.iter().map(asset_row).collect();
    let told = held.iter().filter(|held| version != 3 || held.position.is_open());
    let positions: Vec<Value> = told.map(|held| held.account_row(version)).collect();
    if wing == Coinm {
        return Ok(json!({
            "feeTier": 0,
            "canTrade": true,
            "canDeposit": true,
            "canWithdraw": true,
            "updateTime": 0,
            "assets": assets,
            "positions": positions,
        })
        .to_string());
    }
    let sum =
        |part: fn(&Wallet) -> Amount| wallets.iter().map(part).fold(Amount::ZERO, Amount::plus).to_string();
    let mut answer = json!({
        "totalInitialMargin": sum(|wallet| wallet.initial),
        "totalMaintMargin": sum(|wallet| wallet.maintenance),
        "totalWalletBalance": sum(|wallet| wallet.balance),
        "totalUnrealizedProfit": sum(|wallet| wallet.unrealized),
        "totalMarginBalance": sum(Wallet::equity),
        "totalPositionInitialMargin": sum(|wallet| wallet.initial),
        "totalOpenOrderInitialMargin": Amount::ZERO.to_string(),
        "totalCrossWalletBalance": sum(|wallet| wallet.balance),
        "totalCrossUnPnl": sum(|wallet| wallet.unrealized),
        "availableBalance": sum(Wallet::available),
        "maxWithdrawAmount": sum(Wallet::removable),
        "assets": assets,
        "positions": positions,
    });
    if let (2, Value::Object(fields)) = (version, &mut answer) {
        let more = json!({
            "feeTier": 0,
            "feeBurn": false,
            "canTrade": true,
            "canDeposit": true,
            "canWithdraw": true,
            "updateTime": 0,
            "multiAssetsMargin": false,
        });
        fields.extend(more.as_object().cloned().unwrap_or_default());
    }
    Ok(answer.to_string())
}

fn asset_row(wallet: &Wallet) -> Value {
    json!({
        "asset": wallet.asset,
        "walletBalance": wallet.balance.to_string(),
        "unrealizedProfit": wallet.unrealized.to_string(),
        "marginBalance": wallet.equity().to_string(),
        "maintMargin": wallet.maintenance.to_string(),
        "initialMargin": wallet.initial.to_string(),
        "positionInitialMargin": wallet.initial.to_string(),
        "openOrderInitialMargin": Amount::ZERO.to_string(),
        "crossWalletBalance": wallet.balance.to_string(),
        "crossUnPnl": wallet.unrealized.to_string(),
        "availableBalance": wallet.available().to_string(),
        "maxWithdrawAmount": wallet.removable().to_string(),
        "updateTime": wallet.updated_ms,
    })
}

pub(super) fn balance(call: &Call<'_>, wing: Wing) -> Answer {
    let rows = wallets(call, wing)?.into_iter().map(|wallet| {
        let mut row = json!({
            "accountAlias": "SgsRSgsRmYAu",
            "asset": wallet.asset,
            "balance": wallet.balance.to_string(),
            "crossWalletBalance": wallet.balance.to_string(),
            "crossUnPnl": wallet.unrealized.to_string(),
            "availableBalance": wallet.available().to_string(),
            "updateTime": wallet.updated_ms,
        });
        let removable = wallet.removable().to_string();
        let more = match wing {
            Usdm => json!({ "maxWithdrawAmount": removable, "marginAvailable": true }),
            Coinm => json!({ "withdrawAvailable": removable }),
        };
        if let (Value::Object(fields), Value::Object(more)) = (&mut row, more) {
            fields.extend(more);
        }
        row
    });
    list(rows.collect())
}

/// What makers and takers pay.
pub(super) fn rates(call: &Call<'_>, wing: Wing) -> Answer {
    contracts(call)?;
    let listed = wing.required(call)?;
    Ok(json!({
        "symbol": listed.symbol,
        "makerCommissionRate": "0.0002",
        "takerCommissionRate": "0.0005",
    })
    .to_string())
}

/// Long and short are not held side by side.
pub(super) fn one_way(call: &Call<'_>) -> Answer {
    contracts(call)?;
    Ok(json!({ "dualSidePosition": false }).to_string())
}

/// Nothing waits.
pub(super) fn no_orders(call: &Call<'_>, wing: Wing) -> Answer {
    contracts(call)?;
    wing.wanted(call).map(|_| "[]".to_owned())
}
