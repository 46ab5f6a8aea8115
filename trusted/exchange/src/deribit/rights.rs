//! What a key may do (EXCHANGES.md section 12, key rights): it is accepted if every right of its scope ends in `:read` or
//! `:none`. What a scope says of the session, of addresses and of time is no right.

use super::result;
use crate::{Asked, KeyRights, VenueError, Verdict};

const KEYS: &str = "/api/v2/private/list_api_keys";

/// What a scope grants.
#[derive(Default)]
struct Granted {
    read: bool,
    trade: bool,
    withdraw: bool,
    transfer: bool,
    /// Something that is not known to be harmless.
    other: bool,
    /// Bound to addresses.
    bound: bool,
}

/// Reads the scope that `public/auth` gave, or that of a key among all keys of the account. Which of them is ours says
/// [`Asked::account`]; without it, all of them count, and all must be bound for one to be.
///
/// ```json
/// {"result":{"access_token":"…","scope":"account:read trade:read wallet:read connection ip:203.0.113.7"}}
/// {"result":[{"timestamp":1560242482758,"max_scope":"account:read block_trade:read trade:read_write wallet:read","id":1,
///  "enabled":false,"client_id":"f6NS6dJ2","name":"key_1","ip_whitelist":[]}]}
/// ```
pub(super) fn rights(body: &[u8], asked: Asked<'_>) -> Result<KeyRights, VenueError> {
    let told = result(KEYS, body)?;
    let mut scopes = Vec::new();
    match told.rows() {
        Err(_) => scopes.push(granted(&told.row()?.text("scope")?)),
        Ok(keys) => {
            for key in keys {
                if asked.account.is_none_or(|id| key.text("client_id").is_ok_and(|other| *other == *id)) {
                    let mut scope = granted(&key.text("max_scope")?);
                    scope.bound |= key
                        .maybe("ip_whitelist")
                        .is_some_and(|list| list.cells().is_ok_and(|addresses| !addresses.is_empty()));
                    scopes.push(scope);
                }
            }
        }
    }
    let any = |of: fn(&Granted) -> bool| scopes.iter().any(of);
    let all = |of: fn(&Granted) -> bool| !scopes.is_empty() && scopes.iter().all(of);
    let (read, trade) = (all(|scope| scope.read), any(|scope| scope.trade));
    let (withdraw, transfer) = (any(|scope| scope.withdraw), any(|scope| scope.transfer));
    let harmless = read && !trade && !withdraw && !transfer && !any(|scope| scope.other);
    Ok(KeyRights {
        read,
        trade: Some(trade),
        withdraw: Some(withdraw),
        transfer: Some(transfer),
        ip_restricted: Some(all(|scope| scope.bound)),
        verdict: if harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}

fn granted(scope: &str) -> Granted {
    let mut granted = Granted::default();
    for right in scope.split([' ', ',']).filter(|right| !right.is_empty()) {
        let (of, what) = right.split_once(':').unwrap_or((right, ""));
        match (of, what) {
            ("ip", _) => granted.bound = true,
            ("connection" | "mainaccount", "") | ("session" | "expires", _) | (_, "none") => {}
            (_, "read") => granted.read = true,
            ("trade" | "block_trade" | "block_rfq", "read_write") => granted.trade = true,
            ("wallet" | "custody", "read_write") => {
                granted.withdraw = true;
                granted.transfer = true;
            }
            _ => granted.other = true,
        }
        // Who may write may read.
        granted.read |= what == "read_write";
    }
    granted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Need;

    fn read(result: &str, account: Option<&'static str>) -> KeyRights {
        let asked =
            Asked { need: Need::Permission, market: "", path: "", symbol: None, currency: None, account };
        rights(format!("{{\"result\":{result}}}").as_bytes(), asked).unwrap()
    }

    #[test]
    fn a_scope_that_only_reads_is_accepted() {
        for (scope, verdict) in [
            ("account:read trade:read wallet:read", Verdict::Accept),
            (
                "account:read wallet:none connection session:x expires:1 ip:1.2.3.4 mainaccount",
                Verdict::Accept,
            ),
            ("account:read trade:read_write", Verdict::Refuse),
            ("account:read_write", Verdict::Refuse),
            ("account:read wallet:read_write", Verdict::Refuse),
            ("account:read sorcery:all", Verdict::Refuse),
            ("account:read everything", Verdict::Refuse),
            ("connection", Verdict::Refuse),
            ("wallet:none", Verdict::Refuse),
        ] {
            let rights = read(&format!("{{\"scope\":\"{scope}\"}}"), None);
            assert_eq!(rights.verdict, verdict, "{scope}");
            assert_eq!(rights.ip_restricted, Some(scope.contains("ip:")));
        }
    }

    #[test]
    fn among_keys_ours_counts_or_all_do() {
        let keys = "[{\"client_id\":\"a\",\"max_scope\":\"account:read\",\"ip_whitelist\":[\"1.2.3.4\"]},\
                    {\"client_id\":\"b\",\"max_scope\":\"trade:read_write wallet:read_write\"}]";
        let (ours, theirs, all) = (read(keys, Some("a")), read(keys, Some("b")), read(keys, None));
        assert_eq!((ours.verdict, ours.ip_restricted), (Verdict::Accept, Some(true)));
        assert_eq!((theirs.trade, theirs.withdraw), (Some(true), Some(true)));
        assert_eq!((all.verdict, all.ip_restricted), (Verdict::Refuse, Some(false)));
        assert_eq!(read(keys, Some("c")).verdict, Verdict::Refuse, "a key that is not among them");
    }
}
