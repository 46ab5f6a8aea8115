//! Executions: as they were, as long as they are kept, page by page.

use crate::{
    client::{Client, ROWS, number, said, text, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;
use std::collections::BTreeMap;

const HISTORY: &str = "trade/fills-history?instType=SPOT";

/// The truth's fills since an instant, newest first.
fn since(truth: &Value, since_ms: i64) -> Vec<&Value> {
    let fills = truth["fills"].as_array().unwrap().iter();
    let mut fills: Vec<&Value> = fills.filter(|fill| fill["time"].as_i64().unwrap() >= since_ms).collect();
    fills.sort_by_key(|fill| std::cmp::Reverse(fill["time"].as_i64()));
    fills
}

/// What a fill is by, on both sides: one millisecond may have several of a market.
fn key(instrument: &str, id: &str) -> String {
    format!("{} {id}", instrument.replace('-', ""))
}

#[test]
fn every_fill_of_three_months_is_told_and_none_before() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let told = client.all(HISTORY, "billId");
    let now_ms = client.venue.truth_ms();
    let expected = since(&truth, now_ms - 90 * DAY_MS);
    assert!(told.len() > 3_000 && told.len() < truth["fills"].as_array().unwrap().len());
    assert_eq!(told.len(), expected.len());
    let by_key: BTreeMap<String, &Value> =
        expected.iter().map(|fill| (key(text(&fill["symbol"]), &fill["id"].to_string()), *fill)).collect();
    for row in &told {
        let fill = by_key[&key(text(&row["instId"]), text(&row["tradeId"]))];
        assert_eq!(number(&row["ts"]), fill["time"].as_i64().unwrap());
        assert_eq!(text(&row["side"]) == "buy", fill["isBuyer"].as_bool().unwrap());
        assert_eq!(text(&row["execType"]) == "M", fill["isMaker"].as_bool().unwrap());
        assert_eq!(
            (units(&row["fillPx"]), units(&row["fillSz"])),
            (units(&fill["price"]), units(&fill["qty"]))
        );
        assert_eq!(units(&row["fee"]), -units(&fill["commission"]), "what was charged is below zero");
        assert_eq!(
            (&row["feeCcy"], text(&row["ordId"])),
            (&fill["commissionAsset"], &*fill["orderId"].to_string())
        );
    }
    assert!(told.windows(2).all(|two| number(&two[0]["billId"]) > number(&two[1]["billId"])), "newest first");
    assert!(told.windows(2).all(|two| number(&two[0]["ts"]) >= number(&two[1]["ts"])));
}

#[test]
fn the_recent_ones_are_those_of_three_days_and_need_no_kind() {
    let client = Client::still(&[]);
    let told = client.all("trade/fills", "billId");
    let expected = since(&client.venue.truth(), client.venue.truth_ms() - 3 * DAY_MS).len();
    assert!(expected > 0);
    assert_eq!(told.len(), expected);
    assert_eq!(said(&client.private("trade/fills-history")), (400, 50014));
    assert_eq!(said(&client.private("trade/fills-history?instType=spot")), (400, 51000));
    for kind in ["MARGIN", "SWAP", "FUTURES", "OPTION"] {
        assert!(client.rows(&format!("trade/fills-history?instType={kind}")).is_empty());
    }
}

#[test]
fn pages_lie_between_two_bookings_and_spans_have_their_bounds_in_them() {
    let client = Client::still(&[]);
    let first = client.rows(HISTORY);
    assert_eq!(first.len(), ROWS);
    let id = |row: usize| text(&first[row]["billId"]).to_owned();
    let at = |row: usize| text(&first[row]["ts"]).to_owned();
    assert_eq!(client.rows(&format!("{HISTORY}&after={}&before={}", id(3), id(8))), first[4..8]);
    assert_eq!(client.rows(&format!("{HISTORY}&before={}", id(8))), first[..8]);
    assert_eq!(client.rows(&format!("{HISTORY}&after={}&limit=5", id(3))), first[4..9]);
    let span = client.rows(&format!("{HISTORY}&begin={}&end={}", at(20), at(10)));
    assert!(span.contains(&first[10]) && span.contains(&first[20]));
    let within =
        |row: &Value| (number(&first[20]["ts"])..=number(&first[10]["ts"])).contains(&number(&row["ts"]));
    assert_eq!(span.len(), first.iter().filter(|row| within(row)).count());
    let one = text(&first[0]["instId"]);
    let of_one = client.rows(&format!("{HISTORY}&instId={one}"));
    assert!(!of_one.is_empty() && of_one.iter().all(|row| row["instId"] == one));
    for wrong in ["limit=101", "limit=0", "after=x", "begin=-1"] {
        assert_eq!(said(&client.private(&format!("{HISTORY}&{wrong}"))), (400, 51000), "{wrong}");
    }
}

#[test]
fn what_happens_now_is_told_first() {
    let client = Client::still(&[]);
    assert_eq!(client.venue.tell("fills", r#"{"count":7}"#)["made"], 7);
    let told = client.rows("trade/fills");
    assert_eq!(told.iter().filter(|row| number(&row["ts"]) == NOW_MS).count(), 7);
    assert!(told[..7].iter().all(|row| number(&row["ts"]) == NOW_MS));
}
