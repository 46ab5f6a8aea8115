//! Public answers: instruments, and the prices that Binance tells too.

use crate::{
    client::{Client, code, number, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;

#[test]
fn time_is_the_venues() {
    let client = Client::still(&[]);
    client.venue.advance(1_999);
    let time = client.public("/v5/market/time");
    assert_eq!(number(&time["timeSecond"]), NOW_MS / 1000 + 1);
    assert_eq!(number(&time["timeNano"]), (NOW_MS + 1_999) * 1_000_000);
}

#[test]
fn what_trades_is_listed_and_nothing_else() {
    let client = Client::still(&[]);
    let listed = client.public("/v5/market/instruments-info?category=spot&limit=1");
    let rows = listed["list"].as_array().unwrap();
    let symbols: Vec<&str> = rows.iter().map(|row| row["symbol"].as_str().unwrap()).collect();
    let truth = client.venue.truth();
    let all = truth["symbols"].as_array().unwrap();
    assert_eq!(symbols.len(), all.len() - 3, "spot has no pages, and three markets are gone");
    assert!(["MITHUSDT", "DOTBTC", "SOLBNB"].iter().all(|gone| !symbols.contains(gone)));
    for row in rows {
        let own = all.iter().find(|own| own["symbol"] == row["symbol"]).unwrap();
        assert_eq!((&row["baseCoin"], &row["quoteCoin"]), (&own["baseAsset"], &own["quoteAsset"]));
    }
    for question in ["", "?category=moon", "?category=spot&status=Sometimes"] {
        let reply = client.venue.public(&format!("/v5/market/instruments-info{question}"));
        assert_eq!(code(&reply), 10001, "{question}");
    }
    let closed = client.public("/v5/market/instruments-info?category=spot&status=Closed");
    assert_eq!(closed["list"], serde_json::json!([]));
}

#[test]
fn candles_are_those_of_the_other_venue_newest_first() {
    let client = Client::still(&[]);
    client.venue.advance(90_000);
    for symbol in ["BTCUSDT", "ETHBTC", "FIROUSDT", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"] {
        for (interval, name) in [("1", "1m"), ("60", "1h"), ("D", "1d"), ("W", "1w"), ("M", "1M")] {
            let question = format!("/v5/market/kline?category=spot&symbol={symbol}&interval={interval}");
            let told = client.public(&question);
            let rows = told["list"].as_array().unwrap();
            let theirs =
                client.venue.public(&format!("/api/v3/klines?symbol={symbol}&interval={name}&limit=200"));
            let theirs = theirs.json().as_array().unwrap().clone();
            assert_eq!(rows.len(), theirs.len(), "{symbol} {name}");
            for (row, kline) in rows.iter().zip(theirs.iter().rev()) {
                assert_eq!(number(&row[0]), kline[0].as_i64().unwrap());
                for (at, other) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 7)] {
                    assert_eq!(units(&row[at]), units(&kline[other]), "{row} {kline}");
                }
            }
        }
    }
}

#[test]
fn candles_of_a_window_are_its_newest_and_a_thousand_at_most() {
    let client = Client::still(&[]);
    let ask = |more: &str| {
        let question = format!("/v5/market/kline?category=spot&symbol=BTCUSDT&interval=1{more}");
        client.venue.public(&question)
    };
    let (from, to) = (NOW_MS - DAY_MS, NOW_MS - DAY_MS / 2);
    let reply = ask(&format!("&start={from}&end={to}&limit=1000")).json();
    let rows = reply["result"]["list"].as_array().unwrap().clone();
    let bounds = (rows.len(), number(&rows[0][0]), number(&rows[rows.len() - 1][0]));
    assert_eq!(bounds, (721, to, from), "both bounds are included");
    let fewer = ask(&format!("&start={from}&end={to}&limit=2")).json();
    assert_eq!(fewer["result"]["list"], Value::from(rows[..2].to_vec()));
    assert_eq!(code(&ask("&limit=1001")), 10001);
    assert_eq!(code(&ask("&start=1795305600")), 10001);
    for question in [
        "category=spot&symbol=MITHUSDT&interval=1",
        "category=spot&symbol=BTCUSDT&interval=2",
        "category=linear&symbol=NOUSDT&interval=1",
        "category=spot&interval=1",
    ] {
        let reply = client.venue.public(&format!("/v5/market/kline?{question}"));
        assert_eq!(code(&reply), 10001, "{question}");
    }
}

#[test]
fn tickers_are_the_last_day() {
    let client = Client::still(&[]);
    let told = client.public("/v5/market/tickers?category=spot&symbol=BTCUSDT");
    let theirs = client.venue.public("/api/v3/ticker/24hr?symbol=BTCUSDT").json();
    let row = &told["list"][0];
    for (ours, other) in [
        ("lastPrice", "lastPrice"),
        ("highPrice24h", "highPrice"),
        ("lowPrice24h", "lowPrice"),
        ("volume24h", "volume"),
        ("turnover24h", "quoteVolume"),
    ] {
        assert_eq!(units(&row[ours]), units(&theirs[other]), "{ours}");
    }
    assert_eq!(code(&client.venue.public("/v5/market/tickers?category=spot&symbol=NO")), 10001);
}
