//! The shared cases of bundles and of saved answers (vectors/bundle, vectors/saved), made by other code than ours: natively,
//! and in the wasm builds if they are there (`tests/wasm.rs` compares them on much more). TypeScript's tests read the same.
#![cfg(test)]

mod asked;
mod cases;

use attestation_wasm::saved::Saved;
use serde_json::Value;

fn native(request: &Value) -> Value {
    serde_json::from_str(&attestation_wasm::answer(request.to_string().as_bytes())).unwrap()
}

#[test]
fn every_bundle_is_judged_as_its_case_says() {
    for case in cases::bundles() {
        case.check(&native(&case.request));
        let dcap = attestation_wasm::answer_dcap(case.request.to_string().as_bytes());
        assert_eq!(serde_json::from_str::<Value>(&dcap).unwrap(), native(&case.request), "{}", case.name);
    }
}

#[test]
fn every_saved_answer_is_judged_as_its_case_says() {
    for case in cases::saved() {
        case.check(&native(&case.request));
    }
}

#[test]
fn what_is_signed_is_what_rfc_9421_builds() {
    let mut compared = 0;
    for case in cases::saved() {
        let Some(base) = case.base else { continue };
        let saved = Saved::parse(case.request["saved"].as_str().unwrap().as_bytes()).unwrap();
        assert_eq!(String::from_utf8(saved.answer.signed().unwrap().base).unwrap(), base, "{}", case.name);
        compared += 1;
    }
    assert!(compared >= 3, "{compared}");
}

/// The body is handed on to the letter: no number was read and written again.
#[test]
fn the_body_of_an_answer_stays_as_it_was_signed() {
    let case = cases::saved().into_iter().find(|case| case.name == "summary").unwrap();
    let said = attestation_wasm::answer(case.request.to_string().as_bytes());
    assert!(said.contains(case.expect["body"].as_str().unwrap()), "{said}");
}

#[test]
fn a_saved_answer_has_the_members_that_its_callers_read() {
    let case = cases::saved().into_iter().find(|case| case.name == "summary").unwrap();
    let said = native(&case.request);
    let members = |of: &Value| {
        let mut names: Vec<String> = of.as_object().unwrap().keys().cloned().collect();
        names.sort_unstable();
        names
    };
    assert_eq!(members(&said), ["body", "enclave", "ok", "path", "result_key", "said", "signed_at"]);
    assert_eq!(said["said"]["connection"], Value::Null);
    let open = said["said"]["not_proven"].as_array().unwrap();
    assert!(open.len() == 7 && open[0].as_str().unwrap().starts_with("anything about hardware"), "{open:?}");
    let refused = cases::saved().into_iter().find(|case| case.name == "figures-changed").unwrap();
    let refused = native(&refused.request);
    assert_eq!(members(&refused), ["class", "code", "hint", "kind", "ok", "step", "step_name", "text"]);
}

#[test]
fn a_saved_answer_may_be_longer_than_a_bundle() {
    let case = cases::saved().into_iter().find(|case| case.name == "summary").unwrap();
    let saved = case.request["saved"].as_str().unwrap().to_owned() + &" ".repeat(2 * 1024 * 1024);
    let said = native(&asked::with(case.request, serde_json::json!({ "saved": saved })));
    assert_eq!(said["ok"], true, "{said}");
}
