//! Signed requests: key, clock, signature, and what a key may do.

use crate::{
    ACCOUNT, TRADES,
    venue::{KEY, NOW_MS, Venue, sign},
};

#[test]
fn a_signature_is_over_the_bytes_as_they_came() {
    let venue = Venue::still(&[]);
    let query = format!("omitZeroBalances=true&recvWindow=5000&timestamp={NOW_MS}");
    let signature = sign(&query);
    let ask = |method: &str, query: &str, body: &str| {
        venue.with_key(method, &format!("{ACCOUNT}?{query}"), body).refusal()
    };
    assert_eq!(ask("GET", &format!("{query}&signature={signature}"), ""), (200, 0));
    assert_eq!(
        ask("GET", &format!("{query}&signature={}", signature.to_uppercase()), ""),
        (200, 0),
        "hex in either case"
    );
    assert_eq!(ask("GET", &format!("signature={signature}&{query}"), ""), (200, 0), "wherever it stands");
    let reordered = format!("timestamp={NOW_MS}&omitZeroBalances=true&recvWindow=5000");
    assert_eq!(ask("GET", &format!("{reordered}&signature={}", sign(&reordered)), ""), (200, 0), "any order");
    assert_eq!(
        ask("GET", &format!("{reordered}&signature={signature}"), ""),
        (400, -1022),
        "but the signed one"
    );
    let encoded = query.replace("true", "%74rue");
    assert_eq!(
        ask("GET", &format!("{encoded}&signature={}", sign(&encoded)), ""),
        (200, 0),
        "raw, not decoded"
    );
    assert_eq!(ask("GET", &format!("{encoded}&signature={signature}"), ""), (400, -1022));
    for wrong in ["00", "zz", &signature[1..], &sign("other")] {
        assert_eq!(ask("GET", &format!("{query}&signature={wrong}"), ""), (400, -1022), "{wrong}");
    }
}

#[test]
fn parameters_may_stand_in_the_body_and_are_signed_after_the_query() {
    let venue = Venue::still(&[]);
    let ask = |query: &str, body: &str| {
        venue.with_key("POST", &format!("/sapi/v3/asset/getUserAsset{query}"), body)
    };
    let body = format!("asset=BTC&timestamp={NOW_MS}");
    let reply = ask("", &format!("{body}&signature={}", sign(&body)));
    assert_eq!(reply.json()[0]["asset"], "BTC");
    let body = format!("timestamp={NOW_MS}");
    let reply = ask("?asset=ETH", &format!("{body}&signature={}", sign(&format!("asset=ETH{body}"))));
    assert_eq!(reply.json()[0]["asset"], "ETH");
    let with_separator = sign(&format!("asset=ETH&{body}"));
    assert_eq!(ask("?asset=ETH", &format!("{body}&signature={with_separator}")).refusal(), (400, -1022));
}

#[test]
fn what_is_missing_is_named() {
    let venue = Venue::still(&[]);
    let timestamp = format!("timestamp={NOW_MS}");
    for (query, name) in [
        (timestamp.clone(), "signature"),
        (format!("{timestamp}&signature="), "signature"),
        (format!("signature={}", sign("")), "timestamp"),
        (format!("timestamp=&signature={}", sign("timestamp=")), "timestamp"),
    ] {
        let reply = venue.with_key("GET", &format!("{ACCOUNT}?{query}"), "");
        assert_eq!(reply.refusal(), (400, -1102), "{query}");
        assert!(reply.json()["msg"].as_str().unwrap().contains(&format!("'{name}'")), "{query}");
    }
    assert_eq!(venue.signed(TRADES, "").refusal(), (400, -1102));
    assert_eq!(venue.public("/api/v3/klines?interval=1m").refusal(), (400, -1102));
    assert_eq!(venue.public("/api/v3/klines?symbol=BTCUSDT").refusal(), (400, -1102));
}

