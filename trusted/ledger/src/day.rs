//! Days of the UTC calendar. Daily equity is valued at 00:00 UTC and belongs to the day that ends there (METRICS.md
//! section 1, Time).

use crate::{Month, Timestamp};
use core::{fmt, str::FromStr};

const DAY_MS: i64 = 86_400_000;

/// A day of the UTC calendar. Shown as `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day that an instant lies in.
    pub const fn of(time: Timestamp) -> Self {
        let days = time.millis().div_euclid(DAY_MS);
        // Instants of five million years around 1970 have a day of their own.
        let (least, most) = (i32::MIN as i64, i32::MAX as i64);
        #[expect(clippy::cast_possible_truncation, reason = "bounded on the line itself")]
        Self(if days > most {
            i32::MAX
        } else if days < least {
            i32::MIN
        } else {
            days as i32
        })
    }

    /// Its first instant.
    #[expect(clippy::arithmetic_side_effects, reason = "a 32-bit number of days fits 64-bit milliseconds")]
    pub const fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0 as i64 * DAY_MS)
    }

    /// The midnight that ends it, at which its equity is valued.
    pub const fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The day before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// Days since 1970-01-01.
    pub const fn number(self) -> i32 {
        self.0
    }

    /// The day so many days after 1970-01-01.
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

    /// The month that it lies in.
    pub const fn month(self) -> Month {
        Month::of(self.start())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_month = (1..=31)
            .rev()
            .find(|day: &i32| Self(self.0.saturating_sub(day.saturating_sub(1))).month() == self.month());
        write!(f, "{}-{:02}", self.month(), of_month.unwrap_or(1))
    }
}

impl FromStr for Day {
    type Err = DayMalformed;

    /// Reads `2026-01-31`.
    fn from_str(text: &str) -> Result<Self, DayMalformed> {
        let mut parts = text.splitn(3, '-').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<i32>().ok()).flatten()
        });
        let mut part = || parts.next().flatten().ok_or(DayMalformed);
        let (year, month, day) = (part()?, part()?, part()?);
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return Err(DayMalformed);
        }
        let found = Self(days_before(year, month).saturating_add(day).saturating_sub(1));
        // The 31st of a shorter month is one of the next.
        (found.month() == Self(days_before(year, month)).month()).then_some(found).ok_or(DayMalformed)
    }
}

/// Days from 1970-01-01 to the first of a month.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "years of four digits and months of two: everything stays below 2^22"
)]
const fn days_before(year: i32, month: i32) -> i32 {
    // Years from March, so that the leap day comes last.
    let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5 - 719_468
}

/// Not a day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayMalformed;

impl fmt::Display for DayMalformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day as 2026-01-31")
    }
}

impl core::error::Error for DayMalformed {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn days_are_those_of_the_calendar() {
        // From `date -u -d DAY +%s`.
        for (day, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2021-01-01", 1_609_459_200),
            ("2024-12-31", 1_735_603_200),
            ("2100-03-01", 4_107_542_400),
        ] {
            let of_instant = Day::of(Timestamp::from_millis(seconds * 1000 + 86_399_999));
            assert_eq!(of_instant.to_string(), day);
            assert_eq!(day.parse(), Ok(of_instant), "{day}");
            assert_eq!(of_instant.start().millis(), seconds * 1000);
        }
        for not in ["2021-02-29", "2021-13-01", "2021-1", "", "2021-01-00", "+2021-01-01", "2021-01-01T00"] {
            assert_eq!(not.parse::<Day>(), Err(DayMalformed), "{not}");
        }
    }
}
