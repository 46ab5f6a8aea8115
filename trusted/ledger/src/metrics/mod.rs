//! Numbers from a ledger (METRICS.md sections 2.3 to 2.8 and 5): sums that every fill keeps up to date, and what is
//! computed from them when it is asked for.

mod performance;
mod statistics;
mod totals;
mod months;

pub(crate) use months::Monthly;
pub use months::{Month, MonthTotals};
pub use performance::Performance;
pub(crate) use performance::{round_trips, trades};
pub use statistics::{Figures, Statistics};
pub(crate) use totals::{Activity, Closing, Totals};
