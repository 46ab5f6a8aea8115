//! Days that were told and are told anew.

use super::*;
use crate::{account::Published, restatements::Cause};

const DAY_MINUTES: i64 = 1440;

fn usdt(amount: i64) -> Finding {
    let (asset, locked) = (Asset::from("USDT"), Decimal::ZERO);
    Finding::Balances {
        at: Timestamp::from_millis(AT),
        balances: vec![exchange::Balance { asset, free: Decimal::from(amount), locked }],
    }
}

fn at(minutes: i64, finding: Finding) -> Finding {
    let at = Timestamp::from_millis(AT + minutes * MINUTE_MS);
    match finding {
        Finding::Balances { balances, .. } => Finding::Balances { at, balances },
        Finding::Movement(movement) => Finding::Movement(Movement { time: at, ..movement }),
        other => other,
    }
}

/// A round, and what it tells.
fn told(known: &mut AccountRecord, minutes: i64, found: Vec<Finding>) {
    let as_of = Timestamp::from_millis(AT + minutes * MINUTE_MS);
    let mut collection = Collection::new(Venue::Binance, as_of);
    found.into_iter().for_each(|finding| collection.add(finding, known));
    let brought = collection.apply(known, &Prices::new());
    let figures = known.record.figures(as_of);
    let days = Arc::new(Days::of(&figures.total.1.days));
    restate(known, &days, brought, as_of);
    let told = Statement::of(&known.record, &figures);
    let told = Arc::new(publish::Told::new(told, protocol::statement::Frame::default()));
    let days = (days, known.restated());
    let revision = known.revision;
    known.published = Some(Published { told, days, as_of, revision, with_under_way: None });
}

#[test]
fn a_deposit_that_is_read_days_later_is_numbered_with_the_first_day_that_it_changes() {
    let mut known = known();
    told(&mut known, 1, vec![at(0, usdt(10))]);
    let noon = DAY_MINUTES / 2;
    told(&mut known, DAY_MINUTES + noon, vec![at(DAY_MINUTES + noon - 1, usdt(15))]);
    told(&mut known, 2 * DAY_MINUTES + 1, vec![at(2 * DAY_MINUTES, usdt(15))]);
    told(&mut known, 2 * DAY_MINUTES + 2, Vec::new());
    assert_eq!(known.restatements, Vec::new(), "new days, and the same ones again");

    let deposit = Finding::Movement(Movement {
        id: "late".to_owned(),
        kind: MovementKind::Deposit,
        time: Timestamp::from_millis(AT),
        received: Some(("USDT".into(), Decimal::from(5_u64))),
        spent: None,
        fee: None,
        transaction: None,
        status: MovementStatus::Settled,
    });
    told(&mut known, 2 * DAY_MINUTES + 3, vec![at(noon, deposit.clone())]);
    let first = Day::of(Timestamp::from_millis(AT));
    let [restatement] = known.restatements.as_slice() else { panic!("{:?}", known.restatements) };
    assert_eq!((restatement.number, restatement.from), (1, first.number()));
    assert_eq!((restatement.days, restatement.cause), (2, Cause::MovementReadLater));
    assert_eq!(restatement.at, AT + (2 * DAY_MINUTES + 3) * MINUTE_MS);
    told(&mut known, 2 * DAY_MINUTES + 4, vec![at(noon, deposit)]);
    assert_eq!(known.restatements.len(), 1, "told again, it changes nothing");
}

#[test]
fn what_a_round_restated_that_could_not_be_kept_is_not_counted_twice() {
    let mut known = known();
    told(&mut known, DAY_MINUTES + 1, vec![at(0, usdt(10))]);
    let (before, as_of) = (known.published.clone(), Timestamp::from_millis(AT + DAY_MINUTES * MINUTE_MS));
    assert!(before.is_some());
    for _ in 0..3 {
        restate(&mut known, &Days::default(), Brought::default(), as_of);
        assert_eq!(known.restated(), 1);
    }
}
