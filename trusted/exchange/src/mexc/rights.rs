//! What a key may do (EXCHANGES.md section 10, key rights): of accounts the venue does not tell, `canTrade` and `canWithdraw`
//! being the account's. So an answer proves that the key reads, and nothing else. Since June 2026 the venue has a call about
//! keys, too (https://www.mexc.com/api-docs/spot-v3/spot-account-trade/query-api-key-info): market `key`.

use crate::{KeyRights, VenueError, Verdict, dialect::Row};

/// Reads `GET /api/v3/selfSymbols`, the symbols that the key may ask about, or `GET /api/v3/account`:
///
/// ```json
/// {"code":200,"data":["BTCUSDT"],"msg":null}
/// {"canTrade":true,"canWithdraw":true,"canDeposit":true,"accountType":"SPOT","balances":[],"permissions":["SPOT"]}
/// ```
///
/// Reads `GET /api/v3/apiKeyInfo` as well, by [`told`].
pub(super) fn rights(answer: &Row<'_>) -> Result<KeyRights, VenueError> {
    if answer.has("accessKey") {
        return told(answer);
    }
    answer.first(&["data", "balances"])?.cells()?;
    Ok(KeyRights {
        read: true,
        trade: None,
        withdraw: None,
        transfer: None,
        ip_restricted: None,
        verdict: if grants_more(answer) { Verdict::Refuse } else { Verdict::Undecided },
    })
}

/// Rights that read; each has a sibling that ends with `_WRITE`.
const READ: [&str; 6] = [
    "SPOT_ACCOUNT_READ",
    "SPOT_DEAL_READ",
    "SPOT_TRANSFER_READ",
    "SPOT_WITHDRAW_READ",
    "CONTRACT_ACCOUNT_READ",
    "CONTRACT_DEAL_READ",
];

/// A key is accepted if it is valid and has rights, all of which are known as reading.
///
/// ```json
/// {"note":"a","accessKey":"mx0v…","createTime":"2026-09-14T18:53:36.000+00:00","permissions":"SPOT_ACCOUNT_READ,SPOT_DEAL_READ",
///  "remainingValidity":82,"ipWhiteList":"","status":"VALID"}
/// ```
fn told(answer: &Row<'_>) -> Result<KeyRights, VenueError> {
    let permissions = answer.cell("permissions")?.maybe_text()?.unwrap_or_default();
    let granted: Vec<&str> =
        permissions.split(',').map(str::trim).filter(|right| !right.is_empty()).collect();
    let reads = |right: &&str| READ.contains(right);
    let more = |word: &str| granted.iter().any(|right| !READ.contains(right) && right.contains(word));
    let harmless = !granted.is_empty() && granted.iter().all(reads) && answer.text("status")? == "VALID";
    Ok(KeyRights {
        read: granted.iter().any(reads),
        trade: Some(more("DEAL")),
        withdraw: Some(more("WITHDRAW")),
        transfer: Some(more("TRANSFER")),
        ip_restricted: Some(answer.maybe_text("ipWhiteList")?.is_some()),
        verdict: if harmless { Verdict::Accept } else { Verdict::Refuse },
    })
}

/// Rights of the account, which say nothing of the key.
const OF_THE_ACCOUNT: [&str; 3] = ["canTrade", "canWithdraw", "canDeposit"];

/// A flag that nobody knows and that is granted may be the key's.
fn grants_more(answer: &Row<'_>) -> bool {
    let rightlike =
        |name: &str| ["can", "enable", "permit", "allow"].iter().any(|word| name.starts_with(word));
    let mut unknown = answer.all().filter(|(name, _)| rightlike(name) && !OF_THE_ACCOUNT.contains(name));
    unknown.any(|(_, cell)| !matches!(cell.maybe_flag(), Ok(None | Some(false))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Cell;

    fn check(body: &str, expected: Option<Verdict>) {
        let told = Cell::whole("rights", body.as_bytes()).and_then(Cell::row).and_then(|row| rights(&row));
        assert_eq!(told.ok().map(|told| told.verdict), expected, "{body}");
    }

    #[test]
    fn rights_are_not_told_and_one_that_nobody_knows_refuses() {
        check(r#"{"code":200,"data":["BTCUSDT"],"msg":null}"#, Some(Verdict::Undecided));
        check(
            r#"{"canTrade":true,"canWithdraw":true,"canDeposit":true,"balances":[]}"#,
            Some(Verdict::Undecided),
        );
        check(r#"{"canTrade":false,"enableTransfer":false,"balances":[]}"#, Some(Verdict::Undecided));
        check(r#"{"canTrade":false,"enableTransfer":true,"balances":[]}"#, Some(Verdict::Refuse));
        check(r#"{"canTrade":false,"canLend":"yes","balances":[]}"#, Some(Verdict::Refuse));
        check(r#"{"canTrade":true}"#, None);
        check(r#"{"data":"BTCUSDT"}"#, None);
    }

    #[test]
    fn a_key_that_is_told_is_accepted_if_it_reads_and_no_more() {
        let key = |permissions: &str, status: &str| {
            format!(
                r#"{{"accessKey":"mx0","permissions":"{permissions}","ipWhiteList":"","status":"{status}"}}"#
            )
        };
        check(&key("SPOT_ACCOUNT_READ,SPOT_DEAL_READ,", "VALID"), Some(Verdict::Accept));
        check(&key("CONTRACT_ACCOUNT_READ, CONTRACT_DEAL_READ", "VALID"), Some(Verdict::Accept));
        for permissions in [
            "",
            "SPOT_ACCOUNT_READ,SPOT_DEAL_WRITE",
            "SPOT_ACCOUNT_READ,SPOT_TRANSFER_WRITE",
            "SPOT_ACCOUNT_READ,SPOT_WITHDRAW_WRITE",
            "SPOT_ACCOUNT_READ,ARIGHTOFTOMORROW_READ",
        ] {
            check(&key(permissions, "VALID"), Some(Verdict::Refuse));
        }
        check(&key("SPOT_ACCOUNT_READ", "EXPIRED"), Some(Verdict::Refuse));
        check(r#"{"accessKey":"mx0","status":"VALID"}"#, None);
        check(r#"{"accessKey":"mx0","permissions":"SPOT_ACCOUNT_READ"}"#, None);
        let body = key("SPOT_DEAL_WRITE,SPOT_WITHDRAW_WRITE,SPOT_TRANSFER_WRITE", "VALID");
        let told = Cell::whole("rights", body.as_bytes()).and_then(Cell::row).and_then(|row| rights(&row));
        let told = told.unwrap();
        assert_eq!((told.read, told.ip_restricted), (false, Some(false)));
        assert_eq!((told.trade, told.withdraw, told.transfer), (Some(true), Some(true), Some(true)));
    }
}
