//! With every fault on, a patient client still reads everything.

use crate::client::{Client, FILLS_MAX};
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn a_patient_client_reads_every_fill_through_every_fault() {
    let calm = Client::still(&[]);
    let expected: Vec<Value> = calm.all("userFillsByTime", FILLS_MAX);
    let client = Client::still(&["--faults", "7"]);
    // Whatever is found late is found by then.
    client.venue.advance(120_000);
    let mut kinds: BTreeMap<u16, u32> = BTreeMap::new();
    let (mut all, mut from_ms) = (BTreeMap::new(), 0);
    // Five times over, to meet enough of them.
    for _ in 0..5 {
        from_ms = 0;
        loop {
            client.venue.advance(30_000);
            let reply = client.ask("userFillsByTime", json!({ "startTime": from_ms }));
            *kinds.entry(reply.status).or_default() += 1;
            if reply.status != 200 || !reply.whole {
                continue;
            }
            let page = reply.json();
            let page = page.as_array().unwrap();
            for row in page {
                all.insert(row["tid"].as_u64().unwrap(), row.clone());
            }
            if page.len() < FILLS_MAX {
                break;
            }
            from_ms = page.iter().map(|row| row["time"].as_i64().unwrap()).max().unwrap();
        }
    }
    assert!(from_ms > 0);
    let mut got: Vec<Value> = all.into_values().collect();
    let order = |row: &Value| (row["time"].as_i64().unwrap(), row["tid"].as_u64().unwrap());
    got.sort_by_key(order);
    let mut expected = expected;
    expected.sort_by_key(order);
    assert_eq!(got, expected);
    assert!(kinds.len() > 1, "no fault was met: {kinds:?}");
}
