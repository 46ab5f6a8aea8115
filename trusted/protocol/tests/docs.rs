//! `docs/protocol.md` is what implementers read: its worked example is the case `registration`, its tables are ours.
#![cfg(test)]

mod vectors;

use protocol::{Code, Route, limits};
use serde_json::Value;
use vectors::{root, sealed_calls, text};

fn page() -> String {
    std::fs::read_to_string(root().join("docs/protocol.md")).unwrap()
}

/// The JSON blocks of the page, in their order.
fn blocks(page: &str) -> Vec<Value> {
    let json = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    json.map(|block| serde_json::from_str(block).unwrap()).collect()
}

/// A long text is shown by its beginning.
fn shown(of: &Value, whole: &Value) {
    let beginning = text(of).strip_suffix('…').expect("a ciphertext is shortened");
    assert!(beginning.len() >= 16 && text(whole).starts_with(beginning), "{beginning}");
}

#[test]
fn the_worked_example_is_the_first_case_of_the_vectors() {
    let (page, vectors) = (page(), sealed_calls());
    let case = &vectors["cases"][0];
    assert_eq!(case["name"], "registration");
    for name in ["recipient_public_key", "ephemeral_ikm", "associated_data", "response_secret"] {
        assert!(page.contains(&format!("\n    {}\n", text(&vectors[name]))), "{name}");
    }
    assert!(page.contains(&format!("`{}`", text(&vectors["recipient_private_key"]))));
    for name in ["plaintext", "answer_plaintext"] {
        assert!(page.contains(&format!("\n    {}\n", text(&case[name]))), "{name}");
    }
    let [mut call, mut answer] = <[Value; 2]>::try_from(blocks(&page)).expect("a call and its answer");
    for (shortened, whole) in [(&mut call, &case["envelope"]), (&mut answer, &case["answer"])] {
        let whole: Value = serde_json::from_str(text(whole)).unwrap();
        shown(&shortened["ciphertext"], &whole["ciphertext"]);
        shortened["ciphertext"] = whole["ciphertext"].clone();
        assert_eq!(*shortened, whole);
    }
}

/// The cells of the table whose first row begins so.
fn table(page: &str, head: &str) -> Vec<Vec<String>> {
    let rows = page.split(head).nth(1).expect(head).lines().skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    rows.map(|row| row.trim_matches('|').split('|').map(cell).collect()).collect()
}

#[test]
fn the_table_of_codes_is_the_closed_list() {
    let row = |code: &Code| vec![code.as_str().to_owned(), code.status().to_string()];
    let ours: Vec<_> = Code::ALL.iter().map(row).collect();
    assert_eq!(table(&page(), "| code | status |"), ours);
}

#[test]
fn the_table_of_routes_is_the_closed_list() {
    let page = page();
    let routes: Vec<_> =
        table(&page, "| route | inner body |").into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(routes, Route::ALL.map(|route| route.as_str().to_owned()));
}

#[test]
fn the_bounds_are_those_that_are_enforced() {
    let page = page();
    for sentence in [
        format!("{} KiB as sent", limits::ENVELOPE_BYTES_MAX / 1024),
        format!("{} KiB of plaintext", limits::PLAINTEXT_BYTES_MAX / 1024),
        format!("the next multiple of {} bytes", limits::PADDING_STEP_BYTES),
        format!("at most {} after the enclave's time", limits::ENVELOPE_LIFE_S_MAX),
        format!("{} to {}", limits::SESSION_TTL_S_MIN, limits::SESSION_TTL_S_MAX),
        format!("{} to {} (90 days)", limits::LEASE_S_MIN, limits::LEASE_S_MAX),
        format!("at most {} characters", limits::LABEL_CHARS_MAX),
    ] {
        assert!(page.contains(&sentence), "{sentence}");
    }
}
