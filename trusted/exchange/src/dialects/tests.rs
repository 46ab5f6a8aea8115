//! What holds for every dialect.

use super::*;
use crate::Method;

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
