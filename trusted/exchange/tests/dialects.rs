//! What no venue should send, and some do: every field of every recorded answer missing, empty or of another type, answers cut
//! off, pages of HTML. A dialect says which field is at fault, or that it is worth asking again; it never guesses and never panics.
#![cfg(test)]

use exchange::{Asked, Need, Refusal, Reply, VenueError, dialect, fuzz_dialect_reply};
use serde_json::{Value, json};
use std::path::PathBuf;

const VENUES: [&str; 13] = [
    "alpaca",
    "binance",
    "bitget",
    "bybit",
    "coinbase",
    "deribit",
    "gate",
    "hyperliquid",
    "ibkr",
    "kraken",
    "kucoin",
    "mexc",
    "okx",
];

fn need(name: &str) -> Option<Need> {
    let all = [
        ("fills", Need::Fills),
        ("conversions", Need::Conversions),
        ("balances", Need::Balances),
        ("deposits", Need::Deposits),
        ("withdrawals", Need::Withdrawals),
        ("transfers", Need::Transfers),
        ("ledger", Need::Ledger),
        ("funding", Need::Funding),
        ("fees", Need::Fees),
        ("positions", Need::Positions),
        ("prices", Need::Prices),
        ("klines", Need::Klines),
        ("time", Need::Time),
        ("permission", Need::Permission),
        ("request", Need::Request),
    ];
    all.into_iter().find(|(known, _)| *known == name).map(|(_, need)| need)
}

/// Reads an answer; whatever comes of it must be said in the house's words.
fn read(venue: &str, case: &Value, body: &str) -> Result<(), VenueError> {
    let dialect = dialect(venue).expect("a dialect of each venue");
    let need = need(case["need"].as_str().unwrap()).unwrap();
    let reply = Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    if let Some(error) = dialect.error(&reply, ledger::Timestamp::from_millis(1_735_689_600_123)) {
        return Err(error);
    }
    let asked = Asked {
        need,
        market: case["market"].as_str().unwrap(),
        path: case["http"]["path"].as_str().unwrap_or_default(),
        symbol: None,
        currency: None,
        account: None,
    };
    let said = dialect.read(asked, &reply, &exchange::Listings::default());
    if let Err(VenueError::Permanent(Refusal::Answer { endpoint, field })) = said {
        assert!(!endpoint.is_empty() && !field.is_empty(), "{venue}: an error that names nothing");
    }
    said.map(drop)
}

/// Every place of a document, as a pointer.
fn places(value: &Value, at: &str, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let at = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            places.push(at.clone());
            self::places(value, &at, places);
        }),
        Value::Array(items) => items.iter().take(2).enumerate().for_each(|(index, value)| {
            let at = format!("{at}/{index}");
            places.push(at.clone());
            self::places(value, &at, places);
        }),
        _ => {}
    }
}

#[test]
fn a_field_that_is_missing_or_of_another_type_is_named_and_nothing_panics() {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(shared) = std::env::var_os("PERFAGG_VECTORS").map(PathBuf::from) else {
        println!("skipped: PERFAGG_VECTORS is not set, exchanges are not read");
        return;
    };
    let (mut answers, mut refused) = (0_u32, 0_u32);
    for venue in VENUES {
        let file = shared.join("exchanges").join(venue).join("response.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        for case in document["cases"].as_array().unwrap().iter().filter(|case| case["need"] != "error") {
            let body = case["http"]["body"].as_str().unwrap();
            for cut in [0, 1, body.len() / 3, body.len() / 2, body.len() - 1] {
                let cut = (0..=cut).rev().find(|cut| body.is_char_boundary(*cut)).unwrap();
                assert!(read(venue, case, &body[..cut]).is_err(), "{}: cut at {cut}", case["id"]);
            }
            assert!(read(venue, case, "<html><body>Maintenance</body></html>").is_err(), "{}", case["id"]);
            let Ok(whole) = serde_json::from_str::<Value>(body) else { continue };
            let mut found = Vec::new();
            places(&whole, "", &mut found);
            for place in found {
                for other in [
                    json!(null),
                    json!(""),
                    json!({}),
                    json!([]),
                    json!(true),
                    json!("~"),
                    json!(-1),
                    json!("1e99"),
                ] {
                    let mut broken = whole.clone();
                    *broken.pointer_mut(&place).unwrap() = other;
                    answers += 1;
                    refused += u32::from(read(venue, case, &broken.to_string()).is_err());
                }
                let mut broken = whole.clone();
                let (parent, name) = place.rsplit_once('/').unwrap();
                if let Some(Value::Object(fields)) = broken.pointer_mut(parent) {
                    fields.remove(&name.replace("~1", "/").replace("~0", "~"));
                    let _ = read(venue, case, &broken.to_string());
                }
            }
        }
    }
    // Many fields are passed over; what is used is not taken for something else.
    assert!(answers > 10_000 && refused > answers / 10, "{refused} of {answers}");
}

#[test]
fn no_bytes_of_a_stranger_harm_a_dialect() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let words = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"result\"",
        "\"data\"",
        "\"list\"",
        "\"error\"",
        "null",
        "true",
        "1e5",
        "\"\"",
        "\"-0.1\"",
        "1735689600123",
        "\"rows\"",
        "\"retCode\"",
        "0",
        "\"code\"",
        "\"0\"",
        "<a b='c'/>",
        "\"time\"",
        "\"symbol\"",
    ];
    for _ in 0..60_000 {
        let head = [draw(), draw(), draw(), draw()].map(|byte| u8::try_from(byte & 0xff).unwrap());
        let mut data = head.to_vec();
        for _ in 0..draw() % 24 {
            let word = words[usize::try_from(draw() % words.len() as u64).unwrap()];
            data.extend_from_slice(word.as_bytes());
        }
        fuzz_dialect_reply(&data);
    }
}
