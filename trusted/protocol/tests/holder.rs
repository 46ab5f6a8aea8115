//! `vectors/holder`: calls that another implementation signed, and plaintexts that are no signed calls.
#![cfg(test)]

mod vectors;

use ed25519_dalek::{Signature, VerifyingKey};
use protocol::{holder, wire};
use serde_json::Value;
use vectors::{json, root, text};

fn cases(list: &str) -> Vec<Value> {
    let cases = json(&root().join("vectors/holder/cases.json"))[list].as_array().unwrap().clone();
    assert!(cases.len() >= 8, "{list}");
    cases
}

fn id(case: &Value) -> [u8; 16] {
    wire::decode_array(text(&case["envelope_id"])).unwrap()
}

/// As an enclave judges a call: by the key that it knows.
fn is_of_the_holder(case: &Value, body: &[u8], signature: &[u8; 64]) -> bool {
    let key = wire::decode_array(text(&case["public_key"])).unwrap();
    let signed = holder::signed_bytes(&id(case), body);
    VerifyingKey::from_bytes(&key).unwrap().verify_strict(&signed, &Signature::from_bytes(signature)).is_ok()
}

#[test]
fn a_signed_call_is_the_body_and_its_signature() {
    for case in cases("cases") {
        let name = text(&case["name"]);
        let (body, joined) = (text(&case["body"]).as_bytes(), text(&case["joined"]).as_bytes());
        let signature = wire::decode_array(text(&case["signature"])).unwrap();
        assert_eq!(holder::join(body, &signature).as_deref(), Some(joined), "{name}");
        assert_eq!(holder::split(joined), Some((body.to_vec(), signature)), "{name}");
        assert!(is_of_the_holder(&case, body, &signature), "{name}");
    }
}

#[test]
fn what_the_holder_did_not_sign_is_not_taken_for_it() {
    for case in cases("bad") {
        let name = text(&case["name"]);
        match (holder::split(text(&case["plaintext"]).as_bytes()), text(&case["expect"])) {
            (None, "unsigned") => {}
            (Some((body, signature)), "refused") => {
                assert!(!is_of_the_holder(&case, &body, &signature), "{name}");
            }
            (found, expected) => panic!("{name}: {found:?} where {expected} was expected"),
        }
    }
}
