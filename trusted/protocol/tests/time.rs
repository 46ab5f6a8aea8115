//! Instants as text, against a calendar that counts days one year and one month at a time.
#![cfg(test)]

use ledger::Timestamp;
use proptest::prelude::*;
use protocol::{parse_rfc3339, rfc3339};

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// The slow way from the first day of 1970 on.
fn slow(mut days: i64) -> (i64, usize, i64) {
    let mut year = 1970;
    while days >= if is_leap(year) { 366 } else { 365 } {
        days -= if is_leap(year) { 366 } else { 365 };
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= months[month] {
        days -= months[month];
        month += 1;
    }
    (year, month + 1, days + 1)
}

proptest! {
    #[test]
    fn every_second_reads_as_it_is_written(seconds in 0_i64..253_402_300_800, millis in 0_i64..1000) {
        let text = rfc3339(Timestamp::from_millis(seconds * 1000 + millis));
        let (year, month, day) = slow(seconds / 86_400);
        let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
        let expected = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        prop_assert_eq!(&text, &expected);
        prop_assert_eq!(parse_rfc3339(&text), Some(Timestamp::from_millis(seconds * 1000)));
    }

    #[test]
    fn texts_of_any_kind_are_read_or_left(text in "[0-9TZ:+. -]{0,24}|\\PC{0,24}") {
        if let Some(at) = parse_rfc3339(&text) {
            prop_assert_eq!(rfc3339(at), text);
        }
    }
}

#[test]
fn only_whole_seconds_in_utc_are_read() {
    for text in [
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00z",
        "2026-01-01t00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "+026-01-01T00:00:00Z",
        " 2026-01-01T00:00:00Z",
        "2026-01-01T00:00:0éZ",
    ] {
        assert_eq!(parse_rfc3339(text), None, "{text}");
    }
}

#[test]
fn the_ends_of_time_do_not_panic() {
    for millis in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX] {
        assert!(rfc3339(Timestamp::from_millis(millis)).ends_with('Z'));
    }
}
