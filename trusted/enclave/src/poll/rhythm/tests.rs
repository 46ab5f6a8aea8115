//! The rhythm by hand: minutes in, minutes out.

use super::*;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const NOW: Timestamp = Timestamp::from_millis(20_000 * DAY_MS);

fn at(ms: i64) -> Timestamp {
    after(NOW, ms)
}

/// Nothing happened for so long, nobody reads it, and nothing else is near.
fn quiet(ms: i64) -> Seen {
    let far = at(DAY_MS);
    Seen { changed_at: at(-ms), read_at: None, slot: far, key_check: far, accounts: 1 }
}

fn key(number: u32) -> AccountKey {
    Sha256::digest(number.to_be_bytes()).into()
}

/// The key whose phases are all 0.
const FIRST: AccountKey = [0; 32];

fn rests_ms(seen: &Seen, key: &AccountKey) -> i64 {
    seen.next(key, NOW).millis() - NOW.millis()
}

#[test]
fn an_account_rests_for_a_sixteenth_of_its_silence_between_a_minute_and_an_hour() {
    let cases = [
        (0, 60),
        (10 * MINUTE_MS, 60),
        (16 * MINUTE_MS, 60),
        (HOUR_MS, 225),
        (4 * HOUR_MS, 900),
        (16 * HOUR_MS, 3600),
        (400 * DAY_MS, 3600),
    ];
    for (silence_ms, seconds) in cases {
        assert_eq!(rests_ms(&quiet(silence_ms), &FIRST), seconds * 1000, "after {silence_ms} ms");
    }
    // A clock that was set, or a fill that is told from the future.
    assert_eq!(rests_ms(&quiet(-HOUR_MS), &FIRST), MINUTE_MS);
}

#[test]
fn who_is_read_is_asked_every_minute_until_ten_minutes_after() {
    let read = |ms: i64| Seen { read_at: Some(at(-ms)), ..quiet(30 * DAY_MS) };
    assert_eq!(rests_ms(&read(0), &FIRST), MINUTE_MS);
    assert_eq!(rests_ms(&read(READ_MS - 1), &FIRST), MINUTE_MS);
    assert_eq!(rests_ms(&read(READ_MS), &FIRST), HOUR_MS);
}

#[test]
fn a_slot_and_a_check_of_the_key_make_a_quiet_account_due() {
    let idle = quiet(30 * DAY_MS);
    assert_eq!(rests_ms(&Seen { slot: at(7 * MINUTE_MS), ..idle }, &FIRST), 7 * MINUTE_MS);
    assert_eq!(rests_ms(&Seen { key_check: at(9 * MINUTE_MS), ..idle }, &FIRST), 9 * MINUTE_MS);
    // One that was not taken in the round that is over, and one that is overdue: a minute later, and not at once.
    assert_eq!(rests_ms(&Seen { slot: at(-1), ..idle }, &FIRST), MINUTE_MS);
    assert_eq!(rests_ms(&Seen { key_check: at(-DAY_MS), ..idle }, &FIRST), MINUTE_MS);
    // An account that is asked every minute has it anyway.
    assert_eq!(rests_ms(&Seen { slot: at(30_000), ..quiet(0) }, &FIRST), MINUTE_MS);
}

#[test]
fn a_slot_of_all_accounts_is_spread_and_in_time_for_each() {
    let slot = at(10 * MINUTE_MS);
    let mut by_minute = [0_u32; 15];
    for number in 0..10_000 {
        let seen = Seen { slot, accounts: 100_000, ..quiet(30 * DAY_MS) };
        let late_ms = rests_ms(&seen, &key(number)) - 10 * MINUTE_MS;
        assert!((0..LATE_MS_MAX - 4 * MINUTE_MS).contains(&late_ms), "{late_ms}");
        by_minute[usize::try_from(late_ms / MINUTE_MS).unwrap()] += 1;
    }
    assert!(by_minute[..10].iter().all(|count| (800..1200).contains(count)), "{by_minute:?}");
    // A few need not wait for each other.
    let few = Seen { slot, accounts: 10, ..quiet(30 * DAY_MS) };
    assert!((0..1000).all(|number| rests_ms(&few, &key(number)) < 10 * MINUTE_MS + 600));
}

#[test]
fn accounts_that_fell_quiet_together_drift_apart() {
    let idle = quiet(30 * DAY_MS);
    let mut by_second: BTreeMap<i64, u32> = BTreeMap::new();
    for number in 0..100_000 {
        let rest_ms = rests_ms(&idle, &key(number));
        assert!((HOUR_MS / 8 * 7..=HOUR_MS).contains(&rest_ms), "{rest_ms}");
        *by_second.entry(rest_ms / 1000).or_default() += 1;
    }
    // 450 seconds for all of them: 222 a second.
    assert!(by_second.len() >= 450 && by_second.values().all(|count| *count < 320), "{by_second:?}");
    let again = rests_ms(&idle, &key(7));
    assert_eq!(again, rests_ms(&idle, &key(7)), "nothing is drawn");
}

#[test]
fn a_venue_that_fails_is_asked_again_at_once_for_who_is_active_and_ever_later_for_who_is_not() {
    let waits = |seen: &Seen| {
        [1, 2, 3, 4, 5, 99]
            .map(|failures| (seen.again(&FIRST, NOW, failures).millis() - NOW.millis()) / MINUTE_MS)
    };
    assert_eq!(waits(&quiet(0)), [1; 6]);
    assert_eq!(waits(&Seen { read_at: Some(NOW), ..quiet(DAY_MS) }), [1; 6]);
    assert_eq!(waits(&quiet(DAY_MS)), [1, 2, 4, 8, 15, 15]);
    assert_eq!(waits(&Seen { slot: at(3 * MINUTE_MS), ..quiet(DAY_MS) }), [1, 2, 3, 3, 3, 3]);
}

#[test]
fn a_start_begins_with_the_active_and_spreads_the_idle() {
    // Active, or never read to the end: at once.
    let many = |seen: Seen| Seen { accounts: 100_000, ..seen };
    assert_eq!(many(quiet(0)).resumed(&key(1), NOW, Some(at(-1))), NOW);
    assert_eq!(many(quiet(30 * DAY_MS)).resumed(&key(1), NOW, None), NOW);
    // Down for a day: within the hour, and no second has more than its share.
    let idle = many(quiet(30 * DAY_MS));
    let mut by_second: BTreeMap<i64, u32> = BTreeMap::new();
    for number in 0..100_000 {
        let due = idle.resumed(&key(number), NOW, Some(at(-DAY_MS))).millis() - NOW.millis();
        assert!((0..HOUR_MS).contains(&due), "{due}");
        *by_second.entry(due / 1000).or_default() += 1;
    }
    assert!(by_second.len() > 3590 && by_second.values().all(|count| *count < 70), "{by_second:?}");
    // Read 50 minutes ago: not later than its hour is over.
    let planned = |number| idle.resumed(&key(number), NOW, Some(at(-50 * MINUTE_MS)));
    assert!((0..1000).all(|number| planned(number) <= at(10 * MINUTE_MS)));
    // A few need not wait for each other.
    let few = quiet(30 * DAY_MS);
    assert!((0..1000).all(|number| few.resumed(&key(number), NOW, Some(at(-DAY_MS))) < at(TURN_MS)));
    // A slot that can still be taken is.
    let slot = Seen { slot: at(-SLOT_MS_MAX), ..idle };
    assert!((0..1000).all(|number| slot.resumed(&key(number), NOW, Some(at(-DAY_MS))) <= NOW));
}