#[test]
fn clocks_may_differ_as_much_as_documented_and_no_more() {
    let venue = Venue::still(&[]);
    let ask = |offset_ms: i64, window: &str| {
        let query = if window.is_empty() { String::new() } else { format!("recvWindow={window}") };
        venue.signed_at("GET", ACCOUNT, &query, NOW_MS + offset_ms).refusal()
    };
    for (offset_ms, window, expected) in [
        (0, "", (200, 0)),
        (999, "", (200, 0)),
        (1000, "", (400, -1021)),
        (-5000, "", (200, 0)),
        (-5001, "", (400, -1021)),
        (-60_000, "60000", (200, 0)),
        (-60_001, "60000", (400, -1021)),
        (1000, "60000", (400, -1021)),
        (-3, "2.999", (400, -1021)),
        (-3, "3.0", (200, 0)),
        (0, "60001", (400, -1131)),
        (0, "60000.001", (400, -1131)),
        (0, "1.0001", (400, -1100)),
        (0, "-1", (400, -1100)),
    ] {
        assert_eq!(ask(offset_ms, window), expected, "{offset_ms} ms, window {window}");
    }
    // Microseconds, too.
    assert_eq!(venue.signed_at("GET", ACCOUNT, "", NOW_MS * 1000 + 999_999).status, 200);
    assert_eq!(venue.signed_at("GET", ACCOUNT, "", NOW_MS * 1000 + 1_000_000).refusal(), (400, -1021));
    assert_eq!(venue.signed_at("GET", ACCOUNT, "", NOW_MS * 1000 - 5_000_001).refusal(), (400, -1021));
    // Time is the venue's, not that of the machine.
    venue.advance(3_600_000);
    assert_eq!(venue.signed_at("GET", ACCOUNT, "", NOW_MS).refusal(), (400, -1021));
    assert_eq!(venue.signed(ACCOUNT, "").status, 200);
}

#[test]
fn another_key_is_not_known() {
    let venue = Venue::still(&[]);
    let query = format!("timestamp={NOW_MS}");
    let path = format!("{ACCOUNT}?{query}&signature={}", sign(&query));
    let other = KEY.replace('a', "b");
    assert_eq!(venue.send("GET", &path, &[("X-MBX-APIKEY", &other)], "").refusal(), (401, -2015));
    assert_eq!(venue.send("GET", &path, &[], "").refusal(), (401, -2014));
    assert_eq!(
        venue.send("GET", &path, &[("x-mbx-apikey", KEY)], "").status,
        200,
        "header names have no case"
    );
}

#[test]
fn a_reading_key_reads_and_nothing_else() {
    let venue = Venue::still(&[]);
    let forbidden = [
        ("POST", "/api/v3/order", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1"),
        ("POST", "/api/v3/order/test", "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1"),
        ("DELETE", "/api/v3/order", "symbol=BTCUSDT&orderId=1"),
        ("DELETE", "/api/v3/openOrders", "symbol=BTCUSDT"),
        ("POST", "/sapi/v1/capital/withdraw/apply", "coin=BTC&address=x&amount=1"),
        ("POST", "/sapi/v1/asset/transfer", "type=MAIN_UMFUTURE&asset=USDT&amount=1"),
        ("POST", "/sapi/v1/asset/dust", "asset=ADA"),
    ];
    let before = venue.truth();
    for (method, path, query) in forbidden {
        assert_eq!(venue.signed_at(method, path, query, NOW_MS).refusal(), (401, -2015), "{method} {path}");
    }
    venue.tell("rights", r#"{"rights":"trade"}"#);
    assert_eq!(venue.signed_at("POST", "/api/v3/order", forbidden[0].2, NOW_MS).refusal(), (400, -2010));
    assert_eq!(venue.signed_at("POST", forbidden[4].1, forbidden[4].2, NOW_MS).refusal(), (401, -2015));
    venue.tell("rights", r#"{"rights":"withdraw"}"#);
    assert_eq!(venue.signed_at("POST", forbidden[4].1, forbidden[4].2, NOW_MS).refusal(), (400, -2010));
    assert_eq!(venue.truth(), before, "nothing was done");
}

#[test]
fn the_rights_of_a_key_are_told_in_full() {
    let venue = Venue::still(&[]);
    let rights = |venue: &Venue| venue.signed("/sapi/v1/account/apiRestrictions", "").json();
    let right_like = [
        "enableSpotAndMarginTrading",
        "enableMargin",
        "enableFutures",
        "enableVanillaOptions",
        "enablePortfolioMarginTrading",
        "enableWithdrawals",
        "enableInternalTransfer",
        "permitsUniversalTransfer",
        "enableFixApiTrade",
    ];
    let read = rights(&venue);
    assert_eq!(read["enableReading"], true);
    assert!(right_like.iter().all(|right| read[right] == false), "{read}");
    assert!(read["ipRestrict"].is_boolean() && read["createTime"].is_i64(), "{read}");
    for (name, field) in [("trade", "enableSpotAndMarginTrading"), ("withdraw", "enableWithdrawals")] {
        venue.tell("rights", &format!(r#"{{"rights":"{name}"}}"#));
        let told = rights(&venue);
        let given: Vec<_> = right_like.iter().filter(|right| told[right] == true).collect();
        assert_eq!(given, [&field], "{name}");
        // The account's, whatever the key may do.
        assert_eq!(venue.signed(ACCOUNT, "").json()["canWithdraw"], true);
    }
    let started_so = Venue::still(&["--rights", "trade"]);
    assert_eq!(rights(&started_so)["enableSpotAndMarginTrading"], true);
}
