//! Key, clock, signature, and what a key may do.

use crate::{
    client::{Client, WINDOW, code},
    venue::{KEY, NOW_MS, sign},
};

const PATH: &str = "/v5/account/wallet-balance";
const QUERY: &str = "accountType=UNIFIED";

#[test]
fn a_signature_is_over_stamp_key_window_and_the_bytes_of_the_query() {
    let client = Client::still(&[]);
    let right = sign(&format!("{NOW_MS}{KEY}{WINDOW}accountType=UNIFIED&coin=%42TC"));
    let ask = |query: &str, signature: &str| code(&client.send("GET", PATH, query, "", signature, NOW_MS));
    assert_eq!(ask("accountType=UNIFIED&coin=%42TC", &right), 0);
    for (query, signature) in [
        ("accountType=UNIFIED&coin=BTC", right.as_str()),
        ("coin=%42TC&accountType=UNIFIED", &right),
        ("accountType=UNIFIED&coin=%42TC", &right.replace(&right[..2], "zz")),
        ("accountType=UNIFIED&coin=%42TC", ""),
        ("accountType=UNIFIED&coin=%42TC", &sign("something else")),
    ] {
        assert_eq!(ask(query, signature), 10004, "{query} {signature}");
    }
}

#[test]
fn a_clock_may_be_late_by_the_window_and_ahead_by_less_than_a_second() {
    let client = Client::still(&[]);
    for (off_ms, expected) in [(-5000, 0), (-5001, 10002), (999, 0), (1000, 10002)] {
        assert_eq!(code(&client.signed_at(PATH, QUERY, NOW_MS + off_ms)), expected, "{off_ms}");
    }
}

#[test]
fn another_key_is_not_known_and_other_paths_do_not_exist() {
    let client = Client::still(&[]);
    let stamp = NOW_MS.to_string();
    let ask =
        |headers: &[(&str, &str)]| code(&client.venue.send("GET", &format!("{PATH}?{QUERY}"), headers, ""));
    assert_eq!(ask(&[]), 10003);
    assert_eq!(ask(&[("X-BAPI-API-KEY", "other"), ("X-BAPI-TIMESTAMP", &stamp)]), 10003);
    assert_eq!(ask(&[("X-BAPI-API-KEY", KEY)]), 10001);
    assert_eq!(ask(&[("X-BAPI-API-KEY", KEY), ("X-BAPI-TIMESTAMP", "now")]), 10001);
    assert_eq!(ask(&[("X-BAPI-API-KEY", KEY), ("X-BAPI-TIMESTAMP", &stamp)]), 10004);
    for path in ["/v5/account/wallet", "/v5/", "/v5/order/create"] {
        assert_eq!(client.signed(path, "").status, 404, "{path}");
    }
}

#[test]
fn a_reading_key_reads_and_nothing_else() {
    let client = Client::still(&[]);
    let before = client.venue.truth();
    let trading = ["/v5/order/create", "/v5/order/cancel", "/v5/position/set-leverage"];
    let moving = ["/v5/asset/withdraw/create", "/v5/asset/transfer/inter-transfer"];
    for path in trading.iter().chain(&moving) {
        assert_eq!(code(&client.post(path, r#"{"category":"spot"}"#)), 10005, "{path}");
    }
    client.venue.tell("rights", r#"{"rights":"trade"}"#);
    assert_eq!(code(&client.post(trading[0], "{}")), 170_210);
    assert_eq!(code(&client.post(moving[0], "{}")), 10005);
    client.venue.tell("rights", r#"{"rights":"withdraw"}"#);
    assert_eq!(code(&client.post(moving[0], "{}")), 131_002);
    assert_eq!(client.venue.truth()["balances"], before["balances"]);
}

#[test]
fn what_a_key_may_do_is_told() {
    let client = Client::still(&[]);
    for (rights, read_only, withdraws) in [("read", 1, false), ("trade", 0, false), ("withdraw", 0, true)] {
        client.venue.tell("rights", &format!(r#"{{"rights":"{rights}"}}"#));
        let info = client.result("/v5/user/query-api", "");
        assert_eq!((&info["readOnly"], &info["apiKey"]), (&read_only.into(), &KEY.into()), "{rights}");
        assert_eq!(info["userID"], client.venue.ready["account"]["uid"]);
        let wallet = info["permissions"]["Wallet"].as_array().unwrap();
        assert_eq!(wallet.contains(&"Withdraw".into()), withdraws, "{rights}");
        assert_eq!(info["permissions"]["Spot"].as_array().unwrap().is_empty(), withdraws, "{rights}");
    }
    assert_eq!(client.result("/v5/user/query-sub-members", "")["subMembers"], serde_json::json!([]));
}

#[test]
fn each_mode_answers_in_the_words_of_bybit() {
    let client = Client::still(&[]);
    let ask = || client.signed_at(PATH, QUERY, NOW_MS);
    let mode = |name: &str| client.venue.tell("mode", &format!(r#"{{"mode":"{name}"}}"#));
    mode("rate_limited");
    let reply = ask();
    assert_eq!(reply.status, 403);
    assert!(String::from_utf8_lossy(&reply.body).contains("access too frequent"));
    mode("key_refused");
    assert_eq!((code(&ask()), code(&client.venue.public("/v5/market/time"))), (33004, 0));
    mode("region_blocked");
    let reply = ask();
    assert_eq!(reply.status, 403);
    assert!(String::from_utf8_lossy(&reply.body).contains("block access from your country"));
    mode("down");
    let seen: Vec<u16> = (0..4).map(|_| ask().status).collect();
    assert!(seen.contains(&503) && seen.contains(&0), "an error or silence: {seen:?}");
    mode("normal");
    assert_eq!(code(&ask()), 0);
}
