//! What a key may do (EXCHANGES.md section 10, key rights): the venue does not tell. `canTrade` and `canWithdraw` are the
//! account's. So an answer proves that the key reads, and nothing else.

use crate::{KeyRights, VenueError, Verdict, dialect::Row};

/// Reads `GET /api/v3/selfSymbols`, the symbols that the key may ask about, or `GET /api/v3/account`:
///
/// ```json
/// {"code":200,"data":["BTCUSDT"],"msg":null}
/// {"canTrade":true,"canWithdraw":true,"canDeposit":true,"accountType":"SPOT","balances":[],"permissions":["SPOT"]}
/// ```
pub(super) fn rights(answer: &Row<'_>) -> Result<KeyRights, VenueError> {
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
}
