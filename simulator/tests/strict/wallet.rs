//! Deposits, withdrawals and what else changes balances.

use crate::{
    DEPOSITS, WITHDRAWALS,
    venue::{DAY_MS, NOW_MS, Venue},
};
use serde_json::Value;

#[test]
fn deposits_and_withdrawals_are_asked_for_by_ninety_days() {
    let venue = Venue::still(&[]);
    let truth = venue.truth();
    for (path, name) in [(DEPOSITS, "deposits"), (WITHDRAWALS, "withdrawals")] {
        let ask = |query: String| venue.signed(path, &query);
        assert_eq!(ask(format!("startTime={}&endTime={NOW_MS}", NOW_MS - 90 * DAY_MS)).status, 200, "{name}");
        assert_eq!(
            ask(format!("startTime={}&endTime={NOW_MS}", NOW_MS - 90 * DAY_MS - 1)).refusal(),
            (400, -4047),
            "{name}"
        );
        assert_eq!(
            ask(format!("startTime={}", NOW_MS - 91 * DAY_MS)).refusal(),
            (400, -4047),
            "up to now, if not said"
        );
        let newest_first: Vec<Value> = truth[name].as_array().unwrap().iter().rev().cloned().collect();
        let mut all = Vec::new();
        // The withdrawals' budget bears ten questions a minute.
        venue.advance(60_000);
        for window in 0..5 {
            let end = NOW_MS - window * 90 * DAY_MS;
            let mut offset = 0;
            loop {
                let query =
                    format!("startTime={}&endTime={end}&limit=4&offset={offset}", end - 90 * DAY_MS + 1);
                let reply = ask(query);
                if reply.status == 429 {
                    venue.advance(60_000);
                    continue;
                }
                let page = reply.json().as_array().unwrap().clone();
                offset += page.len();
                all.extend_from_slice(&page);
                if page.len() < 4 {
                    break;
                }
            }
        }
        assert_eq!(all, newest_first, "{name}");
        venue.advance(60_000);
        let (last, recent) = (venue.rows(path, "limit=1"), venue.rows(path, ""));
        assert_eq!((last[0].clone(), recent[0].clone()), (newest_first[0].clone(), newest_first[0].clone()));
        assert!(recent.len() < newest_first.len(), "ninety days if not said");
    }
}

#[test]
fn a_withdrawal_has_its_time_in_words_and_its_fee_on_top() {
    let venue = Venue::still(&[]);
    let rows = venue.rows(WITHDRAWALS, "");
    let done = rows.iter().find(|row| row["status"] == 6).unwrap();
    let time = done["applyTime"].as_str().unwrap();
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00 00:00:00");
    assert_eq!((done["amount"].as_str(), done["transactionFee"].as_str()), (Some("2875.5"), Some("1")));
}

#[test]
fn other_sources_have_their_windows() {
    let venue = Venue::still(&[]);
    let truth = venue.truth();
    let convert = |start: i64, end: i64| {
        venue.signed("/sapi/v1/convert/tradeFlow", &format!("startTime={start}&endTime={end}"))
    };
    assert_eq!(convert(NOW_MS - 30 * DAY_MS - 1, NOW_MS).refusal(), (400, -1127));
    assert_eq!(venue.signed("/sapi/v1/convert/tradeFlow", "").refusal(), (400, -1102));
    let mut converts = Vec::new();
    for window in (0..13).rev() {
        let end = NOW_MS - window * 29 * DAY_MS;
        converts.extend_from_slice(convert(end - 29 * DAY_MS + 1, end).json()["list"].as_array().unwrap());
    }
    assert_eq!(&converts, truth["converts"].as_array().unwrap());

    let dividends = |query: String| venue.signed("/sapi/v1/asset/assetDividend", &query);
    assert_eq!(
        dividends(format!("startTime={}&endTime={NOW_MS}", NOW_MS - 180 * DAY_MS - 1)).refusal(),
        (400, -1127)
    );
    let half = dividends(format!("startTime={}&endTime={NOW_MS}", NOW_MS - 180 * DAY_MS)).json();
    assert_eq!(half["rows"].as_array().unwrap().len(), 20, "twenty if not said");
    assert!(half["total"].as_u64().unwrap() > 20);
    let whole = dividends(format!("startTime={}&endTime={NOW_MS}&limit=500", NOW_MS - 180 * DAY_MS)).json();
    assert_eq!(
        whole["total"].as_u64().unwrap(),
        u64::try_from(whole["rows"].as_array().unwrap().len()).unwrap()
    );

    let dust = venue.signed("/sapi/v1/asset/dribblet", "").json();
    let newest_first: Vec<Value> = truth["dust"].as_array().unwrap().iter().rev().cloned().collect();
    assert_eq!(dust["userAssetDribblets"], Value::from(newest_first));
    assert_eq!(venue.signed("/sapi/v1/fiat/orders", "").refusal(), (400, -1102));
    assert_eq!(venue.signed("/sapi/v1/fiat/orders", "transactionType=0").json()["total"], 0);
    assert_eq!(venue.signed("/sapi/v1/asset/transfer", "").refusal(), (400, -1102));
    assert_eq!(venue.signed("/sapi/v1/asset/transfer", "type=MAIN_UMFUTURE").json()["total"], 0);
}
