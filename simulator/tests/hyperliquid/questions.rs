//! What is asked, and what is refused.

use crate::{
    client::{Client, MINUTE_MS},
    venue::NOW_MS,
};
use serde_json::json;

#[test]
fn a_question_that_cannot_be_read_is_refused() {
    let client = Client::still(&[]);
    let address = client.address.clone();
    for body in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({ "type": 1 }).to_string(),
        json!({ "type": "everything" }).to_string(),
        json!({ "type": "userFills" }).to_string(),
        json!({ "type": "userFills", "user": "0x12" }).to_string(),
        json!({ "type": "userFills", "user": &address[2..] }).to_string(),
        json!({ "type": "userFills", "user": address, "aggregateByTime": "yes" }).to_string(),
        json!({ "type": "userFillsByTime", "user": address }).to_string(),
        json!({ "type": "userFillsByTime", "user": address, "startTime": "yesterday" }).to_string(),
        json!({ "type": "userFillsByTime", "user": address, "startTime": -1 }).to_string(),
        json!({ "type": "userFunding", "user": address, "startTime": 1.5 }).to_string(),
        json!({ "type": "candleSnapshot", "coin": "BTC" }).to_string(),
        json!({ "type": "candleSnapshot", "req": { "coin": "@1", "interval": "7m", "startTime": 0 } })
            .to_string(),
    ] {
        let reply = client.post(&body);
        assert_eq!(reply.status, 422, "{body}");
        assert!(String::from_utf8_lossy(&reply.body).starts_with("Failed to deserialize"), "{body}");
    }
    let unknown =
        client.ask("candleSnapshot", json!({ "req": { "coin": "NONE", "interval": "1m", "startTime": 0 } }));
    assert_eq!((unknown.status, unknown.body.as_slice()), (500, b"null".as_slice()));
    assert_eq!(client.venue.send("GET", "/info", &[], "").status, 405);
    let untold = client.venue.send("POST", "/info", &[], r#"{"type":"exchangeStatus"}"#);
    assert_eq!(untold.status, 415, "JSON must be said to be JSON");
}

#[test]
fn a_minute_has_1200_and_rows_weigh_too() {
    let client = Client::still(&[]);
    let fills = |client: &Client| client.ask("userFillsByTime", json!({ "startTime": 0 })).status;
    // 20, and 100 for 2000 rows.
    assert!((0..10).all(|_| fills(&client) == 200));
    let refused = client.ask("exchangeStatus", json!({}));
    assert_eq!((refused.status, refused.body.as_slice()), (429, b"null".as_slice()));
    client.venue.advance(MINUTE_MS);
    assert!((0..600).all(|_| client.ask("clearinghouseState", json!({})).status == 200));
    assert_eq!(client.ask("clearinghouseState", json!({})).status, 429);
}

#[test]
fn nobody_trades_or_moves_anything_here() {
    let client = Client::still(&["--rights", "trade"]);
    let body =
        json!({ "action": { "type": "order", "orders": [] }, "nonce": NOW_MS, "signature": {} }).to_string();
    let reply = client.venue.send("POST", "/exchange", &[("Content-Type", "application/json")], &body);
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("err")));
}

#[test]
fn other_addresses_have_nothing() {
    let client = Client::still(&["--contracts"]);
    let other = json!({ "user": "0x00000000000000000000000000000000000000aA", "startTime": 0 });
    for kind in ["userFills", "userFillsByTime", "userFunding", "userNonFundingLedgerUpdates", "openOrders"] {
        client.venue.advance(MINUTE_MS);
        assert_eq!(client.told(kind, other.clone()), json!([]), "{kind}");
        let capitals = json!({ "user": client.address.to_uppercase().replace("0X", "0x"), "startTime": 0 });
        assert_ne!(client.told(kind, capitals), json!([]), "{kind}");
    }
    assert_eq!(client.told("userRole", other.clone()), json!({ "role": "missing" }));
    assert_eq!(client.told("userRole", json!({})), json!({ "role": "user" }));
    assert_eq!(client.told("subAccounts", other.clone()), json!(null));
    assert_eq!(client.told("spotClearinghouseState", other.clone()), json!({ "balances": [] }));
    let state = client.told("clearinghouseState", other);
    assert_eq!(
        (&state["marginSummary"]["accountValue"], &state["assetPositions"]),
        (&json!("0.0"), &json!([]))
    );

    let sub = client.told("subAccounts", json!({}))[0]["subAccountUser"].clone();
    let role = json!({ "role": "subAccount", "data": { "master": client.address } });
    assert_eq!(client.told("userRole", json!({ "user": sub })), role);
    client.venue.tell("mode", r#"{"mode":"key_refused"}"#);
    assert_eq!(client.told("userRole", json!({})), json!({ "role": "missing" }), "there is no key to refuse");
}
