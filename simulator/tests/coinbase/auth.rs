//! The token, and what a key may do.

use crate::{
    client::{Client, HOST, signed},
    venue::{NOW_MS, Reply},
};
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};

const ACCOUNTS: &str = "/api/v3/brokerage/accounts";

fn is_unauthorized(reply: &Reply) -> bool {
    (reply.status, reply.body.as_slice()) == (401, b"Unauthorized\n")
}

#[test]
fn a_token_names_the_key_the_call_and_two_minutes() {
    let client = Client::still(&[]);
    let now = NOW_MS / 1000;
    let wrong: [(&str, Value); 17] = [
        ("alg", json!("none")),
        ("alg", json!("HS256")),
        ("kid", json!("another")),
        ("kid", Value::Null),
        ("typ", json!("at+jwt")),
        ("nonce", json!("")),
        ("nonce", Value::Null),
        ("sub", json!("another")),
        ("iss", json!("somebody")),
        ("uri", json!(format!("GET {HOST}/api/v3/brokerage/account"))),
        ("uri", json!(format!("POST {HOST}{ACCOUNTS}"))),
        ("uri", json!(format!("GET {HOST}{ACCOUNTS}?limit=250"))),
        ("uri", json!(format!("GET example.org{ACCOUNTS}"))),
        ("nbf", json!(now - 1)),
        ("nbf", json!(now + 2)),
        ("exp", json!(now)),
        ("exp", json!((now + 60).to_string())),
    ];
    for (name, value) in wrong {
        let mut token = client.token("GET", ACCOUNTS);
        let part = if token.header.get(name).is_some() { &mut token.header } else { &mut token.claims };
        part[name] = value.clone();
        let reply = client.send("GET", &format!("{ACCOUNTS}?limit=250"), &client.signed(&token));
        assert!(is_unauthorized(&reply), "{name} {value}: {}", reply.status);
    }
    assert_eq!(client.ask(&format!("{ACCOUNTS}?limit=250")).status, 200, "the query is not in it");
    let mut token = client.token("GET", ACCOUNTS);
    (token.claims["nbf"], token.claims["iss"]) = (json!(now + 1), json!("coinbase-cloud"));
    let token = client.signed(&token);
    assert_eq!(client.send("GET", ACCOUNTS, &token).status, 200, "a second ahead is near enough");
}

#[test]
fn a_signature_is_of_this_key_over_these_bytes() {
    let client = Client::still(&[]);
    let right = client.signed(&client.token("GET", ACCOUNTS));
    let (head, signature) = right.rsplit_once('.').unwrap();
    let other = SigningKey::from_slice(&[7; 32]).unwrap();
    for token in [
        signed(&client.token("GET", ACCOUNTS), &other),
        format!("{head}."),
        format!("{head}.{signature}="),
        format!("{head}.{}", signature.chars().rev().collect::<String>()),
        format!("{head}x.{signature}"),
        head.to_owned(),
        String::new(),
    ] {
        assert!(is_unauthorized(&client.send("GET", ACCOUNTS, &token)), "{token}");
    }
    assert!(is_unauthorized(&client.venue.send("GET", ACCOUNTS, &[], "")));
    assert!(is_unauthorized(&client.venue.send("GET", ACCOUNTS, &[("Authorization", &right)], "")));
    assert_eq!(client.send("GET", ACCOUNTS, &right).status, 200, "what was wrong used no nonce up");
    assert!(is_unauthorized(&client.send("GET", ACCOUNTS, &right)), "a token is good once");
}

#[test]
fn a_nonce_is_good_once_and_a_token_two_minutes() {
    let client = Client::still(&[]);
    let mut token = client.token("GET", ACCOUNTS);
    assert_eq!(client.send("GET", ACCOUNTS, &client.signed(&token)).status, 200);
    token.claims["exp"] = json!(NOW_MS / 1000 + 119);
    assert!(is_unauthorized(&client.send("GET", ACCOUNTS, &client.signed(&token))), "the nonce is known");
    let old = client.signed(&client.token("GET", ACCOUNTS));
    client.venue.advance(119_999);
    assert_eq!(client.send("GET", ACCOUNTS, &old).status, 200);
    let older = client.signed(&client.token("GET", ACCOUNTS));
    client.venue.advance(120_001);
    assert!(is_unauthorized(&client.send("GET", ACCOUNTS, &older)));
}

#[test]
fn rights_are_the_keys_and_what_needs_others_is_refused_by_name() {
    let orders = "/api/v3/brokerage/orders";
    let send = "/v2/accounts/BTC/transactions";
    for (rights, can_trade, can_transfer) in
        [("read", false, false), ("trade", true, false), ("withdraw", false, true)]
    {
        let client = Client::still(&["--rights", rights]);
        let told = client.answer("/api/v3/brokerage/key_permissions");
        assert_eq!(
            [&told["can_view"], &told["can_trade"], &told["can_transfer"]],
            [true, can_trade, can_transfer],
            "{rights}"
        );
        let portfolios = client.answer("/api/v3/brokerage/portfolios");
        let rows = portfolios["portfolios"].as_array().unwrap();
        assert_eq!((rows.len(), &rows[0]["uuid"]), (2, &told["portfolio_uuid"]));
        assert!(rows[0]["uuid"] != rows[1]["uuid"]);

        let order = client.call("POST", orders);
        assert_eq!(order.status, if can_trade { 200 } else { 403 }, "{rights}");
        let order = order.json();
        let expected = if can_trade { json!(false) } else { Value::Null };
        assert_eq!(order["success"], expected, "nothing is ever traded");
        let sent = client.call("POST", send);
        assert_eq!(sent.status, if can_transfer { 400 } else { 403 }, "{rights}");
        assert!(sent.json()["errors"][0]["id"].is_string());
    }
    let client = Client::still(&[]);
    let refused = client.call("POST", orders).json();
    assert_eq!((&refused["error"], &refused["code"]), (&json!("PERMISSION_DENIED"), &json!(7)));
    for (path, field) in [("/api/v3/brokerage/nothing", "error"), ("/v2/nothing", "errors")] {
        let reply = client.ask(path);
        assert_eq!((reply.status, reply.json()[field].is_null()), (404, false), "{path}");
    }
    client.venue.tell("mode", r#"{"mode":"key_refused"}"#);
    assert!(is_unauthorized(&client.ask(ACCOUNTS)));
    assert_eq!(client.public("/api/v3/brokerage/time").status, 200);
}
