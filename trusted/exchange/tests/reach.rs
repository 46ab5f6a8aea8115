//! From when on an account is told whole, in conversation with a venue in a table.
#![cfg(test)]

mod desk;

use desk::{CONVERTS, DAY_MS, DUST, Desk, MY_TRADES, NOW_MS, WITHDRAWALS, connector, trader::*};
use exchange::{ExchangeConnector, Finding, Reach};
use ledger::{Timestamp, record::Gap};
use serde_json::{Value, json};

fn collect(desk: &mut Desk, connector: &mut dyn ExchangeConnector) -> Reach {
    let found = desk.collect(connector);
    let reaches: Vec<&Reach> = found
        .iter()
        .filter_map(|finding| match finding {
            Finding::Reach(reach) => Some(reach),
            _ => None,
        })
        .collect();
    assert_eq!(reaches.len(), 1, "one a round");
    desk.now_ms += 60_000;
    reaches[0].clone()
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

/// When the account of these tests deposits.
const FIRST_MS: i64 = NOW_MS - 31 * DAY_MS;

fn whole(from_ms: i64) -> Reach {
    Reach { from: at(from_ms), since_opening: true, gaps: Vec::new() }
}

fn text(at_ms: i64) -> String {
    protocol::rfc3339(at(at_ms)).replace('T', " ").replace('Z', "")
}

fn sweeps(count: i64, first_ms: i64) -> Vec<(i64, Value)> {
    let sweep = |number: i64| {
        let at_ms = first_ms + number * 3_600_000;
        let detail = json!({ "transId": number, "serviceChargeAmount": "0", "amount": "1", "operateTime": at_ms, "transferedAmount": "1", "fromAsset": "XYZ" });
        (at_ms, json!({ "operateTime": at_ms, "transId": number, "userAssetDribbletDetails": [detail] }))
    };
    (0..count).map(sweep).collect()
}

#[test]
fn an_account_is_whole_from_its_first_sign_of_life() {
    let (mut desk, mut connector) = (trader(5, 1000), connector());
    for _ in 0..3 {
        assert_eq!(collect(&mut desk, connector.as_mut()), whole(FIRST_MS));
    }
}

#[test]
fn an_account_without_any_sign_begins_when_it_was_first_looked_at() {
    let (mut desk, mut connector) = (Desk::new(&MARKETS), connector());
    assert_eq!([(); 2].map(|()| collect(&mut desk, connector.as_mut())), [whole(NOW_MS), whole(NOW_MS)]);
    // Coins that came from nowhere: that nothing was there before would be invented.
    desk.balances = vec![balance("BTC", "1")];
    let reach = collect(&mut desk, connector.as_mut());
    assert_eq!((reach.from, reach.since_opening), (at(NOW_MS), false));
}

#[test]
fn something_older_than_the_first_sign_moves_the_beginning_back_as_reading_goes_on() {
    let (mut desk, mut connector) = (trader(1, 0), connector());
    let early_ms = NOW_MS - 200 * DAY_MS;
    let row = json!({ "id": "early", "amount": "1", "transactionFee": "0", "coin": "USDT", "status": 6, "applyTime": text(early_ms) });
    desk.lists.insert(WITHDRAWALS, vec![(early_ms, row)]);
    assert_eq!(
        collect(&mut desk, connector.as_mut()),
        whole(FIRST_MS),
        "withdrawals that old were not read yet"
    );
    // Two windows of ninety days of withdrawals, four of thirty days of conversions.
    let reach = collect(&mut desk, connector.as_mut());
    assert!(!reach.since_opening);
    let distance = |from: Timestamp| (FIRST_MS - from.millis()) / DAY_MS;
    assert_eq!(distance(reach.from), 119, "conversions are known from there");
    assert_eq!(collect(&mut desk, connector.as_mut()), whole(early_ms));
}

#[test]
fn dust_that_is_not_listed_any_more_hides_what_was_before_unless_all_adds_up() {
    let (mut desk, mut connector) = (trader(1, 0), connector());
    let swept_ms = NOW_MS - 20 * DAY_MS;
    desk.lists.insert(DUST, sweeps(120, swept_ms));
    desk.balances.extend([balance("BNB", "120")]);
    let reach = collect(&mut desk, connector.as_mut());
    assert_eq!(reach, Reach { from: at(swept_ms + 20 * 3_600_000), since_opening: false, gaps: Vec::new() });
    // A hundred sweeps and not one more: nothing is missing, though the list is full.
    desk.lists.insert(DUST, sweeps(100, swept_ms));
    let rows = |count: i64| {
        (FIRST_MS, json!({ "id": 1, "amount": count.to_string(), "asset": "XYZ", "divTime": FIRST_MS }))
    };
    desk.lists.insert(desk::DIVIDENDS, vec![rows(100)]);
    desk.balances[2] = balance("BNB", "100");
    let mut anew = desk::connector();
    assert_eq!(collect(&mut desk, anew.as_mut()), whole(FIRST_MS));
}

#[test]
fn a_list_that_is_refused_is_a_gap_until_it_is_read() {
    let (mut desk, mut connector) = (trader(5, 1000), connector());
    desk.fixed.insert(CONVERTS, (400, r#"{"code":-9000,"msg":"no"}"#.to_owned()));
    let reach = collect(&mut desk, connector.as_mut());
    let gap = Gap { from: at(FIRST_MS), to: at(NOW_MS) };
    assert_eq!(reach, Reach { from: at(FIRST_MS), since_opening: false, gaps: vec![gap] });
    desk.fixed.clear();
    assert_eq!(collect(&mut desk, connector.as_mut()), whole(FIRST_MS));
}

#[test]
fn symbols_that_are_refused_are_a_gap_only_where_the_balances_do_not_add_up() {
    let (mut desk, mut connector) = (Desk::new(&MARKETS), connector());
    desk.lists.insert(desk::DEPOSITS, vec![deposit("d1", FIRST_MS, "USDT", "7")]);
    desk.balances = vec![balance("USDT", "7")];
    desk.fixed.insert(MY_TRADES, (400, r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned()));
    assert_eq!(collect(&mut desk, connector.as_mut()), whole(FIRST_MS));
    desk.balances = vec![balance("USDT", "5"), balance("BTC", "1")];
    let reach = collect(&mut desk, connector.as_mut());
    assert_eq!((reach.from, reach.gaps.len()), (at(FIRST_MS), 1));
    // It is said for as long as it is so, also in rounds that did not ask again.
    let found = desk.collect(connector.as_mut());
    assert!(unread(&found).contains(&"fills of BTCUSDT: the venue refused to list them".to_owned()));
    desk.fixed.clear();
    desk.fills = vec![desk::fill("BTCUSDT", 100, NOW_MS - DAY_MS, "1", "2")];
    desk.now_ms += 2 * 3_600_000;
    assert_eq!(collect(&mut desk, connector.as_mut()), whole(FIRST_MS));
}

#[test]
fn what_no_list_explains_is_no_gap() {
    let (mut desk, mut connector) = (trader(2, 1000), connector());
    desk.balances[1] = balance("USDT", "999000");
    let reach = collect(&mut desk, connector.as_mut());
    assert_eq!(reach, whole(FIRST_MS), "moved to a wallet that is not read: it is a residual");
}
