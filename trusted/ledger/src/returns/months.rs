//! Returns of calendar months: the product of (1 + r) over the month's days, minus 1. The first and the last month may
//! be partial.

use super::{ReturnInvalid, checked, numbers::finite};
use crate::{Day, Measured, Month, Reason};
use alloc::vec::Vec;

/// The return of one calendar month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MonthReturn {
    /// Which month.
    pub month: Month,
    /// Its days' returns, compounded.
    pub r: Measured<f64>,
    /// How many days of it are in the series.
    pub days: u32,
}

/// The months of a daily series whose first return is of the day `first`.
///
/// # Errors
/// On a return below -1, or one that is not finite.
pub fn months(returns: &[f64], first: Day) -> Result<Vec<MonthReturn>, ReturnInvalid> {
    Ok(compounded(checked(returns)?, first))
}

pub(super) fn compounded(mut returns: &[f64], first: Day) -> Vec<MonthReturn> {
    let mut months = Vec::new();
    let mut day = first;
    while !returns.is_empty() {
        let month = day.month();
        let whole = days_left(day, month);
        let (days, after) = returns.split_at_checked(whole).unwrap_or((returns, &[]));
        months.push(MonthReturn {
            month,
            r: finite(days.iter().map(|r| 1.0 + r).product::<f64>() - 1.0),
            days: u32::try_from(days.len()).unwrap_or(u32::MAX),
        });
        day = later(day, whole);
        returns = after;
    }
    months
}

/// Days from this one to the end of its month, this one too.
fn days_left(day: Day, month: Month) -> usize {
    // No month is shorter than 28 days: whoever is in the same month 27 days later began with it.
    let least = if later(day, 27).month() == month { 28 } else { 1 };
    (least..31).find(|days| later(day, *days).month() != month).unwrap_or(31)
}

fn later(day: Day, days: usize) -> Day {
    Day::from_number(day.number().saturating_add(i32::try_from(days).unwrap_or(i32::MAX)))
}

/// Figures over months: the share of them above zero, the best and the worst.
pub(super) fn figures(months: &[MonthReturn]) -> [Measured<f64>; 3] {
    let mut share = 0_usize;
    let (mut best, mut worst) = (f64::NEG_INFINITY, f64::INFINITY);
    if months.is_empty() {
        return [Err(Reason::InsufficientData); 3];
    }
    for month in months {
        let r = match month.r {
            Ok(r) => r,
            Err(why) => return [Err(why); 3],
        };
        share = share.saturating_add(usize::from(r > 0.0));
        (best, worst) = (best.max(r), worst.min(r));
    }
    let count = super::numbers::count;
    [finite(count(share) / count(months.len())), finite(best), finite(worst)]
}
