//! Months of the UTC calendar, and what they brought: a fill counts in its own month, a realised result in that of
//! the closing fill.

use super::Totals;
use crate::{Decimal, Measured, Timestamp};
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
            volume: totals.volume,
            fees_valued: totals.fees,
            realized_gross: totals.gross,
            realized_fees: totals.matched_fees,
            realized_net: totals.net(),
        }
    }
}

/// Sums of a book by month. Fills come in the order of time, so only the last month grows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Monthly {
    earlier: Vec<(Month, Totals)>,
    last: Option<(Month, Totals)>,
}

impl Monthly {
    /// The sums of a month that is not before any other.
    pub(crate) fn of(&mut self, month: Month) -> &mut Totals {
        self.earlier.extend(self.last.take_if(|(last, _)| *last != month));
        &mut self.last.get_or_insert_with(|| (month, Totals::default())).1
    }

    /// Oldest month first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Month, Totals)> {
        self.earlier.iter().chain(&self.last)
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
