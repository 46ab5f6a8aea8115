//! `openapi.json` of this program: the enclave's, and what is added here. And the page that is made of it.

use super::*;
use crate::{description, pages::Pages, problem::Failure, route};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// Asks the test to write instead of comparing.
const WRITE: &str = "PERFAGG_WRITE_DESCRIPTION";
const OF_THE_ENCLAVE: &str = include_str!("../../../trusted/enclave/src/http/openapi.json");

/// What this program may answer on its own at a path: to calls that it passes on, and to those that it answers.
fn own_failures(path: &str) -> Vec<Failure> {
    match path {
        route::LIVE | route::DESCRIPTION | "/docs" => vec![Failure::ClearCredentials, Failure::Internal],
        _ => Failure::ALL
            .into_iter()
            .filter(|failure| !matches!(failure, Failure::NotFound | Failure::MethodNotAllowed))
            .collect(),
    }
}

/// The enclave's description with this program's codes and pages, and without the route that it passes nobody on to.
fn made() -> Value {
    let mut made: Value = serde_json::from_str(OF_THE_ENCLAVE).unwrap();
    made["info"]["title"] = "Perf-Aggregator main service".into();
    let of_the_enclave = made["info"]["description"].as_str().unwrap().to_owned();
    let own = "The main service passes these routes on to the enclave and reads none of what is sealed. Codes that begin \
               with `RELAY_` are its own word, which no enclave signed.";
    made["info"]["description"] = format!("{of_the_enclave} {own}").into();
    let paths = made["paths"].as_object_mut().unwrap();
    paths.remove(route::COUNTERSIGN);
    let page =
        json!({ "description": "A page.", "content": { "text/html": { "schema": { "type": "string" } } } });
    paths.insert(
        "/docs".to_owned(),
        json!({ "get": { "operationId": "docs", "summary": "This description, to read", "responses": { "200": page } } }),
    );
    let problem = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
    for (path, methods) in paths {
        for operation in methods.as_object_mut().unwrap().values_mut() {
            let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
            for failure in own_failures(path) {
                by_status.entry(failure.status()).or_default().push(format!("`{}`", failure.code()));
            }
            for (status, codes) in by_status {
                let answer = &mut operation["responses"][status.to_string()];
                let word = format!("From the main service: {}.", codes.join(", "));
                let before =
                    answer["description"].as_str().map(|text| format!("{text} ")).unwrap_or_default();
                answer["description"] = format!("{before}{word}").into();
                answer["content"]["application/problem+json"] = problem.clone();
            }
        }
    }
    let codes =
        made["components"]["schemas"]["Problem"]["properties"]["code"]["enum"].as_array_mut().unwrap();
    for failure in Failure::ALL {
        if !codes.contains(&failure.code().into()) {
            codes.push(failure.code().into());
        }
    }
    made
}

#[test]
fn the_description_is_the_enclaves_and_what_is_added_here() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/openapi.json");
    let made = made();
    #[expect(clippy::disallowed_methods, reason = "how cargo xtask openapi asks for it")]
    let writes = std::env::var_os(WRITE).is_some();
    if writes {
        fs::write(&file, serde_json::to_string_pretty(&made).unwrap() + "\n").unwrap();
        return;
    }
    let kept: Value = serde_json::from_slice(description::JSON).unwrap();
    assert!(kept == made, "gateway/src/openapi.json is not what the code makes: cargo xtask openapi");
}

#[test]
fn every_route_that_is_described_is_one_of_this_program() {
    let described: Value = serde_json::from_slice(description::JSON).unwrap();
    let pages = Pages::own();
    for path in described["paths"].as_object().unwrap().keys() {
        let is_there = route::find(path).is_some_and(|name| name == path) || pages.has(path);
        assert!(is_there, "{path}");
    }
}

#[tokio::test]
async fn the_description_is_served_as_it_is_and_as_a_page() {
    let relay = relay(&[("BACKEND_URL", "http://127.0.0.1:9")], CALL).with_pages(Pages::own());
    let main = start_relay(relay).await;
    let json = get(main.address, "/openapi.json").await;
    assert!(json.contains("access-control-allow-origin: *"), "{}", &json[..500]);
    assert_eq!(json.split_once("\r\n\r\n").unwrap().1.as_bytes(), description::JSON);
    let page = get(main.address, "/docs").await;
    assert!(page.contains("content-security-policy: default-src 'none'"), "{}", &page[..500]);
    let described: Value = serde_json::from_slice(description::JSON).unwrap();
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            let heading =
                format!("<span class=\"method\">{}</span> {path}</code></h3>", method.to_ascii_uppercase());
            assert!(page.contains(&heading) && page.contains(&format!("href=\"#{id}\"")), "{method} {path}");
        }
    }
    for name in described["components"]["schemas"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("<h3 id=\"{name}\">")), "{name}");
    }
    // Nothing that the policy would stop, and nothing from elsewhere.
    for forbidden in ["<script", "style=", "<style", "http://", "https://", " on"] {
        let found = page
            .split('<')
            .filter(|tag| tag.split('>').next().is_some_and(|tag| format!("<{tag}").contains(forbidden)));
        assert_eq!(found.count(), 0, "{forbidden}");
    }
    assert!(get(main.address, "/docs.css").await.contains("content-type: text/css"));
}
