//! Lists go on from the time of the last row that was told: rows of one instant may stand on both sides of a page's end, so
//! that they come twice.

use super::{WALLET, state};
use crate::{
    Asked, Need, VenueError,
    dialect::{Unit, rows},
};

const PAGES: &str = "/info userFillsByTime";
/// Rows of a full page.
pub(super) const FILLS: usize = 2000;
pub(super) const ROWS: usize = 500;

/// The time from which the next page is asked for, if this one is full.
pub(super) fn next(asked: Asked<'_>, body: &[u8]) -> Result<Option<(&'static str, String)>, VenueError> {
    let full = match asked.need {
        Need::Fills => FILLS,
        Need::Balances if asked.market == WALLET => return state::next(body),
        Need::Funding | Need::Ledger | Need::Deposits | Need::Withdrawals | Need::Transfers => ROWS,
        _ => return Ok(None),
    };
    let rows = rows(PAGES, body)?;
    if rows.len() < full {
        return Ok(None);
    }
    let mut last = None;
    for row in rows {
        last = last.max(Some(row.time("time", Unit::Millis)?));
    }
    Ok(last.map(|last| ("startTime", last.millis().to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_goes_on_from_its_last_instant_and_another_is_the_last() {
        let page = |rows: usize| {
            let row = |at: usize| format!("{{\"time\":{}}}", 1_735_689_600_000 + (at * 7) % rows.max(1));
            format!("[{}]", (0..rows).map(row).collect::<Vec<_>>().join(","))
        };
        let next = |need, rows| {
            let asked =
                Asked { need, market: "perp", path: "/info", symbol: None, currency: None, account: None };
            next(asked, page(rows).as_bytes()).unwrap()
        };
        assert_eq!(next(Need::Fills, 1999), None);
        assert_eq!(next(Need::Fills, 2000), Some(("startTime", "1735689601999".to_owned())));
        assert_eq!(next(Need::Ledger, 500), Some(("startTime", "1735689600499".to_owned())));
        assert_eq!((next(Need::Funding, 499), next(Need::Balances, 500)), (None, None));
    }
}
