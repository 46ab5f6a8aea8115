//! What holds for every dialect.

use super::*;
use crate::{Method, Said};

/// Answers that are none, and the beginnings of some that are.
fn bodies() -> Vec<Vec<u8>> {
    let whole = [
        r#"[{"coin":"@1","px":"1e99","sz":"-0","side":"A","time":-1,"fee":"1e-99","tid":1,"delta":{"type":"send","amount":"9"}}]"#,
        r#"{"code":"200000","data":{"items":[{"symbol":"A-B","size":99999999999999999999,"createdAt":"","context":"{"}]}}"#,
        r#"{"result":{"trades":[{"instrument_name":"-","amount":1e9,"price":1e-9,"fee":null}],"ticks":[1],"open":[]}}"#,
        r#"{"assetPositions":[{"position":{"coin":"","szi":"0","positionValue":"1"}}],"time":99999999999999999999}"#,
        r#"[{"universe":[]},[{"impactPxs":[[]]}]]"#,
        r#"{"error":{"code":1e400,"data":{"reason":7}},"status":"err","response":{}}"#,
        "\u{feff}{}",
        "[[[[[[[[",
        "null",
        "\"\\ud800\"",
    ];
    let mut bodies: Vec<Vec<u8>> = vec![vec![0xff, 0xfe], Vec::new()];
    for body in whole {
        let bytes = body.as_bytes();
        bodies.extend((0..=bytes.len()).map(|end| bytes[..end].to_vec()));
    }
    bodies
}

#[test]
fn no_answer_brings_a_dialect_down() {
    let listings = Listings::default();
    for (venue, dialect, _) in DIALECTS {
        for body in bodies() {
            for status in [200, 400, 429, 500] {
                let reply = Reply { status, headers: Vec::new(), body: body.clone() };
                dialect.error(&reply, Timestamp::from_millis(0));
            }
            let reply = Reply { status: 200, headers: Vec::new(), body: body.clone() };
            for need in Need::ALL {
                for (market, path, account) in [("", "", None), ("spot", "/info", Some("0x1"))] {
                    let symbol = account.map(|_| "A-B");
                    let asked = Asked { need, market, path, symbol, currency: None, account };
                    // What is read of it does not matter; that nothing panics does.
                    let _ = dialect.read(asked, &reply, &listings);
                }
            }
        }
        assert!(!dialect.calls().is_empty(), "{venue}");
    }
}

#[test]
fn what_a_dialect_asks_is_among_its_calls() {
    let secret = |text: &str| protocol::Secret::new(text.to_owned());
    let key = protocol::Credentials {
        api_key: secret("0x00000000000000000000000000000000000000aa"),
        secret: secret("aSecret"),
        passphrase: Some(secret("aWord")),
    };
    let moment = crate::Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [7; 16] };
    for (venue, dialect, _) in DIALECTS {
        for need in Need::ALL {
            for market in ["spot", "perp", "margin", "futures", "unified", "wallet", "auth", ""] {
                for symbol in [None, Some("BTC-USDT")] {
                    let question = crate::Question { symbol, ..crate::Question::of(need, market) };
                    if let Ok(request) = dialect.ask(&question, &key, moment) {
                        let call = (request.method, request.host, request.path);
                        assert!(dialect.calls().contains(&call), "{venue} {call:?}");
                    }
                }
            }
        }
    }
}

/// What is sent as POST, all of it reads: the rest is GET, which changes nothing at these venues but one.
const POSTS: [(&str, &[&str]); 3] = [
    (
        "kraken",
        &[
            "/0/private/TradesHistory",
            "/0/private/Ledgers",
            "/0/private/BalanceEx",
            "/0/private/DepositStatus",
            "/0/private/WithdrawStatus",
            "/0/private/TradeVolume",
            "/0/private/OpenPositions",
            "/0/private/GetApiKeyInfo",
        ],
    ),
    ("hyperliquid", &["/info"]),
    ("binance", &["/sapi/v1/asset/get-funding-asset", "/sapi/v3/asset/getUserAsset"]),
];

#[test]
fn nothing_that_could_trade_move_or_withdraw_can_be_asked() {
    for (venue, dialect, _) in DIALECTS {
        let posts = POSTS.iter().find(|(name, _)| *name == venue).map_or(&[][..], |(_, posts)| *posts);
        for (method, host, path) in dialect.calls() {
            assert_eq!(*method == Method::Post, posts.contains(path), "{venue} {path}");
            assert!(
                path.starts_with('/') && !host.contains('/') && host.contains('.'),
                "{venue} {host}{path}"
            );
        }
        // The last part of a path is a method there, whatever carries it.
        for (_, _, path) in dialect.calls().iter().filter(|_| venue == "deribit") {
            let called = path.rsplit('/').next().unwrap();
            assert!(
                ["get_", "list_", "ticker", "auth", "test"].iter().any(|read| called.starts_with(read)),
                "{called}"
            );
        }
    }
}

