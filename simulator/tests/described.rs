//! What the service answers is what its description says: nothing described is missing, nothing else is there.
//!
//! The checker knows the keywords that `openapi.json` uses, and takes an object for closed, so that a new field is
//! described before it is served.

#![cfg(test)]

mod stack;

use serde_json::{Map, Value};
use stack::{Stack, http};

struct Description(Value);

impl Description {
    /// What is wrong with a value, each with its path.
    fn faults(&self, schema: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
        if let Some(name) = schema["$ref"].as_str() {
            let pointer = name.strip_prefix('#').unwrap();
            return self.faults(self.0.pointer(pointer).expect(name), value, path, found);
        }
        if let Some(any) = schema["anyOf"].as_array() {
            let fits = |schema: &Value| {
                let mut faults = Vec::new();
                self.faults(schema, value, path, &mut faults);
                faults.is_empty()
            };
            if !any.iter().any(fits) {
                found.push(format!("{path}: fits none of the kinds described"));
            }
            return;
        }
        if !has_type(schema, value) {
            return found.push(format!("{path}: {value} is not {}", schema["type"]));
        }
        let constant = schema.get("const").is_none_or(|constant| constant == value);
        let listed = schema["enum"].as_array().is_none_or(|list| list.contains(value));
        if !constant || !listed {
            found.push(format!("{path}: {value} is not among what is described"));
        }
        if let Some(object) = value.as_object() {
            self.object_faults(schema, object, path, found);
        }
        for (at, item) in value.as_array().into_iter().flatten().enumerate() {
            self.faults(&schema["items"], item, &format!("{path}[{at}]"), found);
        }
    }

    fn object_faults(
        &self,
        schema: &Value,
        object: &Map<String, Value>,
        path: &str,
        found: &mut Vec<String>,
    ) {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                found.push(format!("{path}.{name}: missing"));
            }
        }
        for (name, value) in object {
            let described = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
            match described {
                Some(described) => self.faults(described, value, &format!("{path}.{name}"), found),
                None => found.push(format!("{path}.{name}: not described")),
            }
        }
    }

    fn check(&self, method: &str, path: &str, status: &str, value: &Value) {
        let answer = &self.0["paths"][path][method]["responses"][status]["content"];
        let (_, content) = answer.as_object().expect(path).iter().next().unwrap();
        let mut found = Vec::new();
        self.faults(&content["schema"], value, path, &mut found);
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => panic!("a type that this checker does not know: {name}"),
    };
    match &schema["type"] {
        Value::String(name) => is(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        _ => true,
    }
}

#[test]
fn every_plain_answer_is_as_described() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "described", &[]);
    let opened = stack.register("described", &stack.enclave.url, &["--bearer"]);
    let id = opened["session_id"].as_str().unwrap();
    let read = |path: &str| http(stack.main.address(), "GET", path, &[], "").json();
    let description = Description(read("/openapi.json"));

    description.check("get", "/attestation/quote", "200", &read("/attestation/quote"));
    description.check("get", "/exchanges", "200", &read("/exchanges"));
    description.check("get", "/health/ready", "200", &read("/health/ready"));
    let summary = read(&format!("/enclave/summary/{id}"));
    let venue = read("/exchanges")["exchanges"][0].clone();
    assert_eq!(venue["exchange"], "binance");
    for fact in ["cannot_see", "history_limit"] {
        assert_eq!(
            summary["coverage"][fact], venue[fact],
            "of an account that is registered for all that is read"
        );
    }
    description.check("get", "/enclave/summary/{session_id}", "200", &summary);
    let metrics = read(&format!("/enclave/metrics/{id}"));
    description.check("get", "/enclave/metrics/{session_id}", "200", &metrics);
    assert!(metrics["symbols"].as_array().unwrap().len() >= 12, "there is something to check");
    let problem = read("/enclave/summary/session_1_unknown");
    description.check("get", "/enclave/summary/{session_id}", "401", &problem);

    let receipt = http(stack.main.address(), "DELETE", &format!("/enclave/sessions/{id}"), &[], "").json();
    description.check("delete", "/enclave/sessions/{session_id}", "200", &receipt);
    let mut opened = opened;
    // Told by the client, not by the service.
    opened.as_object_mut().unwrap().remove("session_file");
    let session = Description(description.0.clone());
    let mut found = Vec::new();
    let schema = &session.0["components"]["schemas"]["SessionOpened"];
    session.faults(schema, &opened, "session", &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
