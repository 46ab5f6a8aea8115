//! Months of the UTC calendar, and what they brought: a fill counts in its own month, a realised result in that of
//! the closing fill.

use super::Totals;
use crate::{Currency, Decimal, Measured, Timestamp};
use alloc::vec::Vec;
use core::fmt;

/// A month of the UTC calendar. Shown as `2026-01`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i64,
    /// 1 to 12.
    month: i64,
}

impl Month {
    /// The month that an instant lies in.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "days of any instant in 64-bit milliseconds stay below 2^37"
    )]
    pub const fn of(time: Timestamp) -> Self {
        // Years from March, so that the leap day comes last; 146097 days are 400 years.
        let days = time.millis().div_euclid(86_400_000) + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let (month, later) = if from_march < 10 { (from_march + 3, 0) } else { (from_march - 9, 1) };
        Self { year: 400 * era + year + later, month }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// What a month brought, in the reporting currency.
#[derive(Clone, Debug, PartialEq)]
pub struct MonthTotals {
    /// Fills of the month.
    pub fills: u64,
    /// Their volume.
    pub volume: Measured<Decimal>,
    /// Their fees.
    pub fees_valued: Measured<Decimal>,
    /// Profit before fees of what was closed in the month.
    pub realized_gross: Measured<Decimal>,
    /// The fees of that, also those that were paid at the opening, in an earlier month.
    pub realized_fees: Measured<Decimal>,
    /// Profit after fees.
    pub realized_net: Measured<Decimal>,
}

impl MonthTotals {
    pub(crate) fn new(totals: &Totals) -> Self {
        Self {
            fills: totals.fills,
            volume: totals.volume(),
            fees_valued: totals.fees,
            realized_gross: totals.gross,
            realized_fees: totals.matched_fees,
            realized_net: totals.net(),
        }
    }
}

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Sums of a month.
#[derive(Clone, Debug)]
pub(crate) struct MonthSums {
    month: Month,
    /// In the settlement asset.
    pub(crate) settled: Totals,
    /// In the reporting currency; nothing where that is the settlement asset.
    pub(crate) reported: Totals,
}

/// Sums of a book by month. Fills come in the order of time, so only the last month grows.
#[derive(Clone, Debug)]
pub(crate) struct Months {
    converts: bool,
    earlier: Vec<MonthSums>,
    last: MonthSums,
    /// A day of the last month; `None`: there is no month yet.
    day: Option<i64>,
}

/// What the sums were.
#[derive(Clone, Debug)]
pub(crate) struct MonthsMark {
    earlier: usize,
    last: MonthSums,
    day: Option<i64>,
}

impl MonthSums {
    fn new(month: Month) -> Self {
        Self { month, settled: Totals::default(), reported: Totals::default() }
    }
}

impl Months {
    pub(crate) fn new(converts: bool) -> Self {
        let last = MonthSums::new(Month { year: 0, month: 0 });
        Self { converts, earlier: Vec::new(), last, day: None }
    }

    /// The sums of the month of an instant that is not before any other.
    #[inline]
    pub(crate) fn at(&mut self, time: Timestamp) -> &mut MonthSums {
        let day = time.millis().div_euclid(DAY_MS);
        if self.day != Some(day) {
            self.turn(day, Month::of(time));
        }
        &mut self.last
    }

    #[cold]
    fn turn(&mut self, day: i64, month: Month) {
        if self.day.is_none() {
            self.last = MonthSums::new(month);
        } else if self.last.month != month {
            self.earlier.push(core::mem::replace(&mut self.last, MonthSums::new(month)));
        }
        self.day = Some(day);
    }

    pub(crate) fn mark(&self) -> MonthsMark {
        MonthsMark { earlier: self.earlier.len(), last: self.last.clone(), day: self.day }
    }

    /// Returns to what the sums were.
    pub(crate) fn rewind(&mut self, mark: &MonthsMark) {
        self.earlier.truncate(mark.earlier);
        self.last = mark.last.clone();
        self.day = mark.day;
    }

    /// The sums in a currency, oldest month first.
    pub(crate) fn iter(&self, currency: Currency) -> impl Iterator<Item = (Month, &Totals)> {
        let reports = self.converts && currency == Currency::Reporting;
        let last = self.day.is_some().then_some(&self.last);
        self.earlier
            .iter()
            .chain(last)
            .map(move |sums| (sums.month, if reports { &sums.reported } else { &sums.settled }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn a_month_begins_and_ends_with_the_utc_day() {
        // From `date -u -d @N +%Y-%m`.
        for (seconds, month) in [
            (0, "1970-01"),
            (-1, "1969-12"),
            (951_782_399, "2000-02"),
            (951_868_799, "2000-02"),
            (951_868_800, "2000-03"),
            (1_767_225_599, "2025-12"),
            (1_767_225_600, "2026-01"),
            (4_107_542_400, "2100-03"),
            (-62_135_596_800, "0001-01"),
        ] {
            assert_eq!(Month::of(Timestamp::from_millis(seconds * 1000)).to_string(), month, "{seconds}");
        }
        assert_eq!(Month::of(Timestamp::from_millis(1_767_225_599_999)).to_string(), "2025-12");
        assert!(Month::of(Timestamp::from_millis(i64::MIN)) < Month::of(Timestamp::from_millis(i64::MAX)));
    }
}
