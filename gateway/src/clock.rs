//! The one clock, and what a calendar says of it. Made in `main`, handed down.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01 UTC by whatever clock there is.
pub(crate) type Clock = fn() -> u64;

/// This machine's. A clock before 1970 is one that was never set.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub(crate) fn system() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// `2026-11-27` (UTC).
pub(crate) fn date(unix_s: u64) -> String {
    // Whole cycles of 400 years first: all are alike, and have 146,097 days.
    let days = unix_s / 86_400;
    let (mut year, mut day) = (1970_u64.saturating_add(days / 146_097 * 400), days % 146_097);
    while day >= year_days(year) {
        day = day.saturating_sub(year_days(year));
        year = year.saturating_add(1);
    }
    let february = if year_days(year) == 366 { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if day < length {
            break;
        }
        day = day.saturating_sub(length);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", day.saturating_add(1))
}

/// `2026-11-27T08:13:01Z`.
pub(crate) fn instant(unix_s: u64) -> String {
    let second = unix_s % 86_400;
    format!("{}T{:02}:{:02}:{:02}Z", date(unix_s), second / 3600, second / 60 % 60, second % 60)
}

const fn year_days(year: u64) -> u64 {
    let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leaps { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_protocol_reads_them() {
        // A day and some seconds a step: every day of the calendar until 2100 and beyond comes once.
        let mut at = 0;
        while at < 4_200_000_000 {
            let read = protocol::parse_rfc3339(&instant(at)).map(|instant| instant.seconds());
            assert_eq!(read, Some(i64::try_from(at).unwrap()), "{}", instant(at));
            at += 86_400 - 7;
        }
        assert_eq!(date(951_782_400), "2000-02-29");
    }
}
