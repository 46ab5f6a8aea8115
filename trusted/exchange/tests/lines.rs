//! Movements as lines of the ledger: each changes what the movement changed, and nothing twice.
#![cfg(test)]

mod desk;

use desk::{DAY_MS, DEPOSITS, DIVIDENDS, DUST, Desk, NOW_MS, WITHDRAWALS, connector, trader::*};
use exchange::{Finding, Movement, MovementKind, MovementStatus, lines, lines_under_way};
use ledger::{Asset, Decimal, Line, LineKind, Lines, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

fn account() -> Arc<str> {
    Arc::from("binance/spot")
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn of(asset: &str, text: &str) -> Option<(Asset, Decimal)> {
    Some((Asset::from(asset), amount(text)))
}

fn movement(kind: MovementKind) -> Movement {
    Movement {
        id: "m".to_owned(),
        kind,
        time: Timestamp::from_millis(NOW_MS),
        received: None,
        spent: None,
        fee: None,
        transaction: None,
        status: MovementStatus::Settled,
    }
}

/// Kind, asset and amount of each.
fn told(lines: &[Line]) -> Vec<(LineKind, String, String)> {
    lines.iter().map(|line| (line.kind, line.asset.to_string(), line.amount.to_string())).collect()
}

fn check(movement: &Movement, expected: &[(LineKind, &str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, asset, amount)| (*kind, (*asset).to_owned(), (*amount).to_owned()))
        .collect();
    let lines = lines(&account(), movement);
    assert_eq!(told(&lines), expected, "{movement:?}");
    assert!(
        lines.iter().all(|line| line.time == movement.time
            && *line.id == *movement.id
            && *line.account == *account())
    );
}

#[test]
fn each_kind_has_its_lines() {
    let deposit = Movement { received: of("BTC", "0.5"), ..movement(MovementKind::Deposit) };
    check(&deposit, &[(LineKind::Deposit, "BTC", "0.5")]);
    let withdrawal =
        Movement { spent: of("USDT", "101"), fee: of("USDT", "1"), ..movement(MovementKind::Withdrawal) };
    check(&withdrawal, &[(LineKind::Withdrawal, "USDT", "-100"), (LineKind::NetworkFee, "USDT", "-1")]);
    let free = Movement { fee: of("USDT", "0"), ..withdrawal.clone() };
    check(&free, &[(LineKind::Withdrawal, "USDT", "-101")]);
    let nonsense = Movement { fee: of("USDT", "102"), ..withdrawal };
    check(&nonsense, &[(LineKind::Withdrawal, "USDT", "-101")]);
    let (spent, received) = (of("USDT", "20"), of("BNB", "0.06"));
    let convert =
        Movement { spent: spent.clone(), received: received.clone(), ..movement(MovementKind::Convert) };
    check(&convert, &[(LineKind::Conversion, "USDT", "-20"), (LineKind::Conversion, "BNB", "0.06")]);
    // The charge is within what did not arrive.
    let dust = Movement { spent, received, fee: of("BNB", "0.001"), ..movement(MovementKind::Dust) };
    check(&dust, &[(LineKind::Dust, "USDT", "-20"), (LineKind::Dust, "BNB", "0.06")]);
    let gift = Movement { received: of("GIFT", "7"), ..movement(MovementKind::Distribution) };
    check(&gift, &[(LineKind::Airdrop, "GIFT", "7")]);
    let interest = Movement { received: of("BNB", "0.1"), ..movement(MovementKind::Interest) };
    check(&interest, &[(LineKind::Interest, "BNB", "0.1")]);
    let taken_back = Movement { spent: of("BNB", "0.1"), ..movement(MovementKind::Interest) };
    check(&taken_back, &[(LineKind::Interest, "BNB", "-0.1")]);
}

#[test]
fn what_did_not_take_effect_has_no_line_but_what_is_under_way_has_left() {
    let withdrawal = |status| Movement {
        spent: of("USDT", "101"),
        fee: of("USDT", "1"),
        status,
        ..movement(MovementKind::Withdrawal)
    };
    let deposit = |status| Movement { received: of("USDT", "5"), status, ..movement(MovementKind::Deposit) };
    for status in [MovementStatus::Pending, MovementStatus::Failed] {
        check(&withdrawal(status), &[]);
        check(&deposit(status), &[]);
    }
    let under_way = |movement: &Movement| told(&lines_under_way(&account(), movement));
    let gone = [
        (LineKind::Withdrawal, "USDT".to_owned(), "-100".to_owned()),
        (LineKind::NetworkFee, "USDT".to_owned(), "-1".to_owned()),
    ];
    assert_eq!(under_way(&withdrawal(MovementStatus::Pending)), gone);
    assert_eq!(under_way(&deposit(MovementStatus::Pending)), []);
    for status in [MovementStatus::Settled, MovementStatus::Failed] {
        assert_eq!(under_way(&withdrawal(status)), [], "{status:?}");
    }
}

/// An account with one of everything, some of it in the shapes that are easily confused.
fn desk() -> Desk {
    let mut desk = Desk::new(&MARKETS);
    let at_ms = NOW_MS - 5 * DAY_MS;
    let with = |mut row: (i64, Value), transaction: &str| {
        row.1["txId"] = json!(transaction);
        row
    };
    desk.lists.insert(
        DEPOSITS,
        vec![
            with(deposit("d1", at_ms, "USDT", "1000"), "0xab"),
            with(deposit("d2", at_ms, "USDT", "5"), "Internal transfer 118263407119"),
        ],
    );
    let text = protocol::rfc3339(Timestamp::from_millis(at_ms)).replace('T', " ").replace('Z', "");
    let withdrawal = |id: &str, status: u8, transaction: &str| {
        (
            at_ms,
            json!({ "id": id, "amount": "1", "transactionFee": "0.5", "coin": "USDT", "status": status, "applyTime": text, "txId": transaction }),
        )
    };
    desk.lists.insert(WITHDRAWALS, vec![withdrawal("w1", 6, "0xcd"), withdrawal("w2", 4, "")]);
    let detail = |trans: u64, asset: &str| json!({ "transId": trans, "serviceChargeAmount": "0.01", "amount": "3", "operateTime": at_ms, "transferedAmount": "0.2", "fromAsset": asset });
    // One sweep of two coins.
    let sweep = json!({ "operateTime": at_ms, "transId": 45, "userAssetDribbletDetails": [detail(1, "ETH"), detail(2, "XYZ")] });
    desk.lists.insert(DUST, vec![(at_ms, sweep)]);
    let dividend = |id: u64, words: &str| {
        (at_ms, json!({ "id": id, "amount": "0.1", "asset": "BNB", "divTime": at_ms, "enInfo": words }))
    };
    desk.lists.insert(
        DIVIDENDS,
        vec![dividend(1, "Flexible"), dividend(2, "HODLer Airdrops"), dividend(3, "what is this?")],
    );
    desk.balances =
        vec![balance("USDT", "1002"), balance("BNB", "0.7"), balance("ETH", "0"), balance("XYZ", "0")];
    desk
}

#[test]
fn lines_of_a_collection_add_up_to_its_balances_and_repeat_without_effect() {
    let mut desk = desk();
    // What was swept had come as a gift.
    let gifts = ["ETH", "XYZ"].map(|asset| {
        let at_ms = NOW_MS - 6 * DAY_MS;
        (at_ms, json!({ "id": asset.len() * 1000 + usize::from(asset == "ETH"), "amount": "3", "asset": asset, "divTime": at_ms }))
    });
    desk.lists.get_mut(DIVIDENDS).unwrap().extend(gifts);
    let mut connector = connector();
    let mut ledger = Lines::default();
    for round in 0..2 {
        let found = desk.collect(connector.as_mut());
        assert_eq!(unread(&found), [""; 0]);
        let moved = movements(&found);
        for movement in moved.values() {
            let new = ledger.apply(lines(&account(), movement)).unwrap();
            assert!(round == 0 || new == 0);
        }
        desk.now_ms += 60_000;
        if round == 0 {
            let under_way: Vec<Line> =
                moved.values().flat_map(|movement| lines_under_way(&account(), movement)).collect();
            let sum = |asset: &str| {
                let all = ledger.iter().chain(&under_way).filter(|line| line.asset.as_str() == asset);
                all.fold(Decimal::ZERO, |sum, line| sum.checked_add(line.amount).unwrap())
            };
            for [asset, free, _] in &desk.balances {
                assert_eq!(sum(asset), amount(free), "{asset}");
            }
        }
    }
    let kinds = |kind| ledger.iter().filter(|line| line.kind == kind).count();
    assert_eq!([LineKind::Dust, LineKind::Interest, LineKind::Airdrop].map(kinds), [4, 1, 4]);
}

#[test]
fn transactions_are_kept_where_there_are_any() {
    let found = desk().collect(connector().as_mut());
    let transaction = |kind, id: &str| movements(&found)[&(kind, id.to_owned())].transaction.clone();
    assert_eq!(transaction(MovementKind::Deposit, "d1").as_deref(), Some("0xab"));
    assert_eq!(transaction(MovementKind::Deposit, "d2").as_deref(), Some("Internal transfer 118263407119"));
    assert_eq!(transaction(MovementKind::Withdrawal, "w1").as_deref(), Some("0xcd"));
    assert_eq!(transaction(MovementKind::Withdrawal, "w2"), None, "not sent yet");
    let withdrawal = &movements(&found)[&(MovementKind::Withdrawal, "w1".to_owned())];
    let lines = lines(&account(), withdrawal);
    let of_lines: Vec<Option<&str>> = lines.iter().map(|line| line.transaction.as_deref()).collect();
    assert_eq!(of_lines, [Some("0xcd"), None], "the network's fee goes to nobody's account");
    assert!(found.iter().any(|finding| matches!(finding, Finding::Reach(_))));
}
