//! What a key may do (EXCHANGES.md section 3, Key rights): one flag forbids everything but reading.

use crate::{KeyRights, VenueError, Verdict, dialect::Row};

use super::answer::Answer;

/// The group of rights that move what is held; all other groups trade.
const WALLET: &str = "Wallet";
const WITHDRAW: &str = "Withdraw";
/// Rights that show something only; what is not known does more.
const READ: [&str; 3] = ["ExchangeHistory", "SubMemberTransferList", "Affiliate"];

/// Reads `GET /v5/user/query-api`.
///
/// ```json
/// {"id":"13770661","readOnly":1,"permissions":{"ContractTrade":["Order","Position"],"Spot":["SpotTrade"],
///  "Wallet":["AccountTransfer","SubMemberTransfer"],"Options":["OptionsTrade"],"Exchange":["ExchangeHistory"]},
///  "ips":["*"],"type":1,"deadlineDay":66,"userID":24617703}
/// ```
///
/// With `readOnly` 1 the permissions say what may be read; without it, what may be done.
pub(super) fn rights(answer: &Answer<'_>) -> Result<KeyRights, VenueError> {
    let told = &answer.result;
    let reads_only = &*told.text("readOnly")? == "1";
    let (mut trade, mut withdraw, mut transfer) = (false, false, false);
    if !reads_only {
        let permissions: Row<'_> = told.row("permissions")?;
        for (group, rights) in permissions.all() {
            for right in rights.cells()? {
                let right = right.text()?;
                match group {
                    _ if READ.contains(&&*right) => {}
                    WALLET if right == WITHDRAW => withdraw = true,
                    WALLET => transfer = true,
                    _ => trade = true,
                }
            }
        }
    }
    let ip_restricted = match told.maybe("ips") {
        None => None,
        Some(ips) => {
            let ips: Vec<_> = ips.cells()?.into_iter().map(|ip| ip.text()).collect::<Result<_, _>>()?;
            Some(!ips.is_empty() && ips.iter().all(|ip| &**ip != "*"))
        }
    };
    Ok(KeyRights {
        read: true,
        trade: Some(trade),
        withdraw: Some(withdraw),
        transfer: Some(transfer),
        ip_restricted,
        verdict: if reads_only { Verdict::Accept } else { Verdict::Refuse },
    })
}
