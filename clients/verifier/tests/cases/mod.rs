//! The cases of vectors/bundle and vectors/saved, as requests.
#![allow(dead_code, reason = "each test binary uses a part")]

use serde_json::Value;
use std::path::PathBuf;

/// What is asked, and what must be answered.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) request: Value,
    pub(crate) expect: Value,
    /// What is signed of an answer, where the case tells.
    pub(crate) base: Option<String>,
}

impl Case {
    fn read(case: &Value, request: &Value, member: &str, text: String) -> Self {
        let mut request = request.clone();
        request[member] = text.into();
        for (name, value) in case["ask"].as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        let base = case["base"].as_str().map(str::to_owned);
        Self {
            name: case["name"].as_str().unwrap().to_owned(),
            request,
            expect: case["expect"].clone(),
            base,
        }
    }

    /// Everything that the case expects is there.
    pub(crate) fn check(&self, said: &Value) {
        let Self { name, expect, .. } = self;
        for (member, wanted) in expect.as_object().unwrap() {
            match (member.as_str(), wanted) {
                ("enclave", Value::Object(wanted)) => {
                    for (member, wanted) in wanted {
                        assert_eq!(&said["enclave"][member], wanted, "{member} of {name}: {said}");
                    }
                }
                ("body", Value::String(text)) => {
                    assert_eq!(said["body"], serde_json::from_str::<Value>(text).unwrap(), "{name}");
                }
                _ => assert_eq!(&said[member], wanted, "{member} of {name}: {said}"),
            }
        }
    }
}

fn read(folder: &str) -> Value {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors"));
    let text = std::fs::read_to_string(root.join(folder).join("cases.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// vectors/bundle
pub(crate) fn bundles() -> Vec<Case> {
    let file = read("bundle");
    let cases = file["cases"].as_array().unwrap().iter();
    let cases: Vec<_> = cases
        .map(|case| {
            let text = file["bundles"][case["bundle"].as_str().unwrap()].as_str().unwrap();
            let mut bundle: Value = serde_json::from_str(text).unwrap();
            let change = case["change"].as_object().unwrap();
            for (pointer, value) in change {
                *bundle.pointer_mut(pointer).unwrap() = value.clone();
            }
            let text = if change.is_empty() { text.to_owned() } else { bundle.to_string() };
            Case::read(case, &file["request"], "bundle", text)
        })
        .collect();
    assert!(cases.len() > 40, "{}", cases.len());
    cases
}

/// vectors/saved
pub(crate) fn saved() -> Vec<Case> {
    let file = read("saved");
    let bundles = file["bundles"].as_object().unwrap();
    let cases: Vec<_> = file["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| {
            let mut text = case["saved"].as_str().unwrap().to_owned();
            for (name, bundle) in bundles {
                text = text.replace(&format!("\"{{{name}}}\""), &bundle.to_string());
            }
            Case::read(case, &file["request"], "saved", text)
        })
        .collect();
    assert!(cases.len() > 60, "{}", cases.len());
    cases
}
