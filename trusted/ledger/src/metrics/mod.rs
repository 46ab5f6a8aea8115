//! Numbers from a ledger (METRICS.md sections 2.3 to 2.8 and 5): sums that every fill keeps up to date, and what is
//! computed from them when it is asked for.

mod performance;
mod statistics;
mod summary;
mod tally;
mod totals;
mod months;

pub use months::{Month, MonthTotals};
pub(crate) use months::{Months, MonthsMark};
pub use performance::Performance;
pub use statistics::{Figures, Statistics};
pub(crate) use summary::{Runs, Sign, Summary};
pub(crate) use totals::{Activity, Closing, Totals};
