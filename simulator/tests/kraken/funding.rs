//! Deposits and withdrawals, as far back as they are told.

use crate::{
    client::{Client, coin, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;

#[test]
fn what_is_recent_is_told_newest_first() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    for (method, name, time) in
        [("DepositStatus", "deposits", "insertTime"), ("WithdrawStatus", "withdrawals", "applyTime")]
    {
        let told = client.result(method, "");
        let told = told.as_array().unwrap();
        let all = truth[name].as_array().unwrap();
        assert!(told.len() >= 2 && told.len() < all.len(), "{method}: ninety days and no more");
        for (row, expected) in told.iter().zip(all.iter().rev()) {
            assert_eq!(coin(row["asset"].as_str().unwrap()), expected["coin"].as_str().unwrap());
            assert_eq!(units(&row["amount"]), units(&expected["amount"]));
            let at = row["time"].as_i64().unwrap();
            assert!(at * 1000 >= NOW_MS - 90 * DAY_MS - 1000, "{row}");
            if time == "insertTime" {
                assert_eq!(at, expected[time].as_i64().unwrap() / 1000);
            }
        }
    }
}

#[test]
fn statuses_are_in_the_venues_words_and_ids_are_those_of_the_ledger() {
    let client = Client::still(&[]);
    let deposits = client.result("DepositStatus", "");
    let status = |row: &Value| {
        (row["status"].as_str().unwrap().to_owned(), row["status-prop"].as_str().map(str::to_owned))
    };
    assert_eq!(status(&deposits[0]), ("Pending".to_owned(), None));
    assert_eq!(status(&deposits[1]), ("Success".to_owned(), Some("onhold".to_owned())));
    assert_eq!(status(&deposits[2]), ("Success".to_owned(), None));
    let entries = client.result("Ledgers", "type=deposit")["ledger"].clone();
    let entry = |refid: &Value| entries.as_object().unwrap().values().find(|entry| entry["refid"] == *refid);
    assert!(entry(&deposits[0]["refid"]).is_none(), "what is pending is not there yet");
    for deposit in &deposits.as_array().unwrap()[1..] {
        assert_eq!(entry(&deposit["refid"]).unwrap()["amount"], deposit["amount"]);
    }
    let withdrawals = client.result("WithdrawStatus", "");
    let entries = client.result("Ledgers", "type=withdrawal")["ledger"].clone();
    for withdrawal in withdrawals.as_array().unwrap() {
        let entry = entries.as_object().unwrap().values().find(|entry| entry["refid"] == withdrawal["refid"]);
        assert_eq!(entry.is_some(), withdrawal["status"] == "Success", "{withdrawal}");
        if let Some(entry) = entry {
            assert_eq!(units(&entry["amount"]), -units(&withdrawal["amount"]));
            assert_eq!(entry["fee"], withdrawal["fee"]);
        }
    }
}

#[test]
fn a_cursor_leads_through_all_and_bounds_are_as_elsewhere() {
    let client = Client::still(&[]);
    let all = client.result("DepositStatus", "");
    let all = all.as_array().unwrap();
    let (mut told, mut cursor) = (Vec::new(), "true".to_owned());
    loop {
        let page = client.result("DepositStatus", &format!("cursor={cursor}&limit=2"));
        let rows = page["deposit"].as_array().unwrap().clone();
        assert!(rows.len() <= 2);
        told.extend(rows);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(&told, all);
    let (first, second) = (&all[1]["time"], &all[2]["time"]);
    let between =
        client.result("DepositStatus", &format!("start={}&end={}", second, first.as_i64().unwrap() + 1));
    let between = between.as_array().unwrap();
    assert!(between.contains(&all[1]) && !between.contains(&all[0]));
    let of_coin = client.result("DepositStatus", "asset=USDT");
    assert!(of_coin.as_array().unwrap().iter().all(|row| row["asset"] == "USDT"));
    assert_eq!(
        client.result("WithdrawStatus", "cursor=true")["withdrawals"],
        client.result("WithdrawStatus", "")
    );
}
