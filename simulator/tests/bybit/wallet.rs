//! What moved otherwise, against the truth.

use crate::{
    client::{Client, MINUTE_MS, code, number, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;

const DEPOSITS: &str = "/v5/asset/deposit/query-record";
const WITHDRAWALS: &str = "/v5/asset/withdraw/query-record";
const TRANSFERS: &str = "/v5/asset/transfer/query-inter-transfer-list";

fn rows<'a>(truth: &'a Value, name: &str) -> &'a Vec<Value> {
    truth[name].as_array().unwrap()
}

#[test]
fn deposits_are_those_of_the_world() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let told = client.year(DEPOSITS, "rows", "", 30);
    assert_eq!(told.len(), rows(&truth, "deposits").len());
    for row in &told {
        let own = rows(&truth, "deposits").iter().find(|own| own["txId"] == row["txID"]).unwrap();
        assert_eq!((units(&row["amount"]), &row["coin"]), (units(&own["amount"]), &own["coin"]));
        let (status, at_ms) = match own["status"].as_i64().unwrap() {
            0 => (1, 0),
            6 => (10012, own["insertTime"].as_i64().unwrap()),
            _ => (3, own["insertTime"].as_i64().unwrap()),
        };
        assert_eq!((row["status"].as_i64().unwrap(), number(&row["successAt"])), (status, at_ms));
    }
    let one = &told[0];
    for filter in
        [format!("id={}", one["id"].as_str().unwrap()), format!("txID={}", one["txID"].as_str().unwrap())]
    {
        assert_eq!(client.result(DEPOSITS, &filter)["rows"], Value::from(vec![one.clone()]), "{filter}");
    }
    assert_eq!(client.result("/v5/asset/deposit/query-internal-record", "")["rows"], serde_json::json!([]));
}

#[test]
fn withdrawals_are_those_of_the_world_and_what_came_to_nothing_is_told() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let told = client.year(WITHDRAWALS, "rows", "withdrawType=2", 30);
    assert_eq!(told.len(), rows(&truth, "withdrawals").len());
    for own in rows(&truth, "withdrawals") {
        let is_it = |row: &&Value| {
            units(&row["amount"]) == units(&own["amount"])
                && (own["status"] != 6 || row["txID"] == own["txId"])
                && row["status"]
                    == match own["status"].as_i64().unwrap() {
                        1 => "CancelByUser",
                        3 => "Reject",
                        _ => "success",
                    }
        };
        let row = told.iter().find(is_it).unwrap_or_else(|| panic!("{own}"));
        assert_eq!(units(&row["withdrawFee"]), units(&own["transactionFee"]));
        assert_eq!(row["coin"], own["coin"]);
    }
    assert_eq!(client.year(WITHDRAWALS, "rows", "withdrawType=1", 30), Vec::<Value>::new());
}

#[test]
fn everything_passes_through_the_funding_wallet() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let told = client.year(TRANSFERS, "list", "limit=50", 7);
    let count = |from: &str| told.iter().filter(|row| row["fromAccountType"] == from).count();
    let left = rows(&truth, "withdrawals").iter().filter(|row| row["status"] == 6).count();
    assert_eq!((count("UNIFIED"), count("UNIFIED") + count("FUND")), (left, told.len()));
    let arrived = rows(&truth, "deposits").iter().filter(|row| row["status"] != 0);
    for own in arrived {
        let at_ms = own["insertTime"].as_i64().unwrap();
        let is_it = |row: &&Value| number(&row["timestamp"]) == at_ms && row["coin"] == own["coin"];
        let row = told.iter().find(is_it).unwrap_or_else(|| panic!("{own}"));
        assert_eq!(
            (units(&row["amount"]), &row["toAccountType"]),
            (units(&own["amount"]), &"UNIFIED".into())
        );
    }
    let universal = client.result("/v5/asset/transfer/query-universal-transfer-list", "");
    assert_eq!(universal["list"], serde_json::json!([]));
}

