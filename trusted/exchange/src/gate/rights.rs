//! What a key may do (EXCHANGES.md section 9, key rights): the venue does not tell. A right that it tells after all, and that
//! is more than reading, refuses.

use crate::{
    KeyRights, VenueError, Verdict,
    dialect::{Cell, Row},
};

/// Reads `GET /api/v4/account/detail`. `mode` says how the account is kept, 1 classic and 2 unified, and nothing of rights.
///
/// ```json
/// {"user_id":1667201533,"ip_whitelist":["127.0.0.1"],"currency_pairs":["USDT_BTC"],"key":{"mode":1},"tier":2}
/// ```
pub(super) fn rights(answer: &Row<'_>) -> Result<KeyRights, VenueError> {
    answer.text("user_id")?;
    let addresses = answer.maybe("ip_whitelist").map(Cell::cells).transpose()?;
    let more = match answer.maybe("key") {
        Some(key) => grants_more(&key.row()?)?,
        None => false,
    };
    Ok(KeyRights {
        read: true,
        trade: None,
        withdraw: None,
        transfer: None,
        ip_restricted: addresses.map(|addresses| !addresses.is_empty()),
        verdict: if more { Verdict::Refuse } else { Verdict::Undecided },
    })
}

/// Keys of sub-accounts are described by `perms`: `[{"name":"spot","read_only":true}]`.
fn grants_more(key: &Row<'_>) -> Result<bool, VenueError> {
    let flagged = key.all().any(|(_, cell)| cell.maybe_flag().ok().flatten() == Some(true));
    let perms = key.maybe("perms").map_or(Ok(Vec::new()), Cell::rows)?;
    let mut writes = false;
    for perm in perms {
        writes |= perm.maybe_flag("read_only")? != Some(true);
    }
    Ok(flagged || writes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: Option<(Verdict, Option<bool>)>) {
        let told = Cell::whole("rights", body.as_bytes()).and_then(Cell::row).and_then(|row| rights(&row));
        assert_eq!(told.ok().map(|told| (told.verdict, told.ip_restricted)), expected, "{body}");
    }

    #[test]
    fn rights_are_not_told_and_one_that_is_refuses() {
        check(
            r#"{"user_id":1,"ip_whitelist":["1.2.3.4"],"key":{"mode":1}}"#,
            Some((Verdict::Undecided, Some(true))),
        );
        check(r#"{"user_id":1,"ip_whitelist":[],"key":{"mode":2}}"#, Some((Verdict::Undecided, Some(false))));
        check(r#"{"user_id":1,"ip_whitelist":null}"#, Some((Verdict::Undecided, None)));
        let perms = |perms: &str| format!(r#"{{"user_id":1,"key":{{"mode":1,"perms":[{perms}]}}}}"#);
        check(&perms(r#"{"name":"spot","read_only":true}"#), Some((Verdict::Undecided, None)));
        check(&perms(r#"{"name":"spot","read_only":false}"#), Some((Verdict::Refuse, None)));
        check(&perms(r#"{"name":"wallet"}"#), Some((Verdict::Refuse, None)));
        check(r#"{"user_id":1,"key":{"mode":1,"withdraw":true}}"#, Some((Verdict::Refuse, None)));
        check(r#"{"ip_whitelist":[]}"#, None);
        check("[]", None);
    }
}
