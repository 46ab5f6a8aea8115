//! Public answers: time, products, and the prices that Binance tells too.

use crate::{
    client::{Client, units},
    venue::NOW_MS,
};
use serde_json::{Value, json};

fn answer(client: &Client, path_and_query: &str) -> Value {
    let reply = client.public(path_and_query);
    assert_eq!(reply.status, 200, "{path_and_query}: {}", String::from_utf8_lossy(&reply.body));
    reply.json()
}

#[test]
fn time_is_told_in_three_ways() {
    let client = Client::still(&[]);
    client.venue.advance(1_899);
    let time = answer(&client, "/api/v3/brokerage/time");
    let expected = json!({
        "iso": "2026-11-22T00:00:01.999000000Z",
        "epochSeconds": "1795305601",
        "epochMillis": "1795305601999",
    });
    assert_eq!(time, expected);
    assert_eq!(answer(&client, "/v2/time")["data"]["epoch"], NOW_MS / 1000 + 2);
}

#[test]
fn products_are_the_markets_and_closed_ones_are_still_listed() {
    let client = Client::still(&[]);
    let told = answer(&client, "/api/v3/brokerage/market/products");
    let products = told["products"].as_array().unwrap();
    let truth = client.venue.truth();
    let symbols = truth["symbols"].as_array().unwrap();
    let (own, in_dollars) = products.split_at(symbols.len());
    let of_usdt: Vec<&Value> = symbols.iter().filter(|symbol| symbol["quoteAsset"] == "USDT").collect();
    assert!(in_dollars.iter().all(|product| product["quote_currency_id"] == "USDC"));
    assert_eq!(
        (in_dollars.len(), in_dollars.last().map(|last| &last["price"])),
        (of_usdt.len() + 1, Some(&json!("1")))
    );
    for (product, symbol) in own.iter().zip(symbols) {
        let (base, quote) = (symbol["baseAsset"].as_str().unwrap(), symbol["quoteAsset"].as_str().unwrap());
        assert_eq!(product["product_id"], format!("{base}-{quote}"));
        assert_eq!(
            (&product["base_currency_id"], &product["quote_currency_id"]),
            (&base.into(), &quote.into())
        );
        assert_eq!(product["trading_disabled"], symbol["status"] != "TRADING", "{product}");
    }
    assert_eq!(own.iter().filter(|product| product["status"] == "delisted").count(), 2);
    client.venue.advance(1_000);
    assert_eq!(client.answer("/api/v3/brokerage/products"), told, "with a key as without");
    let futures = answer(&client, "/api/v3/brokerage/market/products?product_type=FUTURE");
    assert_eq!(futures, json!({ "products": [], "num_products": 0 }));
    let some = answer(&client, "/api/v3/brokerage/market/products?product_ids=BTC-USDT&product_ids=ETH-BTC");
    assert_eq!(some["num_products"], 2);
    let one = answer(&client, "/api/v3/brokerage/market/products/%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F-USDT");
    assert_eq!(one["product_id"], "币安人生-USDT");
    assert_eq!(client.public("/api/v3/brokerage/market/products/BTC-EUR").status, 404);
}

#[test]
fn candles_are_those_of_the_other_venue() {
    let client = Client::still(&[]);
    for (product, symbol, granularity, interval, minutes) in [
        ("BTC-USDT", "BTCUSDT", "ONE_MINUTE", "1m", 1),
        ("ETH-BTC", "ETHBTC", "ONE_HOUR", "1h", 60),
        ("FIRO-USDT", "FIROUSDT", "ONE_DAY", "1d", 1440),
        ("BTC-USDC", "BTCUSDT", "ONE_DAY", "1d", 1440),
    ] {
        let length = minutes * 60;
        let end = NOW_MS / 1000 / length * length;
        let start = end - 349 * length;
        let query = format!("granularity={granularity}&start={start}&end={end}");
        let told = answer(&client, &format!("/api/v3/brokerage/market/products/{product}/candles?{query}"));
        let rows = told["candles"].as_array().unwrap();
        assert!(rows.len() <= 350 && (product == "FIRO-USDT" || rows.len() == 350), "{}", rows.len());
        let query = format!("symbol={symbol}&interval={interval}&startTime={}&limit=1000", start * 1000);
        let theirs = client.venue.public(&format!("/api/v3/klines?{query}")).json();
        let theirs = theirs.as_array().unwrap();
        assert_eq!(rows.len(), theirs.len());
        for (row, kline) in rows.iter().rev().zip(theirs) {
            assert_eq!(row["start"], (kline[0].as_i64().unwrap() / 1000).to_string());
            for (at, name) in [(1, "open"), (2, "high"), (3, "low"), (4, "close"), (5, "volume")] {
                assert_eq!(units(&row[name]), units(&kline[at]), "{name}: {row} {kline}");
            }
        }
    }
}

#[test]
fn a_span_of_more_than_350_candles_is_refused_as_a_whole() {
    let client = Client::still(&[]);
    let ask =
        |query: &str| client.public(&format!("/api/v3/brokerage/market/products/BTC-USDT/candles?{query}"));
    let now = NOW_MS / 1000;
    let span = |candles: i64| format!("granularity=ONE_MINUTE&start={}&end={now}", now - (candles - 1) * 60);
    assert_eq!((ask(&span(350)).status, ask(&span(351)).status), (200, 400));
    for query in [
        format!("start={now}&end={now}"),
        format!("granularity=TWO_MINUTE&start={now}&end={now}"),
        format!("granularity=ONE_MINUTE&start={now}"),
        format!("granularity=ONE_MINUTE&start={now}&end={}", now - 60),
        format!("granularity=ONE_MINUTE&start={now}&end={now}&limit=351"),
        "granularity=ONE_MINUTE&start=2026-11-22T00:00:00Z&end=2026-11-22T00:00:00Z".to_owned(),
    ] {
        let reply = ask(&query);
        assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("INVALID_ARGUMENT")), "{query}");
    }
    let opens = ask(&format!("granularity=ONE_HOUR&start={}&end={}", now - 7_201, now + 86_400)).json();
    let starts: Vec<&str> =
        opens["candles"].as_array().unwrap().iter().map(|row| row["start"].as_str().unwrap()).collect();
    assert_eq!(starts, [now, now - 3_600, now - 7_200].map(|open| open.to_string()), "newest first");
}
