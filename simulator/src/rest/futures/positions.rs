//! `positionRisk`, and positions within `account`; margins at twenty times leverage.

use super::{Coinm, Listed, Usdm, Wing, contracts, list};
use crate::{
    amount::Amount,
    rest::{Answer, Call, refusal::Refusal},
    world::contracts::Position,
};
use serde_json::{Value, json};

const LEVERAGE: i128 = 20;
const MAINTENANCE: Amount = Amount::of(4, 3);

/// A contract and what is held of it.
pub(super) struct Held<'a> {
    pub(super) listed: Listed<'a>,
    pub(super) position: Position,
    pub(super) updated_ms: i64,
    mark: Amount,
}

/// What is held of every contract of an interface, also where that is nothing.
pub(super) fn all<'a>(call: &Call<'a>, wing: Wing) -> Result<Vec<Held<'a>>, Refusal> {
    held(call, wing.all(contracts(call)?))
}

fn held<'a>(call: &Call<'a>, listed: Vec<Listed<'a>>) -> Result<Vec<Held<'a>>, Refusal> {
    let contracts = contracts(call)?;
    Ok(listed
        .into_iter()
        .map(|listed| {
            let fills = contracts.fills.get(listed.index).map(Vec::as_slice).unwrap_or_default();
            Held {
                position: contracts.position(listed.index, call.now_ms),
                updated_ms: fills
                    .iter()
                    .rfind(|fill| fill.time_ms <= call.now_ms)
                    .map_or(0, |fill| fill.time_ms),
                mark: call.world.mark_price(listed.market, call.now_ms),
                listed,
            }
        })
        .collect())
}

impl Held<'_> {
    pub(super) fn unrealized(&self) -> Amount {
        self.position.unrealized(self.listed.market, self.mark)
    }

    pub(super) fn initial_margin(&self) -> Amount {
        self.worth().over(Amount::of(LEVERAGE, 0))
    }

    pub(super) fn maintenance_margin(&self) -> Amount {
        self.worth().times(MAINTENANCE)
    }

    /// In the settle asset, never below zero.
    fn worth(&self) -> Amount {
        let quantity = self.position.quantity;
        self.listed.market.value(quantity.max(quantity.negative()), self.mark)
    }

    /// Below zero if it is short.
    fn notional(&self) -> Amount {
        if self.position.quantity.is_positive() { self.worth() } else { self.worth().negative() }
    }

    /// As `account` tells it.
    pub(super) fn account_row(&self, version: u8) -> Value {
        let mut row = json!({
            "symbol": self.listed.symbol,
            "positionSide": "BOTH",
            "positionAmt": self.position.quantity.short(),
            "unrealizedProfit": self.unrealized().to_string(),
            "isolatedWallet": "0",
            "initialMargin": self.initial_margin().to_string(),
            "maintMargin": self.maintenance_margin().to_string(),
            "updateTime": self.updated_ms,
        });
        let more = match version {
            3 => json!({ "isolatedMargin": "0", "notional": self.notional().to_string() }),
            2 => json!({ "notional": self.notional().to_string(), "maxNotional": "25000000" }),
            _ => json!({ "notionalValue": self.notional().to_string(), "maxQty": "5000000" }),
        };
        merge(&mut row, more);
        if version != 3 {
            merge(
                &mut row,
                json!({
                    "leverage": LEVERAGE.to_string(),
                    "isolated": false,
                    "entryPrice": self.entry().to_string(),
                    "breakEvenPrice": self.entry().to_string(),
                    "positionInitialMargin": self.initial_margin().to_string(),
                    "openOrderInitialMargin": "0",
                }),
            );
        }
        row
    }

    /// As `positionRisk` tells it.
    fn risk_row(&self, version: u8) -> Value {
        let mut row = json!({
            "symbol": self.listed.symbol,
            "positionSide": "BOTH",
            "positionAmt": self.position.quantity.short(),
            "entryPrice": self.entry().to_string(),
            "breakEvenPrice": self.entry().to_string(),
            "markPrice": self.mark.to_string(),
            "unRealizedProfit": self.unrealized().to_string(),
            "liquidationPrice": "0",
            "isolatedMargin": "0",
            "isolatedWallet": "0",
            "updateTime": self.updated_ms,
        });
        let more = match version {
            3 => json!({
                "notional": self.notional().to_string(),
                "marginAsset": self.listed.market.settle,
                "initialMargin": self.initial_margin().to_string(),
                "maintMargin": self.maintenance_margin().to_string(),
                "positionInitialMargin": self.initial_margin().to_string(),
                "openOrderInitialMargin": "0",
                "adl": 1,
                "bidNotional": "0",
                "askNotional": "0",
            }),
            _ => json!({
                "leverage": LEVERAGE.to_string(),
                "marginType": "cross",
                "isAutoAddMargin": "false",
            }),
        };
        merge(&mut row, more);
        merge(
            &mut row,
            match version {
                3 => json!({}),
                2 => json!({ "notional": self.notional().to_string(), "maxNotionalValue": "25000000" }),
                _ => json!({ "notionalValue": self.notional().to_string(), "maxQty": "5000000" }),
            },
        );
        row
    }

    fn entry(&self) -> Amount {
        self.position.entry_price(self.listed.market)
    }
}

/// The third version tells only what is open.
pub(super) fn risk(call: &Call<'_>, wing: Wing, version: u8) -> Answer {
    contracts(call)?;
    let mut wanted = wing.wanted(call)?;
    let (asset, pair) = (call.params.symbol("marginAsset")?, call.params.symbol("pair")?);
    if asset.is_some() && pair.is_some() {
        return Err(Refusal::combination());
    }
    wanted.retain(|listed| {
        asset.is_none_or(|asset| asset == listed.market.settle)
            && pair.is_none_or(|pair| pair == listed.market.symbol)
    });
    let mut held = held(call, wanted)?;
    held.retain(|held| version != 3 || held.position.is_open());
    list(held.iter().map(|held| held.risk_row(version)).collect())
}

pub(super) fn brackets(call: &Call<'_>, wing: Wing) -> Answer {
    contracts(call)?;
    let rows: Vec<Value> = wing
        .wanted(call)?
        .iter()
        .map(|listed| {
            let mut bracket = json!({
                "bracket": 1,
                "initialLeverage": LEVERAGE,
                "maintMarginRatio": 0.004,
                "cum": 0.0,
            });
            merge(
                &mut bracket,
                match wing {
                    Usdm => json!({ "notionalCap": 25_000_000, "notionalFloor": 0 }),
                    Coinm => json!({ "qtyCap": 5_000_000, "qtyFloor": 0 }),
                },
            );
            json!({ "symbol": listed.symbol, "brackets": [bracket] })
        })
        .collect();
    list(rows)
}

fn merge(row: &mut Value, more: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (row, more) {
        fields.extend(more);
    }
}
