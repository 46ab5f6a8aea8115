//! Moves between wallets that are one account.

use super::*;

const NOW_MS: i64 = 1_795_305_600_000;
const MINUTE_MS: i64 = 60_000;

/// What becomes of changes of USDT, each with its age in minutes, when rows were read from so many minutes ago on. Their amounts,
/// and since how many minutes something is held.
fn told(changes: &[(i64, &str)], since: i64) -> (Vec<String>, Option<i64>) {
    let markets = Markets::default();
    let mut telling = Telling::new("a", &markets);
    for (number, (age, amount)) in changes.iter().enumerate() {
        let at = Timestamp::from_millis(NOW_MS - age * MINUTE_MS);
        let change = (Asset::from("USDT"), amount.parse().unwrap());
        telling.change(MovementKind::Transfer, number.to_string(), change, at);
    }
    let since = Some(Timestamp::from_millis(NOW_MS - since * MINUTE_MS));
    let Digest { findings, held_since } = telling.end_as_one(since, Timestamp::from_millis(NOW_MS));
    let amount = |finding: &Finding| match finding {
        Finding::Movement(Movement { received: Some((_, amount)), .. }) => amount.to_string(),
        Finding::Movement(Movement { spent: Some((_, amount)), .. }) => format!("-{amount}"),
        other => panic!("{other:?}"),
    };
    let held = held_since.map(|at| (NOW_MS - at.millis()) / MINUTE_MS);
    (findings.iter().map(amount).collect(), held)
}

#[test]
fn both_sides_of_a_move_are_no_change_in_either_order() {
    for sides in [["-5", "5"], ["5", "-5"]] {
        assert_eq!(told(&[(100, sides[0]), (99, sides[1])], 1000), (vec![], None));
    }
    assert_eq!(told(&[(100, "-5"), (100, "5"), (99, "-5")], 1000).0, ["-5"], "each is of one other");
    assert_eq!(told(&[(100, "-5"), (80, "5")], 1000).0, ["-5", "5"], "too far apart");
    assert_eq!(told(&[(100, "-5"), (100, "4")], 1000).0, ["-5", "4"], "another amount");
}

#[test]
fn what_is_young_waits_for_its_other_side() {
    assert_eq!(told(&[(3, "-5")], 1000), (vec![], Some(3)));
    assert_eq!(told(&[(11, "-5")], 1000), (vec!["-5".to_owned()], None), "it went somewhere else");
}

#[test]
fn what_stands_at_the_beginning_of_what_was_read_again_was_judged_before() {
    assert_eq!(told(&[(55, "5")], 60), (vec![], None), "its other side may stand before");
    assert_eq!(told(&[(45, "5")], 60), (vec!["5".to_owned()], None));
}
