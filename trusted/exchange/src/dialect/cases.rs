//! The shared cases of requests, for the tests of signers: data from outside, read where it is at hand.
#![cfg(test)]

use protocol::Secret;
use serde_json::Value;

/// `request.json` of a venue; `None`: it is not at hand, which is said.
pub(crate) fn request_cases(venue: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(shared) = std::env::var_os("PERFAGG_VECTORS") else {
        println!("skipped: PERFAGG_VECTORS is not set, exchanges/{venue}/request.json is not read");
        return None;
    };
    let file = std::path::Path::new(&shared).join("exchanges").join(venue).join("request.json");
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

/// Those that are signed, each with the key it is signed with.
pub(crate) fn signed_of(vectors: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let cases = vectors["cases"].as_array().unwrap().iter().filter(|case| case["sign"].is_object());
    cases.map(|case| (case, &vectors["test_keys"][text(&case["key"])]))
}

/// Asserts that every text of a venue's cases is signed as its case says.
pub(crate) fn assert_shared_signatures(venue: &str, signature: impl Fn(&Secret, &str) -> Option<String>) {
    let Some(vectors) = request_cases(venue) else { return };
    let mut seen = 0;
    for (case, key) in signed_of(&vectors) {
        let sign = &case["sign"];
        let made = signature(&secret(text(&key["secret"])), text(&sign["string_to_sign"]));
        assert_eq!(made.as_deref(), sign["signature"].as_str(), "{}", case["id"]);
        seen += 1;
    }
    assert!(seen > 8, "{seen} signatures");
}

/// A text of a case.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A secret of a test.
pub(crate) fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}
