//! The configuration document is read from its canonical text (RFC 8785) and from no other.
#![cfg(test)]

use attestation::Config;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The example of RFC 8785 section 3.2.3, given here in a wrong order, with an environment beside it.
#[test]
fn members_are_sorted_as_the_rfc_shows() {
    let document: Value = serde_json::from_str(
        r#"{
            "\u20ac": "Euro Sign",
            "\r": "Carriage Return",
            "\ufb33": "Hebrew Letter Dalet With Dagesh",
            "1": "One",
            "environment": ["live"],
            "\ud83d\ude00": "Emoji: Grinning Face",
            "\u0080": "Control",
            "\u00f6": "Latin Small Letter O With Diaeresis"
        }"#,
    )
    .unwrap();
    let expected = concat!(
        r#"{"\r":"Carriage Return","1":"One","environment":["live"],"#,
        "\"\u{80}\":\"Control\",\"\u{f6}\":\"Latin Small Letter O With Diaeresis\",",
        "\"\u{20ac}\":\"Euro Sign\",\"\u{1f600}\":\"Emoji: Grinning Face\",",
        "\"\u{fb33}\":\"Hebrew Letter Dalet With Dagesh\"}",
    );
    let config = Config::from_document(&document).unwrap();
    assert_eq!(config.text(), expected);
    assert_eq!(Config::parse(expected).unwrap(), config);
}

/// The string and the literals of RFC 8785 section 3.2.2.
#[test]
fn strings_and_literals_are_written_as_the_rfc_shows() {
    let document: Value = serde_json::from_str(
        r#"{"environment":["live"],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}"#,
    )
    .unwrap();
    let text = r#"{"environment":["live"],"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}"#;
    assert_eq!(Config::from_document(&document).unwrap().text(), text);
    let control: String = (0..=0x20_u8).map(char::from).collect();
    let text = Config::from_document(&json!({ "environment": [control] })).unwrap();
    let escaped = r"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f ";
    assert_eq!(text.text(), format!(r#"{{"environment":["{escaped}"]}}"#));
}

#[test]
fn any_other_spelling_of_the_same_document_is_refused() {
    assert!(Config::parse(r#"{"a":1,"environment":["live"]}"#).is_some());
    for text in [
        r#"{"environment":["live"],"a":1}"#,
        r#"{"a": 1,"environment":["live"]}"#,
        r#"{"a":1,"environment":["live"]} "#,
        "{\"a\":1,\"environment\":[\"live\"]}\n",
        r#"{"a":1,"environment":["\u006cive"]}"#,
        r#"{"a":1,"a":1,"environment":["live"]}"#,
        r#"{"a":1.0,"environment":["live"]}"#,
        r#"{"a":1e0,"environment":["live"]}"#,
        r#"{"a":01,"environment":["live"]}"#,
        r#"{"a":-0,"environment":["live"]}"#,
        "\u{feff}{\"a\":1,\"environment\":[\"live\"]}",
    ] {
        assert!(Config::parse(text).is_none(), "{text}");
    }
}

/// Other implementations read numbers as doubles: an integer that is not exact there has no agreed spelling.
#[test]
fn numbers_are_integers_that_a_double_holds() {
    for number in ["0", "-1", "9007199254740991", "-9007199254740991"] {
        assert!(Config::parse(&format!(r#"{{"a":{number},"environment":["live"]}}"#)).is_some(), "{number}");
    }
    for number in ["9007199254740992", "-9007199254740992", "18446744073709551615", "0.5", "1e30"] {
        assert!(Config::parse(&format!(r#"{{"a":{number},"environment":["live"]}}"#)).is_none(), "{number}");
    }
}

#[test]
fn a_document_without_environments_is_refused() {
    let deep = format!(r#"{{"a":{}{},"environment":["live"]}}"#, "[".repeat(500), "]".repeat(500));
    for text in ["", "null", "[]", "{}", r#"{"environment":[]}"#, r#"{"environment":"live"}"#, &deep] {
        assert!(Config::parse(text).is_none(), "{text}");
    }
    assert!(Config::parse(r#"{"environment":["live",1]}"#).is_none());
}

#[test]
fn its_hash_is_that_of_its_text() {
    let config =
        Config::from_document(&json!({ "environment": ["live", "sandbox"], "b": 1, "a": 2 })).unwrap();
    assert_eq!(config.text(), r#"{"a":2,"b":1,"environment":["live","sandbox"]}"#);
    assert_eq!(config.sha256(), <[u8; 32]>::from(Sha256::digest(config.text())));
    assert_eq!(config.environment(), ["live", "sandbox"]);
    assert_eq!(config.document()["a"], 2);
}
