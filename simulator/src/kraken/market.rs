//! Public endpoints: time, coins, pairs, prices.

mod prices;

use super::{
    Answer, Call,
    account::FEE,
    names::{Coin, DOLLAR, Pair},
    page::object,
    refusal::Refusal,
};
use crate::{amount::Amount, calendar};
use serde_json::{Value, json};

pub(super) use prices::{candles, ticker, trades};

pub(super) fn time(call: &Call<'_>) -> Answer {
    let rfc1123 = calendar::rfc1123(call.now_ms);
    Ok(json!({ "unixtime": call.now_ms.div_euclid(1000), "rfc1123": rfc1123 }).to_string())
}

pub(super) fn system_status(call: &Call<'_>) -> Answer {
    let timestamp = format!("{}Z", calendar::text(call.now_ms).replace(' ', "T"));
    Ok(json!({ "status": "online", "timestamp": timestamp }).to_string())
}

pub(super) fn assets(call: &Call<'_>) -> Answer {
    call.form.word("aclass", &["currency"])?;
    let coins = match call.form.list("asset") {
        Some(names) => names.into_iter().map(Coin::find).collect::<Result<Vec<_>, _>>()?,
        None => Coin::all().collect(),
    };
    let rows = coins.into_iter().map(|coin| {
        let row = json!({
            "aclass": "currency",
            "altname": coin.altname(),
            "decimals": coin.decimals(),
            "display_decimals": if coin.name == DOLLAR { 2 } else { 5 },
            "status": "enabled",
        });
        (coin.id().to_owned(), row)
    });
    Ok(object(rows))
}

/// The pairs that `pair` names; all without it.
fn wanted<'a>(call: &Call<'a>) -> Result<Vec<Pair<'a>>, Refusal> {
    match call.form.list("pair") {
        Some(names) => names.into_iter().map(|name| Pair::find(call.world, name)).collect(),
        None => Ok(Pair::all(call.world)),
    }
}

pub(super) fn asset_pairs(call: &Call<'_>) -> Answer {
    let info = call.form.word("info", &["info", "leverage", "fees", "margin"])?;
    let pairs = wanted(call)?;
    Ok(object(pairs.into_iter().map(|pair| (pair.id(), pair_row(pair, info)))))
}

fn pair_row(pair: Pair<'_>, info: &str) -> Value {
    let market = pair.market;
    let least = |decimals: u32| Amount::of(1, decimals).short();
    let percent: f64 = FEE.parse().unwrap_or_default();
    match info {
        "leverage" => return json!({ "leverage_buy": [], "leverage_sell": [] }),
        "fees" => {
            let currency = Coin::new(DOLLAR).id();
            return json!({ "fees": [[0, percent]], "fees_maker": [[0, percent]], "fee_volume_currency": currency });
        }
        "margin" => return json!({ "margin_call": 80, "margin_stop": 40 }),
        _ => {}
    }
    json!({
        "altname": pair.altname(),
        "wsname": pair.websocket_name(),
        "aclass_base": "currency",
        "base": Coin::new(market.base.name).id(),
        "aclass_quote": "currency",
        "quote": pair.quote.id(),
        "lot": "unit",
        "cost_decimals": 8,
        "pair_decimals": market.tick,
        "lot_decimals": market.step,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": [[0, percent]],
        "fees_maker": [[0, percent]],
        "fee_volume_currency": Coin::new(DOLLAR).id(),
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": least(market.step),
        "costmin": market.min_notional().short(),
        "tick_size": least(market.tick),
        // A market that closed for good is still listed, so that its trades can be read.
        "status": if market.closed_ms.is_none() { "online" } else { "cancel_only" },
    })
}
