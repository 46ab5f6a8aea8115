//! Bodies: what is unknown in a request is refused, what is unknown in an answer is left alone, secrets stay inside.
#![cfg(test)]

use protocol::api::{Registration, SessionCall, SessionOpened};
use protocol::{Code, Credentials, Problem, Secret, limits};
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({ "userId": "alice", "exchange": "binance", "apiKey": "KEY-1", "secret": "SECRET-2" })
}

fn registration(member: &str, value: Value) -> Result<Registration, serde_json::Error> {
    let mut body = minimal();
    body[member] = value;
    serde_json::from_str(&body.to_string())
}

#[test]
fn a_registration_needs_four_fields_and_defaults_to_the_careful_ones() {
    let body: Registration = serde_json::from_str(&minimal().to_string()).unwrap();
    assert_eq!((body.user_id.as_str(), body.exchange.as_str()), ("alice", "binance"));
    assert_eq!((body.api_key.expose(), body.secret.expose()), ("KEY-1", "SECRET-2"));
    assert!(!(body.sandbox || body.accept_trading_key || body.bearer));
    assert!(body.passphrase.is_none() && body.account_types.is_none() && body.ttl_seconds.is_none());
    assert_eq!(body.defect(), None);
    for member in ["userId", "exchange", "apiKey", "secret"] {
        let mut missing = minimal();
        missing.as_object_mut().unwrap().remove(member);
        assert!(serde_json::from_str::<Registration>(&missing.to_string()).is_err(), "{member}");
    }
}

#[test]
fn every_field_of_the_specification_is_read() {
    let body = json!({
        "userId": "u", "exchange": "binance", "apiKey": "k", "secret": "s", "passphrase": "p", "accountTypes": ["spot"],
        "sandbox": true, "label": "l", "ttlSeconds": 300, "leaseSeconds": 400, "holderKey": "hk", "quoteCurrency": "USDT",
        "acceptTradingKey": true, "bearer": true,
    });
    let body: Registration = serde_json::from_str(&body.to_string()).unwrap();
    assert_eq!(body.passphrase.unwrap().expose(), "p");
    assert_eq!(body.account_types.unwrap(), ["spot"]);
    assert!(body.sandbox && body.accept_trading_key && body.bearer);
    assert_eq!((body.ttl_seconds, body.lease_seconds), (Some(300), Some(400)));
    assert_eq!((body.label.as_deref(), body.quote_currency.as_deref()), (Some("l"), Some("USDT")));
    assert_eq!(body.holder_key.as_deref(), Some("hk"));
}

