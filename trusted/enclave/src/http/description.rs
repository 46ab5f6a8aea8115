//! `openapi.json` from the code: which routes there are, which codes each may answer with and under which status, and
//! what a body may weigh. Prose and shapes are written in the file and kept; a test fails when the rest of it is not what
//! this makes. `cargo xtask openapi` writes it.

use super::Plain;
use protocol::Code;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// Asks the test to write instead of comparing.
const WRITE: &str = "PERFAGG_WRITE_DESCRIPTION";

/// The codes that a route may answer with.
fn codes(route: Plain) -> Vec<Code> {
    let session = [Code::SessionUnknown, Code::SessionExpired, Code::SessionRevoked];
    let of_route: &[Code] = match route {
        Plain::Quote => &[Code::RequestMalformed, Code::RateLimited],
        Plain::Countersign => &[Code::RequestMalformed, Code::RateLimited, Code::ClockUntrusted],
        // What is inside decides: any.
        Plain::Sealed => return Code::ALL.to_vec(),
        Plain::Register | Plain::Ledger | Plain::Sessions | Plain::Erase => &[Code::RequestMalformed],
        Plain::Summary | Plain::Metrics => &[Code::RateLimited, Code::ClockUntrusted],
        Plain::Events => &[Code::RequestMalformed, Code::RateLimited],
        Plain::Revoke => &[Code::RateLimited, Code::ClockUntrusted],
        Plain::Ready => return vec![Code::StateRolledBack, Code::StoreUnavailable],
        Plain::Exchanges | Plain::Live | Plain::OpenApi => return Vec::new(),
    };
    let reads = matches!(route, Plain::Summary | Plain::Metrics | Plain::Events | Plain::Revoke);
    let store = [Code::StateRolledBack, Code::StoreUnavailable];
    let session = session.into_iter().chain(store).filter(|_| reads);
    session.chain(of_route.iter().copied()).chain([Code::Internal]).collect()
}

/// The answers that a route gives when it fails: one a status.
fn failures(route: Plain) -> Map<String, Value> {
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for code in codes(route) {
        by_status.entry(code.status()).or_default().push(format!("`{code}`"));
    }
    let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    let mut content = json!({ "application/problem+json": problem });
    if route == Plain::Sealed {
        content["application/json"] = json!({ "schema": { "$ref": "#/components/schemas/SealedAnswer" } });
    }
    let answer = |codes: Vec<String>| {
        let sealed =
            if route == Plain::Sealed { " Sealed once the envelope opened, plain before." } else { "" };
        let description = format!("A problem document: {}.{sealed}", codes.join(", "));
        json!({ "description": description, "content": content.clone() })
    };
    by_status.into_iter().map(|(status, codes)| (status.to_string(), answer(codes))).collect()
}

/// The description as the code has it, with the words of the one that is there.
fn made(kept: &Value) -> Value {
    let mut made = kept.clone();
    let mut paths = Map::new();
    for route in Plain::ALL {
        let (method, path) = route.template();
        let method = method.to_ascii_lowercase();
        let mut operation = kept["paths"][path][&method].clone();
        assert!(operation.is_object(), "describe {method} {path} in openapi.json, then run this again");
        let answers = operation["responses"].as_object().unwrap().iter();
        let mut responses: Map<String, Value> = answers
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(status, answer)| (status.clone(), answer.clone()))
            .collect();
        responses.extend(failures(route));
        operation["responses"] = responses.into();
        if let Some(bytes_max) = route.body_bytes_max() {
            operation["requestBody"]["description"] = format!("At most {bytes_max} bytes.").into();
        }
        paths.entry(path).or_insert_with(|| json!({}))[&method] = operation;
    }
    made["paths"] = paths.into();
    made["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    made["components"]["schemas"]["Problem"]["properties"]["code"]["enum"] = codes.into();
    let routes: Vec<&str> = protocol::Route::ALL.iter().map(|route| route.as_str()).collect();
    let header = &mut made["components"]["schemas"]["Envelope"]["properties"]["header"];
    header["properties"]["route"]["enum"] = routes.into();
    made
}

#[test]
fn the_description_is_what_the_code_makes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/openapi.json");
    let kept = fs::read_to_string(&file).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let made = made(&kept);
    #[expect(clippy::disallowed_methods, reason = "how cargo xtask openapi asks for it")]
    let writes = std::env::var_os(WRITE).is_some();
    if writes {
        fs::write(&file, text_of(&made)).unwrap();
        return;
    }
    // By value: the order of members is not what is described.
    assert!(
        kept == made,
        "openapi.json is not what the code makes: cargo xtask openapi, and look at the difference"
    );
}

/// As the file has it: an indent of one.
fn text_of(value: &Value) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde::Serialize::serialize(value, &mut serializer).unwrap();
    String::from_utf8(bytes).unwrap() + "\n"
}
