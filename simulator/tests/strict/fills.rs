//! `myTrades` and `account`.

use crate::{
    ACCOUNT, DEPOSITS, TRADES,
    venue::{DAY_MS, NOW_MS, Venue},
};
use serde_json::Value;

#[test]
fn fills_come_oldest_first_and_by_the_rule_of_newest_and_oldest() {
    let venue = Venue::still(&[]);
    let truth = fills_of(&venue.truth(), "BTCUSDT");
    assert!(truth.len() > 2500, "{}", truth.len());
    let ask = |query: &str| venue.rows(TRADES, &format!("symbol=BTCUSDT{query}"));
    let last = |count: usize| truth[truth.len() - count..].to_vec();
    assert_eq!(ask(""), last(500), "500 if not said, the newest");
    assert_eq!(ask("&limit=1000"), last(1000));
    assert_eq!(ask("&limit=5000"), last(1000), "never more");
    assert_eq!(ask("&limit=3"), last(3));
    let time = |fill: &Value| fill["time"].as_i64().unwrap();
    let (from, to) = (time(&truth[100]), time(&truth[1200]));
    let after: Vec<Value> = truth.iter().filter(|fill| time(fill) >= from).take(7).cloned().collect();
    assert_eq!(
        ask(&format!("&startTime={from}&limit=7")),
        after,
        "a start alone: the oldest from there, inclusive"
    );
    let before: Vec<Value> = truth.iter().filter(|fill| time(fill) <= to).cloned().collect();
    assert_eq!(
        ask(&format!("&endTime={to}&limit=7")),
        before[before.len() - 7..],
        "an end alone: the newest up to there"
    );
    let day: Vec<Value> =
        truth.iter().filter(|fill| (from..=from + DAY_MS).contains(&time(fill))).cloned().collect();
    assert_eq!(ask(&format!("&startTime={from}&endTime={}", from + DAY_MS)), day);
    assert_eq!(ask(&format!("&startTime={from}000&endTime={}000", from + DAY_MS)), day, "microseconds");
}

#[test]
fn a_first_id_is_included_and_pages_lead_through_everything() {
    let venue = Venue::still(&[]);
    let truth = fills_of(&venue.truth(), "ETHUSDT");
    let id = |fill: &Value| fill["id"].as_u64().unwrap();
    let from = |first: u64, limit: usize| {
        venue.rows(TRADES, &format!("symbol=ETHUSDT&fromId={first}&limit={limit}"))
    };
    assert_eq!(from(id(&truth[10]), 5), truth[10..15]);
    assert_eq!(from(id(&truth[10]) + 1, 5), truth[11..16], "between two ids");
    assert_eq!(from(0, 2), truth[..2]);
    assert_eq!(from(id(truth.last().unwrap()) + 1, 5), Vec::<Value>::new());
    let mut all: Vec<Value> = Vec::new();
    loop {
        let page = from(all.last().map_or(0, id), 1000);
        let fresh = usize::from(!all.is_empty());
        all.extend_from_slice(&page[fresh..]);
        if page.len() < 1000 {
            break;
        }
    }
    assert_eq!(all, truth);

    let order = truth[200]["orderId"].as_u64().unwrap();
    let of_order: Vec<Value> = truth.iter().filter(|fill| fill["orderId"] == order).cloned().collect();
    assert_eq!(venue.rows(TRADES, &format!("symbol=ETHUSDT&orderId={order}")), of_order);
    let last = id(of_order.last().unwrap());
    assert_eq!(
        venue.rows(TRADES, &format!("symbol=ETHUSDT&orderId={order}&fromId={last}")),
        of_order[of_order.len() - 1..]
    );
}

#[test]
fn only_documented_combinations_are_answered() {
    let venue = Venue::still(&[]);
    let at = NOW_MS - 40 * DAY_MS;
    let ask = |query: String| venue.signed(TRADES, &format!("symbol=BTCUSDT{query}")).refusal();
    for query in [
        format!("&fromId=1&startTime={at}"),
        format!("&fromId=1&endTime={at}"),
        format!("&orderId=1&startTime={at}"),
        format!("&orderId=1&fromId=1&startTime={at}&endTime={at}"),
        format!("&fromId=1&startTime={at}&endTime={at}"),
    ] {
        assert_eq!(ask(query.clone()), (400, -1128), "{query}");
    }
    assert_eq!(ask(format!("&startTime={at}&endTime={}", at + DAY_MS)), (200, 0), "24 hours");
    assert_eq!(ask(format!("&startTime={at}&endTime={}", at + DAY_MS + 1)), (400, -1127));
    assert_eq!(ask("&startTime=".to_owned()), (400, -1105));
    assert_eq!(ask("&limit=0".to_owned()), (400, -1130));
    assert_eq!(ask("&limit=ten".to_owned()), (400, -1100));
    assert_eq!(ask("&colour=red".to_owned()), (400, -1104));
    assert_eq!(ask("&symbol=ETHUSDT".to_owned()), (400, -1101));
    assert_eq!(venue.public("/api/v3/time?x=1").refusal(), (400, -1101));
}

#[test]
fn numbers_are_text_and_ids_and_times_are_integers() {
    let venue = Venue::still(&[]);
    let fill = &venue.rows(TRADES, "symbol=BTCUSDT&limit=1")[0];
    for field in ["id", "orderId", "orderListId", "time"] {
        assert!(fill[field].is_i64(), "{field}: {fill}");
    }
    for field in ["price", "qty", "quoteQty", "commission"] {
        let text = fill[field].as_str().unwrap();
        assert_eq!(text.split('.').nth(1).map(str::len), Some(8), "{field}: {fill}");
    }
    assert!(
        fill["isBuyer"].is_boolean() && fill["isMaker"].is_boolean() && fill["commissionAsset"].is_string()
    );
    let account = venue.signed(ACCOUNT, "").json();
    assert!(account["uid"].is_u64() && account["updateTime"].is_i64(), "{account}");
    let rows = account["balances"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["free"].is_string() && row["locked"].is_string()));
    let without_zeros = venue.signed(ACCOUNT, "omitZeroBalances=true").json();
    let zero = |row: &&Value| row["free"] == "0.00000000" && row["locked"] == "0.00000000";
    let not_zero: Vec<&Value> = rows.iter().filter(|row| !zero(row)).collect();
    assert!(not_zero.len() < rows.len(), "there are zeros to be left out");
    assert_eq!(without_zeros["balances"].as_array().unwrap().iter().collect::<Vec<_>>(), not_zero);
    assert!(not_zero.iter().any(|row| row["locked"] != "0.00000000"), "something is locked in an order");
    assert!(
        venue.rows(DEPOSITS, "").iter().all(|row| row["insertTime"].is_i64() && row["amount"].is_string())
    );
}

fn fills_of(truth: &Value, symbol: &str) -> Vec<Value> {
    truth["fills"].as_array().unwrap().iter().filter(|fill| fill["symbol"] == symbol).cloned().collect()
}
