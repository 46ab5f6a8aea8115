//! What a key may do (EXCHANGES.md section 7): it is accepted if its permission is `General` and nothing else.

use super::envelope::data;
use crate::{KeyRights, VenueError, Verdict};

const READ: &str = "General";
const TRADE: [&str; 8] =
    ["Trade", "Spot", "Margin", "Futures", "Unified", "Earn", "LeadtradeFutures", "Options"];
/// `Transfer` once stood for withdrawals, and no document takes that back.
const WITHDRAW: [&str; 3] = ["Withdrawal", "Withdraw", "Transfer"];
const TRANSFER: [&str; 4] = ["InnerTransfer", "Transfer", "FlexTransfers", "FlexTransfer"];

/// Reads `GET /api/v1/user/api-key` and its unified sibling. A right that nobody knows refuses, like one that is known.
///
/// ```json
/// {"code":"200000","data":{"remark":"account1","apiKey":"6705…","apiVersion":3,"permission":"General,Spot","ipWhitelist":"",
///  "createdAt":1728443843000,"uid":165111215,"isMaster":true}}
/// ```
pub(super) fn rights(body: &[u8]) -> Result<KeyRights, VenueError> {
    let row = data("/api/v1/user/api-key", body)?.row()?;
    let permission = row.cell("permission")?.maybe_text()?.unwrap_or_default();
    let granted: Vec<&str> = permission.split(',').map(str::trim).filter(|right| !right.is_empty()).collect();
    let any = |names: &[&str]| granted.iter().any(|right| names.contains(right));
    Ok(KeyRights {
        read: granted.contains(&READ),
        trade: Some(any(&TRADE)),
        withdraw: Some(any(&WITHDRAW)),
        transfer: Some(any(&TRANSFER)),
        ip_restricted: Some(row.maybe_text("ipWhitelist")?.is_some()),
        verdict: if granted == [READ] { Verdict::Accept } else { Verdict::Refuse },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(permission: &str) -> KeyRights {
        let body = format!(
            "{{\"code\":\"200000\",\"data\":{{\"permission\":\"{permission}\",\"ipWhitelist\":\"203.0.113.7\"}}}}"
        );
        rights(body.as_bytes()).unwrap()
    }

    #[test]
    fn only_general_alone_is_accepted() {
        let general = of("General");
        assert_eq!(
            (general.verdict, general.read, general.ip_restricted),
            (Verdict::Accept, true, Some(true))
        );
        for permission in
            ["General,Spot", "General, Transfer", "Spot", "", "General,ARightOfTomorrow", "general"]
        {
            assert_eq!(of(permission).verdict, Verdict::Refuse, "{permission}");
        }
        let all = of("General,Spot,InnerTransfer,Withdrawal");
        assert_eq!((all.trade, all.withdraw, all.transfer), (Some(true), Some(true), Some(true)));
        assert!(rights(b"{\"code\":\"200000\",\"data\":{}}").is_err());
    }
}