#[test]
fn what_a_request_does_not_know_is_refused() {
    for (member, value) in [
        ("user_id", json!("alice")),
        ("withdraw", json!(true)),
        ("sandbox", json!("true")),
        ("ttlSeconds", json!(-1)),
        ("ttlSeconds", json!(1.5)),
        ("apiKey", json!(1)),
        ("apiKey", Value::Null),
        ("accountTypes", json!("spot")),
    ] {
        assert!(registration(member, value.clone()).is_err(), "{member}: {value}");
    }
    let twice = minimal().to_string().replacen('{', r#"{"apiKey":"other","#, 1);
    assert!(serde_json::from_str::<Registration>(&twice).is_err());
    assert!(serde_json::from_str::<SessionCall>(r#"{"session_id":"s"}"#).is_ok());
    for body in ["{}", r#"{"session_id":"s","more":1}"#, r#"{"session_id":1}"#, "[]"] {
        assert!(serde_json::from_str::<SessionCall>(body).is_err(), "{body}");
    }
}

#[test]
fn fields_out_of_bounds_are_named() {
    let defect = |member, value| registration(member, value).unwrap().defect();
    let long = "ü".repeat(limits::LABEL_CHARS_MAX);
    for (member, value, named) in [
        ("userId", json!(long.clone()), None),
        ("userId", json!(format!("{long}ü")), Some("userId")),
        ("userId", json!(""), Some("userId")),
        ("userId", json!("a\nb"), Some("userId")),
        ("label", json!(""), None),
        ("label", json!(long.clone()), None),
        ("label", json!(format!("{long}ü")), Some("label")),
        ("label", json!("a\u{7f}"), Some("label")),
        ("ttlSeconds", json!(299), Some("ttlSeconds")),
        ("ttlSeconds", json!(300), None),
        ("ttlSeconds", json!(604_800), None),
        ("ttlSeconds", json!(604_801), Some("ttlSeconds")),
        ("ttlSeconds", json!(u64::MAX), Some("ttlSeconds")),
    ] {
        let advice = defect(member, value.clone());
        assert_eq!(advice.and_then(|advice| advice.split(' ').next()), named, "{member}: {value}");
    }
}

#[test]
fn a_secret_is_not_shown_by_what_holds_it() {
    let planted = ["PLANTED-key", "PLANTED-secret", "PLANTED-passphrase"];
    let [api_key, secret, passphrase] = planted.map(|text| Secret::new(text.to_owned()));
    let credentials = Credentials { api_key, secret, passphrase: Some(passphrase) };
    let mut body = minimal();
    for (member, text) in ["apiKey", "secret", "passphrase"].into_iter().zip(planted) {
        body[member] = json!(text);
    }
    let registration: Registration = serde_json::from_str(&body.to_string()).unwrap();
    let call: SessionCall = serde_json::from_str(r#"{"session_id":"PLANTED-session"}"#).unwrap();
    for shown in [
        format!("{credentials:?}"),
        format!("{credentials:#?}"),
        format!("{registration:?}"),
        format!("{registration:#?}"),
        format!("{call:?}"),
    ] {
        assert!(!shown.contains("PLANTED"), "{shown}");
    }
    // Nor by the error of a body that holds one and is wrong elsewhere.
    body["ttlSeconds"] = json!("soon");
    let error = serde_json::from_str::<Registration>(&body.to_string()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("PLANTED"));
}

/// `Zeroizing` wipes what it holds; a secret is nothing but one, so it has the size of one and moves, never copies.
#[test]
fn a_secret_is_one_wiped_string() {
    assert_eq!(size_of::<Secret>(), size_of::<zeroize::Zeroizing<String>>());
    assert!(core::mem::needs_drop::<Secret>());
    let text = String::from("where the secret lies");
    let at = text.as_ptr();
    let secret = Secret::new(text);
    assert_eq!(secret.expose().as_ptr(), at, "taken over, not copied");
}

#[test]
fn what_an_answer_adds_is_left_alone() {
    let answer = json!({
        "session_id": "session_1_x", "expires_at": "2026-01-01T00:00:00Z", "environment": "development",
        "account": { "venue": "binance", "fingerprint": "f", "types": ["spot"], "later": 1 },
        "key_rights": { "read": true, "trade": null, "withdraw": false, "transfer": null, "ip_restricted": true,
                        "verdict": "undecided" },
        "lease_until": "2026-01-01T00:00:00Z", "sync": { "state": "collecting", "progress": 0 }, "later": {},
    });
    let opened: SessionOpened = serde_json::from_str(&answer.to_string()).unwrap();
    assert_eq!((opened.key_rights.trade, opened.key_rights.withdraw), (None, Some(false)));
    assert_eq!(opened.sync.age_seconds, None);
    let again = serde_json::to_value(&opened).unwrap();
    assert_eq!(again["key_rights"]["trade"], Value::Null, "what the venue does not tell is said as null");
    assert!(!again["sync"].as_object().unwrap().contains_key("age_seconds"));
}

#[test]
fn a_problem_carries_its_code_and_never_input() {
    for &code in Code::ALL {
        assert_eq!(Code::parse(code.as_str()), Some(code));
        let problem = Problem::new(code, "Do this.", "request-1");
        let document = serde_json::to_value(&problem).unwrap();
        assert_eq!(document["code"], code.as_str());
        assert_eq!(document["status"], code.status());
        assert_eq!(document["detail"], "Do this.");
        let kind = document["type"].as_str().unwrap().strip_prefix("urn:perf-aggregator:problem:").unwrap();
        assert_eq!(kind.to_uppercase().replace('-', "_"), code.as_str());
        assert_eq!(serde_json::from_value::<Problem>(document).unwrap(), problem);
    }
    assert_eq!(Code::parse("envelope_expired"), None);
}
