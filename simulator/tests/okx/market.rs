//! Public answers: instruments, and the prices that Binance tells too.

use crate::{
    client::{Client, number, said, text, units},
    venue::NOW_MS,
};
use serde_json::Value;

#[test]
fn instruments_have_their_coins_between_hyphens() {
    let client = Client::still(&[]);
    let told = client.told("public/instruments?instType=SPOT");
    let truth = client.venue.truth();
    let expected: Vec<String> = truth["symbols"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| format!("{}-{}", text(&row["baseAsset"]), text(&row["quoteAsset"])))
        .collect();
    assert_eq!(told.iter().map(|row| text(&row["instId"])).collect::<Vec<_>>(), expected);
    let closed = told.iter().filter(|row| row["state"] != "live").count();
    assert_eq!(closed, 2);
    assert!(told.iter().all(|row| row["ctVal"] == "" && row["settleCcy"] == ""));
    assert_eq!((text(&told[0]["tickSz"]), text(&told[0]["lotSz"])), ("0.01", "0.00001"));
    for kind in ["MARGIN", "SWAP", "FUTURES", "OPTION"] {
        assert!(client.told(&format!("public/instruments?instType={kind}")).is_empty());
    }
    let one =
        client.told("public/instruments?instType=SPOT&instId=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F-USDT");
    assert_eq!((one.len(), &one[0]["baseCcy"]), (1, &"币安人生".into()));
    for (query, code) in
        [("", (400, 50014)), ("?instType=COIN", (400, 51000)), ("?instType=SPOT&instId=X", (200, 51001))]
    {
        assert_eq!(said(&client.public(&format!("public/instruments{query}"))), code, "{query}");
    }
}

#[test]
fn candles_are_those_of_the_other_venue_newest_first() {
    let client = Client::still(&[]);
    client.venue.advance(90_000);
    for (instrument, symbol) in [("BTC-USDT", "BTCUSDT"), ("ETH-BTC", "ETHBTC"), ("FIRO-USDT", "FIROUSDT")] {
        for (bar, interval, length_ms) in
            [("1m", "1m", 60_000), ("1H", "1h", 3_600_000), ("1Dutc", "1d", 86_400_000)]
        {
            let told =
                client.told(&format!("market/history-candles?instId={instrument}&bar={bar}&limit=300"));
            let theirs =
                client.venue.public(&format!("/api/v3/klines?symbol={symbol}&interval={interval}&limit=300"));
            let theirs = theirs.json().as_array().unwrap().clone();
            assert_eq!((told.len(), theirs.len()), (300, 300), "{instrument} {bar}");
            for (row, kline) in told.iter().zip(theirs.iter().rev()) {
                assert_eq!(number(&row[0]), kline[0].as_i64().unwrap());
                for (at, other) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (7, 7)] {
                    assert_eq!(units(&row[at]), units(&kline[other]), "{row} {kline}");
                }
                let is_over = number(&row[0]) + length_ms <= NOW_MS + 90_000;
                assert_eq!(text(&row[8]), if is_over { "1" } else { "0" });
            }
        }
    }
}

#[test]
fn candles_between_two_instants_are_told_without_those_at_the_bounds() {
    let client = Client::still(&[]);
    let opens = |query: &str| -> Vec<i64> {
        let rows = client.told(&format!("market/history-candles?instId=BTC-USDT&bar=1m&{query}"));
        rows.iter().map(|row| (number(&row[0]) - NOW_MS) / 60_000).collect()
    };
    let at = |minutes: i64| NOW_MS + minutes * 60_000;
    assert_eq!(opens(&format!("before={}", at(-3))), [0, -1, -2]);
    assert_eq!(opens(&format!("after={}&limit=2", at(-3))), [-4, -5]);
    assert_eq!(opens(&format!("after={}&before={}", at(-3), at(-6))), [-4, -5]);
    assert_eq!(opens(&format!("after={}&before={}", at(-3) + 1, at(-6) - 1)), [-3, -4, -5, -6]);
    assert_eq!(opens("limit=1"), [0]);
    assert_eq!(opens("").len(), 100);
    let recent = client.told(&format!("market/candles?instId=BTC-USDT&after={}", at(-1_439)));
    assert!(recent.is_empty(), "1440 and no more");
    for (query, code) in [
        ("instId=BTC-USDT&limit=301", (400, 51000)),
        ("instId=BTC-USDT&limit=0", (400, 51000)),
        ("instId=BTC-USDT&bar=1h", (400, 51000)),
        ("instId=BTC-USDT&after=x", (400, 51000)),
        ("instId=BTCUSDT", (200, 51001)),
        ("bar=1m", (400, 50014)),
    ] {
        assert_eq!(said(&client.public(&format!("market/candles?{query}"))), code, "{query}");
    }
}

#[test]
fn tickers_tell_the_last_day() {
    let client = Client::still(&[]);
    let told = client.told("market/ticker?instId=BTC-USDT");
    let day = client.venue.public("/api/v3/ticker/24hr?symbol=BTCUSDT").json();
    for (own, other) in
        [("last", "lastPrice"), ("high24h", "highPrice"), ("low24h", "lowPrice"), ("vol24h", "volume")]
    {
        assert_eq!(units(&told[0][own]), units(&day[other]), "{own}");
    }
    let all: Vec<Value> = client.told("market/tickers?instType=SPOT");
    assert_eq!(all.len(), client.venue.truth()["symbols"].as_array().unwrap().len());
    assert_eq!(all[0], told[0]);
    let time = client.told("public/time");
    assert_eq!(number(&time[0]["ts"]), NOW_MS);
}
