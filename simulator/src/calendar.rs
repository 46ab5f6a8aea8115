//! Instants as people and the venue write them: RFC 3339 in, `YYYY-MM-DD HH:MM:SS` out. All UTC.

/// `2026-11-22 07:12:03`, as the venue gives withdrawal times.
pub(crate) fn text(at_ms: i64) -> String {
    let (days, second) = (at_ms.div_euclid(86_400_000), at_ms.div_euclid(1000).rem_euclid(86_400));
    let (year, month, day) = date(days);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// `Sun, 22 Nov 26 07:12:03 +0000`, as Kraken tells its time.
pub(crate) fn rfc1123(at_ms: i64) -> String {
    let (weekday, of_month, month, year) = words(at_ms);
    format!("{weekday}, {of_month:02} {month} {:02} {} +0000", year % 100, clock(at_ms))
}

/// `Sun, 22 Nov 2026 07:12:03 GMT`, as heads of answers tell it.
pub(crate) fn http_date(at_ms: i64) -> String {
    let (weekday, of_month, month, year) = words(at_ms);
    format!("{weekday}, {of_month:02} {month} {year:04} {} GMT", clock(at_ms))
}

fn clock(at_ms: i64) -> String {
    text(at_ms).split(' ').next_back().unwrap_or_default().to_owned()
}

/// Day of the week, day of the month, month and year.
fn words(at_ms: i64) -> (&'static str, i64, &'static str, i64) {
    // 1970 began on a Thursday.
    const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let day = at_ms.div_euclid(86_400_000);
    let (year, month, of_month) = date(day);
    let name = |names: &[&'static str], index: i64| {
        usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
    };
    (name(&WEEKDAYS, day.rem_euclid(7)), of_month, name(&MONTHS, month - 1), year)
}

/// The first instant of the month after the one that `at_ms` is in.
pub(crate) fn next_month(at_ms: i64) -> i64 {
    let (year, month, _) = date(at_ms.div_euclid(86_400_000));
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    days(year, month, 1) * 86_400_000
}

/// The first instant of the month that `at_ms` is in.
pub(crate) fn this_month(at_ms: i64) -> i64 {
    let (year, month, _) = date(at_ms.div_euclid(86_400_000));
    days(year, month, 1) * 86_400_000
}

/// Unix milliseconds, Unix seconds, or RFC 3339 in UTC.
pub(crate) fn parse_instant(text: &str) -> Result<i64, String> {
    let wrong =
        || format!("{text} is no instant: give Unix milliseconds, Unix seconds, or 2026-11-22T00:00:00Z");
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this number in the year 5138, milliseconds had it in 1973.
        let milliseconds = if number < 100_000_000_000 { number.checked_mul(1000) } else { Some(number) };
        return milliseconds.filter(|at| (0..253_402_300_800_000).contains(at)).ok_or_else(wrong);
    }
    parse_rfc3339(text).ok_or_else(wrong)
}

fn parse_rfc3339(text: &str) -> Option<i64> {
    let (whole, fraction) = text.strip_suffix('Z')?.split_at_checked(19)?;
    let milliseconds = match fraction.strip_prefix('.') {
        Some(digits) if (1..=3).contains(&digits.len()) => format!("{digits:0<3}").parse::<i64>().ok()?,
        None if fraction.is_empty() => 0,
        _ => return None,
    };
    let part = |from: usize, to: usize| whole.get(from..to)?.parse::<i64>().ok();
    let day = days(part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let at = (day * 86_400 + part(11, 13)? * 3600 + part(14, 16)? * 60 + part(17, 19)?) * 1000;
    // What was not a date, or not written so, reads back differently.
    let same = self::text(at).replace(' ', "T") == whole;
    same.then_some(at + milliseconds)
}

/// Days since 1970-01-01 of a Gregorian date; years are counted from March, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

/// Year, month and day: the inverse of [`days`].
fn date(days: i64) -> (i64, i64, i64) {
    let era = (days + 719_468).div_euclid(146_097);
    let day_of_era = (days + 719_468).rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day_of_year - (153 * from_march + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_reads_in_each_way_it_may_be_written() {
        for text in ["1795305600000", "1795305600", "2026-11-22T00:00:00Z", "2026-11-22T00:00:00.000Z"] {
            assert_eq!(parse_instant(text), Ok(1_795_305_600_000), "{text}");
        }
        assert_eq!(parse_instant("2024-02-29T23:59:59.5Z"), Ok(1_709_251_199_500));
        for text in [
            "",
            "yesterday",
            "2025-02-29T00:00:00Z",
            "2026-11-22",
            "2026-11-22 00:00:00Z",
            "-5",
            "99999999999999999",
        ] {
            assert!(parse_instant(text).is_err(), "{text}");
        }
    }

    #[test]
    fn withdrawal_times_and_months_are_those_of_the_calendar() {
        assert_eq!(text(1_709_251_199_999), "2024-02-29 23:59:59");
        assert_eq!(rfc1123(1_616_336_594_000), "Sun, 21 Mar 21 14:23:14 +0000");
        assert_eq!(http_date(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(text(this_month(1_709_251_199_999)), "2024-02-01 00:00:00");
        assert_eq!(text(next_month(1_709_251_199_999)), "2024-03-01 00:00:00");
        assert_eq!(text(next_month(1_735_600_000_000)), "2025-01-01 00:00:00");
    }
}
