//! The shared cases of signatures, for the tests of signers: data from outside, read where it is at hand.
#![cfg(test)]

use serde_json::Value;

/// What a key signs to what.
pub(crate) struct SignedCase {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) text: String,
    pub(crate) signature: String,
}

/// Those of a venue; `None`: they are not at hand, which is said.
pub(crate) fn signed_cases(venue: &str) -> Option<Vec<SignedCase>> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(shared) = std::env::var_os("PERFAGG_VECTORS") else {
        println!("skipped: PERFAGG_VECTORS is not set, exchanges/{venue}/request.json is not read");
        return None;
    };
    let file = std::path::Path::new(&shared).join("exchanges").join(venue).join("request.json");
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let signed = vectors["cases"].as_array().unwrap().iter().filter(|case| case["sign"].is_object());
    let cases = signed.map(|case| {
        let key = &vectors["test_keys"][text(&case["key"])];
        SignedCase {
            id: text(&case["id"]),
            secret: text(&key["secret"]),
            text: text(&case["sign"]["string_to_sign"]),
            signature: text(&case["sign"]["signature"]),
        }
    });
    Some(cases.collect())
}
