//! Key, signature, nonce, and what a key may do.

use crate::{
    client::{Client, KEY, said, sign},
    venue::{NOW_MS, Venue},
};
use serde_json::Value;

const PATH: &str = "/0/private/Balance";

#[test]
fn a_signature_is_over_path_nonce_and_the_bytes_of_the_body() {
    let client = Client::still(&[]);
    let body = "nonce=5&asset=%58BT";
    let right = sign(PATH, "5", body);
    for (signature, body) in [
        (sign("/0/private/BalanceEx", "5", body), body),
        (sign(PATH, "6", body), body),
        (right.clone(), "nonce=5&asset=XBT"),
        (right.clone(), "asset=%58BT&nonce=5"),
        (right.replace('=', ""), body),
        ("not base64".to_owned(), body),
        (String::new(), body),
    ] {
        assert_eq!(
            said(&client.send(PATH, &signature, body)),
            "EAPI:Invalid signature",
            "{signature} {body}"
        );
    }
    assert_eq!(said(&client.send(PATH, &right, body)), "", "what was wrong used no nonce up");
    assert_eq!(
        said(&client.send(PATH, &sign(PATH, "6", "a=1&nonce=6"), "a=1&nonce=6")),
        "",
        "wherever it stands"
    );
}

#[test]
fn a_nonce_only_rises() {
    let client = Client::still(&[]);
    for (nonce, expected) in [
        ("1000", ""),
        ("1000", "EAPI:Invalid nonce"),
        ("999", "EAPI:Invalid nonce"),
        ("1001", ""),
        ("", "EAPI:Invalid nonce"),
        ("-1", "EAPI:Invalid nonce"),
        ("1e9", "EAPI:Invalid nonce"),
        ("18446744073709551616", "EAPI:Invalid nonce"),
        ("18446744073709551615", ""),
        ("18446744073709551615", "EAPI:Invalid nonce"),
    ] {
        assert_eq!(said(&client.with_body("Balance", &format!("nonce={nonce}"))), expected, "{nonce}");
    }
    assert_eq!(said(&client.with_body("Balance", "")), "EAPI:Invalid nonce");
}

#[test]
fn another_key_is_not_known_and_questions_stand_in_the_body() {
    let client = Client::still(&[]);
    let signature = sign(PATH, "1", "nonce=1");
    let ask = |headers: &[(&str, &str)]| said(&client.venue.send("POST", PATH, headers, "nonce=1"));
    assert_eq!(ask(&[]), "EAPI:Invalid key");
    assert_eq!(ask(&[("API-Key", ""), ("API-Sign", &signature)]), "EAPI:Invalid key");
    assert_eq!(ask(&[("API-Key", crate::venue::KEY), ("API-Sign", &signature)]), "EAPI:Invalid key");
    assert_eq!(ask(&[("API-Key", KEY)]), "EAPI:Invalid signature");
    let headers = [("API-Key", KEY), ("API-Sign", signature.as_str())];
    let in_query = client.venue.send("GET", &format!("{PATH}?nonce=1"), &headers, "");
    assert_eq!(said(&in_query), "EAPI:Invalid nonce");
    assert_eq!(ask(&headers), "");
    for path in ["/0/private/Nothing", "/0/public/Balance", "/0/", "/0/private/balance"] {
        assert_eq!(said(&client.send(path, "", "nonce=2")), "EGeneral:Unknown method", "{path}");
    }
}

#[test]
fn a_reading_key_reads_and_nothing_else() {
    let client = Client::still(&[]);
    let before = client.venue.truth();
    let order = "pair=XBTUSDT&type=buy&ordertype=market&volume=1";
    let trading = ["AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder", "CancelOrder", "CancelAll"];
    let moving = ["Withdraw", "WithdrawCancel", "WalletTransfer", "Earn/Allocate", "Earn/Deallocate"];
    for method in trading.iter().chain(&moving) {
        assert_eq!(said(&client.private(method, order)), "EGeneral:Permission denied", "{method}");
    }
    client.venue.advance(60_000);
    client.venue.tell("rights", r#"{"rights":"trade"}"#);
    assert_eq!(said(&client.private("AddOrder", order)), "EService:Market in cancel_only mode");
    assert_eq!(said(&client.private("Withdraw", "asset=XBT&amount=1")), "EGeneral:Permission denied");
    client.venue.tell("rights", r#"{"rights":"withdraw"}"#);
    assert_eq!(said(&client.private("Withdraw", "asset=XBT&amount=1")), "EFunding:Failed");
    assert_eq!(said(&client.private("AddOrder", order)), "EGeneral:Permission denied");
    assert_eq!(client.venue.truth()["balances"], before["balances"]);
}

#[test]
fn what_a_key_may_do_is_told() {
    let client = Client::still(&[]);
    let reads = ["query-funds", "query-open-trades", "query-closed-trades", "query-ledger"];
    for (rights, more) in [
        ("read", [].as_slice()),
        ("trade", &["modify-trades", "close-trades"]),
        ("withdraw", &["withdraw-funds"]),
    ] {
        client.venue.tell("rights", &format!(r#"{{"rights":"{rights}"}}"#));
        let info = client.result("GetApiKeyInfo", "");
        assert_eq!(info["permissions"], Value::from([reads.as_slice(), more].concat()), "{rights}");
        assert_eq!((&info["api_key"], &info["nonce_window"]), (&Value::from(KEY), &Value::from("0")));
        assert_eq!(info["nonce"], client.nonce.get().to_string());
        assert_eq!(info["last_used"], (NOW_MS / 1000).to_string());
    }
}

#[test]
fn each_mode_answers_in_the_words_of_kraken_and_rights_are_those_of_both_venues() {
    let client = Client::still(&[]);
    let ask = || client.private("Balance", "");
    let mode = |name: &str| client.venue.tell("mode", &format!(r#"{{"mode":"{name}"}}"#));
    mode("rate_limited");
    assert_eq!((said(&ask()), said(&client.public("Time"))).0, "EAPI:Rate limit exceeded");
    mode("key_refused");
    assert_eq!((said(&ask()), said(&client.public("Time"))), ("EAPI:Invalid key".into(), String::new()));
    mode("region_blocked");
    assert_eq!((ask().status, client.public("Time").status), (451, 451));
    mode("down");
    let seen: Vec<u16> = (0..4).map(|_| ask().status).collect();
    assert!(seen.contains(&200) && seen.contains(&0), "an error or silence: {seen:?}");
    mode("normal");
    assert_eq!(said(&ask()), "");
}

#[test]
fn the_first_line_tells_a_pair_of_keys_that_everybody_knows_and_no_other() {
    let client = Client::still(&[]);
    assert_eq!(client.venue.ready["kraken"]["key"], KEY);
    assert!(client.venue.ready["kraken"]["secret"].is_null());
    let known = Venue::still(&[]);
    assert!(known.ready["kraken"]["key"].is_string() && known.ready["kraken"]["secret"].is_string());
    assert_eq!(known.ready["venue"], "binance", "who starts it for Binance reads what it read before");
}
