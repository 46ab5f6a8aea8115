//! Key, passphrase, signature, clock, and what a key may do.

use crate::{
    client::{Client, headers, said, sign, stamp},
    venue::{KEY, NOW_MS},
};

const PATH: &str = "/api/v5/account/balance";

#[test]
fn a_signature_is_over_stamp_method_path_query_and_body_as_they_came() {
    let client = Client::still(&[]);
    let at = stamp(NOW_MS);
    let ask =
        |path: &str, signed: &str| said(&client.venue.send("GET", path, &headers(&at, &sign(signed)), ""));
    let path = format!("{PATH}?ccy=%42TC");
    assert_eq!(ask(&path, &format!("{at}GET{path}")), (200, 0));
    for signed in [
        format!("{at}GET{PATH}?ccy=BTC"),
        format!("{at}POST{path}"),
        format!("{at}GET{PATH}"),
        format!("{at}get{path}"),
        format!("GET{path}"),
        path.clone(),
    ] {
        assert_eq!(ask(&path, &signed), (401, 50113), "{signed}");
    }
    let right = sign(&format!("{at}GET{PATH}"));
    assert_eq!(said(&client.venue.send("GET", PATH, &headers(&at, &right), "")), (200, 0));
    assert_eq!(
        said(&client.venue.send("GET", PATH, &headers(&at, &right.replace('=', "")), "")),
        (401, 50113)
    );
}

#[test]
fn every_header_must_be_there_and_right() {
    let client = Client::still(&[]);
    let at = stamp(NOW_MS);
    let right = sign(&format!("{at}GET{PATH}"));
    let all = headers(&at, &right);
    for (index, missing) in [50103, 50104, 50107, 50106].into_iter().enumerate() {
        for value in [None, Some("")] {
            let mut some: Vec<(&str, &str)> = all.to_vec();
            match value {
                None => drop(some.remove(index)),
                Some(empty) => some[index].1 = empty,
            }
            assert_eq!(said(&client.venue.send("GET", PATH, &some, "")), (401, missing));
        }
    }
    for (index, wrong) in [50111, 50105, 50112, 50113].into_iter().enumerate() {
        let mut some = all;
        some[index].1 = "something else";
        assert_eq!(said(&client.venue.send("GET", PATH, &some, "")), (401, wrong));
    }
}

#[test]
fn a_stamp_is_good_for_half_a_minute_before_and_after() {
    let client = Client::still(&[]);
    for (off_ms, expected) in
        [(30_000, (200, 0)), (-30_000, (200, 0)), (30_001, (401, 50102)), (-30_001, (401, 50102))]
    {
        let at = stamp(NOW_MS + off_ms);
        let signature = sign(&format!("{at}GET{PATH}"));
        let reply = client.venue.send("GET", PATH, &headers(&at, &signature), "");
        assert_eq!(said(&reply), expected, "{off_ms}");
    }
}

#[test]
fn a_reading_key_reads_and_nothing_else() {
    let client = Client::still(&[]);
    let before = client.venue.truth();
    let order = r#"{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"market","sz":"1"}"#;
    let trading = [
        "trade/order",
        "trade/batch-orders",
        "trade/amend-order",
        "trade/cancel-order",
        "asset/transfer",
        "asset/convert/trade",
        "finance/savings/purchase-redempt",
    ];
    let moving = ["asset/withdrawal", "asset/cancel-withdrawal"];
    let post = |path: &str| said(&client.send("POST", &format!("/api/v5/{path}"), order));
    for path in trading.iter().chain(&moving) {
        assert_eq!(post(path), (401, 50120), "{path}");
    }
    client.venue.tell("rights", r#"{"rights":"trade"}"#);
    assert_eq!((post("trade/order"), post("asset/withdrawal")), ((200, 51022), (401, 50120)));
    client.venue.tell("rights", r#"{"rights":"withdraw"}"#);
    assert_eq!((post("trade/order"), post("asset/withdrawal")), ((401, 50120), (200, 58207)));
    assert_eq!(client.venue.truth()["balances"], before["balances"]);
    assert_eq!(said(&client.send("GET", "/api/v5/trade/order", "")), (405, 50115));
    assert_eq!(said(&client.private("account/nothing")), (404, 404));
}

#[test]
fn what_a_key_may_do_is_told_with_whose_it_is() {
    let client = Client::still(&[]);
    for (rights, perm) in
        [("read", "read_only"), ("trade", "read_only,trade"), ("withdraw", "read_only,withdraw")]
    {
        client.venue.tell("rights", &format!(r#"{{"rights":"{rights}"}}"#));
        let config = client.rows("account/config");
        assert_eq!((config.len(), &config[0]["perm"]), (1, &perm.into()));
        assert_eq!(config[0]["uid"], client.venue.truth()["account"]["uid"].to_string());
        assert_eq!(config[0]["mainUid"], config[0]["uid"]);
    }
    assert!(client.rows("users/subaccount/list").is_empty());
}

#[test]
fn each_mode_answers_in_the_words_of_okx() {
    let client = Client::still(&[]);
    let ask = || client.private("account/balance");
    let mode = |name: &str| client.venue.tell("mode", &format!(r#"{{"mode":"{name}"}}"#));
    mode("rate_limited");
    assert_eq!((said(&ask()), said(&client.public("public/time"))), ((429, 50011), (429, 50011)));
    mode("key_refused");
    assert_eq!((said(&ask()), said(&client.public("public/time"))), ((401, 50111), (200, 0)));
    mode("region_blocked");
    assert_eq!((ask().status, client.public("public/time").status), (451, 451));
    mode("down");
    let seen: Vec<u16> = (0..4).map(|_| ask().status).collect();
    assert!(seen.contains(&503) && seen.contains(&0), "an error or silence: {seen:?}");
    mode("normal");
    assert_eq!(said(&ask()), (200, 0));
}

#[test]
fn a_passphrase_of_ones_own_is_not_told() {
    let client = Client::still(&[]);
    assert!(client.venue.ready["okx"]["passphrase"].is_null());
    assert_eq!(client.venue.ready["key"], KEY);
    let known = crate::venue::Venue::still(&[]);
    assert_eq!(known.ready["okx"]["passphrase"], "demo-passphrase");
}
