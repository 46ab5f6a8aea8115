//! What there is to trade, and candles.

use crate::{
    client::{Client, MINUTE_MS, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::json;

#[test]
fn pairs_and_perpetuals_are_named_in_the_venues_way() {
    let client = Client::still(&["--contracts"]);
    let (symbols, truth) = (client.symbols(), client.venue.truth());
    assert_eq!(symbols.len(), truth["symbols"].as_array().unwrap().len());
    assert_eq!((symbols["BTC/USDC"].as_str(), symbols["@1"].as_str()), ("BTCUSDT", "ETHUSDT"));
    let names = |meta: &serde_json::Value| {
        let rows = meta["universe"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let meta = client.told("meta", json!({}));
    assert_eq!(names(&meta), ["BTC", "ETH"]);
    let spot = client.told("spotMetaAndAssetCtxs", json!({}));
    assert_eq!(spot[0], client.told("spotMeta", json!({})));
    assert_eq!(spot[1].as_array().unwrap().len(), symbols.len());
    let perpetuals = client.told("metaAndAssetCtxs", json!({}));
    assert_eq!((&perpetuals[0], perpetuals[1].as_array().unwrap().len()), (&meta, 2));
    let mids = client.told("allMids", json!({}));
    assert_eq!(mids["@1"], spot[1][1]["midPx"]);
    assert_eq!(mids["ETH"], perpetuals[1][1]["markPx"]);
    assert_eq!(client.told("exchangeStatus", json!({})), json!({ "specialStatuses": null, "time": NOW_MS }));
}

#[test]
fn without_contracts_there_are_no_perpetuals() {
    let client = Client::still(&[]);
    assert_eq!(client.told("meta", json!({}))["universe"], json!([]));
    assert_eq!(client.told("userFunding", json!({ "startTime": 0 })), json!([]));
}

#[test]
fn the_newest_5000_candles_exist_and_their_closes_are_the_worlds() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let ask = |coin: &str, interval: &str, from_ms: i64, to_ms: Option<i64>| {
        client.venue.advance(0);
        let req = json!({ "coin": coin, "interval": interval, "startTime": from_ms, "endTime": to_ms });
        client.told("candleSnapshot", json!({ "req": req })).as_array().unwrap().clone()
    };
    let minutes = ask("BTC/USDC", "1m", 0, None);
    assert_eq!(minutes.len(), 5_000);
    assert_eq!(minutes[4_999]["t"], NOW_MS, "the one that runs");
    assert_eq!(minutes[0]["t"], NOW_MS - 4_999 * MINUTE_MS);
    let days = ask("BTC/USDC", "1d", NOW_MS - 30 * DAY_MS, Some(NOW_MS - DAY_MS));
    assert_eq!(days.len(), 30);
    for day in &days {
        let close = &truth["days"]["BTCUSDT"][day["t"].to_string()];
        assert_eq!(units(&day["c"]), units(close), "{day}");
        assert_eq!(day["T"].as_i64().unwrap(), day["t"].as_i64().unwrap() + DAY_MS - 1);
    }
    let between = ask("@1", "1h", NOW_MS - 7_199_999, Some(NOW_MS - 1));
    assert_eq!(between.len(), 1, "those that begin within");
    assert!(ask("@1", "1m", NOW_MS + 1, None).is_empty());
}