#[test]
fn conversions_and_sweeps_are_those_of_the_world() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let path = "/v5/asset/exchange/query-convert-history";
    let mut told = Vec::new();
    for index in 1.. {
        let page = client.result(path, &format!("index={index}&limit=7"))["list"].as_array().unwrap().clone();
        told.extend(page.clone());
        if page.len() < 7 {
            break;
        }
    }
    assert_eq!(told.len(), rows(&truth, "converts").len());
    for own in rows(&truth, "converts") {
        let id = own["orderId"].to_string();
        let row = told.iter().find(|row| row["exchangeTxId"] == id.as_str()).unwrap();
        assert_eq!(row["exchangeStatus"] == "success", own["orderStatus"] == "SUCCESS");
        assert_eq!(units(&row["fromAmount"]), units(&own["fromAmount"]));
        assert_eq!(units(&row["toAmount"]), units(&own["toAmount"]));
    }
    let other = client.result(path, "accountType=eb_convert_funding");
    assert_eq!(other["list"], serde_json::json!([]));

    let swept = client.result("/v5/asset/covert/small-balance-history", "size=100");
    let records = swept["records"].as_array().unwrap();
    assert_eq!(records.len(), rows(&truth, "dust").len());
    for (record, own) in records.iter().rev().zip(rows(&truth, "dust")) {
        let parts = own["userAssetDribbletDetails"].as_array().unwrap();
        assert_eq!(record["subRecords"].as_array().unwrap().len(), parts.len());
        let sum: i128 = parts.iter().map(|part| units(&part["transferedAmount"])).sum();
        assert_eq!(units(&record["toAmount"]), sum);
    }
}

#[test]
fn balances_are_in_two_wallets() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let unified = client.result("/v5/account/wallet-balance", "accountType=UNIFIED");
    let coins = unified["list"][0]["coin"].as_array().unwrap();
    for own in rows(&truth, "balances") {
        let both = units(&own["free"]) + units(&own["locked"]);
        match coins.iter().find(|row| row["coin"] == own["asset"]) {
            Some(row) => {
                assert_eq!(
                    (units(&row["walletBalance"]), units(&row["locked"])),
                    (both, units(&own["locked"]))
                );
            }
            None => assert!(own["asset"] == "GIFT" || both == 0, "{own}"),
        }
    }
    let one = client.result("/v5/account/wallet-balance", "accountType=UNIFIED&coin=BTC,ETH");
    assert_eq!(one["list"][0]["coin"].as_array().unwrap().len(), 2);
    assert_eq!(code(&client.signed("/v5/account/wallet-balance", "")), 10001);
    assert_eq!(code(&client.signed("/v5/account/wallet-balance", "accountType=SPOT")), 10001);
}

#[test]
fn windows_are_thirty_days_and_bounds_are_seconds() {
    let client = Client::still(&[]);
    let both = |length: i64| format!("startTime={}&endTime={}", NOW_MS - length, NOW_MS);
    for path in [DEPOSITS, WITHDRAWALS] {
        assert_eq!(code(&client.signed(path, &both(30 * DAY_MS))), 0);
        assert_eq!(code(&client.signed(path, &both(30 * DAY_MS + 1))), 10001);
        assert_eq!(code(&client.signed(path, "limit=51")), 10001);
    }
    assert_eq!(code(&client.signed(TRANSFERS, &both(7 * DAY_MS + 1))), 10001);
    let told = client.year(DEPOSITS, "rows", "", 30);
    let one = told.iter().find(|row| number(&row["successAt"]) % 1000 > 1).unwrap();
    let at_ms = number(&one["successAt"]);
    client.venue.advance(MINUTE_MS);
    let after = client.result(DEPOSITS, &format!("startTime={}&endTime={}", at_ms + 1, at_ms + 2));
    assert_eq!(after["rows"][0]["id"], one["id"], "the same second");
}
