//! What a key may do (EXCHANGES.md section 6, key rights).

use crate::dialect::{Cell, wrong};
use crate::{KeyRights, VenueError, Verdict};

/// Reads `GET /api/v3/brokerage/key_permissions`. `can_transfer` moves between portfolios and sends out. Whatever else is
/// said to be possible, as `can_…`, refuses.
///
/// ```json
/// {"can_view":true,"can_trade":false,"can_transfer":false,"portfolio_uuid":"b87a…","portfolio_type":"DEFAULT"}
/// ```
pub(super) fn rights(body: &[u8]) -> Result<KeyRights, VenueError> {
    const AT: &str = "key_permissions";
    let told = Cell::whole(AT, body)?.row()?;
    let read = told.flag("can_view")?;
    let (trade, transfer) = (told.maybe_flag("can_trade")?, told.maybe_flag("can_transfer")?);
    let mut others = false;
    for (_, cell) in told.all().filter(|(name, _)| name.starts_with("can_") && *name != "can_view") {
        others |= cell.maybe_flag().map_err(|_| wrong(AT, "can_…"))?.unwrap_or(false);
    }
    let verdict = match (trade, transfer) {
        _ if !read || others => Verdict::Refuse,
        (Some(false), Some(false)) => Verdict::Accept,
        _ => Verdict::Undecided,
    };
    Ok(KeyRights { read, trade, withdraw: transfer, transfer, ip_restricted: None, verdict })
}

/// Reads `GET /api/v3/brokerage/portfolios`: how many there are beside the one that the key reads, which is among them.
///
/// ```json
/// {"portfolios":[{"name":"Default","uuid":"b87a…","type":"DEFAULT","deleted":false}]}
/// ```
pub(super) fn portfolios(body: &[u8]) -> Result<usize, VenueError> {
    let mut there = 0_usize;
    for row in Cell::whole("portfolios", body)?.row()?.rows("portfolios")? {
        row.string("uuid")?;
        there = there.saturating_add(usize::from(!row.maybe_flag("deleted")?.unwrap_or(false)));
    }
    Ok(there.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(body: &str) -> Result<Verdict, VenueError> {
        rights(body.as_bytes()).map(|rights| rights.verdict)
    }

    #[test]
    fn a_key_that_only_views_is_accepted() {
        let body = r#"{"can_view":true,"can_trade":false,"can_transfer":false,"portfolio_uuid":"b","portfolio_type":"DEFAULT"}"#;
        assert_eq!(verdict(body), Ok(Verdict::Accept));
    }

    #[test]
    fn a_key_that_can_do_more_or_cannot_view_is_refused() {
        for body in [
            r#"{"can_view":true,"can_trade":true,"can_transfer":false}"#,
            r#"{"can_view":true,"can_trade":false,"can_transfer":true}"#,
            r#"{"can_view":true,"can_trade":false,"can_transfer":false,"can_receive":true}"#,
            r#"{"can_view":false,"can_trade":false,"can_transfer":false}"#,
        ] {
            assert_eq!(verdict(body), Ok(Verdict::Refuse), "{body}");
        }
    }

    #[test]
    fn other_portfolios_are_counted_and_deleted_ones_are_not() {
        let row = |uuid: &str, deleted: bool| {
            format!(r#"{{"name":"n","uuid":"{uuid}","type":"CONSUMER","deleted":{deleted}}}"#)
        };
        let count =
            |rows: &[String]| portfolios(format!(r#"{{"portfolios":[{}]}}"#, rows.join(",")).as_bytes());
        assert_eq!(count(&[row("a", false)]), Ok(0));
        assert_eq!(count(&[row("a", false), row("b", true), row("c", false)]), Ok(1));
        assert_eq!(portfolios(b"{}"), Err(wrong("portfolios", "portfolios")));
    }

    #[test]
    fn what_is_not_told_decides_nothing() {
        assert_eq!(verdict(r#"{"can_view":true,"can_trade":false}"#), Ok(Verdict::Undecided));
        assert_eq!(verdict("{}"), Err(wrong("key_permissions", "can_view")));
        let odd = r#"{"can_view":true,"can_trade":false,"can_transfer":false,"can_stake":"perhaps"}"#;
        assert_eq!(verdict(odd), Err(wrong("key_permissions", "can_…")));
    }
}