/// What is left of an answer, by the venue's own ids.
fn left(venue: &str, asked: Asked<'_>, body: &str) -> Vec<String> {
    let reply = Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    match dialect(venue).unwrap().read(asked, &reply, &Listings::default()).unwrap() {
        Said::Fills(rows) => rows.into_iter().map(|row| row.id).collect(),
        Said::Crossings(rows) => rows.into_iter().filter_map(|row| row.id).collect(),
        Said::Ledger(rows) => rows.into_iter().map(|row| row.id).collect(),
        Said::Positions(rows) => rows.into_iter().map(|row| row.symbol).collect(),
        Said::Prices(rows) => rows.into_iter().map(|row| row.symbol).collect(),
        said => panic!("{said:?}"),
    }
}

#[test]
fn rows_of_other_instruments_and_coins_are_no_answer() {
    let nothing =
        Asked { need: Need::Fills, market: "spot", path: "", symbol: None, currency: None, account: None };
    let fill = |id: &str, symbol: &str| {
        format!(
            r#"{{"tradeId":"{id}","symbol":"{symbol}","side":"buy","price":"1","size":"1","createdAt":1729677117877}}"#
        )
    };
    let page = |rows: &[String]| format!(r#"{{"code":"200000","data":{{"items":[{}]}}}}"#, rows.join(","));
    let fills = page(&[fill("1", "KCS-BTC"), fill("2", "BTC-USDT")]);
    let of_one = Asked { symbol: Some("BTC-USDT"), ..nothing };
    assert_eq!(
        (left("kucoin", of_one, &fills), left("kucoin", nothing, &fills).len()),
        (vec!["2".to_owned()], 2)
    );

    let booked = |id: &str, currency: &str| {
        format!(
            r#"{{"offset":{id},"currency":"{currency}","type":"RealisedPNL","amount":1,"time":1730665504219}}"#
        )
    };
    let of_bitcoin = Asked { need: Need::Ledger, market: "futures", currency: Some("XBT"), ..nothing };
    assert_eq!(left("kucoin", of_bitcoin, &page(&[booked("1", "USDT"), booked("2", "XBT")])), ["2"]);

    let activity = |id: &str, symbol: &str| {
        format!(
            r#"{{"activity_type":"FILL","id":"{id}","side":"buy","price":"1","qty":"1","symbol":"{symbol}",
            "transaction_time":"2024-01-02T15:00:00Z"}}"#
        )
    };
    let path = "/v2/account/activities/FILL";
    let of_litecoin = Asked { path, symbol: Some("LTC/USD"), ..nothing };
    let activities = [activity("1", "AAPL"), activity("2", "LTC/USD"), activity("3", "LTCUSD")].join(",");
    assert_eq!(left("alpaca", of_litecoin, &format!("[{activities}]")), ["2", "3"]);
}

#[test]
fn coins_are_asked_for_by_the_venues_names() {
    for (venue, asked, body) in [
        (
            "gate",
            "usdt",
            r#"[{"id":"w1","currency":"ETH","amount":"2","status":"DONE","timestamp":"1685619255"},
               {"id":"w2","currency":"USDT","amount":"2","status":"DONE","timestamp":"1685619255"}]"#,
        ),
        (
            "bitget",
            "usdt",
            r#"{"code":"00000","data":[{"orderId":"w1","coin":"ETH","size":"2","status":"success","cTime":"1685619255000"},
               {"orderId":"w2","coin":"USDT","size":"2","status":"success","cTime":"1685619255000"}]}"#,
        ),
        (
            "mexc",
            "USDT-TRX",
            r#"[{"id":"w1","coin":"ETH","amount":"2","status":7,"applyTime":1685619255000},
               {"id":"w2","coin":"USDT-TRX","amount":"2","status":7,"applyTime":1685619255000}]"#,
        ),
    ] {
        let need = Need::Withdrawals;
        let asked =
            Asked { need, market: "wallet", path: "", symbol: None, currency: Some(asked), account: None };
        assert_eq!(left(venue, asked, body), ["w2"], "{venue}");
    }
}

#[test]
fn positions_and_prices_are_those_of_the_instrument_that_was_asked_for() {
    let asked = |need, symbol| {
        let market = "usdt-futures";
        Asked { need, market, path: "", symbol: Some(symbol), currency: None, account: None }
    };
    let held = r#"{"code":"00000","data":[{"symbol":"ETHUSDT","holdSide":"long","total":"1"},
        {"symbol":"BTCUSDT","holdSide":"short","total":"2"}]}"#;
    assert_eq!(left("bitget", asked(Need::Positions, "BTCUSDT"), held), ["BTCUSDT"]);
    let tickers = r#"[{"contract":"ETH_USDT","last":"1"},{"contract":"BTC_USDT","last":"2"}]"#;
    assert_eq!(left("gate", asked(Need::Prices, "BTC_USDT"), tickers), ["BTC_USDT"]);
}
