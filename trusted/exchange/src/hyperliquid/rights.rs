//! What an address may do: nothing (EXCHANGES.md section 11). No key is handed over, so nothing can be traded or moved with
//! what we hold. What can be wrong is the address: that of a wallet that only signs for an account has no history.

use super::INFO;
use crate::{KeyRights, VenueError, Verdict, dialect::Cell};

const SUB_ACCOUNTS: &str = "/info subAccounts";

/// Reads `userRole`.
///
/// ```json
/// {"role":"user"}
/// {"role":"subAccount","data":{"master":"0x…"}}
/// {"role":"agent","data":{"user":"0x…"}}
/// {"role":"missing"}
/// ```
pub(super) fn rights(body: &[u8]) -> Result<KeyRights, VenueError> {
    let role = Cell::whole(INFO, body)?.row()?.string("role")?;
    let read = matches!(role.as_str(), "user" | "subAccount" | "vault");
    Ok(KeyRights {
        read,
        trade: Some(false),
        withdraw: Some(false),
        transfer: Some(false),
        ip_restricted: Some(false),
        verdict: if read { Verdict::Accept } else { Verdict::Refuse },
    })
}

/// Reads `subAccounts`: how many there are. Each is an address of its own.
///
/// ```json
/// [{"name":"desk","subAccountUser":"0x035605fc2f24d65300227189025e90a0d947f16c","master":"0x…","clearinghouseState":{},
///   "spotState":{"balances":[]}}]
/// null
/// ```
pub(super) fn sub_accounts(body: &[u8]) -> Result<usize, VenueError> {
    let answer = Cell::whole(SUB_ACCOUNTS, body)?;
    if !answer.is_list() && answer.maybe_text()?.is_none() {
        return Ok(0);
    }
    let rows = answer.rows()?;
    for row in &rows {
        row.string("subAccountUser")?;
    }
    Ok(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_accepted_and_what_is_none_refused() {
        let verdict = |body: &str| rights(body.as_bytes()).map(|rights| (rights.read, rights.verdict));
        for role in ["user", "subAccount", "vault"] {
            assert_eq!(verdict(&format!("{{\"role\":\"{role}\"}}")), Ok((true, Verdict::Accept)));
        }
        for role in ["agent", "missing", "aRoleOfTomorrow"] {
            assert_eq!(
                verdict(&format!("{{\"role\":\"{role}\",\"data\":{{}}}}")),
                Ok((false, Verdict::Refuse))
            );
        }
        assert!(verdict("{}").is_err() && verdict("{\"role\":true}").is_err());
    }

    #[test]
    fn accounts_below_one_are_counted() {
        assert_eq!(sub_accounts(b"null"), Ok(0));
        assert_eq!(sub_accounts(b"[]"), Ok(0));
        assert_eq!(sub_accounts(b"[{\"subAccountUser\":\"0x1\"},{\"subAccountUser\":\"0x2\"}]"), Ok(2));
        for body in ["{}", "7", "[{}]", "[1]"] {
            assert!(sub_accounts(body.as_bytes()).is_err(), "{body}");
        }
    }
}
