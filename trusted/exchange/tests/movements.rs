//! Deposits, withdrawals and their like, in conversation with a venue in a table: each is found, with its instant.
#![cfg(test)]

mod desk;

use desk::{DAY_MS, Desk, NOW_MS, connector, trader::*};
use exchange::{Finding, MovementKind, MovementStatus, Refusal, Task, VenueError};
use ledger::{Decimal, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

#[test]
fn movements_are_read_from_the_beginning_and_windows_that_are_full_are_cut() {
    let mut desk = Desk::new(&MARKETS);
    let day = |days: i64| NOW_MS - days * DAY_MS;
    // In 2018 and since; 2500 deposits within an hour, some in one millisecond.
    let mut deposits = vec![deposit("old", day(8 * 365), "USDT", "5")];
    deposits.extend(
        (0..2500).map(|number| deposit(&format!("d{number}"), day(400) + number / 3 * 4000, "USDT", "1")),
    );
    desk.lists.insert(desk::DEPOSITS, deposits);
    // Right before and right after the end of a window.
    let border_ms = 1_498_867_200_000 + 90 * DAY_MS;
    desk.lists
        .get_mut(desk::DEPOSITS)
        .unwrap()
        .extend([-1, 0].map(|ms| deposit(&format!("border{ms}"), border_ms + ms, "USDT", "1")));
    let withdrawal = json!({ "id": "w", "amount": "8.91", "transactionFee": "0.004", "coin": "USDT", "status": 6, "applyTime": "2019-10-12 11:12:02" });
    desk.lists.insert(desk::WITHDRAWALS, vec![(1_570_878_722_000, withdrawal)]);
    let rows: Vec<_> = (0..1200)
        .map(|number| {
            (
                day(300) + number,
                json!({ "id": number, "amount": "0.1", "asset": "BNB", "divTime": day(300) + number }),
            )
        })
        .collect();
    desk.lists.insert(desk::DIVIDENDS, rows);
    desk.balances = vec![balance("USDT", "2498.086"), balance("BNB", "120")];
    let found = desk.collect(connector().as_mut());
    let movements = movements(&found);
    let count = |kind| movements.keys().filter(|(other, _)| *other == kind).count();
    assert_eq!(
        (count(MovementKind::Deposit), count(MovementKind::Distribution), count(MovementKind::Withdrawal)),
        (2503, 1200, 1)
    );
    let gross = movements[&(MovementKind::Withdrawal, "w".to_owned())].clone();
    assert_eq!(
        gross.spent.unwrap().1,
        "8.914".parse::<Decimal>().unwrap(),
        "the network fee left the account too"
    );
    assert_eq!(gross.time, Timestamp::from_millis(1_570_878_722_000), "2019-10-12 11:12:02 is UTC");
    assert_eq!(unread(&found), [""; 0]);
}

#[test]
fn a_movement_that_is_listed_late_is_found() {
    let mut desk = trader(1, 0);
    let mut connector = connector();
    desk.collect(connector.as_mut());
    desk.now_ms += 60_000;
    desk.lists.get_mut(desk::DEPOSITS).unwrap().push(deposit("late", NOW_MS - 20 * 3_600_000, "USDT", "5"));
    desk.balances[1] = balance("USDT", "1000003");
    let found = desk.collect(connector.as_mut());
    assert!(movements(&found).contains_key(&(MovementKind::Deposit, "late".to_owned())));
    assert_eq!(unread(&found), [""; 0]);
}

#[test]
fn a_window_that_cannot_be_cut_any_more_fails() {
    let mut desk = Desk::new(&MARKETS);
    desk.lists.insert(
        desk::DEPOSITS,
        (0..1000).map(|number| deposit(&format!("d{number}"), NOW_MS - DAY_MS, "USDT", "1")).collect(),
    );
    let error = desk.converse(connector().as_mut(), Task::Collect).unwrap_err();
    let answer = Refusal::Answer { endpoint: desk::DEPOSITS, field: "endTime" };
    assert_eq!(error, VenueError::Permanent(answer), "nothing is skipped");
}

#[test]
fn what_is_older_than_the_first_sign_of_life_is_read_bit_by_bit() {
    let mut desk = trader(1, 0);
    // Coins that came by card left again, long before the first deposit.
    let at_ms = NOW_MS - 1000 * DAY_MS;
    let text = protocol::rfc3339(Timestamp::from_millis(at_ms)).replace('T', " ").replace('Z', "");
    let row = json!({ "id": "early", "amount": "1", "transactionFee": "0", "coin": "USDT", "status": 6, "applyTime": text });
    desk.lists.insert(desk::WITHDRAWALS, vec![(at_ms, row)]);
    let mut connector = connector();
    let found = desk.collect(connector.as_mut());
    assert_eq!(movements(&found).len(), 1);
    assert!(desk.asked(desk::WITHDRAWALS).len() <= 2);
    let mut rounds = 0;
    loop {
        rounds += 1;
        desk.now_ms += 60_000;
        desk.log.clear();
        if movements(&desk.collect(connector.as_mut()))
            .contains_key(&(MovementKind::Withdrawal, "early".to_owned()))
        {
            break;
        }
        assert!(rounds < 10);
    }
    for _ in 0..40 {
        desk.now_ms += 60_000;
        desk.log.clear();
        desk.collect(connector.as_mut());
    }
    assert_eq!(
        desk.asked(desk::WITHDRAWALS).len(),
        1,
        "in the end all was read, and only what is new is asked for"
    );
}

#[test]
fn a_pending_withdrawal_is_looked_after_until_it_is_settled() {
    let mut desk = trader(1, 0);
    let row = |status: u8| {
        let at_ms = NOW_MS - 3 * DAY_MS;
        let text = protocol::rfc3339(Timestamp::from_millis(at_ms)).replace('T', " ").replace('Z', "");
        vec![(
            at_ms,
            json!({ "id": "w", "amount": "1", "coin": "USDT", "status": status, "applyTime": text }),
        )]
    };
    let status = |found: &[Finding]| movements(found)[&(MovementKind::Withdrawal, "w".to_owned())].status;
    let mut connector = connector();
    desk.lists.insert(desk::WITHDRAWALS, row(2));
    desk.balances[1] = balance("USDT", "999997");
    let found = desk.collect(connector.as_mut());
    assert_eq!(
        (status(&found), unread(&found)),
        (MovementStatus::Pending, vec![]),
        "it has left the balance already"
    );
    desk.now_ms += 5 * DAY_MS;
    desk.lists.insert(desk::WITHDRAWALS, row(6));
    assert_eq!(status(&desk.collect(connector.as_mut())), MovementStatus::Settled);
}

#[test]
fn a_list_that_is_refused_is_told_and_the_rest_goes_on() {
    let mut desk = trader(5, 1000);
    let at_ms = NOW_MS - 20 * DAY_MS;
    let convert = json!({ "orderId": 9, "orderStatus": "SUCCESS", "fromAsset": "USDT", "fromAmount": "1", "toAsset": "USDT", "toAmount": "1", "createTime": at_ms });
    desk.lists.insert(desk::CONVERTS, vec![(at_ms, convert)]);
    desk.fixed.insert(desk::CONVERTS, (400, r#"{"code":-9000,"msg":"no"}"#.to_owned()));
    let mut connector = connector();
    let found = desk.collect(connector.as_mut());
    assert_eq!(unread(&found), ["conversions: the venue refused to list them"]);
    assert_eq!(fill_set(&found).len(), 5);
    assert_eq!(desk.asked(desk::CONVERTS).len(), 1, "one refusal is enough for a round");
    desk.fixed.clear();
    let found = desk.collect(connector.as_mut());
    assert_eq!(unread(&found), [""; 0]);
    assert!(movements(&found).contains_key(&(MovementKind::Convert, "9".to_owned())), "from the beginning");
}

#[test]
fn what_is_over_counts_once_however_often_it_is_told() {
    // Deposits of years, one of them rejected and one under way: the books add up in each round, also while the list is
    // refused and when it is read from its beginning again.
    let mut desk = Desk::new(&MARKETS);
    let day = |days: i64| NOW_MS - days * DAY_MS;
    let mut rows: Vec<_> =
        (0..100).map(|number| deposit(&format!("d{number}"), day(10 * number), "USDT", "1")).collect();
    rows[50].1["status"] = 2.into();
    rows[60].1["status"] = 0.into();
    desk.lists.insert(desk::DEPOSITS, rows);
    desk.balances = vec![balance("USDT", "98")];
    let mut connector = connector();
    let refused = "deposits: the venue refused to list them";
    for round in 0..12 {
        desk.now_ms += 5 * DAY_MS;
        if round == 4 {
            desk.fixed.insert(desk::DEPOSITS, (400, r#"{"code":-9000,"msg":"no"}"#.to_owned()));
        }
        let told = unread(&desk.collect(connector.as_mut()));
        assert_eq!(told, if round == 4 { vec![refused] } else { vec![] }, "round {round}");
        desk.fixed.clear();
        if round == 6 {
            // Long after all around it counts in one sum, the one under way arrives.
            desk.lists.get_mut(desk::DEPOSITS).unwrap()[60].1["status"] = 1.into();
            desk.balances = vec![balance("USDT", "99")];
        }
        if round == 4 || round == 6 {
            desk.fixed.insert(desk::DEPOSITS, (400, r#"{"code":-9000,"msg":"no"}"#.to_owned()));
            desk.converse(connector.as_mut(), Task::Collect).unwrap();
            desk.fixed.clear();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Deposits anywhere in time, in disorder: each is told, with its instant.
    #[test]
    fn no_movement_is_missed(seed in any::<u64>(), days in prop::collection::vec(0_i64..3300, 1..60)) {
        let mut desk = Desk::new(&MARKETS);
        let rows: Vec<_> = days.iter().enumerate()
            .map(|(number, day)| deposit(&format!("d{number}"), NOW_MS - day * DAY_MS - 1, "USDT", "1")).collect();
        desk.balances = vec![balance("USDT", &rows.len().to_string())];
        desk.lists.insert(desk::DEPOSITS, rows.clone());
        desk.mangle = disorder(seed);
        let found = desk.collect(connector().as_mut());
        let told: BTreeSet<i64> = movements(&found).values().map(|movement| movement.time.millis()).collect();
        prop_assert_eq!(movements(&found).len(), rows.len());
        prop_assert_eq!(told, rows.iter().map(|(at_ms, _)| *at_ms).collect());
        prop_assert!(unread(&found).is_empty());
    }
}
