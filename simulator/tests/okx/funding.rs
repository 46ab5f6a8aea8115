//! Deposits, withdrawals and conversions, since the account was opened.

use crate::client::{Client, number, text, units};
use serde_json::Value;

#[test]
fn deposits_and_withdrawals_are_those_of_the_other_venue_with_their_states() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let told = client.all("asset/deposit-history", "ts");
    let expected = truth["deposits"].as_array().unwrap();
    assert_eq!(told.len(), expected.len());
    for (row, deposit) in told.iter().zip(expected.iter().rev()) {
        assert_eq!(
            (text(&row["ccy"]), units(&row["amt"])),
            (text(&deposit["coin"]), units(&deposit["amount"]))
        );
        assert_eq!(number(&row["ts"]), deposit["insertTime"].as_i64().unwrap());
        assert_eq!(row["txId"], deposit["txId"]);
        let state = match deposit["status"].as_i64().unwrap() {
            0 => "0",
            6 => "1",
            _ => "2",
        };
        assert_eq!(row["state"], state);
    }
    assert!(["0", "1", "2"].iter().all(|state| told.iter().any(|row| row["state"] == *state)));
    let told = client.all("asset/withdrawal-history", "ts");
    let expected = truth["withdrawals"].as_array().unwrap();
    assert_eq!(told.len(), expected.len());
    for (row, withdrawal) in told.iter().zip(expected.iter().rev()) {
        assert_eq!(text(&row["ccy"]), text(&withdrawal["coin"]));
        assert_eq!(units(&row["amt"]), units(&withdrawal["amount"]), "the fee is not in it");
        assert_eq!(units(&row["fee"]), units(&withdrawal["transactionFee"]));
        let state = match withdrawal["status"].as_i64().unwrap() {
            1 => "-2",
            6 => "2",
            _ => "-1",
        };
        assert_eq!(row["state"], state);
    }
    assert!(["-2", "-1", "2"].iter().all(|state| told.iter().any(|row| row["state"] == *state)));
}

#[test]
fn pages_lie_between_two_instants_that_are_left_out() {
    let client = Client::still(&[]);
    for path in ["asset/deposit-history", "asset/withdrawal-history", "asset/convert/history"] {
        let all = client.rows(path);
        let at = |row: usize| text(&all[row]["ts"]).to_owned();
        let ask = |query: &str| client.rows(&format!("{path}?{query}"));
        assert_eq!(ask(&format!("after={}&before={}", at(1), at(5))), all[2..5], "{path}");
        assert_eq!(ask(&format!("after={}&limit=2", at(1))), all[2..4]);
        assert_eq!(ask(&format!("before={}", at(2))), all[..2]);
    }
    let of_coin = client.rows("asset/deposit-history?ccy=USDT");
    assert!(of_coin.len() > 2 && of_coin.iter().all(|row| row["ccy"] == "USDT"));
}

#[test]
fn whoever_gives_the_quote_buys() {
    let client = Client::still(&[]);
    let (told, truth) = (client.rows("asset/convert/history"), client.venue.truth());
    let expected = truth["converts"].as_array().unwrap();
    assert_eq!(told.len(), expected.len());
    for (row, convert) in told.iter().zip(expected.iter().rev()) {
        let (base, quote) = (("baseCcy", "fillBaseSz"), ("quoteCcy", "fillQuoteSz"));
        let (from, to) = if row["side"] == "buy" { (quote, base) } else { (base, quote) };
        assert_eq!((&row[from.0], &row[to.0]), (&convert["fromAsset"], &convert["toAsset"]));
        let is_made = convert["orderStatus"] == "SUCCESS";
        assert_eq!(row["state"], if is_made { "fullyFilled" } else { "rejected" });
        let size = |of: &Value| if is_made { units(of) } else { 0 };
        assert_eq!(units(&row[from.1]), size(&convert["fromAmount"]));
        assert_eq!(units(&row[to.1]), size(&convert["toAmount"]));
    }
    assert!(["buy", "sell"].iter().all(|side| told.iter().any(|row| row["side"] == *side)));
}
