//! What an address may do: nothing (EXCHANGES.md section 11). No key is handed over, so nothing can be traded or moved with
//! what we hold. What can be wrong is the address: that of a wallet that only signs for an account has no history.

use super::INFO;
use crate::{KeyRights, VenueError, Verdict, dialect::Cell};

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
}
