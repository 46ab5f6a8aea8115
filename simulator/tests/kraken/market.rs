//! Public answers: coins, pairs, and the prices that Binance tells too.

use crate::{
    client::{Client, said, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;

fn result(client: &Client, question: &str) -> Value {
    let reply = client.public(question);
    assert_eq!(said(&reply), "", "{question}");
    reply.json()["result"].clone()
}

#[test]
fn time_and_status_are_the_venues() {
    let client = Client::still(&[]);
    client.venue.advance(1_999);
    let time = result(&client, "Time");
    assert_eq!(
        (time["unixtime"].as_i64(), time["rfc1123"].as_str()),
        (Some(NOW_MS / 1000 + 1), Some("Sun, 22 Nov 26 00:00:01 +0000"))
    );
    assert_eq!(result(&client, "SystemStatus")["status"], "online");
}

#[test]
fn coins_and_pairs_have_krakens_names() {
    let client = Client::still(&[]);
    let assets = result(&client, "Assets");
    for (id, altname) in
        [("XXBT", "XBT"), ("XETH", "ETH"), ("XXDG", "XDG"), ("ZUSD", "USD"), ("USDT", "USDT"), ("SOL", "SOL")]
    {
        assert_eq!(assets[id]["altname"], altname);
    }
    assert_eq!(result(&client, "Assets?asset=XBT,ZUSD").as_object().unwrap().len(), 2);
    assert_eq!(said(&client.public("Assets?asset=BTC")), "EQuery:Unknown asset");
    let pairs = result(&client, "AssetPairs");
    for (id, altname, websocket_name, base, quote) in [
        ("XXBTZUSD", "XBTUSD", "XBT/USD", "XXBT", "ZUSD"),
        ("XBTUSDT", "XBTUSDT", "XBT/USDT", "XXBT", "USDT"),
        ("XETHXXBT", "ETHXBT", "ETH/XBT", "XETH", "XXBT"),
        ("SOLETH", "SOLETH", "SOL/ETH", "SOL", "XETH"),
    ] {
        let pair = &pairs[id];
        let told = (&pair["altname"], &pair["wsname"], &pair["base"], &pair["quote"]);
        assert_eq!(told, (&altname.into(), &websocket_name.into(), &base.into(), &quote.into()), "{id}");
        for name in [id, altname, websocket_name] {
            assert_eq!(&result(&client, &format!("AssetPairs?pair={name}"))[id], pair, "{name}");
        }
    }
    let truth = client.venue.truth();
    let closed = pairs.as_object().unwrap().values().filter(|pair| pair["status"] != "online").count();
    assert_eq!(
        (pairs.as_object().unwrap().len(), closed),
        (truth["symbols"].as_array().unwrap().len() + 5, 2)
    );
    assert_eq!(said(&client.public("AssetPairs?pair=BTCUSDT")), "EQuery:Unknown asset pair");
    assert_eq!(
        result(&client, "AssetPairs?pair=XBTUSDT&info=fees")["XBTUSDT"]["fees"],
        serde_json::json!([[0, 0.1]])
    );
}

#[test]
fn candles_are_those_of_the_other_venue_and_at_most_720() {
    let client = Client::still(&[]);
    client.venue.advance(90_000);
    for (pair, symbol) in [("XBTUSDT", "BTCUSDT"), ("XETHXXBT", "ETHBTC"), ("FIROUSDT", "FIROUSDT")] {
        for (interval, name) in [(1, "1m"), (60, "1h"), (1440, "1d")] {
            let told = result(&client, &format!("OHLC?pair={pair}&interval={interval}"));
            let (rows, length_ms) = (told[pair].as_array().unwrap(), interval * 60_000);
            assert!(
                rows.len() <= 720 && (rows.len() == 720) == (pair != "FIROUSDT"),
                "{pair} {name}: {}",
                rows.len()
            );
            let now_ms = NOW_MS + 90_000;
            let running_ms = now_ms / length_ms * length_ms;
            // Nobody trades in firo today.
            let runs = rows.last().unwrap()[0] == running_ms / 1000;
            assert_eq!(runs, pair != "FIROUSDT", "the last one runs: {pair} {name}");
            assert_eq!(told["last"], (running_ms - length_ms) / 1000);
            let theirs =
                client.venue.public(&format!("/api/v3/klines?symbol={symbol}&interval={name}&limit=1000"));
            let theirs = theirs.json().as_array().unwrap().clone();
            for (row, kline) in rows.iter().rev().zip(theirs.iter().rev()) {
                assert_eq!(row[0].as_i64().unwrap() * 1000, kline[0].as_i64().unwrap());
                for (at, other) in [(1, 1), (2, 2), (3, 3), (4, 4), (6, 5)] {
                    assert_eq!(units(&row[at]), units(&kline[other]), "{row} {kline}");
                }
                assert!(
                    (units(&row[3])..=units(&row[2])).contains(&units(&row[5])),
                    "the mean is within: {row}"
                );
            }
        }
    }
    assert_eq!(
        result(&client, "OHLC?pair=XXBTZUSD&interval=60")["XXBTZUSD"],
        result(&client, "OHLC?pair=XBTUSDT&interval=60")["XBTUSDT"]
    );
}

#[test]
fn since_is_exclusive_and_never_leads_further_back() {
    let client = Client::still(&[]);
    client.venue.advance(30_000);
    let opens = |query: &str| -> Vec<i64> {
        let told = result(&client, &format!("OHLC?pair=XBTUSDT&{query}"));
        told["XBTUSDT"].as_array().unwrap().iter().map(|row| row[0].as_i64().unwrap()).collect()
    };
    let now = NOW_MS / 1000;
    assert_eq!(opens(&format!("since={}", now - 120)), [now - 60, now]);
    assert_eq!(opens(&format!("since={}", now - 121)), [now - 120, now - 60, now]);
    assert_eq!(opens(&format!("since={}", now + 999)), [now], "the one that runs is always told");
    assert_eq!(opens("since=1"), opens(""));
    assert_eq!(opens("since=1").first(), Some(&(now - 719 * 60)));
    for (query, name) in
        [("pair=XBTUSDT&interval=2", "interval"), ("interval=1", "pair"), ("pair=XBTUSDT&since=x", "since")]
    {
        assert_eq!(
            said(&client.public(&format!("OHLC?{query}"))),
            format!("EGeneral:Invalid arguments:{name}")
        );
    }
    assert_eq!(said(&client.public("OHLC?pair=BTCUSDT")), "EQuery:Unknown asset pair");
}

#[test]
fn tickers_tell_today_and_the_last_day() {
    let client = Client::still(&[]);
    client.venue.advance(3_600_000);
    let ticker = result(&client, "Ticker?pair=XBTUSDT")["XBTUSDT"].clone();
    let day = client.venue.public("/api/v3/ticker/24hr?symbol=BTCUSDT").json();
    for (own, other) in [("c", "lastPrice"), ("h", "highPrice"), ("l", "lowPrice"), ("v", "volume")] {
        let index = usize::from(own != "c");
        assert_eq!(units(&ticker[own][index]), units(&day[other]), "{own}");
    }
    assert!(units(&ticker["v"][0]) < units(&ticker["v"][1]), "today is an hour old");
    assert!(units(&ticker["b"][0]) < units(&ticker["a"][0]));
    assert_eq!(
        result(&client, "Ticker").as_object().unwrap().len(),
        result(&client, "AssetPairs").as_object().unwrap().len()
    );
}

#[test]
fn trades_tell_every_close_however_old() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let closes = truth["prices"]["BTCUSDT"].as_object().unwrap();
    for (open, close) in closes.iter().filter(|(open, _)| open.parse::<i64>().unwrap() < NOW_MS).step_by(701)
    {
        let open_ms: i64 = open.parse().unwrap();
        for since in [format!("{}", open_ms / 1000), format!("{}000000", open_ms)] {
            let told = result(&client, &format!("Trades?pair=XBTUSDT&since={since}&count=4"));
            let rows = told["XBTUSDT"].as_array().unwrap();
            assert_eq!((rows.len(), units(&rows[3][0])), (4, units(close)), "{open}");
            assert_eq!(told["last"], format!("{}000000", open_ms + 59_000));
        }
    }
    let newest = result(&client, "Trades?pair=XBTUSDT");
    assert_eq!(newest["XBTUSDT"].as_array().unwrap().len(), 1000);
    let last = newest["last"].as_str().unwrap();
    assert!(last.parse::<i64>().unwrap() <= NOW_MS * 1_000_000 && NOW_MS > DAY_MS);
    assert!(
        result(&client, &format!("Trades?pair=XBTUSDT&since={last}"))["XBTUSDT"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(said(&client.public("Trades?pair=XBTUSDT&count=0")), "EGeneral:Invalid arguments:count");
}
